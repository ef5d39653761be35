import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{NotAPhoneNumber,isOneOf,parsePhoneNumber,requirePhoneNumber}from"./chunk-VXZ62J3O.js";import"./chunk-IJEZV5B5.js";export{NotAPhoneNumber,isOneOf,parsePhoneNumber,requirePhoneNumber};
