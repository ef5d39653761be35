/**
 * Owns finding out how calls have ended where the carrier does not tell: its records are asked until each call is
 * settled. Calls placed by other processes (a script, a cron job) are found in the store.
 */
import type { CallOutcome, CallRecord, CallRecords } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { Repeated } from "../repeated.ts";
import { type KnownCall, openCalls } from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { outcomeOfStatus } from "./outcome.ts";

export interface OpenCallTimings {
  /** Between two looks. */
  readonly everyMs: number;
  /** A call of which there is no record after this was not answered: records begin when somebody picks up. */
  readonly unansweredAfterMs: number;
  /** A call whose record has no end after this is not followed any longer. */
  readonly forgottenAfterMs: number;
}

/** Where only answered calls have a record, one without it was not answered after this. */
export const UNANSWERED_AFTER_MS = 3 * 60_000;

const TIMINGS: OpenCallTimings = {
  everyMs: 5_000,
  unansweredAfterMs: UNANSWERED_AFTER_MS,
  forgottenAfterMs: 4 * 60 * 60_000,
};

/** Calls that ended while nothing of ours was running are settled as well; older ones are nobody's news any more. */
const LOOKED_FOR_MS = 30 * 24 * 60 * 60_000;

interface OpenCallsParameters {
  readonly line: string;
  readonly store: Store;
  readonly records: CallRecords;
  /** May be told the same end again as long as the store does not know it. */
  onEnded(outcome: CallOutcome): void;
  readonly log: Log;
  readonly timings?: Partial<OpenCallTimings> | undefined;
}

export class OpenCalls {
  readonly #p: OpenCallsParameters;
  readonly #timings: OpenCallTimings;
  readonly #looking: Repeated;

  constructor(parameters: OpenCallsParameters) {
    this.#p = parameters;
    this.#timings = { ...TIMINGS, ...parameters.timings };
    this.#looking = new Repeated({
      everyMs: this.#timings.everyMs,
      work: () => this.#look(),
      onError: (error) =>
        parameters.log.debug(`What became of the open calls could not be asked: ${messageOf(error)}`),
    });
  }

  start(): void {
    this.#looking.start();
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    await this.#looking.stop();
  }

  async #look(): Promise<void> {
    const { store, line, records } = this.#p;
    const now = store.now().getTime();
    const since = new Date(now - LOOKED_FOR_MS);
    for (const call of await openCalls(store, line, since)) {
      const { carrierCallId } = call;
      if (carrierCallId === undefined || this.#looking.signal.aborted) continue;
      let record = await records.find(carrierCallId);
      if (record?.isOver) record = (await records.find(carrierCallId, { transcript: true })) ?? record;
      const outcome = this.#outcomeOf(call, record, now - call.createdAt.getTime());
      if (outcome === undefined) continue;
      const direction = call.placedHere ? "outbound" : call.direction;
      this.#p.onEnded({
        callId: carrierCallId,
        ...(direction === undefined ? {} : { direction }),
        ...outcome,
      });
    }
  }

  /** How the call ended; undefined as long as that is not known. */
  #outcomeOf(
    call: KnownCall,
    record: CallRecord | undefined,
    ageMs: number,
  ): Omit<CallOutcome, "callId"> | undefined {
    if (record?.isOver) {
      const status = record.status ?? "completed";
      return {
        outcome: outcomeOfStatus(status),
        ...(record.purpose === undefined ? {} : { recordedAs: record.purpose }),
        ...(record.durationSeconds === undefined ? {} : { durationSeconds: record.durationSeconds }),
        ...(record.transcript === undefined ? {} : { transcript: record.transcript }),
      };
    }
    if (record === undefined && call.state === "placed" && ageMs > this.#timings.unansweredAfterMs) {
      return { outcome: "no_answer" };
    }
    return ageMs > this.#timings.forgottenAfterMs ? { outcome: "unknown" } : undefined;
  }
}
