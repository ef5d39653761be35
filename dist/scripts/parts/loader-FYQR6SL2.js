import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{loadConfig,loadImplicitLine}from"./chunk-NWBYKO6C.js";import"./chunk-37GDD2Y6.js";import"./chunk-VXZ62J3O.js";import"./chunk-LBPIBHBQ.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{loadConfig,loadImplicitLine};
