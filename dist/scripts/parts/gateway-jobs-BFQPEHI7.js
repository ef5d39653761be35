import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{openCli,ownScript}from"./chunk-53C6IUZG.js";import"./chunk-7SIBSTAI.js";export{openCli,ownScript};
