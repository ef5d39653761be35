/**
 * Owns the texts that came in: each is written here before anything else happens to it, known by its carrier's
 * message id, and answered once.
 */
import { sql } from "kysely";
import type { Store } from "./database.ts";

/** Where an inbound text stands. */
export type InboxState = "received" | "answering" | "answered" | "refused" | "failed";

/**
 * Where a text may go from where it stands. `answering` may be entered again: after a restart nobody is
 * working on it any more.
 */
const inboxTransitions: Readonly<Record<InboxState, readonly InboxState[]>> = {
  received: ["answering", "refused", "failed"],
  answering: ["answering", "answered", "refused", "failed"],
  answered: [],
  refused: [],
  failed: [],
};

export interface InboxTable {
  line: string;
  message_id: string;
  sender: string;
  body: string;
  state: InboxState;
  detail: string | null;
  received_at: string;
  updated_at: string;
}

/** One inbound text. */
export interface ReceivedText {
  readonly line: string;
  /** The carrier's id. */
  readonly messageId: string;
  /** As the carrier gave it. */
  readonly from: string;
  readonly body: string;
  readonly receivedAt: Date;
}

/** A text that is not settled yet. */
export interface PendingText extends ReceivedText {
  readonly state: "received" | "answering";
  /**
   * Whether a reply to it has already been written to the outbox. Then the agent has spoken and must not be
   * asked again: what is left of the reply is the outbox's business.
   */
  readonly hasReply: boolean;
}

/** Writes a text down. False when it is known already: the carrier delivered it twice. */
export async function receiveText(store: Store, text: Omit<ReceivedText, "receivedAt">): Promise<boolean> {
  const at = store.now().toISOString();
  const result = await store.db
    .insertInto("inbox")
    .values({
      line: text.line,
      message_id: text.messageId,
      sender: text.from,
      body: text.body,
      state: "received",
      detail: null,
      received_at: at,
      updated_at: at,
    })
    .onConflict((conflict) => conflict.columns(["line", "message_id"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** The texts of a line that are not settled, the oldest first. At start, all of them are to be taken up. */
export async function pendingTexts(store: Store, line: string): Promise<PendingText[]> {
  const rows = await store.db
    .selectFrom("inbox")
    .selectAll()
    .select((select) =>
      select
        .exists(
          select
            .selectFrom("outbox")
            .select(sql<number>`1`.as("one"))
            .whereRef("outbox.line", "=", "inbox.line")
            .whereRef("outbox.in_reply_to", "=", "inbox.message_id"),
        )
        .as("has_reply"),
    )
    .where("line", "=", line)
    .where("state", "in", ["received", "answering"])
    .orderBy("received_at")
    .orderBy(sql`rowid`)
    .execute();
  return rows.map((row) => ({
    line: row.line,
    messageId: row.message_id,
    from: row.sender,
    body: row.body,
    receivedAt: new Date(row.received_at),
    state: row.state === "answering" ? "answering" : "received",
    hasReply: Number(row.has_reply) === 1,
  }));
}

/**
 * Moves a text on. False when it may not go there from where it stands (see {@link inboxTransitions}), for
 * one because somebody else has settled it.
 */
export async function markText(
  store: Store,
  text: { readonly line: string; readonly messageId: string },
  state: InboxState,
  { detail }: { readonly detail?: string | undefined } = {},
): Promise<boolean> {
  const from = (Object.keys(inboxTransitions) as InboxState[]).filter((earlier) =>
    inboxTransitions[earlier].includes(state),
  );
  if (from.length === 0) return false;
  const result = await store.db
    .updateTable("inbox")
    .set({ state, detail: detail ?? null, updated_at: store.now().toISOString() })
    .where("line", "=", text.line)
    .where("message_id", "=", text.messageId)
    .where("state", "in", from)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Whether a text is settled: answered, refused or given up. */
export async function wasAnswered(store: Store, line: string, messageId: string): Promise<boolean> {
  const row = await store.db
    .selectFrom("inbox")
    .select("state")
    .where("line", "=", line)
    .where("message_id", "=", messageId)
    .executeTakeFirst();
  return row !== undefined && inboxTransitions[row.state].length === 0;
}
