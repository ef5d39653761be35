import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createRingLog,messageOf}from"./chunk-RIK6BT3K.js";import"./chunk-2RDBLSVD.js";import"./chunk-5PDRLR3F.js";import"./chunk-7SIBSTAI.js";export{createRingLog,messageOf};
