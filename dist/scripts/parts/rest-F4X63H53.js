import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-IWLQI5IF.js";import"./chunk-NZTUKJEE.js";import"./chunk-PEMDIFUU.js";import"./chunk-UQBH5UX4.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
