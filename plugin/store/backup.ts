/**
 * Owns copying the store's file as a whole and putting such a copy back, while other processes use the file: SQLite does
 * both itself, page by page and under its own locks.
 */
import { chmodSync, closeSync, existsSync, openSync, rmSync } from "node:fs";
import path from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openSwitchboardFolder, switchboardFolder } from "../config/state-folder.ts";

/** The store's file in a state folder. It need not exist. */
export function storeFile(stateFolder: string): string {
  return path.join(switchboardFolder(stateFolder), "switchboard.sqlite");
}

/**
 * Copies the store as it is at one moment.
 *
 * @param copy must not exist; readable by its owner alone.
 * @returns false when there is no store.
 * @throws SQLite's error when the store cannot be read, or the copy not written. There is no copy then.
 */
export async function copyStore(stateFolder: string, copy: string): Promise<boolean> {
  const file = storeFile(stateFolder);
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    // Made first, so that it never has another mode.
    closeSync(openSync(copy, "wx", 0o600));
    await backup(database, copy);
    return true;
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  } finally {
    database.close();
  }
}

/**
 * Puts a copy back into the store's file. Others that have it open go on with what is in it then.
 *
 * @throws SQLite's error; the store is as it was then.
 */
export async function putStoreBack(stateFolder: string, copy: string): Promise<void> {
  openSwitchboardFolder(stateFolder);
  const file = storeFile(stateFolder);
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS;
  const database = new DatabaseSync(copy, { readOnly: true });
  try {
    for (;;) {
      try {
        await backup(database, file);
        break;
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw error;
        await sleep(BUSY_PAUSE_MS);
      }
    }
    chmodSync(file, 0o600);
  } finally {
    database.close();
  }
}

/** The copying gives up at once where somebody writes, and says "not an error" (0) of it (Node 24.21). */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && [0, SQLITE_BUSY, SQLITE_LOCKED].includes(errcode & 0xff);
}

/**
 * The version of what is in a store's file.
 *
 * @returns undefined when it cannot be read or is damaged.
 */
export function storeVersion(file: string): number | undefined {
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      const state = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
      return state === "ok" ? Number(database.prepare("PRAGMA user_version").get()?.user_version) : undefined;
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/** How long is waited for another process to finish writing. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_PAUSE_MS = 50;

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
