import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{noteOptIn,noteOptOut}from"./chunk-3ANBW5J6.js";import"./chunk-IP4KNRXG.js";import"./chunk-B6D7VG3S.js";import"./chunk-6RDZTP72.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-7SIBSTAI.js";export{noteOptIn,noteOptOut};
