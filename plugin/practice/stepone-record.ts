// Owns what the parts of a StepOne practice server share, and what is written down about it: requests, streams and
// breaches of the wire page, in order. The key is never kept.
import type { RequestRecord, Violation } from "./practice-record.ts";
import type { StepOneFaults } from "./stepone-faults.ts";
import type { StepOneRule } from "./stepone-wire.ts";
import type { Waiting } from "./waiting.ts";

/** All in milliseconds; may be set at any time. */
export interface StepOneTimings {
  /** Between the comment lines of a stream; default 500 ms, as the service. */
  keepAliveMs: number;
  /** How long a phone rings before the call is given up; default 30 s, as the service. */
  noAnswerMs: number;
  /** How long a phone rings before its owner picks up; default 20 ms. */
  ringMs: number;
  /** Before a line that does not say how long it takes, and before the end of a call; default 20 ms. */
  lineMs: number;
  /** From the end of a call until its record is there; default 2 s. `Infinity`: never. */
  recordDelayMs: number;
}

export const DEFAULT_TIMINGS: StepOneTimings = {
  keepAliveMs: 500,
  noAnswerMs: 30_000,
  ringMs: 20,
  lineMs: 20,
  recordDelayMs: 2_000,
};

export interface StepOneHost {
  readonly waiting: Waiting;
  readonly record: StepOneRecord;
  readonly faults: StepOneFaults;
  readonly timings: StepOneTimings;
  /** What each wait but the faults' is multiplied by. */
  readonly timeScale: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `action` after `delayMs`, scaled, unless cancelled by the returned function. */
  later(delayMs: number, action: () => void): () => void;
}

/** One stream that was opened. */
export interface StepOneStream {
  readonly at: number;
  readonly callId: string;
  /** Bytes of the body handed to the connection. */
  bytes: number;
  endedAt: number | undefined;
  /** Who ended it: the service because its call was over, a fault, or the client by leaving. */
  endedBy: "service" | "fault" | "client" | undefined;
}

/** What was received, in order. Who adds to it tells `waiting`. */
export interface StepOneRecord {
  readonly requests: RequestRecord[];
  readonly streams: StepOneStream[];
  readonly violations: Violation<StepOneRule>[];
}
