/**
 * Owns the calls and texts that the carrier was told to make at a time: it makes them by itself, without asking again.
 * Each is written down before the carrier is told, so that limits count it, and whoever asks for the
 * same again after a crash can look first whether the carrier has it.
 *
 * | from | to | when |
 * |---|---|---|
 * | - | intended | before the carrier is told |
 * | intended | scheduled | the carrier has it |
 * | intended | refused | the carrier certainly does not have it |
 * | intended, scheduled | canceled | it was taken back |
 *
 * How a scheduled one stands (`status`, `callStatus`) is said in the carrier's words.
 */
import type { CompiledQuery, Generated, Selectable, Updateable } from "kysely";
import type { E164 } from "../config/phone-number.ts";
import type { Store } from "./database.ts";

export type ScheduledState = "intended" | "scheduled" | "refused" | "canceled";

export type ScheduledChannel = "call" | "sms";

export interface ScheduledEventTable {
  id: Generated<number>;
  /** Our id of the mission; null for one without. */
  mission: string | null;
  line: string;
  channel: ScheduledChannel;
  assistant_id: string;
  /** E.164; empty once the person is forgotten. */
  recipient: string;
  sender: string;
  body: string | null;
  step_id: string | null;
  scheduled_at: string;
  state: ScheduledState;
  carrier_event_id: string | null;
  status: string | null;
  call_status: string | null;
  conversation_id: string | null;
  retry_count: number | null;
  duration_seconds: number | null;
  detail: string | null;
  created_at: string;
  updated_at: string;
}

/** How the carrier says that an event stands. */
export interface EventProgress {
  /** "pending", "in_progress", "completed", "failed". */
  readonly status?: string | undefined;
  /** "ringing", "in-progress", "completed", "no-answer", "busy", "canceled", "failed". */
  readonly callStatus?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly retryCount?: number | undefined;
  readonly durationSeconds?: number | undefined;
}

export interface NewScheduledEvent {
  /** Our id. */
  readonly mission?: string | undefined;
  readonly line: string;
  readonly channel: ScheduledChannel;
  readonly assistantId: string;
  readonly to: E164;
  /** E.164. */
  readonly from: string;
  /** Of a text. */
  readonly body?: string | undefined;
  readonly stepId?: string | undefined;
  readonly scheduledAt: Date;
}

export interface ScheduledEvent extends EventProgress {
  readonly id: number;
  readonly mission?: string;
  readonly line: string;
  readonly channel: ScheduledChannel;
  readonly assistantId: string;
  readonly to: string;
  readonly from: string;
  readonly body?: string;
  readonly stepId?: string;
  readonly scheduledAt: Date;
  readonly state: ScheduledState;
  readonly carrierEventId?: string;
}

