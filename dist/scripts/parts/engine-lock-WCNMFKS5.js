import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isHosted,takeEngineLock}from"./chunk-GYJIRUB3.js";import"./chunk-CMOQJ5IC.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{isHosted,takeEngineLock};
