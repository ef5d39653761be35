import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{loadConfig,loadImplicitLine}from"./chunk-DVFKVXQ7.js";import"./chunk-37GDD2Y6.js";import"./chunk-VXZ62J3O.js";import"./chunk-PIBEJU7S.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{loadConfig,loadImplicitLine};
