import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{composeRequirement,missingParts,withIdentityCheck}from"./chunk-J2UHW2LB.js";import"./chunk-7SIBSTAI.js";export{composeRequirement,missingParts,withIdentityCheck};
