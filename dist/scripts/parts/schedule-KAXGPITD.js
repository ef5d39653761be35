import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{BadSchedule,checkSchedule,lastRun,nextRun,timeInWords}from"./chunk-J7XCZ6TG.js";import"./chunk-IJEZV5B5.js";export{BadSchedule,checkSchedule,lastRun,nextRun,timeInWords};
