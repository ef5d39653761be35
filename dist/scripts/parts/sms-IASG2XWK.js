#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineSmsCommand}from"./chunk-6DZ6G4YR.js";import"./chunk-245NXJLK.js";import{runScript}from"./chunk-ECOTOIBY.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-TM66MRRW.js";import"./chunk-7TDTSTXK.js";import"./chunk-U6BWMZ6M.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("sms"),import.meta.dirname,defineSmsCommand);
