/**
 * Owns following the calls that a carrier leads itself: what is said on them is written down while it is said, and their
 * end is told. Calls placed by other processes (a script, a command) are found in the store.
 */
import type { CallFollowing, CallOutcome } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { Repeated } from "../repeated.ts";
import { noteLine } from "../store/call-lines.ts";
import { type KnownCall, openCalls } from "../store/calls.ts";
import type { Store } from "../store/database.ts";

/** All in milliseconds. */
export interface FollowedCallTimings {
  /** Between two looks into the store for new calls. */
  readonly everyMs: number;
  /** Before a call that could not be followed is tried again. */
  readonly againAfterMs: number;
  /** A call whose end is not known so long after it was placed is not followed any longer, */
  readonly forgottenAfterMs: number;
  /** unless it was met only now: so long is tried at least, as after days in which nothing was running. */
  readonly triedForMs: number;
}

const TIMINGS: FollowedCallTimings = {
  everyMs: 2_000,
  againAfterMs: 30_000,
  forgottenAfterMs: 4 * 60 * 60_000,
  triedForMs: 15 * 60_000,
};

/** Calls that ended while nothing of ours was running are settled as well; older ones are nobody's news any more. */
const LOOKED_FOR_MS = 30 * 24 * 60 * 60_000;

export interface FollowedCallsParameters extends Partial<FollowedCallTimings> {
  readonly line: string;
  readonly store: Store;
  readonly following: CallFollowing;
  /** Told once by each process, when everything that was said is written down. */
  onEnded(outcome: CallOutcome): void;
  readonly log: Log;
}

interface FollowedCall {
  /** Ends the following. */
  readonly leaving: AbortController;
  /** On the store's clock, in milliseconds since the epoch. */
  readonly forgottenAt: number;
  isOver: boolean;
  running: Promise<void> | undefined;
  nextTryAt: number;
  /** Somebody was told that it cannot be followed now. */
  isTroubleTold: boolean;
}

export class FollowedCalls {
  readonly #p: FollowedCallsParameters;
  readonly #timings: FollowedCallTimings;
  readonly #looking: Repeated;
  /** By the carrier's id; those that are open in the store. */
  readonly #calls = new Map<string, FollowedCall>();

  constructor(parameters: FollowedCallsParameters) {
    this.#p = parameters;
    const { everyMs, againAfterMs, forgottenAfterMs, triedForMs } = { ...TIMINGS, ...parameters };
    this.#timings = { everyMs, againAfterMs, forgottenAfterMs, triedForMs };
    this.#looking = new Repeated({
      everyMs: this.#timings.everyMs,
      work: () => this.#look(),
      onError: (error) => parameters.log.debug(`The open calls could not be read: ${messageOf(error)}`),
    });
  }

  start(): void {
    this.#looking.start();
  }

  /** Resolves when nothing is followed and nothing written any more; calls go on with the next process. */
  async stop(): Promise<void> {
    const looked = this.#looking.stop();
    for (const { leaving } of this.#calls.values()) leaving.abort();
    await Promise.all([looked, ...[...this.#calls.values()].map(({ running }) => running)]);
  }

  async #look(): Promise<void> {
    const { store, line } = this.#p;
    const now = store.now().getTime();
    const open = await openCalls(store, line, new Date(now - LOOKED_FOR_MS));
    if (this.#looking.signal.aborted) return;
    this.#leaveOthersThan(open);
    for (const { carrierCallId: callId, createdAt } of open) {
      if (callId === undefined) continue;
      const call = this.#calls.get(callId) ?? this.#meet(callId, createdAt, now);
      if (call.isOver) continue;
      if (now >= call.forgottenAt) {
        // What is still being written comes before the end.
        call.leaving.abort();
        await call.running;
        this.#end(call, callId, { outcome: "unknown" });
      } else if (call.running === undefined && now >= call.nextTryAt) {
        call.running = this.#follow(call, callId).finally(() => {
          call.running = undefined;
        });
      }
    }
  }

  /** Calls whose end is in the store, whoever wrote it, need no following. */
  #leaveOthersThan(open: readonly KnownCall[]): void {
    const ids = new Set(open.map(({ carrierCallId }) => carrierCallId));
    for (const [callId, call] of this.#calls) {
      if (ids.has(callId)) continue;
      call.leaving.abort();
      if (call.running === undefined) this.#calls.delete(callId);
    }
  }

  #meet(callId: string, createdAt: Date, now: number): FollowedCall {
    const { forgottenAfterMs, triedForMs } = this.#timings;
    const call = {
      leaving: new AbortController(),
      forgottenAt: Math.max(createdAt.getTime() + forgottenAfterMs, now + triedForMs),
      isOver: false,
      running: undefined,
      nextTryAt: now,
      isTroubleTold: false,
    };
    this.#calls.set(callId, call);
    return call;
  }

  /** Follows a call to its end, or to where it cannot be followed now. Never rejects. */
  async #follow(call: FollowedCall, callId: string): Promise<void> {
    const { following, store, line, log } = this.#p;
    const { signal } = call.leaving;
    let written = Promise.resolve();
    try {
      const outcome = await following.follow(callId, {
        signal,
        onLine: ({ speaker, words, position }) => {
          const said = { line, carrierCallId: callId, speaker, words, position };
          written = written
            .then(() => noteLine(store, said))
            .catch((error: unknown) =>
              log.warn(`What was said on call ${callId} could not be written down: ${messageOf(error)}`),
            );
        },
      });
      await written;
      if (!signal.aborted) this.#end(call, callId, outcome);
    } catch (error) {
      await written;
      if (signal.aborted) return;
      const sentence = `Call ${callId} cannot be followed now: ${messageOf(error)}`;
      if (call.isTroubleTold) log.debug(sentence);
      else log.warn(sentence);
      call.isTroubleTold = true;
      call.nextTryAt = store.now().getTime() + this.#timings.againAfterMs;
    }
  }

  #end(call: FollowedCall, callId: string, outcome: Omit<CallOutcome, "callId" | "direction">): void {
    call.isOver = true;
    this.#p.onEnded({ callId, direction: "outbound", ...outcome });
  }
}
