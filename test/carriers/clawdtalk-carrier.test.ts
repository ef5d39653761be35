// Proves the ClawdTalk carrier against the practice line: what it hears, what it says, and how it lives through
// each fault of the service and of the network.
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Carrier, CarrierListener } from "../../plugin/carriers/carrier.ts";
import {
  type ClawdTalkCarrierOptions,
  createClawdTalkCarrier,
  RESULT_LIFETIME_MS,
} from "../../plugin/carriers/clawdtalk/carrier.ts";
import {
  type ConnectionTimings,
  describeConnectionError,
  MAX_FRAME_BYTES,
} from "../../plugin/carriers/clawdtalk/socket.ts";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { freePort } from "../../plugin/practice/gateway.ts";
import { type KeptLine, keepLines, soon, state } from "./kept-lines.ts";

const QUICK: ConnectionTimings = {
  handshakeTimeoutMs: 1_000,
  authTimeoutMs: 1_000,
  pingIntervalMs: 50,
  pongTimeoutMs: 500,
  backoffMinMs: 10,
  backoffMaxMs: 40,
  tooManyRequestsWaitMs: 200,
  settledAfterMs: 60_000,
  closeTimeoutMs: 200,
};

type Line = KeptLine<Carrier>;

const { servers, start } = keepLines<Carrier>(PRACTICE_API_KEY);

async function practice(options?: ClawdTalkOptions): Promise<ClawdTalkPractice> {
  // Few tests give a call its context; the others need not wait for it.
  const server = await startClawdTalkPractice({ timings: { contextWithinMs: 50 }, ...options });
  servers.push(server);
  return server;
}

function connect(
  server: string,
  {
    apiKey = PRACTICE_API_KEY,
    react = {},
    timings = {},
    ...options
  }: Partial<Omit<ClawdTalkCarrierOptions, "line">> & {
    apiKey?: string;
    react?: Partial<CarrierListener>;
  } = {},
): Line {
  return start(
    (log, written) =>
      createClawdTalkCarrier({
        line: { name: "home", apiKey, server },
        version: "1.2.3",
        log,
        logLines: () => written.map(({ message }) => message),
        timings: { ...QUICK, ...timings },
        ...options,
      }),
    react,
  );
}

/** What the client sent, by type. */
const received = (server: ClawdTalkPractice, type: string) =>
  server.frames.map(({ message }) => message as { type?: string }).filter((message) => message.type === type);

