// Proves the missions half of the ClawdTalk practice line: what it answers, what happens at its time, what it refuses.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { DrivenClock, machineClock } from "../../plugin/practice/driven-clock.ts";
import { Waiting } from "../../plugin/practice/waiting.ts";
import { rulesBroken } from "./observed.ts";
import { RawClient } from "./raw-client.ts";

const START = Date.UTC(2026, 0, 1, 12);
const DAY_MS = 86_400_000;
let clock: DrivenClock;
let server: ClawdTalkPractice;

beforeEach(async () => {
  clock = new DrivenClock(START);
  server = await startClawdTalkPractice({ clock, dedicatedNumber: "+15559990000" });
});
afterEach(() => server.close());

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${PRACTICE_API_KEY}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

const assistant = {
  name: "Caller",
  instructions: "Be nice",
  greeting: "Hi",
  model: "openai/gpt-4o",
  tools: [{ type: "hangup", hangup: { description: "Bye" } }],
  enabled_features: ["telephony"],
};

/** A mission that runs, with a plan of two steps and an assistant. */
async function running() {
  const mission = server.missions.create({ name: "M", instructions: "I" });
  const run = server.missions.start(mission.id, { original_request: "x" });
  run.status = "running";
  const steps = [
    { step_id: "two", description: "Then", sequence: 2 },
    { step_id: "one", description: "First", sequence: 1 },
  ];
  const place = `/missions/${mission.id}/runs/${run.run_id}`;
  await ask("POST", `${place}/plan`, { steps });
  const made = await ask("POST", "/assistants", assistant);
  const { id } = (made.body as { assistant: { id: string } }).assistant;
  const event = (given: object = {}) => ({
    channel: "call",
    to: "+15550002222",
    from: "+15559990000",
    scheduled_at: new Date(START + DAY_MS).toISOString(),
    mission_id: mission.id,
    run_id: run.run_id,
    step_id: "one",
    ...given,
  });
  const schedule = async (given: object = {}) => {
    const { status, body } = await ask("POST", `/assistants/${id}/events`, event(given));
    expect(status).toBe(200);
    return (body as { event: { id: string } }).event.id;
  };
  const seen = async (eventId: string) => (await ask("GET", `/assistants/${id}/events/${eventId}`)).body;
  return { mission, run, place, assistantId: id, event, schedule, seen };
}

