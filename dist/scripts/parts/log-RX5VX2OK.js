import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createRingLog,messageOf}from"./chunk-AEORNQCQ.js";import"./chunk-G365F523.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";export{createRingLog,messageOf};