describe("a well-behaved service", () => {
  it("is told who we are, and only on a reconnect that we restarted", async () => {
    const server = await practice();
    const line = connect(server.url, { ownerName: "Ada", agentName: "小莫" });
    expect(await server.waitForClient()).toMatchObject({
      ownerName: "Ada",
      agentName: "小莫",
      clientVersion: "1.2.3",
    });
    await state(line, "connected");
    expect(received(server, "client_restart")).toEqual([]);
    expect(line.heard.onStatus.map((status) => status.state)).toEqual(["connected"]);

    server.dropClients();
    await server.waitForClient({ count: 2 });
    await soon(() =>
      expect(received(server, "client_restart")).toEqual([
        { type: "client_restart", version: "1.2.3", reason: "reconnect" },
      ]),
    );
    expect(line.heard.onStatus.map((status) => status.state)).toEqual([
      "connected",
      "reconnecting",
      "connected",
    ]);
    expect(line.carrier.status().counters.reconnects).toBe(1);
  });

  it("has a call: context, greeting, words, speech while thinking, one answer, the end", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onCallSetup({ callId }) {
          line.carrier.sendContext(callId, { memory: "likes tea", systemPrompt: "be brief" });
          expect(line.carrier.greet(callId, "Hello Ada.")).toBe(true);
        },
        onTurn(turn) {
          expect(line.carrier.speak(turn, "One.")).toBe(true);
          expect(line.carrier.speak(turn, "二。")).toBe(true);
          line.carrier.answer(turn, "Three.");
        },
      },
    });
    await server.waitForClient();
    const call = await server.ring({ callId: "call_1" });
    expect(call.context).toEqual({ memory: "likes tea", system_prompt: "be brief" });
    expect((await call.heardGreeting()).text).toBe("Hello Ada.");

    const turn = call.say("Was gibt's Neues?", { requestId: "r1", urgency: "high", context: { a: 1 } });
    await turn.result();
    expect(turn.heard).toEqual(["One.", "二。", "Three."]);
    call.hangUp({ reason: "user_hangup" });
    await soon(() => expect(line.heard.onCallEnded).toHaveLength(1));

    expect(line.heard.onCallSetup).toEqual([{ callId: "call_1" }]);
    expect(line.heard.onCallStarted).toEqual([{ callId: "call_1", direction: "inbound" }]);
    expect(line.heard.onTurn).toEqual([
      {
        callId: "call_1",
        requestId: "r1",
        kind: "speech",
        words: "Was gibt's Neues?",
        asWritten: "Was gibt's Neues?",
      },
    ]);
    expect(line.heard.onCallEnded).toMatchObject([
      { callId: "call_1", direction: "inbound", reason: "user_hangup" },
    ]);
  });

  it("brings texts, approvals and push-to-talk", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onWalkie({ requestId, words }) {
          const reply = words === "fail" ? { error: "no agent" } : { text: `heard ${words}` };
          line.carrier.answerWalkie(requestId, reply);
          line.carrier.answerWalkie(requestId, { text: "again" });
        },
      },
    });
    await server.waitForClient();
    server.text({ from: "+15550001111", body: "你好", messageId: "m1" });
    server.emit("approval.responded", { request_id: "a1", decision: "denied" });
    expect(await server.walkie("over", "agent:main:main")).toMatchObject({ reply: "heard over" });
    expect(await server.walkie("fail")).toMatchObject({ reply: "", error: "no agent" });
    expect(line.heard.onText).toEqual([{ messageId: "m1", from: "+15550001111", body: "你好" }]);
    expect(line.heard.onApproval).toEqual([{ requestId: "a1", decision: "denied" }]);
    expect(line.heard.onWalkie[0]).toMatchObject({ words: "over", sessionKey: "agent:main:main" });
    expect(line.carrier.status().counters.repeatedAnswers).toBe(2);
  });

  it("gives support the log lines without secrets", async () => {
    const server = await practice();
    connect(server.url, {
      logLines: () => ["started", `key ${PRACTICE_API_KEY}`, "Authorization: Bearer abc123"],
    });
    await server.waitForClient();
    expect(await server.requestLogs()).toEqual({
      lines: ["started", "key [redacted]", "Authorization: Bearer [redacted]"],
    });
  });

  it("tells support when the log lines cannot be read", async () => {
    const server = await practice();
    const line = connect(server.url, {
      logLines: () => {
        throw new Error("disk gone");
      },
    });
    await server.waitForClient();
    expect(await server.requestLogs()).toEqual({ lines: [], error: "the log lines could not be read" });
    expect(line.said("error")).toEqual([
      'ClawdTalk line "home": the log lines could not be read: Error: disk gone',
    ]);
  });

  it("never gets a greeting of 2,000 characters", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onCallSetup({ callId }) {
          line.carrier.sendContext(callId, { memory: "", systemPrompt: "" });
          line.carrier.greet(callId, "这是一句话。".repeat(1_000));
        },
      },
    });
    await server.waitForClient();
    const { text } = await (await server.ring()).heardGreeting();
    expect(text.length).toBeLessThan(2_000);
    expect(text.endsWith("。")).toBe(true);
  });

  it("is pinged and stays connected", async () => {
    const server = await practice();
    const line = connect(server.url, { timings: { pingIntervalMs: 20 } });
    await soon(() => expect(server.pings).toBeGreaterThan(5));
    expect(line.carrier.status().state).toBe("connected");
    expect(server.handshakes).toHaveLength(1);
  });
});

