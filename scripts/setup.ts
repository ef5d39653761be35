#!/usr/bin/env node
/** Owns the script `setup`: what the gateway's config needs for the phone. */
import { Command } from "commander";
import { defineSetupCommand } from "../plugin/command-line/setup-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("setup"), import.meta.dirname, defineSetupCommand);
