import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{ClawdTalkRest}from"./chunk-KNT6RRDA.js";import"./chunk-6RJX5WF4.js";import"./chunk-UQBH5UX4.js";import"./chunk-ZJIN6FGJ.js";import"./chunk-PEMDIFUU.js";import"./chunk-IJEZV5B5.js";export{ClawdTalkRest};
