/** Calls at a time: placed once, then; never long after; and what could not be placed is told. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import type { E164 } from "../../plugin/config/phone-number.ts";
import { settingsDefaults } from "../../plugin/config/schema.ts";
import type { LineCalls } from "../../plugin/lines/line-calls.ts";
import { PlannedCalls, type PlannedCallsParameters } from "../../plugin/lines/planned-calls.ts";
import { cancelPlannedCall, claimPlannedCall, findCallsById, planCall } from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { unlimited } from "../limits/unlimited.ts";
import { usableLine } from "./usable-line.ts";

const OWNER = "+15550001111" as E164;
const STRANGER = "+15550002222";

let stateFolder: string;
let store: Store;
let nowMs: number;
let asked: Parameters<LineCalls["placer"]["placeCall"]>[0][];
const opened: PlannedCalls[] = [];

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-planned-"));
  nowMs = Date.parse("2026-11-20T08:00:00Z");
  store = await openStore(stateFolder, { now: () => new Date(nowMs) });
  asked = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((planned) => planned.stop()));
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

/** The planned calls of one process. */
function start(changes: Partial<PlannedCallsParameters> = {}): PlannedCalls {
  const planned = new PlannedCalls({
    line: usableLine("clawdtalk", { apiUrl: "http://127.0.0.1:1" }),
    config: {
      ownerName: "Sam",
      agentName: "Robin",
      ownerNumbers: [OWNER],
      ...settingsDefaults,
      ...unlimited,
      allowPremiumNumbers: false,
      lines: [usableLine("clawdtalk"), usableLine("clawcall"), usableLine("stepone", { enabled: false })],
    },
    store,
    canCallOthers: true,
    onNotPlaced: async () => {},
    log: { debug() {}, info() {}, warn() {}, error() {} },
    everyMs: 5,
    open: async () => placing(async () => ({ callId: `c${asked.length}`, status: "initiating" })),
    ...changes,
  });
  opened.push(planned);
  planned.start();
  return planned;
}

/** A line's calls that only place. */
function placing(place: () => Promise<{ callId: string; status: string }>): LineCalls {
  return {
    placer: {
      placeCall: async (call: Parameters<LineCalls["placer"]["placeCall"]>[0]) => {
        asked.push(call);
        return await place();
      },
    },
  } as LineCalls;
}

async function plan(callee: string | null, dueAt: string): Promise<string> {
  return await planCall(store, {
    line: "clawdtalk",
    carrier: "clawdtalk",
    callee,
    purpose: "Book a table",
    greeting: "时间到了",
    context: "For two",
    dueAt: new Date(dueAt),
  });
}

async function stateOf(id: string) {
  return (await findCallsById(store, id))[0];
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 60));

test("a call is placed when its time has come, once, by two processes too", async () => {
  const id = await plan(null, "2026-11-20T08:05:00Z");
  start();
  start();
  await soon();
  expect(asked).toEqual([]);
  nowMs = Date.parse("2026-11-20T08:05:00Z");
  await vi.waitFor(async () => expect((await stateOf(id))?.state).toBe("placed"));
  await soon();
  expect(asked).toMatchObject([
    { to: undefined, isToOwner: true, greeting: "时间到了", purpose: "Book a table" },
  ]);
  expect((await stateOf(id))?.carrierCallId).toBe("c1");
});

test("one to somebody else says first who is calling, and keeps purpose and context", async () => {
  const id = await plan(STRANGER, "2026-11-20T08:00:00Z");
  start();
  await vi.waitFor(async () => expect((await stateOf(id))?.state).toBe("placed"));
  expect(asked).toMatchObject([
    { to: STRANGER, isToOwner: false, purpose: "Book a table", context: "For two" },
  ]);
  expect(asked[0]?.greeting).toMatch(/Robin.*Sam.*时间到了$/);
});

