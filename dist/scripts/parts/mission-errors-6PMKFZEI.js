import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{BadPlan,MissionNotReady,NoSuchMission,NotSettled,SetUpBusy}from"./chunk-TU4JVFZM.js";import"./chunk-7SIBSTAI.js";export{BadPlan,MissionNotReady,NoSuchMission,NotSettled,SetUpBusy};
