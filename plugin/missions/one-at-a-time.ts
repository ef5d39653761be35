/** Owns that missions of a state folder are set up one at a time: a second try in the middle of the first would do it twice. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSwitchboardFolder } from "../config/state-folder.ts";
import { takeLock } from "../connector/lock.ts";
import { SetUpBusy } from "./mission-errors.ts";

/** Longer than the few requests of a set-up take on a slow day. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

/**
 * Does something that nobody else does at the same time. Whoever dies in the middle is in nobody's way.
 *
 * @throws SetUpBusy when others take too long.
 */
export async function oneAtATime<Result>(
  stateFolder: string,
  work: () => Promise<Result>,
  patienceMs = PATIENCE_MS,
): Promise<Result> {
  const file = path.join(openSwitchboardFolder(stateFolder), "missions.lock");
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const lock = takeLock(file, 0);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > giveUpAt) {
      throw new SetUpBusy("Another mission is being set up just now: try again in a minute.");
    }
    await sleep(LOOK_EVERY_MS);
  }
}
