#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineBriefingCommand}from"./chunk-MMEBBROV.js";import"./chunk-EE3GHI5I.js";import{runScript}from"./chunk-JTNGP3F3.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-A5LIUAON.js";import"./chunk-37GDD2Y6.js";import"./chunk-FM2NHO2J.js";import"./chunk-4ZFWOMF2.js";import"./chunk-DQQ2TL6L.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("briefing"),import.meta.dirname,defineBriefingCommand);
