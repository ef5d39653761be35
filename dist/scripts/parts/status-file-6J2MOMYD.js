import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{readStatus,readWish,removeWish,writeStatus,writeWish}from"./chunk-JN4QKW4C.js";import"./chunk-ZU5I4ERN.js";import"./chunk-IJEZV5B5.js";export{readStatus,readWish,removeWish,writeStatus,writeWish};
