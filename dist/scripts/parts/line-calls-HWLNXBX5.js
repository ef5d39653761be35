import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NO_MAINLAND_MOBILE,NotListed,callsOf,isMainlandMobile,noTexts,reachOf}from"./chunk-QHKXTQ5D.js";import"./chunk-7SIBSTAI.js";export{NO_MAINLAND_MOBILE,NotListed,callsOf,isMainlandMobile,noTexts,reachOf};
