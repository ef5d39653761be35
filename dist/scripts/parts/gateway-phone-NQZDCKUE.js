import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{GatewayNotReached,announceCall,askPhoneLog,askPhoneStatus}from"./chunk-Q3ITMP26.js";import"./chunk-7SIBSTAI.js";export{GatewayNotReached,announceCall,askPhoneLog,askPhoneStatus};
