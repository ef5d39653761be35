import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{addDoNotCall,findDoNotCall,listDoNotCall,removeDoNotCall}from"./chunk-BJMHCPU5.js";import"./chunk-7SIBSTAI.js";export{addDoNotCall,findDoNotCall,listDoNotCall,removeDoNotCall};
