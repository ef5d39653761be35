/**
 * Owns finding a call by whichever id somebody has, and what can then be told of it or done with it: how it stands, what
 * was said, what is being said, its end. The store is asked first; the call's carrier where the store does not know.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { CallDirection, TranscriptLine } from "../carriers/carrier.ts";
import { CarrierError, CarrierRefused, CarrierUnreachable } from "../carriers/carrier-errors.ts";
import { chooseLine, isUsable, type UsableLine } from "../config/choose-line.ts";
import type { CarrierName, SwitchboardConfig } from "../config/schema.ts";
import { callsOf, type LineCalls, NotListed, type ShownCall } from "../lines/line-calls.ts";
import { messageOf } from "../log.ts";
import { linesOf, transcriptOf } from "../store/call-lines.ts";
import {
  type CallState,
  cancelPlannedCall,
  findCallsById,
  type KnownCall,
  noteCallEnded,
  openCalls,
} from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { UNANSWERED_AFTER_MS } from "./open-calls.ts";
import { outcomeOfStatus } from "./outcome.ts";

/** No call, or more than one, has this id; or it is too early or too late for what was asked. For people. */
export class CallNotFound extends Error {
  override readonly name = "CallNotFound";
}

/** What was wanted cannot be done with this call as it stands. For people. */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

export interface CallWanted {
  /** Ours, the carrier's, or the beginning of ours. */
  readonly id: string;
  /** Narrows down which one is meant, and names the line to ask for a call that is in no store. */
  readonly line?: string | undefined;
  readonly carrier?: CarrierName | undefined;
}

