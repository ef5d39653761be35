-- A store as version 001 of its form left it, with rows.
CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
CREATE TABLE "inbox" ("line" text not null, "message_id" text not null, "sender" text not null, "body" text not null, "state" text not null, "detail" text, "received_at" text not null, "updated_at" text not null, constraint "inbox_key" primary key ("line", "message_id"));
CREATE TABLE "outbox" ("id" integer primary key, "line" text not null, "recipient" text not null, "body" text not null, "media_urls" text not null, "text_id" text not null, "sequence" integer not null, "in_reply_to" text, "resend" integer not null, "state" text not null, "carrier_message_id" text, "detail" text, "created_at" text not null, "updated_at" text not null, constraint "outbox_part" unique ("text_id", "sequence"));
CREATE INDEX "outbox_state" on "outbox" ("line", "state");
CREATE INDEX "outbox_reply" on "outbox" ("line", "in_reply_to");
CREATE INDEX "outbox_carrier_id" on "outbox" ("line", "carrier_message_id");
CREATE TABLE "calls" ("id" text primary key, "line" text not null, "carrier" text, "carrier_call_id" text, "direction" text, "callee" text, "purpose" text, "greeting" text, "state" text not null, "outcome" text, "detail" text, "voicemail_message" text, "duration_seconds" real, "created_at" text not null, "started_at" text, "ended_at" text, constraint "calls_carrier_id" unique ("line", "carrier_call_id"));
CREATE INDEX "calls_created" on "calls" ("created_at");
INSERT INTO kysely_migration (name, timestamp) VALUES ('001-inbox-outbox-calls', '2026-01-01T12:00:00.000Z');
INSERT INTO kysely_migration_lock (id, is_locked) VALUES ('migration_lock', 0);
INSERT INTO inbox (line, message_id, sender, body, state, detail, received_at, updated_at) VALUES ('a', 'm1', '+15550001111', '喂 👋🏽
“ok”', 'received', NULL, '2026-01-01T12:00:00.000Z', '2026-01-01T12:00:00.000Z');
INSERT INTO calls (id, line, carrier, carrier_call_id, direction, callee, purpose, greeting, state, outcome, detail, voicemail_message, duration_seconds, created_at, started_at, ended_at) VALUES ('11111111-0000-4000-8000-000000000000', 'a', 'clawdtalk', NULL, 'outbound', '+15550002222', '订位', '您好', 'intended', NULL, NULL, NULL, NULL, '2026-01-01T12:00:00.000Z', NULL, NULL);
INSERT INTO calls (id, line, carrier, carrier_call_id, direction, callee, purpose, greeting, state, outcome, detail, voicemail_message, duration_seconds, created_at, started_at, ended_at) VALUES ('22222222-0000-4000-8000-000000000000', 'a', NULL, 'over', NULL, NULL, NULL, NULL, 'ended', NULL, NULL, NULL, 3.5, '2026-01-01T12:00:01.000Z', NULL, '2026-01-01T12:00:01.000Z');
INSERT INTO calls (id, line, carrier, carrier_call_id, direction, callee, purpose, greeting, state, outcome, detail, voicemail_message, duration_seconds, created_at, started_at, ended_at) VALUES ('33333333-0000-4000-8000-000000000000', 'a', 'clawdtalk', 'going', 'outbound', 'owner', NULL, NULL, 'placed', NULL, NULL, NULL, NULL, '2026-01-01T12:00:02.000Z', NULL, NULL);
INSERT INTO calls (id, line, carrier, carrier_call_id, direction, callee, purpose, greeting, state, outcome, detail, voicemail_message, duration_seconds, created_at, started_at, ended_at) VALUES ('44444444-0000-4000-8000-000000000000', 'a', 'clawdtalk', NULL, 'outbound', '+15550002222', NULL, NULL, 'refused', NULL, 'no dedicated number', NULL, NULL, '2026-01-01T12:00:03.000Z', NULL, NULL);
PRAGMA user_version = 1;
