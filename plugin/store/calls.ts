/**
 * Owns what is known about calls: those we place, written down before the carrier is asked, and those the
 * carrier tells of. Who was called is known here, and nowhere else.
 */
import { type Selectable, sql } from "kysely";
import type { CallDirection, CallPurpose, TranscriptLine } from "../carriers/carrier.ts";
import type { Store } from "./database.ts";

/**
 * Where a call stands.
 *
 * - `intended`: written down; the carrier may or may not have been asked.
 * - `unsettled`: the carrier was asked and its answer was lost.
 * - `refused`: the carrier did not place it.
 * - `placed`: the carrier has given it an id, or told of it.
 */
export type CallState = "intended" | "unsettled" | "refused" | "placed" | "started" | "ended";

/** Where a call may go from where it stands. */
export const callTransitions: Readonly<Record<CallState, readonly CallState[]>> = {
  intended: ["unsettled", "refused", "placed"],
  unsettled: ["placed"],
  refused: [],
  placed: ["started", "ended"],
  started: ["ended"],
  ended: [],
};

export interface CallTable {
  id: string;
  line: string;
  carrier: string | null;
  carrier_call_id: string | null;
  direction: CallDirection | null;
  /** E.164, or "owner"; null when it is not known. */
  callee: string | null;
  purpose: string | null;
  greeting: string | null;
  /** What the agent may use on a call to somebody else, beside the purpose. */
  context: string | null;
  /** The carrier's id of the order to place the call, where that is not the call's. */
  carrier_job_id: string | null;
  state: CallState;
  /** What the carrier's records say that the call was for. */
  recorded_as: CallPurpose | null;
  /** JSON of {@link TranscriptLine}s. */
  transcript: string | null;
  /** When the owner's session was told how the call ended. */
  told_at: string | null;
  outcome: string | null;
  detail: string | null;
  voicemail_message: string | null;
  duration_seconds: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
}

/** One call, as far as it is known. */
export interface KnownCall {
  /** Ours. */
  readonly id: string;
  readonly line: string;
  /** Missing for calls we did not place. */
  readonly carrier?: string;
  /** The carrier's id; missing as long as the carrier has not given one. */
  readonly carrierCallId?: string;
  /** Missing when nobody has said it. */
  readonly direction?: CallDirection;
  /** Whether we placed it. Of other calls nobody knows who the callee is. */
  readonly placedHere: boolean;
  /**
   * Whom we called: E.164; null for the account's owner, whom the carrier rings when no number is given.
   * Undefined for a call we did not place, so that nobody takes it for the owner's.
   */
  readonly callee: string | null | undefined;
  readonly purpose?: string;
  readonly greeting?: string;
  /** What the agent may use on a call to somebody else, beside the purpose. */
  readonly context?: string;
  readonly state: CallState;
  /** What the carrier's records say that the call was for. */
  readonly recordedAs?: CallPurpose;
  readonly transcript?: readonly TranscriptLine[];
  /** Whether the owner's session was told how it ended. */
  readonly isTold: boolean;
  /** "voicemail", "no_answer", … */
  readonly outcome?: string;
  /** Why it was refused or ended, in the carrier's words. */
  readonly detail?: string;
  /** What was left on, or heard from, a machine. */
  readonly voicemailMessage?: string;
  readonly durationSeconds?: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
}

/** A call on a line, by the carrier's id. */
export interface CallAddress {
  readonly line: string;
  readonly carrierCallId: string;
}

/**
 * Writes down that a call is about to be placed. Do it before the carrier is asked.
 *
 * @returns our id of the call.
 */
export async function intendCall(
  store: Store,
  call: {
    readonly line: string;
    readonly carrier: string;
    /** E.164; null for the account's owner. */
    readonly callee: string | null;
    readonly purpose?: string | undefined;
    readonly greeting?: string | undefined;
    readonly context?: string | undefined;
  },
): Promise<string> {
  const id = store.newId();
  await store.db
    .insertInto("calls")
    .values({
      ...emptyCall,
      id,
      line: call.line,
      carrier: call.carrier,
      direction: "outbound",
      callee: call.callee ?? OWNER,
      purpose: call.purpose ?? null,
      greeting: call.greeting ?? null,
      context: call.context ?? null,
      state: "intended",
      created_at: store.now().toISOString(),
    })
    .execute();
  return id;
}

/**
 * Writes down the id the carrier has given to a call of ours, and to the order to place it where it has one of its
 * own. When the carrier's events came first, what they said about it is kept.
 */
