import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{PRIVATE_URL,isLoopback,isPrivateUrl}from"./chunk-QGS5YJZU.js";import"./chunk-7SIBSTAI.js";export{PRIVATE_URL,isLoopback,isPrivateUrl};
