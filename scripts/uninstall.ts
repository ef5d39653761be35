#!/usr/bin/env node
/** Owns the script `uninstall`: takes back what setup has added, and removes this copy. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineUninstallCommand } from "../plugin/command-line/uninstall-command.ts";

await runPlainScript(new Command("uninstall"), import.meta.dirname, defineUninstallCommand);
