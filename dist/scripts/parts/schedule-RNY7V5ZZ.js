import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{BadSchedule,checkSchedule,lastRun,nextRun,timeInWords}from"./chunk-M5RPODI7.js";import"./chunk-MEGA6PS7.js";import"./chunk-7SIBSTAI.js";export{BadSchedule,checkSchedule,lastRun,nextRun,timeInWords};
