import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{packageVersion}from"./chunk-DMKSVO5W.js";import"./chunk-7SIBSTAI.js";export{packageVersion};
