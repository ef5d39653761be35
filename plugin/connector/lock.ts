/**
 * Owns that there is one background process for a state folder: a lock that the operating system lets go of by
 * itself when its holder dies, however it dies. So there is no stale lock to recover, and no clock or process
 * number to believe.
 *
 * It is SQLite's lock on an empty database, which holds on every platform. A lock by a file's age would keep a
 * restart after a crash waiting, and would be lost by a process that is paused.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** A look by another process holds the lock for less than a millisecond; whoever wants it for good waits that out. */
const LOOK_PATIENCE_MS = 2_000;

const SQLITE_BUSY = 5;

/** Exit code of a background process: another one holds the lock. */
export const ANOTHER_RUNS = 75;

export interface HeldLock {
  release(): void;
}

/**
 * Takes the lock; undefined when another process holds it.
 *
 * @throws the file system's error when the file cannot be made.
 */
export function takeLock(file: string, patienceMs = LOOK_PATIENCE_MS): HeldLock | undefined {
  return lock(file, patienceMs);
}

/** Whether a process holds the lock just now. */
export function isLocked(file: string): boolean {
  if (!existsSync(file)) return false;
  const held = lock(file, 0);
  held?.release();
  return held === undefined;
}

function lock(file: string, patienceMs: number): HeldLock | undefined {
  // For its owner alone, as everything in the folder; SQLite gives its side file the same mode. Never where it is there
  // already: closing a file lets go of every lock this process has on it.
  if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
  const database = new DatabaseSync(file, { timeout: patienceMs });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
