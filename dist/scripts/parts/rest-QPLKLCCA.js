import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawCallRest,LONGEST_POLL_MS}from"./chunk-CZIXELHF.js";import"./chunk-2ABRUCOM.js";import"./chunk-PEMDIFUU.js";import"./chunk-DQQ2TL6L.js";import"./chunk-7NXSZQRN.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{ClawCallRest,LONGEST_POLL_MS};
