import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{placeCall}from"./chunk-FGC5NRMS.js";import"./chunk-6SLWDGS3.js";import"./chunk-XFUMCFXW.js";import"./chunk-IRIDNO2P.js";import"./chunk-PEMDIFUU.js";import"./chunk-VXZ62J3O.js";import"./chunk-IJEZV5B5.js";export{placeCall};
