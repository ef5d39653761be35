import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{loadConfig,loadImplicitLine}from"./chunk-UNKAJV4V.js";import"./chunk-VXZ62J3O.js";import"./chunk-37GDD2Y6.js";import"./chunk-JKMPOPWL.js";import"./chunk-RFGZFVKW.js";import"./chunk-QGS5YJZU.js";import"./chunk-IJEZV5B5.js";export{loadConfig,loadImplicitLine};
