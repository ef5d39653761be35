#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineBriefingCommand}from"./chunk-GHEH2GJ5.js";import"./chunk-TCZ7CRCE.js";import{runScript}from"./chunk-7BMTNQGD.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-A5LIUAON.js";import"./chunk-37GDD2Y6.js";import"./chunk-MN2IUQCC.js";import"./chunk-4ZFWOMF2.js";import"./chunk-ZVO5E2ZU.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("briefing"),import.meta.dirname,defineBriefingCommand);
