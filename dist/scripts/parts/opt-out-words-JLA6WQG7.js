import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isOptIn,isOptOut}from"./chunk-IP4KNRXG.js";import"./chunk-7SIBSTAI.js";export{isOptIn,isOptOut};
