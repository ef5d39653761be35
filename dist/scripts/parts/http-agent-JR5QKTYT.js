import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createHttpAgent}from"./chunk-QUNOHYV6.js";import"./chunk-FEQ7B5AT.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{createHttpAgent};
