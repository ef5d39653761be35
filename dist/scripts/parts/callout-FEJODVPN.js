#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineCalloutCommand}from"./chunk-LTDLWDLG.js";import{Command,runPlainScript}from"./chunk-DU5XMI6D.js";import"./chunk-5HOZP2ZU.js";import"./chunk-D2QWSLWG.js";await runPlainScript(new Command("callout"),import.meta.dirname,defineCalloutCommand);
