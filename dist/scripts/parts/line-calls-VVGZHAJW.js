import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{callsOf,noTexts,reachOf}from"./chunk-CRUF5JBA.js";import"./chunk-7SIBSTAI.js";export{callsOf,noTexts,reachOf};
