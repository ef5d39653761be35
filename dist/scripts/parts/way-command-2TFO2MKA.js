import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{WayCommandFailed,commandText,runWayCommand}from"./chunk-G4GRGYU5.js";import"./chunk-U6BWMZ6M.js";import"./chunk-NIHREJW4.js";import"./chunk-4ZFWOMF2.js";import"./chunk-7SIBSTAI.js";export{WayCommandFailed,commandText,runWayCommand};
