import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{openCli,ownScript}from"./chunk-TLTSFU4Q.js";import"./chunk-7SIBSTAI.js";export{openCli,ownScript};
