import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{GatewayNotReached,announceCall,askPhoneLog,askPhoneStatus}from"./chunk-HOCLBLYQ.js";import"./chunk-7SIBSTAI.js";export{GatewayNotReached,announceCall,askPhoneLog,askPhoneStatus};
