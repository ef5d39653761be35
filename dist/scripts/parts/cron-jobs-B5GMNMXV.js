import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder}from"./chunk-P2PICDBM.js";import"./chunk-PDKVRG7W.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder};
