#!/usr/bin/env node
/** Owns the script `status`: the one screen of the phone, the same as `phone status`. */
import { Command } from "commander";
import { definePhoneStatus } from "../plugin/command-line/phone-status.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("status"), import.meta.dirname, definePhoneStatus);
