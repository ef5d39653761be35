#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineBriefingCommand}from"./chunk-EMTNHSNY.js";import"./chunk-BYFYX4EK.js";import{runScript}from"./chunk-W76A5FOU.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-RAKKTDZK.js";import"./chunk-37GDD2Y6.js";import"./chunk-4ZFWOMF2.js";import"./chunk-AEORNQCQ.js";import"./chunk-G365F523.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("briefing"),import.meta.dirname,defineBriefingCommand);
