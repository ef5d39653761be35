import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotAPhoneNumber,isOneOf,parsePhoneNumber,requirePhoneNumber}from"./chunk-4SSPJCHW.js";import"./chunk-ORH342KD.js";import"./chunk-F55B3UFL.js";import"./chunk-7SIBSTAI.js";export{NotAPhoneNumber,isOneOf,parsePhoneNumber,requirePhoneNumber};
