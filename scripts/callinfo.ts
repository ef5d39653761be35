#!/usr/bin/env node
/** Owns the script `callinfo`: show the record of a StepOne call. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineCallinfoCommand } from "../plugin/command-line/stepone-callinfo.ts";

await runPlainScript(new Command("callinfo"), import.meta.dirname, defineCallinfoCommand);
