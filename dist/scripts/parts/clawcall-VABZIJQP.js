#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineClawCallCommand}from"./chunk-IDTW5D2V.js";import"./chunk-XHKXW4HA.js";import"./chunk-PIZZD4IO.js";import"./chunk-BYFYX4EK.js";import{runScript}from"./chunk-W76A5FOU.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-RAKKTDZK.js";import"./chunk-37GDD2Y6.js";import"./chunk-7NXSZQRN.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("clawcall"),import.meta.dirname,defineClawCallCommand);
