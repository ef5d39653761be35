#!/usr/bin/env node
/** Owns the script `briefing`: make, list and remove the calls that ring the owner at set times. */
import { Command } from "commander";
import { defineBriefingCommand } from "../plugin/command-line/briefing-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("briefing"), import.meta.dirname, defineBriefingCommand);
