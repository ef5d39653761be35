import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createHttpAgent}from"./chunk-GSNC4Y65.js";import"./chunk-7HLGRR3T.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{createHttpAgent};
