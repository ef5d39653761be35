#!/usr/bin/env node
/** Owns the script `connect`: the background process of skill-only installs. */
import { Command } from "commander";
import { runScript } from "../plugin/command-line/with-settings.ts";
import { defineConnectCommand } from "../plugin/connector/connect-command.ts";

const folder = import.meta.dirname;
await runScript(new Command("connect"), folder, (command, context) =>
  defineConnectCommand(command, context, folder),
);