describe("answers", () => {
  it("are given once: a second one, an empty one and later speech never reach the wire", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    const turn = (await server.ring()).say("Hi");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    const [address] = line.heard.onTurn;
    if (!address) throw new Error("no turn");
    expect(() => line.carrier.answer(address, " \n")).toThrow("must not be empty");
    line.carrier.answer(address, "First.");
    line.carrier.answer(address, "Second.");
    expect(line.carrier.speak(address, "Late.")).toBe(false);
    await turn.result();
    expect((await server.requestLogs()).error).toBeUndefined();
    expect(turn.heard).toEqual(["First."]);
    expect(line.carrier.status().counters.repeatedAnswers).toBe(2);
  });

  it("wait for the connection when the socket drops in the middle of a turn; speech does not", async () => {
    const server = await practice();
    const line: Line = connect(server.url, { react: { onTurn: (turn) => line.carrier.speak(turn, "One.") } });
    await server.waitForClient();
    const call = await server.ring();
    server.faults.dropSocket = "after_progress";
    server.faults.handshakes = [503, 503];
    const turn = call.say("Hi");
    await state(line, "reconnecting");
    const [address] = line.heard.onTurn;
    if (!address) throw new Error("no turn");
    expect(line.carrier.speak(address, "Two.")).toBe(false);
    expect(line.carrier.greet(call.callId, "Hello.")).toBe(false);
    line.carrier.answer(address, "Three.");
    line.carrier.answer(address, "Four.");
    await turn.result();
    expect(turn.heard).toEqual(["One.", "Three."]);
    const types = server.frames.map(({ message }) => (message as { type: string }).type);
    expect(types.slice(-3)).toEqual(["auth", "client_restart", "deep_tool_result"]);
    expect(line.carrier.status().counters).toMatchObject({ repeatedAnswers: 1, undelivered: 0 });
  });

  it("are dropped, counted and said when the connection comes back too late", async () => {
    let skippedMs = 0;
    const server = await practice();
    const line = connect(server.url, { now: () => Date.now() + skippedMs });
    await server.waitForClient();
    const call = await server.ring();
    const late = call.say("one", { requestId: "late" });
    const timely = call.say("two", { requestId: "timely" });
    await soon(() => expect(line.heard.onTurn).toHaveLength(2));
    const [first, second] = line.heard.onTurn;
    if (!first || !second) throw new Error("no turns");

    server.faults.handshakes = Array(1_000).fill(503);
    server.dropClients();
    await state(line, "reconnecting");
    line.carrier.answer(first, "One.");
    skippedMs = RESULT_LIFETIME_MS / 2;
    line.carrier.answer(second, "Two.");
    skippedMs = RESULT_LIFETIME_MS + 500;
    server.behave();
    await timely.result();
    expect(late.done).toBe(false);
    expect(line.carrier.status().counters.undelivered).toBe(1);
    expect(line.said("warn").at(-1)).toBe(
      'ClawdTalk line "home": no connection in time for the answer to "late"; the caller did not hear it.',
    );
  });

  it("that never found a connection are said at the stop", async () => {
    const line = connect(`http://127.0.0.1:${await freePort()}`);
    line.carrier.answer({ callId: "c", requestId: "r" }, "One.");
    line.carrier.sendContext("c", { memory: "", systemPrompt: "" });
    await line.carrier.stop();
    expect(line.carrier.status().counters.undelivered).toBe(2);
    expect(line.said("warn").at(-1)).toContain('for the answer to "r"');
  });
});