export async function callPlaced(
  store: Store,
  id: string,
  { carrierCallId, jobId }: { readonly carrierCallId: string; readonly jobId?: string | undefined },
): Promise<void> {
  // The row the events made is replaced by ours (the id is unique on its line), after it was read: one
  // statement, so that nobody sees the call twice or not at all.
  const seen = (column: string) => sql`(
    SELECT seen.${sql.ref(column)} FROM calls AS seen
    WHERE seen.line = calls.line AND seen.carrier_call_id = ${carrierCallId} AND seen.id <> calls.id
  )`;
  await sql`
    UPDATE OR REPLACE calls SET
      carrier_call_id = ${carrierCallId},
      carrier_job_id = ${jobId ?? null},
      state = coalesce(${seen("state")}, 'placed'),
      outcome = ${seen("outcome")},
      detail = ${seen("detail")},
      voicemail_message = ${seen("voicemail_message")},
      duration_seconds = ${seen("duration_seconds")},
      recorded_as = ${seen("recorded_as")},
      transcript = ${seen("transcript")},
      told_at = ${seen("told_at")},
      started_at = ${seen("started_at")},
      ended_at = ${seen("ended_at")}
    WHERE id = ${id} AND state IN (${sql.join(statesBefore("placed"))})
  `.execute(store.db);
}

/** The carrier did not place the call. */
export async function callRefused(store: Store, id: string, reason: string): Promise<void> {
  await setIntentState(store, id, "refused", reason);
}

/** The carrier's answer was lost: the call may have been placed. */
export async function callUnsettled(store: Store, id: string, reason: string): Promise<void> {
  await setIntentState(store, id, "unsettled", reason);
}

/** A call by the carrier's id; undefined when it is not known (yet: see {@link pendingIntents}). */
export async function findCall(store: Store, address: CallAddress): Promise<KnownCall | undefined> {
  const row = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", address.line)
    .where("carrier_call_id", "=", address.carrierCallId)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** The call that was placed for this order of the carrier's; undefined when we did not place it. */
export async function findCallOfJob(
  store: Store,
  { line, jobId }: { readonly line: string; readonly jobId: string },
): Promise<KnownCall | undefined> {
  const row = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", line)
    .where("carrier_job_id", "=", jobId)
    .executeTakeFirst();
  return row && fromRow(row);
}

/**
 * The calls that have an id and no end yet, the oldest first: those we placed, and those somebody has spoken on.
 *
 * @param since leaves out older ones, whose end nobody will tell any more.
 */
export async function openCalls(store: Store, line: string, since: Date): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", line)
    .where("state", "in", ["placed", "started"])
    .where("created_at", ">=", since.toISOString())
    .orderBy("created_at")
    .execute();
  return rows.map(fromRow);
}

/**
 * The calls we are placing whose id the carrier has not given yet. As long as there is one, an event for an
 * unknown call may be about it.
 *
 * @param since leaves out older ones: a process that died keeps its intent for ever.
 */
export async function pendingIntents(store: Store, line: string, since: Date): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", line)
    .where("state", "in", ["intended", "unsettled"])
    .where("created_at", ">=", since.toISOString())
    .orderBy("created_at")
    .execute();
  return rows.map(fromRow);
}

/** What the carrier tells about a call. */
export interface CallNews extends CallAddress {
  readonly carrier?: string | undefined;
  readonly direction?: CallDirection | undefined;
  /** What the call is for, and what the agent may use: kept where we do not know them already. */
  readonly purpose?: string | undefined;
  readonly context?: string | undefined;
}

/** What the carrier tells when a call has ended. */
export interface CallEnd extends CallNews {
  /** "voicemail", "no_answer", … */
  readonly outcome?: string | undefined;
  /** Why, in the carrier's words. */
  readonly reason?: string | undefined;
  readonly durationSeconds?: number | undefined;
  readonly voicemailMessage?: string | undefined;
  readonly recordedAs?: CallPurpose | undefined;
  readonly transcript?: readonly TranscriptLine[] | undefined;
}

/**
 * Writes down a call the carrier tells of. A call that is known already stays as it is.
 *
 * @returns false when it was known: by an earlier event, or because we placed it.
 */
