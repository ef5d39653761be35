import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawCallRest,LONGEST_POLL_MS}from"./chunk-4SLBJGP6.js";import"./chunk-55U2EWFK.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-TFQI4C5F.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{ClawCallRest,LONGEST_POLL_MS};
