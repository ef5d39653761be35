// Owns the programmable caller: one call as the person on the phone lives it. What they say, what they hear
// and when, and hanging up. It judges the words that come back (one result, none after it, never empty).
import {
  type ClientMessageOf,
  type Direction,
  RESPONSE_LIMIT,
  type Rule,
  type ServerEvents,
} from "./clawdtalk-wire.ts";
import type { PracticeText } from "./text-messages.ts";
import { PracticeError, type Waiting, type WaitOptions } from "./waiting.ts";

/** Words heard, and how many milliseconds after the caller spoke (for a greeting: after the phone rang). */
export interface Spoken {
  readonly text: string;
  readonly atMs: number;
}

/** One thing said on a call. `at` is the clock's time in milliseconds. */
export interface TranscriptEntry {
  readonly who: "caller" | "agent";
  readonly kind: "greeting" | "question" | "progress" | "result";
  readonly text: string;
  readonly at: number;
  /** The turn it belongs to; a greeting has none. */
  readonly requestId?: string;
}

export type CallStatus =
  | "initiating"
  | "ringing"
  | "in-progress"
  | "ending"
  | "completed"
  | "no-answer"
  | "busy";

export interface CallEnd {
  readonly reason?: string;
  readonly outcome?: string;
  readonly voicemailMessage?: string;
  readonly durationSeconds: number;
}

export interface HangUp {
  /** Default `user_hangup`. */
  readonly reason?: string;
  readonly outcome?: string;
  readonly voicemail_message?: string;
  /** The call's status afterwards; default `completed`. */
  readonly status?: CallStatus;
}

export interface SayOptions {
  /** Default: a new id. */
  readonly requestId?: string;
  readonly urgency?: string;
  readonly context?: unknown;
}

/** What a call needs from the server it is on. */
export interface CallLine {
  readonly waiting: Waiting;
  now(): number;
  newId(kind: string): string;
  emit<Name extends keyof ServerEvents>(event: Name, fields: ServerEvents[Name]): void;
  breach(rule: Rule, message: string, frame?: unknown): void;
  /** Makes results for this request find their turn. */
  expect(turn: PracticeTurn): void;
  text(from: string, body: string): PracticeText;
}

export interface CallFacts {
  readonly callId: string;
  readonly direction: Direction;
  /** The number of the person on the phone. Never sent in an event: the wire page knows no such field. */
  readonly person: string;
  readonly agentName: string;
  readonly purpose?: string | undefined;
  /** The greeting the service itself speaks (an outbound call's). */
  readonly greeting?: string | undefined;
}

/** One thing the caller said, and everything heard for it. Made by {@link PracticeCall.say}. */
export class PracticeTurn {
  readonly requestId: string;
  readonly said: string;
  /** When it was said, on the server's clock. */
  readonly saidAt: number;
  readonly call: PracticeCall;
  readonly progress: Spoken[] = [];
  /** What came for this turn when nobody was on the phone any more. */
  readonly afterHangUp: Spoken[] = [];
  readonly #line: CallLine;
  readonly #options: SayOptions;
  #result: Spoken | undefined;
  #closed = false;

  constructor(line: CallLine, call: PracticeCall, said: string, options: SayOptions) {
    this.#line = line;
    this.#options = options;
    this.call = call;
    this.said = said;
    this.requestId = options.requestId ?? line.newId("request");
    this.saidAt = line.now();
  }

