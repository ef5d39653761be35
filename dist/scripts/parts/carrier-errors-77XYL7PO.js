import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{CarrierError,CarrierRefused,CarrierUnreachable}from"./chunk-PEMDIFUU.js";import"./chunk-7SIBSTAI.js";export{CarrierError,CarrierRefused,CarrierUnreachable};
