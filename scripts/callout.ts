#!/usr/bin/env node
/** Owns the script `callout`: have StepOne's AI call people, from a shell. */
import { Command } from "commander";
import { defineCalloutCommand } from "../plugin/command-line/stepone-callout.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("callout"), import.meta.dirname, defineCalloutCommand);
