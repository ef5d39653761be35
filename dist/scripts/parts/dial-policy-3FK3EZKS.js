import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotDialable,dialable}from"./chunk-QQPJVEOZ.js";import"./chunk-4SSPJCHW.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-ZVO5E2ZU.js";import"./chunk-7SIBSTAI.js";export{NotDialable,dialable};
