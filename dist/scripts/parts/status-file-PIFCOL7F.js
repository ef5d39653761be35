import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{readStatus,readWish,removeWish,writeStatus,writeWish}from"./chunk-GZXOCT4T.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{readStatus,readWish,removeWish,writeStatus,writeWish};
