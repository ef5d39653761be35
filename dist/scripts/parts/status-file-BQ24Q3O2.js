import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{readStatus,readWish,removeWish,writeStatus,writeWish}from"./chunk-RTG2T7F6.js";import"./chunk-IEYT66AE.js";import"./chunk-ZED66OXW.js";import"./chunk-7SIBSTAI.js";export{readStatus,readWish,removeWish,writeStatus,writeWish};
