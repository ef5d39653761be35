/**
 * Owns an update from start to end: looked at, copied, updated by the way's own command, looked at again, and put back
 * when that finds what was not wrong before.
 *
 * Everything this process needs later is imported at the top: while it runs, its own files are replaced.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { objectAt } from "../config/gateway-config.ts";
import type { Environment } from "../config/state-folder.ts";
import { connectorFiles } from "../connector/files.ts";
import { isLocked } from "../connector/lock.ts";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";
import { type Backup, makeBackup, putBack, removeOldBackups } from "./backup.ts";
import type { Installation } from "./how-installed.ts";
import { commandText, runWayCommand, WayCommandFailed } from "./way-command.ts";

export interface UpdatePlace {
  readonly stateFolder: string;
  readonly configFile: string;
  readonly env: Environment;
}

/** What an update came to. */
export type Updated =
  | { readonly outcome: "unchanged"; readonly version: string }
  | UpdateDone
  /** What the doctor found wrong that was not before; everything that can be is as it was. */
  | {
      readonly outcome: "put back";
      readonly version: string;
      readonly tried: string;
      readonly problems: readonly string[];
      /** What has to be done by hand: a sentence each. */
      readonly left: readonly string[];
      readonly backup: string;
    };

export interface UpdateDone {
  readonly outcome: "updated";
  readonly before: string;
  readonly version: string;
  readonly backup: string;
  /** What was not done: a sentence each. */
  readonly notes: readonly string[];
}

/** The update is not begun. The message is for people. */
export class NotUpdated extends Error {
  override readonly name = "NotUpdated";
}

interface UpdateTask {
  readonly installation: Installation;
  readonly place: UpdatePlace;
  /** Gets what the commands print, and what is being done. */
  readonly said: (text: string) => void;
  readonly signal: AbortSignal;
}

const KEPT_BACKUPS = 3;

/**
 * Updates this copy. Once the way's own command has begun, it is let finish: a signal then only ends what comes after.
 *
 * @throws NotUpdated when there is no way, or a clone has changes; WayCommandFailed when the way's command fails.
 */
export async function update(task: UpdateTask): Promise<Updated> {
  const { installation, place, said, signal } = task;
  const { updateCommand, folder, workingFolder } = installation;
  if (updateCommand === undefined)
    throw new NotUpdated(installation.whyNoUpdate ?? "There is no way to update it.");
  const isClone = updateCommand[0] === "git";
  const commit = isClone ? await cleanCommit(folder) : undefined;
  const version = versionIn(folder);
  said("Looking at what works now …\n");
  const wrongBefore = await problemsNow(folder, task);
  signal.throwIfAborted();
  const files = filesOf(folder);
  const backup = await makeBackup(place, { version });
  const copy =
    installation.kind === "openclaw-skill" || installation.kind === "npx-skill" ? copyOf(backup) : undefined;
  if (copy !== undefined) copyPackage(folder, copy);
  signal.throwIfAborted();
  said(`Running: ${commandText(updateCommand)}\n`);
  try {
    await runWayCommand(updateCommand, place, { workingFolder, said });
  } catch (error) {
    const back = await putAllBack(task, { backup, commit, copy });
    throw new WayCommandFailed([messageOf(error), ...back].join(" "));
  }
  const folderNow = await whereNow(task);
  const versionNow = versionIn(folderNow);
  if (folderNow === folder && filesOf(folder) === files) {
    rmSync(backup.folder, { recursive: true, force: true });
    return { outcome: "unchanged", version };
  }
  const notes = await takeUp(task, folderNow);
  const updated = { before: version, version: versionNow, backup: backup.folder };
  if (signal.aborted)
    return { outcome: "updated", ...updated, notes: [...notes, "It was stopped before the doctor looked."] };
  said("Looking at what works with it …\n");
  const wrongNow = await problemsNow(folderNow, task);
  if (signal.aborted)
    return {
      outcome: "updated",
      ...updated,
      notes: [...notes, "It was stopped before the doctor had looked."],
    };
  if (wrongBefore === undefined || wrongNow === undefined) {
    removeOldBackups(place.stateFolder, KEPT_BACKUPS);
    return { outcome: "updated", ...updated, notes: [...notes, "This package has no doctor to look at it."] };
  }
  const problems = [...wrongNow].filter(([check]) => !wrongBefore.has(check)).map(([, found]) => found);
  if (problems.length === 0) {
    removeOldBackups(place.stateFolder, KEPT_BACKUPS);
    return { outcome: "updated", ...updated, notes };
  }
  const left = await putAllBack(task, { backup, commit, copy });
  if (folderNow === folder && versionIn(folder) === version) await takeUp(task, folder);
  else if (installation.kind === "plugin-npm") {
    left.push(
      `The plugin itself stays at version ${versionNow}: "openclaw plugins install npm:openclaw-switchboard@${version} --force" brings ${version} back.`,
    );
  }
  return { outcome: "put back", version, tried: versionNow, problems, left, backup: backup.folder };
}

