import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isSameName,nearestSlugs,noSuchMission,slugOf}from"./chunk-V7EBJMTH.js";import"./chunk-TU4JVFZM.js";import"./chunk-7SIBSTAI.js";export{isSameName,nearestSlugs,noSuchMission,slugOf};
