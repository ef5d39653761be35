#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-JZDPDITO.js";import"./chunk-2AWVP7GL.js";import{runScript}from"./chunk-XFJDT33J.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-37GDD2Y6.js";import"./chunk-IJEZV5B5.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
