import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{sendText,settleUnfinishedTexts}from"./chunk-6RZIBWL5.js";import"./chunk-PEMDIFUU.js";import"./chunk-VXZ62J3O.js";import"./chunk-PIBEJU7S.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{sendText,settleUnfinishedTexts};
