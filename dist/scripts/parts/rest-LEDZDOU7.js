import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawCallRest,LONGEST_POLL_MS}from"./chunk-TJTV4FHX.js";import"./chunk-NZTUKJEE.js";import"./chunk-PEMDIFUU.js";import"./chunk-UQBH5UX4.js";import"./chunk-TFQI4C5F.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{ClawCallRest,LONGEST_POLL_MS};
