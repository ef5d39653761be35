/**
 * Owns what is known about calls: those we place, now or at a time to come, written down before the carrier is asked,
 * and those the carrier tells of. Who was called is known here, and nowhere else.
 */
import { type Selectable, sql } from "kysely";
import type { CallDirection, CallPurpose, TranscriptLine } from "../carriers/carrier.ts";
import type { Store } from "./database.ts";

/**
 * Where a call stands.
 *
 * - `planned`: to be placed when it is due; nothing was asked of the carrier.
 * - `canceled`: was planned, and called off.
 * - `intended`: written down; the carrier may or may not have been asked.
 * - `unsettled`: the carrier was asked and its answer was lost.
 * - `refused`: the carrier did not place it.
 * - `placed`: the carrier has given it an id, or told of it.
 */
export type CallState =
  | "planned"
  | "canceled"
  | "intended"
  | "unsettled"
  | "refused"
  | "placed"
  | "started"
  | "ended";

/** Where a call may go from where it stands. */
export const callTransitions: Readonly<Record<CallState, readonly CallState[]>> = {
  planned: ["intended", "canceled"],
  canceled: [],
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
  /** As the carrier writes it. */
  cost: string | null;
  /** The key of the session that asked for the call. */
  asked_in: string | null;
  /** When a planned call is to be placed; kept after it was. */
  due_at: string | null;
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
  /** As the carrier writes it. */
  readonly cost?: string;
  /** The key of the session that asked for the call. */
  readonly askedIn?: string;
  /** When it is, or was, to be placed; missing for a call that was placed as soon as it was asked for. */
  readonly dueAt?: Date;
  /** When it was written down; for a planned call that was taken up, when that was. */
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
}

/** A call on a line, by the carrier's id. */
export interface CallAddress {
  readonly line: string;
  readonly carrierCallId: string;
}

/** A call somebody asked us to place. */
interface WantedCall {
  readonly line: string;
  readonly carrier: string;
  /** E.164; null for the account's owner. */
  readonly callee: string | null;
  readonly purpose?: string | undefined;
  readonly greeting?: string | undefined;
  readonly context?: string | undefined;
  /** The key of the session that asked for it. */
  readonly askedIn?: string | undefined;
}

/**
 * Writes down that a call is about to be placed. Do it before the carrier is asked.
 *
 * @returns our id of the call.
 */
export async function intendCall(store: Store, call: WantedCall): Promise<string> {
  return await writeWanted(store, call, { state: "intended" });
}

/**
 * Writes down a call that is to be placed later. Nobody else knows of it until it is due: see {@link dueCalls}.
 *
 * @returns our id of the call.
 */
export async function planCall(store: Store, call: WantedCall & { readonly dueAt: Date }): Promise<string> {
  return await writeWanted(store, call, { state: "planned", due_at: call.dueAt.toISOString() });
}

/**
 * Takes a planned call up, to place it now. False when another process has, or when it was called off: of all who
 * try, one places it.
 *
 * @param line the one that takes it up, where its own is there no more.
 */
export async function claimPlannedCall(store: Store, id: string, line?: string): Promise<boolean> {
  // From here on it counts as asked for now, so that those who wait for its id, and for its end, do not take it for
  // one that was forgotten.
  return await moveOn(store, id, {
    state: "intended",
    created_at: store.now().toISOString(),
    ...(line === undefined ? {} : { line }),
  });
}

/** Calls a planned call off. False when it is none any more: it was taken up, or called off before. */
export async function cancelPlannedCall(store: Store, id: string): Promise<boolean> {
  return await moveOn(store, id, { state: "canceled" });
}

/** The planned calls of all lines that are to be placed by now, the one that is due longest first. */
export async function dueCalls(store: Store): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("state", "=", "planned")
    .where("due_at", "<=", store.now().toISOString())
    .orderBy("due_at")
    .orderBy(sql`rowid`)
    .execute();
  return rows.map(fromRow);
}

/** The planned calls of all lines, the soonest first. */
export async function plannedCalls(store: Store): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("state", "=", "planned")
    .orderBy("due_at")
    .orderBy(sql`rowid`)
    .execute();
  return rows.map(fromRow);
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
      cost = ${seen("cost")},
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
  await moveOn(store, id, { state: "refused", detail: reason });
}

/** The carrier's answer was lost: the call may have been placed. */
export async function callUnsettled(store: Store, id: string, reason: string): Promise<void> {
  await moveOn(store, id, { state: "unsettled", detail: reason });
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
  /** As the carrier writes it. */
  readonly cost?: string | undefined;
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
    cost: call.cost ?? null,
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

/**
 * The calls whose end the owner's session was not told of, the oldest first: those that have ended, and the planned
 * ones that could not be placed when they were due, or may not have been. Who asks for a call at once is told that at
 * once.
 */
export async function untoldCalls(store: Store, line: string): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("line", "=", line)
    .where("told_at", "is", null)
    .where(({ and, eb, or }) =>
      or([
        eb("state", "=", "ended"),
        and([eb("state", "in", ["refused", "unsettled"]), eb("due_at", "is not", null)]),
      ]),
    )
    .orderBy(sql`coalesce(ended_at, created_at)`)
    .orderBy(sql`rowid`)
    .execute();
  return rows.map(fromRow);
}

