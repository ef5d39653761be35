#!/usr/bin/env node
import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{defineStreamCommand}from"./chunk-LQRQHBX4.js";import{Command,runPlainScript}from"./chunk-UMWGYBXM.js";import"./chunk-5HOZP2ZU.js";import"./chunk-D2QWSLWG.js";await runPlainScript(new Command("stream_chat"),import.meta.dirname,defineStreamCommand);
