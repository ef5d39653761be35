/**
 * Owns how the store's file came to its present form: the steps, each done once, in order. A step that was
 * released is never changed; a new one is added.
 */
import type { DatabaseSync } from "node:sqlite";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { StoreError } from "./store-error.ts";

const migrations: Readonly<Record<string, Migration>> = {
  "001-inbox-outbox-calls": {
    async up(db) {
      await db.schema
        .createTable("inbox")
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("message_id", "text", (column) => column.notNull())
        .addColumn("sender", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("detail", "text")
        .addColumn("received_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("inbox_key", ["line", "message_id"])
        .execute();
      await db.schema
        .createTable("outbox")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("recipient", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("media_urls", "text", (column) => column.notNull())
        .addColumn("text_id", "text", (column) => column.notNull())
        .addColumn("sequence", "integer", (column) => column.notNull())
        .addColumn("in_reply_to", "text")
        .addColumn("resend", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("carrier_message_id", "text")
        .addColumn("detail", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .addUniqueConstraint("outbox_part", ["text_id", "sequence"])
        .execute();
      await db.schema.createIndex("outbox_state").on("outbox").columns(["line", "state"]).execute();
      await db.schema.createIndex("outbox_reply").on("outbox").columns(["line", "in_reply_to"]).execute();
      await db.schema
        .createIndex("outbox_carrier_id")
        .on("outbox")
        .columns(["line", "carrier_message_id"])
        .execute();
      await db.schema
        .createTable("calls")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("carrier", "text")
        .addColumn("carrier_call_id", "text")
        .addColumn("direction", "text")
        .addColumn("callee", "text")
        .addColumn("purpose", "text")
        .addColumn("greeting", "text")
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("outcome", "text")
        .addColumn("detail", "text")
        .addColumn("voicemail_message", "text")
        .addColumn("duration_seconds", "real")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("started_at", "text")
        .addColumn("ended_at", "text")
        .addUniqueConstraint("calls_carrier_id", ["line", "carrier_call_id"])
        .execute();
      await db.schema.createIndex("calls_created").on("calls").column("created_at").execute();
    },
  },
  "002-call-orders": {
    async up(db) {
      await db.schema.alterTable("calls").addColumn("carrier_job_id", "text").execute();
      await db.schema.alterTable("calls").addColumn("context", "text").execute();
      await db.schema.alterTable("calls").addColumn("recorded_as", "text").execute();
      await db.schema.alterTable("calls").addColumn("transcript", "text").execute();
      await db.schema.alterTable("calls").addColumn("told_at", "text").execute();
      // What ended before was told then.
      await sql`UPDATE calls SET told_at = ended_at WHERE state = 'ended'`.execute(db);
      await db.schema
        .createIndex("calls_carrier_job")
        .on("calls")
        .columns(["line", "carrier_job_id"])
        .execute();
    },
  },
  "003-one-way-to-call": {
    async up(db) {
      await db.schema.alterTable("calls").addColumn("cost", "text").execute();
      await db.schema.alterTable("calls").addColumn("asked_in", "text").execute();
      await db.schema.alterTable("calls").addColumn("due_at", "text").execute();
      await db.schema.createIndex("calls_state").on("calls").columns(["line", "state", "due_at"]).execute();
      await db.schema
        .createTable("call_lines")
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("carrier_call_id", "text", (column) => column.notNull())
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("at", "text", (column) => column.notNull())
        .addColumn("speaker", "text", (column) => column.notNull())
        .addColumn("words", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("call_lines_key", ["line", "carrier_call_id", "position"])
        .execute();
    },
  },
  "004-approvals": {
    async up(db) {
      await db.schema
        .createTable("approvals")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("carrier_request_id", "text")
        .addColumn("action", "text", (column) => column.notNull())
        .addColumn("details", "text")
        .addColumn("biometric", "integer", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("decided_by", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("expires_at", "text", (column) => column.notNull())
        .addColumn("decided_at", "text")
        .execute();
      await db.schema
        .createIndex("approvals_carrier_request")
        .on("approvals")
        .columns(["line", "carrier_request_id"])
        .execute();
    },
  },
  "005-limits": {
    async up(db) {
      await db.schema
        .createTable("do_not_call")
        .addColumn("number", "text", (column) => column.primaryKey())
        .addColumn("source", "text", (column) => column.notNull())
        .addColumn("words", "text")
        .addColumn("added_at", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("calls_callee").on("calls").columns(["callee", "created_at"]).execute();
      await db.schema.createIndex("outbox_created").on("outbox").columns(["line", "created_at"]).execute();
    },
  },
  "006-missions": {
    async up(db) {
      await db.schema
        .createTable("missions")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("slug", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("line", "text")
        .addColumn("carrier_mission_id", "text")
        .addColumn("run_id", "text")
        .addColumn("run_status", "text")
        .addColumn("assistant_id", "text")
        .addColumn("agent_phone", "text")
        .addColumn("phone_number_id", "text")
        .addColumn("extra", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .addColumn("closed_at", "text")
        .execute();
      // What is over gives its name free.
      await db.schema
        .createIndex("missions_open_slug")
        .unique()
        .on("missions")
        .column("slug")
        .where(sql.ref("closed_at"), "is", null)
        .execute();
      await db.schema.createIndex("missions_slug").on("missions").columns(["slug", "closed_at"]).execute();
      await db.schema
        .createIndex("missions_carrier_id")
        .on("missions")
        .columns(["carrier_mission_id", "run_id"])
        .execute();
      await db.schema.createIndex("missions_assistant").on("missions").column("assistant_id").execute();
      await db.schema
        .createTable("mission_imports")
        .addColumn("file", "text", (column) => column.primaryKey())
        .addColumn("imported_at", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("mission_memory")
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("value", "text")
        .addColumn("saved_at", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("mission_memory_key", ["mission", "key", "position"])
        .execute();
      await db.schema
        .createTable("mission_requests")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("what", "text", (column) => column.notNull())
        .addColumn("subject", "text", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("carrier_id", "text")
        .addColumn("detail", "text")
        .addColumn("intended_at", "text", (column) => column.notNull())
        .addColumn("settled_at", "text")
        .addUniqueConstraint("mission_requests_once", ["mission", "what", "subject"])
        .execute();
      await db.schema
        .createIndex("mission_requests_state")
        .on("mission_requests")
        .columns(["state", "mission"])
        .execute();
      await db.schema
        .createTable("scheduled_events")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("mission", "text", (column) => column.references("missions.id").onDelete("set null"))
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("channel", "text", (column) => column.notNull())
        .addColumn("assistant_id", "text", (column) => column.notNull())
        .addColumn("recipient", "text", (column) => column.notNull())
        .addColumn("sender", "text", (column) => column.notNull())
        .addColumn("body", "text")
        .addColumn("step_id", "text")
        .addColumn("scheduled_at", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("carrier_event_id", "text")
        .addColumn("status", "text")
        .addColumn("call_status", "text")
        .addColumn("conversation_id", "text")
        .addColumn("retry_count", "integer")
        .addColumn("duration_seconds", "real")
        .addColumn("detail", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("scheduled_events_time")
        .on("scheduled_events")
        .columns(["scheduled_at"])
        .execute();
      await db.schema
        .createIndex("scheduled_events_recipient")
        .on("scheduled_events")
        .columns(["recipient", "scheduled_at"])
        .execute();
      await db.schema
        .createIndex("scheduled_events_mission")
        .on("scheduled_events")
        .columns(["mission", "state"])
        .execute();
      await db.schema
        .createIndex("scheduled_events_carrier_id")
        .on("scheduled_events")
        .columns(["carrier_event_id"])
        .execute();
    },
  },
  "007-mission-engine": {
    async up(db) {
      await db.schema
        .createTable("mission_plans")
        .addColumn("mission", "text", (column) =>
          column.primaryKey().references("missions.id").onDelete("cascade"),
        )
        .addColumn("plan", "text", (column) => column.notNull())
        .addColumn("line", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("paused_from", "text")
        .addColumn("wish", "text")
        .addColumn("size", "integer", (column) => column.notNull())
        .addColumn("round", "integer", (column) => column.notNull())
        .addColumn("outcome", "text")
        .addColumn("reason", "text")
        .addColumn("summary", "text")
        .addColumn("asked_in", "text")
        .addColumn("due_at", "text")
        .addColumn("checked_at", "text")
        .addColumn("calls_from", "text")
        .addColumn("slowdown", "integer", (column) => column.notNull())
        .addColumn("failures", "integer", (column) => column.notNull())
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("updated_at", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("mission_plans_state").on("mission_plans").column("state").execute();
      await db.schema
        .createTable("mission_targets")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("round", "integer", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("number", "text", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("timezone", "text")
        .addColumn("facts", "text", (column) => column.notNull())
        .addColumn("channel", "text", (column) => column.notNull())
        .addColumn("text", "text")
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("attempts", "integer", (column) => column.notNull())
        .addColumn("failures", "integer", (column) => column.notNull())
        .addColumn("next_at", "text")
        .addColumn("since", "text")
        .addColumn("scheduled_at", "text")
        .addColumn("event_id", "text")
        .addColumn("status", "text")
        .addColumn("call_status", "text")
        .addColumn("ended_because", "text")
        .addColumn("outcome", "text")
        .addColumn("conversation_id", "text")
        .addColumn("duration_seconds", "real")
        .addColumn("transcript", "text", (column) => column.notNull())
        .addColumn("insight", "text")
        .addColumn("reply", "text")
        .addColumn("scores", "text")
        .addColumn("quote", "text")
        .addColumn("detail", "text")
        .addColumn("is_chosen", "integer", (column) => column.notNull())
        .addColumn("revision", "integer", (column) => column.notNull())
        .addUniqueConstraint("mission_targets_place", ["mission", "round", "position"])
        .execute();
      await db.schema
        .createIndex("mission_targets_due")
        .on("mission_targets")
        .columns(["mission", "state", "next_at"])
        .execute();
      await db.schema
        .createIndex("mission_targets_revision")
        .on("mission_targets")
        .columns(["mission", "revision"])
        .execute();
      await db.schema
        .createIndex("mission_targets_conversation")
        .on("mission_targets")
        .columns(["mission", "conversation_id"])
        .execute();
      await db.schema.createIndex("mission_targets_number").on("mission_targets").column("number").execute();
      await db.schema
        .createTable("mission_steps")
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("step_id", "text", (column) => column.notNull())
        .addColumn("description", "text", (column) => column.notNull())
        .addColumn("sequence", "integer", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("mission_steps_key", ["mission", "step_id"])
        .execute();
      await db.schema
        .createTable("mission_updates")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("lane", "text", (column) => column.notNull())
        .addColumn("what", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("target", "integer")
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("tries", "integer", (column) => column.notNull())
        .addColumn("next_at", "text", (column) => column.notNull())
        .addColumn("detail", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .addColumn("settled_at", "text")
        .execute();
      await db.schema
        .createIndex("mission_updates_open")
        .on("mission_updates")
        .columns(["mission", "lane", "id"])
        .where(sql.ref("settled_at"), "is", null)
        .execute();
      await db.schema
        .createIndex("mission_updates_target")
        .on("mission_updates")
        .columns(["target", "what"])
        .execute();
      await db.schema
        .createTable("mission_decisions")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("mission", "text", (column) =>
          column.notNull().references("missions.id").onDelete("cascade"),
        )
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("target", "integer", (column) =>
          column.references("mission_targets.id").onDelete("cascade"),
        )
        .addColumn("round", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("answer", "text")
        .addColumn("tries", "integer", (column) => column.notNull())
        .addColumn("next_at", "text")
        .addColumn("asked_at", "text")
        .addColumn("created_at", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("mission_decisions_mission")
        .on("mission_decisions")
        .columns(["mission", "state"])
        .execute();
      await db.schema
        .createIndex("mission_decisions_target")
        .on("mission_decisions")
        .column("target")
        .execute();
    },
  },
};

/** Kept in the file's header, so that an up-to-date file is known as such without Kysely's migrator. */
const VERSION = Object.keys(migrations).length;

/**
 * Whether the file has been brought to this form.
 *
 * @throws StoreError when a newer Switchboard has brought it further.
 */
export function isMigrated(database: DatabaseSync): boolean {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version);
  if (version > VERSION) {
    throw new StoreError(
      `${database.location() ?? "The store"} was written by a newer Switchboard: update this one.`,
    );
  }
  return version === VERSION;
}

/** Brings the file to its present form. The caller holds the write lock and commits. */
export async function migrate<Tables>(db: Kysely<Tables>, database: DatabaseSync): Promise<void> {
  // Another process may have done it while this one waited for the lock.
  if (isMigrated(database)) return;
  const { Migrator } = await import("kysely/migration");
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  await sql`PRAGMA user_version = ${sql.raw(String(VERSION))}`.execute(db);
}
