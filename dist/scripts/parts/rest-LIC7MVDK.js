import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-7KQCHEAX.js";import"./chunk-P7RLYG57.js";import"./chunk-4ZFWOMF2.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
