import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{appendMemory,appendStatements,memoryAt,memoryOf,memoryRows,saveMemory}from"./chunk-YE2UKJ33.js";import"./chunk-4DSU2N4Z.js";import"./chunk-EJHWZYPW.js";import"./chunk-7SIBSTAI.js";export{appendMemory,appendStatements,memoryAt,memoryOf,memoryRows,saveMemory};
