import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotDialable,dialable}from"./chunk-IOF6LA4X.js";import"./chunk-6RDZTP72.js";import"./chunk-4DLLSVOP.js";import"./chunk-U6BWMZ6M.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-7SIBSTAI.js";export{NotDialable,dialable};
