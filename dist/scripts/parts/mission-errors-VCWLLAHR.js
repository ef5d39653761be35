import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{MissionNotReady,NoSuchMission,NotSettled}from"./chunk-AABYJ6T4.js";import"./chunk-7SIBSTAI.js";export{MissionNotReady,NoSuchMission,NotSettled};
