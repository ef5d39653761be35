/**
 * Owns replacing a file of somebody else's whole: at every moment it is the old or the new one, whatever ends this
 * process. Links, owner and mode stay, a change by another is noticed, and the gateway's own writers are kept out for
 * the moment it takes.
 */
import { randomUUID } from "node:crypto";
import nodeFs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The file could not be replaced and is as it was. The message is for people. */
export class FileNotReplaced extends Error {
  override readonly name: string = "FileNotReplaced";
}

/** Somebody else has changed the file meanwhile. */
export class ChangedMeanwhile extends FileNotReplaced {
  override readonly name = "ChangedMeanwhile";
}

/** The parts of `node:fs` that are used. */
export type Disk = Pick<
  typeof nodeFs,
  | "closeSync"
  | "fchmodSync"
  | "fchownSync"
  | "fstatSync"
  | "fsyncSync"
  | "linkSync"
  | "openSync"
  | "readFileSync"
  | "readdirSync"
  | "realpathSync"
  | "renameSync"
  | "rmSync"
  | "statSync"
  | "writeFileSync"
  | "writeSync"
>;

export interface Machine {
  readonly disk: Disk;
  readonly platform: NodeJS.Platform;
  readonly now: () => Date;
  readonly pause: (ms: number) => Promise<unknown>;
}

export const thisMachine: Machine = {
  disk: nodeFs,
  platform: process.platform,
  now: () => new Date(),
  pause: (ms) => sleep(ms),
};

export interface Replacement {
  /** The file itself, not a link to it. */
  readonly file: string;
  /** What it holds, as far as is known. */
  readonly before: Buffer;
  readonly after: Buffer;
  /** The file whose lock the gateway's own writers take: its config file, by the path it has for the gateway. */
  readonly lockOf: string;
  /** Keeps what was there beside the file, with the time in its name. */
  readonly withBackup: boolean;
  /** It holds secrets: from now on its owner alone can read it, whatever its mode was. Default false. */
  readonly isPrivate?: boolean;
}

/**
 * Replaces the file.
 *
 * @returns the backup's name.
 * @throws ChangedMeanwhile when the file holds something else than `before`; FileNotReplaced when it cannot be written,
 * or not so that owner, mode and other names stay. The file is as it was then.
 */
export async function replaceFile(
  { file, before, after, lockOf, withBackup, isPrivate = false }: Replacement,
  machine: Machine = thisMachine,
): Promise<string | undefined> {
  const { disk } = machine;
  const made: string[] = [];
  try {
    removeLeftovers(file, machine);
    const { nlink } = disk.statSync(file);
    if (nlink > 1) {
      throw new FileNotReplaced(
        `${file} has ${nlink} names (hard links), of which only one would be changed: nothing was changed.`,
      );
    }
    const fresh = `${file}.${randomUUID().slice(0, 8)}${FRESH}`;
    made.push(fresh);
    writeLike(fresh, { content: after, like: file, modeMask: isPrivate ? 0o600 : 0o7777 }, machine);
    const backup = withBackup ? backupName(file, machine.now()) : undefined;
    if (backup !== undefined) {
      made.push(backup);
      // It stays when the file's own mode is tightened later: nobody but the owner gets to read the secrets in it.
      writeLike(backup, { content: before, like: file, modeMask: 0o600 }, machine);
    }
    const release = await takeLock(lockOf, machine);
    try {
      await renameOver(fresh, { file, before }, machine);
      made.length = 0;
      syncFolder(path.dirname(file), machine);
    } finally {
      release();
    }
    return backup;
  } catch (error) {
    for (const name of made) disk.rmSync(name, { force: true });
    if (error instanceof FileNotReplaced) throw error;
    throw new FileNotReplaced(`${file} cannot be replaced (${codeOf(error)}): nothing was changed.`);
  }
}

const FRESH = ".switchboard-new";

/** "openclaw.json.20261120T185100123Z.switchboard-backup" */
function backupName(file: string, now: Date): string {
  return `${file}.${now.toISOString().replace(/[-:.]/g, "")}.switchboard-backup`;
}

/** Writes a new file that has the owner and, within the mask, the mode of another, before it has any content. */
function writeLike(
  name: string,
  { content, like, modeMask }: { readonly content: Buffer; readonly like: string; readonly modeMask: number },
  { disk, platform }: Machine,
): void {
  const descriptor = disk.openSync(name, "wx", 0o600);
  try {
    // Windows has neither: a file there has the rights of its folder.
    if (platform !== "win32") {
      const wanted = disk.statSync(like);
      const { uid, gid } = disk.fstatSync(descriptor);
      if (uid !== wanted.uid || gid !== wanted.gid) keepOwner(descriptor, { like, ...wanted }, disk);
      disk.fchmodSync(descriptor, wanted.mode & modeMask);
    }
    for (let written = 0; written < content.length; ) {
      written += disk.writeSync(descriptor, content, written, content.length - written, written);
    }
    disk.fsyncSync(descriptor);
  } finally {
    disk.closeSync(descriptor);
  }
}

