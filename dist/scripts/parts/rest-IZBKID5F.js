import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-YMD6MPNN.js";import"./chunk-JFQT63DH.js";import"./chunk-7OVU6SIJ.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