  /** All texts spoken for this turn, in order: progress, then the result. */
  get heard(): string[] {
    return [...this.progress, ...(this.#result ? [this.#result] : [])].map((spoken) => spoken.text);
  }

  /** Whether the one result has come (an empty one counts: nothing more will). */
  get done(): boolean {
    return this.#closed;
  }

  /**
   * The first words heard.
   *
   * @throws PracticeTimeout, or PracticeError when the call ends before.
   */
  firstSpeech(options?: WaitOptions): Promise<Spoken> {
    return this.#await(() => this.progress[0] ?? this.#result, `a first word on "${this.said}"`, options);
  }

  /**
   * The result, which ends the answer. An empty one (a violation) has the text "".
   *
   * @throws PracticeTimeout, or PracticeError when the call ends before.
   */
  result(options?: WaitOptions): Promise<Spoken> {
    return this.#await(() => this.#result, `the result of "${this.said}"`, options);
  }

  /** Sends this turn's request once more, the same id and words: a client must answer it once. */
  repeat(): void {
    this.#line.emit("deep_tool_request", {
      call_id: this.call.callId,
      request_id: this.requestId,
      query: this.said,
      ...(this.#options.urgency === undefined ? {} : { urgency: this.#options.urgency }),
      ...(this.#options.context === undefined ? {} : { context: this.#options.context }),
    });
  }

  /** Takes a client's words for this turn. Called by the server. */
  receive(message: ClientMessageOf<"deep_tool_progress"> | ClientMessageOf<"deep_tool_result">): void {
    const isResult = message.type === "deep_tool_result";
    const empty = message.text.trim() === "";
    const breach = (rule: Rule, what: string) =>
      this.#line.breach(rule, `${what} (request ${this.requestId}).`, message);

    if (message.call_id !== undefined && message.call_id !== this.call.callId) {
      breach("wrong_call", `The words name call ${message.call_id}, but belong to ${this.call.callId}`);
    } else if (this.#closed && isResult) {
      breach("second_result", "A second result came");
    } else if (this.#closed) {
      breach("progress_after_result", "A progress text came after the result");
    } else {
      if (empty) breach("empty_text", `An empty ${isResult ? "result" : "progress text"} came`);
      if (isResult) this.#closed = true;
      if (isResult || !empty) this.#hear(message.text, isResult);
    }
    this.#line.waiting.changed();
  }

  #hear(text: string, isResult: boolean): void {
    const spoken: Spoken = { text, atMs: this.#line.now() - this.saidAt };
    if (this.call.end) {
      this.afterHangUp.push(spoken);
      return;
    }
    if (isResult) this.#result = spoken;
    else this.progress.push(spoken);
    this.call.note({
      who: "agent",
      kind: isResult ? "result" : "progress",
      text,
      requestId: this.requestId,
    });
  }

  #await(look: () => Spoken | undefined, what: string, options?: WaitOptions): Promise<Spoken> {
    return this.#line.waiting.until(
      () => {
        const found = look();
        if (!found && this.call.end) throw new PracticeError(`The call ended before ${what} came.`);
        return found;
      },
      what,
      options,
    );
  }
}

/** One call on the practice line. Made by `server.ring()` or by a client's `POST /calls`. */
export class PracticeCall {
  readonly callId: string;
  readonly direction: Direction;
  /** The number of the person on the phone: who rang, or who was rung. */
  readonly person: string;
  readonly agentName: string;
  /** For an outbound call: the number rung. */
  readonly to: string | undefined;
  readonly purpose: string | undefined;
  /** The greeting given with `POST /calls`, spoken by the service. */
  readonly greeting: string | undefined;
  readonly rangAt: number;
  readonly turns: PracticeTurn[] = [];
  readonly transcript: TranscriptEntry[] = [];
  /** Greetings that came when nobody was on the phone any more. */
  readonly afterHangUp: Spoken[] = [];
  readonly #line: CallLine;
  readonly #listeners = new Set<(entry: TranscriptEntry) => void>();
  readonly #ended = Promise.withResolvers<CallEnd>();
  #status: CallStatus = "initiating";
  #startedAt: number | undefined;
  #context: { memory: string; system_prompt: string } | undefined;
  #greeted: Spoken | undefined;
  #end: CallEnd | undefined;

  constructor(line: CallLine, facts: CallFacts) {
    this.#line = line;
    this.callId = facts.callId;
    this.direction = facts.direction;
    this.person = facts.person;
    this.agentName = facts.agentName;
    this.to = facts.direction === "outbound" ? facts.person : undefined;
    this.purpose = facts.purpose;
    this.greeting = facts.greeting;
    this.rangAt = line.now();
  }

  get status(): CallStatus {
    return this.#status;
  }

  /** When it was answered, on the server's clock. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get durationSeconds(): number {
    if (this.#end) return this.#end.durationSeconds;
    return this.#startedAt === undefined ? 0 : Math.round((this.#line.now() - this.#startedAt) / 1_000);
  }

  /** What the client answered to `context_request`. */
  get context(): { memory: string; system_prompt: string } | undefined {
    return this.#context;
  }

  /** How it ended; `undefined` while it lasts. */
  get end(): CallEnd | undefined {
    return this.#end;
  }

  /** Resolves when the call ends, by whoever. Not bounded. */
  whenEnded(): Promise<CallEnd> {
    return this.#ended.promise;
  }

