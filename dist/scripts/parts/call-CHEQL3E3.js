#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-M2IYLAPD.js";import"./chunk-TCZ7CRCE.js";import{runScript}from"./chunk-7BMTNQGD.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
