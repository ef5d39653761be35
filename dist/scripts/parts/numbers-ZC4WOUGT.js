import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotMobileNumbers,readMobileNumbers}from"./chunk-ILAGFKVS.js";import"./chunk-7SIBSTAI.js";export{NotMobileNumbers,readMobileNumbers};
