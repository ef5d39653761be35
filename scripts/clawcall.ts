#!/usr/bin/env node
/** Owns the script `clawcall`: everything a ClawCall account can do, from a shell. */
import { Command } from "commander";
import { defineClawCallCommand } from "../plugin/command-line/clawcall-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("clawcall"), import.meta.dirname, defineClawCallCommand);
