import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{readStatus,readWish,removeWish,writeStatus,writeWish}from"./chunk-YG3GQ6TQ.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{readStatus,readWish,removeWish,writeStatus,writeWish};
