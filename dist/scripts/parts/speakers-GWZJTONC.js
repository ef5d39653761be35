import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{findCallWithPatience,identifyCall,isOwners}from"./chunk-WI24E2LT.js";import"./chunk-6RDZTP72.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-7SIBSTAI.js";export{findCallWithPatience,identifyCall,isOwners};
