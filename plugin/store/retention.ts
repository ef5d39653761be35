/** Owns how long texts and calls are kept: what is older is deleted, whoever it is with. */
import { sql } from "kysely";
import type { Store } from "./database.ts";
import { ENDED_STATES } from "./mission-work.ts";
import { ENDED_RUN } from "./missions.ts";

/** What was deleted. */
export interface Pruned {
  readonly calls: number;
  readonly texts: number;
  readonly approvals: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Deletes the texts, calls, approvals and missions that are over and older than the owner wants them kept, with what was
 * said on the calls. Calls that are still to be placed stay, and so do the numbers of the do-not-call list, without the words that put
 * them there.
 *
 * @param wanted.retentionDays 0 keeps everything.
 */
export async function pruneStore(
  store: Store,
  { retentionDays }: { readonly retentionDays: number },
): Promise<Pruned> {
  if (retentionDays <= 0) return { calls: 0, texts: 0, approvals: 0 };
  const { db } = store;
  const oldest = new Date(store.now().getTime() - retentionDays * DAY_MS).toISOString();
  await db.deleteFrom("call_lines").where("at", "<", oldest).execute();
  const calls = await db
    .deleteFrom("calls")
    .where("state", "!=", "planned")
    .where(sql<boolean>`coalesce(ended_at, started_at, created_at) < ${oldest}`)
    .executeTakeFirst();
  const received = await db.deleteFrom("inbox").where("received_at", "<", oldest).executeTakeFirst();
  const sent = await db.deleteFrom("outbox").where("created_at", "<", oldest).executeTakeFirst();
  const approvals = await db.deleteFrom("approvals").where("expires_at", "<", oldest).executeTakeFirst();
  await db.updateTable("do_not_call").set({ words: null }).where("added_at", "<", oldest).execute();
  await db
    .deleteFrom("missions")
    .where(({ or, and, eb }) =>
      or([
        eb("closed_at", "<", oldest),
        // Over for the carrier, whether or not anybody has closed it here.
        and([
          eb("closed_at", "is", null),
          eb("run_status", "in", ENDED_RUN),
          eb("updated_at", "<", oldest),
          // What the engine still works on is not over, whatever the carrier thinks.
          sql<boolean>`NOT EXISTS (
            SELECT 1 FROM mission_plans
            WHERE mission_plans.mission = missions.id AND mission_plans.state NOT IN (${sql.join(ENDED_STATES)})
          )`,
        ]),
      ]),
    )
    .execute();
  await db.deleteFrom("scheduled_events").where("scheduled_at", "<", oldest).execute();
  return {
    calls: Number(calls.numDeletedRows),
    texts: Number(received.numDeletedRows + sent.numDeletedRows),
    approvals: Number(approvals.numDeletedRows),
  };
}
