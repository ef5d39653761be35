#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCalloutCommand}from"./chunk-HSUDDAGZ.js";import"./chunk-4PTOAZEX.js";import{runScript}from"./chunk-FFNRPOLP.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-ULBTVEAR.js";import"./chunk-COWA7CGH.js";import"./chunk-37GDD2Y6.js";import"./chunk-5PDRLR3F.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("callout"),import.meta.dirname,defineCalloutCommand);
