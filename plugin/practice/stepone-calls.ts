// Owns the calls of a StepOne practice server: phones that ring, what their owners do, what is said, and the record
// that appears some time after the end.
import type { StepOneHost } from "./stepone-record.ts";
import type { StepOneLine, StepOneRole } from "./stepone-wire.ts";
import { PracticeError } from "./waiting.ts";

/** One line of a planned conversation. */
export interface StepOnePlannedLine extends StepOneLine {
  /** Since the line before it, or since the phone was picked up; default `timings.lineMs`. */
  readonly afterMs?: number;
}

/** Fields of the record that are to be other than the practice line makes them. */
export interface StepOneRecordFields {
  readonly duration_seconds?: number;
  readonly cost?: number;
  readonly billed?: boolean;
  readonly provider_response?: unknown;
}

/** What the person does whose phone rings. Times are in milliseconds. */
export type StepOneCallee = { readonly ringMs?: number; readonly record?: StepOneRecordFields } & (
  | {
      /** Picks up; the conversation takes its course, and the call ends. */
      readonly does: "talk";
      readonly lines: readonly StepOnePlannedLine[];
      /** Hangs up so long after picking up: what was not said by then never is. */
      readonly hangsUpAfterMs?: number;
    }
  /** Picks up and waits to be told: see {@link StepOnePracticeCall.say}. */
  | { readonly does: "answer" }
  | { readonly does: "no_answer" }
);

type State = "ringing" | "talking" | "ended";
type Happening = "answered" | "hung_up" | "timed_out";

/** What becomes of a call; what is not here changes nothing. */
const NEXT_STATE: Readonly<Record<State, Partial<Record<Happening, State>>>> = {
  ringing: { answered: "talking", hung_up: "ended", timed_out: "ended" },
  talking: { hung_up: "ended" },
  ended: {},
};

/** One call to one number. */
export class StepOnePracticeCall {
  readonly id: string;
  readonly number: string;
  readonly requirement: string;
  /** All times in milliseconds since 1970, by the server's clock. */
  readonly startedAt: number;
  /** What was said so far. */
  readonly lines: StepOneLine[] = [];
  state: State = "ringing";
  answeredAt: number | undefined;
  endedAt: number | undefined;
  /** How it ended: by somebody hanging up, or because nobody picked up in time. */
  end: "hung_up" | "timed_out" | undefined;
  /** Whether `search_callinfo` has the whole record now. */
  recorded = false;
  readonly #host: StepOneHost;
  readonly #listeners = new Set<() => void>();
  #recordFields: StepOneRecordFields = {};

  constructor(host: StepOneHost, facts: Pick<StepOnePracticeCall, "id" | "number" | "requirement">) {
    this.id = facts.id;
    this.number = facts.number;
    this.requirement = facts.requirement;
    this.startedAt = host.now();
    this.#host = host;
  }

  /** Says a line in this call. @throws PracticeError when nobody is on the phone. */
  say(role: StepOneRole, content: string): void {
    if (this.state !== "talking") throw new PracticeError(`Nobody is on the phone in call ${this.id}.`);
    this.lines.push({ role, content });
    this.#changed();
  }

  /** Ends the call; the record appears later. */
  hangUp(): void {
    this.happen("hung_up");
  }

  happen(what: Happening): void {
    const next = NEXT_STATE[this.state][what];
    if (next === undefined) return;
    const { waiting, now, later, timings } = this.#host;
    this.state = next;
    if (what === "answered") this.answeredAt = now();
    else {
      this.endedAt = now();
      this.end = what;
      later(timings.recordDelayMs, () => {
        this.recorded = true;
        waiting.changed();
      });
    }
    this.#changed();
  }

  /** Hears of every line and of the end; the returned function stops it. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The phone rings; its owner does what is planned. */
  ring(callee: StepOneCallee): void {
    const { later, timings } = this.#host;
    this.#recordFields = callee.record ?? {};
    later(timings.noAnswerMs, () => this.happen("timed_out"));
    if (callee.does === "no_answer") return;
    later(callee.ringMs ?? timings.ringMs, () => {
      this.happen("answered");
      if (callee.does !== "talk") return;
      this.#converse(callee.lines);
      if (callee.hangsUpAfterMs !== undefined) later(callee.hangsUpAfterMs, () => this.hangUp());
    });
  }

  /** What `search_callinfo` answers; without `duration_seconds` until the record is there. */
  get answer(): object {
    const facts = { phones: this.number, user_requirement: this.requirement };
    if (!this.recorded) return { ...facts, call_content: [] };
    const { answeredAt, endedAt } = this;
    const answeredMs = answeredAt === undefined || endedAt === undefined ? 0 : endedAt - answeredAt;
    const seconds = Math.ceil(answeredMs / 1_000 / this.#host.timeScale);
    return {
      ...facts,
      duration_seconds: seconds,
      // 0.30 a begun minute: the practice line's own price.
      cost: (Math.ceil(seconds / 60) * 3) / 10,
      billed: seconds > 0,
      call_content: this.lines,
      provider_response: { status: answeredAt === undefined ? "no_answer" : "completed" },
      ...this.#recordFields,
    };
  }

  /** Says these lines, each in its time, and hangs up. */
  #converse([line, ...rest]: readonly StepOnePlannedLine[]): void {
    const { later, timings } = this.#host;
    later(line?.afterMs ?? timings.lineMs, () => {
      if (this.state !== "talking") return;
      if (!line) return this.hangUp();
      this.say(line.role, line.content);
      this.#converse(rest);
    });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
    this.#host.waiting.changed();
  }
}

/** What people do when nobody said otherwise: they hear what the call is about, and confirm. */
export function politeCallee({ requirement }: StepOnePracticeCall): StepOneCallee {
  return {
    does: "talk",
    lines: [
      { role: "assistant", content: "您好，我是 AI 电话助手，现在方便说话吗？" },
      { role: "user", content: "方便，您说。" },
      { role: "assistant", content: requirement },
      { role: "user", content: "好的，我记下了。" },
    ],
  };
}