/** Puts back what an update has changed. @returns what has to be done by hand: a sentence each. */
async function putAllBack(
  { installation, place }: UpdateTask,
  {
    backup,
    commit,
    copy,
  }: { readonly backup: Backup; readonly commit: string | undefined; readonly copy: string | undefined },
): Promise<string[]> {
  const { folder } = installation;
  const left: string[] = [];
  if (commit !== undefined) {
    // Keeps what is changed in the clone, and refuses where it cannot.
    const { exitCode } = await git(folder, ["reset", "--keep", commit]);
    if (exitCode !== 0)
      left.push(`The clone could not be put back: run "git -C ${folder} reset --keep ${commit}".`);
  }
  if (copy !== undefined && filesOf(copy) !== filesOf(folder)) {
    try {
      replaceFolder(folder, copy);
    } catch (error) {
      left.push(`${folder} could not be put back (${messageOf(error)}): the copy is ${copy}.`);
    }
  }
  return [...left, ...(await putBack(backup, place.stateFolder)).left];
}

// --- the package's folder -------------------------------------------------------------------------------

const MANIFEST = "openclaw.plugin.json";

function versionIn(folder: string): string {
  try {
    const { version } = objectAt(jsonIn(readFileSync(path.join(folder, MANIFEST), "utf8")));
    return typeof version === "string" ? version : "unknown";
  } catch {
    return "unknown";
  }
}

/** What is run and read of a package, in short: whether an update has changed anything. */
function filesOf(folder: string): string {
  const hash = createHash("sha256");
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  for (const name of names.sort()) {
    if (!/^(?:dist|references|[^\\/]+\.(?:md|json)$)/.test(name)) continue;
    const file = path.join(folder, name);
    try {
      hash.update(`${name}\0`).update(readFileSync(file)).update("\0");
    } catch {
      // A folder.
    }
  }
  return hash.digest("hex");
}

function copyOf({ folder }: Backup): string {
  return path.join(folder, "package");
}

function copyPackage(from: string, to: string): void {
  const left = new Set(["node_modules", ".git"]);
  cpSync(from, to, { recursive: true, filter: (file) => !left.has(path.relative(from, file)) });
}

