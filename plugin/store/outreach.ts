/**
 * Owns how much calling and texting was done since a time: what the limits are measured by. Counted from the calls, the
 * outbox and what the carriers were told to do at a time, so that it is the same for every process and after a restart.
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
  /** When the last call to the number ended, as far as that is known; else when it was placed. None after `at`. */
  readonly lastToNumber: Date | undefined;
  /** For when the next call to the number after `at` is scheduled. */
  readonly nextToNumber: Date | undefined;
}

/** Of which days something is counted. */
interface Period {
  readonly since: Date;
  /** Not included. Default: no end. */
  readonly until?: Date | undefined;
  /** Our id of a scheduled event: it and those written down after it are left out. */
  readonly beforeEvent?: number | undefined;
}

/** ISO 8601 texts are compared, and this one comes after all of them. */
const NO_END = "~";

/** A call whose end nobody told us of counts as this long at most. */
const LONGEST_UNENDED_SECONDS = 3_600;

/**
 * The calls that went out since a time, and those the carrier was told to place until another. Those that are planned,
 * called off or refused did not; those nobody knows the fate of did.
 *
 * @param wanted.at what counts as now. Default: the store's clock.
 * @param wanted.number E.164; null counts no number's.
 * @param wanted.before our id of a call: that one is left out, and so is what was asked for after it. Of several that
 *   are asked for at once, each then sees those before it alone.
 */
export async function callsDone(
  store: Store,
  wanted: {
    readonly line: string;
    readonly number: string | null;
    readonly before?: string | undefined;
    readonly at?: Date | undefined;
  } & Period,
): Promise<CallsDone> {
  const { line, number, since, before } = wanted;
  const now = store.now().toISOString();
  const at = (wanted.at ?? store.now()).toISOString();
  const until = wanted.until?.toISOString() ?? NO_END;
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
  const { rows } = await sql<{
    on_line: number;
    seconds: number;
    to_number: number;
    last: string | null;
    next: string | null;
  }>`
    WITH done (line, number, seconds, at) AS (
      SELECT line, callee, max(0, ${lasted}), coalesce(ended_at, created_at)
      FROM calls
      WHERE direction = 'outbound'
        AND created_at >= ${since.toISOString()}
        AND created_at < ${until}
        AND state NOT IN ('planned', 'canceled', 'refused')
        AND ${isEarlier}
      UNION ALL
      SELECT line, recipient, coalesce(duration_seconds, 0), scheduled_at
      FROM scheduled_events
      WHERE channel = 'call' AND ${isScheduled(wanted)}
    )
    SELECT
      count(*) FILTER (WHERE line = ${line}) AS on_line,
      coalesce(sum(seconds) FILTER (WHERE line = ${line}), 0) AS seconds,
      count(*) FILTER (WHERE number = ${number}) AS to_number,
      max(at) FILTER (WHERE number = ${number} AND at <= ${at}) AS last,
      min(at) FILTER (WHERE number = ${number} AND at > ${at}) AS next
    FROM done
  `.execute(store.db);
  const row = rows[0];
  return {
    onLine: row?.on_line ?? 0,
    secondsOnLine: row?.seconds ?? 0,
    toNumber: row?.to_number ?? 0,
    lastToNumber: row?.last ? new Date(row.last) : undefined,
    nextToNumber: row?.next ? new Date(row.next) : undefined,
  };
}

/** Whether an event falls into the period, and the carrier has it or may have it. */
function isScheduled({ since, until, beforeEvent }: Period) {
  const isEarlier = beforeEvent === undefined ? sql`true` : sql`id < ${beforeEvent}`;
  return sql<boolean>`scheduled_at >= ${since.toISOString()}
    AND scheduled_at < ${until?.toISOString() ?? NO_END}
    AND state IN ('intended', 'scheduled')
    AND ${isEarlier}`;
}

/**
 * How many messages went out over a line since a time, those included that may have gone or are still to go, and those
 * the carrier was told to send until another time.
 *
 * @param wanted.before the outbox id of a message: it and those written down after it are left out.
 */
export async function messagesDone(
  store: Store,
  wanted: { readonly line: string; readonly before?: number | undefined } & Period,
): Promise<number> {
  const row = await store.db
    .selectFrom("outbox")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("line", "=", wanted.line)
    .where("created_at", ">=", wanted.since.toISOString())
    .where("created_at", "<", wanted.until?.toISOString() ?? NO_END)
    .where("state", "!=", "failed")
    .$if(wanted.before !== undefined, (query) => query.where("id", "<", wanted.before ?? 0))
    .executeTakeFirst();
  const scheduled = await store.db
    .selectFrom("scheduled_events")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("line", "=", wanted.line)
    .where("channel", "=", "sms")
    .where(isScheduled(wanted))
    .executeTakeFirst();
  return Number(row?.count ?? 0) + Number(scheduled?.count ?? 0);
}

/** Whether a number was ever called or texted by us, as far as that is still kept. */
export async function wasContacted({ db }: Store, number: string): Promise<boolean> {
  const call = await db.selectFrom("calls").select("id").where("callee", "=", number).executeTakeFirst();
  if (call !== undefined) return true;
  const text = await db.selectFrom("outbox").select("id").where("recipient", "=", number).executeTakeFirst();
  return text !== undefined;
}
