import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{sendText,settleUnfinishedTexts}from"./chunk-647YFCRF.js";import"./chunk-PEMDIFUU.js";import"./chunk-VXZ62J3O.js";import"./chunk-LBPIBHBQ.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{sendText,settleUnfinishedTexts};
