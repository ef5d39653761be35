#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineClawCallCommand}from"./chunk-3BYV6DLP.js";import"./chunk-XHKXW4HA.js";import"./chunk-NIZ3UF7D.js";import"./chunk-25I2MGUB.js";import{runScript}from"./chunk-I7HEEC7R.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-3VQ4S6FF.js";import"./chunk-37GDD2Y6.js";import"./chunk-7NXSZQRN.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("clawcall"),import.meta.dirname,defineClawCallCommand);
