import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{nameEmail,nameKey,quoteOutside,redact,withoutSecrets}from"./chunk-UQBH5UX4.js";import"./chunk-IJEZV5B5.js";export{nameEmail,nameKey,quoteOutside,redact,withoutSecrets};
