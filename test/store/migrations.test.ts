import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { decideApproval, findApproval, intendApproval } from "../../plugin/store/approvals.ts";
import { linesOf, noteLine, transcriptOf } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  dueCalls,
  findCall,
  findCallOfJob,
  noteCallEnded,
  pendingIntents,
  planCall,
  searchCalls,
  untoldCalls,
} from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { addDoNotCall, findDoNotCall } from "../../plugin/store/do-not-call.ts";
import { pendingTexts } from "../../plugin/store/inbox.ts";
import { callsDone, messagesDone } from "../../plugin/store/outreach.ts";

/** What the files of earlier versions have in them. */
const INTENDED = "11111111-0000-4000-8000-000000000000";
const GOING = "33333333-0000-4000-8000-000000000000";

let stateFolder: string;
let stores: Store[];

beforeEach(() => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-store-"));
  stores = [];
});

afterEach(async () => {
  await Promise.all(stores.map(closeStore));
  rmSync(stateFolder, { recursive: true });
});

/** Makes the file as this version left it, and opens it with several connections at once. */
async function openedAfter(version: "001" | "002" | "003"): Promise<Store> {
  mkdirSync(path.join(stateFolder, "switchboard"));
  const plain = new DatabaseSync(path.join(stateFolder, "switchboard", "switchboard.sqlite"));
  plain.exec(readFileSync(path.join(import.meta.dirname, `made-by-${version}.sql`), "utf8"));
  plain.close();
  stores = await Promise.all(Array.from({ length: 3 }, () => openStore(stateFolder)));
  const [first] = stores;
  if (first === undefined) throw new Error("no store was opened");
  return first;
}

/** The tables and indexes of the file, as SQLite wrote them down. */
function schema(folder: string): unknown[] {
  const plain = new DatabaseSync(path.join(folder, "switchboard", "switchboard.sqlite"));
  const rows = plain.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").all();
  plain.close();
  return rows;
}

test.each(["001", "002", "003"] as const)(
  "A file of version %s gets the form of a new one",
  async (version) => {
    await openedAfter(version);
    const fresh = path.join(stateFolder, "fresh");
    stores.push(await openStore(fresh));
    expect(schema(stateFolder)).toEqual(schema(fresh));
  },
);

test("A file of version 001 keeps what is in it", async () => {
  const store = await openedAfter("001");
  expect(await pendingTexts(store, "a")).toMatchObject([{ messageId: "m1", body: "喂 👋🏽\n“ok”" }]);
  expect(await untoldCalls(store, "a"), "told when it ended, by that version").toEqual([]);
  await callPlaced(store, INTENDED, { carrierCallId: "call-1", jobId: "job-2" });
  expect(await findCallOfJob(store, { line: "a", jobId: "job-2" })).toMatchObject({
    id: INTENDED,
    callee: "+15550002222",
    purpose: "订位",
    greeting: "您好",
  });
});

test("A file of version 002 keeps what is in it, and takes what is new", async () => {
  const store = await openedAfter("002");
  expect(await pendingTexts(store, "a")).toHaveLength(1);
  const [over, ...others] = await untoldCalls(store, "a");
  expect(others, "a refused call of that version was told to who asked for it").toEqual([]);
  expect(over).toMatchObject({ carrierCallId: "over", durationSeconds: 3.5 });
  expect(over && (await transcriptOf(store, over))).toEqual([{ speaker: "other", words: "两位 O'Hara" }]);
  for (const absent of ["cost", "askedIn", "dueAt"]) expect(over).not.toHaveProperty(absent);
  expect(await pendingIntents(store, "a", new Date(0))).toMatchObject([{ id: INTENDED, state: "intended" }]);
  expect(await findCallOfJob(store, { line: "a", jobId: "job-1" })).toMatchObject({
    id: GOING,
    callee: null,
  });

  const going = { line: "a", carrierCallId: "going" };
  await noteLine(store, { ...going, speaker: "agent", words: "您好" });
  expect(await linesOf(store, going)).toHaveLength(1);
  await noteCallEnded(store, { ...going, cost: "0.3" });
  expect(await findCall(store, going)).toMatchObject({ id: GOING, cost: "0.3" });
  const dueAt = new Date(0);
  const planned = await planCall(store, { line: "a", carrier: "stepone", callee: null, dueAt });
  expect(await dueCalls(store)).toMatchObject([{ id: planned, dueAt }]);
  expect(await searchCalls(store, { search: "o'hara", limit: 5 })).toMatchObject([{ id: over?.id }]);
});

test("A file of version 003 keeps what is in it, and what went out counts", async () => {
  const store = await openedAfter("003");
  const since = new Date(0);
  expect(await pendingTexts(store, "a")).toHaveLength(1);
  expect(await linesOf(store, { line: "a", carrierCallId: "going" })).toMatchObject([{ words: "两位" }]);
  expect(await dueCalls(store)).toMatchObject([{ callee: "+8613800138000", askedIn: "agent:main:main" }]);
  expect(await callsDone(store, { line: "a", number: "+15550002222", since })).toMatchObject({
    onLine: 2,
    secondsOnLine: 61,
    toNumber: 1,
  });
  expect(await messagesDone(store, { line: "a", since })).toBe(1);

  const number = requirePhoneNumber("+15550002222");
  await addDoNotCall(store, { number, source: "call", words: "别再打了" });
  expect(await findDoNotCall(store, number)).toMatchObject({ words: "别再打了" });
  const id = "a1";
  await intendApproval(store, { id, line: "a", action: "exec", isBiometric: true, expiresAt: new Date(0) });
  await decideApproval(store, { id }, { answer: "denied", by: "event" });
  expect(await findApproval(store, id)).toMatchObject({ status: "denied" });
});
