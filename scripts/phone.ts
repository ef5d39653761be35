#!/usr/bin/env node
/** Owns the script `phone`: calls, texts and briefings from a shell, whatever the carrier. */
import { Command } from "commander";
import { definePhoneCommand } from "../plugin/command-line/phone-commands.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("phone"), import.meta.dirname, definePhoneCommand);
