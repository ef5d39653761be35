/** The calls we placed are followed until each is settled, on a real store, whoever placed them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OpenCalls } from "../../plugin/calls/open-calls.ts";
import type { CallOutcome, CallRecord } from "../../plugin/carriers/carrier.ts";
import { callPlaced, intendCall, noteCallEnded, noteCallStarted } from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

let stateFolder: string;
let store: Store;
let records: Map<string, CallRecord>;
let ended: CallOutcome[];
let following: OpenCalls | undefined;
const TIMINGS = { everyMs: 10, unansweredAfterMs: 150, forgottenAfterMs: 400 };

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-open-calls-"));
  store = await openStore(stateFolder);
  records = new Map();
  ended = [];
});
afterEach(async () => {
  await following?.stop();
  following = undefined;
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

async function place(carrierCallId: string, line = "claw"): Promise<void> {
  const id = await intendCall(store, { line, carrier: "clawcall", callee: "+15550002222" });
  await callPlaced(store, id, { carrierCallId });
}

/** `find` may throw, as a carrier that cannot be reached. */
function follow(find = async (callId: string) => records.get(callId)): void {
  following = new OpenCalls({
    line: "claw",
    store,
    records: { find: async (callId) => await find(callId) },
    onEnded: (outcome) => {
      ended.push(outcome);
      void noteCallEnded(store, { line: "claw", carrierCallId: outcome.callId, direction: "outbound" });
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    timings: TIMINGS,
  });
  following.start();
}

const untilEnded = (count: number) => vi.waitFor(() => expect(ended.length).toBeGreaterThanOrEqual(count));

test("a call whose record has an end is settled with its length and transcript", async () => {
  await place("a");
  records.set("a", { callId: "a", isOver: false, status: "in-progress" });
  follow();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(ended).toEqual([]);
  const transcript = [{ speaker: "other" as const, words: "喂？" }];
  records.set("a", { callId: "a", isOver: true, status: "completed", durationSeconds: 42, transcript });
  await untilEnded(1);
  expect(ended[0]).toEqual({
    callId: "a",
    direction: "outbound",
    outcome: "completed",
    durationSeconds: 42,
    transcript,
  });
});

test.each([
  ["busy", "busy"],
  ["no-answer", "no_answer"],
  ["failed", "failed"],
  ["canceled", "canceled"],
])("a call recorded as %s is reported so", async (status, outcome) => {
  await place("a");
  records.set("a", { callId: "a", isOver: true, status });
  follow();
  await untilEnded(1);
  expect(ended[0]?.outcome).toBe(outcome);
});

test("a call without any record was not answered; one whose record never ends is given up", async () => {
  await place("nobody");
  await place("endless");
  records.set("endless", { callId: "endless", isOver: false, status: "in-progress" });
  follow();
  await untilEnded(2);
  expect(ended.slice(0, 2).map(({ callId, outcome }) => [callId, outcome])).toEqual([
    ["nobody", "no_answer"],
    ["endless", "unknown"],
  ]);
});

test("a call that has been spoken on is not reported as unanswered when its record is missing", async () => {
  await place("a");
  await noteCallStarted(store, { line: "claw", carrierCallId: "a" });
  follow();
  await untilEnded(1);
  expect(ended[0]?.outcome).toBe("unknown");
});

test("a call that came in ends as one", async () => {
  await noteCallStarted(store, { line: "claw", carrierCallId: "in", direction: "inbound" });
  records.set("in", { callId: "in", isOver: true, status: "completed" });
  follow();
  await untilEnded(1);
  expect(ended[0]).toMatchObject({ callId: "in", direction: "inbound", outcome: "completed" });
});

test("a call that ended while nothing was running for days is settled, with its transcript", async () => {
  const now = store.now;
  store.now = () => new Date(Date.now() - 5 * 24 * 60 * 60_000);
  await place("a");
  store.now = now;
  const transcript = [{ speaker: "agent" as const, words: "Hello." }];
  records.set("a", { callId: "a", isOver: true, status: "completed", transcript });
  follow();
  await untilEnded(1);
  expect(ended[0]).toMatchObject({ outcome: "completed", transcript });
});

test("calls placed by another process meanwhile are followed, other lines' are not", async () => {
  follow();
  await place("elsewhere", "other");
  await place("later");
  records.set("later", { callId: "later", isOver: true });
  await untilEnded(1);
  expect(new Set(ended.map(({ callId }) => callId))).toEqual(new Set(["later"]));
});

test("a service that cannot be reached is asked again", async () => {
  await place("a");
  let tries = 0;
  follow(async (callId) => {
    if (++tries < 3) throw new Error("no network");
    return { callId, isOver: true };
  });
  await untilEnded(1);
  expect(tries).toBe(4);
});
