#!/usr/bin/env node
/** Owns the script `stream_chat`: show a StepOne conversation as it is spoken. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineStreamCommand } from "../plugin/command-line/stepone-stream.ts";

await runPlainScript(new Command("stream_chat"), import.meta.dirname, defineStreamCommand);
