import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets}from"./chunk-4DLLSVOP.js";import"./chunk-U6BWMZ6M.js";import"./chunk-7SIBSTAI.js";export{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets};
