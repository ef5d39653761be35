// Owns one call on the ClawCall practice server as the person on the phone lives it: what they say, what they hear
// and when (fillers told apart from the agent's words), silence, and who hangs up.
import type { PracticeLine } from "./clawcall-line.ts";
import type { ClawCallMessage } from "./clawcall-record.ts";
import type { SlotAnswer } from "./clawcall-slots.ts";
import { message } from "./clawcall-wire.ts";
import { PracticeError, type Waiting, type WaitOptions } from "./waiting.ts";

/** Words heard. */
export interface ClawCallHeard {
  readonly text: string;
  /** Milliseconds since the turn began: since the person spoke, or picked up. */
  readonly atMs: number;
  /** One of the service's own phrases for "please wait". */
  readonly filler: boolean;
  /** Who made the words up. A callback's message is the agent's. */
  readonly who: "agent" | "service";
}

export type ClawCallKind = "inbound" | "callback" | "scheduled" | "third-party";

/** Somebody must make the caller wait: the phrases in turn. */
const FILLERS = ["Working on that now.", "Just a sec."];

/** What happens when a turn's words take too long: filler again and again, or filler in place of the agent's line. */
const PATIENCE = {
  speech: { every: "fillerEveryMs", waits: true },
  opening: { every: "fillerEveryMs", waits: true },
  thirdPartyOpening: { every: "openingFillerEveryMs", waits: true },
  thirdPartySpeech: { every: "fillerEveryMs", waits: false },
} as const;

type TurnKind = keyof typeof PATIENCE;

export interface ClawCallEnd {
  /** `service`: turned away, not picked up, or silent for too long. */
  readonly by: "person" | "agent" | "service";
  readonly reason:
    | "hang_up"
    | "end_call"
    | "message_spoken"
    | "silence"
    | "busy"
    | "no-answer"
    | "turned_away"
    | "minutes_used_up";
}

export interface ClawCallTranscriptLine {
  readonly role: "user" | "agent" | "third_party";
  readonly text: string;
}

/** What a call needs from the server it is on. */
export interface ClawCallLine extends Pick<PracticeLine, "waiting" | "timings" | "now"> {
  /** Queues words for the agent and opens the slot for the answer. */
  ask(text: string, take: (answer: SlotAnswer) => boolean): ClawCallMessage;
  /** The agent has ended this third-party call. */
  completed(): void;
  answered(): void;
  ended(): void;
  /** The agent has said its line, or filler was taken for it: the other side may speak. */
  listening(heard: ClawCallHeard): void;
}

export interface ClawCallFacts {
  readonly callSid: string;
  readonly kind: ClawCallKind;
  readonly from: string;
  readonly to: string;
  readonly agentId: string;
  readonly jobId?: string;
  readonly callbackId?: string;
  readonly scheduleId?: string;
}

/** One message to the agent, and everything heard for it. */
export class ClawCallTurn {
  readonly kind: TurnKind;
  /** What the person said; `undefined` where the agent speaks first. */
  readonly said: string | undefined;
  readonly startedAt: number;
  readonly heard: ClawCallHeard[] = [];
  /** Nothing more will be heard for this turn: answered, passed over, or the call is over. */
  over = false;
  cancelFiller = () => {};
  /** What was put into the agent's queue. */
  readonly message: ClawCallMessage;
  readonly #waiting: Waiting;

  constructor(line: ClawCallLine, kind: TurnKind, said: string | undefined, message: ClawCallMessage) {
    this.#waiting = line.waiting;
    this.kind = kind;
    this.said = said;
    this.message = message;
    this.startedAt = line.now();
  }

  /** The agent's words; `undefined` as long as there is nothing but filler. */
  get answer(): ClawCallHeard | undefined {
    return this.heard.find(({ filler }) => !filler);
  }

  /**
   * The first words heard, filler or not.
   *
   * @throws PracticeTimeout, or PracticeError when the turn is over without.
   */
  firstSpeech(options?: WaitOptions): Promise<ClawCallHeard> {
    return this.#await(() => this.heard[0], "a first word", options);
  }

  /**
   * The agent's words.
   *
   * @throws PracticeTimeout, or PracticeError when the turn is over without.
   */
  result(options?: WaitOptions): Promise<ClawCallHeard> {
    return this.#await(() => this.answer, "the answer", options);
  }

  #await(look: () => ClawCallHeard | undefined, what: string, options?: WaitOptions): Promise<ClawCallHeard> {
    const named = `${what} to "${this.said ?? "the opening"}"`;
    return this.#waiting.until(
      () => {
        const found = look();
        if (!found && this.over) throw new PracticeError(`The turn was over before ${named} came.`);
        return found;
      },
      named,
      options,
    );
  }
}

/** One call. Made by `server.ring()`, or by a client and handed over by `server.nextCall()`. */
export class ClawCallPracticeCall {
  readonly facts: ClawCallFacts;
  readonly turns: ClawCallTurn[] = [];
  /** Everything heard on this call, in order, the service's own lines included. */
  readonly heard: ClawCallHeard[] = [];
  /** As the service writes it down: third-party calls have filler as the agent's lines. */
  readonly transcript: ClawCallTranscriptLine[] = [];
  readonly #line: ClawCallLine;
  #answeredAt: number | undefined;
  #endedAt: number | undefined;
  #end: ClawCallEnd | undefined;
  #cancelSilence = () => {};

