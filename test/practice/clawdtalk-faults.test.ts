// Proves each fault of the ClawdTalk practice line, as a client meets it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { rulesBroken, soon } from "./observed.ts";
import { RawClient } from "./raw-client.ts";

let server: ClawdTalkPractice;

beforeEach(async () => {
  server = await startClawdTalkPractice({ timings: { contextWithinMs: 30, reorderHoldMs: 30 } });
});
afterEach(() => server.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const post = (path: string, body: object, signal?: AbortSignal) =>
  fetch(`${server.apiUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${PRACTICE_API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });

describe("connecting", () => {
  it("refuses a good key as long as told to", async () => {
    server.faults.refuseKey = "This key was revoked.";
    const client = await RawClient.open(server);
    client.send({ type: "auth", api_key: PRACTICE_API_KEY });
    expect(await client.next(() => true)).toEqual({ type: "auth_error", message: "This key was revoked." });
    await soon(() => client.closed);
    server.behave();
    await RawClient.connect(server);
  });

  it("answers 429 to as many handshakes as told, then accepts", async () => {
    server.faults.handshakes = [429, 429];
    await expect(RawClient.open(server)).rejects.toThrow("429");
    await expect(RawClient.open(server)).rejects.toThrow("429");
    await RawClient.connect(server);
    expect(server.handshakes.map(({ answer }) => answer)).toEqual([429, 429, 101]);
  });

  it("leaves a handshake without an answer", async () => {
    server.faults.handshakes = ["hang"];
    const socket = new WebSocket(server.webSocketUrl, { handshakeTimeout: 40 });
    const error = await new Promise<Error>((resolve) => socket.on("error", resolve));
    expect(error.message).toContain("handshake has timed out");
    expect(server.handshakes[0]?.answer).toBe("hang");
  });

  it("closes the next connections with 4000 right after auth_ok", async () => {
    server.faults.closeAfterAuth = [4000, 4000];
    for (const _ of [1, 2]) {
      const client = await RawClient.connect(server);
      expect(await soon(() => client.closed)).toEqual({ code: 4000 });
    }
    const third = await RawClient.connect(server);
    await pause(20);
    expect(third.closed).toBeUndefined();
  });

  it("closes and drops everybody at once on demand", async () => {
    const closed = await RawClient.connect(server);
    server.closeClients();
    expect(await soon(() => closed.closed)).toEqual({ code: 4000 });
    const restarted = await RawClient.connect(server);
    server.closeClients(1012, "restart");
    expect(await soon(() => restarted.closed)).toEqual({ code: 1012 });
    const dropped = await RawClient.connect(server);
    server.dropClients();
    expect(await soon(() => dropped.closed)).toEqual({ code: 1006 });
  });
});

describe("silence", () => {
  it("accepts, but neither says auth_ok nor answers a ping", async () => {
    server.faults.silent = true;
    const client = await RawClient.open(server);
    client.send({ type: "auth", api_key: PRACTICE_API_KEY });
    client.socket.ping();
    await soon(() => server.pings || undefined);
    await soon(() => server.frames[0]);
    await pause(20);
    expect(client.frames).toEqual([]);
    expect(client.pongs).toBe(0);
    expect(client.closed).toBeUndefined();
  });

  it("can begin in the middle, and end", async () => {
    const client = await RawClient.connect(server);
    const call = await server.ring();
    server.faults.silent = true;
    const turn = call.say("Hello?");
    expect(server.undelivered).toMatchObject([{ event: "deep_tool_request" }]);
    server.behave();
    turn.repeat();
    await client.event("deep_tool_request");
  });
});

describe("in the middle of a turn", () => {
  it("cuts the socket when the request has been sent", async () => {
    const client = await RawClient.connect(server);
    const call = await server.ring();
    server.faults.dropSocket = "after_request";
    const turn = call.say("Hello?");
    await client.event("deep_tool_request");
    expect(await soon(() => client.closed)).toEqual({ code: 1006 });
    const again = await RawClient.connect(server);
    again.send({ type: "deep_tool_result", request_id: turn.requestId, text: "Sorry, I was gone." });
    expect((await turn.result()).text).toBe("Sorry, I was gone.");
    call.say("And now?");
    await again.event("deep_tool_request");
    await pause(10);
    expect(again.closed).toBeUndefined();
    expect(rulesBroken(server)).toEqual([]);
  });

  it("cuts the socket when the first progress text arrives", async () => {
    const client = await RawClient.connect(server);
    const call = await server.ring();
    server.faults.dropSocket = "after_progress";
    const turn = call.say("Hello?");
    await client.event("deep_tool_request");
    client.send({ type: "deep_tool_progress", request_id: turn.requestId, text: "One." });
    await soon(() => client.closed);
    expect(turn.heard).toEqual(["One."]);
    expect(server.faults.dropSocket).toBeUndefined();
  });
});

describe("events", () => {
  it("come twice each, other messages once", async () => {
    server.faults.duplicateEvents = true;
    const client = await RawClient.connect(server);
    server.text({ body: "One", messageId: "sms_1" });
    server.text({ body: "Two", messageId: "sms_2" });
    await soon(() => client.events[3]);
    expect(client.frames.map((frame) => frame.message_id ?? frame.type)).toEqual([
      "auth_ok",
      "sms_1",
      "sms_1",
      "sms_2",
      "sms_2",
    ]);
  });

  it("change places in pairs, and a lone one comes late but comes", async () => {
    server.faults.reorderEvents = true;
    const client = await RawClient.connect(server);
    for (const body of ["1", "2", "3", "4", "5"]) server.text({ body });
    await soon(() => client.events[3]);
    expect(client.frames.slice(1).map((frame) => frame.body)).toEqual(["2", "1", "4", "3"]);
    await soon(() => client.events[4]);
    expect(client.frames.at(-1)?.body).toBe("5");
  });

  it("change places and come twice", async () => {
    Object.assign(server.faults, { reorderEvents: true, duplicateEvents: true });
    const client = await RawClient.connect(server);
    for (const body of ["1", "2"]) server.text({ body });
    await soon(() => client.events[3]);
    expect(client.frames.slice(1).map((frame) => frame.body)).toEqual(["2", "2", "1", "1"]);
  });

  it("come late, in order, also when the delay shrinks", async () => {
    const client = await RawClient.connect(server);
    const before = performance.now();
    server.faults.latencyMs = 60;
    server.text({ body: "1" });
    server.faults.latencyMs = 10;
    server.text({ body: "2" });
    server.faults.latencyMs = 0;
    server.text({ body: "3" });
    await soon(() => client.events[2]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
    expect(client.frames.slice(1).map((frame) => frame.body)).toEqual(["1", "2", "3"]);
  });

  it("delay the refusal of a key as well", async () => {
    server.faults.latencyMs = 20;
    const client = await RawClient.open(server);
    client.send({ type: "auth", api_key: "cc_live_wrong_key" });
    await client.next((frame) => frame.type === "auth_error");
    await soon(() => client.closed);
  });

  it("can be unknown, broken, or without their fields", async () => {
    const client = await RawClient.connect(server);
    server.sendUnknownEvent();
    server.sendUnknownEvent("weather.changed", { sky: "blue" });
    server.sendIncomplete("deep_tool_request");
    server.sendIncomplete("deep_tool_request", ["query"]);
    server.sendBrokenJson();
    server.sendRaw("[]");
    await soon(() => client.raw[6]);
    expect(client.raw.slice(1)).toEqual([
      '{"type":"event","event":"practice.never_heard_of"}',
      '{"type":"event","event":"weather.changed","sky":"blue"}',
      '{"type":"event","event":"deep_tool_request"}',
      '{"type":"event","event":"deep_tool_request","call_id":"call_sample","request_id":"request_sample"}',
      expect.stringMatching(/^\{"type":"event","event":"deep_tool_request"/),
      "[]",
    ]);
    expect(() => JSON.parse(client.raw[5] ?? "")).toThrow();
  });

  it("can be huge", async () => {
    const client = await RawClient.connect(server);
    server.sendHugeFrame();
    const frame = await client.event("sms.received");
    expect(JSON.stringify(frame).length).toBe(5 * 1024 * 1024);
    expect(JSON.stringify(server.sent).length).toBeLessThan(2_000);
  });
});

describe("REST", () => {
  it("answers with a status as often as told, and does not carry the request out", async () => {
    server.faults.rest.push({ path: "/v1/messages/send", kind: "status", status: 503, times: 2 });
    const send = () => post("/messages/send", { to: "+15550001111", message: "Hello" });
    const refused = await send();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({
      error: { code: "practice_fault", message: "The practice line was told to fail." },
    });
    expect((await send()).status).toBe(503);
    expect(server.messages).toEqual([]);
    expect((await send()).status).toBe(200);
    expect(server.rest.map(({ status }) => status)).toEqual([503, 503, 200]);
  });

  it("leaves other paths and methods alone", async () => {
    server.faults.rest.push({ path: /^\/v1\/calls/, method: "GET", kind: "status", status: 502, times: 1 });
    expect((await post("/calls", {})).status).toBe(202);
    const headers = { authorization: `Bearer ${PRACTICE_API_KEY}` };
    expect((await fetch(`${server.apiUrl}/me`, { headers })).status).toBe(200);
    expect((await fetch(`${server.apiUrl}/calls/any`, { headers })).status).toBe(502);
  });

  it("never answers, and does not carry the request out", async () => {
    server.faults.rest.push({ path: "/v1/messages/send", kind: "timeout", times: 1 });
    const sending = post("/messages/send", { to: "+15550001111", message: "Hello" }, AbortSignal.timeout(50));
    await expect(sending).rejects.toThrow("timeout");
    expect(server.messages).toEqual([]);
    expect(server.rest).toMatchObject([{ path: "/v1/messages/send", status: undefined }]);
  });

  it("carries the request out, but the answer never arrives", async () => {
    server.faults.rest.push({ path: "/v1/messages/send", kind: "drop_after_processing", times: 1 });
    await expect(post("/messages/send", { to: "+15550001111", message: "Hello" })).rejects.toThrow();
    expect(server.messages).toMatchObject([{ body: "Hello" }]);
  });

  it("answers late, so that events overtake the answer", async () => {
    const client = await RawClient.connect(server);
    server.faults.restLatencyMs = 120;
    let answered = false;
    const placed = post("/calls", {}).then((answer) => {
      answered = true;
      return answer.json();
    });
    const started = await client.event("call.started");
    expect(answered).toBe(false);
    expect(await placed).toMatchObject({ call_id: started.call_id });
  });
});
