import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotDialable,dialable}from"./chunk-TUJM4SA3.js";import"./chunk-6RDZTP72.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-2RDBLSVD.js";import"./chunk-5PDRLR3F.js";import"./chunk-7SIBSTAI.js";export{NotDialable,dialable};