  constructor(line: ClawCallLine, facts: ClawCallFacts) {
    this.#line = line;
    this.facts = facts;
  }

  get callSid(): string {
    return this.facts.callSid;
  }

  get kind(): ClawCallKind {
    return this.facts.kind;
  }

  /** When it was picked up, on the server's clock. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  /** How it ended; `undefined` while it lasts. */
  get end(): ClawCallEnd | undefined {
    return this.#end;
  }

  get durationSeconds(): number {
    if (this.#answeredAt === undefined) return 0;
    return Math.round(((this.#endedAt ?? this.#line.now()) - this.#answeredAt) / 1_000);
  }

  /**
   * Waits until it is picked up.
   *
   * @throws PracticeTimeout, or PracticeError when it ends without.
   */
  async answered(options?: WaitOptions): Promise<void> {
    await this.#line.waiting.until(
      () => {
        if (this.#answeredAt === undefined && this.#end) {
          throw new PracticeError(`Nobody picked up: ${this.#end.reason}.`);
        }
        return this.#answeredAt;
      },
      "somebody to pick up",
      options,
    );
  }

  /** Waits until it is over. @throws PracticeTimeout */
  ended(options?: WaitOptions): Promise<ClawCallEnd> {
    return this.#line.waiting.until(() => this.#end, `the end of call ${this.callSid}`, options);
  }

  /**
   * The person says something. An unanswered turn before it is passed over: whatever is posted next is heard as
   * the answer to this one.
   *
   * @throws PracticeError when nobody is on the phone.
   */
  say(text: string): ClawCallTurn {
    if (this.#answeredAt === undefined || this.#end) {
      throw new PracticeError(`Nobody is on the phone on call ${this.callSid}, so nobody hears "${text}".`);
    }
    const stranger = this.kind === "third-party";
    this.transcript.push({ role: stranger ? "third_party" : "user", text });
    return stranger
      ? this.#ask("thirdPartySpeech", message.thirdPartySays(text), text)
      : this.#ask("speech", text, text);
  }

  hangUp(): void {
    this.finish({ by: "person", reason: "hang_up" });
  }

  // What follows is called by the server.

  pickUp(): void {
    if (this.#end) return;
    this.#answeredAt = this.#line.now();
    this.#line.answered();
  }

  /** The agent is to speak first. */
  open(text: string): void {
    this.#ask(this.kind === "third-party" ? "thirdPartyOpening" : "opening", text, undefined);
  }

  /** Something is spoken outside any turn. */
  speak(text: string, who: "agent" | "service"): void {
    const since = this.#answeredAt ?? this.#line.now();
    const heard = { text, atMs: this.#line.now() - since, filler: false, who };
    this.heard.push(heard);
    this.#line.waiting.changed();
    if (who === "agent" && !this.#end) this.#line.listening(heard);
  }

  finish(end: ClawCallEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#endedAt = this.#line.now();
    this.#cancelSilence();
    this.#passOver();
    this.#line.ended();
    this.#line.waiting.changed();
  }

  #ask(kind: TurnKind, text: string, said: string | undefined): ClawCallTurn {
    this.#cancelSilence();
    this.#passOver();
    const asked = this.#line.ask(text, (answer) => this.#hearAnswer(turn, answer));
    const turn: ClawCallTurn = new ClawCallTurn(this.#line, kind, said, asked);
    this.turns.push(turn);
    this.#fillAfter(turn, this.#line.timings.fillerAfterMs);
    return turn;
  }

  #passOver(): void {
    const turn = this.turns.at(-1);
    if (!turn || turn.over) return;
    turn.over = true;
    turn.cancelFiller();
  }

  #fillAfter(turn: ClawCallTurn, delayMs: number): void {
    turn.cancelFiller = this.#line.waiting.later(delayMs, () => {
      const text = FILLERS[turn.heard.length % FILLERS.length] ?? "";
      const heard = this.#hear(turn, { text, filler: true, who: "service" });
      const patience = PATIENCE[turn.kind];
      if (patience.waits) {
        this.#fillAfter(turn, this.#line.timings[patience.every]);
      } else {
        // The answer that is still to come is nobody's any more, until the other side speaks again.
        turn.over = true;
        this.transcript.push({ role: "agent", text });
        this.#listen(heard);
      }
      this.#line.waiting.changed();
    });
  }

  #hearAnswer(turn: ClawCallTurn, { response, endCall }: SlotAnswer): boolean {
    if (turn.over || this.#end) return false;
    this.#passOver();
    const heard = this.#hear(turn, { text: response, filler: false, who: "agent" });
    this.transcript.push({ role: "agent", text: response });
    if (endCall) {
      this.finish({ by: "agent", reason: "end_call" });
      if (this.kind === "third-party") this.#line.completed();
    } else {
      this.#listen(heard);
    }
    this.#line.waiting.changed();
    return true;
  }

  #hear(turn: ClawCallTurn, words: Omit<ClawCallHeard, "atMs">): ClawCallHeard {
    const heard = { ...words, atMs: this.#line.now() - turn.startedAt };
    turn.heard.push(heard);
    this.heard.push(heard);
    return heard;
  }

  #listen(heard: ClawCallHeard): void {
    if (this.kind === "third-party") {
      this.#cancelSilence = this.#line.waiting.later(this.#line.timings.silenceMs, () =>
        this.finish({ by: "service", reason: "silence" }),
      );
    }
    this.#line.listening(heard);
  }
}
