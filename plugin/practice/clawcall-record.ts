// Owns what is written down about a ClawCall practice server: requests, messages, polls, answers and breaches of
// the wire page, in order. The `authorization` header is never kept.
import type { ClawCallRule } from "./clawcall-wire.ts";
import { type PracticeEvent, PracticeRecord, type RequestRecord } from "./practice-record.ts";

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

/** What can happen on the line. */
type ClawCallHappening =
  | {
      readonly kind: "request";
      readonly method: string;
      readonly path: string;
      readonly status: number | undefined;
    }
  | { readonly kind: "message"; readonly callSid: string; readonly text: string }
  | { readonly kind: "answer"; readonly callSid: string; readonly text: string; readonly endCall: boolean }
  | { readonly kind: "call"; readonly callSid: string; readonly state: "ringing" | "answered" | "ended" };

/** One thing that happened on the line, as `follow` tells it. */
export type ClawCallEvent = PracticeEvent<ClawCallHappening, ClawCallRule>;

export class ClawCallRecord extends PracticeRecord<ClawCallHappening, ClawCallRule> {
  readonly messages: ClawCallMessage[] = [];
  readonly listens: ClawCallListen[] = [];
  readonly answers: ClawCallAnswer[] = [];

  requestAnswered({ method, path, status }: RequestRecord): void {
    this.tell({ kind: "request", method, path, status });
  }

  messageQueued(message: ClawCallMessage): void {
    this.messages.push(message);
    this.tell({ kind: "message", callSid: message.callSid, text: message.text });
  }

  listening(listen: ClawCallListen): void {
    this.listens.push(listen);
    this.waiting.changed();
  }

  answered(given: Omit<ClawCallAnswer, "at" | "heard">): ClawCallAnswer {
    const answer = { ...given, at: this.now(), heard: false };
    this.answers.push(answer);
    const { callSid, response: text, endCall } = answer;
    this.tell({ kind: "answer", callSid, text, endCall });
    return answer;
  }
}
