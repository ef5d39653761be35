// Owns what is written down about a ClawCall practice server: requests, messages, polls, answers and breaches of
// the wire page, in order. The `authorization` header is never kept.
import type { ClawCallRule } from "./clawcall-wire.ts";
import type { Waiting } from "./waiting.ts";

/** One request as it was received. */
export interface ClawCallRequest {
  /** The clock's time in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON; the text itself when it was not JSON; `undefined` when there was none. */
  readonly body: unknown;
  /** The answer's status; `undefined` as long as none was sent (or never will be: see the faults). */
  status: number | undefined;
}

/** One message put into an agent's queue. */
export interface ClawCallMessage {
  readonly id: string;
  readonly at: number;
  readonly agentId: string;
  readonly callSid: string;
  readonly text: string;
  /** `notification` is the `[THIRD PARTY COMPLETE]` nobody waits for. */
  readonly kind: "turn" | "notification";
  /** When it was first answered to a client that was there. */
  deliveredAt: number | undefined;
  /** Taken out of the queue, and never arrived. */
  lost: boolean;
}

/** One poll of `/calls/listen`. */
export interface ClawCallListen {
  readonly at: number;
  readonly agentId: string;
  /** The timeout that was asked for, in seconds. */
  readonly timeout: number;
  /** How long it waits at most, in milliseconds. */
  readonly timeoutMs: number;
  /** The client went away before it was answered. */
  abandoned: boolean;
  /** What it took out of the queue. */
  message: ClawCallMessage | undefined;
  /** When it was over, by a message or its timeout. */
  endedAt: number | undefined;
}

/** One `POST /calls/respond/…` that had words in it. */
export interface ClawCallAnswer {
  readonly at: number;
  readonly callSid: string;
  readonly response: string;
  readonly endCall: boolean;
  readonly status: 200 | 404;
  /** The message it was taken as the answer to, whatever it was written for; none with a 404. */
  readonly takenFor: ClawCallMessage | undefined;
  /** Whether somebody heard it. */
  heard: boolean;
}

/** Something a client did that the wire page does not allow. */
export interface ClawCallViolation {
  readonly at: number;
  readonly rule: ClawCallRule;
  readonly message: string;
  readonly input?: unknown;
}

/** One thing that happened on the line, as `follow` tells it. */
export type ClawCallEvent = { readonly at: number } & (
  | {
      readonly kind: "request";
      readonly method: string;
      readonly path: string;
      readonly status: number | undefined;
    }
  | { readonly kind: "message"; readonly callSid: string; readonly text: string }
  | { readonly kind: "answer"; readonly callSid: string; readonly text: string; readonly endCall: boolean }
  | { readonly kind: "call"; readonly callSid: string; readonly state: "ringing" | "answered" | "ended" }
  | { readonly kind: "violation"; readonly rule: ClawCallRule; readonly message: string }
);

type Untimed<Event> = Event extends ClawCallEvent ? Omit<Event, "at"> : never;

export class ClawCallRecord {
  readonly requests: ClawCallRequest[] = [];
  readonly messages: ClawCallMessage[] = [];
  readonly listens: ClawCallListen[] = [];
  readonly answers: ClawCallAnswer[] = [];
  readonly violations: ClawCallViolation[] = [];
  readonly #now: () => number;
  readonly #waiting: Waiting;
  readonly #listeners = new Set<(event: ClawCallEvent) => void>();

  constructor(now: () => number, waiting: Waiting) {
    this.#now = now;
    this.#waiting = waiting;
  }

  follow(listener: (event: ClawCallEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  requestReceived(request: ClawCallRequest): void {
    this.requests.push(request);
    this.#waiting.changed();
  }

  requestAnswered({ method, path, status }: ClawCallRequest): void {
    this.tell({ kind: "request", method, path, status });
  }

  messageQueued(message: ClawCallMessage): void {
    this.messages.push(message);
    this.tell({ kind: "message", callSid: message.callSid, text: message.text });
  }

  listening(listen: ClawCallListen): void {
    this.listens.push(listen);
    this.#waiting.changed();
  }

  answered(given: Omit<ClawCallAnswer, "at" | "heard">): ClawCallAnswer {
    const answer = { ...given, at: this.#now(), heard: false };
    this.answers.push(answer);
    const { callSid, response: text, endCall } = answer;
    this.tell({ kind: "answer", callSid, text, endCall });
    return answer;
  }

  /** Something the wire page does not allow. */
  breach(rule: ClawCallRule, message: string, input?: unknown): void {
    this.violations.push({ at: this.#now(), rule, message, ...(input === undefined ? {} : { input }) });
    this.tell({ kind: "violation", rule, message });
  }

  tell(untimed: Untimed<ClawCallEvent>): void {
    const event = { ...untimed, at: this.#now() };
    for (const listener of this.#listeners) listener(event);
    this.#waiting.changed();
  }
}
