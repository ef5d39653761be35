import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-RIRC5HOY.js";import"./chunk-2TDDCB2G.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
