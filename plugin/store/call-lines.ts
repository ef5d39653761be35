/**
 * Owns what was said on calls, line by line as it was heard: for those who follow a call, in any process, and for the
 * calls of which the carrier keeps no transcript.
 */
import { type Selectable, sql } from "kysely";
import type { TranscriptLine } from "../carriers/carrier.ts";
import type { CallAddress, KnownCall } from "./calls.ts";
import type { Store } from "./database.ts";

export interface CallLineTable {
  line: string;
  carrier_call_id: string;
  /** Place in the conversation, from 1. */
  position: number;
  at: string;
  speaker: TranscriptLine["speaker"];
  words: string;
}

/** One line of a call, as it was heard. */
export interface SpokenLine extends TranscriptLine {
  /** Place in the conversation, from 1. */
  readonly position: number;
  /** When it was written down. */
  readonly at: Date;
}

/**
 * Writes down what was said on a call.
 *
 * @param line.position its place in the conversation, from 1, where the carrier counts: it is then written once,
 *   however often it is told. Without it the line comes after all that are there.
 */
export async function noteLine(
  store: Store,
  line: CallAddress & TranscriptLine & { readonly position?: number | undefined },
): Promise<void> {
  // The next place is found by the statement that takes it: two processes never take the same.
  const next = store.db
    .selectFrom("call_lines")
    .select(sql<number>`coalesce(max(position), 0) + 1`.as("next"))
    .where("line", "=", line.line)
    .where("carrier_call_id", "=", line.carrierCallId);
  await store.db
    .insertInto("call_lines")
    .values({
      line: line.line,
      carrier_call_id: line.carrierCallId,
      position: line.position ?? next,
      at: store.now().toISOString(),
      speaker: line.speaker,
      words: line.words,
    })
    .onConflict((conflict) => conflict.columns(["line", "carrier_call_id", "position"]).doNothing())
    .execute();
}

/**
 * What was heard on a call, in order.
 *
 * @param after leaves out the lines up to this position: those that are known.
 */
export async function linesOf(store: Store, address: CallAddress, after = 0): Promise<SpokenLine[]> {
  const rows = await store.db
    .selectFrom("call_lines")
    .selectAll()
    .where("line", "=", address.line)
    .where("carrier_call_id", "=", address.carrierCallId)
    .where("position", ">", after)
    .orderBy("position")
    .execute();
  return rows.map(fromRow);
}

/** What was said on a call: as the carrier wrote it down, or what was heard as long as it has not. */
export async function transcriptOf(store: Store, call: KnownCall): Promise<readonly TranscriptLine[]> {
  const { line, carrierCallId, transcript = [] } = call;
  if (transcript.length > 0 || carrierCallId === undefined) return transcript;
  const lines = await linesOf(store, { line, carrierCallId });
  return lines.map(({ speaker, words }) => ({ speaker, words }));
}

function fromRow(row: Selectable<CallLineTable>): SpokenLine {
  return { position: row.position, at: new Date(row.at), speaker: row.speaker, words: row.words };
}