  /**
   * Says something: sends `deep_tool_request`. Several turns can be outstanding.
   *
   * @throws PracticeError when the call has ended.
   */
  say(text: string, options: SayOptions = {}): PracticeTurn {
    if (this.#end) throw new PracticeError(`Call ${this.callId} has ended; nobody hears "${text}".`);
    const turn = new PracticeTurn(this.#line, this, text, options);
    this.#line.expect(turn);
    this.turns.push(turn);
    this.note({ who: "caller", kind: "question", text, requestId: turn.requestId });
    turn.repeat();
    return turn;
  }

  /** The greeting, with milliseconds since the phone rang. */
  heardGreeting(options?: WaitOptions): Promise<Spoken> {
    return this.#line.waiting.until(
      () => {
        if (!this.#greeted && this.#end) throw new PracticeError("The call ended before a greeting came.");
        return this.#greeted;
      },
      `a greeting on call ${this.callId}`,
      options,
    );
  }

  /** The person on the phone sends a text from their number. */
  text(body: string): PracticeText {
    return this.#line.text(this.person, body);
  }

  /** Ends the call and says so to the client (`call.ended`). A call that has ended stays as it is. */
  hangUp({ reason = "user_hangup", outcome, voicemail_message, status = "completed" }: HangUp = {}): void {
    if (this.#end) return;
    const durationSeconds = this.durationSeconds;
    this.#status = status;
    this.#end = {
      reason,
      durationSeconds,
      ...(outcome === undefined ? {} : { outcome }),
      ...(voicemail_message === undefined ? {} : { voicemailMessage: voicemail_message }),
    };
    this.#line.emit("call.ended", {
      call_id: this.callId,
      direction: this.direction,
      duration_seconds: durationSeconds,
      reason,
      ...(outcome === undefined ? {} : { outcome }),
      ...(this.to === undefined ? {} : { to_number: this.to }),
      ...(this.purpose === undefined ? {} : { purpose: this.purpose }),
      ...(this.greeting === undefined ? {} : { greeting: this.greeting }),
      ...(voicemail_message === undefined ? {} : { voicemail_message }),
    });
    this.#ended.resolve(this.#end);
    this.#line.waiting.changed();
  }

  /** Hears each entry of the transcript as it is made; the returned function stops it. */
  follow(listener: (entry: TranscriptEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // What follows is called by the server and by turns.

  /** Writes into the transcript. */
  note(entry: Omit<TranscriptEntry, "at">): void {
    const noted = { ...entry, at: this.#line.now() };
    this.transcript.push(noted);
    for (const listener of this.#listeners) listener(noted);
  }

  /** Moves an unfinished call on. */
  progressTo(status: CallStatus): void {
    if (this.#end) return;
    this.#status = status;
  }

  /** Somebody answered: `call.started`, and the service's own greeting when there is one. */
  start(): void {
    if (this.#end) return;
    this.#status = "in-progress";
    this.#startedAt = this.#line.now();
    this.#line.emit("call.started", { call_id: this.callId, direction: this.direction });
    if (this.greeting !== undefined && this.#greeted) {
      this.#line.breach("greeted_twice", `Call ${this.callId} was given a greeting, and greeted as well.`);
    } else if (this.greeting !== undefined) {
      this.#hearGreeting(this.greeting);
    }
    this.#line.waiting.changed();
  }

  receiveContext(message: ClientMessageOf<"context_response">): void {
    if (this.#context) {
      this.#line.breach("context_twice", `Call ${this.callId} got its context twice.`, message);
      return;
    }
    this.#context = message.context;
    this.#line.waiting.changed();
  }

  receiveGreeting(message: ClientMessageOf<"response">): void {
    const breach = (rule: Rule, what: string) =>
      this.#line.breach(rule, `${what} (call ${this.callId}).`, message);

    if (message.text.trim() === "") {
      breach("empty_text", "An empty greeting came");
    } else if ([...message.text].length >= RESPONSE_LIMIT) {
      breach("too_long", `A greeting of ${RESPONSE_LIMIT} characters or more came`);
    } else if (!this.#context && this.#startedAt === undefined) {
      breach("greeting_before_context", "The greeting came before the context that was asked for");
    } else if (this.#greeted) {
      breach("greeted_twice", "The call was greeted twice");
    } else {
      this.#hearGreeting(message.text);
    }
  }

  #hearGreeting(text: string): void {
    const spoken: Spoken = { text, atMs: this.#line.now() - this.rangAt };
    if (this.#end) {
      this.afterHangUp.push(spoken);
      return;
    }
    this.#greeted = spoken;
    this.note({ who: "agent", kind: "greeting", text });
    this.#line.waiting.changed();
  }
}
