import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
function jsonIn(text){try{return JSON.parse(text)}catch{return}}export{jsonIn};
