import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createRingLog,messageOf}from"./chunk-FM2NHO2J.js";import"./chunk-DQQ2TL6L.js";import"./chunk-7SIBSTAI.js";export{createRingLog,messageOf};
