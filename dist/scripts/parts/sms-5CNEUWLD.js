#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineSmsCommand}from"./chunk-NWXBOS7Q.js";import"./chunk-TCZ7CRCE.js";import{runScript}from"./chunk-7BMTNQGD.js";import{Command}from"./chunk-MLMDI6X2.js";import"./chunk-A5LIUAON.js";import"./chunk-37GDD2Y6.js";import"./chunk-7SIBSTAI.js";await runScript(new Command("sms"),import.meta.dirname,defineSmsCommand);
