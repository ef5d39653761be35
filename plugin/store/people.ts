/**
 * Owns removing a person: everything the store knows by their number or keeps of their words. What stays says nothing of
 * them: that a line placed a call or sent a message at that time, which the limits and the owner's bill count.
 */
import { sql } from "kysely";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { type E164, parsePhoneNumber } from "../config/phone-number.ts";
import type { Store } from "./database.ts";
import { dueStatement, FOLLOWED_STATES, NEXT_REVISION } from "./mission-work.ts";
import { eventsToCome } from "./scheduled-events.ts";

/** What was removed, and what could not be. */
export interface Forgotten {
  /** Calls with the person, planned ones included. */
  readonly calls: number;
  /** Texts to and from them. */
  readonly texts: number;
  /** Elsewhere, in what was said and written with others: texts from which the number was taken out. */
  readonly mentions: number;
  /** Calls with them that may be going on: they are still there. */
  readonly openCalls: number;
  /** What missions have scheduled with them and is still to come: it is still there. */
  readonly scheduledEvents: number;
  /** Whether the number stays on the do-not-call list, without the words that put it there. */
  readonly isDoNotCall: boolean;
  /** Whether nothing of it stands in the files any more; false while another process reads. */
  readonly isErased: boolean;
}

/** A call of which nothing was heard for so long is not going on any more. */
const LONGEST_CALL_MS = 4 * 60 * 60_000;

/** Removes a person. Doing it again removes what has come since. */
export async function forgetPerson(store: Store, number: E164): Promise<Forgotten> {
  const { db } = store;
  const now = store.now();
  const liveSince = new Date(now.getTime() - LONGEST_CALL_MS).toISOString();
  const mayGoOn = sql<boolean>`(
    calls.state IN ('intended', 'unsettled', 'placed', 'started') AND calls.created_at >= ${liveSince}
  )`;
  const open = await db
    .selectFrom("calls")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("callee", "=", number)
    .where(mayGoOn)
    .executeTakeFirst();
  await db
    .deleteFrom("call_lines")
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("calls")
          .select("calls.id")
          .whereRef("calls.line", "=", "call_lines.line")
          .whereRef("calls.carrier_call_id", "=", "call_lines.carrier_call_id")
          .where("calls.callee", "=", number)
          .where(sql<boolean>`NOT ${mayGoOn}`),
      ),
    )
    .execute();
  const neverPlaced = await db
    .deleteFrom("calls")
    .where("callee", "=", number)
    .where("state", "in", ["planned", "canceled", "refused"])
    .executeTakeFirst();
  const placed = await db
    .updateTable("calls")
    .set({
      state: "ended",
      callee: null,
      carrier_call_id: null,
      carrier_job_id: null,
      purpose: null,
      greeting: null,
      context: null,
      transcript: null,
      detail: null,
      voicemail_message: null,
      asked_in: null,
      ended_at: sql`coalesce(ended_at, created_at)`,
      told_at: sql`coalesce(told_at, ${now.toISOString()})`,
    })
    .where("callee", "=", number)
    .where(sql<boolean>`NOT ${mayGoOn}`)
    .executeTakeFirst();
  const unsent = await db
    .deleteFrom("outbox")
    .where("recipient", "=", number)
    .where("state", "not in", ["sent", "reported"])
    .executeTakeFirst();
  const sent = await db
    .updateTable("outbox")
    .set({
      recipient: "",
      body: "",
      media_urls: "[]",
      carrier_message_id: null,
      in_reply_to: null,
      detail: null,
    })
    .where("recipient", "=", number)
    .executeTakeFirst();
  const received = await deleteTextsFrom(store, number);
  const mentions = await removeMentions(store, number);
  const scheduled = await forgetInMissions(store, number);
  const listed = await db
    .updateTable("do_not_call")
    .set({ words: null })
    .where("number", "=", number)
    .executeTakeFirst();
  // What was deleted still stands in the journal beside the file until it is emptied. Another process that reads just
  // now can prevent that; SQLite empties it later by itself.
  const emptied = await sql<{ readonly busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  return {
    calls: Number(neverPlaced.numDeletedRows + placed.numUpdatedRows),
    texts: Number(unsent.numDeletedRows + sent.numUpdatedRows) + received,
    mentions,
    openCalls: Number(open?.count ?? 0),
    scheduledEvents: scheduled,
    isDoNotCall: listed.numUpdatedRows === 1n,
    isErased: emptied.rows[0]?.busy === 0,
  };
}

/** Where somebody's number can stand in what was said and written with others. */
const TOLD = {
  calls: ["purpose", "greeting", "context", "transcript", "detail", "voicemail_message"],
  call_lines: ["words"],
  inbox: ["body", "detail"],
  outbox: ["body", "detail"],
  do_not_call: ["words"],
  mission_plans: ["reason", "summary"],
  mission_targets: ["transcript", "insight", "reply", "quote", "detail"],
  mission_updates: ["body", "detail"],
} as const;

