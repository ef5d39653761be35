/**
 * Owns asking callers again whose words were lost on their way here. Somebody may have spoken into a poll that broke,
 * or that the process before this one did not live to answer: they hear filler until they are answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Calls } from "../calls/calls.ts";
import { type Log, messageOf } from "../log.ts";
import { phrase } from "../speech/phrases.ts";
import { openCalls } from "../store/calls.ts";
import type { Store } from "../store/database.ts";

interface LostWordsParameters {
  readonly line: string;
  readonly store: Store;
  readonly calls: Pick<Calls, "languageOn">;
  /**
   * Speaks to whoever waits on a call on which nothing was heard or answered since (milliseconds since the epoch).
   * Never rejects.
   */
  askAgain(callId: string, text: string, sinceMs: number): Promise<boolean>;
  readonly log: Log;
}

/** By then everything that waited for a poll has come: one poll of the process before, and one of ours. */
const QUEUE_DRAINS_MS = 5_000;
/** Nobody waits on a call that began longer ago than this and had its words lost only now. */
const MEMORY_MS = 60 * 60_000;

export class LostWords {
  readonly #p: LostWordsParameters;
  /** Polls that broke with a message in them, as far as callers were asked again for it; none yet before the first. */
  #knownLosses: number | undefined;
  #looking: AbortController | undefined;

  constructor(parameters: LostWordsParameters) {
    this.#p = parameters;
  }

  /** The line is connected, for the first time or again. `losses` counts polls whose answer was lost since its start. */
  connected(losses: number): void {
    if (losses === this.#knownLosses) return;
    this.#knownLosses = losses;
    this.stop();
    this.#looking = new AbortController();
    void this.#look(this.#looking.signal);
  }

  stop(): void {
    this.#looking?.abort();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store, line, calls, log } = this.#p;
    try {
      const connectedAtMs = Date.now();
      await sleep(QUEUE_DRAINS_MS, undefined, { signal, ref: false });
      const since = new Date(store.now().getTime() - MEMORY_MS);
      for (const { carrierCallId: callId, state } of await openCalls(store, line, since)) {
        if (callId === undefined || state !== "started") continue;
        const sentence = phrase("failed", calls.languageOn(callId));
        const asked = await this.#p.askAgain(callId, sentence, connectedAtMs);
        if (asked)
          log.info(`Call ${callId}: words may have been lost; whoever waits is asked to repeat them.`);
      }
    } catch (error) {
      if (!signal.aborted) log.debug(`Nobody could be asked to speak again: ${messageOf(error)}`);
    }
  }
}
