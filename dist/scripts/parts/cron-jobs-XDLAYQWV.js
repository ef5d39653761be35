import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder}from"./chunk-DZCJUMGH.js";import"./chunk-4YGQW7GC.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{addBriefingJob,listBriefingJobs,removeBriefingJob,ringOrder};
