#!/usr/bin/env node
/** Owns the script `stepone`: StepOne's interface as it is, from a shell. */
import { Command } from "commander";
import { defineStepOneCommand } from "../plugin/command-line/stepone-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("stepone"), import.meta.dirname, defineStepOneCommand);
