#!/usr/bin/env node
/** Owns the script `update`: the next version of this copy, by the way it was installed. */
import { Command } from "commander";
import { runPlainScript } from "../plugin/command-line/run.ts";
import { defineUpdateCommand } from "../plugin/command-line/update-command.ts";

await runPlainScript(new Command("update"), import.meta.dirname, defineUpdateCommand);
