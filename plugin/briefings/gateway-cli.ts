/**
 * Owns running the gateway's own command line from a process outside the gateway: finding it, and one command of it.
 * A plugin may not make cron jobs from inside ("only available for trusted plugins"): this is the way.
 */
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import type { Environment } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";

/** The gateway's command line could not do what it was asked. The message is for people. */
export class GatewayCommandFailed extends Error {
  override readonly name = "GatewayCommandFailed";
  /** What the command printed, where that was JSON. */
  readonly printed: unknown;

  constructor(message: string, printed?: unknown) {
    super(message);
    this.printed = printed;
  }
}

/** There is no command line of the gateway to be found. */
export class GatewayCliMissing extends GatewayCommandFailed {}

export interface CliSearch {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** The script this process runs, as in `process.argv[1]`: the gateway's own when it runs `openclaw phone …`. */
  readonly script: string | undefined;
}

/** Where a person or the plugin says which one it is. */
export const CLI_VARIABLE = "SWITCHBOARD_OPENCLAW";

/**
 * The gateway's command line: what `SWITCHBOARD_OPENCLAW` names, else what this process was started as, else
 * `openclaw` on the PATH. A JavaScript file where it can be one, since it then runs on this very Node and no shell
 * reads its arguments: a link to it on Unix; on Windows what lies beside npm's `openclaw.cmd`.
 *
 * @throws GatewayCliMissing when there is none.
 */
export function findGatewayCli({ env, platform, script }: CliSearch): string {
  const named = env[CLI_VARIABLE];
  if (named !== undefined && existsSync(named)) return realFile(named);
  if (script !== undefined && /^openclaw\.m?js$/.test(path.basename(realFile(script))))
    return realFile(script);
  const names = platform === "win32" ? ["openclaw.cmd", "openclaw.exe"] : ["openclaw"];
  const folders = (env.PATH ?? "").split(path.delimiter).filter(path.isAbsolute);
  for (const folder of folders) {
    const found = names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
    if (found === undefined) continue;
    const packaged = path.join(folder, "node_modules", "openclaw", "openclaw.mjs");
    return platform === "win32" && existsSync(packaged) ? packaged : realFile(found);
  }
  throw new GatewayCliMissing(
    `The gateway's command "openclaw" was not found on the PATH: name its file in ${CLI_VARIABLE}.`,
  );
}

function realFile(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** Runs commands of the gateway's command line. */
export interface GatewayCli {
  readonly file: string;
  /**
   * Runs one command.
   *
   * @param commandLine as after `openclaw`; the command prints JSON.
   * @returns what it printed, parsed.
   * @throws GatewayCommandFailed when it fails, takes too long, or prints something else.
   */
  run(commandLine: readonly string[], options?: RunOptions): Promise<unknown>;
  /**
   * Runs one command that prints words for people.
   *
   * @throws GatewayCommandFailed when it fails or takes too long.
   */
  runPlain(commandLine: readonly string[], options?: RunOptions): Promise<void>;
}

interface RunOptions {
  readonly timeoutMs?: number | undefined;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the gateway finds wrong with its config, a sentence; undefined when it takes it. What stands there is never part
 * of it.
 *
 * @throws GatewayCommandFailed when it does not say.
 */
export async function configProblem(run: GatewayCli["run"]): Promise<string | undefined> {
  try {
    await run(["config", "validate", "--json"]);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayCommandFailed) || error.printed === undefined) throw error;
    const { issues } = (error.printed ?? {}) as { issues?: unknown };
    const [first] = Array.isArray(issues) ? (issues as { path?: unknown; message?: unknown }[]) : [];
    return first === undefined ? error.message : `${first.path}: ${first.message}.`;
  }
}

const USUAL_LIMIT_MS = 45_000;

export function openGatewayCli(file: string, env: Environment): GatewayCli {
  const start = async (
    commandLine: readonly string[],
    { timeoutMs = USUAL_LIMIT_MS, signal }: RunOptions = {},
  ) => {
    const [command, ...first] = /\.[cm]?js$/.test(file) ? [process.execPath, file] : [file];
    const firstOption = commandLine.findIndex((word) => word.startsWith("-"));
    const what = ["openclaw", ...commandLine.slice(0, firstOption < 0 ? undefined : firstOption)].join(" ");
    const result = await execa(command ?? file, [...first, ...commandLine], {
      env: { ...env, NO_COLOR: "1" },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      timeout: timeoutMs,
      windowsHide: true,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    signal?.throwIfAborted();
    if (result.timedOut) {
      throw new GatewayCommandFailed(`"${what}" took longer than ${timeoutMs / 1_000} s and was ended.`);
    }
    return { what, result, printed: jsonIn(result.stdout) };
  };
  return {
    file,
    run: async (commandLine, options) => {
      const { what, result, printed } = await start(commandLine, options);
      if (result.exitCode !== 0 || printed === undefined) {
        throw new GatewayCommandFailed(`"${what}" failed: ${reason(printed, result)}`, printed);
      }
      return printed;
    },
    runPlain: async (commandLine, options) => {
      const { what, result, printed } = await start(commandLine, options);
      if (result.exitCode !== 0) {
        throw new GatewayCommandFailed(`"${what}" failed: ${reason(printed, result)}`, printed);
      }
    },
  };
}

/** What a failed command says of itself: in its JSON answer (what is wrong, what to do, then details), else its last line. */
function reason(
  printed: unknown,
  result: { readonly stderr: string; readonly shortMessage?: string | undefined },
): string {
  if (typeof printed === "object" && printed !== null && "error" in printed) {
    const { error } = printed;
    if (typeof error === "object" && error !== null && "message" in error)
      return String(error.message).split("\n").slice(0, 2).join(" ");
    if (typeof error === "string") return error;
  }
  return (
    result.stderr.trim().split("\n").at(-1) || result.shortMessage || "it printed nothing that is understood."
  );
}
