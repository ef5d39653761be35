#!/usr/bin/env node
/** Owns the script `stepone`: StepOne's interface as it is, from a shell. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineStepOneCommand } from "../plugin/command-line/stepone-command.ts";

await runPlainScript(new Command("stepone"), import.meta.dirname, defineStepOneCommand);
