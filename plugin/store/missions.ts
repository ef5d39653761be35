/**
 * Owns the missions as this side knows them: the name people and agents use for one (its slug), what the carrier named its
 * parts, and how its run stood when we last heard. What a mission remembers, what was asked of the carrier for it and what
 * it has scheduled are in files of their own: mission-memory.ts, mission-requests.ts, scheduled-events.ts.
 */
import { type CompiledQuery, type Insertable, type Selectable, sql } from "kysely";
import type { Store } from "./database.ts";
import { type MemoryValue, memoryRows } from "./mission-memory.ts";

export interface MissionTable {
  id: string;
  /** Unique among those that are not closed. */
  slug: string;
  name: string;
  /** The line it was made on; null for an imported one: whichever line is used. */
  line: string | null;
  carrier_mission_id: string | null;
  run_id: string | null;
  run_status: string | null;
  assistant_id: string | null;
  agent_phone: string | null;
  phone_number_id: string | null;
  /** JSON: what an imported mission had that nobody here knows. */
  extra: string | null;
  created_at: string;
  updated_at: string;
  /** Null as long as it goes on. */
  closed_at: string | null;
}

export interface MissionImportTable {
  /** The file's path, absolute. */
  file: string;
  imported_at: string;
}

/** What the carrier named the parts of a mission, and how its run stands in the carrier's words. */
export interface MissionParts {
  readonly carrierMissionId?: string;
  readonly runId?: string;
  /** "pending", "running", "succeeded", "failed", "cancelled". */
  readonly runStatus?: string;
  readonly assistantId?: string;
  /** E.164. */
  readonly agentPhone?: string;
  readonly phoneNumberId?: string;
}

export interface Mission extends MissionParts {
  /** Ours. */
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly line?: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly closedAt?: Date;
}

export interface NewMission extends MissionParts {
  readonly slug: string;
  readonly name: string;
  readonly line?: string | undefined;
}

/** Adds a mission; undefined when another one that goes on has that slug. */
export async function addMission(store: Store, added: NewMission): Promise<Mission | undefined> {
  const row = await store.db
    .insertInto("missions")
    .values(newMissionRow(store, added))
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : missionFromRow(row);
}

/** The mission of that slug: the one that goes on, else the one closed last. */
export async function findMission(store: Store, slug: string): Promise<Mission | undefined> {
  const row = await store.db
    .selectFrom("missions")
    .selectAll()
    .where("slug", "=", slug)
    .orderBy(sql`closed_at IS NULL`, "desc")
    .orderBy("closed_at", "desc")
    .executeTakeFirst();
  return row === undefined ? undefined : missionFromRow(row);
}

/** The mission whose mission the carrier calls so, the one that goes on first. */
export async function findMissionOfCarrier(
  store: Store,
  carrierMissionId: string,
): Promise<Mission | undefined> {
  const row = await store.db
    .selectFrom("missions")
    .selectAll()
    .where("carrier_mission_id", "=", carrierMissionId)
    .orderBy(sql`closed_at IS NULL`, "desc")
    .executeTakeFirst();
  return row === undefined ? undefined : missionFromRow(row);
}

/** The missions, in the order they were added. */
export async function listMissions(
  store: Store,
  { withClosed = false }: { readonly withClosed?: boolean } = {},
): Promise<Mission[]> {
  const rows = await store.db
    .selectFrom("missions")
    .selectAll()
    .$if(!withClosed, (query) => query.where("closed_at", "is", null))
    .orderBy("created_at")
    .orderBy(sql`rowid`)
    .execute();
  return rows.map(missionFromRow);
}

/** Which of the carrier's ids, of missions or assistants, belong to missions known here. */
export async function knownCarrierIds(
  store: Store,
  kind: "carrier_mission_id" | "assistant_id",
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await store.db.selectFrom("missions").select(kind).where(kind, "in", ids).execute();
  return new Set(rows.flatMap((row) => row[kind] ?? []));
}

/**
 * The missions that were given one of these numbers of an account, the carrier's ids: those that go on first, then those
 * that ended last.
 */
export async function missionsWithNumbers(
  store: Store,
  phoneNumberIds: readonly string[],
): Promise<Mission[]> {
  const rows = await store.db
    .selectFrom("missions")
    .selectAll()
    .where("phone_number_id", "in", phoneNumberIds)
    .orderBy(sql`closed_at IS NULL`, "desc")
    .orderBy("closed_at", "desc")
    .execute();
  return rows.map(missionFromRow);
}

/** How a run stands, as the carrier has just said. Nothing where it is no run of a mission known here. */
export async function noteRunStatus(
  store: Store,
  run: { readonly carrierMissionId: string; readonly runId: string },
  status: string,
): Promise<void> {
  await store.db
    .updateTable("missions")
    .set({ run_status: status, updated_at: store.now().toISOString() })
    .where("carrier_mission_id", "=", run.carrierMissionId)
    .where("run_id", "=", run.runId)
    .execute();
}

