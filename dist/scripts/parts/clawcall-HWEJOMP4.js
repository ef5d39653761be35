#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineClawCallCommand}from"./chunk-5R7AWGNP.js";import"./chunk-M2IYLAPD.js";import"./chunk-TCZ7CRCE.js";import{runScript}from"./chunk-7BMTNQGD.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-A5LIUAON.js";import"./chunk-37GDD2Y6.js";import"./chunk-7NXSZQRN.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("clawcall"),import.meta.dirname,defineClawCallCommand);
