import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{clawCallRecords}from"./chunk-HC45KT3T.js";import"./chunk-5PT4JSD7.js";import"./chunk-IEYT66AE.js";import"./chunk-ZED66OXW.js";import"./chunk-7SIBSTAI.js";export{clawCallRecords};
