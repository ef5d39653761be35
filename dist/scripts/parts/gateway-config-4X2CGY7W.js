import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{INCLUDE,contains,isObject,objectAt,parseObject,readGatewayConfig,readIfPresent,realPathIfPresent}from"./chunk-7YFDTYS5.js";import"./chunk-7SIBSTAI.js";export{INCLUDE,contains,isObject,objectAt,parseObject,readGatewayConfig,readIfPresent,realPathIfPresent};
