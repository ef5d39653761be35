import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets}from"./chunk-DQQ2TL6L.js";import"./chunk-IJEZV5B5.js";export{nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets};
