/**
 * Owns the copy that is made of everything an update may change, in `<state folder>/switchboard/backups/<time>/`: the
 * gateway's config with what it includes, its `.env`, our settings and the store. And putting it back.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { readGatewayConfig, realPathIfPresent } from "../config/gateway-config.ts";
import { replaceFile } from "../config/replace-file.ts";
import { type Environment, openSwitchboardFolder, switchboardFolder } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";
import { copyStore, putStoreBack, storeFile, storeVersion } from "../store/backup.ts";

export interface BackedUp {
  readonly stateFolder: string;
  /** The gateway's config file. It need not exist. */
  readonly configFile: string;
  readonly env: Environment;
}

const contents = z.object({
  /** Of the package, when the copy was made. */
  version: z.string(),
  /** Where the gateway's config is. */
  configFile: z.string(),
  /** By their names in the backup's folder. */
  files: z.record(z.string(), z.string()),
  hasStore: z.boolean(),
});

export interface Backup extends z.infer<typeof contents> {
  readonly folder: string;
}

/** Written last: a folder without it is what an interrupted run has left. */
const CONTENTS = "contents.json";
const STORE_COPY = "switchboard.sqlite";

/**
 * Copies everything.
 *
 * @throws the file system's or SQLite's error; nothing is left of the copy then.
 */
export async function makeBackup(
  place: BackedUp,
  { version, now = () => new Date() }: { readonly version: string; readonly now?: () => Date },
): Promise<Backup> {
  const { stateFolder, configFile, env } = place;
  const own = openSwitchboardFolder(stateFolder);
  const folder = path.join(backupsFolder(stateFolder), now().toISOString().replace(/[-:.]/g, ""));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const named = [
      ...readGatewayConfig(configFile, env).files,
      ...[
        path.join(stateFolder, ".env"),
        path.join(own, "skill-config.json"),
        path.join(own, "setup.json"),
      ].map(realPathIfPresent),
    ];
    const files: Record<string, string> = {};
    for (const [index, file] of named.entries()) {
      const bytes = bytesOf(file);
      if (bytes === undefined) continue;
      const name = `${index}-${path.basename(file)}`;
      writeFileSync(path.join(folder, name), bytes, { mode: 0o600, flag: "wx", flush: true });
      files[name] = file;
    }
    const hasStore = await copyStore(stateFolder, path.join(folder, STORE_COPY));
    const made = { version, configFile, files, hasStore };
    writeFileSync(path.join(folder, CONTENTS), `${JSON.stringify(made, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    return { folder, ...made };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The backups that are whole, the newest first. */
export function listBackups(stateFolder: string): Backup[] {
  return foldersIn(backupsFolder(stateFolder))
    .flatMap((folder): Backup[] => {
      const made = contents.safeParse(
        jsonIn(bytesOf(path.join(folder, CONTENTS))?.toString("utf8") ?? ""),
      ).data;
      return made === undefined ? [] : [{ folder, ...made }];
    })
    .reverse();
}

/** Removes all but the newest, and what interrupted runs have left. */
export function removeOldBackups(stateFolder: string, kept: number): void {
  const stays = listBackups(stateFolder).slice(0, kept);
  for (const folder of foldersIn(backupsFolder(stateFolder))) {
    if (!stays.some((backup) => backup.folder === folder)) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts back what is not as it was: files byte for byte; the store only where it has another form now or cannot be read,
 * since calls and texts of the meantime would be lost.
 *
 * @returns `done`: what was put back; `left`: what could not be, a sentence each.
 */
export async function putBack(
  { folder, configFile, files, hasStore }: Backup,
  stateFolder: string,
): Promise<{ readonly done: readonly string[]; readonly left: readonly string[] }> {
  const done: string[] = [];
  const left: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    try {
      const kept = readFileSync(path.join(folder, name));
      const present = bytesOf(file);
      if (present?.equals(kept)) continue;
      if (present === undefined) writeFileSync(file, kept, { mode: 0o600, flag: "wx", flush: true });
      else await replaceFile({ file, before: present, after: kept, lockOf: configFile, withBackup: false });
      done.push(file);
    } catch (error) {
      left.push(`${messageOf(error)} What stood in ${file} is in ${path.join(folder, name)}.`);
    }
  }
  if (!hasStore) return { done, left };
  const copy = path.join(folder, STORE_COPY);
  const store = storeFile(stateFolder);
  try {
    if (storeVersion(store) !== storeVersion(copy)) {
      await putStoreBack(stateFolder, copy);
      done.push(store);
    }
  } catch (error) {
    left.push(`${store} could not be put back (${messageOf(error)}): the copy is ${copy}.`);
  }
  return { done, left };
}

function backupsFolder(stateFolder: string): string {
  return path.join(switchboardFolder(stateFolder), "backups");
}

/** By name, and so by time. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