/** A mission that was made without a name gets one. Nothing when it has one, or belongs to a line. */
export async function nameMission(
  store: Store,
  { id, slug }: Pick<Mission, "id" | "slug">,
  given: { readonly name: string; readonly line?: string | undefined },
): Promise<void> {
  await store.db
    .updateTable("missions")
    .set({ name: given.name, line: given.line ?? null, updated_at: store.now().toISOString() })
    .where("id", "=", id)
    .where("name", "=", slug)
    .where("line", "is", null)
    .execute();
}

/** How a run stands that nothing more will come of, in the carrier's words. */
export const ENDED_RUN: readonly string[] = ["succeeded", "failed", "cancelled"];

/** Closes a mission: it is over, keeps what it has, and gives its slug free. */
export async function closeMission(store: Store, id: string, runStatus: string): Promise<void> {
  await store.together({ all: [closedStatement(store, id, runStatus)] });
}

/** {@link closeMission}, for `store.together` with other things. */
export function closedStatement(store: Store, id: string, runStatus: string): CompiledQuery {
  const now = store.now().toISOString();
  return store.db
    .updateTable("missions")
    .set({ run_status: runStatus, closed_at: now, updated_at: now })
    .where("id", "=", id)
    .where("closed_at", "is", null)
    .compile();
}

/** Removes a mission with what it remembers and what was asked of the carrier for it. Scheduled events stay: they count. */
export async function removeMission(store: Store, id: string): Promise<void> {
  await store.db.deleteFrom("missions").where("id", "=", id).execute();
}

/** A statement that writes down what the carrier has named. For `store.together`. */
export function partsStatement(store: Store, id: string, parts: MissionParts) {
  return store.db
    .updateTable("missions")
    .set({ ...columnsOf(parts), updated_at: store.now().toISOString() })
    .where("id", "=", id)
    .compile();
}

export interface ImportedMission extends NewMission {
  readonly createdAt?: Date | undefined;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly memory: Readonly<Record<string, MemoryValue>>;
}

/** Whether this file was imported before. */
export async function isImported(store: Store, file: string): Promise<boolean> {
  const row = await store.db
    .selectFrom("mission_imports")
    .select("file")
    .where("file", "=", file)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Imports the missions of a file, all of them at one go and once, whoever else does the same.
 *
 * @throws when a slug is taken by another mission: choose the slugs among those that are free.
 */
export async function importMissions(
  store: Store,
  file: string,
  missions: readonly ImportedMission[],
): Promise<boolean> {
  const now = store.now().toISOString();
  const all = missions.flatMap((mission) => {
    const row = newMissionRow(store, mission);
    const added = store.db.insertInto("missions").values({
      ...row,
      extra: Object.keys(mission.extra).length === 0 ? null : JSON.stringify(mission.extra),
      created_at: mission.createdAt?.toISOString() ?? row.created_at,
    });
    const remembered = Object.entries(mission.memory).flatMap(([key, value]) =>
      memoryRows(store, { mission: row.id, key, value }).map((memory) =>
        store.db.insertInto("mission_memory").values(memory).compile(),
      ),
    );
    return [added.compile(), ...remembered];
  });
  const onlyIf = store.db
    .insertInto("mission_imports")
    .values({ file, imported_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .compile();
  return (await store.together({ onlyIf, all })) !== undefined;
}

/** A mission as it is kept. */
export function newMissionRow(store: Store, added: NewMission): Insertable<MissionTable> {
  const now = store.now().toISOString();
  return {
    id: store.newId(),
    slug: added.slug,
    name: added.name,
    line: added.line ?? null,
    carrier_mission_id: null,
    run_id: null,
    run_status: null,
    assistant_id: null,
    agent_phone: null,
    phone_number_id: null,
    extra: null,
    created_at: now,
    updated_at: now,
    closed_at: null,
    ...columnsOf(added),
  };
}

function columnsOf(parts: MissionParts): Partial<Insertable<MissionTable>> {
  const { carrierMissionId, runId, runStatus, assistantId, agentPhone, phoneNumberId } = parts;
  return {
    ...(carrierMissionId === undefined ? {} : { carrier_mission_id: carrierMissionId }),
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(runStatus === undefined ? {} : { run_status: runStatus }),
    ...(assistantId === undefined ? {} : { assistant_id: assistantId }),
    ...(agentPhone === undefined ? {} : { agent_phone: agentPhone }),
    ...(phoneNumberId === undefined ? {} : { phone_number_id: phoneNumberId }),
  };
}

/** A mission as it is known. */
export function missionFromRow(row: Selectable<MissionTable>): Mission {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    ...(row.line === null ? {} : { line: row.line }),
    ...(row.carrier_mission_id === null ? {} : { carrierMissionId: row.carrier_mission_id }),
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.run_status === null ? {} : { runStatus: row.run_status }),
    ...(row.assistant_id === null ? {} : { assistantId: row.assistant_id }),
    ...(row.agent_phone === null ? {} : { agentPhone: row.agent_phone }),
    ...(row.phone_number_id === null ? {} : { phoneNumberId: row.phone_number_id }),
    extra: row.extra === null ? {} : JSON.parse(row.extra),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(row.closed_at === null ? {} : { closedAt: new Date(row.closed_at) }),
  };
}
