import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{isHosted,takeEngineLock}from"./chunk-76O7BG67.js";import"./chunk-6CUY3XV6.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";export{isHosted,takeEngineLock};
