/**
 * Owns what is to be said about a mission: to the server that shows it, and to its owner. Each is written down in the
 * transaction of the change it tells of, and sent in order, until it is done or certainly refused.
 *
 * | from | to | when |
 * |---|---|---|
 * | - | waiting | something has changed |
 * | waiting | sending | before it is sent |
 * | sending | waiting | it certainly was not carried out, and is tried again |
 * | sending | sending | it may have been carried out, and is looked for before it is sent again |
 * | sending | done, refused | it was carried out; it never will be |
 */
import type { CompiledQuery, Generated, Selectable } from "kysely";
import type { Store } from "./database.ts";

/**
 * The server hears everything in order, and so does the owner; neither waits for the other. What is taken back does not
 * wait for what the server would not hear before: somebody would be called meanwhile.
 */
export type UpdateLane = "server" | "cancel" | "owner";

export type UpdateKind =
  | "update-step"
  | "log-event"
  | "update-run"
  | "update-assistant"
  | "cancel-event"
  | "tell-owner";

export type UpdateState = "waiting" | "sending" | "done" | "refused";

export interface MissionUpdateTable {
  /** In the order they were written. */
  id: Generated<number>;
  mission: string;
  lane: UpdateLane;
  what: UpdateKind;
  /** By which it is known again in the server's lists. */
  key: string;
  target: number | null;
  /** JSON. */
  body: string;
  state: UpdateState;
  tries: number;
  next_at: string;
  detail: string | null;
  created_at: string;
  settled_at: string | null;
}

export interface MissionUpdate {
  readonly id: number;
  /** Our id of the mission. */
  readonly mission: string;
  readonly lane: UpdateLane;
  readonly what: UpdateKind;
  readonly key: string;
  /** Our id of the target it is about. */
  readonly target?: number;
  readonly body: unknown;
  readonly state: UpdateState;
  readonly tries: number;
  readonly nextAt: Date;
  /** Why it was refused, or did not get through. */
  readonly detail?: string;
}

export interface NewUpdate {
  readonly mission: string;
  readonly what: UpdateKind;
  readonly target?: number | undefined;
  readonly body: object;
}

const LANES: Partial<Record<UpdateKind, UpdateLane>> = { "tell-owner": "owner", "cancel-event": "cancel" };

/** Something is to be said. For `store.together`. */
export function newUpdateStatement(store: Store, { mission, what, target, body }: NewUpdate): CompiledQuery {
  const now = store.now().toISOString();
  return store.db
    .insertInto("mission_updates")
    .values({
      mission,
      lane: LANES[what] ?? "server",
      what,
      key: store.newId(),
      target: target ?? null,
      body: JSON.stringify(body),
      state: "waiting",
      tries: 0,
      next_at: now,
      detail: null,
      created_at: now,
      settled_at: null,
    })
    .compile();
}

/** What is to be sent to the server next of a mission, one of each lane, what is taken back first; none when all has been. */
export async function nextUpdates(store: Store, mission: string): Promise<MissionUpdate[]> {
  const first = async (lane: UpdateLane) =>
    await store.db
      .selectFrom("mission_updates")
      .selectAll()
      .where("mission", "=", mission)
      .where("lane", "=", lane)
      .where("settled_at", "is", null)
      .orderBy("id")
      .executeTakeFirst();
  const rows = [await first("cancel"), await first("server")];
  return rows.flatMap((row) => (row === undefined ? [] : [fromRow(row)]));
}

/** Whether something of this kind is still to be sent. */
export async function isToBeSent(store: Store, mission: string, what: UpdateKind): Promise<boolean> {
  const row = await store.db
    .selectFrom("mission_updates")
    .select("id")
    .where("mission", "=", mission)
    .where("what", "=", what)
    .where("settled_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** What was said last of this kind about a target; undefined when nothing was. */
export async function lastUpdate(
  store: Store,
  mission: string,
  what: UpdateKind,
  target: number,
): Promise<MissionUpdate | undefined> {
  const row = await store.db
    .selectFrom("mission_updates")
    .selectAll()
    .where("target", "=", target)
    .where("mission", "=", mission)
    .where("what", "=", what)
    .orderBy("id", "desc")
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** What was and is to be said about a mission, in order. */
export async function updatesOf(store: Store, mission: string): Promise<MissionUpdate[]> {
  const rows = await store.db
    .selectFrom("mission_updates")
    .selectAll()
    .where("mission", "=", mission)
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** What the owners of all missions have not been told yet, in order. */
export async function untoldUpdates(store: Store): Promise<MissionUpdate[]> {
  const rows = await store.db
    .selectFrom("mission_updates")
    .selectAll()
    .where("lane", "=", "owner")
    .where("settled_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** The owner has been told. */
export async function updateTold(store: Store, id: number): Promise<void> {
  await store.together({ all: [updateSettledStatement(store, id, "done")] });
}

/** It is about to be sent. */
export async function updateSending(store: Store, id: number): Promise<void> {
  await store.db
    .updateTable("mission_updates")
    .set(({ eb }) => ({ state: "sending", tries: eb("tries", "+", 1) }))
    .where("id", "=", id)
    .where("state", "in", ["waiting", "sending"])
    .execute();
}

/** It did not get through, as far as anybody knows. @param again.isOpen whether it may have been carried out. */
export async function updateDelayed(
  store: Store,
  id: number,
  again: { readonly isOpen: boolean; readonly at: Date; readonly why: string },
): Promise<void> {
  await store.db
    .updateTable("mission_updates")
    .set({
      state: again.isOpen ? "sending" : "waiting",
      next_at: again.at.toISOString(),
      detail: again.why,
    })
    .where("id", "=", id)
    .where("state", "=", "sending")
    .execute();
}

/** It was carried out, or never will be. For `store.together`. */
export function updateSettledStatement(
  store: Store,
  id: number,
  state: "done" | "refused",
  why?: string,
): CompiledQuery {
  return store.db
    .updateTable("mission_updates")
    .set({ state, detail: why ?? null, settled_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("state", "in", ["waiting", "sending"])
    .compile();
}

function fromRow(row: Selectable<MissionUpdateTable>): MissionUpdate {
  return {
    id: row.id,
    mission: row.mission,
    lane: row.lane,
    what: row.what,
    key: row.key,
    ...(row.target === null ? {} : { target: row.target }),
    body: JSON.parse(row.body),
    state: row.state,
    tries: row.tries,
    nextAt: new Date(row.next_at),
    ...(row.detail === null ? {} : { detail: row.detail }),
  };
}
