import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{SCHEDULED_TASK_LIMIT,describeTier,paidTiers,tierRefusal,tiers,voices}from"./chunk-7NXSZQRN.js";import"./chunk-7SIBSTAI.js";export{SCHEDULED_TASK_LIMIT,describeTier,paidTiers,tierRefusal,tiers,voices};
