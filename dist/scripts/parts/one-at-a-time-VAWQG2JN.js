import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{oneAtATime}from"./chunk-DQQZEDWF.js";import"./chunk-TU4JVFZM.js";import"./chunk-CMOQJ5IC.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{oneAtATime};