describe("what arrives twice, out of order or broken", () => {
  it("is heard once when it is a request, also after a reconnect", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: { onTurn: (turn) => line.carrier.answer(turn, "Yes.") },
    });
    await server.waitForClient();
    const call = await server.ring();
    server.faults.duplicateEvents = true;
    const turn = call.say("Hi");
    await turn.result();
    server.dropClients();
    await server.waitForClient({ count: 2 });
    await state(line, "connected");
    turn.repeat();
    await soon(() => expect(line.carrier.status().counters.duplicateRequests).toBe(3));
    expect(line.heard.onTurn).toHaveLength(1);
    line.carrier.answer({ callId: call.callId, requestId: turn.requestId }, "Again.");
    expect(line.carrier.status().counters.repeatedAnswers).toBe(1);
    expect(turn.heard).toEqual(["Yes."]);
  });

  it("is not taken for a duplicate when only the request id is the same", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    server.emit("deep_tool_request", { call_id: "c1", request_id: "1", query: "a" });
    server.emit("deep_tool_request", { call_id: "c2", request_id: "1", query: "b" });
    server.emit("walkie_request", { request_id: "1", transcript: "c" });
    await soon(() => expect(line.heard.onWalkie).toHaveLength(1));
    expect(line.heard.onTurn.map(({ asWritten }) => asWritten)).toEqual(["a", "b"]);
  });

  it("is remembered for the newest 2,000 requests only", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    const ask = (number: number) =>
      server.emit("deep_tool_request", { call_id: "c", request_id: String(number), query: "q" });
    for (let number = 0; number < 2_001; number += 1) ask(number);
    ask(2_000);
    ask(0);
    await soon(() => expect(line.heard.onTurn).toHaveLength(2_002));
    expect(line.carrier.status().counters.duplicateRequests).toBe(1);
  });

  it("is answered to its own request when events are reordered", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: { onTurn: (turn) => line.carrier.answer(turn, `answer to ${turn.asWritten}`) },
    });
    await server.waitForClient();
    const call = await server.ring();
    server.faults.reorderEvents = true;
    const one = call.say("one");
    const two = call.say("two");
    expect((await one.result()).text).toBe("answer to one");
    expect((await two.result()).text).toBe("answer to two");
    expect(line.heard.onTurn.map(({ asWritten }) => asWritten)).toEqual(["two", "one"]);
  });

  it("is counted, said in one line, and harms nothing", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    server.sendUnknownEvent("call.dream", { call_id: "c" });
    server.sendUnknownEvent(`key ${PRACTICE_API_KEY}\n${"x".repeat(500)}`);
    server.send({ type: "practice" });
    server.emit("mission.call_failed", {
      mission_id: "m",
      step_id: "s",
      conversation_id: "c",
      from: "+15550009999",
      to: "+15550002222",
      reason: "busy",
    });
    server.send({
      type: "event",
      event: "call.started",
      call_id: "c9",
      direction: "inbound",
      caller: "x",
      pin: 1,
    });
    server.sendBrokenJson();
    server.sendRaw("[]");
    server.sendIncomplete("deep_tool_request", ["request_id"]);
    server.sendIncomplete("sms.received");
    server.sendIncomplete("call.ended");
    server.text({ body: "still here" });
    await soon(() => expect(line.heard.onText).toHaveLength(1));

    expect(line.heard.onMissionNews).toEqual([
      {
        name: "mission.call_failed",
        missionId: "m",
        stepId: "s",
        conversationId: "c",
        from: "+15550009999",
        to: "+15550002222",
        reason: "busy",
      },
    ]);
    expect(line.heard.onCallStarted).toEqual([{ callId: "c9", direction: "inbound" }]);
    expect(line.carrier.status()).toMatchObject({
      state: "connected",
      counters: { unknownEvents: 3, unknownFields: 2, unreadableMessages: 5 },
    });
    expect(line.said("warn")).toEqual(
      [
        "a frame that is not JSON",
        "a frame that is not a JSON object",
        "deep_tool_request without a usable request_id",
        "sms.received without a usable from, message_id",
        "call.ended without a usable call_id",
      ].map((problem) => `ClawdTalk line "home": ignored ${problem}.`),
    );
    for (const { message } of line.written) {
      expect(message).not.toContain("\n");
      expect(message.length).toBeLessThan(300);
    }
  });

  it("may name its call by call_control_id alone", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    server.send({
      type: "event",
      event: "deep_tool_request",
      call_control_id: "v3:x",
      request_id: "r",
      query: "q",
    });
    await soon(() =>
      expect(line.heard.onTurn).toMatchObject([{ callId: "v3:x", requestId: "r", words: "q" }]),
    );
  });

  it("ends the connection when it is a 5 MB frame, and only then", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    server.sendHugeFrame(MAX_FRAME_BYTES);
    await soon(() => expect(line.heard.onText).toHaveLength(1));
    server.sendHugeFrame();
    await server.waitForClient({ count: 2 });
    await state(line, "connected");
    expect(line.heard.onText).toHaveLength(1);
    expect(line.said("warn")).toHaveLength(1);
    expect(line.said("warn")[0]).toMatch(
      /^ClawdTalk line "home" is not connected: the server sent a frame larger than 1048576 bytes\. Next try at 20/,
    );
  });

  it("does not end the connection when the listener throws", async () => {
    const server = await practice();
    const line = connect(server.url, {
      react: {
        onText: () => {
          throw new Error("broken listener");
        },
      },
    });
    await server.waitForClient();
    server.text({ body: "one" });
    server.text({ body: "two" });
    await soon(() => expect(line.carrier.status().counters.listenerErrors).toBe(2));
    expect(line.carrier.status().state).toBe("connected");
    expect(line.said("error")[0]).toContain("broken listener");
  });
});

