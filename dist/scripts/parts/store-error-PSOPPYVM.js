import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{StoreError}from"./chunk-AT7XGX7M.js";import"./chunk-7SIBSTAI.js";export{StoreError};
