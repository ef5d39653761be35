import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CallRequest, placeCall } from "../../plugin/calls/place-call.ts";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { parsePhoneNumber } from "../../plugin/config/phone-number.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import {
  cancelPlannedCall,
  dueCalls,
  findCall,
  findCallOfJob,
  openCalls,
  pendingIntents,
  planCall,
  searchCalls,
} from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { addDoNotCall } from "../../plugin/store/do-not-call.ts";
import { unlimited } from "../limits/unlimited.ts";

let stateFolder: string;
let store: Store;
let service: ClawdTalkPractice;
let rest: ClawdTalkRest;

const ownerNumbers = [parsePhoneNumber("+15550001111")].filter((number) => number !== undefined);
const named = { agentName: "Bo", ownerName: "Ada", ownerNumbers, ...unlimited };

/** Who calls for whom, in the words of a call to somebody else. */
const BO = "Hello, this is Bo, an AI assistant calling on behalf of Ada.";
const BO_ZH = "您好，我是Bo，一个人工智能助理，代表Ada给您打电话。";

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

function place(
  request: CallRequest,
  names: Partial<Parameters<typeof placeCall>[1]["config"]> = named,
  language?: string,
  planned?: string,
) {
  const line = {
    name: "home",
    carrier: "clawdtalk" as const,
    ...(language === undefined ? {} : { language }),
  };
  return placeCall(request, {
    store,
    rest,
    line,
    planned,
    config: { ownerNumbers, ...unlimited, ...names },
  });
}

test("no key goes out with a call, not even spelled; a number or an address that the request names does", async () => {
  const key = "cc_live_0a1b2c3d4e5f60718293";
  const email = "ada@example.com";
  const lines = [{ name: "home", apiKey: key, email, callsPerDay: 9, textsPerDay: 9, minutesPerDay: 9 }];
  const { id } = await place(
    {
      to: "+15550002222",
      greeting: `Our key is c c live zero A one B two C three D four E five F. We are ${email}.`,
      purpose: `Tell them ${key}, and that they can call back at 555 000 1111.`,
      context: `The key: ${key.toUpperCase()}.`,
    },
    { ...named, lines },
  );
  const sent = service.rest.find(({ path }) => path === "/v1/calls")?.body;
  expect(sent).toMatchObject({ greeting: `${BO} Our key is [redacted]. We are ${email}.` });
  const [call] = await searchCalls(store, { limit: 1 });
  expect(call).toMatchObject({
    id,
    purpose: "Tell them [redacted], and that they can call back at 555 000 1111.",
    context: "The key: [redacted].",
  });
});

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
    { to: "+15550002222", greeting: `${BO_ZH}您好`, purpose: "订位" },
    { id: call.id, callee: "+15550002222", purpose: "订位", greeting: `${BO_ZH}您好`, state: "intended" },
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
    greeting: BO,
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
  [{ to: "+15550001111", greeting: "Hey!" }, named, undefined, "Hey!"],
  // Somebody else hears who calls for whom before anything else, in the language of what follows.
  [{ to: "+15550002222", greeting: "  Hey!  " }, named, undefined, `${BO} Hey!`],
  [{ to: "+15550002222", greeting: "Hey!" }, named, "zh", `${BO_ZH}Hey!`],
  [{ to: "+15550002222", greeting: "我想订一张桌子。" }, named, "en", `${BO_ZH}我想订一张桌子。`],
  [
    { to: "+15550002222", greeting: "Is there a table for two today?" },
    named,
    "zh",
    `${BO} Is there a table for two today?`,
  ],
  [{ to: "+15550002222", greeting: `${BO} Is there a table?` }, named, undefined, `${BO} Is there a table?`],
  [{ to: "+15550002222", greeting: "   " }, named, undefined, BO],
] as const)("first words: %j", async (request, names, language, greeting) => {
  expect((await place(request, names, language)).greeting).toBe(greeting);
});

test("a number that is none costs nothing", async () => {
  await expect(place({ to: "5550002222" })).rejects.toThrow(/not a phone number with its country code/);
  await expect(place({ to: "112" })).rejects.toMatchObject({ name: "NotDialable" });
  expect(service.rest).toEqual([]);
  expect(await searchCalls(store, { limit: 10 })).toEqual([]);
});

test("a number without its country code is one of the owner's region", async () => {
  expect((await place({ to: "010 5555 0022" }, { ...named, defaultRegion: "CN" })).to).toBe("+861055550022");
});

