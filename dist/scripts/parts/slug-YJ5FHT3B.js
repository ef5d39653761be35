import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isSameName,nearestSlugs,noSuchMission,slugOf}from"./chunk-YJ7S2VRA.js";import"./chunk-3NL2OXYT.js";import"./chunk-7SIBSTAI.js";export{isSameName,nearestSlugs,noSuchMission,slugOf};
