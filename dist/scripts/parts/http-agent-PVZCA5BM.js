import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{createHttpAgent}from"./chunk-KLYHBFK6.js";import"./chunk-2SU456OL.js";import"./chunk-4ZFWOMF2.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{createHttpAgent};
