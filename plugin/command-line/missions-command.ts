/**
 * Owns the command for missions: every command of the seeds' own, with its arguments, requests, first lines and exit codes
 * (0 done, 1 everything else, also what was not understood). Which there are is in missions-server.ts (the carrier is
 * asked at once) and missions-local.ts (what is kept here, and what takes several requests). And those for missions that
 * are carried out by themselves, which the seeds have not: missions-run.ts.
 */
import type { Command } from "commander";
import { defineLocalMissions } from "./missions-local.ts";
import { defineRunningMissions } from "./missions-run.ts";
import { defineServerMissions } from "./missions-server.ts";
import { MissionCommands } from "./missions-work.ts";
import { type CommandContext, withCommonOptions } from "./run.ts";
import { type OnStop, onProcessStop } from "./stopping.ts";

/** Adds the subcommands to `command`. */
export function defineMissionsCommand(
  command: Command,
  context: CommandContext,
  onStop: OnStop = onProcessStop,
): void {
  withCommonOptions(command)
    .description("Outreach in several steps: missions, their calls and texts, and what was learned.")
    .showHelpAfterError()
    .addHelpText("after", "\nExit codes: 0 done, 1 anything else.");
  const missions = new MissionCommands(
    command,
    // Ctrl-C stays what it is everywhere.
    { ...context, setExitCode: (code) => context.setExitCode(code === 0 || code > 128 ? code : 1) },
    onStop,
  );
  defineRunningMissions(missions);
  defineServerMissions(missions);
  defineLocalMissions(missions);
}
