import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{difference,differenceFacts,stateFolderOf,validator}from"./chunk-LW6JFO5E.js";import"./chunk-7SIBSTAI.js";export{difference,differenceFacts,stateFolderOf,validator};
