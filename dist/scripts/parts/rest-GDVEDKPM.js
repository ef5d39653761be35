import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-KM5FBYXP.js";import"./chunk-O5JPQ7GT.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
