// Proves the rest of the ClawCall practice line's HTTP half: accounts and keys, tiers and minutes, schedules,
// history, payments, agents, and what it holds against a client.
import { describe, expect, it } from "vitest";
import { dueTimes } from "../../plugin/practice/clawcall-cron.ts";
import { PRACTICE_CLAWCALL_KEY, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { ClawCallClient, practice } from "./clawcall-client.ts";
import { rulesBroken } from "./observed.ts";

const STRANGER = "+15550007777";
const refused = (status: number) => ({ status, body: { ok: false, error: expect.any(String) } });

describe("the server", () => {
  it("listens on loopback only, on the port it was told", async () => {
    const { server } = await practice();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    await expect(startClawCallPractice({ port: server.port })).rejects.toThrow(
      `Port ${server.port} is taken`,
    );
  });

  it("ends polls and waits when it closes", async () => {
    const { server, client } = await practice();
    const poll = client.listen(25).catch(() => "cut");
    const waiting = server.nextCall().catch((error: Error) => error.name);
    await server.waitForListener();
    await server.close();
    expect(await poll).toBe("cut");
    expect(await waiting).toBe("PracticeStopped");
  });

  it("tells what happens, and never keeps a key", async () => {
    const { server, client } = await practice();
    const kinds: string[] = [];
    const stop = server.follow(({ kind }) => kinds.push(kind));
    const call = await server.ring();
    call.say("Hello?");
    await client.answer("Hello.", true);
    stop();
    await client.get("/account");
    expect(kinds).toEqual(["call", "call", "message", "request", "answer", "call", "request"]);
    expect(JSON.stringify([server.requests, server.answers])).not.toContain(PRACTICE_CLAWCALL_KEY);
    expect(server.requests[1]).toMatchObject({
      method: "POST",
      path: `/api/v1/calls/respond/${call.callSid}`,
      body: { response: "Hello.", end_call: true },
      status: 200,
    });
  });
});

describe("accounts", () => {
  it("accepts its key and no other", async () => {
    const { server, client } = await practice({ agentName: "Ava", email: "ava@practice.invalid" });
    expect(server.key).toBe(PRACTICE_CLAWCALL_KEY);
    expect((await client.get("/account")).body).toEqual({
      ok: true,
      email: "ava@practice.invalid",
      tier: "free",
      phone_number: server.sharedNumber,
      is_dedicated: false,
      minutes_used: 0,
      minutes_limit: 10,
      minutes_remaining: 10,
      agent_id: expect.any(String),
      agent_name: "Ava",
      webhook_url: "",
    });
    client.key = "somebody-else";
    expect(await client.get("/account")).toMatchObject(refused(401));
    expect(await client.get("/calls/listen?timeout=1")).toMatchObject(refused(401));
    expect(rulesBroken(server)).toEqual([]);
  });

  it("tells a dedicated number apart", async () => {
    const { client } = await practice({ dedicatedNumber: "+15550006666", tier: "pro" });
    const { body } = await client.get("/account");
    expect(body).toMatchObject({ phone_number: "+15550006666", is_dedicated: true, minutes_limit: 120 });
  });

  it("registers somebody new without a key, who can be rung from then on", async () => {
    const { server, client } = await practice();
    client.key = "";
    const { status, body } = await client.post("/register", { phone_number: STRANGER, agent_name: "Sam" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      api_key: expect.any(String),
      email: expect.stringContaining("@"),
      phone_number: server.sharedNumber,
      tier: "free",
    });
    client.key = String(body.api_key);
    expect((await client.get("/account")).body).toMatchObject({ email: body.email, agent_name: "Sam" });
    (await server.ring({ from: STRANGER })).say("Hello, Sam.");
    expect((await client.listen()).message).toBe("Hello, Sam.");
  });

  it("gives a known email a new key; the old one is refused, what is queued stays", async () => {
    const { server, client } = await practice();
    (await server.ring()).say("Still here.");
    const { body } = await client.post("/register", {
      email: server.email.toUpperCase(),
      phone_number: STRANGER,
      agent_name: "Robin",
    });
    expect(body).not.toHaveProperty("email");
    expect(await client.get("/account")).toMatchObject(refused(401));
    expect(server.key).toBe(body.api_key);
    client.key = server.key;
    expect((await client.listen()).message).toBe("Still here.");
    expect(server.ownerNumber).toBe(STRANGER);
    expect(server.accounts).toHaveLength(1);
  });

  it("changes phone and voice, and the webhook for Team", async () => {
    const { server, client } = await practice();
    expect((await client.post("/account/phone", { phone_number: STRANGER })).status).toBe(200);
    expect(server.ownerNumber).toBe(STRANGER);
    for (const voice of ["aria", "joanna", "matthew", "amy", "brian", "emma", "olivia"]) {
      expect((await client.post("/account/voice", { voice })).status).toBe(200);
    }
    expect(server.account.agents[0]?.voice).toBe("Polly.Olivia-Neural");
    expect(await client.post("/account/voice", { voice: "hal" })).toMatchObject(refused(400));
    const hook = { webhook_push_url: "https://hook.invalid/" };
    expect(await client.post("/account/webhook", hook)).toMatchObject(refused(403));
    server.account.tier = "team";
    expect((await client.post("/account/webhook", hook)).status).toBe(200);
    expect(server.account.agents[0]?.webhookPushUrl).toBe("https://hook.invalid/");
    expect((await client.post("/account/webhook", { webhook_push_url: "" })).status).toBe(200);
    expect(server.account.agents[0]?.webhookPushUrl).toBeUndefined();
  });
});

describe("strictness", () => {
  it.each([
    ["POST", "/register", { agent_name: "Sam" }],
    ["POST", "/register", { phone_number: "12", agent_name: "Sam" }],
    ["POST", "/account/phone", {}],
    ["POST", "/calls/respond/CA0", { response: "Hi.", endCall: true }],
    ["POST", "/calls/outbound/callback", { message: "" }],
    ["POST", "/calls/outbound/third-party", { to_number: STRANGER }],
    ["POST", "/calls/schedule", { cron: "0 8 * * *" }],
    ["POST", "/billing/checkout", { tier: "free" }],
    ["GET", "/calls/listen?timeout=soon", undefined],
    ["GET", "/calls/history?limit=0", undefined],
  ])("refuses %s %s when something is missing or wrong (%o)", async (method, path, body) => {
    const { server, client } = await practice({ tier: "team" });
    expect(await client.send(method, path, body)).toMatchObject(refused(400));
    expect(rulesBroken(server)).toEqual(["bad_request"]);
  });

  it("refuses what is no JSON, and routes the wire page does not have", async () => {
    const { server, client } = await practice();
    const raw = (type: string, body: string) =>
      fetch(`${server.url}/api/v1/account/voice`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}`, "content-type": type },
        body,
      });
    expect((await raw("application/json", "{")).status).toBe(400);
    expect((await raw("text/plain", '{"voice":"amy"}')).status).toBe(400);
    expect(await client.get("/calls/hangup")).toMatchObject(refused(404));
    expect(rulesBroken(server)).toEqual(["bad_request", "bad_request", "unknown_route"]);
  });
});

describe("tiers and minutes", () => {
  const actsOut = [
    ["POST", "/calls/outbound/callback", { message: "Done.", allow_followup: false }],
    ["POST", "/calls/outbound/third-party", { to_number: STRANGER, objective: "Ask.", context: "" }],
  ] as const;
  const schedule = { cron: "0 8 * * mon-fri", label: "Morning", task_context: "News.", timezone: "UTC" };

  it("keeps calls out and schedules for Pro, agents for Team", async () => {
    const { server, client } = await practice();
    for (const [method, path, body] of [...actsOut, ["POST", "/calls/schedule", schedule] as const]) {
      expect(await client.send(method, path, body)).toMatchObject(refused(403));
    }
    server.account.tier = "pro";
    for (const [method, path, body] of [...actsOut, ["POST", "/calls/schedule", schedule] as const]) {
      expect((await client.send(method, path, body)).status).toBe(200);
    }
    expect(await client.get("/agents")).toMatchObject(refused(403));
  });

  it("counts whole minutes, at least one a call, and stops Free at its limit", async () => {
    let now = 0;
    const { server, client } = await practice({ now: () => now });
    const short = await server.ring();
    short.hangUp();
    const long = await server.ring();
    now += 61_000;
    long.hangUp();
    expect((await client.get("/account")).body).toMatchObject({ minutes_used: 3, minutes_remaining: 7 });
    server.account.minutesUsed = 10;
    const away = await server.ring();
    expect(away.end).toEqual({ by: "service", reason: "minutes_used_up" });
  });

  it("lets a paid tier over its limit for five minutes, then answers 429", async () => {
    const { server, client } = await practice({ tier: "pro", onRing: () => ({ does: "no-answer" }) });
    server.account.minutesUsed = 124;
    for (const [method, path, body] of actsOut) {
      expect((await client.send(method, path, body)).status).toBe(200);
    }
    server.account.minutesUsed = 125;
    for (const [method, path, body] of actsOut) {
      expect(await client.send(method, path, body)).toMatchObject(refused(429));
    }
    const { body } = await client.post("/billing/checkout", { tier: "pro" });
    expect(body).toMatchObject({
      payment: { amount: 9.25 },
      overage: { minutes: 5, rate_per_min: 0.05, amount: 0.25 },
    });
    await client.post("/billing/verify", { tx_signature: server.pay({ tier: "pro" }), tier: "pro" });
    expect((await client.send(...actsOut[0])).status).toBe(200);
  });
});

describe("schedules", () => {
  const monday = Date.parse("2026-10-26T07:30:00Z");
  const schedule = {
    cron: "0 8 * * mon-fri",
    label: "Morning",
    task_context: "Mein Tag & 新闻?",
    timezone: "UTC",
  };

  it("makes, lists and deletes them, newest first", async () => {
    const { server, client } = await practice({ tier: "pro", now: () => monday });
    const made = (await client.post("/calls/schedule", schedule)).body;
    expect(made).toEqual({
      ok: true,
      id: expect.any(String),
      label: "Morning",
      cron: "0 8 * * mon-fri",
      timezone: "UTC",
    });
    const second = (await client.post("/calls/schedule", { ...schedule, label: "Second" })).body;
    const listed = (await client.get("/calls/schedule")).body.schedules;
    expect(listed).toMatchObject([{ label: "Second" }, { label: "Morning" }]);
    expect(listed).toContainEqual({
      id: made.id,
      label: "Morning",
      cron_expression: "0 8 * * mon-fri",
      task_context: "Mein Tag & 新闻?",
      timezone: "UTC",
      is_active: true,
      last_run_at: null,
      created_at: "Mon, 26 Oct 2026 07:30:00 GMT",
    });
    expect((await client.send("DELETE", `/calls/schedule/${made.id}`)).status).toBe(200);
    expect(await client.send("DELETE", `/calls/schedule/${made.id}`)).toMatchObject(refused(404));
    expect(server.schedules.map(({ id }) => id)).toEqual([second.id]);
  });

  it("rings when one is due, and hands over its task when somebody picks up", async () => {
    let now = monday;
    const { server, client } = await practice({
      tier: "pro",
      now: () => now,
      timings: { scheduleCheckMs: 5 },
    });
    await client.post("/calls/schedule", schedule);
    const next = server.nextCall({ does: "answer" });
    now = Date.parse("2026-10-26T07:59:59Z");
    expect(await client.listen(0.05)).toEqual({ ok: true, timeout: true });
    now = Date.parse("2026-10-26T08:00:00Z");
    expect(await client.answer("Nothing today.", true)).toBe("[SCHEDULED] Mein Tag & 新闻?");
    const call = await next;
    expect(call.facts).toMatchObject({ kind: "scheduled", to: server.ownerNumber });
    expect(await call.ended()).toEqual({ by: "agent", reason: "end_call" });
    // Once, and tomorrow again.
    expect(await client.listen(0.05)).toEqual({ ok: true, timeout: true });
    expect(server.schedules[0]?.dueAt).toBe(Date.parse("2026-10-27T08:00:00Z"));
    const { schedules } = (await client.get("/calls/schedule")).body;
    expect(schedules).toMatchObject([{ last_run_at: "Mon, 26 Oct 2026 08:00:00 GMT" }]);
  });

  it("runs one on demand, and none when the minutes are used up", async () => {
    const { server, client } = await practice({ tier: "pro" });
    const { body } = await client.post("/calls/schedule", schedule);
    server.runScheduleNow(String(body.id));
    expect((await server.nextCall()).kind).toBe("scheduled");
    server.account.minutesUsed = 200;
    server.runScheduleNow(String(body.id));
    await expect(server.nextCall(undefined, { timeoutMs: 60 })).rejects.toThrow("in vain");
    expect(() => server.runScheduleNow("none")).toThrow("There is no schedule none.");
  });

  it("reads patterns as the service does: Monday is 0, both days must fit, an unknown zone is UTC", () => {
    const due = (cron: string, zone = "UTC") => {
      const at = dueTimes(cron, zone)(monday);
      return at === undefined ? undefined : new Date(at).toISOString();
    };
    expect(due("0 8 * * 0")).toBe("2026-10-26T08:00:00.000Z");
    expect(due("0 8 * * 1")).toBe("2026-10-27T08:00:00.000Z");
    expect(due("0 8 * * 6")).toBe("2026-11-01T08:00:00.000Z");
    expect(due("0 8 * * 1-5")).toBe("2026-10-27T08:00:00.000Z");
    expect(due("0 8 * * SAT,sun")).toBe("2026-10-31T08:00:00.000Z");
    expect(due("0 8 * * */3")).toBe("2026-10-26T08:00:00.000Z");
    // The first of the month that is a Friday.
    expect(due("0 8 1 * fri")).toBe("2027-01-01T08:00:00.000Z");
    expect(due("*/15 * * * *")).toBe("2026-10-26T07:45:00.000Z");
    expect(due("0 9 * * *", "Europe/Zurich")).toBe("2026-10-26T08:00:00.000Z");
    expect(due("0 9 * * *", "Europe/Nowhere")).toBe("2026-10-26T09:00:00.000Z");
    for (const bad of [
      "0 8 * *",
      "0 8 * * 7",
      "0 8 * * sun-thu",
      "0 8 * * fri,sun-thu",
      "0 8 * * blursday",
      "61 8 * * *",
      "now",
    ]) {
      expect(() => due(bad), bad).toThrow();
    }
  });

  it("refuses a pattern it cannot read", async () => {
    const { client } = await practice({ tier: "pro" });
    expect(await client.post("/calls/schedule", { ...schedule, cron: "0 8 * *" })).toMatchObject(
      refused(400),
    );
  });
});

describe("history", () => {
  it("gives the newest first, as many as asked for, with transcripts of what is over when asked", async () => {
    let now = Date.parse("2026-10-26T08:00:00Z");
    const { server, client } = await practice({ now: () => now });
    const first = await server.ring();
    first.say("Hello?");
    await client.answer("Hello.");
    now += 12_400;
    first.hangUp();
    const second = await server.ring();
    second.say("Me again.");
    await client.answer("Yes?");
    const plain = (await client.get("/calls/history")).body.calls;
    expect(plain).toMatchObject([{ status: "in-progress" }, { status: "completed" }]);
    expect(JSON.stringify(plain)).not.toContain("transcript");
    const full = (await client.get("/calls/history?limit=20&transcripts=true")).body.calls as object[];
    expect(full[0]).not.toHaveProperty("transcript");
    expect(full[1]).toMatchObject({
      twilio_call_sid: first.callSid,
      duration_seconds: 12,
      started_at: "Mon, 26 Oct 2026 08:00:00 GMT",
      ended_at: "Mon, 26 Oct 2026 08:00:12 GMT",
      transcript: [
        { role: "user", text: "Hello?" },
        { role: "agent", text: "Hello." },
      ],
    });
    expect((await client.get("/calls/history?limit=1")).body.calls).toHaveLength(1);
  });
});

describe("payments", () => {
  it("says what to pay, takes a confirmed transaction once, and raises the tier", async () => {
    const { server, client } = await practice({ now: () => Date.parse("2026-10-26T08:00:00Z") });
    expect((await client.post("/billing/checkout", { tier: "pro" })).body).toMatchObject({
      ok: true,
      tier: "pro",
      payment: { chain: "solana-mainnet", token: "USDC", amount: 9, amount_raw: 9_000_000, decimals: 6 },
      instructions: expect.stringContaining("9 USDC"),
      overage: { minutes: 0, rate_per_min: 0.05, amount: 0 },
    });
    const verify = (tx_signature: string, tier = "pro") =>
      client.post("/billing/verify", { tx_signature, tier });
    expect(await verify("unheard-of")).toMatchObject(refused(402));
    expect(await verify(server.pay({ tier: "pro", confirmed: false }))).toMatchObject(refused(402));
    expect(await verify(server.pay({ tier: "pro" }), "team")).toMatchObject(refused(402));
    expect(server.account.tier).toBe("free");
    const signature = server.pay({ tier: "pro" });
    expect(signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{88}$/);
    expect((await verify(signature)).body).toMatchObject({ ok: true, tier: "pro", minutes_limit: 120 });
    expect(await verify(signature)).toMatchObject(refused(409));
    expect((await client.get("/billing/status")).body).toMatchObject({
      tier: "pro",
      minutes_limit: 120,
      days_remaining: 30,
      subscription_valid_until: "2026-11-25T08:00:00.000Z",
      payments: [{ tier: "pro", amount: 9, status: "confirmed", tx: signature }],
    });
    expect(server.account.autoRenew).toBe(true);
    expect((await client.post("/billing/cancel")).status).toBe(200);
    expect(server.account).toMatchObject({ autoRenew: false, tier: "pro" });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("can have payments off", async () => {
    const { client } = await practice({ wallet: "" });
    expect(await client.post("/billing/checkout", { tier: "pro" })).toMatchObject(refused(503));
  });
});

describe("agents", () => {
  it("has five of them at most, each with a key and a number of its own", async () => {
    const { server, client } = await practice({ tier: "team" });
    const agent_webhook_url = "https://agent.invalid/";
    const added = await client.post("/agents", { agent_name: "Second", agent_webhook_url });
    expect(added).toMatchObject({ status: 201, body: { ok: true, name: "Second" } });
    const { agent_id: id, api_key: key, phone_number: number } = added.body;
    expect(await client.post("/agents", { agent_name: "No URL" })).toMatchObject(refused(400));

    const second = new ClawCallClient(server, String(key));
    (await server.ring({ from: STRANGER, to: String(number) })).say("For the second.");
    expect((await second.listen()).message).toBe("For the second.");
    expect((await client.send("PATCH", `/agents/${id}`, { agent_name: "Renamed" })).status).toBe(200);
    expect(await client.send("PATCH", `/agents/${id}`, {})).toMatchObject(refused(400));
    expect((await client.get("/agents")).body.agents).toMatchObject([
      { name: "Robin", is_dedicated: false },
      { id, name: "Renamed", webhook_url: agent_webhook_url, phone_number: number, is_dedicated: true },
    ]);
    for (const agent_name of ["Third", "Fourth", "Fifth"]) {
      expect((await client.post("/agents", { agent_name, agent_webhook_url })).status).toBe(201);
    }
    expect(await client.post("/agents", { agent_webhook_url })).toMatchObject(refused(403));

    expect((await client.send("DELETE", `/agents/${id}`)).status).toBe(200);
    expect(await second.get("/account")).toMatchObject(refused(401));
    expect(await client.send("DELETE", `/agents/${id}`)).toMatchObject(refused(404));
    const primary = server.account.agents[0]?.id;
    expect(await client.send("DELETE", `/agents/${primary}`)).toMatchObject(refused(400));
  });
});
