/**
 * Owns what is asked of the carrier for a mission: each request is written down before it is sent, and settled with what
 * came of it. The services take no idempotency keys: what is still only intended when somebody looks at it again may have
 * been carried out, and is compared with what the carrier has before it is sent again.
 *
 * | from | to | when |
 * |---|---|---|
 * | - | intended | before it is sent |
 * | intended | done | the carrier has done it |
 * | intended | refused | the carrier has certainly not done it |
 * | refused | intended | it is tried again |
 */
import type { CompiledQuery, Generated, Selectable } from "kysely";
import type { Store } from "./database.ts";
import { type MissionParts, partsStatement } from "./missions.ts";

export type RequestState = "intended" | "done" | "refused";

export interface MissionRequestTable {
  /** In the order they were intended. */
  id: Generated<number>;
  /** Our id of the mission. */
  mission: string;
  /** What kind of request: "create-mission". */
  what: string;
  /** Which one of several of its kind; empty where there is one alone. */
  subject: string;
  /** JSON: what is asked for. */
  body: string;
  state: RequestState;
  /** What the carrier named what it made. */
  carrier_id: string | null;
  /** Why it was refused. */
  detail: string | null;
  intended_at: string;
  settled_at: string | null;
}

export interface MissionRequest {
  readonly id: number;
  readonly mission: string;
  readonly what: string;
  readonly subject: string;
  readonly body: unknown;
  readonly state: RequestState;
  readonly carrierId?: string;
  readonly detail?: string;
  /** When it was last about to be sent. */
  readonly intendedAt: Date;
}

interface RequestName {
  /** Our id of the mission. */
  readonly mission: string;
  readonly what: string;
  /** Default: empty. */
  readonly subject?: string;
}

/** Writes down that a request is about to be sent. What was done before stays done. */
export async function intendRequest(
  store: Store,
  request: RequestName & { readonly body: unknown },
): Promise<MissionRequest> {
  const { mission, what, subject = "" } = request;
  const fresh = {
    body: JSON.stringify(request.body),
    state: "intended",
    carrier_id: null,
    detail: null,
    intended_at: store.now().toISOString(),
    settled_at: null,
  } as const;
  const row = await store.db
    .insertInto("mission_requests")
    .values({ mission, what, subject, ...fresh })
    .onConflict((conflict) =>
      conflict
        .columns(["mission", "what", "subject"])
        .doUpdateSet(fresh)
        .where("mission_requests.state", "!=", "done"),
    )
    .returningAll()
    .executeTakeFirst();
  const found = row === undefined ? await findRequest(store, request) : fromRow(row);
  if (found === undefined) throw new Error("The mission was removed while it was being set up.");
  return found;
}

export async function findRequest(store: Store, request: RequestName): Promise<MissionRequest | undefined> {
  const row = await store.db
    .selectFrom("mission_requests")
    .selectAll()
    .where("mission", "=", request.mission)
    .where("what", "=", request.what)
    .where("subject", "=", request.subject ?? "")
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** All requests of a mission, in order. */
export async function requestsOf(store: Store, mission: string): Promise<MissionRequest[]> {
  const rows = await store.db
    .selectFrom("mission_requests")
    .selectAll()
    .where("mission", "=", mission)
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/**
 * Settles a request as done, with what it made of the mission, at one go.
 *
 * @returns false when it was settled before: then nothing has changed.
 */
export async function settleRequest(
  store: Store,
  id: number,
  done: { readonly mission: string; readonly carrierId?: string | undefined; readonly parts?: MissionParts },
  further: readonly CompiledQuery[] = [],
): Promise<boolean> {
  const settled = store.db
    .updateTable("mission_requests")
    .set({ state: "done", carrier_id: done.carrierId ?? null, settled_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .compile();
  const all = [partsStatement(store, done.mission, done.parts ?? {}), ...further];
  return (await store.together({ onlyIf: settled, all })) !== undefined;
}

/** The carrier has certainly not done it. */
export async function requestRefused(store: Store, id: number, why: string): Promise<void> {
  await store.db
    .updateTable("mission_requests")
    .set({ state: "refused", detail: why, settled_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .execute();
}

function fromRow(row: Selectable<MissionRequestTable>): MissionRequest {
  return {
    id: row.id,
    mission: row.mission,
    what: row.what,
    subject: row.subject,
    body: JSON.parse(row.body),
    state: row.state,
    ...(row.carrier_id === null ? {} : { carrierId: row.carrier_id }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    intendedAt: new Date(row.intended_at),
  };
}
