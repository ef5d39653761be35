import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{assistantBody}from"./chunk-2NEDSC6J.js";import"./chunk-7SIBSTAI.js";export{assistantBody};
