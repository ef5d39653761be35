import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createRingLog,messageOf}from"./chunk-MN2IUQCC.js";import"./chunk-ZVO5E2ZU.js";import"./chunk-7SIBSTAI.js";export{createRingLog,messageOf};
