#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineStreamCommand}from"./chunk-TAREXU25.js";import{Command,runPlainScript}from"./chunk-ILH3TILH.js";import"./chunk-5HOZP2ZU.js";import"./chunk-D2QWSLWG.js";await runPlainScript(new Command("stream_chat"),import.meta.dirname,defineStreamCommand);
