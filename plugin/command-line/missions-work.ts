/** Owns how a command for missions is run: what it works with, and its arguments that are JSON. */
import type { Command } from "commander";
import type { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { Store } from "../store/database.ts";
import { openMissions } from "./open-line.ts";
import {
  type Answer,
  answer,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
  type Settings,
  settingsOf,
} from "./run.ts";
import { answerUntilStopped, type OnStop } from "./stopping.ts";

/** What a command works with; each part is made when it is first asked for. */
export interface MissionWork<Options> {
  /** Those left out are missing at the end. */
  readonly args: readonly string[];
  readonly options: Options & CommonOptions;
  readonly context: CommandContext;
  /** Aborted when the command is to stop; only those that wait are told. */
  readonly signal: AbortSignal;
  settings(): Promise<Settings>;
  /**
   * The carrier, on the line that was asked for.
   *
   * @param given.line the line's name, unless another one was asked for.
   * @param given.doubt see {@link openMissions}.
   */
  carrier(given?: {
    readonly line?: string | undefined;
    readonly doubt?: string;
  }): Promise<{ readonly line: UsableLine<"clawdtalk">; readonly rest: ClawdTalkMissions }>;
  /** The store, with what the seeds' command line has left imported; closed when the command is done. */
  store(): Promise<Store>;
}

/** Defines commands, each with what it does. */
export class MissionCommands {
  readonly #command: Command;
  readonly #context: CommandContext;
  readonly #onStop: OnStop;

  constructor(command: Command, context: CommandContext, onStop: OnStop) {
    this.#command = command;
    this.#context = context;
    this.#onStop = onStop;
  }

  /**
   * Adds a command.
   *
   * @param usage its name and arguments: "get-run <mission_id> <run_id>".
   * @param work answers; with nothing left to say it may be undefined, unless JSON was asked for.
   * @param refine adds options.
   * @param how.waits it may take its time, and ends when it is told to.
   */
  add<Options extends object = object>(
    usage: string,
    description: string,
    work: (given: MissionWork<Options>) => Promise<Answer | undefined>,
    refine: (command: Command) => unknown = () => {},
    { waits = false }: { readonly waits?: boolean } = {},
  ): void {
    const command = this.#command.command(usage).description(description);
    refine(command);
    // Instructions may well begin with a hyphen.
    command.allowUnknownOption().action(async (...given: unknown[]) => {
      const args = given.slice(0, -2).filter((each) => typeof each === "string");
      refuseOptions(command, args);
      const options = command.optsWithGlobals<Options & CommonOptions>();
      const never = new AbortController().signal;
      if (waits) {
        await answerUntilStopped(this.#context, this.#onStop, options, (signal) =>
          this.#run(args, options, signal, work),
        );
      } else await answer(this.#context, options, () => this.#run(args, options, never, work));
    });
  }

  async #run<Options extends object>(
    args: readonly string[],
    options: Options & CommonOptions,
    signal: AbortSignal,
    work: (given: MissionWork<Options>) => Promise<Answer | undefined>,
  ): Promise<Answer | undefined> {
    const context = this.#context;
    let settings: Promise<Settings> | undefined;
    let store: Promise<Store> | undefined;
    const settingsOnce = () => {
      settings ??= settingsOf(context);
      return settings;
    };
    try {
      return await work({
        args,
        options,
        context,
        signal,
        settings: settingsOnce,
        carrier: async ({ line, doubt } = {}) =>
          await openMissions({ line: options.line ?? line }, await settingsOnce(), doubt),
        store: () => {
          store ??= openStoreWithImports(context, settingsOnce);
          return store;
        },
      });
    } finally {
      const { closeStore } = await import("../store/database.ts");
      const opened = await store?.catch(() => undefined);
      if (opened !== undefined) await closeStore(opened);
    }
  }
}

async function openStoreWithImports(
  context: CommandContext,
  settings: () => Promise<Settings>,
): Promise<Store> {
  const { stateFolder } = await settings();
  const { openStore } = await import("../store/database.ts");
  const { importStateFiles, stateFilePlaces } = await import("../missions/state-file.ts");
  const store = await openStore(stateFolder);
  const { packageFolder } = context.places();
  const places = stateFilePlaces({ workingFolder: process.cwd(), stateFolder, packageFolder });
  for (const note of await importStateFiles(store, places)) context.complain(`Note: ${note}\n`);
  return store;
}

/** Since whatever begins with a hyphen is taken as text, what looks like an option is refused here. */
function refuseOptions(command: Command, args: readonly string[]): void {
  const option = args.find((arg) => /^--[a-z][a-z-]*(?:=\S*)?$/.test(arg));
  if (option !== undefined) command.error(`error: unknown option '${option}'`);
}

/**
 * An argument that has to be JSON.
 *
 * @param what for the sentence: "steps".
 * @throws NotUnderstood
 */
export function jsonArgument(what: string, given: string): unknown {
  try {
    return JSON.parse(given);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NotUnderstood(
      `Invalid JSON in the ${what} (${reason}): write it in single quotes, as in '{"key": "value"}'.`,
    );
  }
}

/** The same, of a list. @throws NotUnderstood */
export function jsonList(what: string, given: string): unknown[] {
  const list = jsonArgument(what, given);
  if (Array.isArray(list)) return list;
  throw new NotUnderstood(`The ${what} must be a JSON list, as in '[…]'.`);
}

/** The same, of an object. @throws NotUnderstood */
export function jsonObject(what: string, given: string): Record<string, unknown> {
  const object = jsonArgument(what, given);
  if (typeof object === "object" && object !== null && !Array.isArray(object)) {
    return object as Record<string, unknown>;
  }
  throw new NotUnderstood(`The ${what} must be a JSON object, as in '{"key": "value"}'.`);
}
