/**
 * Owns the live calls of one line: which call, which turn, who may speak, and what a newer request does to an
 * older one. Wire in (through the carrier's listener) → turn → agent → speech → wire out.
 */
import type { AgentPort } from "../agent/port.ts";
import type { CallDirection, CallOutcome, Carrier, TurnAddress } from "../carriers/carrier.ts";
import type { Log } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { endsWithQuestion, isListenerNoise, isStopWord } from "../speech/listener-noises.ts";
import { phrase } from "../speech/phrases.ts";
import type { SpeakerSession } from "../trust/sessions.ts";
import { type SpokenMemory, Turn, type TurnSettings } from "./turn.ts";

/** Who speaks on a call, and with what words in the agent's system prompt. */
export type CallSpeaker =
  | { readonly known: false }
  | { readonly known: true; readonly session: SpeakerSession; readonly voiceContext: string };

/** What the live calls need from the rest of the line. */
export interface CallsParameters {
  readonly line: string;
  readonly carrier: Carrier;
  readonly agent: AgentPort;
  readonly settings: TurnSettings & {
    readonly model?: string | undefined;
    readonly thinking?: string | undefined;
    readonly language?: string | undefined;
  };
  /** Spoken first on an inbound call; nothing is when undefined, the caller then speaks first. */
  readonly greeting: string | undefined;
  /** Given to the carrier when it asks, before the greeting. */
  readonly context: { memory: string; systemPrompt: string };
  /**
   * Notes that a call exists. `direction` is what the carrier said, if anything. Resolves to whether the call
   * still wants its greeting: an inbound call nobody has greeted yet, in this process or the one before.
   * Never rejects.
   */
  noteCall(call: {
    callId: string;
    direction: CallDirection | undefined;
    /** False while it is only being set up. */
    started: boolean;
  }): Promise<{ greet: boolean }>;
  /** Who speaks on this call; never rejects: what cannot be told is not known. */
  speakerOf(call: { callId: string; direction: CallDirection | undefined }): Promise<CallSpeaker>;
  /** The agent's words without secrets, before they are spoken. Never throws. */
  withoutSecrets(text: string): string;
  /** Ends a call at the carrier. Never rejects. */
  endCall(callId: string): Promise<void>;
  /** The call is over: stored, and told to the owner's session. */
  noteEnded(outcome: CallOutcome): Promise<void>;
  newRunId(): string;
  now(): number;
  readonly log: Log;
}

interface LiveCall {
  readonly callId: string;
  direction: CallDirection | undefined;
  speaker: Promise<CallSpeaker> | undefined;
  hasContext: boolean;
  greeted: boolean;
  /** Running while a caller nobody knows hears why the call ends. */
  endTimer: NodeJS.Timeout | undefined;
  readonly turns: Set<Turn>;
  /** When the last request arrived: the next one may be its sibling. */
  lastArrivalMs: number;
  /** When anything was last heard of the call. */
  seenAtMs: number;
  language: string;
  readonly memory: SpokenMemory;
}

/** Ended calls are remembered this long, so that a late request of theirs is not taken for a new call. */
const ENDED_CALL_MEMORY_MS = 10 * 60_000;
/** A call without any word for this long is forgotten: its end was never told. */
const IDLE_CALL_LIMIT_MS = 6 * 60 * 60_000;

/** Until a sentence that was handed over begins to be heard. */
const SPEAKING_BEGINS_MS = 1_000;
/** A character is about a fifteenth of a second of unhurried speech… */
const CHARACTER_MS = 65;
/** …and this much where it is about a syllable. */
const SYLLABLE_MS = 200;
const SYLLABLES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

export class Calls {
  readonly #p: CallsParameters;
  readonly #live = new Map<string, LiveCall>();
  readonly #ended = new Map<string, number>();

  constructor(parameters: CallsParameters) {
    this.#p = parameters;
  }

  /** Calls that are going on now. */
  get liveCount(): number {
    return this.#live.size;
  }