export async function noteCall(store: Store, call: CallNews): Promise<boolean> {
  const result = await store.db
    .insertInto("calls")
    .values(rowFrom(store, call, "placed"))
    .onConflict((conflict) => conflict.columns(["line", "carrier_call_id"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Writes down that a call has started. False when that is known already. */
export async function noteCallStarted(store: Store, call: CallNews): Promise<boolean> {
  const started_at = store.now().toISOString();
  const result = await store.db
    .insertInto("calls")
    .values({ ...rowFrom(store, call, "started"), started_at })
    .onConflict((conflict) =>
      conflict
        .columns(["line", "carrier_call_id"])
        .doUpdateSet({
          state: "started",
          started_at,
          direction: directionGiven(call.direction),
          purpose: sql`coalesce(calls.purpose, ${call.purpose ?? null})`,
          context: sql`coalesce(calls.context, ${call.context ?? null})`,
        })
        .where("calls.state", "in", statesBefore("started")),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Writes down how a call ended. False when that is known already: it is told to the owner once. */
export async function noteCallEnded(store: Store, call: CallEnd): Promise<boolean> {
  const end = {
    state: "ended" as const,
    outcome: call.outcome ?? null,
    detail: call.reason ?? null,
    voicemail_message: call.voicemailMessage ?? null,
    duration_seconds: call.durationSeconds ?? null,
    recorded_as: call.recordedAs ?? null,
    transcript: call.transcript === undefined ? null : JSON.stringify(call.transcript),
    ended_at: store.now().toISOString(),
  };
  const result = await store.db
    .insertInto("calls")
    .values({ ...rowFrom(store, call, "ended"), ...end })
    .onConflict((conflict) =>
      conflict
        .columns(["line", "carrier_call_id"])
        .doUpdateSet({ ...end, direction: directionGiven(call.direction) })
        .where("calls.state", "in", statesBefore("ended")),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** The calls that have ended and whose end the owner's session was not told of, the oldest first. */
export async function untoldCalls(store: Store, line: string): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", line)
    .where("state", "=", "ended")
    .where("told_at", "is", null)
    .orderBy("ended_at")
    .execute();
  return rows.map(fromRow);
}

/** The owner's session was told how this call ended. */
export async function markTold(store: Store, address: CallAddress): Promise<void> {
  await store.db
    .updateTable("calls")
    .set({ told_at: store.now().toISOString() })
    .where("line", "=", address.line)
    .where("carrier_call_id", "=", address.carrierCallId)
    .execute();
}

/** The latest calls, the newest first. */
export async function recentCalls(store: Store, limit: number): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy(sql`rowid`, "desc")
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

async function setIntentState(
  store: Store,
  id: string,
  state: "refused" | "unsettled",
  reason: string,
): Promise<void> {
  await store.db
    .updateTable("calls")
    .set({ state, detail: reason })
    .where("id", "=", id)
    .where("state", "in", statesBefore(state))
    .execute();
}

function statesBefore(state: CallState): CallState[] {
  return (Object.keys(callTransitions) as CallState[]).filter((earlier) =>
    callTransitions[earlier].includes(state),
  );
}

/** How the owner stands in `callee`; no phone number looks like it. */
const OWNER = "owner";

const emptyCall = {
  carrier: null,
  carrier_call_id: null,
  direction: null,
  callee: null,
  purpose: null,
  greeting: null,
  context: null,
  carrier_job_id: null,
  recorded_as: null,
  transcript: null,
  told_at: null,
  outcome: null,
  detail: null,
  voicemail_message: null,
  duration_seconds: null,
  started_at: null,
  ended_at: null,
} satisfies Partial<Selectable<CallTable>>;

/** The row of a call we did not place. */
function rowFrom(store: Store, call: CallNews, state: CallState): Selectable<CallTable> {
  return {
    ...emptyCall,
    id: store.newId(),
    line: call.line,
    carrier: call.carrier ?? null,
    carrier_call_id: call.carrierCallId,
    direction: call.direction ?? null,
    purpose: call.purpose ?? null,
    context: call.context ?? null,
    state,
    created_at: store.now().toISOString(),
  };
}

/** The direction that is known stays; otherwise the news counts. */
function directionGiven(direction: CallDirection | undefined) {
  return sql<CallDirection | null>`coalesce(calls.direction, ${direction ?? null})`;
}

function fromRow(row: Selectable<CallTable>): KnownCall {
  return {
    id: row.id,
    line: row.line,
    placedHere: row.callee !== null,
    callee: row.callee === OWNER ? null : (row.callee ?? undefined),
    state: row.state,
    isTold: row.told_at !== null,
    createdAt: new Date(row.created_at),
    ...(row.carrier === null ? {} : { carrier: row.carrier }),
    ...(row.direction === null ? {} : { direction: row.direction }),
    ...(row.carrier_call_id === null ? {} : { carrierCallId: row.carrier_call_id }),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
    ...(row.greeting === null ? {} : { greeting: row.greeting }),
    ...(row.context === null ? {} : { context: row.context }),
    ...(row.recorded_as === null ? {} : { recordedAs: row.recorded_as }),
    ...(row.transcript === null ? {} : { transcript: JSON.parse(row.transcript) as TranscriptLine[] }),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.voicemail_message === null ? {} : { voicemailMessage: row.voicemail_message }),
    ...(row.duration_seconds === null ? {} : { durationSeconds: row.duration_seconds }),
    ...(row.started_at === null ? {} : { startedAt: new Date(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: new Date(row.ended_at) }),
  };
}
