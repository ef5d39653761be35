import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{followConversation}from"./chunk-UUTZJSKC.js";import"./chunk-TT73YGBR.js";import"./chunk-UK5RAAW5.js";import"./chunk-PEMDIFUU.js";import"./chunk-4ZFWOMF2.js";import"./chunk-ZED66OXW.js";import"./chunk-7SIBSTAI.js";export{followConversation};