test("one that was called off is not placed", async () => {
  const id = await plan(null, "2026-11-20T08:01:00Z");
  expect(await cancelPlannedCall(store, id)).toBe(true);
  start();
  nowMs += 120_000;
  await soon();
  expect([asked, (await stateOf(id))?.state]).toEqual([[], "canceled"]);
});

test("one whose time was missed by far is not placed, and that is told", async () => {
  const id = await plan(null, "2026-11-20T07:29:00Z");
  const onNotPlaced = vi.fn(async () => {});
  start({ onNotPlaced });
  await vi.waitFor(() => expect(onNotPlaced).toHaveBeenCalledTimes(1));
  expect(asked).toEqual([]);
  expect(await stateOf(id)).toMatchObject({
    state: "refused",
    detail: "Its time was missed: nothing was running to place it.",
  });
});

test.each([
  ["refuses", new CarrierRefused("No minutes are left.", { status: 429, mayHaveHappened: false }), "refused"],
  ["may have placed it", new CarrierUnreachable("Nobody answers.", { mayHaveHappened: true }), "unsettled"],
  ["breaks", new TypeError("line is undefined"), "unsettled"],
] as const)("when the carrier %s, it is tried once and told", async (_what, error, state) => {
  const id = await plan(null, "2026-11-20T08:00:00Z");
  const onNotPlaced = vi.fn(async () => {});
  const open = async () =>
    placing(async () => {
      throw error;
    });
  start({ onNotPlaced, open });
  await vi.waitFor(() => expect(onNotPlaced).toHaveBeenCalledTimes(1));
  await soon();
  expect(asked).toHaveLength(1);
  expect(await stateOf(id)).toMatchObject({ state, detail: error.message });
  expect(onNotPlaced).toHaveBeenCalledTimes(1);
});

test("what a process was placing when it died may have been placed: it is told, and never placed again", async () => {
  const id = await plan(STRANGER, "2026-11-20T08:00:00Z");
  await claimPlannedCall(store, id);
  const onNotPlaced = vi.fn(async () => {});
  start({ onNotPlaced });
  await soon();
  // Another process may be at it.
  expect((await stateOf(id))?.state).toBe("intended");
  nowMs += 2 * 60_000;
  await vi.waitFor(() => expect(onNotPlaced).toHaveBeenCalledTimes(1));
  expect((await stateOf(id))?.state).toBe("unsettled");
  expect(asked).toEqual([]);
});

test.each(["gone", "stepone"])(
  'one whose line "%s" is there no more is refused by a line that is, once, and told there',
  async (line) => {
    const wanted = { line, carrier: "clawcall", callee: null, dueAt: new Date(nowMs) };
    const id = await planCall(store, wanted);
    const others = await planCall(store, { ...wanted, line: "clawcall" });
    const onNotPlaced = vi.fn(async () => {});
    start({ onNotPlaced });
    start({ onNotPlaced });
    await vi.waitFor(() => expect(onNotPlaced).toHaveBeenCalledTimes(1));
    await soon();
    expect(onNotPlaced).toHaveBeenCalledTimes(1);
    expect(await stateOf(id)).toMatchObject({
      state: "refused",
      line: "clawdtalk",
      detail: `Its line "${line}" is not there any more, or not enabled.`,
    });
    expect((await stateOf(others))?.state, "a call of a line that runs elsewhere").toBe("planned");
    expect(asked).toEqual([]);
  },
);

test("where nobody could speak on it, a call to somebody else is refused, one to the owner placed", async () => {
  const [other, own] = [
    await plan(STRANGER, "2026-11-20T08:00:00Z"),
    await plan(OWNER, "2026-11-20T08:00:00Z"),
  ];
  start({ canCallOthers: false });
  await vi.waitFor(async () => expect((await stateOf(own))?.state).toBe("placed"));
  expect(await stateOf(other)).toMatchObject({ state: "refused", detail: expect.stringContaining("plugin") });
  expect(asked).toHaveLength(1);
});