/** Writes down what is about to be scheduled. @returns our id of it. */
export async function intendEvent(store: Store, event: NewScheduledEvent): Promise<number> {
  const now = store.now().toISOString();
  const { id } = await store.db
    .insertInto("scheduled_events")
    .values({
      mission: event.mission ?? null,
      line: event.line,
      channel: event.channel,
      assistant_id: event.assistantId,
      recipient: event.to,
      sender: event.from,
      body: event.body ?? null,
      step_id: event.stepId ?? null,
      scheduled_at: event.scheduledAt.toISOString(),
      state: "intended",
      carrier_event_id: null,
      status: null,
      call_status: null,
      conversation_id: null,
      retry_count: null,
      duration_seconds: null,
      detail: null,
      created_at: now,
      updated_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** An earlier try to schedule exactly this, of which nobody knows what came of it; the first, if there are several. */
export async function findIntended(
  store: Store,
  event: NewScheduledEvent,
): Promise<{ readonly id: number } | undefined> {
  return await store.db
    .selectFrom("scheduled_events")
    .select("id")
    .where("state", "=", "intended")
    .where("line", "=", event.line)
    .where("channel", "=", event.channel)
    .where("assistant_id", "=", event.assistantId)
    .where("recipient", "=", event.to)
    .where("body", "is", event.body ?? null)
    .where("scheduled_at", "=", event.scheduledAt.toISOString())
    .orderBy("id")
    .executeTakeFirst();
}

/** Which of the carrier's ids belong to events known here. */
export async function knownEventIds(store: Store, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await store.db
    .selectFrom("scheduled_events")
    .select("carrier_event_id")
    .where("carrier_event_id", "in", ids)
    .execute();
  return new Set(rows.flatMap((row) => row.carrier_event_id ?? []));
}

/** The carrier has it, under this id. */
export async function eventScheduled(
  store: Store,
  id: number,
  carrierEventId: string,
  progress: EventProgress = {},
): Promise<void> {
  await store.db
    .updateTable("scheduled_events")
    .set({ state: "scheduled", carrier_event_id: carrierEventId, ...columnsOf(store, progress) })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .execute();
}

/** The carrier certainly does not have it. */
export async function eventRefused(store: Store, id: number, why: string): Promise<void> {
  await store.db
    .updateTable("scheduled_events")
    .set({ state: "refused", detail: why, updated_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .execute();
}

/** The carrier does not have it any more. Nothing where nobody here scheduled it. */
export async function eventCanceled(store: Store, carrierEventId: string): Promise<void> {
  await store.together({ all: [canceledStatement(store, carrierEventId)] });
}

/** {@link eventCanceled}, for `store.together` with other things. */
export function canceledStatement(store: Store, carrierEventId: string): CompiledQuery {
  return store.db
    .updateTable("scheduled_events")
    .set({ state: "canceled", updated_at: store.now().toISOString() })
    .where("carrier_event_id", "=", carrierEventId)
    .where("state", "=", "scheduled")
    .compile();
}

/** How an event stands, as the carrier has just said. Nothing where nobody here scheduled it. */
export async function noteEvent(
  store: Store,
  carrierEventId: string,
  progress: EventProgress,
): Promise<void> {
  await store.together({ all: [progressStatement(store, carrierEventId, progress)] });
}

/** {@link noteEvent}, for `store.together` with other things. */
export function progressStatement(
  store: Store,
  carrierEventId: string,
  progress: EventProgress,
): CompiledQuery {
  return store.db
    .updateTable("scheduled_events")
    .set(columnsOf(store, progress))
    .where("carrier_event_id", "=", carrierEventId)
    .compile();
}

/** What a mission has asked for with this number at this time, the last try; undefined when nothing was. */
export async function eventAt(
  store: Store,
  wanted: { readonly mission: string; readonly to: E164; readonly scheduledAt: Date },
): Promise<ScheduledEvent | undefined> {
  const row = await store.db
    .selectFrom("scheduled_events")
    .selectAll()
    .where("recipient", "=", wanted.to)
    .where("scheduled_at", "=", wanted.scheduledAt.toISOString())
    .where("mission", "=", wanted.mission)
    .orderBy("id", "desc")
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Which of the carrier's events had this conversation; undefined when nobody knows. */
export async function eventOfConversation(
  store: Store,
  wanted: { readonly mission: string; readonly to: E164; readonly conversationId: string },
): Promise<string | undefined> {
  const row = await store.db
    .selectFrom("scheduled_events")
    .select("carrier_event_id")
    .where("recipient", "=", wanted.to)
    .where("mission", "=", wanted.mission)
    .where("conversation_id", "=", wanted.conversationId)
    .executeTakeFirst();
  return row?.carrier_event_id ?? undefined;
}

/** The events of a mission, the earliest first. */
export async function eventsOf(store: Store, mission: string): Promise<ScheduledEvent[]> {
  const rows = await store.db
    .selectFrom("scheduled_events")
    .selectAll()
    .where("mission", "=", mission)
    .orderBy("scheduled_at")
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** What is to be done for a number, as far as anybody knows: the carrier has it or may have it, and it is not over. */
export async function eventsToCome(store: Store, number: E164): Promise<ScheduledEvent[]> {
  const rows = await store.db
    .selectFrom("scheduled_events")
    .selectAll()
    .where("recipient", "=", number)
    .where("state", "in", ["intended", "scheduled"])
    .where(({ or, eb }) => or([eb("status", "is", null), eb("status", "not in", ["completed", "failed"])]))
    .where("scheduled_at", ">=", new Date(store.now().getTime() - LONGEST_EVENT_MS).toISOString())
    .orderBy("scheduled_at")
    .execute();
  return rows.map(fromRow);
}

/** An event of which nothing was heard for so long after its time is over. */
export const LONGEST_EVENT_MS = 4 * 60 * 60_000;

function columnsOf(store: Store, progress: EventProgress): Updateable<ScheduledEventTable> {
  const columns = {
    status: progress.status,
    call_status: progress.callStatus,
    conversation_id: progress.conversationId,
    retry_count: progress.retryCount,
    duration_seconds: progress.durationSeconds,
    updated_at: store.now().toISOString(),
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function fromRow(row: Selectable<ScheduledEventTable>): ScheduledEvent {
  return {
    id: row.id,
    ...(row.mission === null ? {} : { mission: row.mission }),
    line: row.line,
    channel: row.channel,
    assistantId: row.assistant_id,
    to: row.recipient,
    from: row.sender,
    ...(row.body === null ? {} : { body: row.body }),
    ...(row.step_id === null ? {} : { stepId: row.step_id }),
    scheduledAt: new Date(row.scheduled_at),
    state: row.state,
    ...(row.carrier_event_id === null ? {} : { carrierEventId: row.carrier_event_id }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.call_status === null ? {} : { callStatus: row.call_status }),
    ...(row.conversation_id === null ? {} : { conversationId: row.conversation_id }),
    ...(row.retry_count === null ? {} : { retryCount: row.retry_count }),
    ...(row.duration_seconds === null ? {} : { durationSeconds: row.duration_seconds }),
  };
}
