/** Owns the list of numbers that are neither called nor texted: those who asked for it, and those the owner put there. */
import type { Selectable } from "kysely";
import type { E164 } from "../config/phone-number.ts";
import type { Store } from "./database.ts";

/** How a number came on the list: by a text from it, by words on a call with it, by the owner's command. */
export type DoNotCallSource = "text" | "call" | "owner";

export interface DoNotCallTable {
  /** E.164. */
  number: string;
  source: DoNotCallSource;
  /** What was written or said; null when the owner put the number there, and once the person is forgotten. */
  words: string | null;
  added_at: string;
}

/** A number that is neither called nor texted. */
export interface DoNotCallEntry {
  /** E.164. */
  readonly number: string;
  readonly source: DoNotCallSource;
  /** What was written or said: somebody else's words. */
  readonly words?: string;
  readonly addedAt: Date;
}

/**
 * Puts a number on the list. False when it is on it already: the first entry stays, but what the owner puts there is the
 * owner's from then on.
 */
export async function addDoNotCall(
  store: Store,
  entry: { readonly number: E164; readonly source: DoNotCallSource; readonly words?: string | undefined },
): Promise<boolean> {
  const result = await store.db
    .insertInto("do_not_call")
    .values({
      number: entry.number,
      source: entry.source,
      words: entry.words ?? null,
      added_at: store.now().toISOString(),
    })
    .onConflict((conflict) => conflict.column("number").doNothing())
    .executeTakeFirst();
  const isNew = result.numInsertedOrUpdatedRows === 1n;
  if (!isNew && entry.source === "owner") {
    await store.db
      .updateTable("do_not_call")
      .set({ source: "owner" })
      .where("number", "=", entry.number)
      .execute();
  }
  return isNew;
}

/**
 * Takes a number off the list. False when it is not on it.
 *
 * @param how.unlessBy leaves an entry that came there so.
 */
export async function removeDoNotCall(
  store: Store,
  number: E164,
  { unlessBy }: { readonly unlessBy?: DoNotCallSource } = {},
): Promise<boolean> {
  const result = await store.db
    .deleteFrom("do_not_call")
    .where("number", "=", number)
    .$if(unlessBy !== undefined, (query) => query.where("source", "!=", unlessBy ?? "owner"))
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** The entry of a number; undefined when it may be called and texted. */
export async function findDoNotCall(store: Store, number: string): Promise<DoNotCallEntry | undefined> {
  const row = await store.db
    .selectFrom("do_not_call")
    .selectAll()
    .where("number", "=", number)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** The whole list, the newest entry first. */
export async function listDoNotCall(store: Store): Promise<DoNotCallEntry[]> {
  const rows = await store.db
    .selectFrom("do_not_call")
    .selectAll()
    .orderBy("added_at", "desc")
    .orderBy("number")
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: Selectable<DoNotCallTable>): DoNotCallEntry {
  return {
    number: row.number,
    source: row.source,
    ...(row.words === null ? {} : { words: row.words }),
    addedAt: new Date(row.added_at),
  };
}
