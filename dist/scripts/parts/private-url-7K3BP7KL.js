import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{PRIVATE_URL,isLoopback,isPrivateUrl}from"./chunk-QGS5YJZU.js";import"./chunk-IJEZV5B5.js";export{PRIVATE_URL,isLoopback,isPrivateUrl};
