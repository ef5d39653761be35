import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createHttpAgent}from"./chunk-EULH64Z2.js";import"./chunk-QO6NPRZP.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{createHttpAgent};