describe("the key", () => {
  it("is tried once when it is refused, and named by its ends only", async () => {
    const server = await practice();
    server.faults.refuseKey = `The key ${PRACTICE_API_KEY} is not valid`;
    const line = connect(server.url);
    await state(line, "refused");
    await pause(100);
    expect(server.handshakes).toHaveLength(1);
    expect(line.said("error")).toEqual([
      'ClawdTalk line "home" is off: the server refused the key cc_live_…0000 (it says "The key [redacted] is ' +
        'not valid"). Set a valid ClawdTalk key for this line and restart it.',
    ]);
    expect(line.carrier.status().detail).toBe(line.said("error")[0]);
    expect(line.heard.onStatus.map((status) => status.state)).toEqual(["refused"]);
  });

  it("can be withdrawn while the line is connected", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    server.send({ type: "auth_error", message: "revoked" });
    await state(line, "refused");
    expect(line.said("error")[0]).toContain("revoked");
  });

  it.each(["", "  "])("is missing (%j): nothing is tried", async (apiKey) => {
    const server = await practice();
    const line = connect(server.url, { apiKey });
    await state(line, "refused");
    expect(line.said("error")).toEqual([
      'ClawdTalk line "home" is off: it has no API key. Set one and restart it.',
    ]);
    expect(server.handshakes).toEqual([]);
  });

  it("in use by another client, three times in a row, stops the line and says what to look for", async () => {
    const server = await practice();
    server.faults.closeAfterAuth = [4000, 4000, 4000];
    const line = connect(server.url);
    await state(line, "stopped");
    await pause(100);
    expect(server.handshakes).toHaveLength(3);
    expect(line.said("error")).toHaveLength(1);
    for (const clue of [
      "cc_live_…0000",
      "3 times in a row",
      "daemon",
      "second gateway",
      "skill-only connector",
    ]) {
      expect(line.carrier.status().detail).toContain(clue);
    }
  });

  it("lost to another client now and then does not stop the line", async () => {
    const server = await practice();
    server.faults.closeAfterAuth = [4000, 4000, 1012, 4000, 4000];
    const line = connect(server.url);
    await server.waitForClient({ count: 6 });
    await state(line, "connected");
    expect(line.said("error")).toEqual([]);
  });

  it("lost to another client after a long time does not stop the line", async () => {
    let skippedMs = 0;
    const server = await practice();
    const line = connect(server.url, { now: () => Date.now() + skippedMs });
    for (let count = 1; count <= 4; count += 1) {
      await server.waitForClient({ count });
      await state(line, "connected");
      skippedMs += 61_000;
      server.closeClients(4000);
    }
    await server.waitForClient({ count: 5 });
    expect(line.said("error")).toEqual([]);
  });

  it("shared by two carriers ends with one of them connected", async () => {
    const server = await practice();
    const lines = [connect(server.url), connect(server.url)];
    const states = () => lines.map(({ carrier }) => carrier.status().state).sort();
    await soon(() => expect(states()).toEqual(["connected", "stopped"]));
    await pause(100);
    expect(states()).toEqual(["connected", "stopped"]);
  });
});

