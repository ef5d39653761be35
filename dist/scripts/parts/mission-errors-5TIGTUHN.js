import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{MissionNotReady,NoSuchMission,NotSettled}from"./chunk-3NL2OXYT.js";import"./chunk-7SIBSTAI.js";export{MissionNotReady,NoSuchMission,NotSettled};
