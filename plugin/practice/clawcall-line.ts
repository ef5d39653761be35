// Owns what the parts of a ClawCall practice server share: its clock, its timers, its faults and its record.
import type { ClawCallFaults } from "./clawcall-faults.ts";
import type { ClawCallRecord } from "./clawcall-record.ts";
import type { Waiting } from "./waiting.ts";

/** All in milliseconds. The defaults are the service's own; ringing, replying and checking are the practice line's. */
export interface ClawCallTimings {
  /** A poll waits no longer than this, whatever it asks for; default 25 s. */
  readonly longestPollMs: number;
  /** Until the first filler of a turn; default 12 s. */
  readonly fillerAfterMs: number;
  /** Between fillers; default 10 s. */
  readonly fillerEveryMs: number;
  /** Between fillers of a third-party call's opening; default 5 s. */
  readonly openingFillerEveryMs: number;
  /** How long a third party may say nothing; default 8 s. */
  readonly silenceMs: number;
  /** Default 300 s. */
  readonly slotLifeMs: number;
  /** How long a call out rings before somebody does something; default 20 ms. */
  readonly ringMs: number;
  /** How long a scripted person takes to reply; default 20 ms. */
  readonly replyAfterMs: number;
  /** How often schedules are looked at; default 1 s. */
  readonly scheduleCheckMs: number;
}

export const DEFAULT_TIMINGS: ClawCallTimings = {
  longestPollMs: 25_000,
  fillerAfterMs: 12_000,
  fillerEveryMs: 10_000,
  openingFillerEveryMs: 5_000,
  silenceMs: 8_000,
  slotLifeMs: 300_000,
  ringMs: 20,
  replyAfterMs: 20,
  scheduleCheckMs: 1_000,
};

export interface PracticeLine {
  readonly waiting: Waiting;
  readonly record: ClawCallRecord;
  readonly faults: ClawCallFaults;
  readonly timings: ClawCallTimings;
  readonly sharedNumber: string;
  /** Milliseconds since 1970. */
  now(): number;
  newId(kind: string): string;
}
