import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isSameName,nearestSlugs,noSuchMission,slugOf}from"./chunk-5QXB2KDF.js";import"./chunk-AABYJ6T4.js";import"./chunk-7SIBSTAI.js";export{isSameName,nearestSlugs,noSuchMission,slugOf};
