import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawCallRest,LONGEST_POLL_MS}from"./chunk-BASNW7T2.js";import"./chunk-O5JPQ7GT.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-7NXSZQRN.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{ClawCallRest,LONGEST_POLL_MS};
