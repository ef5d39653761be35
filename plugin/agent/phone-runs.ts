/**
 * Owns what the hooks know of the phone's runs. One gateway process registers the plugin several times, each in
 * a module instance of its own (gateway facts, "Two traps"): what the service sets, a hook sees only through a
 * process-wide place, kept under a registered symbol.
 */

import type { KnownSchedule } from "../briefings/preparer.ts";
import type { SpeakerSession } from "../trust/sessions.ts";
import type { PendingNotices } from "./owner-notices.ts";

/** One run of the agent that a call's turn started. */
export interface PhoneRun {
  /** The line whose settings hold for the run. */
  readonly line: string;
  /** The speaker's, BCP 47. */
  readonly language?: string | undefined;
  /** Clear everyday questions may be answered without the model: these are the owner's own words on a call. */
  readonly quickAnswers?: boolean | undefined;
  /** A task of ours, which nobody said. */
  readonly isTask?: boolean | undefined;
  /** The whole system prompt of a run in which somebody else speaks: the gateway's own names the computer and its folders. */
  readonly systemPrompt?: string | undefined;
  /** Who speaks in it. */
  readonly tier?: SpeakerSession["tier"] | undefined;
  /** The call whose turn it is; missing where it is none's. */
  readonly call?:
    | {
        /** The carrier's id. */
        readonly id: string;
        /** Counted over the turns of the call. */
        readonly turn: number;
        /** What was said, whole. */
        readonly words: string;
        /** Whether it is certain that the owner speaks: a caller's number can be faked. */
        readonly isStrong: boolean;
      }
    | undefined;
  /** When the turn is given up, in milliseconds since the epoch. */
  readonly endsAtMs?: number | undefined;
  /** Tells the caller what they wait for; the same twice in a run is said once. */
  sayOnce?(what: "askingOwner"): void;
  /** False once the turn was superseded, timed out or its call ended: nothing may be started for it any more. */
  isOpen(): boolean;
}

export interface PhoneLineSettings {
  readonly model?: string | undefined;
  readonly ownerNumbers: readonly string[];
}

interface PhoneRuns {
  readonly runs: Map<string, PhoneRun>;
  readonly lines: Map<string, PhoneLineSettings>;
  /** As configured; undefined until a line is prepared. */
  names: { readonly ownerName?: string | undefined; readonly agentName?: string | undefined } | undefined;
  /** The scheduled calls that carriers make by themselves, by line, as last heard. */
  readonly carrierSchedules: Map<string, readonly KnownSchedule[]>;
  /** Turns that nobody's words began and whose model has a notice: they pass it on, and do nothing else. */
  readonly newsTurns: Set<string>;
  /** What sessions are still to be told. */
  readonly notices: PendingNotices;
  /** Runs that were told what other people said, by run id: what they do is asked about, wherever they run. */
  readonly toldOfOthers: Set<string>;
  /** Tells whose text is being answered that their yes is waited for, by session key. Never throws. */
  readonly askingByText: Map<string, () => void>;
  /** How many guests' texts are being answered, by line: runs that the gateway begins meanwhile may be over their session. */
  readonly guestTexts: Map<string, number>;
  /** Never to be sent or spoken: keys and tokens as configured. */
  readonly secrets: Set<string>;
  /** How often the gateway has called each of our hooks since the plugin was loaded. */
  readonly hooksCalled: Map<string, number>;
  /** True when this text was answered before (asked of the store). */
  wasAnswered: ((line: string, messageId: string) => Promise<boolean>) | undefined;
}

const PLACE = Symbol.for("openclaw-switchboard.phone-runs");

/** The process-wide record; the same object for every module instance. */
export function phoneRuns(): PhoneRuns {
  const place = globalThis as { [PLACE]?: PhoneRuns };
  place[PLACE] ??= {
    runs: new Map(),
    lines: new Map(),
    names: undefined,
    carrierSchedules: new Map(),
    newsTurns: new Set(),
    notices: new Map(),
    toldOfOthers: new Set(),
    askingByText: new Map(),
    guestTexts: new Map(),
    secrets: new Set(),
    hooksCalled: new Map(),
    wasAnswered: undefined,
  };
  return place[PLACE];
}

/** Does `work`, which answers a guest's text on this line. */
export async function whileGuestIsAnswered(line: string, work: () => Promise<unknown>): Promise<void> {
  const { guestTexts } = phoneRuns();
  guestTexts.set(line, (guestTexts.get(line) ?? 0) + 1);
  try {
    await work();
  } finally {
    guestTexts.set(line, (guestTexts.get(line) ?? 1) - 1);
  }
}
