/**
 * Owns running the command of the way this copy was installed: the gateway's, npm's or git's own. Ctrl-C at a terminal
 * does not reach it: what has begun to replace files is let finish.
 */
import path from "node:path";
import { execa } from "execa";
import { findGatewayCli } from "../briefings/gateway-cli.ts";
import type { Environment } from "../config/state-folder.ts";
import { visible } from "../trust/quotation.ts";

export interface WayPlace {
  readonly env: Environment;
  readonly stateFolder: string;
  readonly configFile: string;
}

/** The command did not do what it was asked. The message is for people. */
export class WayCommandFailed extends Error {
  override readonly name = "WayCommandFailed";
}

const LIMIT_MS = 10 * 60_000;

/**
 * Runs one command to its end.
 *
 * @param said gets what the command prints, as it prints it.
 * @returns what it printed on stdout.
 * @throws WayCommandFailed, or GatewayCliMissing where it is one of the gateway's and there is none.
 */
export async function runWayCommand(
  command: readonly string[],
  { env, stateFolder, configFile }: WayPlace,
  { workingFolder, said }: { readonly workingFolder: string; readonly said: (text: string) => void },
): Promise<string> {
  const [program = "", ...rest] = command;
  const [file, ...first] = program === "openclaw" ? gatewayCommand(env) : [program];
  const child = execa(file ?? program, [...first, ...rest], {
    cwd: workingFolder,
    env: {
      ...env,
      OPENCLAW_STATE_DIR: stateFolder,
      OPENCLAW_CONFIG_PATH: configFile,
      NO_COLOR: "1",
      GIT_TERMINAL_PROMPT: "0",
    },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    timeout: LIMIT_MS,
    windowsHide: true,
    // A group of its own; on Windows that would open a window.
    detached: process.platform !== "win32",
    // Ending this process is no reason to leave half of the work.
    cleanup: false,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => said(visible(text)));
  }
  const { exitCode, stdout, stderr, timedOut, shortMessage } = await child;
  if (exitCode === 0) return stdout;
  const what = commandText(command);
  if (timedOut)
    throw new WayCommandFailed(`"${what}" took longer than ${LIMIT_MS / 60_000} minutes and was ended.`);
  const lastWords = [stderr, stdout].map((text) => text.trim().split("\n").at(-1)?.trim()).find(Boolean);
  throw new WayCommandFailed(`"${what}" failed: ${lastWords ?? shortMessage ?? "it did not say why."}`);
}

/** As a person would type it. */
export function commandText(command: readonly string[]): string {
  return command.map((word) => (/^[\w@./:=-]+$/.test(word) ? word : `"${word}"`)).join(" ");
}

function gatewayCommand(env: Environment): string[] {
  const file = findGatewayCli({ env, platform: process.platform, script: process.argv[1] });
  return /\.[cm]?js$/.test(path.basename(file)) ? [process.execPath, file] : [file];
}
