import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{addDoNotCall,findDoNotCall,listDoNotCall,removeDoNotCall}from"./chunk-B6D7VG3S.js";import"./chunk-7SIBSTAI.js";export{addDoNotCall,findDoNotCall,listDoNotCall,removeDoNotCall};
