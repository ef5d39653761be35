/** Owns that one update or uninstall runs at a time for a state folder. */
import path from "node:path";
import { openSwitchboardFolder } from "../config/state-folder.ts";
import { takeLock } from "../connector/lock.ts";

/** Another one runs. The message is for people. */
export class AlreadyRunning extends Error {
  override readonly name = "AlreadyRunning";
}

export const INSTALLATION_LOCK = "installation.lock";

/**
 * @returns lets others.
 * @throws AlreadyRunning
 */
export function holdInstallation(stateFolder: string): () => void {
  const lock = takeLock(path.join(openSwitchboardFolder(stateFolder), INSTALLATION_LOCK), 0);
  if (lock === undefined) {
    throw new AlreadyRunning("Another update or uninstall is running: wait until it has ended.");
  }
  return () => lock.release();
}