  /** The carrier asks for context: it gets it, then the greeting if this is an inbound call. */
  onCallSetup({ callId }: { callId: string }): void {
    const call = this.#call(callId);
    if (call === undefined) return;
    // Asked twice (an event can be delivered twice), it is answered once.
    if (!call.hasContext) this.#p.carrier.sendContext(callId, this.#p.context);
    call.hasContext = true;
    void this.#greet(call, false);
  }

  onCallStarted({ callId, direction }: { callId: string; direction?: CallDirection }): void {
    const call = this.#call(callId);
    if (call === undefined) return;
    if (direction !== undefined && call.direction === undefined) {
      call.direction = direction;
      // A speaker decided without the direction was decided on less than is known now.
      call.speaker = undefined;
    }
    void this.#greet(call, true);
  }

  /** The caller's words: they start, join, supersede or merely accompany a turn. */
  onTurn({ words, ...address }: TurnAddress & { words: string }): void {
    const call = this.#call(address.callId);
    if (call === undefined) {
      this.#p.log.info(
        `Call ${address.callId} is over: its late request ${address.requestId} is not answered.`,
      );
      return;
    }
    const arrivedAtMs = this.#p.now();
    call.language = detectLanguage(words, call.language);
    const open = [...call.turns].filter((turn) => turn.isOpen);
    if (open.length > 0 && isListenerNoise(words, call.language) && !endsWithQuestion(call.memory.lastSaid)) {
      this.#p.carrier.answer(address, phrase("acknowledgement", call.language));
      return;
    }
    const together = arrivedAtMs - call.lastArrivalMs < this.#p.carrier.capabilities.siblingWindowMs;
    call.lastArrivalMs = arrivedAtMs;
    if (call.endTimer !== undefined) {
      this.#p.carrier.answer(address, phrase("unverified", call.language));
      // A sibling came with the words that were answered; anybody who speaks after that has heard enough.
      if (!together) this.#endNow(call);
      return;
    }
    if (open.length > 0 && (!together || isStopWord(words))) for (const turn of open) turn.supersede();
    this.#startTurn(call, address, words);
  }

  /** Runs a turn of this call after those in front of it. */
  #startTurn(call: LiveCall, address: TurnAddress, words: string): void {
    const turn = new Turn({
      address,
      words,
      language: call.language,
      carrier: this.#p.carrier,
      settings: this.#p.settings,
      memory: call.memory,
      log: this.#p.log,
      withoutSecrets: (text) => this.#p.withoutSecrets(text),
    });
    // Superseded turns are finished already: only siblings are waited for.
    const before = [...call.turns].filter((other) => other.isOpen).map((other) => other.finished);
    call.turns.add(turn);
    void turn.finished.then(() => call.turns.delete(turn));
    void Promise.all(before).then(() => this.#runTurn(call, turn));
  }

  async #runTurn(call: LiveCall, turn: Turn): Promise<void> {
    turn.begin();
    if (!turn.isOpen) return;
    const speaker = await this.#speakerOf(call);
    if (!turn.isOpen) return;
    if (!speaker.known) {
      const sentence = phrase("unverified", turn.language);
      turn.answer(sentence);
      this.#p.log.warn(`Call ${call.callId}: it is not known who is speaking, so the call is ended.`);
      call.endTimer ??= setTimeout(() => this.#endNow(call), hearingMs(sentence));
      return;
    }
    const { model, thinking, timeoutMs } = this.#p.settings;
    await turn.run(this.#p.agent, {
      session: speaker.session,
      line: this.#p.line,
      words: turn.words,
      language: turn.language,
      callId: call.callId,
      runId: this.#p.newRunId(),
      voiceContext: withBrokenOffAnswer(speaker.voiceContext, call.memory),
      ...(model === undefined ? {} : { model }),
      ...(thinking === undefined ? {} : { thinking }),
      timeoutMs,
    });
  }

  /** Decided once per call; a call whose speaker could not be told is asked about again at its next words. */
  async #speakerOf(call: LiveCall): Promise<CallSpeaker> {
    call.speaker ??= this.#p.speakerOf({ callId: call.callId, direction: call.direction });
    const speaker = await call.speaker;
    if (!speaker.known) call.speaker = undefined;
    return speaker;
  }

  /** Ends a call whose caller is not known. */
  #endNow(call: LiveCall): void {
    forgetEnd(call);
    void this.#p.endCall(call.callId);
  }

  onCallEnded(outcome: CallOutcome): void {
    const call = this.#live.get(outcome.callId);
    const first = !this.#ended.has(outcome.callId);
    this.#ended.set(outcome.callId, this.#p.now());
    this.#live.delete(outcome.callId);
    if (call !== undefined) forgetEnd(call);
    for (const turn of call?.turns ?? []) turn.callEnded();
    const direction = outcome.direction ?? call?.direction;
    if (first) void this.#p.noteEnded({ ...outcome, ...(direction === undefined ? {} : { direction }) });
  }

  /** The line stops: what is being said is broken off, and whoever waits is told so. */
  stop(): void {
    for (const call of this.#live.values()) {
      forgetEnd(call);
      for (const turn of call.turns) turn.lineStopped();
    }
    this.#live.clear();
  }

  /** The live call, begun when it is not known; undefined when it is over. */
  #call(callId: string): LiveCall | undefined {
    this.#forgetOldCalls();
    if (this.#ended.has(callId)) return undefined;
    const known = this.#live.get(callId);
    if (known !== undefined) {
      known.seenAtMs = this.#p.now();
      return known;
    }
    const call: LiveCall = {
      callId,
      direction: undefined,
      speaker: undefined,
      hasContext: false,
      greeted: false,
      endTimer: undefined,
      turns: new Set(),
      lastArrivalMs: Number.NEGATIVE_INFINITY,
      seenAtMs: this.#p.now(),
      language: this.#p.settings.language ?? "en",
      memory: { lastSaid: "", lastProgress: undefined, brokenOff: undefined },
    };
    this.#live.set(callId, call);
    return call;
  }

  /** Speaks the greeting once per call, when the store says that nobody has and that it is an inbound call. */
  async #greet(call: LiveCall, started: boolean): Promise<void> {
    const { callId, direction } = call;
    const { greet } = await this.#p.noteCall({ callId, direction, started });
    const { greeting } = this.#p;
    if (greeting === undefined || !greet || call.greeted || !this.#live.has(callId)) return;
    if (!this.#p.carrier.greet(callId, greeting)) return;
    call.greeted = true;
    call.memory.lastSaid = greeting;
  }

  #forgetOldCalls(): void {
    const now = this.#p.now();
    for (const [callId, endedAtMs] of this.#ended) {
      if (now - endedAtMs > ENDED_CALL_MEMORY_MS) this.#ended.delete(callId);
    }
    for (const [callId, call] of this.#live) {
      if (call.turns.size === 0 && now - call.seenAtMs > IDLE_CALL_LIMIT_MS) this.#live.delete(callId);
    }
  }
}

function forgetEnd(call: LiveCall): void {
  clearTimeout(call.endTimer);
  call.endTimer = undefined;
}

/** How long, in milliseconds, until a sentence handed over now has been heard; the carrier does not tell. */
function hearingMs(sentence: string): number {
  const syllables = sentence.match(SYLLABLES)?.length ?? 0;
  return SPEAKING_BEGINS_MS + syllables * SYLLABLE_MS + (sentence.length - syllables) * CHARACTER_MS;
}

/** The session has no trace of an answer that was broken off: the agent is told how much of it was heard. */
function withBrokenOffAnswer(voiceContext: string, memory: SpokenMemory): string {
  const heard = memory.brokenOff;
  if (heard === undefined) return voiceContext;
  memory.brokenOff = undefined;
  return `${voiceContext}\nThe caller has just broken off your last answer; of it they heard only: ${JSON.stringify(heard)}`;
}
