/** Owns how commands come to the settings, found as the plugin finds them and loaded when they are first asked for. */
import type { Command } from "commander";
import {
  type CommandContext,
  type ExitCodes,
  type PlainContext,
  plainContext,
  runPlainScript,
} from "./run.ts";

/**
 * Runs a script: reads the arguments, finds the settings as the plugin does, and sets the exit code.
 *
 * @param folder the script's own.
 * @param define adds the script's arguments, options and subcommands.
 */
export async function runScript(
  command: Command,
  folder: string,
  define: (command: Command, context: CommandContext) => void,
  exitCodes?: ExitCodes,
): Promise<void> {
  await runPlainScript(command, folder, (plain, context) => define(plain, withSettings(context)), exitCodes);
}

/** What a command gets in a process of its own; `folder` is that of the script or bundle that runs it. */
export function processContext(folder: string): CommandContext {
  return withSettings(plainContext(folder));
}

function withSettings(context: PlainContext): CommandContext {
  return {
    ...context,
    settings: async () => {
      const { loadConfig } = await import("../config/loader.ts");
      const places = context.places();
      return { ...loadConfig(places), stateFolder: places.stateFolder };
    },
  };
}
