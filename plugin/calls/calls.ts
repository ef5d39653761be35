/**
 * Owns the live calls of one line: which call, which turn, who may speak, and what a newer request does to an
 * older one. Wire in (through the carrier's listener) → turn → agent → speech → wire out.
 */
import type { AgentPort, AgentTurn } from "../agent/port.ts";
import { briefingPrompt } from "../briefings/words.ts";
import type { CallDirection, CallOutcome, CarrierTurn, TurnAddress } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { endsWithGoodbye, endsWithQuestion, isListenerNoise, isStopWord } from "../speech/listener-noises.ts";
import { phrase } from "../speech/phrases.ts";
import type { SpeakerSession } from "../trust/sessions.ts";
import type { SafeVoice } from "./checked-voice.ts";
import { PacedTurns } from "./paced-turns.ts";
import { type SpokenMemory, Turn, type TurnSettings } from "./turn.ts";

/**
 * What a call is. Decided when it opens, from facts, and kept to its end: on a call to a third party every word that
 * comes is a third party's.
 */
export type CallKind = "conversation" | "briefing" | "thirdParty";

/** Who speaks on a call, and with what words in the agent's system prompt. */
export type CallSpeaker =
  | { readonly known: false }
  | {
      readonly known: true;
      readonly kind: CallKind;
      readonly session: SpeakerSession;
      readonly voiceContext: string;
      /** More than a caller's number says that the owner speaks. */
      readonly isCertainlyOwner?: boolean | undefined;
      /** What the agent says first when the other end was called; it goes on from there. */
      readonly firstWords?: string | undefined;
    };

/** What the live calls need from the rest of the line. */
export interface CallsParameters {
  readonly line: string;
  readonly carrier: SafeVoice;
  readonly agent: AgentPort;
  readonly settings: TurnSettings & {
    readonly model?: string | undefined;
    readonly thinking?: string | undefined;
    readonly language?: string | undefined;
  };
  /** Spoken first on an inbound call; undefined where all who call in are turned away. */
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
  /** Who speaks on this call; never rejects: what cannot be told is not known. `turn` is the call's newest request. */
  speakerOf(call: {
    callId: string;
    direction: CallDirection | undefined;
    turn: CarrierTurn;
  }): Promise<CallSpeaker>;
  /**
   * The words of a briefing that were prepared beforehand, or are being prepared; undefined when they are not. Never
   * rejects; resolves to undefined when nothing came of it.
   */
  preparedBriefing(task: string): Promise<string | undefined> | undefined;
  /** The other end has said something. Never throws. */
  noteHeard(callId: string, words: string): void;
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
  /** Running while the last words of the call are heard. */
  ending: { readonly timer: NodeJS.Timeout; readonly why: "unknownCaller" | "agent" } | undefined;
  /** Where the carrier takes one answer for each request: the call's turns, once it is known who speaks. */
  paced: PacedTurns | undefined;
  /** The request that waits for who speaks. */
  unidentified: CarrierTurn | undefined;
  /** The end of what is being done about the requests so far. */
  taken: Promise<void>;
  readonly turns: Set<Turn>;
  /** How often the agent was asked. */
  turnCount: number;
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
/** The same where no end is ever told: an ordinary pause is much shorter. */
const UNTOLD_END_LIMIT_MS = 15 * 60_000;

/** Until a sentence that was handed over begins to be heard. */
const SPEAKING_BEGINS_MS = 1_000;
/** A character is about a fifteenth of a second of unhurried speech… */
const CHARACTER_MS = 65;
/** …and this much where it is about a syllable. */
const SYLLABLE_MS = 200;
/** A third party hears filler after 12 s, which then counts as the agent's line (wire page): answered before that. */
const THIRD_PARTY_DEADLINE_MS = 11_000;
/** So does the briefing that was not prepared: with what there is. */
const BRIEFING_DEADLINE_MS = 11_000;
/** How long the agent may work on what a third party said: they were asked to hold the line by then. */
const THIRD_PARTY_WORK_LIMIT_MS = 60_000;
/** What the owner asked for may take as long as the carrier keeps a call's slot (wire page). */
const OWNER_WORK_LIMIT_MS = 300_000;
/** An answer must be there while the slot is, whatever the settings say. */
const LONGEST_WAIT_MS = 290_000;
/** What the agent is asked when somebody it called has picked up. */
const OPENING = "[The call has been answered. Nobody has spoken yet: you speak first.]";
const SYLLABLES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

export class Calls {
  readonly #p: CallsParameters;
  readonly #live = new Map<string, LiveCall>();
  readonly #ended = new Map<string, number>();
  #isStopped = false;

