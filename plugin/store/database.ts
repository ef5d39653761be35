/**
 * Owns the one SQLite file, `<state folder>/switchboard/switchboard.sqlite`: opening it, and what is in it.
 * Plugin, scripts and connector open it at the same time. SQL is written in this folder only.
 *
 * Every function of the store is one statement, or several of which each is right without the others, or several that
 * are carried out at one go (`together`). None of these is left in the middle to wait for something, so neither two
 * processes nor two connections of one process can lock each other out.
 */
import { randomUUID } from "node:crypto";
import { chmodSync, closeSync, openSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { type CompiledQuery, Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { openSwitchboardFolder } from "../config/state-folder.ts";
import { messageOf } from "../log.ts";
import type { ApprovalTable } from "./approvals.ts";
import type { CallLineTable } from "./call-lines.ts";
import type { CallTable } from "./calls.ts";
import type { DoNotCallTable } from "./do-not-call.ts";
import type { InboxTable } from "./inbox.ts";
import { isMigrated, migrate } from "./migrations.ts";
import type { MissionMemoryTable } from "./mission-memory.ts";
import type { MissionRequestTable } from "./mission-requests.ts";
import type { MissionUpdateTable } from "./mission-updates.ts";
import type {
  MissionDecisionTable,
  MissionPlanTable,
  MissionStepTable,
  MissionTargetTable,
} from "./mission-work.ts";
import type { MissionImportTable, MissionTable } from "./missions.ts";
import type { OutboxTable } from "./outbox.ts";
import type { ScheduledEventTable } from "./scheduled-events.ts";
import { StoreError } from "./store-error.ts";

interface Tables {
  readonly inbox: InboxTable;
  readonly outbox: OutboxTable;
  readonly calls: CallTable;
  readonly call_lines: CallLineTable;
  readonly do_not_call: DoNotCallTable;
  readonly approvals: ApprovalTable;
  readonly missions: MissionTable;
  readonly mission_imports: MissionImportTable;
  readonly mission_memory: MissionMemoryTable;
  readonly mission_requests: MissionRequestTable;
  readonly scheduled_events: ScheduledEventTable;
  readonly mission_plans: MissionPlanTable;
  readonly mission_targets: MissionTargetTable;
  readonly mission_steps: MissionStepTable;
  readonly mission_updates: MissionUpdateTable;
  readonly mission_decisions: MissionDecisionTable;
}

/** An open store, with the clock and the ids its functions use. Close it with {@link closeStore}. */
export interface Store {
  readonly db: Kysely<Tables>;
  now(): Date;
  newId(): string;
  /** Carries out several statements as one: all of them or none, and nobody sees some of them alone. */
  together(statements: Statements): Promise<readonly Row[][] | undefined>;
}

/** Statements that are carried out at one go, each compiled beforehand: none can depend on what another one returned. */
export interface Statements {
  /** Carried out first; when it changes nothing, nothing is done at all. A state machine's "only from this state". */
  readonly onlyIf?: CompiledQuery;
  /** The rows that each of these returns are the result; undefined when `onlyIf` changed nothing. */
  readonly all: readonly CompiledQuery[];
}

type Row = Readonly<Record<string, unknown>>;

/** How long a statement waits for another process to finish writing. */
const BUSY_TIMEOUT_MS = 5_000;

/** How long opening waits for another process that is bringing the file up to date. */
const OPEN_TIMEOUT_MS = 10_000;

/**
 * Opens the store, making or updating the file where needed.
 *
 * @throws StoreError when the file cannot be opened, is no database, or was written by a newer Switchboard.
 */
export async function openStore(
  stateFolder: string,
  { now = () => new Date(), newId = randomUUID }: { now?: () => Date; newId?: () => string } = {},
): Promise<Store> {
  let file = path.join(stateFolder, "switchboard", "switchboard.sqlite");
  try {
    file = path.join(openSwitchboardFolder(stateFolder), "switchboard.sqlite");
    // Texts and numbers are the owner's alone. SQLite gives its side files the same mode.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    const database = await open(file);
    return {
      db: kyselyOn(database),
      now,
      newId,
      together: async (statements) => together(database, statements),
    };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(sentence(file, error), { cause: error });
  }
}

export async function closeStore(store: Store): Promise<void> {
  await store.db.destroy();
}

/** Does something with the store of a state folder, and closes it. @throws StoreError as {@link openStore} does. */
export async function withStore<Result>(
  { stateFolder }: { readonly stateFolder: string },
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(stateFolder);
  try {
    return await work(store);
  } finally {
    await closeStore(store);
  }
}

async function open(file: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // While another connection of this very process updates the file, waiting must not stop the process.
    const giveUpAt = performance.now() + OPEN_TIMEOUT_MS;
    while (!(await prepared(database))) {
      if (performance.now() > giveUpAt) {
        throw new StoreError(`${file} is in use by another process: try again in a moment.`);
      }
      await delay(20);
    }
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // SQLite itself knows upper and lower case of the Latin letters without accents only.
    database.function("folded", { deterministic: true }, (text) =>
      typeof text === "string" ? folded(text) : null,
    );
    database.function("without", { deterministic: true }, (text, pattern) =>
      typeof text === "string" ? text.replace(new RegExp(String(pattern), "gu"), REMOVED) : null,
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What stands in a text where something was taken out of it: SQL's `without(text, pattern)`. */
const REMOVED = "[removed]";

/** Sets the connection up and updates the file. False when another connection is in the way just now. */
async function prepared(database: DatabaseSync): Promise<boolean> {
  try {
    database.exec("PRAGMA journal_mode = WAL");
    // Safe when a process dies. Only a power cut can lose the last moments, never damage the file. The
    // stricter setting waits for the disk at every write, inside the gateway, while people are on the phone.
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    // What is deleted is gone from the file too: people can ask to be forgotten.
    database.exec("PRAGMA secure_delete = ON");
    if (isMigrated(database)) return true;
    database.exec("BEGIN IMMEDIATE");
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
  try {
    await migrate(kyselyOn(database), database);
    database.exec("COMMIT");
    return true;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * A text as it is compared when somebody searches: without the difference of upper and lower case, of full and half
 * width. Upper case at last, since it alone is the same wherever a letter stands: a Greek word that ends in "ς" is
 * found in a longer one that goes on with "σ". Turkish "İ" and "ı" count as "i", which is what people type.
 */
function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("i\u0307", "i").toUpperCase().normalize("NFC");
}

function together(database: DatabaseSync, { onlyIf, all }: Statements): Row[][] | undefined {
  // Asked for the write lock now: a transaction that only reads at first can be refused it later.
  database.exec("BEGIN IMMEDIATE");
  try {
    if (onlyIf !== undefined && carryOut(database, onlyIf).changes === 0) {
      database.exec("ROLLBACK");
      return undefined;
    }
    const rows = all.map((query) => carryOut(database, query).rows);
    database.exec("COMMIT");
    return rows;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function carryOut(
  database: DatabaseSync,
  { sql, parameters }: CompiledQuery,
): { rows: Row[]; changes: number } {
  const statement = database.prepare(sql);
  const given = parameters as SQLInputValue[];
  if (statement.columns().length > 0) {
    const rows = statement.all(...given);
    return { rows, changes: rows.length };
  }
  return { rows: [], changes: Number(statement.run(...given).changes) };
}

/** `node:sqlite` in the shape Kysely's SQLite dialect asks for. */
function kyselyOn(database: DatabaseSync): Kysely<Tables> {
  const adapted: SqliteDatabase = {
    close: () => {
      if (database.isOpen) database.close();
    },
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapted }) });
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOT_A_DATABASE = 26;

/** SQLite's primary result code; its extended codes keep it in the lowest byte. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

function sentence(file: string, error: unknown): string {
  const code = resultCode(error);
  if (code === SQLITE_NOT_A_DATABASE || code === SQLITE_CORRUPT) {
    return `${file} is damaged or not a database: move it away, and a new one is made.`;
  }
  const reason = messageOf(error);
  return `${file} cannot be opened (${reason}): check that its folder can be written to.`;
}
