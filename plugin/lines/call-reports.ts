/**
 * Owns telling the owner's session how calls ended: once each, also when the process ended before it could, and with
 * the result of a call to somebody else in the words of the agent that was on it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { outcomeLine } from "../calls/outcome.ts";
import type { CallOutcome } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { findCall, type KnownCall, markTold, noteCallEnded, untoldCalls } from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { isOwners } from "../trust/speakers.ts";

export interface CallReportsParameters {
  readonly line: string;
  readonly carrier: string;
  readonly inboundCallers: "owner" | "unknown";
  readonly ownerNumbers: readonly string[];
  readonly store: Store;
  /** Throws when the owner's session cannot take it now. */
  tellOwner(sentence: string): Promise<void>;
  /** The result of a call to somebody else; undefined when there is nobody to write it, or it took too long. */
  resultOf(callId: string, signal: AbortSignal): Promise<string | undefined>;
  /** The call has just ended, and this is the first that is known of it. */
  onEnded(outcome: CallOutcome, call: KnownCall): void;
  readonly log: Log;
}

/** How often what could not be told is tried again. */
const AGAIN_EVERY_MS = 30_000;

export class CallReports {
  readonly #p: CallReportsParameters;
  readonly #stopped = new AbortController();
  /** What is being told now, by the carrier's id. */
  readonly #telling = new Map<string, Promise<void>>();
  #running: Promise<void> | undefined;

  constructor(parameters: CallReportsParameters) {
    this.#p = parameters;
  }

  /** Tells what the process before this one did not. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is being told any more; what was broken off is told by the next process. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#running, ...this.#telling.values()]);
  }

  /** Writes down that a call has ended, and tells the owner's session. Never rejects. */
  async ended(outcome: CallOutcome): Promise<void> {
    const { line, carrier, store, log } = this.#p;
    try {
      const { callId, reason, outcome: what, direction, durationSeconds, voicemailMessage } = outcome;
      const address = { line, carrierCallId: callId };
      const isNews = await noteCallEnded(store, {
        ...address,
        carrier,
        direction,
        reason,
        outcome: what,
        durationSeconds,
        voicemailMessage,
        purpose: outcome.purpose,
        recordedAs: outcome.recordedAs,
        transcript: outcome.transcript,
      });
      const call = isNews ? await findCall(store, address) : undefined;
      if (call === undefined) return;
      log.info(`Call ${callId} is over${what === undefined ? "" : ` (${what})`}.`);
      this.#p.onEnded(outcome, call);
      await this.#tell(call, outcome.toNumber);
    } catch (error) {
      log.error(`The end of call ${outcome.callId} could not be written down: ${messageOf(error)}`);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        for (const call of await untoldCalls(this.#p.store, this.#p.line)) await this.#tell(call);
      } catch (error) {
        this.#p.log.debug(`Calls that were not told could not be read: ${messageOf(error)}`);
      }
      await sleep(AGAIN_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Tells one call, unless it is being told. Never rejects. */
  #tell(call: KnownCall, toNumber?: string): Promise<void> {
    const { carrierCallId: callId } = call;
    if (callId === undefined || this.#stopped.signal.aborted) return Promise.resolve();
    const known = this.#telling.get(callId);
    if (known !== undefined) return known;
    const telling = this.#tellNow(call, callId, toNumber)
      .catch((error: unknown) =>
        this.#p.log.warn(`The owner's session could not be told of call ${callId} yet: ${messageOf(error)}`),
      )
      .finally(() => this.#telling.delete(callId));
    this.#telling.set(callId, telling);
    return telling;
  }

  async #tellNow(call: KnownCall, callId: string, toNumber: string | undefined): Promise<void> {
    const { line, store, ownerNumbers, inboundCallers } = this.#p;
    const { signal } = this.#stopped;
    const { placedHere, recordedAs, transcript } = call;
    const direction = placedHere ? ("outbound" as const) : call.direction;
    const withOwner = placedHere
      ? isOwners(call.callee, ownerNumbers)
      : recordedAs === "callback" ||
        recordedAs === "briefing" ||
        (direction === "inbound" && inboundCallers === "owner");
    const wantsResult = !withOwner && transcript !== undefined && transcript.length > 0;
    const result = wantsResult ? await this.#p.resultOf(callId, signal) : undefined;
    // Told by the next process, then with a result.
    if (signal.aborted) return;
    const { outcome, detail, durationSeconds, voicemailMessage, purpose } = call;
    await this.#p.tellOwner(
      outcomeLine(
        {
          callId,
          ...(outcome === undefined ? {} : { outcome }),
          ...(detail === undefined ? {} : { reason: detail }),
          ...(durationSeconds === undefined ? {} : { durationSeconds }),
          ...(voicemailMessage === undefined ? {} : { voicemailMessage }),
          ...(toNumber === undefined ? {} : { toNumber }),
          ...(placedHere || purpose === undefined ? {} : { purpose }),
          ...(transcript === undefined ? {} : { transcript }),
        },
        {
          direction,
          callee: placedHere ? (call.callee ?? undefined) : undefined,
          purpose: placedHere ? purpose : undefined,
          greeting: placedHere ? call.greeting : undefined,
          withOwner,
          result,
        },
      ),
    );
    await markTold(store, { line, carrierCallId: callId });
  }
}
