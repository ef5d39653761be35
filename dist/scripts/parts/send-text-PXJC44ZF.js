import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{sendText,settleUnfinishedTexts}from"./chunk-XMDTX7ZG.js";import"./chunk-7OVU6SIJ.js";import"./chunk-OOGVGLB3.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-VXZ62J3O.js";import"./chunk-IJEZV5B5.js";export{sendText,settleUnfinishedTexts};
