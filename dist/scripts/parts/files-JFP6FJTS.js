import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{LOG_NAME,connectorFiles}from"./chunk-NVWY7SBR.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{LOG_NAME,connectorFiles};
