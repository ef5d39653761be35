#!/usr/bin/env node
/** Owns the script `approval`: ask the owner on their phone before something sensitive is done. */
import { Command } from "commander";
import { defineApprovalCommand } from "../plugin/command-line/approval-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("approval"), import.meta.dirname, defineApprovalCommand);
