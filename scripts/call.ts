#!/usr/bin/env node
/** Owns the script `call`: place, show and end calls from a shell. */
import { Command } from "commander";
import { defineCallCommand } from "../plugin/command-line/call-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("call"), import.meta.dirname, defineCallCommand);