describe("a planned call", () => {
  const wanted = { line: "home", carrier: "clawdtalk", callee: "+15550002222", greeting: `${BO} Hi!` };
  const dueAt = new Date(0);

  test("is placed once, by whoever takes it up first, with the words it was planned with", async () => {
    const planned = await planCall(store, { ...wanted, dueAt, askedIn: "agent:main:main" });
    const request = { to: "+15550002222", greeting: wanted.greeting };
    const placing = [place(request, named, undefined, planned), place(request, named, undefined, planned)];
    const results = await Promise.allSettled(placing);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({
      reason: {
        name: "NotPlanned",
        message: `The planned call ${planned} was already placed or called off.`,
      },
    });
    expect(service.rest).toMatchObject([{ body: { to: "+15550002222", greeting: `${BO} Hi!` } }]);
    expect(await searchCalls(store, { limit: 10 })).toMatchObject([
      { id: planned, state: "placed", greeting: `${BO} Hi!`, askedIn: "agent:main:main" },
    ]);
  });

  test("is not placed once it was called off", async () => {
    const planned = await planCall(store, { ...wanted, dueAt });
    await cancelPlannedCall(store, planned);
    await expect(place({ to: "+15550002222" }, named, undefined, planned)).rejects.toThrow(/called off/);
    expect(service.rest).toEqual([]);
  });

  test("that cannot be placed any more is refused, and not due again", async () => {
    const planned = await planCall(store, { ...wanted, dueAt });
    await expect(place({ to: "112" }, named, undefined, planned)).rejects.toMatchObject({
      name: "NotDialable",
    });
    expect(await searchCalls(store, { limit: 10 })).toMatchObject([{ id: planned, state: "refused" }]);
    service.faults.rest = [{ path: "/v1/calls", kind: "status", status: 403, times: 1 }];
    const other = await planCall(store, { ...wanted, dueAt });
    await expect(place({ to: "+15550002222" }, named, undefined, other)).rejects.toMatchObject({
      status: 403,
    });
    expect(await dueCalls(store)).toEqual([]);
  });
});

test("which session asked for a call is written down", async () => {
  const { id } = await place({ askedIn: "agent:main:telegram:1" });
  expect(await searchCalls(store, { limit: 10 })).toMatchObject([{ id, askedIn: "agent:main:telegram:1" }]);
});

test("a refused call is written down as refused", async () => {
  service.faults.rest = [{ path: "/v1/calls", kind: "status", status: 403, times: 1 }];
  await expect(place({ to: "+15550002222" })).rejects.toMatchObject({ name: "CarrierRefused", status: 403 });
  expect(await searchCalls(store, { limit: 10 })).toMatchObject([
    { state: "refused", callee: "+15550002222" },
  ]);
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

describe("what the limits forbid", () => {
  const once = { ...named, limits: { callsPerNumberPerDay: 1, cooldownMinutes: 0 } };
  const to = "+15550002222";

  test("is not asked of the carrier, and written down as refused with the reason", async () => {
    const number = parsePhoneNumber(to);
    if (number === undefined) throw new Error("no number");
    await addDoNotCall(store, { number, source: "owner" });
    await expect(place({ to })).rejects.toMatchObject({ name: "LimitReached", rule: "doNotCall" });
    expect(service.rest).toEqual([]);
    expect(await searchCalls(store, { limit: 10 })).toMatchObject([
      { state: "refused", callee: to, detail: expect.stringMatching(/on the do-not-call list/) },
    ]);
    expect((await place({})).to, "the owner").toBeNull();
  });

  test("of many calls asked for at the same time only as many ring as may", async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => place({ to }, once)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(service.rest).toHaveLength(1);
    await expect(place({ to }, once)).rejects.toMatchObject({ rule: "callsPerNumberPerDay" });
  });

  test("refuses a planned call at its time, and the owner is not announced one that never rings", async () => {
    await place({ to }, once);
    const dueAt = new Date(0);
    const planned = await planCall(store, { line: "home", carrier: "clawdtalk", callee: to, dueAt });
    await expect(place({ to }, once, undefined, planned)).rejects.toMatchObject({ name: "LimitReached" });
    expect((await searchCalls(store, { limit: 10 })).find(({ id }) => id === planned)).toMatchObject({
      state: "refused",
      detail: expect.stringMatching(/"callsPerNumberPerDay"/),
    });
    const announced: string[] = [];
    const quiet = { ...unlimited.hours, quietHours: { fromMinute: 0, toMinute: 1440 } };
    const using = {
      store,
      rest,
      line: { name: "home", carrier: "clawdtalk" as const },
      config: { ...named, hours: quiet },
      announce: async ({ greeting }: { greeting: string }) => void announced.push(greeting),
    };
    await expect(placeCall({ greeting: "Good night" }, using)).rejects.toMatchObject({ rule: "quietHours" });
    expect(announced).toEqual([]);
    expect(service.rest).toHaveLength(1);
  });
});
