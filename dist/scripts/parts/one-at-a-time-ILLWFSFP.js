import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{AlreadyRunning,INSTALLATION_LOCK,holdInstallation}from"./chunk-REXLQUMH.js";import"./chunk-CMOQJ5IC.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{AlreadyRunning,INSTALLATION_LOCK,holdInstallation};
