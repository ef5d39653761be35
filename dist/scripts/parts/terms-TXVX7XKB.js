import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{SCHEDULED_TASK_LIMIT,describeTier,describeTiers,paidTiers,tierRefusal,tiers,voices}from"./chunk-TFQI4C5F.js";import"./chunk-IJEZV5B5.js";export{SCHEDULED_TASK_LIMIT,describeTier,describeTiers,paidTiers,tierRefusal,tiers,voices};
