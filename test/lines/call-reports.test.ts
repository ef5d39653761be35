/** The owner's session is told of each call's end once, whatever breaks in between. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallReports, type CallReportsParameters } from "../../plugin/lines/call-reports.ts";
import { noteLine } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  callRefused,
  callUnsettled,
  claimPlannedCall,
  intendCall,
  planCall,
  untoldCalls,
} from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { listDoNotCall } from "../../plugin/store/do-not-call.ts";

const OWNER = "+15550001111";
const TRANSCRIPT = [
  { speaker: "agent", words: "您好" },
  { speaker: "other", words: "三点可以" },
] as const;

let stateFolder: string;
let store: Store;
let told: string[];
/** The sessions that asked for what was told. */
let toldIn: (string | undefined)[];
const opened: CallReports[] = [];

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-reports-"));
  store = await openStore(stateFolder);
  told = [];
  toldIn = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((reports) => reports.stop()));
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

/** The reports of one process. */
function open(changes: Partial<CallReportsParameters> = {}): CallReports {
  const reports = new CallReports({
    line: { name: "claw", carrier: "clawcall", inboundCallers: "owner" },
    ownerNumbers: [OWNER],
    agentSpeaks: true,
    store,
    tellOfCall: async ({ sentence, askedIn }) => {
      told.push(sentence);
      toldIn.push(askedIn);
      return { told: Promise.resolve(), takeBack() {} };
    },
    resultOf: async () => "It is booked.",
    onEnded: () => {},
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...changes,
  });
  opened.push(reports);
  return reports;
}

const ASKED_IN = "agent:main:telegram:direct:42";

async function placed(callee: string | null, carrierCallId = "c1"): Promise<void> {
  const id = await intendCall(store, {
    line: "claw",
    carrier: "clawcall",
    callee,
    purpose: "Book a table",
    greeting: "Hello",
    askedIn: ASKED_IN,
  });
  await callPlaced(store, id, { carrierCallId });
}

test("a call to somebody else is told with its result and transcript, quoted, and once", async () => {
  await placed("+15550002222");
  const reports = open();
  await reports.ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  await reports.ended({ callId: "c1", outcome: "completed" });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/to \+15550002222.*Purpose: "Book a table".*"It is booked\.".*三点可以/);
  expect(toldIn).toEqual([ASKED_IN]);
});

test("where the carrier writes nothing down, what was heard on the call is told, and its cost", async () => {
  await placed("+15550002222");
  for (const line of TRANSCRIPT) await noteLine(store, { line: "claw", carrierCallId: "c1", ...line });
  await open().ended({ callId: "c1", outcome: "completed", cost: "0.3" });
  expect(told[0]).toMatch(/Cost: "0\.3".*"It is booked\.".*您好.*三点可以/);
});

test("a call nobody answered has no result to ask for", async () => {
  await placed("+15550002222");
  const resultOf = vi.fn(async () => "never");
  await open({ resultOf }).ended({ callId: "c1", outcome: "no_answer" });
  expect(told[0]).toMatch(/was not answered/);
  expect(resultOf).not.toHaveBeenCalled();
});

test("a call that the carrier's own voice led is told with what was said, also when it was the owner's", async () => {
  await placed(null);
  const resultOf = vi.fn(async () => "never");
  await open({ agentSpeaks: false, resultOf }).ended({ callId: "c1", transcript: TRANSCRIPT });
  expect(told[0]).toMatch(/to the owner.*三点可以/);
  expect(toldIn).toEqual([ASKED_IN]);
  expect(resultOf).not.toHaveBeenCalled();
});

test("a planned call that could not be placed is told with the reason, once", async () => {
  const id = await planCall(store, {
    line: "claw",
    carrier: "clawcall",
    callee: "+15550002222",
    purpose: "Book a table",
    dueAt: new Date(),
    askedIn: ASKED_IN,
  });
  await claimPlannedCall(store, id);
  await callRefused(store, id, "No minutes are left.");
  const reports = open();
  await reports.tellAll();
  await reports.tellAll();
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/could not be placed at its time\. Why: "No minutes are left\."/);
  expect(toldIn).toEqual([ASKED_IN]);
});

test("a call with the owner is told without its transcript, and nobody writes a result", async () => {
  await placed(null);
  const resultOf = vi.fn(async () => "never");
  await open({ resultOf }).ended({ callId: "c1", transcript: TRANSCRIPT });
  await open({ resultOf }).ended({ callId: "in", direction: "inbound", transcript: TRANSCRIPT });
  await open({ resultOf }).ended({ callId: "scheduled", recordedAs: "briefing", transcript: TRANSCRIPT });
  expect(told.map((line) => /(?:to|from|with) (?:the owner|somebody unknown)/.exec(line)?.[0])).toEqual([
    "to the owner",
    "from the owner",
    "from the owner",
  ]);
  expect(told.join("\n")).not.toContain("三点可以");
  expect(toldIn, "nobody is told at once of their own call").toEqual([undefined, undefined, undefined]);
  expect(resultOf).not.toHaveBeenCalled();
});

