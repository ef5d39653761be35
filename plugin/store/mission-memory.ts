/**
 * Owns what a mission remembers: values by name, and lists that grow. Each item of a list is a row of its own, so that
 * adding one costs the same however long the list is.
 *
 * A name has one row at position 0: its value (`value`), or the sign that it is a list (`list`). A list's items (`item`)
 * follow from position 1 on.
 */
import { type CompiledQuery, type Insertable, sql } from "kysely";
import type { Store } from "./database.ts";

export interface MissionMemoryTable {
  /** Our id of the mission. */
  mission: string;
  key: string;
  position: number;
  kind: "value" | "list" | "item";
  /** JSON; null for the sign. */
  value: string | null;
  saved_at: string;
}

/** Whatever JSON can say. */
export type MemoryValue =
  | string
  | number
  | boolean
  | null
  | readonly MemoryValue[]
  | { readonly [name: string]: MemoryValue };

interface Place {
  /** Our id of the mission. */
  readonly mission: string;
  readonly key: string;
}

/** Saves a value in place of what was there. */
export async function saveMemory(store: Store, place: Place, value: MemoryValue): Promise<void> {
  const { db } = store;
  await store.together({
    all: [
      db
        .deleteFrom("mission_memory")
        .where("mission", "=", place.mission)
        .where("key", "=", place.key)
        .compile(),
      ...memoryRows(store, { ...place, value }).map((row) =>
        db.insertInto("mission_memory").values(row).compile(),
      ),
      touched(store, place.mission),
    ],
  });
}

/**
 * Adds an item to a list. Where there is nothing, it begins one; where there is a single value, that becomes the first
 * item.
 *
 * @returns how many items the list has now.
 */
export async function appendMemory(store: Store, place: Place, item: MemoryValue): Promise<number> {
  const [, , added] = (await store.together({ all: appendStatements(store, place, item) })) ?? [];
  return Number(added?.[0]?.position);
}

/** {@link appendMemory}, for `store.together` with other things. */
export function appendStatements(store: Store, { mission, key }: Place, item: MemoryValue): CompiledQuery[] {
  const { db } = store;
  const now = store.now().toISOString();
  return [
    db
      .updateTable("mission_memory")
      .set({ position: 1, kind: "item" })
      .where("mission", "=", mission)
      .where("key", "=", key)
      .where("position", "=", 0)
      .where("kind", "=", "value")
      .compile(),
    db
      .insertInto("mission_memory")
      .values({ mission, key, position: 0, kind: "list", value: null, saved_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .compile(),
    sql`
      INSERT INTO mission_memory (mission, key, position, kind, value, saved_at)
      SELECT ${mission}, ${key}, max(position) + 1, 'item', ${JSON.stringify(item)}, ${now}
      FROM mission_memory WHERE mission = ${mission} AND key = ${key}
      RETURNING position
    `.compile(db),
    touched(store, mission),
  ];
}

/** All a mission remembers, by name. */
export async function memoryOf(store: Store, mission: string): Promise<Record<string, MemoryValue>> {
  return await remembered(store, mission);
}

/** What is remembered under a name; undefined when nothing is. */
export async function memoryAt(store: Store, { mission, key }: Place): Promise<MemoryValue | undefined> {
  const found = await remembered(store, mission, key);
  return Object.hasOwn(found, key) ? found[key] : undefined;
}

/** The rows a value is kept as. */
export function memoryRows(
  store: Store,
  { mission, key, value }: Place & { readonly value: MemoryValue },
): Insertable<MissionMemoryTable>[] {
  const row = (position: number, kind: MissionMemoryTable["kind"], kept: MemoryValue | undefined) => ({
    mission,
    key,
    position,
    kind,
    value: kept === undefined ? null : JSON.stringify(kept),
    saved_at: store.now().toISOString(),
  });
  if (!isList(value)) return [row(0, "value", value)];
  return [row(0, "list", undefined), ...value.map((item, index) => row(index + 1, "item", item))];
}

async function remembered(
  { db }: Store,
  mission: string,
  key?: string,
): Promise<Record<string, MemoryValue>> {
  const rows = await db
    .selectFrom("mission_memory")
    .select(["key", "kind", "value"])
    .where("mission", "=", mission)
    .$if(key !== undefined, (query) => query.where("key", "=", key ?? ""))
    .orderBy("key")
    .orderBy("position")
    .execute();
  const found = new Map<string, MemoryValue>();
  for (const { key: name, kind, value } of rows) {
    const parsed: MemoryValue = value === null ? [] : JSON.parse(value);
    const list = found.get(name);
    if (kind === "item" && list !== undefined && isList(list)) (list as MemoryValue[]).push(parsed);
    else found.set(name, parsed);
  }
  // From a map: a name may be "__proto__".
  return Object.fromEntries(found);
}

function touched(store: Store, mission: string) {
  return store.db
    .updateTable("missions")
    .set({ updated_at: store.now().toISOString() })
    .where("id", "=", mission)
    .compile();
}

function isList(value: MemoryValue): value is readonly MemoryValue[] {
  return Array.isArray(value);
}
