/**
 * Owns that what setup writes is written as one: the gateway's config, its `.env` and our own files, or none of them. Two
 * files cannot be replaced in one step: what stood there is kept beside, readable by the owner alone, until everything is
 * written and found valid, and whoever ends the process in between is made up for by the next run.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { z } from "zod";
import {
  applyConfigPlan,
  ConfigNotChanged,
  type ConfigPlan,
  type Validate,
} from "../config/gateway-config-file.ts";
import { replaceFile } from "../config/replace-file.ts";
import { type GatewayPlace, openSwitchboardFolder, switchboardFolder } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";

/** A file of the gateway's or ours that is replaced whole; made, readable by its owner alone, where there is none. */
export interface WholeFile {
  /** The file itself, not a link to it. */
  readonly file: string;
  /** What it holds; undefined where it is not there. */
  readonly before: Buffer | undefined;
  readonly after: Buffer;
}

/** What is there to go back to, by file. */
const undoShape = z.object({
  version: z.literal(1),
  /** Whose it is, and since when (UTC ISO 8601). */
  pid: z.number(),
  since: z.string(),
  files: z.array(
    z.object({
      file: z.string(),
      /** In the undo folder; missing where there was no file. */
      kept: z.string().optional(),
      mode: z.number().optional(),
      /** What setup itself writes there, as SHA-256: anything else is somebody else's. */
      ours: z.array(z.string()),
    }),
  ),
});

type Undo = z.infer<typeof undoShape>;

/** What stood in the files that setup is about to change, and how to get back to it. */
export class Undoing {
  readonly #folder: string;
  readonly #lockOf: string;
  #undo: Undo;

  private constructor(folder: string, lockOf: string, undo: Undo) {
    this.#folder = folder;
    this.#lockOf = lockOf;
    this.#undo = undo;
  }

