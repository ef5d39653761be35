#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineClawCallCommand}from"./chunk-4M2SQSYJ.js";import"./chunk-QZ4N7DSJ.js";import"./chunk-7JCT7PKN.js";import"./chunk-3INGKMGK.js";import{runScript}from"./chunk-DYCXFN6Y.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-37GDD2Y6.js";import"./chunk-7NXSZQRN.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("clawcall"),import.meta.dirname,defineClawCallCommand);
