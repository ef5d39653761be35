#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-ECCWDD55.js";import"./chunk-JJXLAMFE.js";import{runScript}from"./chunk-FFNRPOLP.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-ULBTVEAR.js";import"./chunk-37GDD2Y6.js";import"./chunk-5PDRLR3F.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
