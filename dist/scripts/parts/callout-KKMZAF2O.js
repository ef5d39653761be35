#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCalloutCommand}from"./chunk-FXWNCO3T.js";import"./chunk-LSMFO72R.js";import{runScript}from"./chunk-I7HEEC7R.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-3VQ4S6FF.js";import"./chunk-COWA7CGH.js";import"./chunk-37GDD2Y6.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("callout"),import.meta.dirname,defineCalloutCommand);
