/**
 * Owns what the StepOne commands share: the account, stopping at once, waiting for records with a visible countdown,
 * and how records are printed.
 */
import type { StepOneLine, StepOneRecord, StepOneRest } from "../carriers/stepone/rest.ts";
import { type Quoting, quoted, spoken } from "./quoted.ts";
import { type Answer, NotUnderstood, type PlainContext } from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop } from "./stopping.ts";

/** What these commands need of the process they run in, beside their context. */
export interface StepOneSurroundings {
  /** @throws NoStepOneAccount */
  open(context: PlainContext): Promise<StepOneRest>;
  /** Rejects when the signal says so. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Whether somebody sees progress on stderr, where a line can be written over. */
  readonly isWatched: boolean;
  /** Whether there is somebody to ask. */
  readonly canAsk: boolean;
  /** Bytes to stdout, as they are. */
  write(bytes: Uint8Array): void;
  readonly onStop: OnStop;
}

export interface StepOneOptions {
  readonly json?: boolean;
}

/** Runs a command's work until it is done, or stopped: see {@link answerUntilStopped}. */
export async function runStepOne(
  context: PlainContext,
  surroundings: StepOneSurroundings,
  options: StepOneOptions,
  work: (signal: AbortSignal) => Promise<Answer | undefined>,
): Promise<void> {
  await answerUntilStopped(context, surroundings.onStop, options, work);
}

export function processSurroundings(): StepOneSurroundings {
  return {
    async open(context) {
      const [{ readStepOneAccount }, { StepOneRest }, { plainFetch }] = await Promise.all([
        import("../config/stepone-account.ts"),
        import("../carriers/stepone/rest.ts"),
        import("../carriers/plain-fetch.ts"),
      ]);
      const { env, stateFolder } = context.places();
      return new StepOneRest({ ...readStepOneAccount({ env, stateFolder }), fetch: plainFetch });
    },
    async wait(milliseconds, signal) {
      const { setTimeout } = await import("node:timers/promises");
      await setTimeout(milliseconds, undefined, { signal });
    },
    isWatched: process.stderr.isTTY === true,
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    write: (bytes) => void process.stdout.write(bytes),
    onStop: onProcessStop,
  };
}

/** @throws NotUnderstood */
export async function requireCallId(given: string): Promise<string> {
  const { isCallId } = await import("../carriers/stepone/rest.ts");
  if (isCallId(given)) return given;
  throw new NotUnderstood(
    `${quoted(given)} is no call id of StepOne: take it as callout prints it (letters, digits, "-", "_", "^").`,
  );
}

/** Some records are not there. `facts` has what there is, for programs. */
class NotRecorded extends Error {
  override readonly name = "NotRecorded";
  readonly facts: { readonly callIds: readonly string[]; readonly calls: readonly StepOneRecord[] };

  constructor(message: string, facts: NotRecorded["facts"]) {
    super(message);
    this.facts = facts;
  }
}

/** Between two times of asking (seed: "重试间隔为固定 10 秒"). */
const RETRY_SECONDS = 10;

/**
 * The records of calls, in their order, asked for until all are there.
 *
 * @param retries how often is asked again for those that are not.
 * @throws NotRecorded when some are still not there
 * @throws CarrierError when the service refuses for good
 */
