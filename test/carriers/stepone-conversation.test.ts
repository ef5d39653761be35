// Proves that a StepOne call is followed to its end in Switchboard's words: each thing said once with its place, the
// end as the record tells it, whatever becomes of the stream.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CarrierRefused } from "../../plugin/carriers/carrier-errors.ts";
import {
  conversationOf,
  type PlacedLine,
  stepOneFollowing,
} from "../../plugin/carriers/stepone/conversation.ts";
import { StepOneRest } from "../../plugin/carriers/stepone/rest.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { dataLine, type StepOneLine } from "../../plugin/practice/stepone-wire.ts";
import { errorOf } from "./told-service.ts";

const NUMBER = "13800138000";
const STREAM = /stream_chat_history$/;
const RECORD = /search_callinfo$/;

const SAID: readonly StepOneLine[] = [
  { role: "assistant", content: "喂" },
  { role: "user", content: "喂" },
  { role: "user", content: "喂" },
  { role: "assistant", content: '他说"明天"\n见 \\o/ 😀𠮷' },
  { role: "system", content: "user is silent" },
];
const LINES = [
  { speaker: "agent", words: "喂" },
  { speaker: "other", words: "喂" },
  { speaker: "other", words: "喂" },
  { speaker: "agent", words: '他说"明天"\n见 \\o/ 😀𠮷' },
  { speaker: "other", words: "user is silent" },
];
const PLACED = LINES.map((line, index) => ({ position: index + 1, ...line }));

/** Streams that are soon opened again, records that are soon asked for again. */
const QUICK = {
  recordEveryMs: 10,
  looks: 8,
  limits: { firstDelayMs: 1, longestDelayMs: 4, fruitless: 3, unopened: 2 },
};

let service: StepOnePractice;
let rest: StepOneRest;

beforeEach(async () => {
  service = await startStepOnePractice({
    timings: { ringMs: 1, lineMs: 2, recordDelayMs: 0, noAnswerMs: 300 },
    onRing: () => ({ does: "talk", lines: SAID }),
  });
  rest = new StepOneRest({
    baseUrl: service.url,
    apiKey: service.key,
    timeoutMs: 500,
    retry: { times: 0, firstDelayMs: 1 },
  });
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
});

async function place(): Promise<string> {
  const [callId = ""] = await rest.placeCalls({ numbers: [NUMBER], requirement: "您好" });
  return callId;
}

async function follow(callId: string, given: Partial<typeof QUICK> & { signal?: AbortSignal } = {}) {
  const { signal = AbortSignal.timeout(10_000), ...how } = given;
  const heard: PlacedLine[] = [];
  const outcome = await stepOneFollowing(rest, { ...QUICK, ...how }).follow(callId, {
    signal,
    onLine: (line) => heard.push(line),
  });
  return { outcome, heard };
}

const recordsAsked = () => service.requests.filter(({ path }) => RECORD.test(path)).length;

