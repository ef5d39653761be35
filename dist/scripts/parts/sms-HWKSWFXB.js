#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineSmsCommand}from"./chunk-BKSVOI7H.js";import"./chunk-7JCT7PKN.js";import"./chunk-3INGKMGK.js";import{runScript}from"./chunk-DYCXFN6Y.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("sms"),import.meta.dirname,defineSmsCommand);
