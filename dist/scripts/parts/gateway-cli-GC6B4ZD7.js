import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{CLI_VARIABLE,GatewayCliMissing,GatewayCommandFailed,findGatewayCli,openGatewayCli}from"./chunk-AKK4AJGT.js";import"./chunk-4ZFWOMF2.js";import"./chunk-7SIBSTAI.js";export{CLI_VARIABLE,GatewayCliMissing,GatewayCommandFailed,findGatewayCli,openGatewayCli};
