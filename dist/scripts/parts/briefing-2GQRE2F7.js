#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineBriefingCommand}from"./chunk-FBKDEPF7.js";import"./chunk-25I2MGUB.js";import{runScript}from"./chunk-I7HEEC7R.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-3VQ4S6FF.js";import"./chunk-37GDD2Y6.js";import"./chunk-4ZFWOMF2.js";import"./chunk-AEORNQCQ.js";import"./chunk-G365F523.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("briefing"),import.meta.dirname,defineBriefingCommand);
