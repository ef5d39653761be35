import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createHttpAgent}from"./chunk-ZI4JKSMZ.js";import"./chunk-RM7CNNRW.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{createHttpAgent};
