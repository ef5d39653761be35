#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCalloutCommand}from"./chunk-HK2SCF6T.js";import{Command,runPlainScript}from"./chunk-RFCP4UFO.js";import"./chunk-5HOZP2ZU.js";import"./chunk-D2QWSLWG.js";await runPlainScript(new Command("callout"),import.meta.dirname,defineCalloutCommand);
