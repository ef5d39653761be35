import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets}from"./chunk-DQQ2TL6L.js";import"./chunk-7SIBSTAI.js";export{nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets};
