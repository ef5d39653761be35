// Proves the WebSocket half of the ClawdTalk practice line: authentication, every event, what it records, and
// what it holds against a client.
import { afterEach, describe, expect, it } from "vitest";
import type { ClawdTalkEvent } from "../../plugin/practice/clawdtalk-record.ts";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { rulesBroken, soon } from "./observed.ts";
import { type Frame, RawClient } from "./raw-client.ts";

const servers: ClawdTalkPractice[] = [];

async function practice(options?: ClawdTalkOptions): Promise<ClawdTalkPractice> {
  const server = await startClawdTalkPractice(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe("authentication", () => {
  it("accepts the practice key and notes who came, without the key", async () => {
    const server = await practice();
    expect(server.connected).toBe(false);
    await RawClient.connect(server, { client_version: "1.0", owner_name: "Sam", agent_name: "Robin" });
    expect(await server.waitForClient({ timeoutMs: 100 })).toMatchObject({
      connection: 1,
      ownerName: "Sam",
      agentName: "Robin",
      clientVersion: "1.0",
    });
    expect(server.connected).toBe(true);
    expect(server.frames[0]?.message).toMatchObject({ type: "auth", api_key: "[key]" });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("refuses an unknown key with auth_error, closes, and never writes the key down", async () => {
    const server = await practice();
    const seen: ClawdTalkEvent[] = [];
    server.follow((event) => seen.push(event));
    const client = await RawClient.open(server);
    client.send({ type: "auth", api_key: "cc_live_of_somebody_else" });
    expect(await client.next((frame) => frame.type === "auth_error")).toEqual({
      type: "auth_error",
      message: "The API key is not valid.",
    });
    await soon(() => client.closed);
    expect(server.clients).toEqual([]);
    expect(JSON.stringify([server.frames, server.violations, seen])).not.toContain("somebody_else");
    expect(rulesBroken(server)).toEqual([]);
  });

  it("accepts the keys it was given and no other", async () => {
    const server = await practice({ keys: ["cc_live_practice_first", "cc_live_practice_second"] });
    const client = await RawClient.connect(server, { api_key: "cc_live_practice_second" });
    const stranger = await RawClient.open(server);
    stranger.send({ type: "auth", api_key: PRACTICE_API_KEY });
    await stranger.next((frame) => frame.type === "auth_error");
    expect(client.closed).toBeUndefined();
  });

  it("closes with 4000 the client whose key another one took over", async () => {
    const server = await practice();
    const first = await RawClient.connect(server);
    const second = (await RawClient.connect(server)).receptive();
    expect(await soon(() => first.closed)).toEqual({ code: 4000 });
    await server.ring();
    await second.event("call.started");
    expect(first.events).toEqual([]);
  });

  it("rings the client that holds the key it was told", async () => {
    const keys = ["cc_live_practice_first", "cc_live_practice_second"] as const;
    const server = await practice({ keys });
    const first = (await RawClient.connect(server, { api_key: keys[0] })).receptive();
    const second = (await RawClient.connect(server, { api_key: keys[1] })).receptive();
    const call = await server.ring({ key: keys[0] });
    call.say("Hello?");
    await first.event("deep_tool_request");
    expect(second.events).toEqual([]);
    await server.ring();
    await second.event("call.started");
  });

  it("refuses a client that speaks before auth", async () => {
    const server = await practice();
    const client = await RawClient.open(server);
    client.send({ type: "client_restart", version: "1", reason: "reconnect" });
    await client.next((frame) => frame.type === "auth_error");
    expect(await soon(() => client.closed)).toEqual({ code: 1008 });
    expect(rulesBroken(server)).toEqual(["not_authenticated"]);
  });

  it("refuses a client that never sends auth", async () => {
    const server = await practice({ timings: { authWithinMs: 20 } });
    const client = await RawClient.open(server);
    expect(await soon(() => client.closed)).toEqual({ code: 1008 });
    expect(rulesBroken(server)).toEqual(["not_authenticated"]);
  });
});

describe("events", () => {
  it("sends a call in its order", async () => {
    const server = await practice();
    const client = (await RawClient.connect(server)).receptive();
    const call = await server.ring({ callId: "call_1", extra: { caller_city: "Bern" } });
    const turn = call.say("What is new?", { requestId: "request_1", urgency: "high" });
    await client.event("deep_tool_request");
    client.send({ type: "deep_tool_result", request_id: "request_1", text: "Nothing." });
    await turn.result();
    call.hangUp();
    await client.event("call.ended");
    expect(client.frames.slice(1)).toEqual([
      { type: "event", event: "context_request", call_id: "call_1", caller_city: "Bern" },
      { type: "event", event: "call.started", call_id: "call_1", direction: "inbound" },
      {
        type: "event",
        event: "deep_tool_request",
        call_id: "call_1",
        request_id: "request_1",
        query: "What is new?",
        urgency: "high",
      },
      {
        type: "event",
        event: "call.ended",
        call_id: "call_1",
        direction: "inbound",
        duration_seconds: 0,
        reason: "user_hangup",
      },
    ]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("asks by walkie-talkie and hands back the reply", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const asked = server.walkie("Where are you?", "agent:main:main");
    const request = await client.event("walkie_request");
    expect(request).toMatchObject({ transcript: "Where are you?", session_key: "agent:main:main" });
    const answer = { type: "walkie_response", request_id: request.request_id, reply: "At home." };
    client.send(answer);
    expect(await asked).toMatchObject({ reply: "At home.", requestId: request.request_id });
    client.send(answer);
    await soon(() => server.violations[0]);
    expect(rulesBroken(server)).toEqual(["second_result"]);
  });

  it("asks for log lines and hands them back, also when they are an error", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const asked = server.requestLogs();
    const { request_id } = await client.next((frame) => frame.type === "request_logs");
    client.send({ type: "logs_response", request_id, lines: ["one", "two"], error: "cut" });
    expect(await asked).toEqual({ lines: ["one", "two"], error: "cut" });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("sends mission events on demand", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const call = {
      mission_id: "m",
      step_id: "s",
      conversation_id: "c",
      from: "+15550009999",
      to: "+15550002222",
    };
    server.emit("mission.call_started", call);
    server.emit("mission.call_completed", { ...call, duration_sec: 3, reason: "done", transcript: [] });
    server.emit("mission.call_failed", { ...call, reason: "no_answer" });
    server.emit("mission.insights_ready", {
      mission_id: "m",
      step_id: "s",
      conversation_id: "c",
      summary: "Yes.",
    });
    server.emit("mission.sms_delivered", { ...call, status: "delivered", errors: [] });
    server.emit("mission.sms_received", { ...call, text: "Ok", message_id: "t", thread_context: [] });
    await client.event("mission.sms_received");
    expect(client.events).toEqual([
      "mission.call_started",
      "mission.call_completed",
      "mission.call_failed",
      "mission.insights_ready",
      "mission.sms_delivered",
      "mission.sms_received",
    ]);
    expect(client.frames.at(-1)).toEqual({
      type: "event",
      event: "mission.sms_received",
      ...call,
      text: "Ok",
      message_id: "t",
      thread_context: [],
    });
  });

  it("tells the owner's decision about an approval", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const request_id = await askApproval(server);
    server.pressApproval(request_id, "denied");
    expect(await client.event("approval.responded")).toMatchObject({ request_id, decision: "denied" });
    expect(() => server.pressApproval(request_id, "approved")).toThrow("already denied");
    expect(() => server.pressApproval("approval_unknown", "approved")).toThrow("no approval request");
  });

  it("lets an approval expire, and ends it at once when no device is reached", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const expiring = await askApproval(server, 1);
    server.devices.registered = 0;
    const alone = await askApproval(server);
    server.devices.registered = 2;
    server.devices.failing = 2;
    const unreached = await askApproval(server);
    const decisionOn = async (request_id: string) =>
      (await client.next((frame) => frame.request_id === request_id)).decision;
    expect(await decisionOn(alone)).toBe("no_devices");
    expect(await decisionOn(unreached)).toBe("no_devices_reached");
    expect(await decisionOn(expiring)).toBe("expired");
    expect(server.approvals.map(({ status }) => status)).toEqual([
      "expired",
      "no_devices",
      "no_devices_reached",
    ]);
  });

  it("keeps what nobody was there to hear", async () => {
    const server = await practice();
    server.text({ body: "Anybody?" });
    expect(server.undelivered).toMatchObject([{ event: "sms.received", body: "Anybody?" }]);
    await expect(server.ring()).rejects.toThrow("No client is connected");
  });

  it("tells followers everything, in order, until they stop", async () => {
    const server = await practice();
    const kinds: string[] = [];
    const stop = server.follow(({ kind }) => kinds.push(kind));
    const client = await RawClient.connect(server);
    client.send({ type: "nonsense" });
    await soon(() => server.violations[0]);
    stop();
    server.text({ body: "Hello" });
    expect(kinds).toEqual(["received", "sent", "client", "received", "violation"]);
  });
});

describe("keep-alive", () => {
  it("answers pings and counts them", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    client.socket.ping();
    await soon(() => client.pongs || undefined);
    expect(server.pings).toBe(1);
  });

  it("drops a client that does not answer its pings, and keeps one that does", async () => {
    const server = await practice({ timings: { pingEveryMs: 10, pongWithinMs: 200 } });
    const alive = await RawClient.connect(server);
    let pings = 0;
    alive.socket.on("ping", () => {
      pings += 1;
    });
    await soon(() => (pings > 30 ? pings : undefined));
    expect(alive.closed).toBeUndefined();
    alive.socket.pause();
    await server.until(() => (server.connected ? undefined : true), "the client to be gone", {
      timeoutMs: 1_000,
    });
  });
});

describe("violations", () => {
  const notWellFormed: [string, string, Frame][] = [
    ["an unknown type", "unknown_type", { type: "deep_tool_answer", request_id: "r", text: "x" }],
    ["no type", "unknown_type", { text: "x" }],
    ["a missing field", "bad_shape", { type: "deep_tool_result", request_id: "r" }],
    [
      "a field the page does not have",
      "bad_shape",
      { type: "deep_tool_result", request_id: "r", text: "x", done: true },
    ],
    ["a field of another type", "bad_shape", { type: "response", call_id: 7, text: "x" }],
    ["a second auth", "authenticated_twice", { type: "auth", api_key: PRACTICE_API_KEY }],
    ["a request nobody made", "unknown_request", { type: "deep_tool_progress", request_id: "r", text: "x" }],
    [
      "a walkie reply to nothing",
      "unknown_request",
      { type: "walkie_response", request_id: "r", reply: "x" },
    ],
    ["log lines nobody asked for", "unknown_request", { type: "logs_response", request_id: "r", lines: [] }],
    ["a greeting on no call", "unknown_call", { type: "response", call_id: "c", text: "x" }],
    [
      "a context for no call",
      "unknown_call",
      { type: "context_response", call_id: "c", context: { memory: "", system_prompt: "" } },
    ],
    [
      "client_restart on a first connect",
      "restart_on_first_connect",
      { type: "client_restart", version: "1.0", reason: "reconnect" },
    ],
  ];
  it.each(notWellFormed)("records %s", async (_, rule, frame) => {
    const server = await practice();
    const client = await RawClient.connect(server);
    client.send(frame);
    await soon(() => server.violations[0]);
    expect(rulesBroken(server)).toEqual([rule]);
    expect(client.closed).toBeUndefined();
  });

  it("records what is no JSON and what is no text", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    client.socket.send("half a {");
    client.socket.send(Buffer.from([1, 2, 3]));
    await soon(() => server.violations[1]);
    expect(rulesBroken(server)).toEqual(["not_json", "not_text"]);
  });

  it("records a key in a frame, and does not repeat it", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    const asked = server.requestLogs();
    const { request_id } = await client.next((frame) => frame.type === "request_logs");
    client.send({ type: "logs_response", request_id, lines: [`auth with ${PRACTICE_API_KEY}`] });
    await asked;
    expect(rulesBroken(server)).toEqual(["secret_in_frame"]);
    expect(JSON.stringify([server.violations, server.frames])).not.toContain(PRACTICE_API_KEY);
  });

  it("accepts client_restart on a reconnect, and at once when its clients are known", async () => {
    const server = await practice();
    const restart = { type: "client_restart", version: "1.0", reason: "reconnect" };
    const before = await RawClient.connect(server);
    before.socket.terminate();
    (await RawClient.connect(server)).send(restart);
    await soon(() => server.frames[2]);
    const successor = await practice({ knownClients: true });
    (await RawClient.connect(successor)).send(restart);
    await soon(() => successor.frames[1]);
    expect([...server.violations, ...successor.violations]).toEqual([]);
  });

  it("drops a client whose frame is far too big", async () => {
    const server = await practice();
    const client = await RawClient.connect(server);
    client.socket.send("x".repeat(1_100_000));
    expect(await soon(() => client.closed)).toEqual({ code: 1009 });
  });
});

describe("starting and stopping", () => {
  it("says which port is taken", async () => {
    const server = await practice();
    await expect(practice({ port: server.port })).rejects.toThrow(`Port ${server.port} is taken`);
  });

  it("ends every wait, socket and timer", async () => {
    const server = await practice({ timings: { pingEveryMs: 5 } });
    const client = (await RawClient.connect(server)).receptive();
    const call = await server.ring();
    const waits = [
      call.say("Still there?").result(),
      server.walkie("Anybody?"),
      server.nextOutbound(),
      server.waitForClient({ count: 9 }),
    ].map((wait) => expect(wait).rejects.toThrow("practice line was closed"));
    await server.close();
    await Promise.all(waits);
    await soon(() => client.closed);
    await expect(fetch(`${server.apiUrl}/me`)).rejects.toThrow();
    await expect(server.waitForClient({ count: 9 })).rejects.toThrow("practice line was closed");
  });

  it("answers 404 and 426 where there is nothing to see", async () => {
    const server = await practice();
    expect((await fetch(`${server.url}/`)).status).toBe(404);
    expect((await fetch(`${server.url}/ws`)).status).toBe(426);
  });
});

async function askApproval(server: ClawdTalkPractice, expires_in = 300): Promise<string> {
  const answer = await fetch(`${server.apiUrl}/approvals`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
    body: JSON.stringify({ action: "Delete the list", require_biometric: false, expires_in }),
  });
  const body: unknown = await answer.json();
  return (body as { request_id: string }).request_id;
}
