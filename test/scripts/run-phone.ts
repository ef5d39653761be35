/** Runs `phone …`, and other commands, in this very process, below a program that is as strict as the gateway's. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command, CommanderError } from "commander";
import { definePhoneCommands } from "../../plugin/command-line/phone-commands.ts";
import type { CommandContext } from "../../plugin/command-line/run.ts";
import type { OnStop } from "../../plugin/command-line/stopping.ts";
import { type LoadedConfig, loadConfig } from "../../plugin/config/loader.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { AT_ANY_HOUR, type Finished } from "./run-script.ts";

/** Adds a command to the program. @returns the word it begins with. */
type Define = (program: Command, context: CommandContext, onStop: OnStop) => string;

const definePhone: Define = (program, context, onStop) => {
  definePhoneCommands(program, context, onStop);
  return "phone";
};

/** Nobody listens there. */
const NO_GATEWAY = { OPENCLAW_GATEWAY_URL: "http://127.0.0.1:9" };

export interface RunningPhone extends Promise<Finished> {
  /** What was printed until now. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** As Ctrl-C does. */
  stop(): void;
}

/** A temporary state folder, and the commands in it. */
export class PhoneRunner {
  readonly stateFolder: string;
  /** The environment of every run. */
  env: Record<string, string> = {};
  readonly #define: Define;

  /** @param stateFolder somebody else's, who removes it. */
  constructor(define: Define = definePhone, stateFolder?: string) {
    this.#define = define;
    this.stateFolder = stateFolder ?? mkdtempSync(path.join(tmpdir(), "switchboard-phone-"));
    if (stateFolder === undefined) this.write("openclaw.json", AT_ANY_HOUR);
  }

  /** Writes a file into the state folder. */
  write(name: string, content: string): void {
    const file = path.join(this.stateFolder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
  }

  run(...args: readonly string[]): RunningPhone {
    return this.#start(args, this.#define);
  }

  /** Runs another command of ours, as its script does. */
  runScript(
    define: (command: Command, context: CommandContext) => void,
    ...args: readonly string[]
  ): RunningPhone {
    return this.#start(args, (program, context) => {
      define(program.command("script"), context);
      return "script";
    });
  }

  /** The settings as the commands find them. */
  settings(): LoadedConfig & { readonly stateFolder: string } {
    const places = this.#places();
    return { ...loadConfig(places), stateFolder: places.stateFolder };
  }

  #places() {
    return {
      env: { ...NO_GATEWAY, ...this.env },
      stateFolder: this.stateFolder,
      configFile: path.join(this.stateFolder, "openclaw.json"),
    };
  }

  #start(args: readonly string[], define: Define): RunningPhone {
    const output = { stdout: "", stderr: "" };
    const stops = new Set<(exitCode: number) => void>();
    return Object.assign(this.#run(args, define, output, stops), {
      output,
      stop: () => {
        for (const stop of stops) stop(130);
      },
    });
  }

  async #run(
    args: readonly string[],
    define: Define,
    output: { stdout: string; stderr: string },
    stops: Set<(exitCode: number) => void>,
  ): Promise<Finished> {
    let code = 0;
    const places = this.#places();
    const program = new Command("openclaw").enablePositionalOptions();
    program.configureOutput({ writeErr: () => {}, writeOut: () => {} }).exitOverride((error) => {
      throw error;
    });
    const context = {
      settings: async () => this.settings(),
      places: () => places,
      print: (text: string) => {
        output.stdout += text;
      },
      complain: (text: string) => {
        output.stderr += text;
      },
      ask: async () => undefined,
      setExitCode: (given: number) => {
        code = given;
      },
    };
    const word = define(program, context, (stop) => {
      stops.add(stop);
      return () => stops.delete(stop);
    });
    try {
      await program.parseAsync([word, ...args], { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      code = error.exitCode;
      output.stderr += error.message;
    }
    return { code, ...output };
  }

  /** Does something with the store, and closes it. */
  async inStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const store = await openStore(this.stateFolder);
    try {
      return await work(store);
    } finally {
      await closeStore(store);
    }
  }

  remove(): void {
    rmSync(this.stateFolder, { recursive: true });
  }
}