describe("the network", () => {
  it("refuses: one line per outage with the next try, then back as soon as the server is there", async () => {
    const port = await freePort();
    const line = connect(`http://127.0.0.1:${port}`);
    await soon(() => expect(line.said("debug").length).toBeGreaterThanOrEqual(3));
    expect(line.said("warn")).toHaveLength(1);
    expect(line.said("warn")[0]).toMatch(
      /^ClawdTalk line "home" is not connected: nothing answers at 127\.0\.0\.1:\d+ \(connection refused\); check the server address\. Next try at \d{4}-\d\d-\d\dT[\d:.]+Z\.$/,
    );
    expect(line.carrier.status().state).toBe("reconnecting");
    const server = await practice({ port });
    await server.waitForClient();
    await state(line, "connected");
    expect(received(server, "client_restart")).toEqual([]);
    server.dropClients();
    await server.waitForClient({ count: 2 });
    expect(line.said("warn")).toHaveLength(2);
  });

  it("loses the server, which comes back at its port", async () => {
    const first = await practice();
    const line = connect(first.url);
    await first.waitForClient();
    await first.close();
    await state(line, "reconnecting");
    const second = await practice({ port: first.port, knownClients: true });
    await second.waitForClient();
    await soon(() => expect(received(second, "client_restart")).toHaveLength(1));
    expect(line.carrier.status().counters.reconnects).toBe(1);
    expect(line.said("warn")).toHaveLength(1);
  });

  it("is tried ever less often during one outage, and afresh after the next loss", async () => {
    const server = await practice();
    server.faults.handshakes = [503, 503, 503, 503, 503];
    const line = connect(server.url, {
      now: () => 0,
      random: () => 0,
      timings: { backoffMinMs: 10, backoffMaxMs: 200 },
    });
    await server.waitForClient();
    server.faults.handshakes = [503];
    server.dropClients();
    await server.waitForClient({ count: 2 });
    const delaysMs = line.written
      .map(({ message }) => /Next try at 1970-01-01T00:00:00\.(\d{3})Z/.exec(message)?.[1])
      .filter((milliseconds) => milliseconds !== undefined);
    expect(delaysMs.map(Number)).toEqual([10, 20, 40, 80, 100, 10, 20]);
  });

  it("is slow: a late pong is a pong", async () => {
    const server = await practice();
    const line = connect(server.url, { timings: { pingIntervalMs: 10, pongTimeoutMs: 400 } });
    await server.waitForClient();
    server.faults.latencyMs = 100;
    await pause(900);
    expect(server.pings).toBeGreaterThan(3);
    expect(line.carrier.status().state).toBe("connected");
    expect(server.handshakes).toHaveLength(1);
  });

  it("goes silent: no pong ends the connection", async () => {
    const server = await practice();
    const line = connect(server.url, { timings: { pingIntervalMs: 20, pongTimeoutMs: 100 } });
    await server.waitForClient();
    server.faults.silent = true;
    await state(line, "reconnecting");
    expect(line.said("warn")[0]).toContain("the server was silent for 0.1 s after a ping");
    server.behave();
    await server.waitForClient({ count: 2 });
    await state(line, "connected");
  });

  it("never answers to the key", async () => {
    const server = await practice();
    server.faults.silent = true;
    const line = connect(server.url, { timings: { authTimeoutMs: 50 } });
    await state(line, "reconnecting");
    expect(line.said("warn")[0]).toContain("the server did not answer to the key within 0.05 s");
    server.behave();
    await state(line, "connected");
  });

  it("never answers the handshake", async () => {
    const server = await practice();
    server.faults.handshakes = ["hang"];
    const line = connect(server.url, { timings: { handshakeTimeoutMs: 100 } });
    await state(line, "reconnecting");
    expect(line.said("warn")[0]).toContain("did not answer within 0.1 s");
    await state(line, "connected");
  });

  it("has too many requests (429): the next try waits its time", async () => {
    const server = await practice();
    server.faults.handshakes = [429, 503];
    const line = connect(server.url, { timings: { tooManyRequestsWaitMs: 600 } });
    await server.waitForClient();
    expect(line.said("warn")[0]).toContain("too many requests (HTTP 429)");
    const [first, second, third] = server.handshakes.map(({ at }) => at);
    if (first === undefined || second === undefined || third === undefined) throw new Error("no handshakes");
    expect(second - first).toBeGreaterThanOrEqual(595);
    expect(third - second).toBeLessThan(590);
  });

  it("leads to something that is no ClawdTalk server", async () => {
    const server = await practice();
    const line = connect(`${server.url}/elsewhere/`);
    await state(line, "reconnecting");
    expect(line.said("warn")[0]).toContain(
      `${server.webSocketUrl.replace("/ws", "/elsewhere/ws")} answers with HTTP 404`,
    );
    const tls = connect(server.url.replace("http:", "https:"));
    await state(tls, "reconnecting");
    expect(tls.said("warn")).toHaveLength(1);
  });

  it("is not reached at all when the address is none", async () => {
    const line = connect("clawdtalk dot com");
    await state(line, "stopped");
    expect(line.said("error")).toEqual([
      'ClawdTalk line "home" is off: the server address is not an http or https address ' +
        '("clawdtalk dot com"). Correct it and restart.',
    ]);
  });

  it.each([
    ["ENOTFOUND", "the name phone.test cannot be resolved (ENOTFOUND)"],
    ["EAI_AGAIN", "the name phone.test cannot be resolved (EAI_AGAIN)"],
    ["ECONNREFUSED", "nothing answers at phone.test:81 (connection refused)"],
    ["ENETUNREACH", "phone.test:81: connect ENETUNREACH"],
  ])("has an error %s with words of its own", (code, clause) => {
    const error = Object.assign(new Error(`connect ${code}`), { code });
    const describe = (failure: Error) => describeConnectionError(failure, "ws://phone.test:81/ws", QUICK);
    expect(describe(error)).toContain(clause);
    // A name with several addresses fails with all of their errors in one, whose own message is empty.
    expect(describe(new AggregateError([error, error]))).toContain(code === "ENETUNREACH" ? code : clause);
  });
});