describe("a conversation", () => {
  async function told(callId: string) {
    const conversation = conversationOf(rest, callId, {
      signal: AbortSignal.timeout(10_000),
      limits: QUICK.limits,
    });
    const lines: PlacedLine[] = [];
    for (;;) {
      const next = await conversation.next();
      if (next.done) return { lines, end: next.value };
      lines.push(next.value);
    }
  }

  test("is told in our words, each line with its place, and how it ended", async () => {
    expect(await told(await place())).toEqual({ lines: PLACED, end: "done" });
  });

  test("comes line by line, as it is spoken", async () => {
    service.onRing = () => ({ does: "answer" });
    const callId = await place();
    const call = await service.nextCall();
    await service.until(() => call.answeredAt, "somebody to pick up");
    const conversation = conversationOf(rest, callId, { signal: AbortSignal.timeout(5_000) });
    for (const [index, { role, content }] of SAID.entries()) {
      call.say(role, content);
      expect((await conversation.next()).value).toEqual(PLACED[index]);
    }
    call.hangUp();
    expect(await conversation.next()).toEqual({ done: true, value: "done" });
  });

  test("of a phone that nobody answers ends with that", async () => {
    service.timings.noAnswerMs = 5;
    service.onRing = () => ({ does: "no_answer" });
    expect(await told(await place())).toEqual({ lines: [], end: "timeout" });
  });

  test("keeps its places when the stream breaks and is told again", async () => {
    service.faults.streams.push(
      { times: 2, cutAfterBytes: 120 },
      { times: 1, cutAfterBytes: 200, cut: "end" },
    );
    expect(await told(await place())).toEqual({ lines: PLACED, end: "done" });
    expect(service.streams).toHaveLength(4);
  });

  test("is left at once by whoever stops listening", async () => {
    service.onRing = () => ({ does: "answer" });
    const callId = await place();
    const call = await service.nextCall();
    await service.until(() => call.answeredAt, "somebody to pick up");
    call.say("user", "喂");
    for await (const _ of conversationOf(rest, callId, { signal: AbortSignal.timeout(5_000) })) break;
    await service.until(() => service.streams[0]?.endedBy, "the end of the stream");
    expect(service.streams[0]?.endedBy).toBe("client");
  });
});

test("a call followed to its end: what was said, its length, its cost", async () => {
  service.onRing = () => ({ does: "talk", lines: SAID, record: { duration_seconds: 42, cost: 0.3 } });
  const { outcome, heard } = await follow(await place());
  expect(heard).toEqual(PLACED);
  expect(outcome).toEqual({ outcome: "completed", durationSeconds: 42, transcript: LINES, cost: "0.3" });
});

test.each([
  [{ cost: 0.3, billed: false }, "0.3 (not billed)"],
  [{ cost: 0, billed: true }, "0"],
  [{ cost: undefined, billed: false }, undefined],
])("the cost as text: %j", async (record, cost) => {
  service.onRing = () => ({
    does: "talk",
    lines: SAID,
    record: record as { cost?: number; billed: boolean },
  });
  const { outcome } = await follow(await place());
  expect(outcome.cost).toBe(cost);
});

test("a record that appears late is waited for", async () => {
  service.timings.recordDelayMs = 45;
  const { outcome } = await follow(await place(), { looks: 30 });
  expect(outcome).toMatchObject({ outcome: "completed", durationSeconds: expect.any(Number) });
  expect(recordsAsked()).toBeGreaterThan(2);
});

test("a record that never appears: it is over, with what was heard", async () => {
  service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
  const { outcome } = await follow(await place());
  expect(outcome).toEqual({ outcome: "completed", transcript: LINES });
  expect(recordsAsked()).toBe(QUICK.looks);
});

test("trouble that has passed is forgotten", async () => {
  service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
  service.faults.routes.push({ path: RECORD, times: 2, kind: "drop" });
  expect((await follow(await place())).outcome).toEqual({ outcome: "completed", transcript: LINES });
});

test("between two looks 10 s go by, and there are 30 of them", async () => {
  service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
  const waits: number[] = [];
  const callId = await place();
  const following = stepOneFollowing(rest, {
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });
  await following.follow(callId, { signal: AbortSignal.timeout(10_000), onLine() {} });
  expect(waits).toEqual(Array.from({ length: 29 }, () => 10_000));
  expect(recordsAsked()).toBe(30);
});

test("nobody answers: told at once, after one look at the record", async () => {
  service.timings.noAnswerMs = 5;
  service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
  service.onRing = () => ({ does: "no_answer" });
  expect(await follow(await place())).toEqual({ outcome: { outcome: "no_answer" }, heard: [] });
  expect(recordsAsked()).toBe(1);
});

test("nobody answers, and the record is there: its cost is told", async () => {
  service.timings.noAnswerMs = 5;
  service.onRing = () => ({ does: "no_answer" });
  const callId = await place();
  await service.until(() => service.calls[0]?.recorded || undefined, "the record");
  expect((await follow(callId)).outcome).toEqual({
    outcome: "no_answer",
    durationSeconds: 0,
    cost: "0 (not billed)",
  });
});

