import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder}from"./chunk-PO3KGJ57.js";import"./chunk-PDKVRG7W.js";import"./chunk-RFGZFVKW.js";import"./chunk-IJEZV5B5.js";export{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder};
