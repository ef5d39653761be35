#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-HDXUQJQZ.js";import"./chunk-LI7NBW3K.js";import{runScript}from"./chunk-3WFWGNGF.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-YZL36EJP.js";import"./chunk-IJEZV5B5.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