test("a call that ended without a length and without a word was not answered", async () => {
  service.onRing = () => ({ does: "no_answer" });
  const callId = await place();
  (await service.nextCall()).hangUp();
  expect((await follow(callId)).outcome).toMatchObject({ outcome: "no_answer", durationSeconds: 0 });
});

test("a stream that breaks in the middle loses and repeats nothing", async () => {
  service.faults.streams.push({ times: 3, cutAfterBytes: 150 });
  const { outcome, heard } = await follow(await place());
  expect(heard).toEqual(PLACED);
  expect(outcome.transcript).toEqual(LINES);
});

test("a stream that cannot be followed: the record tells the end, and what was said", async () => {
  service.faults.routes.push({ path: STREAM, times: Number.POSITIVE_INFINITY, kind: "status", status: 500 });
  const { outcome, heard } = await follow(await place());
  expect(heard).toEqual([]);
  expect(outcome).toMatchObject({ outcome: "completed", transcript: LINES });
});

test("a stream that breaks off for good goes on as soon as it can be followed again", async () => {
  service.onRing = () => ({ does: "answer" });
  const callId = await place();
  const call = await service.nextCall();
  await service.until(() => call.answeredAt, "somebody to pick up");
  call.say("assistant", "喂");
  // Each of these tells the first line and breaks.
  const cutAfterBytes = Buffer.byteLength(dataLine({ role: "assistant", content: "喂" }, false));
  service.faults.streams.push({ times: 5, cutAfterBytes });
  const following = follow(callId, { looks: 100 });
  await service.until(() => service.streams[5], "a stream that holds");
  call.say("user", "喂");
  call.hangUp();
  expect((await following).heard).toEqual(PLACED.slice(0, 2));
});

test("a call that the service does not know yet is asked for again", async () => {
  service.faults.routes.push(
    { path: STREAM, times: 2, kind: "status", status: 404 },
    { path: RECORD, times: 2, kind: "status", status: 404 },
  );
  const { outcome, heard } = await follow(await place());
  expect(heard).toEqual(PLACED);
  expect(outcome.outcome).toBe("completed");
});

test.each([
  ["an unknown call", "nobody-placed-this", /^StepOne does not know this call/],
  ["a service in trouble", undefined, /^StepOne has trouble of its own \(503\)/],
])("%s: that the end cannot be found out now is an error", async (_, callId, sentence) => {
  if (callId === undefined) {
    service.faults.routes.push({ path: /./, times: Number.POSITIVE_INFINITY, kind: "status", status: 503 });
  }
  expect((await errorOf(follow(callId ?? "any", { looks: 2 }))).message).toMatch(sentence);
});

test.each([
  ["a refused key", () => ({ refuseKey: true }), 401],
  ["another version", () => ({ newVersion: { version: "2.0.0" } }), 426],
])("%s is told at once", async (_, faults, status) => {
  const callId = await place();
  Object.assign(service.faults, faults());
  const error = await errorOf(follow(callId));
  expect(error).toBeInstanceOf(CarrierRefused);
  expect(error).toMatchObject({ status });
});

test("the end of a conversation without its record, because the service cannot be reached: an error", async () => {
  const callId = await place();
  service.faults.routes.push({ path: RECORD, times: Number.POSITIVE_INFINITY, kind: "drop" });
  expect((await errorOf(follow(callId, { looks: 3 }))).message).toMatch(/could not be reached/);
});

test.each(["on the phone", "before the record"])(
  "a stop %s ends it at once, with the signal's reason",
  async (when) => {
    if (when === "on the phone") service.onRing = () => ({ does: "answer" });
    else service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
    const stopping = new AbortController();
    const following = follow(await place(), { signal: stopping.signal, recordEveryMs: 60_000 });
    const reason = new Error("stopped");
    const stopped = expect(following).rejects.toBe(reason);
    await service.until(
      () => (when === "on the phone" ? service.streams[0] : recordsAsked() === 1 || undefined),
      "the following to be there",
    );
    stopping.abort(reason);
    await stopped;
  },
);
