import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isPluginActive}from"./chunk-RT7HX44D.js";import"./chunk-RM7CNNRW.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{isPluginActive};