test("whoever was turned away has spoken with nobody: no result is asked for", async () => {
  const resultOf = vi.fn(async () => "never");
  const line = { name: "claw", carrier: "clawcall", inboundCallers: "unknown" } as const;
  await open({ line, resultOf }).ended({ callId: "in", direction: "inbound", transcript: TRANSCRIPT });
  expect(told[0]).toMatch(/from a caller.*quoted as data/);
  expect(resultOf).not.toHaveBeenCalled();
});

test("what the owner's session could not take is told by the next process, with a result", async () => {
  await placed("+15550002222");
  const full = async () => {
    throw new Error("too much waits");
  };
  await open({ tellOfCall: full }).ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  expect(told).toEqual([]);
  open().start();
  await vi.waitFor(() => expect(told).toHaveLength(1));
  expect(told[0]).toMatch(/It is booked.*三点可以/);
  open().start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told).toHaveLength(1);
});

test("a call that was told as lost and turns out to have been placed is told again, with its end", async () => {
  const id = await planCall(store, {
    line: "claw",
    carrier: "clawcall",
    callee: "+15550002222",
    dueAt: new Date(),
  });
  await claimPlannedCall(store, id);
  await callUnsettled(store, id, "Nobody answers.");
  const turns: (() => void)[] = [];
  const takeBack = vi.fn();
  const reports = open({
    tellOfCall: async ({ sentence }) => {
      told.push(sentence);
      return { told: new Promise<void>((resolve) => turns.push(resolve)), takeBack };
    },
  });
  await reports.tellAll();
  await callPlaced(store, id, { carrierCallId: "c1" });
  await reports.ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  expect(takeBack).toHaveBeenCalledTimes(1);
  expect(told.map((line) => /may have been placed|is over/.exec(line)?.[0])).toEqual([
    "may have been placed",
    "is over",
  ]);
  // The turn that had the old news ends only now.
  turns[0]?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await untoldCalls(store, "claw")).toHaveLength(1);
  turns[1]?.();
  await vi.waitFor(async () => expect(await untoldCalls(store, "claw")).toEqual([]));
});

test("only what has ended since this process began is news to the owner's other sessions", async () => {
  await placed("+15550002222");
  const isOld: boolean[] = [];
  const tellOfCall: CallReportsParameters["tellOfCall"] = async (notice) => {
    isOld.push(notice.isOld);
    return { told: new Promise<void>(() => {}), takeBack() {} };
  };
  const reports = open({ tellOfCall });
  await reports.ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  await reports.stop();
  await new Promise((resolve) => setTimeout(resolve, 5));
  open({ tellOfCall }).start();
  await vi.waitFor(() => expect(isOld).toEqual([false, true]));
});

test("what no turn has had by the end of the process is taken back, and told by the next one", async () => {
  await placed("+15550002222");
  const takenBack = vi.fn();
  const never = new Promise<void>(() => {});
  const reports = open({ tellOfCall: async () => ({ told: never, takeBack: takenBack }) });
  await reports.ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  await reports.tellAll();
  await reports.stop();
  expect(takenBack).toHaveBeenCalledTimes(1);
  open().start();
  await vi.waitFor(() => expect(told).toHaveLength(1));
});

test("a process that stops while the result is written leaves it to the next one", async () => {
  await placed("+15550002222");
  const reports = open({
    resultOf: (_callId, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined))),
  });
  const ended = reports.ended({ callId: "c1", outcome: "completed", transcript: TRANSCRIPT });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reports.stop();
  await ended;
  expect(told).toEqual([]);
  open().start();
  await vi.waitFor(() => expect(told).toHaveLength(1));
});

test("who asks on a call not to be called again is on the list; not for our own words, and not the owner", async () => {
  const wish = "Please don't call me again.";
  await placed("+15550002222", "asked");
  await placed("+15550003333", "said");
  await placed(OWNER, "own");
  await placed("+15550004444", "heard");
  const reports = open();
  await reports.ended({ callId: "asked", transcript: [{ speaker: "other", words: wish }] });
  await reports.ended({ callId: "said", transcript: [{ speaker: "agent", words: wish }] });
  await reports.ended({ callId: "own", transcript: [{ speaker: "other", words: wish }] });
  await noteLine(store, { line: "claw", carrierCallId: "heard", speaker: "other", words: "别再打来了" });
  await reports.ended({ callId: "heard" });
  expect((await listDoNotCall(store)).map(({ number, source }) => [number, source]).sort()).toEqual([
    ["+15550002222", "call"],
    ["+15550004444", "call"],
  ]);
  const hears =
    /They asked not to be called again: (\+\d+) is on the do-not-call list now.*phone do-not-call remove \1$/;
  expect(told.map((sentence) => hears.exec(sentence)?.[1])).toEqual([
    "+15550002222",
    undefined,
    undefined,
    "+15550004444",
  ]);
});

test("the owner hears of that wish also when they could not be told at first", async () => {
  await placed("+15550002222", "asked");
  let isAway = true;
  const reports = open({
    tellOfCall: async ({ sentence }) => {
      if (isAway) throw new Error("away");
      told.push(sentence);
      return { told: Promise.resolve(), takeBack() {} };
    },
  });
  await reports.ended({ callId: "asked", transcript: [{ speaker: "other", words: "Don't call me again." }] });
  isAway = false;
  await reports.tellAll();
  expect(told).toEqual([expect.stringContaining("They asked not to be called again: +15550002222")]);
});
