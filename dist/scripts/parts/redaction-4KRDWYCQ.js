import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets}from"./chunk-G365F523.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";export{REDACTED,nameEmail,nameKey,quoteOutside,redact,secretsOf,withoutSecrets};
