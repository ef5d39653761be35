// Proves the programmable caller: what it says reaches the client, what it hears is timed and judged, and it
// can be rung as well.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { rulesBroken, soon } from "./observed.ts";
import { RawClient } from "./raw-client.ts";

let server: ClawdTalkPractice;
let client: RawClient;
let clock: number;

async function start(options: ClawdTalkOptions = {}): Promise<void> {
  clock = 1_000_000;
  server = await startClawdTalkPractice({
    now: () => clock,
    dedicatedNumber: "+15550008888",
    timings: { outboundRingMs: 1, contextWithinMs: 30 },
    ...options,
  });
  client = await RawClient.connect(server, { agent_name: "Robin" });
}

beforeEach(() => start());
afterEach(() => server.close());

const progress = (request_id: string, text: string) =>
  client.send({ type: "deep_tool_progress", request_id, text });
const result = (request_id: string, text: string) =>
  client.send({ type: "deep_tool_result", request_id, text });
const post = (path: string, body: object) =>
  fetch(`${server.apiUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("an inbound call", () => {
  it("waits for the context, then hears the greeting", async () => {
    client.receptive("Good morning.");
    const ringing = server.ring({ from: "+15550007777" });
    clock += 40;
    const call = await ringing;
    expect(call.context).toEqual({ memory: "", system_prompt: "Be short." });
    expect(await call.heardGreeting()).toEqual({ text: "Good morning.", atMs: 40 });
    expect(call).toMatchObject({ direction: "inbound", person: "+15550007777", agentName: "Robin" });
    expect(JSON.stringify(client.frames)).not.toContain("+15550007777");
    expect(call.status).toBe("in-progress");
    expect(rulesBroken(server)).toEqual([]);
  });

  it("goes on without a context when none comes in time", async () => {
    const call = await server.ring();
    expect(call.context).toBeUndefined();
    await client.event("call.started");
    expect(client.events).toEqual(["context_request", "call.started"]);
    await expect(call.heardGreeting({ timeoutMs: 10 })).rejects.toThrow("Waited 10 ms for a greeting");
  });

  it("accepts a greeting that waits for call.started", async () => {
    const ringing = server.ring();
    const { call_id } = await client.event("call.started");
    client.send({ type: "response", call_id, text: "Hello." });
    const call = await ringing;
    expect((await call.heardGreeting()).text).toBe("Hello.");
    expect(rulesBroken(server)).toEqual([]);
  });

  it("holds against the client: early, second, empty and endless greetings, and a second context", async () => {
    const ringing = server.ring();
    const { call_id } = await client.event("context_request");
    const context = { type: "context_response", call_id, context: { memory: "", system_prompt: "" } };
    client.send({ type: "response", call_id, text: "Too early." });
    client.send(context);
    client.send(context);
    client.send({ type: "response", call_id, text: " " });
    client.send({ type: "response", call_id, text: "x".repeat(2_000) });
    client.send({ type: "response", call_id, text: "你".repeat(1_999) });
    client.send({ type: "response", call_id, text: "Again." });
    await soon(() => server.violations[4]);
    expect(rulesBroken(server)).toEqual([
      "greeting_before_context",
      "context_twice",
      "empty_text",
      "too_long",
      "greeted_twice",
    ]);
    const call = await ringing;
    expect((await call.heardGreeting()).text).toBe("你".repeat(1_999));
    expect(call.transcript).toHaveLength(1);
  });
});

describe("a turn", () => {
  it("stamps what is heard, from the moment of saying", async () => {
    client.receptive();
    const call = await server.ring();
    const turn = call.say("What is new?");
    expect(turn.saidAt).toBe(clock);
    const first = turn.firstSpeech();
    clock += 300;
    progress(turn.requestId, "Two things.");
    expect(await first).toEqual({ text: "Two things.", atMs: 300 });
    expect(turn.done).toBe(false);
    clock += 500;
    progress(turn.requestId, "A letter.");
    await soon(() => turn.progress[1]);
    clock += 200;
    result(turn.requestId, "And a cat.");
    expect(await turn.result()).toEqual({ text: "And a cat.", atMs: 1_000 });
    expect(turn.heard).toEqual(["Two things.", "A letter.", "And a cat."]);
    expect(turn.progress).toEqual([
      { text: "Two things.", atMs: 300 },
      { text: "A letter.", atMs: 800 },
    ]);
    expect(turn.done).toBe(true);
    expect(call.transcript.map(({ who, kind, text, at }) => [who, kind, text, at])).toEqual([
      ["agent", "greeting", "Hello, this is Robin.", 1_000_000],
      ["caller", "question", "What is new?", 1_000_000],
      ["agent", "progress", "Two things.", 1_000_300],
      ["agent", "progress", "A letter.", 1_000_800],
      ["agent", "result", "And a cat.", 1_001_000],
    ]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("hears the result first when there was no progress", async () => {
    const call = await server.ring();
    const turn = call.say("Yes or no?");
    result(turn.requestId, "Yes.");
    expect(await turn.firstSpeech()).toEqual({ text: "Yes.", atMs: 0 });
  });

  it("keeps several outstanding turns apart", async () => {
    const call = await server.ring();
    const [one, two] = [call.say("One?"), call.say("Two?", { requestId: "mine" })];
    expect(two.requestId).toBe("mine");
    progress(two.requestId, "Second, at length.");
    result(two.requestId, "Done with two.");
    result(one.requestId, "Done with one.");
    await Promise.all([one.result(), two.result()]);
    expect(one.heard).toEqual(["Done with one."]);
    expect(two.heard).toEqual(["Second, at length.", "Done with two."]);
    expect(() => call.say("Three?", { requestId: "mine" })).toThrow("already a request mine");
  });

  it("can be sent again, the same id and words", async () => {
    const call = await server.ring();
    const turn = call.say("Hello?", { urgency: "low" });
    turn.repeat();
    const requests = await soon(() => {
      const found = client.frames.filter((frame) => frame.event === "deep_tool_request");
      return found.length === 2 ? found : undefined;
    });
    expect(requests[1]).toEqual(requests[0]);
  });

  it("holds against the client: second results, words after the result, empty words, a wrong call", async () => {
    const call = await server.ring();
    const turn = call.say("Hello?");
    const { requestId: request_id } = turn;
    progress(request_id, "");
    client.send({ type: "deep_tool_progress", request_id, call_id: "call_other", text: "Elsewhere." });
    client.send({ type: "deep_tool_result", request_id, call_id: call.callId, text: "Hello." });
    progress(request_id, "One more thing.");
    result(request_id, "Hello again.");
    await soon(() => server.violations[3]);
    expect(rulesBroken(server)).toEqual([
      "empty_text",
      "wrong_call",
      "progress_after_result",
      "second_result",
    ]);
    expect(turn.heard).toEqual(["Hello."]);
  });

  it("takes an empty result as the end of the turn, and as a violation", async () => {
    const call = await server.ring();
    const turn = call.say("Hello?");
    result(turn.requestId, "");
    expect(await turn.result()).toEqual({ text: "", atMs: 0 });
    result(turn.requestId, "Hello.");
    await soon(() => server.violations[1]);
    expect(rulesBroken(server)).toEqual(["empty_text", "second_result"]);
  });

  it("gives up waiting with a sentence that names what was waited for", async () => {
    const call = await server.ring();
    const turn = call.say("Hello?");
    await expect(turn.firstSpeech({ timeoutMs: 5 })).rejects.toThrow(
      'Waited 5 ms for a first word on "Hello?", in vain.',
    );
    await expect(turn.result({ timeoutMs: 5 })).rejects.toThrow("the result of");
  });
});

describe("hanging up", () => {
  it("says so with the duration, ends the waits, and hears nothing more", async () => {
    const call = await server.ring();
    const turn = call.say("Hello?");
    const waiting = expect(turn.result()).rejects.toThrow("The call ended before");
    clock += 12_400;
    call.hangUp({ reason: "amd_silence", outcome: "voicemail_failed" });
    await waiting;
    expect(await client.event("call.ended")).toMatchObject({
      duration_seconds: 12,
      reason: "amd_silence",
      outcome: "voicemail_failed",
    });
    progress(turn.requestId, "Too late.");
    await soon(() => turn.afterHangUp[0]);
    expect(turn.afterHangUp).toEqual([{ text: "Too late.", atMs: 12_400 }]);
    expect(turn.heard).toEqual([]);
    expect(call.transcript.map(({ text }) => text)).toEqual(["Hello?"]);
    expect(call.status).toBe("completed");
    expect(await call.whenEnded()).toEqual({
      reason: "amd_silence",
      outcome: "voicemail_failed",
      durationSeconds: 12,
    });
    call.hangUp();
    expect(call.end?.reason).toBe("amd_silence");
    expect(() => call.say("Hello?")).toThrow("has ended");
    expect(rulesBroken(server)).toEqual([]);
  });

  it("can be the agent's doing", async () => {
    const call = await server.ring();
    const answer = await post(`/calls/${call.callId}/end`, { reason: "user_ended" });
    expect(await answer.json()).toEqual({ call_id: call.callId, status: "ending", duration_seconds: 0 });
    expect((await call.whenEnded()).reason).toBe("user_ended");
    expect(await client.event("call.ended")).toMatchObject({ reason: "user_ended" });
    expect((await post(`/calls/${call.callId}/end`, { reason: "user_ended" })).status).toBe(409);
  });
});

describe("texts", () => {
  it("reach the client, and the reply comes back in all its parts", async () => {
    const text = server.text({ from: "+15550007777", body: "早上好", messageId: "sms_1" });
    expect(await client.event("sms.received")).toEqual({
      type: "event",
      event: "sms.received",
      from: "+15550007777",
      body: "早上好",
      message_id: "sms_1",
    });
    const replied = text.reply({ settleMs: 60 });
    await post("/messages/send", { to: "+15550001111", message: "Not for you." });
    await post("/messages/send", { to: "+15550007777", message: "Part one." });
    await post("/messages/send", { to: "+15550007777", message: "Part two." });
    expect((await replied).map(({ body }) => body)).toEqual(["Part one.", "Part two."]);
  });

  it("do not take an earlier message for a reply", async () => {
    await post("/messages/send", { to: "+15550001111", message: "Earlier." });
    await expect(server.text({ body: "Hello" }).reply({ timeoutMs: 20 })).rejects.toThrow("a reply to");
  });

  it("are one text when the id is the same, however often they are delivered", async () => {
    server.text({ body: "Hello", messageId: "sms_1" });
    server.text({ body: "Hello", messageId: "sms_1" });
    await soon(() => (client.events.length === 2 ? true : undefined));
    expect(server.messages).toHaveLength(1);
  });

  it("can come from the phone that is on a call", async () => {
    const call = await server.ring({ from: "+15550007777" });
    call.text("By text");
    expect(await client.event("sms.received")).toMatchObject({ from: "+15550007777" });
  });
});

describe("an outbound call", () => {
  it("is answered, greeted by the service, and goes both ways", async () => {
    client.socket.on("message", (data) => {
      const { event, call_id } = JSON.parse(data.toString());
      if (event !== "context_request") return;
      client.send({ type: "context_response", call_id, context: { memory: "m", system_prompt: "p" } });
    });
    const placed = await post("/calls", {
      to: "+15550002222",
      greeting: "Hello, about the table.",
      context: { purpose: "book a table" },
    });
    expect(placed.status).toBe(202);
    const call = await server.nextOutbound();
    expect(await placed.json()).toEqual({
      call_id: call.callId,
      status: "initiating",
      direction: "outbound",
    });
    expect(call).toMatchObject({
      to: "+15550002222",
      purpose: "book a table",
      greeting: "Hello, about the table.",
      direction: "outbound",
    });
    expect((await call.heardGreeting()).text).toBe("Hello, about the table.");
    expect(call.context?.memory).toBe("m");
    expect(await client.event("call.started")).toMatchObject({ direction: "outbound" });
    expect(client.events).toEqual(["context_request", "call.started"]);
    const turn = call.say("Which evening?");
    await client.event("deep_tool_request");
    result(turn.requestId, "Tuesday.");
    await turn.result();
    call.hangUp();
    expect(await client.event("call.ended")).toMatchObject({
      direction: "outbound",
      to_number: "+15550002222",
      purpose: "book a table",
      greeting: "Hello, about the table.",
    });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("rings the owner when no number is given", async () => {
    let ring: unknown;
    server.onOutbound = (outbound) => {
      ring = outbound;
      return { does: "answer" };
    };
    await post("/calls", {});
    expect((await server.nextOutbound()).to).toBe("+15550001111");
    expect(ring).toMatchObject({ to: "+15550001111", toOwner: true });
  });

  it("counts a second greeting against the client", async () => {
    client.receptive();
    await post("/calls", { greeting: "Hello." });
    await server.nextOutbound();
    await soon(() => server.violations[0]);
    expect(rulesBroken(server)).toEqual(["greeted_twice"]);
  });

  it.each([
    [{ does: "no_answer" } as const, "no_answer", "no-answer", undefined],
    [{ does: "busy" } as const, "busy", "busy", undefined],
    [{ does: "fax" } as const, "fax", "completed", undefined],
    [{ does: "voicemail_failed" } as const, "voicemail_failed", "completed", undefined],
    [{ does: "voicemail" } as const, "voicemail", "completed", "Hi, it is Robin."],
    [{ does: "voicemail", message: "Beep: Robin." } as const, "voicemail", "completed", "Beep: Robin."],
  ])("ends without a conversation: %j", async (callee, outcome, status, voicemail) => {
    server.onOutbound = async () => callee;
    await post("/calls", { greeting: "Hi, it is Robin." });
    const call = await server.nextOutbound();
    expect(call.end?.outcome).toBe(outcome);
    expect(call.end?.voicemailMessage).toBe(voicemail);
    expect(call.status).toBe(status);
    const ended = await client.event("call.ended");
    expect(ended.outcome).toBe(outcome);
    expect(ended.voicemail_message).toBe(voicemail);
    expect(client.events).toEqual(["call.ended"]);
  });

  it("lets a callee play a part and hang up", async () => {
    server.onOutbound = () => ({ does: "answer", says: ["Who is this?", "No, thank you."] });
    client.socket.on("message", (data) => {
      const { request_id, query } = JSON.parse(data.toString());
      if (request_id) result(request_id, `You said: ${query}`);
    });
    await post("/calls", { to: "+15550002222" });
    const call = await server.nextOutbound();
    await call.whenEnded();
    expect(call.transcript.map(({ text }) => text)).toEqual([
      "Who is this?",
      "You said: Who is this?",
      "No, thank you.",
      "You said: No, thank you.",
    ]);
  });

  it("is over for a playing callee when the agent hangs up", async () => {
    server.onOutbound = () => ({ does: "answer", says: ["Who is this?", "Hello?"] });
    await post("/calls", { to: "+15550002222" });
    const call = await server.nextOutbound();
    await post(`/calls/${call.callId}/end`, { reason: "user_ended" });
    await call.whenEnded();
    expect(call.turns).toHaveLength(1);
    expect(call.end?.reason).toBe("user_ended");
  });

  it("hands calls out once each, in order", async () => {
    const [one, two] = [server.nextOutbound(), server.nextOutbound()];
    await post("/calls", { to: "+15550002222" });
    await post("/calls", { to: "+15550003333" });
    expect([(await one).to, (await two).to]).toEqual(["+15550002222", "+15550003333"]);
  });
});
