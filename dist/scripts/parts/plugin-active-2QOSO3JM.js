import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{activePlugin,isPluginActive}from"./chunk-AHC4RC7Q.js";import"./chunk-NTYIDYXN.js";import"./chunk-4ZFWOMF2.js";import"./chunk-IEYT66AE.js";import"./chunk-ZED66OXW.js";import"./chunk-7SIBSTAI.js";export{activePlugin,isPluginActive};