  /**
   * Keeps what these files hold now. From here until {@link done} an end of any kind is made up for by {@link recover}.
   *
   * @param files with those that are not there yet, and with what will be written, as far as it is known.
   * @throws ConfigNotChanged where another run has something to go back to, which must not be lost; the file system's error
   *   when nothing can be kept.
   */
  static begin(
    { stateFolder, configFile }: GatewayPlace,
    files: readonly { readonly file: string; readonly after?: Buffer }[],
  ): Undoing {
    openSwitchboardFolder(stateFolder);
    const folder = undoFolder(stateFolder);
    const others = readUndo(folder);
    if (others !== undefined) {
      // It may have begun since this run has looked.
      if (isAtWork(others)) throw anotherRun(others);
      throw new ConfigNotChanged(
        `What an earlier run of setup had written is not taken back yet: run this again. Where it says then what could not be put back, see to that, and delete ${folder}. Nothing was changed.`,
      );
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    const undo: Undo = {
      version: 1,
      pid: process.pid,
      since: new Date().toISOString(),
      files: files.map(({ file, after }, index) => {
        const ours = after === undefined ? [] : [hashOf(after)];
        if (!existsSync(file)) return { file, ours };
        const kept = `${index}`;
        writeSynced(path.join(folder, kept), readFileSync(file));
        return { file, kept, mode: statSync(file).mode & 0o7777, ours };
      }),
    };
    const undoing = new Undoing(folder, configFile, undo);
    undoing.#write(undo);
    return undoing;
  }

  /** This is ours too, and may stand in the file from now on. */
  alsoOurs(file: string, content: Buffer): void {
    this.#write({
      ...this.#undo,
      files: this.#undo.files.map((one) =>
        one.file === file ? { ...one, ours: [...one.ours, hashOf(content)] } : one,
      ),
    });
  }

  /** Everything is as wanted: there is nothing to go back to any more. */
  done(): void {
    forget(this.#folder);
  }

  /** Puts back what stood there. Never rejects: what cannot be put back is a sentence. */
  async back(): Promise<string[]> {
    const { left, notes } = await putBack(this.#undo, { folder: this.#folder, lockOf: this.#lockOf });
    if (left.length === 0) forget(this.#folder);
    return [...left, ...notes];
  }

  /** Counts from the moment it has its name, and is whole then. */
  #write(undo: Undo): void {
    const unfinished = path.join(this.#folder, `${UNDO}.new`);
    rmSync(unfinished, { force: true });
    writeSynced(unfinished, Buffer.from(JSON.stringify(undo)));
    renameSync(unfinished, path.join(this.#folder, UNDO));
    this.#undo = undo;
  }
}

/**
 * Makes up for a run that was killed.
 *
 * @returns a sentence for each thing that was done or could not be done.
 * @throws ConfigNotChanged while another run is writing.
 */
export async function recover(place: GatewayPlace): Promise<string[]> {
  const folder = undoFolder(place.stateFolder);
  const undo = readUndo(folder);
  if (undo === undefined) {
    // Ended before anything was written, or after everything was.
    rmSync(folder, { recursive: true, force: true });
    return [];
  }
  if (isAtWork(undo)) throw anotherRun(undo);
  const { left, notes } = await putBack(undo, { folder, lockOf: place.configFile });
  if (left.length > 0) return [...left, ...notes];
  forget(folder);
  return ["An earlier run of setup was ended in the middle: what it had written was taken back.", ...notes];
}

/** Whether a run of setup was ended in the middle and is not made up for yet. */
export function isUnfinished(stateFolder: string): boolean {
  return readUndo(undoFolder(stateFolder)) !== undefined;
}

/** Something that has to be done before the files are written. */
export interface FirstStep {
  work(): Promise<void>;
  /** Undoes it, also when it came to nothing. @returns a sentence for what cannot be undone. Never rejects. */
  takeBack(): Promise<readonly string[]>;
}

/**
 * Does the first step, writes the files, then the config, which the gateway notices. On any failure, and when the signal
 * says to stop, everything is as it was.
 *
 * @returns the config's backups.
 * @throws ConfigNotChanged with the reason, and what could not be put back.
 */
export async function writeTogether(
  {
    first,
    files,
    plan,
    undoing,
  }: {
    readonly first?: FirstStep | undefined;
    readonly files: readonly WholeFile[];
    readonly plan: ConfigPlan;
    readonly undoing: Undoing;
  },
  validate: Validate,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    await first?.work();
    for (const file of files) {
      signal.throwIfAborted();
      await writeOne(file, plan.configFile);
    }
    const backups = await applyConfigPlan(plan, validate, { signal });
    if (signal.aborted) {
      for (const backup of backups) rmSync(backup, { force: true });
      signal.throwIfAborted();
    }
    undoing.done();
    return backups;
  } catch (error) {
    const left = [...((await first?.takeBack()) ?? []), ...(await undoing.back())];
    const why = signal.aborted ? "Stopped." : messageOf(error).replace(AS_IT_WAS, "");
    throw new ConfigNotChanged([why, ...(left.length === 0 ? [AS_IT_WAS.trim()] : left)].join(" "));
  }
}

const AS_IT_WAS = " Everything is as it was.";

async function writeOne({ file, before, after }: WholeFile, lockOf: string): Promise<void> {
  if (before !== undefined) {
    await replaceFile({ file, before, after, lockOf, withBackup: false, isPrivate: true });
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomUUID().slice(0, 8)}.switchboard-new`;
  try {
    writeSynced(fresh, after);
    if (existsSync(file)) throw new Error(`${file} was made by something else just now. Run this again.`);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/**
 * Puts back what setup has changed and nobody else since.
 *
 * @returns `left`: a sentence for each file that could not be put back; `notes`: for each that is somebody else's now.
 */
async function putBack(
  { files }: Undo,
  { folder, lockOf }: { readonly folder: string; readonly lockOf: string },
): Promise<{ readonly left: string[]; readonly notes: string[] }> {
  const left: string[] = [];
  const notes: string[] = [];
  for (const { file, kept, mode, ours } of files) {
    try {
      const was = kept === undefined ? undefined : readFileSync(path.join(folder, kept));
      const is = existsSync(file) ? readFileSync(file) : undefined;
      if (is !== undefined && was?.equals(is) !== true && !ours.includes(hashOf(is))) {
        notes.push(`${file} was changed by something else meanwhile and is left as it is.`);
        continue;
      }
      if (was === undefined) rmSync(file, { force: true });
      else if (is === undefined) await writeOne({ file, before: undefined, after: was }, lockOf);
      else if (!was.equals(is))
        await replaceFile({ file, before: is, after: was, lockOf, withBackup: false });
      if (mode !== undefined && process.platform !== "win32") chmodSync(file, mode);
    } catch (error) {
      left.push(`${messageOf(error)} What stood in ${file} before is in ${path.join(folder, kept ?? "")}.`);
    }
  }
  return { left, notes };
}

/** Longer no run takes: a process of that number is another one by then. */
const LONGEST_RUN_MS = 15 * 60_000;

function isAtWork({ pid, since }: Undo): boolean {
  if (pid === process.pid || Date.now() - Date.parse(since) > LONGEST_RUN_MS) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function anotherRun({ pid }: Undo): ConfigNotChanged {
  return new ConfigNotChanged(
    `Another run of setup (process ${pid}) is writing now: wait for its end. Nothing was changed.`,
  );
}

function hashOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function readUndo(folder: string): Undo | undefined {
  try {
    return undoShape.safeParse(jsonIn(readFileSync(path.join(folder, UNDO), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The list first: without it, the rest is nothing to go back to. */
function forget(folder: string): void {
  rmSync(path.join(folder, UNDO), { force: true });
  rmSync(folder, { recursive: true, force: true });
}

const UNDO = "undo.json";

function undoFolder(stateFolder: string): string {
  return path.join(switchboardFolder(stateFolder), "setup-undo");
}

function writeSynced(file: string, content: Buffer): void {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
