import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{placeCall}from"./chunk-YPUAX2U6.js";import"./chunk-AT4BJ6I2.js";import"./chunk-VXZ62J3O.js";import"./chunk-XFUMCFXW.js";import"./chunk-IRIDNO2P.js";import"./chunk-PEMDIFUU.js";import"./chunk-IJEZV5B5.js";export{placeCall};
