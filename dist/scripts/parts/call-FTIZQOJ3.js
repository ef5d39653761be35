#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCallCommand}from"./chunk-YL7YHRIH.js";import"./chunk-JLDYWMHN.js";import{runScript}from"./chunk-ZGHLLL2Q.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-3VQ4S6FF.js";import"./chunk-37GDD2Y6.js";import"./chunk-UJK6A5LP.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("call"),import.meta.dirname,defineCallCommand);