/** Takes a number out of everything else, however it is written there. What the owner was asked about it goes as a whole. */
async function removeMentions({ db }: Store, number: E164): Promise<number> {
  const pattern = writtenForms(number);
  const approvals = await db
    .deleteFrom("approvals")
    .where("status", "!=", "pending")
    .where(({ fn, or, val }) =>
      or(
        (["action", "details"] as const).map(
          (column) => sql<boolean>`${sql.ref(column)} <> ${fn("without", [column, val(pattern)])}`,
        ),
      ),
    )
    .executeTakeFirst();
  let count = Number(approvals.numDeletedRows);
  for (const [table, columns] of Object.entries(TOLD)) {
    for (const column of columns) {
      const [name, place] = [sql.ref(column), sql.table(table)];
      // What is left of calls with the person themselves may be going on.
      const isElsewhere = table === "calls" ? sql`callee IS NOT ${number}` : sql`true`;
      const { numAffectedRows = 0n } = await sql`
        UPDATE ${place} SET ${name} = without(${name}, ${pattern})
        WHERE ${name} <> without(${name}, ${pattern}) AND ${isElsewhere}
      `.execute(db);
      count += Number(numAffectedRows);
    }
  }
  return count;
}

/** What people put between the digits of a number; the dashes too that only look like hyphens. */
const BETWEEN = "[\\s().\\/\\u2010-\\u2015-]{0,3}";
/** A shorter number is taken for one only with its country code: anything could be written so. */
const TELLING_DIGITS = 7;

/** A regular expression for a number with and without its country code, in whatever groups. */
function writtenForms(number: E164): string {
  const known = parsePhoneNumberFromString(number);
  const country = known?.countryCallingCode ?? "";
  const national = number.slice(1 + country.length);
  const spread = (digits: string) => [...digits].join(BETWEEN);
  const international = `(?:\\+|00)?${spread(country)}${BETWEEN}(?:\\(?0\\)?)?${BETWEEN}`;
  const beginning = national.length < TELLING_DIGITS ? international : `(?:${international}|0)?`;
  return `(?<!\\d)${beginning}${spread(national)}(?!\\d)`;
}

/** What missions keep of a person. @returns how many events with them are still to come: those stay. */
async function forgetInMissions(store: Store, number: E164): Promise<number> {
  const { db } = store;
  const toCome = (await eventsToCome(store, number)).map(({ id }) => id);
  await db
    .updateTable("scheduled_events")
    .set({ recipient: "", body: null, conversation_id: null, carrier_event_id: null, detail: null })
    .where("recipient", "=", number)
    .$if(toCome.length > 0, (query) => query.where("id", "not in", toCome))
    .execute();
  // The rows stay: the items of a list are counted by their places.
  await db
    .updateTable("mission_memory")
    .set({ value: "null" })
    .where(sql<boolean>`instr(value, ${number}) > 0`)
    .execute();
  await db
    .updateTable("mission_requests")
    .set({ body: "null" })
    .where("state", "=", "done")
    .where(sql<boolean>`instr(body, ${number}) > 0`)
    .execute();
  await forgetTargets(store, number);
  return toCome.length;
}

/** Targets of missions: who waits is not called any more; who is being called stays until that is over. */
async function forgetTargets(store: Store, number: E164): Promise<void> {
  const { db } = store;
  const targets = await db
    .selectFrom("mission_targets")
    .select(["id", "mission", "name"])
    .where("number", "=", number)
    .where("state", "not in", FOLLOWED_STATES)
    .execute();
  if (targets.length === 0) return;
  const ids = targets.map(({ id }) => id);
  await store.together({
    all: [
      db
        .updateTable("mission_targets")
        .set({
          number: "",
          name: "",
          facts: "{}",
          text: null,
          event_id: null,
          conversation_id: null,
          transcript: "[]",
          insight: null,
          reply: null,
          quote: null,
          detail: null,
          revision: NEXT_REVISION,
        })
        .where("id", "in", ids)
        .compile(),
      db
        .updateTable("mission_targets")
        .set({ state: "dropped", next_at: null })
        .where("id", "in", ids)
        .where("state", "=", "waiting")
        .compile(),
      db
        .updateTable("mission_updates")
        .set({ body: "null", detail: null })
        .where(({ or, and, eb }) =>
          or([
            eb("target", "in", ids),
            // What was learned from them was told to the assistant, for its next calls.
            and([
              eb("mission", "in", [...new Set(targets.map(({ mission }) => mission))]),
              eb("what", "=", "update-assistant"),
            ]),
          ]),
        )
        .where("settled_at", "is not", null)
        .compile(),
      db
        .updateTable("mission_decisions")
        .set({ answer: null })
        .where("target", "in", ids)
        .where("state", "=", "answered")
        .compile(),
      // By name, where it does not say the number.
      ...targets.map(({ mission, name }) =>
        db
          .updateTable("mission_memory")
          .set({ value: "null" })
          .where("mission", "=", mission)
          .where(sql<boolean>`instr(value, ${JSON.stringify(name)}) > 0`)
          .compile(),
      ),
      ...targets.map(({ mission }) => dueStatement(store, mission, store.now())),
    ],
  });
}

/** A sender stands there as the carrier wrote it. */
async function deleteTextsFrom({ db }: Store, number: E164): Promise<number> {
  const senders = await db.selectFrom("inbox").select("sender").distinct().execute();
  const written = senders.map(({ sender }) => sender).filter((sender) => parsePhoneNumber(sender) === number);
  if (written.length === 0) return 0;
  const result = await db.deleteFrom("inbox").where("sender", "in", written).executeTakeFirst();
  return Number(result.numDeletedRows);
}
