#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-2XX4M6T4.js";import"./chunk-245NXJLK.js";import{runScript}from"./chunk-ECOTOIBY.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-TM66MRRW.js";import"./chunk-7TDTSTXK.js";import"./chunk-U6BWMZ6M.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
