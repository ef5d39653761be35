import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isSameName,nearestSlugs,noSuchMission,slugOf}from"./chunk-RYUPVSPR.js";import"./chunk-DLTHJDRM.js";import"./chunk-7SIBSTAI.js";export{isSameName,nearestSlugs,noSuchMission,slugOf};
