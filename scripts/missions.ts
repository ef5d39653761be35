#!/usr/bin/env node
/** Owns the script `missions`: outreach missions from a shell. */
import { Command } from "commander";
import { defineMissionsCommand } from "../plugin/command-line/missions-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("missions"), import.meta.dirname, defineMissionsCommand, { notUnderstood: 1 });