/** The folder is there at every moment but one, in which it has another name beside. */
function replaceFolder(folder: string, copy: string): void {
  const fresh = `${folder}.switchboard-new`;
  const old = `${folder}.switchboard-old`;
  for (const name of [fresh, old]) rmSync(name, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  copyPackage(copy, fresh);
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(fresh, folder);
  rmSync(old, { recursive: true, force: true });
}

/** The gateway may give a plugin's new version a folder of its own. */
async function whereNow({ installation, place }: UpdateTask): Promise<string> {
  const { kind, folder, workingFolder } = installation;
  if (kind !== "plugin-npm") return folder;
  try {
    const printed = await runWayCommand(["openclaw", "plugins", "inspect", "switchboard", "--json"], place, {
      workingFolder,
      said: () => {},
    });
    const { rootDir } = objectAt(jsonIn(printed), "plugin");
    return typeof rootDir === "string" ? rootDir : folder;
  } catch {
    return folder;
  }
}

/** Lets what runs use what is there now. @returns what did not work: a sentence each. */
async function takeUp({ installation, place, said }: UpdateTask, folder: string): Promise<string[]> {
  const notes: string[] = [];
  if (installation.kind === "plugin-link") {
    await runWayCommand(["openclaw", "plugins", "reload", "switchboard", "--json"], place, {
      workingFolder: place.stateFolder,
      said: () => {},
    }).catch((error: unknown) => {
      notes.push(
        `The running gateway was not told (${messageOf(error)}): restart it, or run "openclaw plugins reload switchboard".`,
      );
    });
  }
  if (isLocked(connectorFiles(place.stateFolder).lock)) {
    said("Starting the background process again …\n");
    const ran = await runScript(folder, "connect", ["restart", "--json"], place);
    if (ran === undefined || ran.exitCode !== 0) {
      notes.push("The background process was not started again: run connect restart.");
    }
  }
  return notes;
}

// --- git ------------------------------------------------------------------------------------------------

/** @throws NotUpdated when files of the clone are changed, or git cannot tell. */
async function cleanCommit(folder: string): Promise<string> {
  const status = await git(folder, ["status", "--porcelain", "--untracked-files=no"]);
  if (status.exitCode !== 0) {
    throw new NotUpdated(
      `git cannot read ${folder} (${status.stderr.trim().split("\n").at(-1) ?? "no reason given"}).`,
    );
  }
  if (status.stdout.trim() !== "") {
    throw new NotUpdated(
      `Files in ${folder} were changed: commit them or put them back ("git status" shows them), then run this again.`,
    );
  }
  return (await git(folder, ["rev-parse", "HEAD"])).stdout.trim();
}

async function git(folder: string, rest: readonly string[]) {
  const { exitCode, stdout, stderr } = await execa("git", ["-C", folder, ...rest], {
    reject: false,
    stdin: "ignore",
  });
  return { exitCode, stdout: stdout ?? "", stderr: stderr ?? "" };
}

// --- the doctor -----------------------------------------------------------------------------------------

const report = z.object({
  findings: z.array(z.object({ check: z.string(), level: z.string(), found: z.string() })),
});

const DOCTOR_LIMIT_MS = 5 * 60_000;

/** What the doctor of a package finds wrong: a sentence for each check; undefined when there is no doctor. */
async function problemsNow(
  folder: string,
  { place, signal }: UpdateTask,
): Promise<ReadonlyMap<string, string> | undefined> {
  const ran = await runScript(folder, "doctor", ["--json"], place, signal);
  if (ran === undefined) return undefined;
  const found = report.safeParse(jsonIn(ran.stdout)).data?.findings;
  if (found === undefined) return new Map([["doctor", `The doctor does not run: ${lastLine(ran.stderr)}`]]);
  return new Map(
    found.filter(({ level }) => level === "problem").map(({ check, found: sentence }) => [check, sentence]),
  );
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "it says nothing.";
}

/** Runs a script of a package; undefined when the package has none of that name. */
async function runScript(
  folder: string,
  name: string,
  words: readonly string[],
  { env, stateFolder, configFile }: UpdatePlace,
  signal?: AbortSignal,
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string } | undefined> {
  const script = [
    path.join(folder, "dist", "scripts", `${name}.js`),
    path.join(folder, "scripts", `${name}.ts`),
  ].find((file) => existsSync(file));
  if (script === undefined) return undefined;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [script, ...words], {
    env: { ...env, OPENCLAW_STATE_DIR: stateFolder, OPENCLAW_CONFIG_PATH: configFile },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    timeout: DOCTOR_LIMIT_MS,
    windowsHide: true,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  return { exitCode, stdout: stdout ?? "", stderr: stderr ?? "" };
}
