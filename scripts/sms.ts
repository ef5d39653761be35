#!/usr/bin/env node
/** Owns the script `sms`: send and list texts from a shell. */
import { Command } from "commander";
import { defineSmsCommand } from "../plugin/command-line/sms-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("sms"), import.meta.dirname, defineSmsCommand);
