// Proves StepOne's interface: every call of the wire page, what each refusal tells people, and that placing calls
// happens once. Both ways of asking, the platform's fetch and the scripts' own, are the same.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CarrierError } from "../../plugin/carriers/carrier-errors.ts";
import { plainFetch } from "../../plugin/carriers/plain-fetch.ts";
import { StepOneRest } from "../../plugin/carriers/stepone/rest.ts";
import { followConversation } from "../../plugin/carriers/stepone/stream.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";

const NUMBER = "13800138000";
const TEXT = '他说"明天"\n9点见 \\o/ 😀𠮷';
const PLACE = "/api/v1/callinfo/initiate_call";
const RECORD = "/api/v1/callinfo/search_callinfo";

async function errorOf(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CarrierError) return error;
  throw new Error(`a carrier error was expected, not ${inspect(error)}`);
}

describe.each([
  ["the platform's fetch", globalThis.fetch],
  ["the scripts' own", plainFetch],
])("with %s", (_, fetch) => {
  let service: StepOnePractice;
  let rest: StepOneRest;
  const made = (more: object = {}) =>
    new StepOneRest({
      baseUrl: `${service.url}/`,
      apiKey: service.key,
      fetch,
      timeoutMs: 1_000,
      retry: { times: 2, firstDelayMs: 5 },
      ...more,
    });

  beforeEach(async () => {
    service = await startStepOnePractice({
      timings: { ringMs: 1, lineMs: 1, recordDelayMs: 0, noAnswerMs: 500 },
    });
    rest = made();
  });

  afterEach(async () => {
    expect(service.violations).toEqual([]);
    await service.close();
  });

  test("no key goes out with a requirement", async () => {
    await rest.placeCalls({ numbers: [NUMBER], requirement: `${TEXT} ${service.key}` });
    expect(service.requests[0]?.body).toMatchObject({ user_requirement: `${TEXT} [redacted]` });
  });

  test("calls are placed, followed and looked up, text as it is", async () => {
    const callIds = await rest.placeCalls({ numbers: [NUMBER, "13900139000"], requirement: TEXT });
    expect(callIds).toEqual(service.calls.map(({ id }) => id));
    expect(service.requests[0]).toMatchObject({
      method: "POST",
      path: PLACE,
      headers: { "x-skill-version": "1.0.0", "content-type": "application/json" },
      body: { phones: `${NUMBER},13900139000`, user_requirement: TEXT },
    });
    expect(service.requests[0]?.headers).not.toHaveProperty("authorization");
    const [callId = ""] = callIds;

    const said: string[] = [];
    const never = new AbortController().signal;
    const open = (signal: AbortSignal) => rest.openConversation(callId, signal);
    for await (const piece of followConversation({ open, signal: never, wait: async () => {} })) {
      if (piece.kind === "line") said.push(piece.content);
    }
    expect(said).toContain(TEXT);

    await service.until(() => service.calls[0]?.recorded || undefined, "the record");
    expect(await rest.record(callId)).toEqual({
      callId,
      phones: NUMBER,
      requirement: TEXT,
      durationSeconds: 1,
      cost: 0.3,
      billed: true,
      transcript: service.calls[0]?.lines,
      providerResponse: { status: "completed" },
    });
  });

  test("one id for all, as the service answers some accounts", async () => {
    service.answerShape = "provider_call_id";
    expect(await rest.placeCalls({ numbers: [NUMBER], requirement: TEXT })).toEqual([service.calls[0]?.id]);
  });

  test("a record that is not there yet is none, and one of no seconds is one", async () => {
    service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
    const [callId = ""] = await rest.placeCalls({ numbers: [NUMBER], requirement: TEXT });
    expect(await rest.record(callId)).toBeUndefined();
    service.timings.recordDelayMs = 0;
    service.callees.set(NUMBER, { does: "no_answer" });
    const [silent = ""] = await rest.placeCalls({ numbers: [NUMBER], requirement: TEXT });
    await service.until(() => service.calls[1]?.recorded || undefined, "the record");
    expect(await rest.record(silent)).toMatchObject({ durationSeconds: 0, billed: false, transcript: [] });
  });

  test("the version is asked for", async () => {
    expect(await rest.skillVersion()).toBe("1.0.0");
  });

  test.each([
    ["余额不足：请充值", "余额不足：请充值"],
    ['he said "no"\u001b[31m', 'he said \\"no\\"\\u001b[31m'],
    ["", undefined],
    [undefined, undefined],
  ])("success:false with the message %j is a refusal, and nobody was called", async (message, told) => {
    service.faults.refuseCalls = message === undefined ? {} : { message };
    const error = await errorOf(rest.placeCalls({ numbers: [NUMBER], requirement: TEXT }));
    expect(error.message).toMatch(/^StepOne did not place the call\./);
    expect(error.message).not.toContain("\u001b");
    if (told !== undefined) expect(error.message).toContain(told);
    expect(error.mayHaveHappened).toBe(false);
    expect(service.requests).toHaveLength(1);
  });

  test("a wrong key is named by its end, with what to set", async () => {
    const apiKey = "sk_someone_else_000000001234";
    const error = await errorOf(made({ apiKey }).placeCalls({ numbers: [NUMBER], requirement: TEXT }));
    expect(error.message).toMatch(/^StepOne does not accept the key \S*…1234: set STEPONEAI_API_KEY /);
    expect(error.message).not.toContain(apiKey);
  });

  test.each([
    ["named in the refusal", { version: "1.4.0" }, "version 1.4.0"],
    ["asked for", { version: "1.4.0", named: false, askable: true }, "version 1.4.0"],
    ["not told", { version: "1.4.0", named: false }, "another version"],
  ])("426 says which version is wanted and how to update: %s", async (_, newVersion, wanted) => {
    service.faults.newVersion = newVersion;
    const error = await errorOf(rest.placeCalls({ numbers: [NUMBER], requirement: TEXT }));
    expect(error.message).toContain(
      `StepOne wants ${wanted} of its interface, and this speaks 1.0.0: update`,
    );
    expect(error.message).toContain("openclaw plugins update switchboard");
    expect(error.mayHaveHappened).toBe(false);
    expect(service.calls).toEqual([]);
  });

  test("a call nobody knows, and a wrong address", async () => {
    expect((await errorOf(rest.record("none"))).message).toMatch(/^StepOne does not know this call/);
    expect((await errorOf(rest.openConversation("none"))).message).toMatch(
      /^StepOne does not know this call/,
    );
    service.faults.routes.push({ path: PLACE, kind: "status", status: 404, times: 1 });
    expect((await errorOf(rest.placeCalls({ numbers: [NUMBER], requirement: TEXT }))).message).toMatch(
      /check STEPONEAI_API_BASE\./,
    );
  });

  test.each(["drop", "cut", "hang", "garbage"] as const)(
    "placing is done once when the answer is lost (%s), and says where to look",
    async (kind) => {
      service.faults.routes.push({ path: PLACE, kind, times: 1 });
      const error = await errorOf(
        made({ timeoutMs: 1_000 }).placeCalls({ numbers: [NUMBER], requirement: TEXT }),
      );
      expect(error.mayHaveHappened).toBe(true);
      expect(error.message).toMatch(/may have called all the same: look at https:\S+ before trying again\.$/);
      expect(service.requests).toHaveLength(1);
    },
  );

  test("looking up is tried again when the network fails, though it is a POST", async () => {
    const [callId = ""] = await rest.placeCalls({ numbers: [NUMBER], requirement: TEXT });
    await service.until(() => service.calls[0]?.recorded || undefined, "the record");
    service.faults.routes.push({ path: RECORD, kind: "drop", times: 2 });
    expect(await rest.record(callId)).toMatchObject({ callId });
  });

  test("nobody there: said with the place, and nothing happened", async () => {
    const { url } = service;
    await service.close();
    const gone = made({ baseUrl: url });
    const error = await errorOf(gone.placeCalls({ numbers: [NUMBER], requirement: TEXT }));
    expect(error.message).toMatch(
      /^StepOne at 127\.0\.0\.1:\d+ could not be reached \(ECONNREFUSED\): check the network and STEPONEAI_API_BASE\.$/,
    );
    expect(error.mayHaveHappened).toBe(false);
    service = await startStepOnePractice();
  });

  test("one odd id loses no other, and an odd conversation loses no record", async () => {
    const line = { role: "user", content: "喂" };
    const answers: unknown[] = [
      { success: true, call_ids: ["a", null, { id: "b" }, "c d", 7] },
      { success: true, call_ids: [null] },
      { duration_seconds: 65, call_content: [line, { role: "user", content: null }] },
      { duration_seconds: "65", call_content: "喂" },
      { duration_seconds: "", call_content: [line] },
      { duration_seconds: true, call_content: [line] },
    ];
    const server = createServer((_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(answers.shift()));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const odd = made({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const order = { numbers: [NUMBER], requirement: TEXT };
    try {
      expect(await odd.placeCalls(order)).toEqual(["a", "7"]);
      expect((await errorOf(odd.placeCalls(order))).mayHaveHappened).toBe(true);
      expect(await odd.record("a")).toMatchObject({ durationSeconds: 65, transcript: [line] });
      expect(await odd.record("a")).toMatchObject({ durationSeconds: 65, transcript: [] });
      expect(await odd.record("a")).toBeUndefined();
      expect(await odd.record("a")).toBeUndefined();
    } finally {
      server.close();
    }
  });

  test("what answers a stream with something else is refused in words", async () => {
    const answers = ['{"success":false,"message":"通话不存在"}', "<html>", '{"success":true}'];
    const server = createServer((_request, response) => {
      response.setHeader("content-type", "application/json").end(answers.shift());
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const odd = made({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    try {
      expect((await errorOf(odd.openConversation("abc"))).message).toBe(
        'StepOne refused the request. It says: "通话不存在"',
      );
      expect((await errorOf(odd.openConversation("abc"))).message).toMatch(/cannot be understood/);
      expect((await errorOf(odd.openConversation("abc"))).message).toMatch(/cannot be understood/);
    } finally {
      server.close();
    }
  });
});
