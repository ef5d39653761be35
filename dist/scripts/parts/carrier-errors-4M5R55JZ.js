import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{CarrierError,CarrierRefused,CarrierUnreachable}from"./chunk-PEMDIFUU.js";import"./chunk-IJEZV5B5.js";export{CarrierError,CarrierRefused,CarrierUnreachable};
