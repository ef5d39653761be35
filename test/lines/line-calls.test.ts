// Proves what is told of an account and of a call, and how a call is ended, against the practice line of each carrier.
import { afterEach, describe, expect, test } from "vitest";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { parsePhoneNumber } from "../../plugin/config/phone-number.ts";
import type { CarrierName } from "../../plugin/config/schema.ts";
import { callsOf, type LineCalls, reachOf } from "../../plugin/lines/line-calls.ts";
import { type ClawCallOptions, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkOptions, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { type StepOneOptions, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { answering, serveAt } from "../carriers/told-service.ts";
import { NOWHERE, usableLine } from "./usable-line.ts";

const CAN = { can: true };
const OTHER = parsePhoneNumber("+15550002222");
const MOBILE = parsePhoneNumber("+8613800138000");
const ownerNumbers = [MOBILE].filter((number) => number !== undefined);
const names = { ownerName: "Ada", agentName: "Bo", ownerNumbers };

const started: { close(): Promise<void>; readonly violations: readonly unknown[] }[] = [];

afterEach(async () => {
  for (const service of started.splice(0)) {
    expect(service.violations).toEqual([]);
    await service.close();
  }
});

async function clawdTalk(options: ClawdTalkOptions = {}) {
  const service = await startClawdTalkPractice(options);
  started.push(service);
  const calls = await callsOf(usableLine("clawdtalk", { apiUrl: service.apiUrl }), names);
  return { service, calls };
}

async function clawCall(options: ClawCallOptions = {}) {
  const service = await startClawCallPractice(options);
  started.push(service);
  const calls = await callsOf(usableLine("clawcall", { apiUrl: service.url }), names);
  return { service, calls };
}

async function stepOne(options: StepOneOptions = {}) {
  const service = await startStepOnePractice({
    timings: { ringMs: 1, lineMs: 1, recordDelayMs: 0, noAnswerMs: 200 },
    ...options,
  });
  started.push(service);
  const calls = await callsOf(usableLine("stepone", { apiUrl: service.url }), names);
  return { service, calls };
}

function place(calls: LineCalls, to = OTHER, purpose: string | undefined = "通知张总明天9点开会") {
  return calls.placer.placeCall({
    to,
    isToOwner: to === undefined,
    greeting: "Hello.",
    purpose,
    context: undefined,
    allowFollowup: true,
  });
}

async function collected<Line, End>(lines: AsyncGenerator<Line, End>): Promise<{ lines: Line[]; end: End }> {
  const all: Line[] = [];
  for (;;) {
    const next = await lines.next();
    if (next.done) return { lines: all, end: next.value };
    all.push(next.value);
  }
}

describe("ClawdTalk", () => {
  test("an account with a number of its own calls others", async () => {
    const { calls } = await clawdTalk({ dedicatedNumber: "+15550008888" });
    expect(calls.isLedByPurpose).toBe(false);
    expect(await calls.account()).toEqual({
      callsOwner: CAN,
      callsOthers: CAN,
      texts: CAN,
      tier: "pro",
      number: "+15550008888",
    });
  });

  test.each([
    [{}, "its ClawdTalk account has no dedicated number", "+15550009999"],
    [{ dedicatedNumber: "+15550008888", tier: "free" }, "its ClawdTalk account is Free", "+15550008888"],
  ])("without one, or on the free tier, it calls the owner alone: %j", async (options, because, number) => {
    const { calls } = await clawdTalk(options);
    expect(await calls.account()).toEqual({
      callsOwner: CAN,
      callsOthers: { can: false, because, remedy: expect.stringContaining("at clawdtalk.com") },
      texts: CAN,
      tier: "free",
      number,
    });
  });

  test("what the service does not tell counts as there", async () => {
    await serveAt(answering(200, { user_id: "u" }), async (apiUrl) => {
      const calls = await callsOf(usableLine("clawdtalk", { apiUrl }), names);
      expect(await calls.account()).toEqual({ callsOwner: CAN, callsOthers: CAN, texts: CAN });
    });
  });

  test("a call is shown while it lasts and when it is over", async () => {
    const { service, calls } = await clawdTalk({ dedicatedNumber: "+15550008888" });
    const picked = Promise.withResolvers<{ does: "busy" }>();
    service.onOutbound = () => picked.promise;
    const { callId } = await place(calls);
    expect(await calls.show(callId)).toMatchObject({
      callId,
      direction: "outbound",
      isOver: false,
      cost: undefined,
    });
    picked.resolve({ does: "busy" });
    await expect.poll(async () => await calls.show(callId)).toMatchObject({ status: "busy", isOver: true });
    expect(calls.transcript).toBeUndefined();
    expect(calls.live).toBeUndefined();
  });

  test("a call is ended", async () => {
    const { service, calls } = await clawdTalk({ dedicatedNumber: "+15550008888" });
    service.onOutbound = () => ({ does: "answer" });
    const { callId } = await place(calls);
    expect(await calls.end(callId, "enough")).toMatchObject({ durationSeconds: expect.any(Number) });
    expect(service.rest.at(-1)).toMatchObject({
      path: `/v1/calls/${callId}/end`,
      body: { reason: "enough" },
    });
    await expect.poll(async () => (await calls.show(callId)).isOver).toBe(true);
  });

  test("a status that nobody knows leaves it open whether the call is over", async () => {
    await serveAt(answering(200, { call_id: "c", status: "parked" }), async (apiUrl) => {
      const calls = await callsOf(usableLine("clawdtalk", { apiUrl }), names);
      expect(await calls.show("c")).toMatchObject({ status: "parked", isOver: undefined });
    });
  });
});

describe("ClawCall", () => {
  const noTexts = {
    can: false,
    because: "ClawCall has no texts",
    remedy: "send texts over a line of ClawdTalk",
  };

  test.each([
    ["pro", "Pro", "120 of 120"],
    ["team", "Team", "500 of 500"],
  ] as const)("on %s it calls everybody", async (tier, title, left) => {
    const { calls } = await clawCall({ tier, dedicatedNumber: "+15550007777" });
    expect(calls.isLedByPurpose).toBe(true);
    expect(await calls.account()).toEqual({
      callsOwner: CAN,
      callsOthers: CAN,
      texts: noTexts,
      tier: title,
      number: "+15550007777",
      left: `${left} minutes of this month`,
    });
  });

  test("on Free it calls nobody", async () => {
    const { calls } = await clawCall();
    const cannot = {
      can: false,
      because: "its ClawCall account is Free",
      remedy: expect.stringContaining("clawcall billing checkout pro"),
    };
    expect(await calls.account()).toEqual({
      callsOwner: cannot,
      callsOthers: cannot,
      texts: noTexts,
      tier: "Free",
      number: "+15550008888",
      left: "10 of 10 minutes of this month",
    });
  });

  test("without minutes it calls nobody; what is left of them is told", async () => {
    const { service, calls } = await clawCall({ tier: "pro" });
    service.account.minutesUsed = 37;
    expect(await calls.account()).toMatchObject({
      callsOthers: CAN,
      left: "83 of 120 minutes of this month",
    });
    service.account.minutesUsed = 120;
    const because = "its ClawCall minutes of this month are used up";
    expect(await calls.account()).toMatchObject({
      callsOwner: { can: false, because },
      callsOthers: { can: false, because },
      left: "0 of 120 minutes of this month",
    });
  });

  test.each([
    [{ ok: true }, {}],
    [
      { ok: true, tier: "enterprise", minutes_remaining: 7.6 },
      { tier: "enterprise", left: "7 minutes of this month" },
    ],
  ])("what the service does not tell, and a tier nobody knows, forbid nothing: %j", async (told, shown) => {
    await serveAt(answering(200, told), async (apiUrl) => {
      const calls = await callsOf(usableLine("clawcall", { apiUrl }), names);
      expect(await calls.account()).toEqual({ callsOwner: CAN, callsOthers: CAN, texts: noTexts, ...shown });
    });
  });

  test("a call is shown once it was answered, its words once it is over, and it is not ended from here", async () => {
    const { service, calls } = await clawCall({ tier: "pro" });
    const unknown = calls.show("CA0");
    await expect(unknown).rejects.toThrow(/does not list the call CA0: a call out is listed once/);
    expect(await calls.transcript?.("CA0")).toBeUndefined();

    const { callId } = await calls.placer.placeCall({
      to: undefined,
      isToOwner: true,
      greeting: "Your laundry is ready.",
      purpose: undefined,
      context: undefined,
      allowFollowup: true,
    });
    const call = await service.nextCall();
    await call.answered();
    expect(await calls.show(callId)).toMatchObject({
      status: "in-progress",
      isOver: false,
      direction: "outbound",
    });
    expect(await calls.transcript?.(callId)).toBeUndefined();
    await expect(calls.end(callId, "enough")).rejects.toThrow(/^ClawCall cannot end a call from outside/);

    call.say("谢谢，再见");
    call.hangUp();
    await call.ended();
    expect(await calls.show(callId)).toMatchObject({
      status: "completed",
      isOver: true,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      durationSeconds: expect.any(Number),
      cost: undefined,
    });
    expect(await calls.transcript?.(callId)).toEqual({
      lines: [{ speaker: "other", words: "谢谢，再见" }],
      cost: undefined,
    });
    expect(calls.live).toBeUndefined();
  });
});

describe("StepOne", () => {
  test("the account calls everybody and has no texts", async () => {
    const { service, calls } = await stepOne();
    expect(calls.isLedByPurpose).toBe(true);
    expect(await calls.account()).toEqual({
      callsOwner: CAN,
      callsOthers: CAN,
      texts: { can: false, because: "StepOne has no texts", remedy: "send texts over a line of ClawdTalk" },
    });
    expect(service.requests.at(-1)?.path).toBe("/api/v1/callinfo/skill_version");
  });

  test("the owner is called on a mobile number of mainland China of theirs, and on no other", async () => {
    const { service } = await stepOne();
    const owner = { ...names, ownerNumbers: [OTHER].filter((number) => number !== undefined) };
    const calls = await callsOf(usableLine("stepone", { apiUrl: service.url }), owner);
    expect(await calls.account()).toMatchObject({
      callsOwner: { can: false, because: expect.stringMatching(/none is known as yours$/) },
      callsOthers: CAN,
    });
  });

  test("a version that is not taken any more is said", async () => {
    const { service, calls } = await stepOne();
    service.faults.newVersion = { version: "2.0.0" };
    await expect(calls.account()).rejects.toThrow(/wants version 2\.0\.0 of its interface/);
  });

  test("a call: heard as it is spoken, shown and written down when its record is there, not ended from here", async () => {
    const { service, calls } = await stepOne();
    service.onRing = () => ({ does: "answer", record: { cost: 0.3, billed: false } });
    const { callId } = await place(calls, MOBILE);
    const call = await service.nextCall();
    await service.until(() => (call.state === "talking" ? true : undefined), "an answer");
    expect(await calls.show(callId)).toEqual({
      callId,
      status: undefined,
      direction: "outbound",
      startedAt: undefined,
      durationSeconds: undefined,
      isOver: undefined,
      cost: undefined,
    });
    expect(await calls.transcript?.(callId)).toBeUndefined();
    await expect(calls.end(callId, "enough")).rejects.toThrow(/^StepOne cannot end a call from outside/);

    const live = calls.live?.(callId, new AbortController().signal);
    call.say("assistant", "喂，您好");
    expect((await live?.next())?.value).toMatchObject({ speaker: "agent", words: "喂，您好" });
    call.say("user", "喂");
    call.say("user", "喂");
    call.hangUp();
    expect(live && (await collected(live))).toMatchObject({
      lines: [
        { speaker: "other", words: "喂" },
        { speaker: "other", words: "喂" },
      ],
      end: "done",
    });

    await service.until(() => (call.recorded ? true : undefined), "the record");
    expect(await calls.show(callId)).toMatchObject({
      status: "completed",
      isOver: true,
      durationSeconds: expect.any(Number),
      cost: "0.3 (not billed)",
    });
    expect(await calls.transcript?.(callId)).toEqual({
      lines: [
        { speaker: "agent", words: "喂，您好" },
        { speaker: "other", words: "喂" },
        { speaker: "other", words: "喂" },
      ],
      cost: "0.3 (not billed)",
    });
  });

  test("nobody answers: the conversation says so", async () => {
    const { service, calls } = await stepOne();
    service.onRing = () => ({ does: "no_answer" });
    const { callId } = await place(calls, MOBILE);
    const live = calls.live?.(callId, new AbortController().signal);
    expect(live && (await collected(live))).toEqual({ lines: [], end: "timeout" });
    await expect
      .poll(async () => await calls.show(callId))
      .toMatchObject({ status: "no_answer", isOver: true });
  });

  test("listening is given up at once", async () => {
    const { service, calls } = await stepOne();
    service.onRing = () => ({ does: "answer" });
    const { callId } = await place(calls, MOBILE);
    const stopping = new AbortController();
    const next = calls.live?.(callId, stopping.signal).next();
    await service.until(() => service.streams[0], "a stream");
    stopping.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
  });
});

describe.each<[CarrierName, string]>([
  ["clawdtalk", "/me"],
  ["clawcall", "/api/v1/account"],
  ["stepone", "/api/v1/callinfo/skill_version"],
])("%s", (carrier, path) => {
  test("an account that cannot be asked", async () => {
    const calls = await callsOf(usableLine(carrier, { apiUrl: NOWHERE }), names);
    await expect(calls.account()).rejects.toThrow(CarrierUnreachable);
  });

  test("a key that is not accepted, which is not told", async () => {
    const paths: (string | undefined)[] = [];
    await serveAt(
      (request, response) => {
        paths.push(request.url);
        response.writeHead(401).end("{}");
      },
      async (apiUrl) => {
        const line = usableLine(carrier, { apiUrl });
        const refused = (await callsOf(line, names)).account();
        await expect(refused).rejects.toThrow(CarrierRefused);
        await expect(refused).rejects.toThrow(/does not accept the key/);
        await expect(refused).rejects.not.toThrow(line.apiKey);
      },
    );
    expect(paths).toEqual([path]);
  });

  test("what it reaches at all is what its account tells", async () => {
    const { calls } = await { clawdtalk: clawdTalk, clawcall: clawCall, stepone: stepOne }[carrier]({
      dedicatedNumber: "+15550008888",
      tier: "pro",
    });
    const { callsOwner, callsOthers, texts } = await calls.account();
    expect(reachOf(carrier)).toEqual({ owner: callsOwner.can, others: callsOthers.can, texts: texts.can });
  });
});
