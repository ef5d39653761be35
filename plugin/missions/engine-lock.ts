/** Owns the lock of whoever carries missions out: one process at a time for a state folder, let go of with its holder. */
import path from "node:path";
import { openSwitchboardFolder } from "../config/state-folder.ts";
import { type HeldLock, isLocked, takeLock } from "../connector/lock.ts";

/** Whether some process carries missions out now. */
export function isHosted(stateFolder: string): boolean {
  return isLocked(lockFile(stateFolder));
}

/** Undefined when another process holds it. @param patienceMs how long a look by another one is waited for. */
export function takeEngineLock(stateFolder: string, patienceMs?: number): HeldLock | undefined {
  return takeLock(lockFile(stateFolder), patienceMs);
}

function lockFile(stateFolder: string): string {
  return path.join(openSwitchboardFolder(stateFolder), "missions-engine.lock");
}
