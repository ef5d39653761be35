import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isPluginActive}from"./chunk-PVCEAEA3.js";import"./chunk-FEQ7B5AT.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{isPluginActive};
