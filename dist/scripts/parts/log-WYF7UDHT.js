import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createRingLog,messageOf}from"./chunk-C2UY32Y7.js";import"./chunk-4DLLSVOP.js";import"./chunk-U6BWMZ6M.js";import"./chunk-7SIBSTAI.js";export{createRingLog,messageOf};
