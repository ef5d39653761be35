// Proves the StepOne practice line's requests and calls, as a client on a real socket meets them.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StepOnePracticeCall } from "../../plugin/practice/stepone-calls.ts";
import {
  PRACTICE_STEPONE_KEY,
  type StepOnePractice,
  startStepOnePractice,
} from "../../plugin/practice/stepone-server.ts";
import { LI, pause, rulesBroken, StepOneClient, said, TALKS, ZHANG } from "./stepone-client.ts";

let server: StepOnePractice;
let client: StepOneClient;

beforeEach(async () => {
  server = await startStepOnePractice({ timings: { recordDelayMs: 30 }, callees: { [ZHANG]: TALKS } });
  client = new StepOneClient(server);
});
afterEach(() => server.close());

const ended = (call: StepOnePracticeCall) => server.until(() => call.end, "the end of the call");
const recorded = (call: StepOnePracticeCall) => server.until(() => call.recorded || undefined, "the record");

describe("who is let in", () => {
  it("takes the practice key, which looks like the service's", async () => {
    expect(server.key).toBe(PRACTICE_STEPONE_KEY);
    expect(server.key).toMatch(/^sk_/);
    expect(await client.send("GET", "skill_version")).toEqual({
      status: 200,
      body: { skill_version: "1.0.0" },
    });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("refuses another key, on every route", async () => {
    client.headers["x-api-key"] = "sk_other";
    expect((await client.send("GET", "skill_version")).status).toBe(401);
    expect((await client.initiate()).status).toBe(401);
    expect((await client.info("a")).status).toBe(401);
    expect((await client.stream("a")).status).toBe(401);
    expect(server.calls).toEqual([]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("answers 426 with the version it wants to another skill version", async () => {
    client.headers["x-skill-version"] = "0.9.0";
    const { status, body } = await client.initiate();
    expect(status).toBe(426);
    expect(body).toMatchObject({ success: false, skill_version: "1.0.0" });
    expect(body.message).toContain("1.0.0");
    expect(server.calls).toEqual([]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("takes the version it was told to take", async () => {
    await using other = await startStepOnePractice({ skillVersion: "2.1.0", key: "sk_mine" });
    const theirs = new StepOneClient(other);
    expect((await theirs.initiate()).body.skill_version).toBe("2.1.0");
    theirs.headers["x-skill-version"] = "2.1.0";
    expect((await theirs.initiate()).status).toBe(200);
    expect(other.key).toBe("sk_mine");
  });

  it("writes down missing headers", async () => {
    client.headers["x-api-key"] = undefined;
    expect((await client.initiate()).status).toBe(401);
    client.headers["x-api-key"] = server.key;
    client.headers["x-skill-version"] = undefined;
    expect((await client.initiate()).status).toBe(426);
    client.headers["x-skill-version"] = "1.0.0";
    client.headers["content-type"] = "text/plain";
    expect((await client.initiate()).status).toBe(400);
    expect(rulesBroken(server)).toEqual(["missing_header", "missing_header", "missing_header"]);
  });

  it("keeps every request, without the key", async () => {
    await client.initiate(ZHANG, "“引号”\n😀");
    await client.send("GET", "skill_version");
    expect(server.requests).toMatchObject([
      {
        method: "POST",
        path: "/api/v1/callinfo/initiate_call",
        body: { phones: ZHANG, user_requirement: "“引号”\n😀" },
        status: 200,
      },
      { method: "GET", path: "/api/v1/callinfo/skill_version", body: undefined, status: 200 },
    ]);
    expect(server.requests[0]?.headers["x-skill-version"]).toBe("1.0.0");
    expect(JSON.stringify(server.requests)).not.toContain(server.key);
  });

  it("says so when its port is taken", async () => {
    await expect(startStepOnePractice({ port: server.port })).rejects.toThrow(
      `Port ${server.port} is taken; choose another one.`,
    );
  });
});

describe("placing calls", () => {
  it("calls one number, and several, in the form call_ids", async () => {
    expect((await client.initiate()).body).toEqual({ success: true, call_ids: [server.calls[0]?.id] });
    const { body } = await client.initiate(`${ZHANG},${LI}`, "年会改期");
    expect(body).toEqual({ success: true, call_ids: [server.calls[1]?.id, server.calls[2]?.id] });
    expect(server.calls.map(({ number, requirement }) => [number, requirement])).toEqual([
      [ZHANG, "通知张总明天上午9点开会"],
      [ZHANG, "年会改期"],
      [LI, "年会改期"],
    ]);
  });

  it("gives out ids as the service does, some with a ^", async () => {
    await client.initiate(Array(6).fill(LI).join(","));
    const ids = server.calls.map(({ id }) => id);
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9^_-]+$/);
    expect(ids.map((id) => id.includes("^"))).toEqual([false, true, false, true, false, true]);
    expect((await client.info(ids[1] ?? "")).status).toBe(200);
  });

  it("answers in the other form, and hands the calls over in order", async () => {
    server.answerShape = "provider_call_id";
    const first = server.nextCall();
    const { body } = await client.initiate(`${LI},${ZHANG}`);
    expect(body).toEqual({ success: true, provider_call_id: (await first).id });
    expect((await first).number).toBe(LI);
    expect((await server.nextCall()).number).toBe(ZHANG);
  });

  it.each([
    ["bad_request", { phones: "+8613800138000", user_requirement: "开会" }],
    ["bad_request", { phones: "12800138000", user_requirement: "开会" }],
    ["bad_request", { phones: "1380013800", user_requirement: "开会" }],
    ["bad_request", { phones: `${ZHANG},`, user_requirement: "开会" }],
    ["bad_request", { phones: `${ZHANG}, ${LI}`, user_requirement: "开会" }],
    ["bad_request", { phones: [ZHANG], user_requirement: "开会" }],
    ["bad_request", { phones: ZHANG, user_requirement: " \n" }],
    ["bad_request", { phones: ZHANG }],
    ["bad_request", undefined],
    ["unknown_field", { phones: ZHANG, user_requirement: "开会", voice: "v1" }],
  ])("refuses and writes down (%s) %j", async (rule, body) => {
    const reply = await client.post("initiate_call", body);
    expect(reply).toMatchObject({ status: 400, body: { success: false, message: expect.any(String) } });
    expect(rulesBroken(server)).toEqual([rule]);
    expect(server.calls).toEqual([]);
  });

  it("writes down bad ids and routes that are not on the wire page", async () => {
    expect((await client.info("a b")).status).toBe(400);
    expect((await client.info("")).status).toBe(400);
    expect((await client.stream("喂")).status).toBe(400);
    // An id of the right form that names no call is no breach.
    expect((await client.info("8bbbbbbb-xxxx")).status).toBe(404);
    expect((await client.stream("8bbbbbbb-xxxx")).status).toBe(404);
    expect((await client.send("GET", "balance")).status).toBe(404);
    expect((await client.send("GET", "skill_version?x=1")).status).toBe(400);
    expect(rulesBroken(server)).toEqual(["bad_id", "bad_id", "bad_id", "unknown_route", "unknown_field"]);
  });
});

describe("records", () => {
  it("appear some time after the end of the call", async () => {
    server.timings.recordDelayMs = 400;
    const id = await client.call();
    const call = await server.nextCall();
    const early = { phones: ZHANG, user_requirement: "通知张总明天上午9点开会", call_content: [] };
    expect((await client.info(id)).body).toEqual(early);
    await ended(call);
    expect((await client.info(id)).body).toEqual(early);
    await recorded(call);
    expect((await client.info(id)).body).toEqual({
      ...early,
      duration_seconds: 1,
      cost: 0.3,
      billed: true,
      provider_response: { status: "completed" },
      call_content: call.lines,
    });
    expect(call.lines.map(({ content }) => content)).toEqual([
      "喂，您好，请问是张总吗？",
      "喂",
      "喂",
      "对，是我👍",
    ]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("never appear when told so", async () => {
    server.timings.recordDelayMs = Number.POSITIVE_INFINITY;
    const id = await client.call();
    await ended(await server.nextCall());
    await pause(60);
    expect((await client.info(id)).body).not.toHaveProperty("duration_seconds");
  });

  it("say what the callee's plan says", async () => {
    const record = { duration_seconds: 130, cost: 1.2, billed: false, provider_response: "ok" };
    server.callees.set(LI, { ...TALKS, record });
    const id = await client.call(LI);
    await recorded(await server.nextCall());
    expect((await client.info(id)).body).toMatchObject(record);
  });
});

describe("people", () => {
  it("are heard and confirm when nobody said otherwise", async () => {
    const id = await client.call(LI);
    const { data } = await client.stream(id);
    expect(data.map(({ role }) => role)).toEqual(["assistant", "user", "assistant", "user", "system"]);
    expect(data[2]?.content).toBe("通知张总明天上午9点开会");
  });

  it("do not pick up: the call is given up, its record says so", async () => {
    server.timings.noAnswerMs = 40;
    server.callees.set(LI, { does: "no_answer" });
    const id = await client.call(LI);
    const call = await server.nextCall();
    expect(await ended(call)).toBe("timed_out");
    await recorded(call);
    expect((await client.info(id)).body).toMatchObject({
      duration_seconds: 0,
      cost: 0,
      billed: false,
      call_content: [],
      provider_response: { status: "no_answer" },
    });
  });

  it("who pick up in time talk longer than a phone rings", async () => {
    server.timings.noAnswerMs = 60;
    server.callees.set(LI, { does: "talk", ringMs: 1, lines: [said("user", "喂", 120)] });
    await client.call(LI);
    const call = await server.nextCall();
    expect(await ended(call)).toBe("hung_up");
    expect(call.lines).toEqual([{ role: "user", content: "喂" }]);
  });

  it("hang up in the middle", async () => {
    const lines = [said("assistant", "您好"), said("user", "不需要", 1), said("assistant", "好的", 5_000)];
    server.callees.set(LI, { does: "talk", lines, hangsUpAfterMs: 250 });
    await client.call(LI);
    const call = await server.nextCall();
    expect(await ended(call)).toBe("hung_up");
    expect(call.lines.map(({ content }) => content)).toEqual(["您好", "不需要"]);
  });

  it("do what they are told", async () => {
    server.onRing = ({ number }) => ({ does: number === LI ? "answer" : "no_answer" });
    await client.call(LI);
    const call = await server.nextCall();
    expect(() => call.say("user", "喂")).toThrow("Nobody is on the phone");
    await server.until(() => call.answeredAt, "somebody who picks up");
    call.say("user", "喂");
    call.hangUp();
    call.hangUp();
    expect(call).toMatchObject({ state: "ended", end: "hung_up", lines: [{ role: "user", content: "喂" }] });
    expect(() => call.say("user", "喂")).toThrow("Nobody is on the phone");
  });
});

describe("time", () => {
  it("runs as fast as told; lengths are told unscaled", async () => {
    await using fast = await startStepOnePractice({
      timeScale: 0.001,
      callees: { [ZHANG]: { does: "talk", ringMs: 5_000, lines: [said("user", "喂", 60_000)] } },
    });
    const began = Date.now();
    const theirs = new StepOneClient(fast);
    const id = await theirs.call();
    const call = await fast.nextCall();
    await fast.until(() => call.recorded || undefined, "the record");
    expect(Date.now() - began).toBeLessThan(2_000);
    expect((await theirs.info(id)).body.duration_seconds).toBeGreaterThanOrEqual(55);
  });

  it("is told by the clock it was given", async () => {
    await using other = await startStepOnePractice({
      now: () => 1_700_000_000_000,
      newId: (count) => `c^${count}`,
    });
    expect(await new StepOneClient(other).call()).toBe("c^1");
    expect(other.calls[0]?.startedAt).toBe(1_700_000_000_000);
    expect(other.requests[0]?.at).toBe(1_700_000_000_000);
  });

  it("stops with the server", async () => {
    const id = await client.call();
    const waits = server.until(() => undefined, "nothing");
    const streams = client.stream(id).then(
      ({ whole }) => whole,
      () => false,
    );
    await server.until(() => server.streams[0], "a stream");
    await Promise.all([server.close(), expect(waits).rejects.toThrow("closed")]);
    expect(await streams).toBe(false);
  });
});