export async function awaitRecords(
  rest: StepOneRest,
  callIds: readonly string[],
  given: {
    readonly retries: number;
    /** Whether the service has been reached before: then trouble on the way is taken to pass. */
    readonly isReached?: boolean;
    readonly signal: AbortSignal;
    readonly surroundings: StepOneSurroundings;
    readonly context: PlainContext;
  },
): Promise<readonly StepOneRecord[]> {
  const { retries, signal, surroundings, context } = given;
  const found = new Map<string, StepOneRecord>();
  let isReached = given.isReached === true;
  let trouble: Error | undefined;
  let toldOf = -1;
  const missing = () => callIds.filter((callId) => !found.has(callId));
  for (let retry = 0; ; retry += 1) {
    trouble = undefined;
    for (const callId of missing()) {
      try {
        const record = await rest.record(callId, signal);
        isReached = true;
        if (record !== undefined) found.set(callId, record);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Error) || !mayPass(error, isReached)) throw error;
        trouble = error;
      }
    }
    const left = missing();
    if (left.length === 0) return callIds.flatMap((callId) => found.get(callId) ?? []);
    if (retry === retries) {
      const facts = { callIds, calls: [...found.values()] };
      if (trouble !== undefined) throw Object.assign(trouble, { facts });
      throw new NotRecorded(
        `StepOne has no record of ${left.join(", ")} yet (asked ${retry === 0 ? "once" : `${retry + 1} times`}): it appears some time after the call's end; ask again later with callinfo, or listen with stream_chat.`,
        facts,
      );
    }
    const state =
      callIds.length === 1
        ? "The record is not there yet"
        : `${left.length} of ${callIds.length} records are not there yet`;
    if (surroundings.isWatched) {
      try {
        for (let seconds = RETRY_SECONDS; seconds > 0; seconds -= 1) {
          context.complain(`${CLEAR}${state}: asking again in ${seconds} s (${retry + 1} of ${retries}) `);
          await surroundings.wait(1_000, signal);
        }
      } finally {
        context.complain(CLEAR);
      }
    } else {
      if (left.length !== toldOf) {
        const tries = retries - retry;
        context.complain(
          `${state}: asking again every ${RETRY_SECONDS} s, at most ${tries === 1 ? "once" : `${tries} times`}.\n`,
        );
      }
      toldOf = left.length;
      await surroundings.wait(RETRY_SECONDS * 1_000, signal);
    }
  }
}

/** Back to the beginning of the terminal's line, which is emptied. */
const CLEAR = "\r\u001b[K";

/**
 * Whether asking again for a record may help. The service knows a call only some time after it was placed, and does
 * not document what it says until then: "there is no such call" (404, or a refusal of good status) may be it.
 */
function mayPass(error: Error, isReached: boolean): boolean {
  const { name, status } = error as { name: string; status?: unknown };
  if (name === "CarrierUnreachable") return isReached;
  if (status === 200 || status === 404) return true;
  return isReached && typeof status === "number" && (status === 408 || status === 429 || status >= 500);
}

export function answerRecords(records: readonly StepOneRecord[], quoting: Quoting): string {
  return records.map((record) => describeRecord(record, quoting)).join("\n\n");
}

function describeRecord(record: StepOneRecord, quoting: Quoting): string {
  const { callId, phones, requirement, durationSeconds, cost, billed, transcript, providerResponse } = record;
  const status = (providerResponse as { status?: unknown } | null | undefined)?.status;
  const price = [
    cost === undefined ? undefined : spoken(String(cost)),
    billed === undefined ? undefined : billed ? "billed" : "not billed",
  ].filter((part) => part !== undefined);
  return [
    `Call: ${callId}`,
    ...(phones === undefined ? [] : [`Number: ${spoken(phones)}`]),
    ...(requirement === undefined ? [] : [`Requirement: ${spoken(requirement)}`]),
    `Status: over${typeof status === "string" ? ` (${spoken(status)})` : ""}`,
    `Length: ${durationSeconds} s`,
    `Cost: ${price.length === 0 ? "not told" : price.join(", ")}`,
    ...(transcript.length === 0
      ? ["Nothing was said."]
      : ["", ...transcript.map((line) => describeLine(line, quoting))]),
  ].join("\n");
}

const SPEAKERS: Readonly<Record<string, string>> = { assistant: "🤖 AI", user: "👤 User" };
const NAMES: Readonly<Record<string, string>> = {
  assistant: "the AI of StepOne on that call",
  user: "the person called",
};

/** "🤖 AI: 喂，您好" (seed, "输出示例"). */
export function describeLine({ role, content }: StepOneLine, quoting: Quoting): string {
  const speaker = Object.hasOwn(SPEAKERS, role) ? SPEAKERS[role] : `📎 ${spoken(role)}`;
  const name = Object.hasOwn(NAMES, role) ? (NAMES[role] ?? role) : role;
  return `${speaker}: ${quoting(name, content, spoken)}`;
}
