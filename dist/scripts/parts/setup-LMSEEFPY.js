#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineSetupCommand}from"./chunk-J6JLT7RZ.js";import"./chunk-XHKXW4HA.js";import"./chunk-ND3XRAE3.js";import{runScript}from"./chunk-VJXL4TI5.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-PZICI2WO.js";import"./chunk-37GDD2Y6.js";import"./chunk-U6BWMZ6M.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("setup"),import.meta.dirname,defineSetupCommand);