function keepOwner(
  descriptor: number,
  { like, uid, gid }: { readonly like: string; readonly uid: number; readonly gid: number },
  disk: Disk,
): void {
  try {
    disk.fchownSync(descriptor, uid, gid);
  } catch (error) {
    throw new FileNotReplaced(
      `${like} belongs to another user or group, which would be lost (${codeOf(error)}): run this as its owner. Nothing was changed.`,
    );
  }
}

/**
 * Puts a file in the place of another that holds what it should. On Windows nobody can replace a file while another has
 * it open: mostly for a moment only, in which that other may write it.
 *
 * @throws ChangedMeanwhile when it holds something else.
 */
async function renameOver(
  fresh: string,
  { file, before }: { readonly file: string; readonly before: Buffer },
  { disk, platform, pause }: Machine,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!disk.readFileSync(file).equals(before)) {
        throw new ChangedMeanwhile(
          `${file} was changed by something else just now: nothing was overwritten. Run this again.`,
        );
      }
      disk.renameSync(fresh, file);
      return;
    } catch (error) {
      const isInUse = platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(codeOf(error));
      if (!isInUse || attempt === 20) throw error;
      await pause(100);
    }
  }
}

/** Makes the new name last through a power cut, where a folder can be synced at all. */
function syncFolder(folder: string, { disk, platform }: Machine): void {
  if (platform === "win32") return;
  try {
    const descriptor = disk.openSync(folder, "r");
    try {
      disk.fsyncSync(descriptor);
    } finally {
      disk.closeSync(descriptor);
    }
  } catch {
    // Some network folders cannot; the file is replaced all the same.
  }
}

/** What a killed process has left: it holds what the config holds, secrets too. */
function removeLeftovers(file: string, { disk, now }: Machine): void {
  const folder = path.dirname(file);
  const names = disk
    .readdirSync(folder)
    .filter((name) => name.startsWith(`${path.basename(file)}.`) && name.endsWith(FRESH));
  for (const name of names) {
    const leftover = path.join(folder, name);
    const age = now().getTime() - (disk.statSync(leftover, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > A_MINUTE_MS) disk.rmSync(leftover, { force: true });
  }
}

const A_MINUTE_MS = 60_000;

// --- the gateway's lock ---------------------------------------------------------------------------------

/** The gateway waits longer than this before it gives up, and holds the lock for less. */
const LOCK_ATTEMPTS = 50;

/**
 * Takes the lock that the gateway's own writers of its config take: a file beside it with the process in it, which both
 * sides may remove once that process is gone (its dist/file-lock and @openclaw/fs-safe, 2026.9.6).
 *
 * @returns gives it back.
 */
async function takeLock(configFile: string, machine: Machine): Promise<() => void> {
  const { disk, now, pause } = machine;
  const lock = path.join(disk.realpathSync(path.dirname(configFile)), `${path.basename(configFile)}.lock`);
  const own = `${lock}.${randomUUID().slice(0, 8)}${FRESH}`;
  const holder = JSON.stringify({ pid: process.pid, createdAt: now().toISOString() });
  try {
    // Made whole before it has its name: one without a process in it would never be given up.
    disk.writeFileSync(own, holder, { mode: 0o600, flag: "wx" });
    for (let attempt = 1; !takeName(own, lock, disk); attempt++) {
      if (isAbandoned(lock, disk)) disk.rmSync(lock, { force: true });
      else if (attempt < LOCK_ATTEMPTS) await pause(100);
      else {
        throw new FileNotReplaced(
          `The gateway is writing its config (${lock}): nothing was changed. Try again; if nothing of the gateway is running, delete that file first.`,
        );
      }
    }
  } finally {
    disk.rmSync(own, { force: true });
  }
  return () => disk.rmSync(lock, { force: true });
}

function takeName(own: string, lock: string, disk: Disk): boolean {
  try {
    disk.linkSync(own, lock);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    // File systems without hard links.
    return takeNameByCopy(own, lock, disk);
  }
}

function takeNameByCopy(own: string, lock: string, disk: Disk): boolean {
  try {
    disk.writeFileSync(lock, disk.readFileSync(own), { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether the process that took a lock is gone. */
function isAbandoned(lock: string, disk: Disk): boolean {
  let pid: unknown;
  try {
    ({ pid } = JSON.parse(disk.readFileSync(lock, "utf8")) as { pid?: unknown });
  } catch {
    return false;
  }
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? "unknown error";
}
