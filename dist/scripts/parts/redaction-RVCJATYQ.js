import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets}from"./chunk-2RDBLSVD.js";import"./chunk-5PDRLR3F.js";import"./chunk-7SIBSTAI.js";export{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets};
