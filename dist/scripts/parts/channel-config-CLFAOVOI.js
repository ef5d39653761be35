import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{phoneChannelConfig}from"./chunk-NLKJ6TS7.js";import"./chunk-IEYT66AE.js";import"./chunk-ZED66OXW.js";import"./chunk-7SIBSTAI.js";export{phoneChannelConfig};
