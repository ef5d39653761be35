import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotDialable,dialable}from"./chunk-R7ZS2JJ6.js";import"./chunk-6RDZTP72.js";import"./chunk-G365F523.js";import"./chunk-UJK6A5LP.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-7SIBSTAI.js";export{NotDialable,dialable};