  constructor(parameters: CallsParameters) {
    this.#p = parameters;
  }

  /** Calls that are going on now, as far as the carrier tells. */
  get liveCount(): number {
    this.#forgetOldCalls();
    return this.#live.size;
  }

  /** The language of whoever speaks on this call, BCP 47; the line's as long as they have not spoken. */
  languageOn(callId: string): string {
    return this.#live.get(callId)?.language ?? this.#p.settings.language ?? "en";
  }

  get #idleCallLimitMs(): number {
    return this.#p.carrier.capabilities.callEnd ? IDLE_CALL_LIMIT_MS : UNTOLD_END_LIMIT_MS;
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

  /** The agent is asked for words: mostly because the caller has spoken. */
  onTurn(turn: CarrierTurn): void {
    if (this.#isStopped) {
      this.#p.carrier.answer(
        turn,
        phrase("failed", detectLanguage(wordsOf(turn), this.#p.settings.language)),
      );
      return;
    }
    const call = this.#call(turn.callId);
    if (call === undefined) {
      this.#p.log.info(`Call ${turn.callId} is over: its late request ${turn.requestId} is not answered.`);
      return;
    }
    if (this.#p.carrier.capabilities.partialSpeech) {
      const { callId, requestId } = turn;
      this.#onWords(call, { callId, requestId }, wordsOf(turn));
      return;
    }
    const arrivedAtMs = this.#p.now();
    call.unidentified = turn;
    call.taken = call.taken
      .then(() => this.#onPacedTurn(call, turn, arrivedAtMs))
      .catch((error: unknown) => this.#p.log.error(`Call ${call.callId}: ${messageOf(error)}`));
  }

  /** A request on a carrier that takes one whole answer for each. Nothing is said before it is known who speaks. */
  async #onPacedTurn(call: LiveCall, turn: CarrierTurn, arrivedAtMs: number): Promise<void> {
    const isTold = () => this.#live.get(call.callId) === call;
    if (!isTold()) return;
    call.language = detectLanguage(wordsOf(turn), call.language);
    const speaker = await this.#speakerOf(call, turn);
    // The line has stopped and said so, or the call is over.
    if (!isTold()) return;
    if (call.unidentified === turn) call.unidentified = undefined;
    if (!speaker.known) {
      this.#p.log.warn(`Call ${call.callId}: it is not known who is speaking, so the call is ended.`);
      this.#p.carrier.answer(turn, phrase("unverified", call.language), { endCall: true });
      return;
    }
    const isFirst = call.paced === undefined;
    call.paced ??= this.#pacedTurns(call, speaker);
    const isOpening = isFirst && OPENED_BY[speaker.kind] === turn.kind;
    const words = isOpening ? openingWords(turn) : saidOn(speaker.kind, turn);
    if (!isOpening) this.#p.noteHeard(call.callId, words);
    if (isOpening && speaker.firstWords !== undefined) call.paced.sayFirst(speaker.firstWords);
    const ownersLimitMs = isOpening
      ? BRIEFING_DEADLINE_MS
      : Math.min(this.#p.settings.timeoutMs, LONGEST_WAIT_MS);
    const limitMs = speaker.kind === "thirdParty" ? THIRD_PARTY_DEADLINE_MS : ownersLimitMs;
    call.paced.request({
      address: turn,
      asWritten: turn.asWritten,
      words,
      isSpeech: !isOpening,
      prepared: isOpening && turn.kind === "briefing" ? this.#p.preparedBriefing(turn.task) : undefined,
      language: call.language,
      deadlineMs: arrivedAtMs + limitMs,
    });
  }

  #pacedTurns(call: LiveCall, speaker: CallSpeaker & { known: true }): PacedTurns {
    const isThirdParty = speaker.kind === "thirdParty";
    return new PacedTurns({
      agent: this.#p.agent,
      agentTurn: (words, { language, asWritten, isSpeech }) => ({
        ...this.#agentTurn(call, speaker, words, language),
        asWritten,
        quickAnswers: isSpeech && speaker.session.tier === "owner",
        isTask: !isSpeech,
        timeoutMs: isThirdParty ? THIRD_PARTY_WORK_LIMIT_MS : OWNER_WORK_LIMIT_MS,
      }),
      isGoodbye: (text) => isGoodbye(text, speaker.session),
      whenLate: isThirdParty ? "hold" : "report",
      supersedes: !isThirdParty,
      answer: (address, text, how) => {
        this.#p.carrier.answer(address, text, how);
        if (how.endCall) this.#callWantsToEnd(call, text);
      },
      now: () => this.#p.now(),
      log: this.#p.log,
    });
  }

  /** The caller's words: they start, join, supersede or merely accompany a turn. */
  #onWords(call: LiveCall, address: TurnAddress, words: string): void {
    const arrivedAtMs = this.#p.now();
    this.#p.noteHeard(call.callId, words);
    call.language = detectLanguage(words, call.language);
    const open = [...call.turns].filter((turn) => turn.isOpen);
    if (open.length > 0 && isListenerNoise(words, call.language) && !endsWithQuestion(call.memory.lastSaid)) {
      this.#p.carrier.answer(address, phrase("acknowledgement", call.language));
      return;
    }
    const together = arrivedAtMs - call.lastArrivalMs < this.#p.carrier.capabilities.siblingWindowMs;
    call.lastArrivalMs = arrivedAtMs;
    if (call.ending?.why === "unknownCaller") {
      this.#p.carrier.answer(address, phrase("unverified", call.language));
      // A sibling came with the words that were answered; anybody who speaks after that has heard enough.
      if (!together) this.#endNow(call);
      return;
    }
    // Whoever speaks after the agent's goodbye has not said theirs.
    forgetEnd(call);
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
      onCallWantsToEnd: (lastWords) => this.#callWantsToEnd(call, lastWords),
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
    const speaker = await this.#speakerOf(call, {
      ...turn.address,
      kind: "speech",
      words: turn.words,
      asWritten: turn.words,
    });
    if (!turn.isOpen) return;
    if (!speaker.known) {
      const sentence = phrase("unverified", turn.language);
      turn.answer(sentence);
      this.#p.log.warn(`Call ${call.callId}: it is not known who is speaking, so the call is ended.`);
      this.#endWhenHeard(call, sentence, "unknownCaller");
      return;
    }
    await turn.run(this.#p.agent, {
      ...this.#agentTurn(call, speaker, turn.words, turn.language),
      quickAnswers: speaker.session.tier === "owner",
      timeoutMs: this.#p.settings.timeoutMs,
    });
  }

  #agentTurn(
    call: LiveCall,
    speaker: CallSpeaker & { known: true },
    words: string,
    language: string,
  ): Omit<AgentTurn, "timeoutMs"> {
    const { model, thinking } = this.#p.settings;
    call.turnCount += 1;
    return {
      session: speaker.session,
      turnNumber: call.turnCount,
      isCertainlyOwner: speaker.isCertainlyOwner === true,
      line: this.#p.line,
      words,
      language,
      callId: call.callId,
      runId: this.#p.newRunId(),
      canEndCall: true,
      voiceContext: withBrokenOffAnswer(speaker.voiceContext, call.memory),
      ...(model === undefined ? {} : { model }),
      ...(thinking === undefined ? {} : { thinking }),
    };
  }

  /** Decided once per call; a call whose speaker could not be told is asked about again at its next words. */
  async #speakerOf(call: LiveCall, turn: CarrierTurn): Promise<CallSpeaker> {
    call.speaker ??= this.#p.speakerOf({ callId: call.callId, direction: call.direction, turn });
    const speaker = await call.speaker;
    if (!speaker.known) call.speaker = undefined;
    return speaker;
  }

  /** The agent has said its last words. Where the answer itself ends the call, the carrier knows it already. */
  #callWantsToEnd(call: LiveCall, lastWords: string): void {
    if (!this.#p.carrier.capabilities.endsCallWithAnswer) this.#endWhenHeard(call, lastWords, "agent");
  }

  #endWhenHeard(call: LiveCall, lastWords: string, why: "unknownCaller" | "agent"): void {
    call.ending ??= { timer: setTimeout(() => this.#endNow(call), hearingMs(lastWords)), why };
  }

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
    call?.paced?.end();
    const direction = outcome.direction ?? call?.direction;
    if (first) void this.#p.noteEnded({ ...outcome, ...(direction === undefined ? {} : { direction }) });
  }

  /** The line stops: what is being said is broken off, and whoever waits is told so, also who speaks only now. */
  stop(): void {
    this.#isStopped = true;
    for (const call of this.#live.values()) {
      forgetEnd(call);
      for (const turn of call.turns) turn.lineStopped();
      call.paced?.lineStopped();
      if (call.unidentified !== undefined) {
        this.#p.carrier.answer(call.unidentified, phrase("failed", call.language));
      }
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
      ending: undefined,
      paced: undefined,
      unidentified: undefined,
      taken: Promise.resolve(),
      turns: new Set(),
      turnCount: 0,
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
    if (!greet || call.greeted || !this.#live.has(callId)) return;
    if (greeting === undefined) {
      // Whoever calls in and says nothing is not kept on the line either.
      if (started && direction === "inbound") this.#turnAway(call);
      return;
    }
    if (!this.#p.carrier.greet(callId, greeting)) return;
    call.greeted = true;
    call.memory.lastSaid = greeting;
  }

  #turnAway(call: LiveCall): void {
    if (call.ending !== undefined) return;
    this.#p.log.info(`Call ${call.callId}: whoever calls in on this line is turned away.`);
    const sentence = phrase("unverified", call.language);
    call.greeted = this.#p.carrier.greet(call.callId, sentence);
    this.#endWhenHeard(call, sentence, "unknownCaller");
  }

  #forgetOldCalls(): void {
    const now = this.#p.now();
    for (const [callId, endedAtMs] of this.#ended) {
      if (now - endedAtMs > ENDED_CALL_MEMORY_MS) this.#ended.delete(callId);
    }
    for (const [callId, call] of this.#live) {
      const isIdle = call.turns.size === 0 && call.paced?.isIdle !== false;
      if (isIdle && now - call.seenAtMs > this.#idleCallLimitMs) this.#live.delete(callId);
    }
  }
}

function forgetEnd(call: LiveCall): void {
  clearTimeout(call.ending?.timer);
  call.ending = undefined;
}

/**
 * Whether these words of the agent's end the call. To its owner the agent says many things; there only a sentence that
 * is a goodbye and nothing else counts.
 */
function isGoodbye(text: string, { tier }: SpeakerSession): boolean {
  return endsWithGoodbye(text, { whole: tier === "owner" });
}

/** How a call of this kind opens, where the agent has to speak first. */
const OPENED_BY: Readonly<Record<CallKind, CarrierTurn["kind"] | undefined>> = {
  conversation: undefined,
  briefing: "briefing",
  thirdParty: "thirdPartyOpening",
};

/** What the agent is asked at a call's opening. */
function openingWords(turn: CarrierTurn): string {
  return turn.kind === "briefing" ? briefingPrompt({ task: turn.task }) : OPENING;
}

/**
 * The words somebody said on a call of this kind. What looks like another kind of request is something they said:
 * prefixes are the carrier's only where the call is known to be of that kind.
 */
function saidOn(kind: CallKind, turn: CarrierTurn): string {
  const spoken = kind === "thirdParty" ? "thirdPartySpeech" : "speech";
  return turn.kind === spoken ? turn.words : turn.asWritten;
}

/** Everything in a request that is words, to tell its language. */
function wordsOf(turn: CarrierTurn): string {
  switch (turn.kind) {
    case "speech":
    case "thirdPartySpeech":
      return turn.words;
    case "briefing":
      return turn.task;
    case "thirdPartyOpening":
      return `${turn.objective} ${turn.context}`;
  }
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
