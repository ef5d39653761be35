/**
 * Owns the texts that go out: each is written here before it is sent, so that after a crash it is known what
 * was meant to go, what has gone, and what nobody knows about.
 */
import type { Generated, Selectable } from "kysely";
import type { Store } from "./database.ts";

/**
 * Where an outbound text stands.
 *
 * - `planned`: written down; no request was made.
 * - `sending`: a request is being made, or was when the process died.
 * - `unsettled`: the request was made and its answer was lost.
 * - `sent`: the carrier has it.
 * - `failed`: the carrier does not have it.
 * - `reported`: nobody can tell; the owner has been told.
 */
type OutboxState = "planned" | "sending" | "unsettled" | "sent" | "failed" | "reported";

/** Where a text may go from where it stands. */
const outboxTransitions: Readonly<Record<OutboxState, readonly OutboxState[]>> = {
  planned: ["sending", "failed"],
  sending: ["sending", "unsettled", "sent", "failed", "reported"],
  unsettled: ["sending", "sent", "failed", "reported"],
  sent: [],
  failed: [],
  reported: [],
};

const UNFINISHED = ["planned", "sending", "unsettled"] as const;

export interface OutboxTable {
  id: Generated<number>;
  line: string;
  recipient: string;
  body: string;
  /** JSON array. */
  media_urls: string;
  text_id: string;
  sequence: number;
  in_reply_to: string | null;
  resend: 0 | 1;
  state: OutboxState;
  carrier_message_id: string | null;
  detail: string | null;
  created_at: string;
  updated_at: string;
}

/** One message of an outbound text; a long text has several. */
export interface OutboxText {
  readonly id: number;
  readonly line: string;
  /** E.164. */
  readonly to: string;
  readonly body: string;
  readonly mediaUrls: readonly string[];
  /** Ours; the same for all messages of a text. */
  readonly textId: string;
  /** Place in the text, from 0. */
  readonly sequence: number;
  readonly inReplyTo?: string;
  /** Whether it is sent again when it turns out not to have gone; otherwise its sender was told and decides. */
  readonly resend: boolean;
  readonly state: OutboxState;
  readonly carrierMessageId?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Writes down all messages of a text, in one step. */
export async function intendText(
  store: Store,
  text: {
    readonly line: string;
    /** E.164. */
    readonly to: string;
    /** The messages, in order. */
    readonly parts: readonly { readonly body: string; readonly mediaUrls: readonly string[] }[];
    /** The carrier's id of the inbound text this answers. */
    readonly inReplyTo?: string;
    readonly resend: boolean;
  },
): Promise<OutboxText[]> {
  const at = store.now().toISOString();
  const textId = store.newId();
  const rows = await store.db
    .insertInto("outbox")
    .values(
      text.parts.map((part, sequence) => ({
        line: text.line,
        recipient: text.to,
        body: part.body,
        media_urls: JSON.stringify(part.mediaUrls),
        text_id: textId,
        sequence,
        in_reply_to: text.inReplyTo ?? null,
        resend: text.resend ? (1 as const) : (0 as const),
        state: "planned" as const,
        carrier_message_id: null,
        detail: null,
        created_at: at,
        updated_at: at,
      })),
    )
    .returningAll()
    .execute();
  return rows.map(fromRow).sort((one, other) => one.sequence - other.sequence);
}

/**
 * Takes a message for sending. False when somebody else has touched it since it was read: two processes
 * that clean up after a crash never send the same one.
 */
export async function markSending(store: Store, text: OutboxText): Promise<boolean> {
  return await mark(store, text.id, "sending", { readAt: text.updatedAt });
}

export async function markSent(
  store: Store,
  id: number,
  given: { readonly carrierMessageId: string },
): Promise<boolean> {
  return await mark(store, id, "sent", given);
}

export async function markFailed(store: Store, id: number, detail: string): Promise<boolean> {
  return await mark(store, id, "failed", { detail });
}

export async function markUnsettled(store: Store, id: number, detail: string): Promise<boolean> {
  return await mark(store, id, "unsettled", { detail });
}

export async function markReported(store: Store, id: number, detail: string): Promise<boolean> {
  return await mark(store, id, "reported", { detail });
}

/**
 * The messages of a line that are neither sent nor given up, in the order they were meant to go.
 *
 * @param untouchedSince leaves out each text of which a message was touched later: a process that lives may be
 * sending it just now, one message after the other.
 */
export async function unfinishedTexts(
  store: Store,
  line: string,
  untouchedSince: Date,
): Promise<OutboxText[]> {
  const rows = await store.db
    .selectFrom("outbox")
    .selectAll()
    .where("line", "=", line)
    .where("state", "in", UNFINISHED)
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom("outbox as touched")
            .select("touched.id")
            .whereRef("touched.text_id", "=", "outbox.text_id")
            .where("touched.updated_at", ">", untouchedSince.toISOString()),
        ),
      ),
    )
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** Which of the carrier's message ids belong to messages we know to have sent. */
export async function knownCarrierMessageIds(
  store: Store,
  line: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await store.db
    .selectFrom("outbox")
    .select("carrier_message_id")
    .where("line", "=", line)
    .where("carrier_message_id", "in", [...ids])
    .execute();
  return new Set(rows.flatMap((row) => row.carrier_message_id ?? []));
}

async function mark(
  store: Store,
  id: number,
  state: OutboxState,
  given: {
    readonly carrierMessageId?: string;
    readonly detail?: string;
    readonly readAt?: Date;
  },
): Promise<boolean> {
  const from = (Object.keys(outboxTransitions) as OutboxState[]).filter((earlier) =>
    outboxTransitions[earlier].includes(state),
  );
  let update = store.db
    .updateTable("outbox")
    .set({
      state,
      detail: given.detail ?? null,
      carrier_message_id: given.carrierMessageId ?? null,
      updated_at: store.now().toISOString(),
    })
    .where("id", "=", id)
    .where("state", "in", from);
  if (given.readAt !== undefined) update = update.where("updated_at", "=", given.readAt.toISOString());
  const result = await update.executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function fromRow(row: Selectable<OutboxTable>): OutboxText {
  return {
    id: row.id,
    line: row.line,
    to: row.recipient,
    body: row.body,
    mediaUrls: JSON.parse(row.media_urls) as string[],
    textId: row.text_id,
    sequence: row.sequence,
    ...(row.in_reply_to === null ? {} : { inReplyTo: row.in_reply_to }),
    resend: row.resend === 1,
    state: row.state,
    ...(row.carrier_message_id === null ? {} : { carrierMessageId: row.carrier_message_id }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}
