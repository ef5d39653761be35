/**
 * Owns how much calling and texting was done since a time: what the limits are measured by. Counted from the calls and
 * the outbox themselves, so that it is the same for every process and after a restart.
 */
import { sql } from "kysely";
import type { Store } from "./database.ts";

export interface CallsDone {
  /** Placed over the line, to whomever. */
  readonly onLine: number;
  /** How long those lasted together; a call that is going on counts as far as it has come. */
  readonly secondsOnLine: number;
  /** Placed to the number, over any line. */
  readonly toNumber: number;
  /** When the last call to the number ended, as far as that is known; else when it was placed. */
  readonly lastToNumber: Date | undefined;
}

/** A call whose end nobody told us of counts as this long at most. */
const LONGEST_UNENDED_SECONDS = 3_600;

/**
 * The calls that went out since a time. Those that are planned, called off or refused did not; those nobody knows the
 * fate of did.
 *
 * @param wanted.number E.164; null counts no number's.
 * @param wanted.before our id of a call: that one is left out, and so is what was asked for after it. Of several that
 *   are asked for at once, each then sees those before it alone.
 */
export async function callsDone(
  store: Store,
  wanted: {
    readonly line: string;
    readonly number: string | null;
    readonly since: Date;
    readonly before?: string | undefined;
  },
): Promise<CallsDone> {
  const { line, number, since, before } = wanted;
  const now = store.now().toISOString();
  const began = sql`coalesce(started_at, created_at)`;
  const lasted = sql`coalesce(
    duration_seconds,
    CASE
      WHEN ended_at IS NOT NULL THEN unixepoch(ended_at, 'subsec') - unixepoch(${began}, 'subsec')
      WHEN started_at IS NOT NULL THEN min(
        ${LONGEST_UNENDED_SECONDS}, unixepoch(${now}, 'subsec') - unixepoch(started_at, 'subsec')
      )
    END,
    0
  )`;
  const isEarlier =
    before === undefined
      ? sql`true`
      : sql`(created_at, rowid) < (SELECT mine.created_at, mine.rowid FROM calls AS mine WHERE mine.id = ${before})`;
  const { rows } = await sql<{ on_line: number; seconds: number; to_number: number; last: string | null }>`
    SELECT
      count(*) FILTER (WHERE line = ${line}) AS on_line,
      coalesce(sum(max(0, ${lasted})) FILTER (WHERE line = ${line}), 0) AS seconds,
      count(*) FILTER (WHERE callee = ${number}) AS to_number,
      max(coalesce(ended_at, created_at)) FILTER (WHERE callee = ${number}) AS last
    FROM calls
    WHERE direction = 'outbound'
      AND created_at >= ${since.toISOString()}
      AND state NOT IN ('planned', 'canceled', 'refused')
      AND ${isEarlier}
  `.execute(store.db);
  const row = rows[0];
  return {
    onLine: row?.on_line ?? 0,
    secondsOnLine: row?.seconds ?? 0,
    toNumber: row?.to_number ?? 0,
    lastToNumber: row?.last ? new Date(row.last) : undefined,
  };
}

/**
 * How many messages went out over a line since a time, those included that may have gone or are still to go.
 *
 * @param wanted.before the outbox id of a message: it and those written down after it are left out.
 */
export async function messagesDone(
  store: Store,
  wanted: { readonly line: string; readonly since: Date; readonly before?: number | undefined },
): Promise<number> {
  const row = await store.db
    .selectFrom("outbox")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("line", "=", wanted.line)
    .where("created_at", ">=", wanted.since.toISOString())
    .where("state", "!=", "failed")
    .$if(wanted.before !== undefined, (query) => query.where("id", "<", wanted.before ?? 0))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}
