import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{followConversation}from"./chunk-WS7NGDPO.js";import"./chunk-MHROSCYN.js";import"./chunk-D2QWSLWG.js";export{followConversation};
