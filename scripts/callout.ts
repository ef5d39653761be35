#!/usr/bin/env node
/** Owns the script `callout`: have StepOne's AI call people, from a shell. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineCalloutCommand } from "../plugin/command-line/stepone-callout.ts";

await runPlainScript(new Command("callout"), import.meta.dirname, defineCalloutCommand);
