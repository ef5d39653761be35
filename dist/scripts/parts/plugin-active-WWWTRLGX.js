import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isPluginActive}from"./chunk-RCBNOER6.js";import"./chunk-QO6NPRZP.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{isPluginActive};