describe("stop", () => {
  it("closes the socket, says so, and leaves a dead line behind", async () => {
    const server = await practice();
    const line = connect(server.url);
    await server.waitForClient();
    await line.carrier.stop();
    await line.carrier.stop();
    await soon(() => expect(server.connected).toBe(false));
    expect(line.carrier.status().state).toBe("stopped");
    expect(line.carrier.speak({ callId: "c", requestId: "r" }, "One.")).toBe(false);
    expect(line.carrier.greet("c", "Hello.")).toBe(false);
    await pause(100);
    expect(server.handshakes).toHaveLength(1);
    expect(line.said("warn")).toEqual([]);
  });

  it("leaves no timer and no socket open, whatever the line was doing", async () => {
    const server = await practice();
    const hanging = await practice();
    hanging.faults.handshakes = ["hang"];
    const mute = await practice();
    mute.faults.silent = true;
    const fallingSilent = await practice();
    const silence = fallingSilent.waitForClient().then(() => {
      fallingSilent.faults.silent = true;
    });
    const script = `
      import { createClawdTalkCarrier } from "./plugin/carriers/clawdtalk/carrier.ts";
      const nothing = () => {};
      const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
      const listener = Object.fromEntries(["onCallSetup", "onCallStarted", "onTurn", "onCallEnded", "onText",
        "onWalkie", "onApproval", "onStatus"].map((method) => [method, nothing]));
      const apiKey = ${JSON.stringify(PRACTICE_API_KEY)};
      const make = (server) => createClawdTalkCarrier({
        line: { name: "home", apiKey, server }, version: "1.2.3", log, logLines: () => [],
        timings: { pingIntervalMs: 50 },
      });
      const open = () => process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|TLS/.test(name));
      const servers = process.argv.slice(1);
      const carriers = servers.map(make);
      for (const carrier of carriers) carrier.start(listener);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const states = carriers.map((carrier) => carrier.status().state);
      const openBefore = open().length;
      await Promise.all(carriers.map((carrier) => carrier.stop()));
      const openAfter = open();

      const hasty = make(servers[0]);
      await new Promise((resolve) => {
        hasty.start({ ...listener, onStatus: ({ state }) => state === "connected" && resolve(hasty.stop()) });
      });
      console.log(JSON.stringify({ states, openBefore, openAfter, openAfterHaste: open() }));
    `;
    const refused = `http://127.0.0.1:${await freePort()}`;
    const urls = [server, hanging, mute, fallingSilent].map(({ url }) => url);
    // The waits are the defaults: a forgotten timer is seen, and would keep the process for 5 s and more.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", script, ...urls, refused],
      { timeout: 20_000 },
    );
    await silence;
    const { openBefore, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      states: ["connected", "starting", "starting", "connected", "reconnecting"],
      openAfter: [],
      openAfterHaste: [],
    });
    // What is looked for can be seen: at least each connection's socket and one timer of each line.
    expect(openBefore).toBeGreaterThanOrEqual(9);
  });
});
