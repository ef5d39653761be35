import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isOptIn,isOptOut}from"./chunk-QZRQSXR2.js";import"./chunk-7SIBSTAI.js";export{isOptIn,isOptOut};
