/**
 * Owns the approvals the owner was asked for: each is written down before the question goes out, and is answered once,
 * whoever hears the answer first. What answers it later changes nothing.
 */
import { type Selectable, sql } from "kysely";
import type { Store } from "./database.ts";

/** Every way in which an approval can end; only the first means yes. `error`: it could not be found out. */
export const APPROVAL_ANSWERS = [
  "approved",
  "denied",
  "timeout",
  "expired",
  "no_devices",
  "no_devices_reached",
  "error",
] as const;

export type ApprovalAnswer = (typeof APPROVAL_ANSWERS)[number];

export type ApprovalStatus = "pending" | ApprovalAnswer;

/** Who told the answer: the carrier's event, the carrier when asked, or we who gave up. */
export type ApprovalSource = "event" | "carrier" | "here";

export interface ApprovalTable {
  id: string;
  line: string;
  /** Null until the carrier has taken the question. */
  carrier_request_id: string | null;
  action: string;
  details: string | null;
  biometric: 0 | 1;
  status: ApprovalStatus;
  decided_by: ApprovalSource | null;
  created_at: string;
  expires_at: string;
  decided_at: string | null;
}

/** One question to the owner. */
export interface KnownApproval {
  /** Ours. */
  readonly id: string;
  readonly line: string;
  /** The carrier's; missing until it has taken the question. */
  readonly carrierRequestId?: string;
  readonly action: string;
  readonly details?: string;
  readonly isBiometric: boolean;
  readonly status: ApprovalStatus;
  readonly decidedBy?: ApprovalSource;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedAt?: Date;
}

/** Writes down that the owner is about to be asked. Do it before the carrier is. */
export async function intendApproval(
  store: Store,
  asked: {
    /** Ours, from `store.newId`. */
    readonly id: string;
    readonly line: string;
    readonly action: string;
    readonly details?: string | undefined;
    readonly isBiometric: boolean;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await store.db
    .insertInto("approvals")
    .values({
      id: asked.id,
      line: asked.line,
      carrier_request_id: null,
      action: asked.action,
      details: asked.details ?? null,
      biometric: asked.isBiometric ? 1 : 0,
      status: "pending",
      decided_by: null,
      created_at: store.now().toISOString(),
      expires_at: asked.expiresAt.toISOString(),
      decided_at: null,
    })
    .execute();
}

/**
 * Writes down the id the carrier has given to a question.
 *
 * @returns false when it cannot be this question's: another one of the line has it already. Its answer would be taken for
 *   this one's.
 */
export async function approvalAsked(
  store: Store,
  id: string,
  carrier: { readonly requestId: string; readonly expiresAt?: Date | undefined },
): Promise<boolean> {
  const result = await store.db
    .updateTable("approvals")
    .set({
      carrier_request_id: carrier.requestId,
      ...(carrier.expiresAt === undefined ? {} : { expires_at: carrier.expiresAt.toISOString() }),
    })
    .where("id", "=", id)
    .where("carrier_request_id", "is", null)
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom("approvals as other")
            .select("other.id")
            .whereRef("other.line", "=", "approvals.line")
            .where("other.carrier_request_id", "=", carrier.requestId),
        ),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Writes down how a question was answered.
 *
 * @param which by our id, or by the line and the carrier's.
 * @returns false when there is no such question, or it was answered before: then nothing has changed.
 */
export async function decideApproval(
  store: Store,
  which: { readonly id: string } | { readonly line: string; readonly carrierRequestId: string },
  { answer, by }: { readonly answer: ApprovalAnswer; readonly by: ApprovalSource },
): Promise<boolean> {
  const pending = store.db
    .updateTable("approvals")
    .set({ status: answer, decided_by: by, decided_at: store.now().toISOString() })
    .where("status", "=", "pending");
  const update =
    "id" in which
      ? pending.where("id", "=", which.id)
      : pending.where("line", "=", which.line).where("carrier_request_id", "=", which.carrierRequestId);
  const result = await update.executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** A question by our id. */
export async function findApproval(store: Store, id: string): Promise<KnownApproval | undefined> {
  const row = await store.db.selectFrom("approvals").selectAll().where("id", "=", id).executeTakeFirst();
  return row && fromRow(row);
}

/** The shortest beginning of an id of ours that is taken for it. */
const SHORTEST_BEGINNING = 6;

/** The questions an id can mean, the newest first: ours, else the carrier's, else the beginning of ours. */
export async function findApprovalsById(store: Store, id: string): Promise<KnownApproval[]> {
  const rows = await store.db
    .selectFrom("approvals")
    .selectAll()
    .where(({ eb, or }) =>
      or([
        eb("id", "=", id),
        eb("carrier_request_id", "=", id),
        eb(sql`substr(id, 1, max(length(${id}), ${SHORTEST_BEGINNING}))`, "=", id),
      ]),
    )
    .orderBy("created_at", "desc")
    .orderBy(sql`rowid`, "desc")
    .execute();
  const ours = rows.filter((row) => row.id === id);
  const carriers = rows.filter((row) => row.carrier_request_id === id);
  return ([ours, carriers, rows].find(({ length }) => length > 0) ?? []).map(fromRow);
}

/** The questions of a line that stand like this, the newest first. */
export async function approvalsWith(
  store: Store,
  wanted: { readonly line: string; readonly status: ApprovalStatus },
): Promise<KnownApproval[]> {
  const rows = await store.db
    .selectFrom("approvals")
    .selectAll()
    .where("line", "=", wanted.line)
    .where("status", "=", wanted.status)
    .orderBy("created_at", "desc")
    .orderBy(sql`rowid`, "desc")
    .execute();
  return rows.map(fromRow);
}

/** Our ids of the questions the carrier has these ids for; those we did not ask are missing. */
export async function approvalIds(
  store: Store,
  wanted: { readonly line: string; readonly carrierRequestIds: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  if (wanted.carrierRequestIds.length === 0) return new Map();
  const rows = await store.db
    .selectFrom("approvals")
    .select(["id", "carrier_request_id"])
    .where("line", "=", wanted.line)
    .where("carrier_request_id", "in", [...wanted.carrierRequestIds])
    .execute();
  return new Map(
    rows.flatMap((row) => (row.carrier_request_id === null ? [] : [[row.carrier_request_id, row.id]])),
  );
}

function fromRow(row: Selectable<ApprovalTable>): KnownApproval {
  return {
    id: row.id,
    line: row.line,
    ...(row.carrier_request_id === null ? {} : { carrierRequestId: row.carrier_request_id }),
    action: row.action,
    ...(row.details === null ? {} : { details: row.details }),
    isBiometric: row.biometric === 1,
    status: row.status,
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    ...(row.decided_at === null ? {} : { decidedAt: new Date(row.decided_at) }),
  };
}
