// Proves ClawCall's interface: every call of the wire page, what each refusal tells people, and that what acts is
// made once.
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CarrierRefused } from "../../plugin/carriers/carrier-errors.ts";
import { clawCallPlacer } from "../../plugin/carriers/clawcall/call-placer.ts";
import { clawCallRecords } from "../../plugin/carriers/clawcall/records.ts";
import { ClawCallRest, type HistoryCall } from "../../plugin/carriers/clawcall/rest.ts";
import { secondListener } from "../../plugin/carriers/clawcall/second-listener.ts";
import {
  type ClawCallPractice,
  PRACTICE_CLAWCALL_KEY,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import { answering, errorOf, fast, serveAt } from "./told-service.ts";

describe("with the practice line", () => {
  let service: ClawCallPractice;
  let rest: ClawCallRest;

  beforeEach(async () => {
    service = await startClawCallPractice({ tier: "team", dedicatedNumber: "+15550007777" });
    rest = new ClawCallRest({ baseUrl: service.url, apiKey: service.key, version: "1.2.3", ...fast });
  });

  afterEach(async () => {
    expect(service.violations).toEqual([]);
    await service.close();
  });

  test("an account is made without a key, and recovered by its email", async () => {
    const open = new ClawCallRest({ baseUrl: `${service.url}/`, ...fast });
    const made = await open.register({ phoneNumber: "+15550002222", agentName: "小莫" });
    expect(made).toEqual({
      apiKey: expect.any(String),
      email: expect.stringContaining("@"),
      agentNumber: service.sharedNumber,
      tier: "free",
    });
    expect(service.requests[0]?.headers).not.toHaveProperty("authorization");
    const again = await open.register({
      phoneNumber: "+15550002222",
      agentName: "小莫",
      email: made.email,
    });
    expect(again.apiKey).not.toBe(made.apiKey);
    expect(again.email).toBeUndefined();
    const dead = new ClawCallRest({ baseUrl: service.url, apiKey: made.apiKey, ...fast });
    expect(await errorOf(dead.account())).toMatchObject({ status: 401 });
    expect((await errorOf(open.account())).message).toMatch(/wants a key and was given none/);
  });

  test("the account, its phone, voice and webhook", async () => {
    expect(await rest.account()).toEqual({
      email: service.email,
      tier: "team",
      agentNumber: "+15550007777",
      isDedicated: true,
      minutesUsed: 0,
      minutesLimit: 500,
      minutesRemaining: 500,
      agentId: expect.any(String),
      agentName: "Robin",
      webhookUrl: undefined,
    });
    expect(service.requests[0]?.headers["x-client-version"]).toBe("1.2.3");
    await rest.setPhone("+15550009999");
    expect(service.ownerNumber).toBe("+15550009999");
    await rest.setVoice("emma");
    await rest.setWebhook("https://a.example/hook");
    await rest.setWebhook("");
    expect(service.requests.slice(2).map(({ body }) => body)).toEqual([
      { voice: "emma" },
      { webhook_push_url: "https://a.example/hook" },
      { webhook_push_url: "" },
    ]);
  });

  test("messages are polled and answered, whatever their script", async () => {
    expect(await rest.listen({ timeoutMs: 20 })).toBeUndefined();
    expect(service.listens[0]?.timeout).toBe(0.02);
    const call = await service.ring();
    const turn = call.say("你好 👨‍👩‍👧‍👦 “quoted”\nline two");
    const heard = await rest.listen({ timeoutMs: 1_000 });
    expect(heard).toEqual({ callSid: call.callSid, message: "你好 👨‍👩‍👧‍👦 “quoted”\nline two" });
    await rest.respond(call.callSid, { response: "您好！", endCall: true });
    expect((await turn.result()).text).toBe("您好！");
    expect(await errorOf(rest.respond(call.callSid, { response: "Late.", endCall: false }))).toMatchObject({
      status: 404,
      mayHaveHappened: false,
    });
  });

  test("the owner is called back; somebody else is called with an objective", async () => {
    const placer = clawCallPlacer(rest);
    const owner = { greeting: "It is done.", purpose: undefined, context: undefined };
    const placed = await placer.placeCall({ to: undefined, isToOwner: true, ...owner, allowFollowup: false });
    expect(placed).toEqual({ callId: expect.any(String), status: undefined });
    expect(service.requests[0]?.body).toEqual({ message: "It is done.", allow_followup: false });
    await placer.placeCall({ to: "+15550001111", isToOwner: true, ...owner, allowFollowup: true });
    expect(service.requests[1]).toMatchObject({
      path: "/api/v1/calls/outbound/callback",
      body: { allow_followup: true },
    });

    const other = { to: "+15550002222", isToOwner: false, greeting: "Hi", allowFollowup: true };
    expect(await placer.placeCall({ ...other, purpose: "订位", context: "两个人" })).toEqual({
      callId: expect.any(String),
      jobId: expect.any(String),
      status: undefined,
    });
    expect(service.requests[2]?.body).toEqual({
      to_number: "+15550002222",
      objective: "订位",
      context: "两个人",
    });
    await placer.placeCall({ ...other, purpose: "Ask", context: undefined });
    expect(service.requests[3]?.body).toMatchObject({ context: "" });
    const refused = await errorOf(placer.placeCall({ ...other, purpose: undefined, context: "x" }));
    expect(refused).toMatchObject({ mayHaveHappened: false });
    expect(refused.message).toMatch(/only with an objective/);
    expect(service.requests).toHaveLength(4);
  });

  test("schedules: made, listed, cancelled", async () => {
    const wanted = {
      cron: "0 8 * * mon-fri",
      label: "早报",
      taskContext: "Read & sum up: 100%?",
      timezone: "Europe/Berlin",
    };
    const made = await rest.schedule(wanted);
    expect(made).toEqual({
      id: expect.any(String),
      label: "早报",
      cron: wanted.cron,
      timezone: wanted.timezone,
    });
    expect(await rest.schedules()).toEqual([
      {
        ...wanted,
        id: made.id,
        isActive: true,
        lastRunAt: undefined,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      },
    ]);
    await rest.cancelSchedule(made.id);
    expect(await rest.schedules()).toEqual([]);
    expect(await errorOf(rest.cancelSchedule(made.id))).toMatchObject({ status: 404 });
  });

  test("the history, and what it says of one call", async () => {
    const call = await service.ring({ from: "+15550003333", toDedicated: true });
    const records = clawCallRecords(rest);
    expect(await records.find(call.callSid)).toEqual({
      callId: call.callSid,
      direction: "inbound",
      purpose: "conversation",
      from: "+15550003333",
      to: "+15550007777",
      status: "in-progress",
      isOver: false,
    });
    call.say("Hello?");
    await rest.listen({ timeoutMs: 1_000 });
    await rest.respond(call.callSid, { response: "Yes?", endCall: false });
    call.hangUp();
    expect(await records.find(call.callSid, { transcript: true })).toMatchObject({
      status: "completed",
      isOver: true,
      transcript: [
        { speaker: "other", words: "Hello?" },
        { speaker: "agent", words: "Yes?" },
      ],
    });
    expect(await records.find(call.callSid)).not.toHaveProperty("transcript");
    expect(await records.find("CA-other")).toBeUndefined();
    expect(await rest.history({ limit: 1 })).toMatchObject([
      { callSid: call.callSid, callType: "user_initiated", startedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  test("billing: checkout, a payment not seen, seen, and used before; the end of it", async () => {
    const { payment } = await rest.checkout("pro");
    expect(payment).toMatchObject({ token: "USDC", amount: expect.any(Number), decimals: 6 });
    const unseen = await errorOf(rest.verify({ txSignature: "nothing", tier: "pro" }));
    expect(unseen).toMatchObject({ status: 402 });
    expect(unseen.message).toMatch(/not seen this payment confirmed yet: wait a minute/);
    const txSignature = service.pay({ tier: "pro" });
    expect(await rest.verify({ txSignature, tier: "pro" })).toMatchObject({ tier: "pro" });
    const used = await errorOf(rest.verify({ txSignature, tier: "pro" }));
    expect(used).toMatchObject({ status: 409 });
    expect(used.message).toMatch(/counted this transaction before: see "clawcall billing status"/);
    expect(await rest.billingStatus()).toMatchObject({
      tier: "pro",
      minutesLimit: 120,
      payments: [{ tier: "pro", txSignature, validUntil: expect.stringMatching(/Z$/) }],
    });
    expect((await rest.cancelBilling()).message).toMatch(/./);
  });

  test("agents: listed, added with a key of their own, renamed, removed", async () => {
    const [first] = await rest.agents();
    expect(first).toMatchObject({ name: "Robin", agentNumber: "+15550007777", isDedicated: true });
    const added = await rest.addAgent({ name: "小红" });
    expect(added).toMatchObject({ id: expect.any(String), apiKey: expect.any(String), name: "小红" });
    await rest.renameAgent(added.id, "Scout");
    const listed = await rest.agents();
    expect(listed.map(({ name }) => name)).toEqual(["Robin", "Scout"]);
    // It was made with an address that stands for none.
    expect(listed[1]?.webhookUrl).toBeUndefined();
    await rest.removeAgent(added.id);
    expect(await rest.agents()).toHaveLength(1);
    for (const name of ["b", "c", "d", "e"]) await rest.addAgent({ name });
    const sixth = await errorOf(rest.addAgent({ name: "f" }));
    expect(sixth).toMatchObject({ status: 403, mayHaveHappened: false });
    expect(sixth.message).toMatch(/^Team has 5 agents at most: remove one\. It says:/);
  });

  test("a wrong key is refused once, never shown, and the way to a new one is named", async () => {
    const key = "7b0c2c4e-90f3-4d55-8a4e-1c6f0b1d9f3a";
    const error = await errorOf(new ClawCallRest({ baseUrl: service.url, apiKey: key, ...fast }).account());
    expect(error).toBeInstanceOf(CarrierRefused);
    expect(error).toMatchObject({ status: 401, mayHaveHappened: false });
    expect(error.message).toMatch(
      /does not accept the key …9f3a: set CLAWCALL_API_KEY; .*clawcall recover --email/,
    );
    expect(inspect(error, { depth: 10 })).not.toContain(key);
    expect(service.requests).toHaveLength(1);
  });

  test("minutes that are used up, and a service that is busy, are told apart", async () => {
    service.faults.minutesUsedUp = true;
    const used = await errorOf(rest.callBack({ message: "Hi", allowFollowup: true }));
    expect(used).toMatchObject({ status: 429, mayHaveHappened: false });
    expect(used.message).toMatch(/minutes of this month .* used up: they start again on the first/);
    await serve(answering(429, "", { "retry-after": "17" }), async (busy) => {
      expect((await errorOf(busy.account())).message).toMatch(/too many requests: try again in 17 s/);
    });
  });

  test("a poll is made once, and tells that words may be lost", async () => {
    service.faults.routes = [{ path: "/api/v1/calls/listen", kind: "status", status: 502, times: 9 }];
    const failed = await errorOf(rest.listen({ timeoutMs: 50 }));
    expect(failed).toMatchObject({ status: 502, mayHaveHappened: true });
    expect(failed.message).toMatch(/A caller's words may be lost with it\.$/);
    expect(service.requests).toHaveLength(1);
    service.behave();
    const cut = await errorOf(rest.listen({ timeoutMs: 5_000, signal: AbortSignal.timeout(50) }));
    expect(cut).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
  });

  test("reads are made again, acts are not", async () => {
    service.faults.routes = [{ path: /./, kind: "status", status: 502, times: 2 }];
    expect((await rest.account()).tier).toBe("team");
    expect(service.requests).toHaveLength(3);
    service.faults.routes = [{ path: /outbound/, kind: "drop", times: 2 }];
    const lost = await errorOf(rest.callBack({ message: "Hi", allowFollowup: true }));
    expect(lost).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
    expect(lost.message).toMatch(/look before trying again/);
    expect(service.requests).toHaveLength(4);
  });
});

test("what a free account may not do is said with the tiers that may, and how to change it", async () => {
  const service = await startClawCallPractice({ tier: "free", wallet: "" });
  const rest = new ClawCallRest({ baseUrl: service.url, apiKey: PRACTICE_CLAWCALL_KEY, ...fast });
  const proOrTeam =
    /^This needs ClawCall's Pro or Team tier: "clawcall billing checkout pro" shows what it costs\./;
  const team = /^This needs ClawCall's Team tier: "clawcall billing checkout team" shows what it costs\./;
  for (const [work, sentence] of [
    [() => rest.callBack({ message: "Hi", allowFollowup: true }), proOrTeam],
    [() => rest.callThirdParty({ toNumber: "+15550002222", objective: "Ask" }), proOrTeam],
    [() => rest.schedule({ cron: "0 8 * * *", label: "x", taskContext: "x", timezone: "UTC" }), proOrTeam],
    [() => rest.schedules(), proOrTeam],
    [() => rest.setWebhook("https://a.example"), team],
    [() => rest.agents(), team],
    [() => rest.addAgent({ name: "x" }), team],
  ] as const) {
    const error = await errorOf(work());
    expect(error).toMatchObject({ status: 403, mayHaveHappened: false });
    expect(error.message).toMatch(sentence);
  }
  expect(await errorOf(rest.setVoice("nobody"))).toMatchObject({ status: 400, mayHaveHappened: false });
  const off = await errorOf(rest.checkout("pro"));
  expect(off).toMatchObject({ status: 503, mayHaveHappened: false });
  expect(off.message).toMatch(/takes no payments at the moment/);
  await service.close();
});

test("without a network nothing has happened", async () => {
  const service = await startClawCallPractice();
  await service.close();
  const rest = new ClawCallRest({ baseUrl: service.url, apiKey: PRACTICE_CLAWCALL_KEY, ...fast });
  const gone = await errorOf(rest.callBack({ message: "Hi", allowFollowup: true }));
  expect(gone).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
  expect(gone.message).toMatch(
    /could not be reached \(ECONNREFUSED\): check the network and CLAWCALL_BASE_URL/,
  );
});

test("a port that no request may go to: nothing has happened", async () => {
  const rest = new ClawCallRest({ baseUrl: "http://127.0.0.1:9", apiKey: PRACTICE_CLAWCALL_KEY, ...fast });
  const blocked = await errorOf(rest.callBack({ message: "Hi", allowFollowup: true }));
  expect(blocked).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
  expect(blocked.message).toBe(
    "ClawCall at 127.0.0.1:9 could not be reached (bad port): check the network and CLAWCALL_BASE_URL.",
  );
});

test("a connection that ends before it is private: nothing has happened", async () => {
  const server = createTcpServer((socket) => socket.destroy());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const rest = new ClawCallRest({
    baseUrl: `https://127.0.0.1:${port}`,
    apiKey: PRACTICE_CLAWCALL_KEY,
    ...fast,
  });
  const ended = await errorOf(rest.callBack({ message: "Hi", allowFollowup: true }));
  expect(ended).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
  expect(ended.message).not.toMatch(/all the same/);
  server.close();
});

function serve(listener: RequestListener, use: (rest: ClawCallRest) => Promise<void>): Promise<void> {
  return serveAt(listener, (baseUrl) =>
    use(new ClawCallRest({ baseUrl, apiKey: "key-0123456789abcdef", ...fast })),
  );
}

describe("with a service of another kind", () => {
  test.each([["<html>"], ["{"], [""], ["{}"], ['{"ok":false}'], ["[]"], ["null"], ['{"ok":true}']])(
    "an answer like %j cannot be understood",
    async (body) => {
      await serve(answering(200, body), async (rest) => {
        const polling = await errorOf(rest.listen({ timeoutMs: 10 }));
        expect(polling).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
        expect(polling.message).toMatch(/gave an answer that cannot be understood: check CLAWCALL_BASE_URL/);
        expect(await errorOf(rest.history())).toMatchObject({ mayHaveHappened: false });
      });
    },
  );

  test("times in each form become UTC ISO 8601, rows that cannot be read are few", async () => {
    const row = { direction: "sideways", call_type: "new_kind", status: null, transcript: "none" };
    const calls = [
      { ...row, twilio_call_sid: "1", started_at: "Wed, 20 Nov 2030 08:00:00 GMT" },
      { ...row, twilio_call_sid: "2", started_at: "2030-11-20 08:00:00.5" },
      { ...row, twilio_call_sid: "3", started_at: "2030-11-20T09:00:00+01:00", ended_at: "soon" },
      { ...row, twilio_call_sid: "", started_at: null },
    ];
    await serve(answering(200, { ok: true, calls }), async (rest) => {
      const found = await rest.history();
      expect(found.map(({ startedAt }) => startedAt)).toEqual([
        "2030-11-20T08:00:00.000Z",
        "2030-11-20T08:00:00.500Z",
        "2030-11-20T08:00:00.000Z",
      ]);
      expect(found[2]).toMatchObject({ endedAt: undefined, direction: undefined, transcript: undefined });
      expect(await clawCallRecords(rest).find("3")).toEqual({ callId: "3", isOver: false });
    });
  });

  test("a key in an error is taken out, a web page is not repeated, redirects are not followed", async () => {
    await serve(answering(400, { ok: false, error: "bad key-0123456789abcdef\u001b[2J" }), async (rest) => {
      const { message } = await errorOf(rest.account());
      expect(message).toMatch(/It says: "bad \[redacted\]/);
      expect(message).not.toContain("\u001b");
    });
    await serve(answering(502, "<html>Bad gateway</html>"), async (rest) => {
      expect((await errorOf(rest.account())).message).not.toMatch(/html/);
    });
    await serve(answering(302, "", { location: "/elsewhere" }), async (rest) => {
      expect((await errorOf(rest.account())).message).toMatch(/has moved \(302\): check CLAWCALL_BASE_URL/);
    });
    await serve(answering(404, ""), async (rest) => {
      expect((await errorOf(rest.listen({ timeoutMs: 1 }))).message).toMatch(/no ClawCall service at this/);
    });
  });

  test("an id is one piece of the path, whatever is in it", async () => {
    const seen: string[] = [];
    await serve(
      (request, response) => {
        seen.push(`${request.method} ${request.url}`);
        response.end('{"ok":true}');
      },
      async (rest) => {
        await rest.respond("../a?b=1", { response: "x", endCall: false });
        await rest.cancelSchedule("a/b");
        await rest.renameAgent("a/b", "x");
        await rest.removeAgent("a/b");
        expect(seen).toEqual([
          "POST /api/v1/calls/respond/..%2Fa%3Fb%3D1",
          "DELETE /api/v1/calls/schedule/a%2Fb",
          "PATCH /api/v1/agents/a%2Fb",
          "DELETE /api/v1/agents/a%2Fb",
        ]);
      },
    );
  });
});

describe("the records of calls", () => {
  const row = (callSid: string, fields: Partial<HistoryCall> = {}): HistoryCall => ({ callSid, ...fields });
  const records = (rows: readonly HistoryCall[]) => {
    const asked: number[] = [];
    const history = async ({ limit = 20 }: { limit?: number } = {}) => {
      asked.push(limit);
      return rows.slice(0, limit);
    };
    return { asked, ...clawCallRecords({ history }) };
  };

  test.each([
    ["user_initiated", "conversation"],
    ["task_callback", "callback"],
    ["scheduled", "briefing"],
    ["third_party", "thirdParty"],
  ])("a %s call is a %s", async (callType, purpose) => {
    expect(await records([row("1", { callType })]).find("1")).toMatchObject({ purpose });
  });

  test.each([
    ["completed", undefined, true],
    ["failed", undefined, true],
    ["busy", undefined, true],
    ["no-answer", undefined, true],
    ["canceled", undefined, true],
    ["in-progress", undefined, false],
    ["something-new", undefined, false],
    ["in-progress", "2030-11-20T08:00:00.000Z", true],
  ])("a call that is %s and ended at %s is over: %s", async (status, endedAt, isOver) => {
    expect(await records([row("1", { status, endedAt })]).find("1")).toMatchObject({ isOver });
  });

  test("are looked for in the newest 20 calls, then in all that the service lists", async () => {
    const many = Array.from({ length: 150 }, (_, index) => row(String(index)));
    const near = records(many);
    expect(await near.find("3")).toMatchObject({ callId: "3" });
    expect(near.asked).toEqual([20]);
    const far = records(many);
    expect(await far.find("77")).toMatchObject({ callId: "77" });
    expect(await far.find("120")).toBeUndefined();
    expect(far.asked).toEqual([20, 100, 20, 100]);
    const few = records(many.slice(0, 5));
    expect(await few.find("77")).toBeUndefined();
    expect(few.asked).toEqual([20]);
  });
});

describe("a second listener", () => {
  const call = (agentLines: readonly string[], answered: readonly string[]) =>
    secondListener({
      callId: "CA1",
      transcript: [
        { speaker: "other", words: "Words nobody answered" },
        ...agentLines.map((words) => ({ speaker: "agent" as const, words })),
      ],
      answered,
    });

  test("is named when the agent said what we never did", () => {
    expect(call(["Hi.", "Done.", "Sure, ok."], ["Hi."])).toMatch(
      /Somebody else listens with the same ClawCall key: on call CA1 2 lines .* stop it, or get a new key/,
    );
    expect(call(["Done."], [])).toMatch(/on call CA1 1 line /);
  });

  test("is not suspected for our own lines, in any script, nor for the service's phrases for waiting", () => {
    expect(call(["您好！", "Café\nau  lait"], [" 您好！ ", "Cafe\u0301 au lait"])).toBeUndefined();
    expect(call(["One moment please.", "Just a sec."], [])).toBeUndefined();
    expect(call([], ["never heard"])).toBeUndefined();
  });
});
