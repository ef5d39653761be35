/**
 * Owns telling the owner's session how calls ended: until each was told, also when the process ended before it could, and
 * with the result of a call to somebody else in the words of the agent that was on it.
 */
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
import { type HandedOver, type Notice, Telling } from "./telling.ts";

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
  tellOfCall(notice: Notice): Promise<HandedOver>;
  /** The result of a call to somebody else; undefined when there is nobody to write it, or it took too long. */
  resultOf(call: CallOnPhone, signal: AbortSignal): Promise<string | undefined>;
  /** The call has just ended, and this is the first that is known of it. */
  onEnded(outcome: CallOutcome, call: KnownCall): void;
  readonly log: Log;
}

/** For the session that asked for a call. */
const PASS_ON =
  "You placed this call from this conversation: tell whoever asked for it what came of it, in a sentence or two, now.";

/** A call of which nobody was told. */
interface UntoldCall {
  readonly call: KnownCall;
  readonly toNumber?: string | undefined;
}

export class CallReports {
  readonly #p: CallReportsParameters;
  readonly #startedAt: Date;
  readonly #telling: Telling<UntoldCall>;

  constructor(parameters: CallReportsParameters) {
    const { store, line, log } = parameters;
    this.#p = parameters;
    this.#startedAt = store.now();
    this.#telling = new Telling({
      untold: async () => (await untoldCalls(store, line.name)).map((call) => ({ call })),
      keyOf: ({ call }) => call.id,
      stateOf: ({ call }) => call.state,
      nameOf: ({ call }) => `call ${call.carrierCallId ?? call.id}`,
      hand: (untold, signal) => this.#hand(untold, signal),
      markTold: async ({ call }) => void (await markTold(store, call.id, call.state)),
      log,
    });
  }

  /** Tells what the process before this one did not. */
  start(): void {
    this.#telling.start();
  }

  /** Resolves when nothing is being told any more; what was not told is told by the next process. */
  async stop(): Promise<void> {
    await this.#telling.stop();
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
      await this.#telling.tell({ call, toNumber: outcome.toNumber });
    } catch (error) {
      log.error(`The end of call ${outcome.callId} could not be written down: ${messageOf(error)}`);
    }
  }

  /** Tells what is not told yet: what has ended, and what could not be placed at its time. Never rejects. */
  async tellAll(): Promise<void> {
    await this.#telling.tellAll();
  }

  async #hand({ call, toNumber }: UntoldCall, signal: AbortSignal): Promise<HandedOver | undefined> {
    const { store, agentSpeaks } = this.#p;
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
    if (signal.aborted) return undefined;
    const { outcome, detail, durationSeconds, voicemailMessage, purpose, cost } = call;
    return await this.#p.tellOfCall({
      about: `call:${call.id}`,
      passOn: PASS_ON,
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
}
