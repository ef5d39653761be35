/**
 * Owns telling the owner's session how calls ended: until each was told, also when the process ended before it could, and
 * with the result of a call to somebody else in the words of the agent that was on it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { outcomeLine } from "../calls/outcome.ts";
import type { CallOutcome, TranscriptLine } from "../carriers/carrier.ts";
import { parsePhoneNumber } from "../config/phone-number.ts";
import { noteOptOut } from "../limits/opt-out.ts";
import { type Log, messageOf } from "../log.ts";
import { transcriptOf } from "../store/call-lines.ts";
import { findCall, type KnownCall, markTold, noteCallEnded, untoldCalls } from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { findDoNotCall } from "../store/do-not-call.ts";
import { type SpeakerFacts, whoWasOn } from "../trust/speakers.ts";

/** What is told of one call. */
export interface CallNotice {
  readonly sentence: string;
  /** Our id of the call. */
  readonly callId: string;
  /** The key of the session that asked for the call and passes the news on; undefined where nobody waits for it. */
  readonly askedIn: string | undefined;
  /** It was over before this process began. */
  readonly isOld: boolean;
}

/** A notice that waits for the session's next turn. */
export interface HandedOver {
  /** Resolves when the session was told. */
  readonly told: Promise<void>;
  takeBack(): void;
}

/** A call that the agent was on, with what it was told about it. */
export interface CallOnPhone extends Pick<KnownCall, "purpose" | "context"> {
  /** The carrier's. */
  readonly callId: string;
}

export interface CallReportsParameters {
  readonly line: SpeakerFacts["line"];
  readonly ownerNumbers: readonly string[];
  /** False where the carrier's own voice leads every call: what was said on one is news to the owner's session. */
  readonly agentSpeaks: boolean;
  readonly store: Store;
  /** Throws when the session cannot take it now. */
  tellOfCall(notice: CallNotice): Promise<HandedOver>;
  /** The result of a call to somebody else; undefined when there is nobody to write it, or it took too long. */
  resultOf(call: CallOnPhone, signal: AbortSignal): Promise<string | undefined>;
  /** The call has just ended, and this is the first that is known of it. */
  onEnded(outcome: CallOutcome, call: KnownCall): void;
  readonly log: Log;
}

/** How often what could not be told is tried again. */
const AGAIN_EVERY_MS = 30_000;

export class CallReports {
  readonly #p: CallReportsParameters;
  readonly #stopped = new AbortController();
  /** What is being put into words now, by our id. */
  readonly #telling = new Map<string, Promise<void>>();
  /** What waits for a turn, by our id. */
  readonly #handedOver = new Map<string, HandedOver & { readonly state: KnownCall["state"] }>();
  readonly #startedAt: Date;
  #running: Promise<void> | undefined;

  constructor(parameters: CallReportsParameters) {
    this.#p = parameters;
    this.#startedAt = parameters.store.now();
  }