/**
 * The owner's session was told what became of this call.
 *
 * @param id ours.
 * @param state how it stood when it was put into words: a call whose fate was unknown may have turned out to be placed
 *   meanwhile, and then its end is still to be told.
 */
export async function markTold(store: Store, id: string, state: CallState): Promise<void> {
  await store.db
    .updateTable("calls")
    .set({ told_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("state", "=", state)
    .execute();
}

/**
 * The calls an id may stand for, the newest first: the one with our id; otherwise those with the carrier's id, on any
 * line; otherwise those whose own id begins like it. Empty when there is none.
 *
 * @param id a beginning counts from 6 characters.
 */
export async function findCallsById(store: Store, id: string): Promise<KnownCall[]> {
  const rows = await store.db
    .selectFrom("calls")
    .selectAll()
    .where(({ eb, or }) =>
      or([
        eb("id", "=", id),
        eb("carrier_call_id", "=", id),
        eb(sql`substr(id, 1, max(length(${id}), ${SHORTEST_BEGINNING}))`, "=", id),
      ]),
    )
    .orderBy("created_at", "desc")
    .orderBy(sql`rowid`, "desc")
    .execute();
  const ours = rows.filter((row) => row.id === id);
  const carriers = rows.filter((row) => row.carrier_call_id === id);
  const found = [ours, carriers, rows].find(({ length }) => length > 0) ?? [];
  return found.map(fromRow);
}

/**
 * Looks calls up by anything that is known of them, also by what was said on them; the newest first.
 *
 * @param wanted.search found in any script, whether in upper or lower case; a phone number as people write it, with
 *   spaces and dashes, too. Without it, or empty: all calls.
 * @param wanted.limit how many calls at most.
 */
export async function searchCalls(
  store: Store,
  { search = "", limit }: { readonly search?: string | undefined; readonly limit: number },
): Promise<KnownCall[]> {
  const wanted = search.trim();
  const has = (text: ReturnType<typeof sql>) => sql<boolean>`instr(folded(${text}), folded(${wanted})) > 0`;
  let query = store.db.selectFrom("calls").selectAll();
  if (wanted !== "") {
    query = query.where(({ or }) =>
      or([
        has(sql`concat_ws(char(10), id, callee, purpose, greeting, context, carrier, line, outcome, detail)`),
        sql<boolean>`instr(callee, ${digitsOf(wanted)}) > 0`,
        sql<boolean>`EXISTS (
          SELECT 1 FROM json_each(calls.transcript) AS said WHERE ${has(sql`said.value ->> 'words'`)}
        )`,
        sql<boolean>`EXISTS (
          SELECT 1 FROM call_lines AS heard
          WHERE heard.line = calls.line AND heard.carrier_call_id = calls.carrier_call_id
            AND ${has(sql`heard.words`)}
        )`,
      ]),
    );
  }
  const rows = await query.orderBy("created_at", "desc").orderBy(sql`rowid`, "desc").limit(limit).execute();
  return rows.map(fromRow);
}

/** The digits of a search that is nothing but a phone number; null, which is in no text, for any other. */
function digitsOf(search: string): string | null {
  const plain = search.normalize("NFKC");
  return /^[\d\s()+./-]*\d[\d\s()+./-]*$/.test(plain) ? plain.replace(/\D/g, "") : null;
}

async function writeWanted(
  store: Store,
  call: WantedCall,
  begin: { readonly state: "intended" } | { readonly state: "planned"; readonly due_at: string },
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
      asked_in: call.askedIn ?? null,
      ...begin,
      created_at: store.now().toISOString(),
    })
    .execute();
  return id;
}

/** Moves a call of ours on. False when it may not go there from where it stands: see {@link callTransitions}. */
async function moveOn(
  store: Store,
  id: string,
  change: { readonly state: CallState; readonly detail?: string; readonly created_at?: string },
): Promise<boolean> {
  const result = await store.db
    .updateTable("calls")
    .set(change)
    .where("id", "=", id)
    .where("state", "in", statesBefore(change.state))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function statesBefore(state: CallState): CallState[] {
  return (Object.keys(callTransitions) as CallState[]).filter((earlier) =>
    callTransitions[earlier].includes(state),
  );
}

/** How the owner stands in `callee`; no phone number looks like it. */
const OWNER = "owner";

/** How much of our id is enough to mean a call. */
const SHORTEST_BEGINNING = 6;

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
  cost: null,
  asked_in: null,
  due_at: null,
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
    ...(row.cost === null ? {} : { cost: row.cost }),
    ...(row.asked_in === null ? {} : { askedIn: row.asked_in }),
    ...(row.due_at === null ? {} : { dueAt: new Date(row.due_at) }),
    ...(row.started_at === null ? {} : { startedAt: new Date(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: new Date(row.ended_at) }),
  };
}