describe("missions, runs, plans", () => {
  it("answer in the wrappings of the wire page", async () => {
    const made = await ask("POST", "/missions", { name: "找", instructions: "x" });
    const mission = { id: expect.any(String), name: "找", instructions: "x", created_at: expect.any(String) };
    expect(made).toMatchObject({ status: 200, body: { mission } });
    const { id } = (made.body as { mission: { id: string } }).mission;
    expect(await ask("GET", `/missions/${id}`)).toMatchObject({ body: { mission } });
    await ask("POST", "/missions", { name: "newer", instructions: "" });
    expect((await ask("GET", "/missions?page[size]=1")).body).toMatchObject({
      missions: [{ name: "newer" }],
    });
    const started = await ask("POST", `/missions/${id}/runs`, { input: { a: 1 } });
    const run = { run_id: expect.any(String), mission_id: id, status: "pending", input: { a: 1 } };
    expect(started.body).toMatchObject({ data: run });
    const { run_id } = (started.body as { data: { run_id: string } }).data;
    const place = `/missions/${id}/runs/${run_id}`;
    expect((await ask("GET", `/missions/${id}/runs`)).body).toMatchObject({ data: [run] });
    const result = { status: "succeeded", result_summary: "Done", result_payload: { best: 1 } };
    expect((await ask("PATCH", place, result)).body).toMatchObject({ data: result });
    expect((await ask("GET", place)).body).toMatchObject({ data: { ...run, ...result } });
    expect((await ask("GET", `${place}/plan`)).body).toEqual({ data: [] });
    expect((await ask("POST", `/missions/${id}/cancel`)).body).toMatchObject({
      mission: { status: "cancelled" },
    });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("keep a plan in its order, its steps, what is logged, and who is linked", async () => {
    const { place } = await running();
    expect((await ask("GET", `${place}/plan`)).body).toMatchObject({
      data: [
        { step_id: "one", status: "pending" },
        { step_id: "two", status: "pending" },
      ],
    });
    expect((await ask("PATCH", `${place}/plan/steps/two`, { status: "skipped" })).body).toMatchObject({
      data: { step_id: "two", status: "skipped" },
    });
    await ask("POST", `${place}/events`, { type: "custom", summary: "x", payload: { a: 1 } });
    expect((await ask("GET", `${place}/events`)).body).toMatchObject({
      data: [{ type: "custom", summary: "x" }],
    });
    expect((await ask("POST", `${place}/agents`, { telnyx_agent_id: "a b" })).body).toEqual({
      data: [{ telnyx_agent_id: "a b" }],
    });
    expect(await ask("DELETE", `${place}/agents/a%20b`)).toEqual({ status: 204, body: undefined });
    expect((await ask("GET", `${place}/agents`)).body).toEqual({ data: [] });
  });

  it("refuse what the wire page does not have, and say so", async () => {
    const { place, assistantId, event } = await running();
    const wrong: [method: string, path: string, body?: object][] = [
      ["POST", "/missions", { name: "" }],
      ["PATCH", place, { status: "done" }],
      ["PATCH", place, {}],
      ["PATCH", `${place}/plan/steps/one`, { status: "done" }],
      ["POST", `${place}/events`, { type: "thought", summary: "x" }],
      ["POST", "/assistants", { ...assistant, tools: [{ type: "explode" }] }],
      ["PATCH", `/assistants/${assistantId}`, {}],
      ["POST", `/assistants/${assistantId}/events`, event({ text_body: "a call has none" })],
      ["POST", `/assistants/${assistantId}/events`, event({ channel: "sms" })],
      ["POST", `/assistants/${assistantId}/events`, event({ to: "555" })],
      ["GET", `/assistants/${assistantId}/connection-id`],
      ["GET", "/missions?limit=3"],
      ["PATCH", "/numbers/account-phones/x", { connection_id: "c", type: "fax" }],
    ];
    for (const [method, path, body] of wrong) {
      expect([path, (await ask(method, path, body)).status]).toEqual([path, 400]);
    }
    expect(rulesBroken(server)).toEqual(wrong.map(() => "rest_bad_request"));
  });

  it("know nothing of others'", async () => {
    const { mission, run, assistantId, event, place } = await running();
    for (const [method, path, body] of [
      ["GET", "/missions/none"],
      ["GET", `/missions/${mission.id}/runs/none`],
      ["POST", "/missions/none/runs", { input: {} }],
      ["PATCH", `${place}/plan/steps/none`, { status: "failed" }],
      ["GET", "/assistants/none"],
      ["GET", `/assistants/${assistantId}/events/none`],
      ["POST", `/assistants/${assistantId}/events`, event({ step_id: "none" })],
      ["POST", "/assistants/none/events", event()],
      ["GET", "/missions/conversations/none/insights"],
    ] as const) {
      expect([path, (await ask(method, path, body)).status]).toEqual([path, 404]);
    }
    const steps = [{ step_id: "x", description: "", sequence: 1 }];
    expect((await ask("POST", `/missions/${mission.id}/runs/${run.run_id}/plan`, { steps })).status).toBe(
      409,
    );
  });
});

describe("assistants and numbers", () => {
  it("are made, found by name, changed and removed", async () => {
    const { assistantId } = await running();
    await ask("POST", "/assistants", { ...assistant, name: "调查" });
    expect((await ask("GET", "/assistants?pageSize=1&page=2")).body).toMatchObject({
      assistants: [{ id: assistantId }],
      meta: { total: 2, total_pages: 2 },
    });
    expect((await ask("GET", "/assistants?pageSize=25&page=1&name=调")).body).toMatchObject({
      assistants: [{ name: "调查" }],
    });
    expect((await ask("PATCH", `/assistants/${assistantId}`, { model: "other" })).body).toMatchObject({
      assistant: { model: "other", name: "Caller" },
    });
    const connection = (feature: string) =>
      ask("GET", `/assistants/${assistantId}/connection-id?feature=${feature}`);
    expect((await connection("telephony")).body).toEqual({
      connection_id: `connection_telephony_${assistantId}`,
    });
    expect((await connection("messaging")).body).toEqual({ connection_id: null });
    expect((await ask("DELETE", `/assistants/${assistantId}`)).status).toBe(204);
    expect((await ask("GET", `/assistants/${assistantId}`)).status).toBe(404);
  });

  it("are connected to each other", async () => {
    const { id } = server.missions.numbers.all[0] ?? { id: "" };
    expect((await ask("GET", "/numbers/account-phones/available")).body).toEqual({
      phone: { id, phone_number: "+15559990000" },
    });
    await ask("PATCH", `/numbers/account-phones/${id}`, { connection_id: "c", type: "voice" });
    expect((await ask("GET", "/numbers/account-phones/available")).body).toEqual({ phone: null });
    expect((await ask("GET", "/numbers/account-phones")).body).toEqual({
      data: [{ id, phone_number: "+15559990000", connection_id: "c" }],
    });
  });
});

describe("what is scheduled", () => {
  it("happens at its time, with its events, and closes step and run by itself", async () => {
    const client = await RawClient.connect(server);
    server.missions.scheduled.onDue = () => ({
      does: "answer",
      talkSeconds: 20,
      transcript: [{ role: "user", content: "八点" }],
      insight: "A table at eight",
    });
    const { mission, run, schedule, seen } = await running();
    const eventId = await schedule();
    clock.advance(DAY_MS - 1);
    expect(await seen(eventId)).toMatchObject({ event: { status: "pending", call_status: null } });
    clock.advance(1);
    expect(await seen(eventId)).toMatchObject({ event: { status: "in_progress", call_status: "ringing" } });
    clock.advance(5_000);
    const started = await client.event("mission.call_started");
    expect(started).toMatchObject({ mission_id: mission.id, step_id: "one", to: "+15550002222" });
    expect(await seen(eventId)).toMatchObject({ event: { call_status: "in-progress" } });
    clock.advance(20_000);
    const timestamp = new Date(START + DAY_MS + 25_000).toISOString();
    expect(await client.event("mission.call_completed")).toMatchObject({
      duration_sec: 20,
      reason: "user_hangup",
      transcript: [{ role: "user", content: "八点", timestamp }],
    });
    const insights = `/missions/conversations/${started.conversation_id}/insights`;
    expect((await ask("GET", insights)).body).toEqual({
      data: [{ status: "pending", conversation_insights: [] }],
    });
    clock.advance(10_000);
    expect(await client.event("mission.insights_ready")).toMatchObject({ summary: "A table at eight" });
    expect((await ask("GET", insights)).body).toEqual({
      data: [{ status: "completed", conversation_insights: [{ result: "A table at eight" }] }],
    });
    expect(server.missions.stepOf(mission.id, run.run_id, "one").status).toBe("completed");
    expect(run.status).toBe("succeeded");
    expect(clock.next).toBeUndefined();
  });

  it.each([
    ["no_answer", "no-answer"],
    ["busy", "busy"],
    ["failed", "failed"],
    ["canceled", "canceled"],
  ] as const)("%s: call status %s", async (does, status) => {
    const client = await RawClient.connect(server);
    server.missions.scheduled.onDue = () => ({ does });
    const { mission, run, schedule, seen } = await running();
    const eventId = await schedule();
    clock.advance(DAY_MS + 30_000);
    expect(await seen(eventId)).toMatchObject({ event: { status: "failed", call_status: status } });
    expect(await client.event("mission.call_failed")).toMatchObject({ reason: does });
    expect(server.missions.stepOf(mission.id, run.run_id, "one").status).toBe("failed");
  });

  it("goes to voicemail, hangs, or takes days", async () => {
    const client = await RawClient.connect(server);
    const fates = [
      { does: "voicemail" },
      { does: "hang" },
      { does: "no_answer", ringMs: 3 * DAY_MS },
    ] as const;
    let due = 0;
    server.missions.scheduled.onDue = () => fates[due++] ?? { does: "hang" };
    const { schedule, seen } = await running();
    const [voicemail, hanging, slow] = [await schedule(), await schedule(), await schedule()];
    clock.advance(2 * DAY_MS);
    expect(await client.event("mission.call_completed")).toMatchObject({ reason: "voicemail" });
    expect(await seen(voicemail)).toMatchObject({ event: { status: "completed" } });
    expect(await seen(slow)).toMatchObject({ event: { status: "in_progress" } });
    clock.advance(2 * DAY_MS);
    expect(await seen(slow)).toMatchObject({ event: { status: "failed", call_status: "no-answer" } });
    expect(await seen(hanging)).toMatchObject({ event: { status: "in_progress", call_status: "ringing" } });
  });

  it("is a text too, delivered and answered", async () => {
    const client = await RawClient.connect(server);
    server.missions.scheduled.onDue = () => ({ does: "deliver", reply: "好" });
    const { schedule, seen } = await running();
    const eventId = await schedule({ channel: "sms", text_body: "八点？" });
    clock.advance(DAY_MS + 60_000);
    expect(await seen(eventId)).toMatchObject({ event: { status: "completed", call_status: null } });
    expect(await client.event("mission.sms_delivered")).toMatchObject({ status: "delivered", errors: [] });
    expect(await client.event("mission.sms_received")).toMatchObject({ text: "好", from: "+15550002222" });
  });

  it("leaves step and run to the client where it is told to", async () => {
    server.missions.closesByItself = false;
    const { mission, run, schedule } = await running();
    await schedule();
    clock.advance(2 * DAY_MS);
    expect(server.missions.stepOf(mission.id, run.run_id, "one").status).toBe("pending");
    expect(run.status).toBe("running");
  });

  it("is called off as long as it has not begun; with the mission too", async () => {
    const { mission, assistantId, schedule } = await running();
    const [one, two, three] = [await schedule(), await schedule(), await schedule()];
    expect((await ask("DELETE", `/assistants/${assistantId}/events/${one}`)).status).toBe(204);
    await ask("POST", `/missions/${mission.id}/cancel`);
    expect((await ask("GET", `/assistants/${assistantId}/events`)).body).toEqual({ events: [] });
    clock.advance(2 * DAY_MS);
    expect(
      [one, two, three].map((id) => server.missions.scheduled.all.some((event) => event.id === id)),
    ).toEqual([false, false, false]);
    const again = await schedule({
      mission_id: undefined,
      run_id: undefined,
      step_id: undefined,
      scheduled_at: new Date(clock.now() + 60_000).toISOString(),
    });
    clock.advance(60_001);
    expect((await ask("DELETE", `/assistants/${assistantId}/events/${again}`)).status).toBe(409);
  });

  it("lies a minute ahead at least, and needs a number", async () => {
    const { assistantId, event } = await running();
    const soon = event({ scheduled_at: new Date(START + 59_999).toISOString() });
    expect((await ask("POST", `/assistants/${assistantId}/events`, soon)).status).toBe(422);
    server.missions.numbers.all.length = 0;
    expect((await ask("POST", `/assistants/${assistantId}/events`, event())).status).toBe(403);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("tells its events late, twice and out of order where it is told to", async () => {
    const client = await RawClient.connect(server);
    Object.assign(server.faults, { duplicateEvents: true, reorderEvents: true });
    const { schedule } = await running();
    await schedule();
    clock.advance(2 * DAY_MS);
    await client.event("mission.call_started");
    expect(client.events.slice(0, 4)).toEqual([
      "mission.call_completed",
      "mission.call_completed",
      "mission.call_started",
      "mission.call_started",
    ]);
  });
});

describe("faults", () => {
  it("hit a request after others were served; what was done is done", async () => {
    const make = () => ask("POST", "/missions", { name: "M", instructions: "" });
    server.faults.rest = [
      { path: "/v1/missions", kind: "status_after_processing", status: 502, times: 1, after: 2 },
    ];
    const answers = [await make(), await make(), await make(), await make()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 502, 200]);
    expect(server.missions.all).toHaveLength(4);
  });

  it("leave a request without an answer that was carried out", async () => {
    server.faults.rest = [{ path: "/v1/missions", kind: "timeout_after_processing", times: 1 }];
    void ask("POST", "/missions", { name: "M", instructions: "" }).catch(() => {});
    await server.until(() => server.missions.all[0], "the mission");
    expect(server.rest).toMatchObject([{ path: "/v1/missions", status: undefined }]);
  });
});

describe("clocks", () => {
  it("driven: everything at its time, in order, also what is made on the way", () => {
    const happened: [string, number][] = [];
    const note = (name: string) => () => happened.push([name, clock.now() - START]);
    clock.at(START + 30, note("c"));
    clock.at(START + 10, () => {
      note("a")();
      clock.at(clock.now() + 10, note("b"));
      clock.at(START, note("past"));
    });
    const cancel = clock.at(START + 20, note("never"));
    cancel();
    clock.advance(29);
    expect(happened).toEqual([
      ["a", 10],
      ["past", 10],
      ["b", 20],
    ]);
    clock.advanceTo(START + 30);
    expect(happened.at(-1)).toEqual(["c", 30]);
    expect(clock.now()).toBe(START + 30);
  });

  it("the machine's: at its time, and not when it is called off", async () => {
    const waiting = new Waiting();
    const machine = machineClock(waiting, Date.now);
    let happened = "";
    const cancel = machine.at(Date.now() + 5, () => {
      happened += "no";
    });
    cancel();
    machine.at(Date.now() + 365 * DAY_MS, () => {
      happened += "in a year";
    });
    await new Promise<void>((resolve) => machine.at(Date.now() + 20, resolve));
    expect(happened).toBe("");
    waiting.stop();
  });
});
