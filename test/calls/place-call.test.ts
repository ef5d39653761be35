import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CallRequest, placeCall } from "../../plugin/calls/place-call.ts";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { parsePhoneNumber } from "../../plugin/config/phone-number.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { findCall, findCallOfJob, openCalls, pendingIntents, recentCalls } from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

let stateFolder: string;
let store: Store;
let service: ClawdTalkPractice;
let rest: ClawdTalkRest;

const ownerNumbers = [parsePhoneNumber("+15550001111")].filter((number) => number !== undefined);
const named = { agentName: "Bo", ownerName: "Ada", ownerNumbers };

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-place-"));
  store = await openStore(stateFolder);
  service = await startClawdTalkPractice({ dedicatedNumber: "+15550008888" });
  service.onOutbound = () => ({ does: "no_answer" });
  rest = new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: service.key, timeoutMs: 2_000 });
});

afterEach(async () => {
  await service.close();
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

function place(request: CallRequest, names: Partial<typeof named> = named, language?: string) {
  const line = {
    name: "home",
    carrier: "clawdtalk" as const,
    ...(language === undefined ? {} : { language }),
  };
  return placeCall(request, { store, rest, line, config: { ownerNumbers, ...names } });
}

test("call, callee and purpose are written down before the carrier is asked", async () => {
  const asked: unknown[] = [];
  const placer = {
    placeCall: async (call: unknown) => {
      asked.push(call, ...(await pendingIntents(store, "home", new Date(0))));
      return { callId: "call-1", status: "initiating" };
    },
  };
  const call = await placeCall(
    { to: "+1 (555) 000-2222", purpose: " 订位 ", greeting: "您好" },
    { store, rest: placer, line: { name: "home", carrier: "clawdtalk" }, config: named },
  );
  expect(asked).toMatchObject([
    { to: "+15550002222", greeting: "您好", purpose: "订位" },
    { id: call.id, callee: "+15550002222", purpose: "订位", greeting: "您好", state: "intended" },
  ]);
  expect(call).toMatchObject({ callId: "call-1", status: "initiating", to: "+15550002222" });
  expect(await findCall(store, { line: "home", carrierCallId: "call-1" })).toMatchObject({
    id: call.id,
    callee: "+15550002222",
    state: "placed",
  });
});

test("the practice line gets what was meant", async () => {
  const call = await place({ to: "+15550002222", purpose: "Book a table" });
  expect(service.rest[0]?.body).toEqual({
    to: "+15550002222",
    greeting: "Hello, this is Bo, an AI assistant calling on behalf of Ada.",
    context: { purpose: "Book a table" },
  });
  expect(service.calls.has(call.callId)).toBe(true);
  expect(service.violations).toEqual([]);
});

test.each([
  [{}, named, undefined, "Hi, this is Bo."],
  [{ to: "+15550001111" }, named, "en-GB", "Hi, this is Bo."],
  [{}, { ownerNumbers }, undefined, "Hi, this is your assistant."],
  [
    { to: "+15550002222" },
    { ownerNumbers, ownerName: "Ada" },
    undefined,
    "Hello, this is an AI assistant calling on behalf of Ada.",
  ],
  [
    { to: "+15550002222" },
    { ownerNumbers },
    "de",
    "Hello, this is an AI assistant calling on behalf of the person I work for.",
  ],
  [{}, { ownerNumbers, agentName: "小助" }, "zh-CN", "您好，我是小助。"],
  [
    { to: "+8613800138000" },
    { ownerNumbers, agentName: "小助", ownerName: "王芳" },
    "zh",
    "您好，我是小助，一个人工智能助理，代表王芳给您打电话。",
  ],
  [{ greeting: "  Hey!  " }, named, undefined, "Hey!"],
] as const)("first words: %j", async (request, names, language, greeting) => {
  expect((await place(request, names, language)).greeting).toBe(greeting);
});

test("a number that is none costs nothing", async () => {
  await expect(place({ to: "5550002222" })).rejects.toThrow(/not a phone number with its country code/);
  expect(service.rest).toEqual([]);
  expect(await recentCalls(store, 10)).toEqual([]);
});

test("a refused call is written down as refused", async () => {
  service.faults.rest = [{ path: "/v1/calls", kind: "status", status: 403, times: 1 }];
  await expect(place({ to: "+15550002222" })).rejects.toMatchObject({ name: "CarrierRefused", status: 403 });
  expect(await recentCalls(store, 10)).toMatchObject([{ state: "refused", callee: "+15550002222" }]);
  expect(await pendingIntents(store, "home", new Date(0))).toEqual([]);
});

test("a call whose answer was lost stays open: its events may be about it", async () => {
  service.faults.rest = [{ path: "/v1/calls", kind: "drop_after_processing", times: 1 }];
  await expect(place({})).rejects.toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
  expect(await pendingIntents(store, "home", new Date(0))).toMatchObject([
    { state: "unsettled", callee: null },
  ]);
  expect(service.calls.size).toBe(1);
});

test("an order's id and its context are kept, and found again by the order", async () => {
  const placer = { placeCall: async () => ({ callId: "call-1", status: undefined, jobId: "job-1" }) };
  await placeCall(
    { to: "+15550002222", purpose: "订位", context: " 两位 " },
    { store, rest: placer, line: { name: "home", carrier: "clawcall" }, config: named },
  );
  const found = await findCallOfJob(store, { line: "home", jobId: "job-1" });
  expect(found).toMatchObject({ carrierCallId: "call-1", context: "两位", purpose: "订位" });
  expect(await findCallOfJob(store, { line: "other", jobId: "job-1" })).toBeUndefined();
  expect(await openCalls(store, "home", new Date(0))).toMatchObject([{ carrierCallId: "call-1" }]);
});

test("a call to the owner is announced before the carrier is asked, one to others is not", async () => {
  const happened: string[] = [];
  const using = {
    store,
    rest: {
      placeCall: async () => {
        happened.push("placed");
        return { callId: `call-${happened.length}`, status: undefined };
      },
    },
    line: { name: "home", carrier: "clawcall" as const },
    config: named,
    announce: async ({ greeting }: { greeting: string }) => void happened.push(greeting),
  };
  await placeCall({ greeting: "Done." }, using);
  await placeCall({ to: "+15550001111", greeting: "Done too." }, using);
  await placeCall({ to: "+15550002222", greeting: "Hello.", purpose: "Ask" }, using);
  expect(happened).toEqual(["Done.", "placed", "Done too.", "placed", "placed"]);
});
