import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{closeStore,openStore}from"./chunk-KLZEEBWI.js";import"./chunk-UY6CCQ5N.js";import"./chunk-XFUMCFXW.js";import"./chunk-IRIDNO2P.js";import"./chunk-YZL36EJP.js";import"./chunk-IJEZV5B5.js";export{closeStore,openStore};
