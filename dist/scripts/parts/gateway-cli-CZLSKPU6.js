import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{CLI_VARIABLE,GatewayCommandFailed,findGatewayCli,openGatewayCli}from"./chunk-4YGQW7GC.js";import"./chunk-IJEZV5B5.js";export{CLI_VARIABLE,GatewayCommandFailed,findGatewayCli,openGatewayCli};
