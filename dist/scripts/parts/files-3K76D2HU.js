import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{LOG_NAME,connectorFiles}from"./chunk-GV755VUM.js";import"./chunk-YZL36EJP.js";import"./chunk-IJEZV5B5.js";export{LOG_NAME,connectorFiles};