/** What these functions work with. */
export interface CallInformationUsing {
  readonly store: Store;
  readonly config: SwitchboardConfig;
  readonly signal?: AbortSignal | undefined;
  /** Rejects when the signal says so. */
  sleep?(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  open?(line: UsableLine): Promise<LineCalls>;
  /** Whether a process is running that hears how calls of these lines end, and writes it down. */
  isFollowed?(): Promise<boolean>;
  /** Told once for each thing that is waited for: the time of a planned call, its answer, its end. */
  onWaiting?(until: Date | "answer" | "end"): void;
}

/** A call that was found. */
export interface FoundCall {
  /** As the store knows it; undefined for a call only its carrier knows. */
  readonly known: KnownCall | undefined;
  /** The carrier's id; undefined as long as it has given none. */
  readonly carrierCallId: string | undefined;
  readonly lineName: string;
  /** Undefined when the call's line cannot be used any more. */
  readonly line: UsableLine | undefined;
}

/** How a call stands. Times are UTC ISO 8601. What is not known is undefined. */
export interface CallStatus {
  /** Ours; undefined for a call only its carrier knows. */
  readonly id: string | undefined;
  /** The carrier's. */
  readonly callId: string | undefined;
  readonly line: string;
  readonly carrier: string | undefined;
  readonly direction: CallDirection | undefined;
  /** Whom we called: E.164, or null for the owner. */
  readonly to: string | null | undefined;
  /** Where it stands for us; undefined for a call only its carrier knows. */
  readonly state: CallState | undefined;
  /** In the carrier's words, where it was asked. */
  readonly status: string | undefined;
  readonly isOver: boolean | undefined;
  readonly outcome: string | undefined;
  /** Why it was refused or ended. */
  readonly detail: string | undefined;
  readonly purpose: string | undefined;
  readonly greeting: string | undefined;
  readonly context: string | undefined;
  readonly voicemailMessage: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly cost: string | undefined;
  readonly createdAt: string | undefined;
  readonly dueAt: string | undefined;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** Why the carrier could not be asked. */
  readonly problem: string | undefined;
}

/** What was said on a call. */
export interface CallTranscript {
  readonly lines: readonly TranscriptLine[];
  /** Who wrote it down: the carrier, or we as it was heard. */
  readonly source: "carrier" | "heard";
  readonly isOver: boolean | undefined;
}

/** Where a call stands when nothing will become of it any more, or nobody will know. */
const OVER: ReadonlySet<CallState> = new Set(["ended", "refused", "canceled"]);

/** Between two looks into the store. */
const STORE_EVERY_MS = 500;
/** Between two questions to the carrier: at first often, since many calls are short. */
const CARRIER_AFTER_MS = [1_000, 2_000, 3_000, 5_000];
const CARRIER_EVERY_MS = 10_000;
/** Nobody talks longer; what is not over by then has lost its end. */
const LONGEST_MS = 4 * 60 * 60_000;
/** Who hears a call knows more of its end than the carrier's list, and may write it down a little later. */
const LATE_END_MS = 5_000;
/** So long after the end of a call, whoever should have heard it has not. */
const MISSED_END_MS = 10 * 60_000;
/** So long nothing is said on a call that is going on; else it is not answered yet. */
const QUIET_MS = 1_000;
/** The beginning of an id counts from here: see `findCallsById`. In characters. */
const SHORTEST_BEGINNING = 6;
/** A process that is placing a call knows within this time whether it could. */
const PLACING_MS = 2 * 60_000;
/** Whatever places planned calls does so within this time, or not at all. */
const OVERDUE_MS = 30 * 60_000;

/**
 * Finds a call.
 *
 * @throws CallNotFound
 * @throws NoUsableLine when a line is named that is not there
 */
export async function lookUpCall(wanted: CallWanted, using: CallInformationUsing): Promise<FoundCall> {
  const { store, config } = using;
  const id = wanted.id.trim();
  if (id === "") throw new CallNotFound("The id is empty: give the one the call was placed with.");
  const found = (await findCallsById(store, id)).filter(
    (call) =>
      (wanted.line === undefined || call.line === wanted.line) &&
      (wanted.carrier === undefined || call.carrier === undefined || call.carrier === wanted.carrier),
  );
  const [known, other] = found;
  if (known !== undefined && other === undefined) return asFound(known, config);
  if (known !== undefined) {
    throw new CallNotFound(
      `${found.length} calls have the id ${JSON.stringify(id)} or one that begins like it: give the whole id${
        new Set(found.map(({ line }) => line)).size > 1 ? ", or name its line" : ""
      }.`,
    );
  }
  // No carrier's own id is that short.
  if (wanted.line === undefined && [...id].length < SHORTEST_BEGINNING) {
    throw new CallNotFound(
      `${JSON.stringify(id)} is too short: of an id, at least the first ${SHORTEST_BEGINNING} characters are needed.`,
    );
  }
  const carriers = wanted.carrier === undefined ? undefined : [wanted.carrier];
  const usable = usableLines(config).filter(
    ({ carrier }) => carriers === undefined || carriers.includes(carrier),
  );
  if (wanted.line === undefined && usable.length !== 1) {
    throw new CallNotFound(
      usable.length === 0
        ? `There is no call ${JSON.stringify(id)}: see the ids with "phone history".`
        : `There is no call ${JSON.stringify(id)} in the history: see the ids with "phone history", or name the line whose carrier gave it this id (${usable.map(({ name }) => name).join(", ")}).`,
    );
  }
  const line = chooseLine(config, wanted.line, carriers);
  return { known: undefined, carrierCallId: id, lineName: line.name, line };
}

/** How a call stands, from the store alone. */
export function storedStatus(known: KnownCall): CallStatus {
  return statusOf(known, undefined, undefined);
}

/**
 * How a call stands. Its carrier is asked as long as it is not over in the store.
 *
 * @throws CarrierError, or an Error in a sentence, for a call only the carrier knows; else that is the `problem`.
 */
export async function callStatus(found: FoundCall, using: CallInformationUsing): Promise<CallStatus> {
  const { known, carrierCallId } = found;
  if (carrierCallId === undefined || known?.state === "ended") return statusOf(known, undefined, found);
  if (known === undefined) return statusOf(undefined, await show(found, using), found);
  try {
    const shown = await show(found, using);
    if (shown?.isOver !== true) return statusOf(known, shown, found);
    return await settled(found, shown, using);
  } catch (error) {
    return { ...statusOf(known, undefined, found), problem: messageOf(error) };
  }
}

/** Calls that are older are not asked after: their end is nobody's news any more. */
const ASKED_AFTER_MS = 24 * 60 * 60_000;
/** So many are asked after at most, the newest. */
const MOST_ASKED_AFTER = 10;

/**
 * Asks the carriers after the calls of the last day that are open in the store, where nothing is running that hears how
 * calls end, and writes down those that are over.
 *
 * @returns our ids of the calls that go on; undefined where something is running, and nothing was asked.
 */
export async function askAfterOpenCalls(
  using: CallInformationUsing,
): Promise<ReadonlySet<string> | undefined> {
  const { store, config } = using;
  if (await using.isFollowed?.()) return undefined;
  const since = new Date(store.now().getTime() - ASKED_AFTER_MS);
  const open = await Promise.all(usableLines(config).map(({ name }) => openCalls(store, name, since)));
  const asked = open
    .flat()
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
    .slice(0, MOST_ASKED_AFTER);
  // Nothing was running a moment ago: that is not found out again for each.
  const alone = { ...using, isFollowed: async () => false };
  const statuses = await Promise.all(asked.map((call) => callStatus(asFound(call, config), alone)));
  return new Set(statuses.flatMap(({ id, isOver, problem }) => (isOver || problem ? [] : (id ?? []))));
}

/**
 * What was said: as the carrier wrote it down, or what was heard as long as it has not.
 *
 * @throws CarrierError when only the carrier could know
 */
export async function callTranscript(found: FoundCall, using: CallInformationUsing): Promise<CallTranscript> {
  const { store } = using;
  const { known, carrierCallId } = found;
  const isOver = known === undefined ? undefined : OVER.has(known.state);
  if (known?.transcript?.length) return { lines: known.transcript, source: "carrier", isOver };
  const heard = known === undefined ? [] : await transcriptOf(store, known);
  const calls = await callsOfFound(found, using);
  if (carrierCallId === undefined || calls?.transcript === undefined) {
    return { lines: heard, source: "heard", isOver };
  }
  try {
    const written = await calls.transcript(carrierCallId);
    if (written !== undefined) return { lines: written.lines, source: "carrier", isOver: true };
  } catch (error) {
    if (heard.length === 0) throw error;
  }
  return { lines: heard, source: "heard", isOver };
}

/**
 * What is said on a call as it is spoken, from its beginning, up to its end. A planned call is waited for.
 *
 * @returns how it stands then.
 * @throws NotNow when the end cannot be known: it was not placed, nobody knows, or nothing hears it.
 * @throws CarrierError
 * @throws the signal's reason
 */
export async function* followCall(
  found: FoundCall,
  using: CallInformationUsing,
): AsyncGenerator<TranscriptLine, CallStatus> {
  const { signal } = using;
  let call = found;
  for await (const now of whileNotPlaced(found, using)) call = now;
  const { known, carrierCallId } = call;
  if (carrierCallId === undefined) return statusOf(known, undefined, call);
  const calls = known?.state === "ended" ? undefined : await callsOfFound(call, using);
  if (calls?.live !== undefined) {
    const live = calls.live(carrierCallId, signal ?? new AbortController().signal);
    let coming: ReturnType<typeof live.next> | undefined = live.next();
    await quietly(coming, using);
    for (;;) {
      const next = await (coming ?? live.next());
      coming = undefined;
      if (!next.done) {
        yield next.value;
        continue;
      }
      const status = await statusNow(call, using);
      const outcome = status.outcome ?? (next.value === "timeout" ? "no_answer" : undefined);
      return { ...status, isOver: true, outcome };
    }
  }
  const said = linesIn(call, using);
  if (known !== undefined && OVER.has(known.state)) {
    const { lines } = await callTranscript(call, using);
    yield* lines;
    return statusOf(known, undefined, call);
  }
  const soFar = await said();
  yield* soFar;
  // Where something was said, it was answered.
  const { onWaiting, ...quietUsing } = using;
  for await (const step of stepsToTheEnd(call, soFar.length === 0 ? using : quietUsing)) {
    yield* await said();
    if (step.status !== undefined) return step.status;
  }
  throw new NotNow(`The call ${carrierCallId} has no known end.`);
}

/**
 * Waits until a call is over. A planned call is waited for too.
 *
 * @throws NotNow when the end cannot be known.
 * @throws CarrierRefused when the carrier does not let us ask.
 * @throws the signal's reason
 */
export async function waitForEnd(found: FoundCall, using: CallInformationUsing): Promise<CallStatus> {
  let call = found;
  for await (const now of whileNotPlaced(found, using)) call = now;
  if (call.carrierCallId === undefined || call.known?.state === "ended")
    return statusOf(call.known, undefined, call);
  for await (const { status } of stepsToTheEnd(call, using)) {
    if (status !== undefined) return status;
  }
  throw new NotNow(`The call ${call.carrierCallId} has no known end.`);
}

/** What ending a call did. */
export interface EndedCall {
  /** "canceled": a planned call was called off; "ending": the carrier hangs up. */
  readonly did: "canceled" | "ending";
  readonly durationSeconds: number | undefined;
}

/**
 * Hangs up, or calls a planned call off.
 *
 * @param reason why, for the service's record.
 * @throws NotNow when it is over, or has no id yet.
 * @throws CarrierError, or an Error in a sentence where the carrier cannot.
 */
export async function endCall(
  found: FoundCall,
  reason: string,
  using: CallInformationUsing,
): Promise<EndedCall> {
  const { store, config } = using;
  const { known, carrierCallId } = found;
  if (known?.state === "planned") {
    if (await cancelPlannedCall(store, known.id)) return { did: "canceled", durationSeconds: undefined };
    // It is being placed just now.
    const now = (await findCallsById(store, known.id))[0];
    if (now === undefined || now.state === "planned")
      throw new NotNow(`The call ${known.id} cannot be called off.`);
    return await endCall(asFound(now, config), reason, using);
  }
  if (known !== undefined && OVER.has(known.state)) {
    throw new NotNow(
      known.state === "canceled"
        ? `The call ${known.id} was called off already.`
        : known.state === "refused"
          ? `The call ${known.id} was never placed.`
          : isOverAlready(known.id),
    );
  }
  if (carrierCallId === undefined) {
    throw new NotNow(
      `The call ${known?.id} has no id of its carrier's yet, so it cannot be ended: try again in a moment.`,
    );
  }
  const calls = await callsOfFound(found, using);
  if (calls === undefined) throw new NotNow(noLine(found));
  try {
    const { durationSeconds } = await calls.end(carrierCallId, reason);
    return { did: "ending", durationSeconds };
  } catch (error) {
    if (error instanceof CarrierUnreachable) throw error;
    const now = await statusNow(found, using).catch(() => undefined);
    if (now?.isOver === true) throw new NotNow(isOverAlready(known?.id ?? carrierCallId));
    throw error;
  }
}

function isOverAlready(id: string): string {
  return `The call ${id} is over already: there is nothing to end.`;
}

// --- how a call goes on ---------------------------------------------------------------------------------

/** The call each time it was looked at, up to the moment it has its carrier's id, or will never have one. */
async function* whileNotPlaced(
  found: FoundCall,
  using: CallInformationUsing,
): AsyncGenerator<FoundCall, void> {
  const { store, config, signal } = using;
  let call = found;
  if (found.known?.state === "planned" && found.known.dueAt !== undefined)
    using.onWaiting?.(found.known.dueAt);
  for (;;) {
    const { known } = call;
    if (known === undefined || call.carrierCallId !== undefined || OVER.has(known.state)) return;
    const isGivenUp =
      known.state === "intended" && store.now().getTime() - known.createdAt.getTime() > PLACING_MS;
    if (known.state === "unsettled" || isGivenUp) {
      throw new NotNow(
        `Nobody knows whether the call ${known.id} was placed${known.detail === undefined ? "" : ` (${known.detail.replace(/[.\s]+$/, "")})`}: look at its carrier's own list.`,
      );
    }
    if (known.state === "planned" && store.now().getTime() - (known.dueAt?.getTime() ?? 0) > OVERDUE_MS) {
      throw new NotNow(
        `The time of the call ${known.id} has passed, and nothing placed it: start the gateway (openclaw gateway start), or call it off.`,
      );
    }
    await pause(STORE_EVERY_MS, using);
    signal?.throwIfAborted();
    const now = (await findCallsById(store, known.id))[0];
    if (now === undefined) throw new CallNotFound(`The call ${known.id} is not in the history any more.`);
    call = asFound(now, config);
    yield call;
  }
}

/**
 * A step for each look at a call that is going on; the last one has how it stands when it is over. Ends without one
 * when the call has lost its end.
 */
async function* stepsToTheEnd(
  found: FoundCall,
  using: CallInformationUsing,
): AsyncGenerator<{ readonly status: CallStatus | undefined }, void> {
  const { store, config } = using;
  let call = found;
  let askAtMs = 0;
  let asked = 0;
  let over: { readonly shown: ShownCall; readonly settleAtMs: number } | undefined;
  let isWaitTold = false;
  for (let passedMs = 0; passedMs < LONGEST_MS; passedMs += STORE_EVERY_MS) {
    if (call.known !== undefined && call.known.state === "ended") {
      yield { status: statusOf(call.known, undefined, call) };
      return;
    }
    if (over === undefined && passedMs >= askAtMs) {
      const shown = await askedInPassing(call, using);
      askAtMs = passedMs + (CARRIER_AFTER_MS[asked] ?? CARRIER_EVERY_MS);
      asked += 1;
      if (shown?.isOver === true) {
        const isFollowed = call.known !== undefined && (await using.isFollowed?.()) === true;
        over = { shown, settleAtMs: passedMs + (isFollowed ? LATE_END_MS : 0) };
      } else if (!isWaitTold) {
        isWaitTold = true;
        const until = waitedFor(call, shown);
        if (until !== undefined) using.onWaiting?.(until);
      }
    }
    if (over !== undefined && passedMs >= over.settleAtMs) {
      const { shown } = over;
      yield {
        status:
          call.known === undefined ? statusOf(undefined, shown, call) : await settled(call, shown, using),
      };
      return;
    }
    yield { status: undefined };
    await pause(STORE_EVERY_MS, using);
    if (call.known !== undefined) {
      const now = (await findCallsById(store, call.known.id))[0];
      if (now !== undefined) call = asFound(now, config);
    }
  }
}

/** What is waited for on a call that is not over; undefined where it is being spoken on. */
function waitedFor({ known }: FoundCall, shown: ShownCall | undefined): "answer" | "end" | undefined {
  if (known?.state === "started" || shown?.status === "in-progress") return undefined;
  // StepOne tells nothing before the end.
  return shown !== undefined && shown.isOver === undefined ? "end" : "answer";
}

/** Says that a call is waited for, when nothing comes from it at first. */
async function quietly(coming: Promise<unknown>, using: CallInformationUsing): Promise<void> {
  const heard = new AbortController();
  const quiet = pause(QUIET_MS, { ...using, signal: heard.signal }).then(() => "answer" as const);
  try {
    if ((await Promise.race([coming, quiet])) === "answer") using.onWaiting?.("answer");
  } finally {
    heard.abort();
    quiet.catch(() => {});
  }
}

/**
 * What the carrier says of a call; undefined when asking again may help.
 *
 * @throws CarrierRefused when it will not
 */
async function askedInPassing(found: FoundCall, using: CallInformationUsing): Promise<ShownCall | undefined> {
  try {
    return await show(found, using);
  } catch (error) {
    using.signal?.throwIfAborted();
    // "There is no such call" may come before the carrier knows its own call, and a call of ours is one.
    const isFinal = error instanceof CarrierRefused && !error.isTransient && error.status !== 404;
    if (isFinal || found.known === undefined) throw error;
    return undefined;
  }
}

/**
 * The status of a call that is over for its carrier and not in the store. Where nothing is running that will write its
 * end down, or what runs has missed it, it is done here.
 */
async function settled(found: FoundCall, shown: ShownCall, using: CallInformationUsing): Promise<CallStatus> {
  const { store } = using;
  const { known, carrierCallId } = found;
  if (known === undefined || carrierCallId === undefined) return statusOf(known, shown, found);
  if (isMissed(known, shown, store.now()) || !(await using.isFollowed?.())) {
    const calls = await callsOfFound(found, using);
    const written = await calls?.transcript?.(carrierCallId).catch(() => undefined);
    await noteCallEnded(store, {
      line: found.lineName,
      carrierCallId,
      ...(known.direction === undefined ? {} : { direction: known.direction }),
      outcome: outcomeOf(shown),
      durationSeconds: shown.durationSeconds,
      transcript: written?.lines,
      cost: shown.cost ?? written?.cost,
    });
  }
  const now = (await findCallsById(store, known.id))[0] ?? known;
  return statusOf(now, shown, found);
}

/** Whether a call ended so long ago that nobody will write its end down any more. */
function isMissed({ createdAt }: KnownCall, { startedAt, durationSeconds }: ShownCall, now: Date): boolean {
  const began = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
  const endedMs = (Number.isNaN(began) ? createdAt.getTime() : began) + (durationSeconds ?? 0) * 1_000;
  return now.getTime() - endedMs > MISSED_END_MS;
}

function outcomeOf({ status, durationSeconds }: ShownCall): string {
  if (status === undefined) return durationSeconds === 0 ? "no_answer" : "completed";
  return outcomeOfStatus(status);
}

/** Hands out what was heard since it was last asked. */
function linesIn(
  found: FoundCall,
  { store }: CallInformationUsing,
): () => Promise<readonly TranscriptLine[]> {
  let last = 0;
  return async () => {
    if (found.carrierCallId === undefined) return [];
    const lines = await linesOf(store, { line: found.lineName, carrierCallId: found.carrierCallId }, last);
    last = lines.at(-1)?.position ?? last;
    return lines.map(({ speaker, words }) => ({ speaker, words }));
  };
}

async function statusNow(found: FoundCall, using: CallInformationUsing): Promise<CallStatus> {
  const { known } = found;
  const now = known === undefined ? undefined : (await findCallsById(using.store, known.id))[0];
  try {
    return await callStatus(now === undefined ? found : asFound(now, using.config), using);
  } catch (error) {
    // The record comes some time after the end.
    if (!(error instanceof CarrierError)) throw error;
    return { ...statusOf(known, undefined, found), problem: messageOf(error) };
  }
}

// --- where a call is ------------------------------------------------------------------------------------

function asFound(known: KnownCall, config: SwitchboardConfig): FoundCall {
  return {
    known,
    carrierCallId: known.carrierCallId,
    lineName: known.line,
    line: usableLines(config).find(({ name }) => name === known.line),
  };
}

function usableLines({ lines }: SwitchboardConfig): UsableLine[] {
  return lines.filter(isUsable);
}

async function callsOfFound(
  { line }: FoundCall,
  { config, open }: CallInformationUsing,
): Promise<LineCalls | undefined> {
  if (line === undefined) return undefined;
  return await (open?.(line) ?? callsOf(line, config));
}

async function show(found: FoundCall, using: CallInformationUsing): Promise<ShownCall | undefined> {
  const calls = await callsOfFound(found, using);
  if (calls === undefined) throw new NotNow(noLine(found));
  const { known, carrierCallId: callId } = found;
  if (callId === undefined) return undefined;
  try {
    return await calls.show(callId);
  } catch (error) {
    // Where answered calls alone are listed.
    const ageMs = known?.state === "placed" ? using.store.now().getTime() - known.createdAt.getTime() : 0;
    if (!(error instanceof NotListed) || ageMs <= UNANSWERED_AFTER_MS) throw error;
    return {
      callId,
      status: "no-answer",
      direction: "outbound",
      startedAt: undefined,
      durationSeconds: undefined,
      isOver: true,
      cost: undefined,
    };
  }
}

function noLine({ lineName }: FoundCall): string {
  return `The line "${lineName}" cannot be used any more: it is not set up, not enabled, or without its key.`;
}

function statusOf(
  known: KnownCall | undefined,
  shown: ShownCall | undefined,
  found: FoundCall | undefined,
): CallStatus {
  const isOverHere = known === undefined ? undefined : OVER.has(known.state);
  return {
    id: known?.id,
    callId: known?.carrierCallId ?? found?.carrierCallId,
    line: known?.line ?? found?.lineName ?? "",
    carrier: known?.carrier ?? found?.line?.carrier,
    direction: known?.direction ?? shown?.direction,
    to: known?.callee,
    state: known?.state,
    status: shown?.status,
    isOver: isOverHere === true ? true : (shown?.isOver ?? isOverHere),
    outcome: known?.outcome,
    detail: known?.detail,
    purpose: known?.purpose,
    greeting: known?.greeting,
    context: known?.context,
    voicemailMessage: known?.voicemailMessage,
    durationSeconds: known?.durationSeconds ?? shown?.durationSeconds,
    cost: known?.cost ?? shown?.cost,
    createdAt: known?.createdAt.toISOString(),
    dueAt: known?.dueAt?.toISOString(),
    startedAt: known?.startedAt?.toISOString() ?? shown?.startedAt,
    endedAt: known?.endedAt?.toISOString(),
    problem: undefined,
  };
}

async function pause(milliseconds: number, { sleep, signal }: CallInformationUsing): Promise<void> {
  if (sleep !== undefined) await sleep(milliseconds, signal);
  else await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
}
