/**
 * Owns how a StepOne call is followed in Switchboard's words: what is said on it while it is said, and how it ended,
 * which its record tells some time after.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CallFollowing, CallOutcome, TranscriptLine } from "../carrier.ts";
import { CarrierError, CarrierRefused, CarrierUnreachable } from "../carrier-errors.ts";
import type { StepOneLine, StepOneRecord, StepOneRest } from "./rest.ts";
import { type FollowLimits, followConversation, type StreamEnd } from "./stream.ts";

/** Something said, with its place in the conversation, from 1. */
export type PlacedLine = TranscriptLine & { readonly position: number };

export interface ConversationOptions {
  /** Ends it at once: its reason is thrown. */
  readonly signal: AbortSignal;
  /** Rejects when the signal says so. */
  readonly wait?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly limits?: Partial<FollowLimits> | undefined;
}

/**
 * What is said on a call as it is spoken, from its beginning, each thing once; returns how the conversation ended.
 *
 * @throws CarrierRefused, CarrierUnreachable: also when the stream broke off for good
 */
export async function* conversationOf(
  rest: Pick<StepOneRest, "openConversation">,
  callId: string,
  { signal, wait = pause, limits = {} }: ConversationOptions,
): AsyncGenerator<PlacedLine, StreamEnd> {
  const open = (until: AbortSignal) => rest.openConversation(callId, until);
  let position = 0;
  let end: StreamEnd = "done";
  for await (const piece of followConversation({ open, signal, wait, limits })) {
    if (piece.kind === "nothing") continue;
    if (piece.kind === "end") {
      end = piece.end;
      break;
    }
    // What cannot be read has its place all the same: the same line has the same position each time it is told.
    position += 1;
    if (piece.kind === "line") yield { position, ...inOurWords(piece) };
  }
  return end;
}

export interface FollowingTimings {
  /** Between two looks for the record, in milliseconds. */
  readonly recordEveryMs: number;
  readonly looks: number;
}

/** Seed: the record is asked for every 10 s. */
const TIMINGS: FollowingTimings = { recordEveryMs: 10_000, looks: 30 };

/**
 * Follows calls by their conversation and their record. The transcript is the record's, else what was heard.
 *
 * @param how for tests: waits, and the limits of a stream
 */
export function stepOneFollowing(
  rest: Pick<StepOneRest, "openConversation" | "record">,
  how: Partial<FollowingTimings> & Omit<ConversationOptions, "signal"> = {},
): CallFollowing {
  const { recordEveryMs, looks, wait = pause, limits } = { ...TIMINGS, ...how };
  return {
    async follow(callId, { signal, onLine }) {
      const heard: PlacedLine[] = [];
      const hear = (line: PlacedLine) => {
        // A stream that is opened anew tells everything from the beginning.
        if (line.position <= (heard.at(-1)?.position ?? 0)) return;
        heard.push(line);
        onLine(line);
      };
      let end: StreamEnd | undefined;
      let trouble: CarrierError | undefined;
      for (let look = 0; look < looks; look += 1) {
        if (look > 0) await wait(recordEveryMs, signal);
        trouble = undefined;
        try {
          end ??= await listenTo(conversationOf(rest, callId, { signal, wait, limits }), hear);
        } catch (error) {
          trouble = passing(error, signal);
        }
        try {
          const record = await rest.record(callId, signal);
          if (record !== undefined) return outcomeOf(record, { end, heard });
        } catch (error) {
          trouble = passing(error, signal);
        }
        // Of a call that nobody answered the record says no more.
        if (end === "timeout") return { outcome: "no_answer" };
      }
      if (end !== undefined && trouble === undefined) return outcomeOf(undefined, { end, heard });
      throw trouble ?? new CarrierUnreachable(NO_END, { mayHaveHappened: false });
    },
  };
}

const NO_END = "StepOne has not told how the call ended.";

/** Hands on all that is said, and returns how it ended. */
async function listenTo(
  conversation: AsyncGenerator<PlacedLine, StreamEnd>,
  hear: (line: PlacedLine) => void,
): Promise<StreamEnd> {
  for (;;) {
    const next = await conversation.next();
    if (next.done) return next.value;
    hear(next.value);
  }
}

/**
 * The trouble, when looking again may help; throws it otherwise. A call is known to the service only some time after it
 * was placed, and what it says until then is not documented: "there is no such call" (404, or a refusal of good status)
 * may be it.
 */
function passing(error: unknown, signal: AbortSignal): CarrierError {
  signal.throwIfAborted();
  if (!(error instanceof CarrierError)) throw error;
  const isFinal =
    error instanceof CarrierRefused && !error.isTransient && error.status !== 200 && error.status !== 404;
  if (isFinal) throw error;
  return error;
}

function outcomeOf(
  record: StepOneRecord | undefined,
  { end, heard }: { readonly end: StreamEnd | undefined; readonly heard: readonly PlacedLine[] },
): Omit<CallOutcome, "callId" | "direction"> {
  const recorded = record?.transcript.map(inOurWords) ?? [];
  const transcript = recorded.length > 0 ? recorded : heard.map(({ speaker, words }) => ({ speaker, words }));
  const wasSilent = record?.durationSeconds === 0 && transcript.length === 0;
  const cost = record === undefined ? undefined : costOf(record);
  return {
    outcome: end === "timeout" || wasSilent ? "no_answer" : "completed",
    ...(record === undefined ? {} : { durationSeconds: record.durationSeconds }),
    ...(transcript.length === 0 ? {} : { transcript }),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** "0.3", or "0.3 (not billed)"; undefined when the service does not say. */
export function costOf({ cost, billed }: Pick<StepOneRecord, "cost" | "billed">): string | undefined {
  if (cost === undefined) return undefined;
  return billed === false ? `${cost} (not billed)` : String(cost);
}

/** In the service's words "assistant" is the AI that calls. */
export function inOurWords({ role, content }: StepOneLine): TranscriptLine {
  return { speaker: role === "assistant" ? "agent" : "other", words: content };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal });
}
