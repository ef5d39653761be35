/** Runs a script of the project the way a shell does, with a state folder and an environment of its own. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const projectFolder = path.resolve(import.meta.dirname, "../..");

/** The hour at which tests run plays no part in them. */
export const AT_ANY_HOUR = JSON.stringify({
  plugins: {
    entries: { switchboard: { config: { quietHours: "off", callingHours: "always", cooldownMinutes: 0 } } },
  },
});

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const CACHE = path.join(tmpdir(), "switchboard-script-cache");

/** A temporary state folder, and scripts that find it. */
export class ScriptRunner {
  readonly #isBuilt: boolean;
  readonly stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-script-"));

  /** What every run finds in its environment. */
  readonly env: Record<string, string> = {};

  /** @param given.isBuilt run what `npm run build` made of the scripts, which starts in a third of the time. */
  constructor({ isBuilt = false }: { readonly isBuilt?: boolean } = {}) {
    this.#isBuilt = isBuilt;
    this.write("openclaw.json", AT_ANY_HOUR);
  }

  /** Writes a file into the state folder. */
  write(name: string, content: string): void {
    const file = path.join(this.stateFolder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
  }

  /** Runs a script to its end. The environment holds what is given here and in `env`, and nothing of the user's. */
  run(
    name: string,
    args: readonly string[],
    given: {
      readonly env?: Readonly<Record<string, string>>;
      /** Arguments for node, before the script. */
      readonly node?: readonly string[];
      /** Signals the process as soon as and as long as this holds. */
      readonly killWhen?: () => boolean;
      /** SIGKILL unless given. */
      readonly killSignal?: NodeJS.Signals;
      /** As for the constructor, for this run. */
      readonly isBuilt?: boolean;
    } = {},
  ): Promise<Finished> {
    const script =
      (given.isBuilt ?? this.#isBuilt)
        ? path.join("dist", "scripts", `${name}.js`)
        : path.join("scripts", `${name}.ts`);
    const child = spawn(
      process.execPath,
      [...(given.node ?? []), path.join(projectFolder, script), ...args],
      {
        cwd: this.stateFolder,
        env: {
          OPENCLAW_STATE_DIR: this.stateFolder,
          HOME: this.stateFolder,
          // The compiled form of built scripts, for all runs: each folder of its own would be filled anew.
          XDG_CACHE_HOME: CACHE,
          // Windows needs it to open sockets.
          ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
          ...this.env,
          ...given.env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
    });
    const watch = setInterval(() => {
      if (given.killWhen?.()) child.kill(given.killSignal ?? "SIGKILL");
    }, 5);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        clearInterval(watch);
        resolve({ code, ...output });
      });
    });
  }

  remove(): void {
    rmSync(this.stateFolder, { recursive: true });
  }
}
