import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{SetupCancelled,plainFront}from"./chunk-HFEBQ7AT.js";import"./chunk-7SIBSTAI.js";export{SetupCancelled,plainFront};