  /** Tells what the process before this one did not. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is being told any more; what was not told is told by the next process. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#running, ...this.#telling.values()]);
    for (const { takeBack } of this.#handedOver.values()) takeBack();
    this.#handedOver.clear();
  }

  /** Writes down that a call has ended, and tells the owner's session. Never rejects. */
  async ended(outcome: CallOutcome): Promise<void> {
    const { line, store, log } = this.#p;
    try {
      const { callId, reason, outcome: what, direction, durationSeconds, voicemailMessage } = outcome;
      const address = { line: line.name, carrierCallId: callId };
      const isNews = await noteCallEnded(store, {
        ...address,
        carrier: line.carrier,
        direction,
        reason,
        outcome: what,
        durationSeconds,
        cost: outcome.cost,
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

  /** Tells what is not told yet: what has ended, and what could not be placed at its time. Never rejects. */
  async tellAll(): Promise<void> {
    try {
      for (const call of await untoldCalls(this.#p.store, this.#p.line.name)) await this.#tell(call);
    } catch (error) {
      this.#p.log.debug(`Calls that were not told could not be read: ${messageOf(error)}`);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.tellAll();
      await sleep(AGAIN_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Tells one call, unless it is being told. Never rejects. */
  #tell(call: KnownCall, toNumber?: string): Promise<void> {
    const handedOver = this.#handedOver.get(call.id);
    if (this.#stopped.signal.aborted || handedOver?.state === call.state) return Promise.resolve();
    // It was not known what became of it; now it is.
    handedOver?.takeBack();
    const known = this.#telling.get(call.id);
    if (known !== undefined) return known;
    const telling = this.#tellNow(call, toNumber)
      .catch((error: unknown) =>
        this.#p.log.warn(
          `The owner's session could not be told of call ${call.carrierCallId ?? call.id} yet: ${messageOf(error)}`,
        ),
      )
      .finally(() => this.#telling.delete(call.id));
    this.#telling.set(call.id, telling);
    return telling;
  }

  async #tellNow(call: KnownCall, toNumber: string | undefined): Promise<void> {
    const { store, agentSpeaks } = this.#p;
    const { signal } = this.#stopped;
    const { placedHere, state, carrierCallId: callId = call.id } = call;
    const transcript = await transcriptOf(store, call);
    const direction = placedHere ? ("outbound" as const) : call.direction;
    const other = whoWasOn(call, this.#p);
    const withOwner = other === "owner";
    const callee = call.callee ?? (direction === "outbound" ? parsePhoneNumber(toNumber ?? "") : undefined);
    const wish = withOwner ? undefined : await this.#wishOnCall({ ...call, callee }, transcript);
    const isAnswered = transcript.some(({ speaker }) => speaker === "other");
    // Whoever was turned away has spoken with nobody.
    const result =
      agentSpeaks && other === "stranger" && isAnswered
        ? await this.#p.resultOf({ ...call, callId }, signal)
        : undefined;
    // Told by the next process, then with a result.
    if (signal.aborted) return;
    const { outcome, detail, durationSeconds, voicemailMessage, purpose, cost } = call;
    const handedOver = await this.#p.tellOfCall({
      callId: call.id,
      // The owner was on the phone themselves.
      askedIn: withOwner && agentSpeaks ? undefined : call.askedIn,
      isOld: (call.endedAt ?? call.createdAt) < this.#startedAt,
      sentence: [
        outcomeLine(
          {
            callId,
            ...(outcome === undefined ? {} : { outcome }),
            ...(state === "refused" ? { outcome: "not_placed" } : {}),
            ...(state === "unsettled" ? { outcome: "unsettled" } : {}),
            ...(detail === undefined ? {} : { reason: detail }),
            ...(cost === undefined ? {} : { cost }),
            ...(durationSeconds === undefined ? {} : { durationSeconds }),
            ...(voicemailMessage === undefined ? {} : { voicemailMessage }),
            ...(toNumber === undefined ? {} : { toNumber }),
            ...(placedHere || purpose === undefined ? {} : { purpose }),
            transcript,
          },
          {
            direction,
            callee: placedHere ? (call.callee ?? undefined) : undefined,
            purpose: placedHere ? purpose : undefined,
            greeting: placedHere ? call.greeting : undefined,
            withOwner,
            ledByCarrier: !agentSpeaks,
            result,
          },
        ),
        ...(wish === undefined ? [] : [wish]),
      ].join(" "),
    });
    this.#handedOver.set(call.id, { ...handedOver, state });
    void handedOver.told.then(() => this.#told(call.id, state));
  }

  /**
   * Puts whom we called on the do-not-call list when they asked for it.
   *
   * @returns what the owner's session is to know: also when this is told once more, after a try that failed.
   */
  async #wishOnCall(
    { callee, createdAt }: KnownCall,
    transcript: readonly TranscriptLine[],
  ): Promise<string | undefined> {
    if (!callee) return undefined;
    const { store } = this.#p;
    for (const { speaker, words } of transcript) {
      if (speaker === "other") await noteOptOut(store, { number: callee, words, where: "call" });
    }
    const entry = await findDoNotCall(store, callee);
    if (entry?.source !== "call" || entry.addedAt < createdAt) return undefined;
    return `They asked not to be called again: ${callee} is on the do-not-call list now, and is neither called nor texted any more. If that is a mistake, your owner takes it off: phone do-not-call remove ${callee}`;
  }

  async #told(id: string, state: KnownCall["state"]): Promise<void> {
    // Told again by the next process when it cannot be written down.
    await markTold(this.#p.store, id, state).catch((error: unknown) =>
      this.#p.log.warn(`That the call ${id} was told could not be written down: ${messageOf(error)}`),
    );
    if (this.#handedOver.get(id)?.state === state) this.#handedOver.delete(id);
  }
}
