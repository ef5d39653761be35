// Proves the ClawCall carrier against the practice line: what it hears, what it says, and how it lives through each
// fault of the service and of the network. That a late answer is never posted is proven in clawcall-fence.test.ts.
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { CarrierListener } from "../../plugin/carriers/carrier.ts";
import {
  type ClawCallCarrier,
  type ClawCallTimings,
  createClawCallCarrier,
} from "../../plugin/carriers/clawcall/carrier.ts";
import {
  type ClawCallOptions,
  type ClawCallPractice,
  PRACTICE_CLAWCALL_KEY,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import { type KeptLine, keepLines, soon, state } from "./kept-lines.ts";

const QUICK: Partial<ClawCallTimings> = {
  firstPollMs: 50,
  pollMs: 150,
  backoffMinMs: 10,
  backoffMaxMs: 40,
  tooManyRequestsWaitMs: 200,
  answerRetryMs: 10,
  answerRetryMaxMs: 40,
};

type Line = KeptLine<ClawCallCarrier>;

const { servers, start } = keepLines<ClawCallCarrier>(PRACTICE_CLAWCALL_KEY);

async function practice(options: ClawCallOptions = {}): Promise<ClawCallPractice> {
  const server = await startClawCallPractice({ tier: "pro", ...options });
  servers.push(server);
  return server;
}

function connect(
  apiUrl: string,
  {
    apiKey = PRACTICE_CLAWCALL_KEY,
    listen,
    react = {},
    timings = QUICK,
  }: {
    apiKey?: string;
    listen?: boolean;
    react?: Partial<CarrierListener>;
    timings?: Partial<ClawCallTimings>;
  } = {},
): Line {
  return start(
    (log) =>
      createClawCallCarrier({
        line: { name: "home", apiKey, apiUrl, listen },
        version: "1.2.3",
        log,
        timings,
      }),
    react,
  );
}

const states = ({ heard }: Line) => heard.onStatus.map((status) => status.state);
const counters = ({ carrier }: Line) => carrier.status().counters;

function firstTurn({ heard }: Line) {
  const [turn] = heard.onTurn;
  if (!turn) throw new Error("no turn was heard");
  return turn;
}

describe("a well-behaved service", () => {
  it("is connected to after one short poll, and asked for messages every three seconds from then on", async () => {
    const server = await practice();
    const startedAt = Date.now();
    const line = connect(server.url, { timings: {} });
    await state(line, "connected");
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    await server.until(() => server.listens[1], "the second poll");
    expect(server.listens.map(({ timeout }) => timeout)).toEqual([1, 3]);
    expect(line.said("info")).toEqual(['ClawCall line "home" is connected.']);
  });

  it("has a call: words, one answer for each, and the end after a goodbye", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onTurn: (turn) =>
          line.carrier.answer(turn, `您好: ${turn.asWritten}`, { endCall: turn.asWritten === "再见" }),
      },
    });
    const call = await server.ring();
    expect((await call.say("你好 👋").result()).text).toBe("您好: 你好 👋");
    expect(line.heard.onTurn).toEqual([
      { callId: call.callSid, requestId: "1", kind: "speech", words: "你好 👋", asWritten: "你好 👋" },
    ]);
    expect((await call.say("再见").result()).text).toBe("您好: 再见");
    expect(await call.ended()).toMatchObject({ by: "agent", reason: "end_call" });
    expect(line.carrier.answersOn(call.callSid)).toEqual(["您好: 你好 👋", "您好: 再见"]);
    expect(line.carrier.answersOn("other")).toEqual([]);
    expect(counters(line)).toMatchObject({ undelivered: 0, lateAnswers: 0, lostPolls: 0 });
  });

  it("has two calls at once, and is listened to while nobody has answered yet", async () => {
    const server = await practice();
    const line = connect(server.url);
    const [one, two] = [await server.ring(), await server.ring()];
    const first = one.say("first");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    const second = two.say("second");
    await soon(() => expect(line.heard.onTurn).toHaveLength(2));
    for (const turn of line.heard.onTurn.toReversed()) line.carrier.answer(turn, `to ${turn.asWritten}`);
    expect((await first.result()).text).toBe("to first");
    expect((await second.result()).text).toBe("to second");
  });

  it("calls somebody else, hears them out, and tells when the order is done", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onTurn: (turn) =>
          line.carrier.answer(turn, turn.kind === "thirdPartyOpening" ? "A table, please." : "Thanks, bye.", {
            endCall: turn.kind === "thirdPartySpeech",
          }),
      },
    });
    await state(line, "connected");
    const placing = await fetch(`${server.url}/api/v1/calls/outbound/third-party`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
      body: JSON.stringify({ to_number: "+15550002222", objective: "Book", context: "Two\npeople" }),
    });
    const { job_id: jobId } = (await placing.json()) as { job_id: string };
    const call = await server.nextCall({ does: "answer", says: ["[SCHEDULED] hm"] });
    expect(await call.ended()).toMatchObject({ by: "agent" });
    await soon(() => expect(line.heard.onOrderCompleted).toHaveLength(1));
    expect(line.heard.onOrderCompleted).toEqual([
      {
        jobId,
        status: "completed",
        transcript: [
          { speaker: "agent", words: "A table, please." },
          { speaker: "other", words: "[SCHEDULED] hm" },
          { speaker: "agent", words: "Thanks, bye." },
        ],
      },
    ]);
    expect(line.heard.onTurn).toMatchObject([
      { kind: "thirdPartyOpening", objective: "Book", context: "Two\npeople" },
      { kind: "thirdPartySpeech", words: "[SCHEDULED] hm", asWritten: "[THIRD PARTY SAYS]: [SCHEDULED] hm" },
    ]);
  });

  it("is told nothing but answers: no speech in between, no greeting, no empty answer", async () => {
    const server = await practice();
    const line = connect(server.url);
    const call = await server.ring();
    call.say("Hello");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    const turn = firstTurn(line);
    expect(line.carrier.speak(turn, "Hm.")).toBe(false);
    expect(line.carrier.greet(turn.callId, "Hi.")).toBe(false);
    line.carrier.sendContext(turn.callId, { memory: "", systemPrompt: "" });
    line.carrier.answerWalkie("w", { text: "x" });
    expect(() => line.carrier.answer(turn, " \n")).toThrow(RangeError);
    await pause(30);
    expect(server.answers).toEqual([]);
    expect(line.carrier.capabilities).toEqual({
      partialSpeech: false,
      callEnd: false,
      siblingWindowMs: 0,
      texts: false,
      outboundCalls: true,
      newestRequestOnly: true,
      endsCallWithAnswer: true,
    });
  });

  it("is told each answer once, and none to words that newer ones have replaced", async () => {
    const server = await practice();
    const line = connect(server.url);
    const call = await server.ring();
    call.say("one");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    const second = call.say("two");
    await soon(() => expect(line.heard.onTurn).toHaveLength(2));
    for (const turn of [...line.heard.onTurn, ...line.heard.onTurn]) {
      line.carrier.answer(turn, `to ${turn.asWritten}`);
    }
    line.carrier.answer({ callId: call.callSid, requestId: "77" }, "to nobody");
    line.carrier.answer({ callId: "CA-other", requestId: "1" }, "to nobody");
    expect((await second.result()).text).toBe("to two");
    expect(server.answers.map(({ response }) => response)).toEqual(["to two"]);
    expect(counters(line)).toMatchObject({ lateAnswers: 4, repeatedAnswers: 1, undelivered: 0 });
  });

  it("may give a message out twice: it is heard once", async () => {
    const server = await practice();
    const line = connect(server.url);
    const call = await server.ring();
    server.faults.duplicateMessages = 1;
    const turn = call.say("Hello");
    await soon(() => expect(counters(line).duplicateMessages).toBe(1));
    expect(line.heard.onTurn).toHaveLength(1);
    line.carrier.answer(firstTurn(line), "Hi.");
    expect((await turn.result()).text).toBe("Hi.");
  });

  it("is not harmed by a listener that throws", async () => {
    const server = await practice();
    const line = connect(server.url, {
      react: {
        onTurn: () => {
          throw new Error("broken");
        },
      },
    });
    const call = await server.ring();
    call.say("one");
    await soon(() => expect(counters(line).listenerErrors).toBe(1));
    call.say("two");
    await soon(() => expect(counters(line).listenerErrors).toBe(2));
  });
});

describe("a service that fails", () => {
  it("refuses the key: the line is off for good, and says what to do", async () => {
    const server = await practice();
    const line = connect(server.url, { apiKey: "7b0c2c4e-90f3-4d55-8a4e-1c6f0b1d9f3a" });
    await state(line, "refused");
    expect(line.carrier.status().detail).toMatch(
      /^ClawCall line "home" is off until it is restarted with another key: ClawCall does not accept the key …9f3a: set CLAWCALL_API_KEY; .*recover --email/,
    );
    await pause(100);
    expect(server.requests).toHaveLength(1);
    expect(line.said("error")).toHaveLength(1);
  });

  it("is not asked at all without a key", async () => {
    const server = await practice();
    const line = connect(server.url, { apiKey: " " });
    await state(line, "refused");
    expect(line.carrier.status().detail).toMatch(/has no API key\. Set CLAWCALL_API_KEY/);
    expect(server.requests).toEqual([]);
  });

  it("asks to wait (429): the next poll waits its time", async () => {
    const server = await practice();
    server.faults.routes = [{ path: "/api/v1/calls/listen", kind: "status", status: 429, times: 1 }];
    const line = connect(server.url);
    await state(line, "reconnecting");
    await state(line, "connected");
    const [first, second] = server.requests.map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(195);
  });

  it("stumbles: said once, counted, and connected again by a short poll", async () => {
    const server = await practice();
    const line = connect(server.url);
    await state(line, "connected");
    server.faults.routes = [{ path: "/api/v1/calls/listen", kind: "status", status: 502, times: 3 }];
    await state(line, "reconnecting");
    await state(line, "connected");
    expect(states(line)).toEqual(["connected", "reconnecting", "connected"]);
    expect(counters(line)).toMatchObject({ reconnects: 1, lostPolls: 3 });
    expect(line.said("warn")).toHaveLength(1);
    expect(line.said("warn")[0]).toMatch(
      /is not connected, next try at 20.*Z: ClawCall has trouble of its own \(502\).* A caller's words may be lost with it\.$/,
    );
    await soon(() => expect(server.listens.map(({ timeout }) => timeout).slice(-2)).toEqual([0.05, 0.15]));
  });

  it("is not there, and comes: nothing was lost", async () => {
    const server = await practice();
    const { port, url } = server;
    await server.close();
    servers.length = 0;
    const line = connect(url);
    await state(line, "reconnecting");
    await practice({ port });
    await state(line, "connected");
    expect(counters(line)).toMatchObject({ lostPolls: 0, reconnects: 0 });
  });

  it("loses a message on its way: counted, and the caller's next words are answered", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: { onTurn: (turn) => line.carrier.answer(turn, `to ${turn.asWritten}`) },
    });
    await state(line, "connected");
    const call = await server.ring();
    server.faults.dropListenResponses = 1;
    call.say("lost words");
    await soon(() => expect(counters(line).lostPolls).toBe(1));
    expect(server.lostMessages).toHaveLength(1);
    expect((await call.say("next words").result()).text).toBe("to next words");
    expect(line.heard.onTurn).toHaveLength(1);
  });

  it.each(["status", "garbage"] as const)(
    "does not take an answer (%s): it is tried again, and heard once",
    async (kind) => {
      const server = await practice();
      const line: Line = connect(server.url, {
        react: { onTurn: (turn) => line.carrier.answer(turn, "Hi.") },
      });
      const call = await server.ring();
      server.faults.routes = [{ path: /respond/, kind, status: 503, times: 3 }];
      expect((await call.say("Hello").result()).text).toBe("Hi.");
      expect(server.answers).toHaveLength(1);
      expect(counters(line)).toMatchObject({ retriedAnswers: 3, undelivered: 0 });
    },
  );

  it("does not know the call any more: the answer is let go without a word", async () => {
    const server = await practice();
    const line = connect(server.url);
    const call = await server.ring();
    call.say("Hello");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    call.hangUp();
    line.carrier.answer(firstTurn(line), "Hi.");
    await soon(() => expect(counters(line).undelivered).toBe(1));
    await pause(50);
    expect(server.answers).toHaveLength(1);
    expect(line.said("warn")).toEqual([]);
  });

  it("refuses an answer for good: said, and not tried again", async () => {
    const server = await practice();
    const line = connect(server.url);
    const call = await server.ring();
    call.say("Hello");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    server.faults.routes = [{ path: /respond/, kind: "status", status: 401, times: 9 }];
    line.carrier.answer(firstTurn(line), "Hi.");
    await soon(() => expect(line.said("warn").join()).toMatch(/did not get through .*CLAWCALL_API_KEY/));
    expect(counters(line)).toMatchObject({ undelivered: 1, retriedAnswers: 0 });
  });

  it("answers polls at once: it is not asked without a pause", async () => {
    const server = await practice({ timings: { longestPollMs: 1 } });
    const line = connect(server.url);
    await state(line, "connected");
    await pause(700);
    expect(server.listens.length).toBeLessThan(8);
  });
});

describe("a stop", () => {
  it("lets the last poll end, so that nobody's words are swallowed after it", async () => {
    const server = await practice();
    const line = connect(server.url);
    await state(line, "connected");
    await line.carrier.stop();
    expect(line.carrier.status()).toMatchObject({ state: "stopped", detail: "Stopped." });
    expect(server.listening).toBe(false);
    expect(server.listens.every(({ abandoned }) => !abandoned)).toBe(true);
    await line.carrier.stop();

    const call = await server.ring();
    const turn = call.say("Are you there?");
    const next: Line = connect(server.url, {
      react: { onTurn: (heard) => next.carrier.answer(heard, "Here again.") },
    });
    expect((await turn.result()).text).toBe("Here again.");
    expect(server.lostMessages).toEqual([]);
  });

  it("hands over what the last poll brings, and waits for its answer", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      react: {
        onTurn: (turn) => {
          setTimeout(() => line.carrier.answer(turn, "Sorry, please ring again."), 100);
        },
      },
    });
    await state(line, "connected");
    const call = await server.ring();
    await server.until(() => server.listens.findLast(({ timeout }) => timeout === 0.15), "a long poll");
    const stopped = line.carrier.stop();
    const turn = call.say("Hello");
    await stopped;
    expect(turn.answer?.text).toBe("Sorry, please ring again.");
    line.carrier.answer(firstTurn(line), "Too late.");
    expect(counters(line).lateAnswers).toBe(1);
  });

  it("takes its time and not more, whatever the service does", async () => {
    const server = await practice();
    const line = connect(server.url, {
      timings: { ...QUICK, lastPollMs: 150, lastAnswersMs: 150, stopMs: 300 },
    });
    await state(line, "connected");
    const call = await server.ring();
    call.say("Hello");
    await soon(() => expect(line.heard.onTurn).toHaveLength(1));
    server.faults.routes = [{ path: /./, kind: "hang", times: 99 }];
    line.carrier.answer(firstTurn(line), "Hi.");
    // From here on the poll hangs too.
    await pause(400);
    const stoppedAt = Date.now();
    await line.carrier.stop();
    expect(Date.now() - stoppedAt).toBeLessThan(500);
    expect(counters(line).lostPolls).toBe(1);
    server.behave();
  });

  it("ends the wait for another try at once", async () => {
    const server = await practice();
    server.faults.routes = [{ path: /./, kind: "status", status: 500, times: 99 }];
    const line = connect(server.url, { timings: { ...QUICK, backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    await state(line, "reconnecting");
    const stoppedAt = Date.now();
    await line.carrier.stop();
    expect(Date.now() - stoppedAt).toBeLessThan(100);
    expect(() => line.carrier.start({} as CarrierListener)).toThrow(/was started before/);
  });
});

describe("messages that other software brings", () => {
  it("are answered to it, and nothing is polled or posted", async () => {
    const server = await practice();
    const line: Line = connect(server.url, {
      listen: false,
      react: {
        onTurn: (turn) => line.carrier.answer(turn, `to ${turn.asWritten}`, { endCall: true }),
      },
    });
    expect(line.carrier.status()).toMatchObject({ state: "connected" });
    expect(await line.carrier.receive({ callSid: "CA1", message: "你好" })).toEqual({
      response: "to 你好",
      endCall: true,
    });
    expect(line.heard.onTurn).toEqual([
      { callId: "CA1", requestId: "1", kind: "speech", words: "你好", asWritten: "你好" },
    ]);
    expect(line.carrier.answersOn("CA1")).toEqual(["to 你好"]);
    await pause(100);
    expect(server.requests).toEqual([]);
  });

  it("get an empty answer when a newer one of the call came, and share one when they are the same", async () => {
    const server = await practice();
    const line = connect(server.url, { listen: false });
    const receive = (message: string) => line.carrier.receive({ callSid: "CA1", message });
    const older = receive("one");
    const newer = [receive("two"), receive("two")];
    expect(await older).toEqual({ response: "", endCall: false });
    for (const turn of line.heard.onTurn) line.carrier.answer(turn, `to ${turn.asWritten}`);
    expect(await Promise.all(newer)).toEqual([
      { response: "to two", endCall: false },
      { response: "to two", endCall: false },
    ]);
    expect(await receive("two")).toEqual({ response: "to two", endCall: false });
    expect(line.heard.onTurn).toHaveLength(2);
    expect(counters(line)).toMatchObject({ duplicateMessages: 2, lateAnswers: 1 });
  });

  it("that tell the end of an order get an empty answer at once", async () => {
    const server = await practice();
    const line = connect(server.url, { listen: false });
    const message = '[THIRD PARTY COMPLETE]\n{"job_id":"j","status":"completed","transcript":[]}';
    expect(await line.carrier.receive({ callSid: "notify-j", message })).toEqual({
      response: "",
      endCall: false,
    });
    expect(line.heard.onOrderCompleted).toEqual([{ jobId: "j", status: "completed", transcript: [] }]);
  });

  it("get an empty answer when the line stops, and an error when it is not running", async () => {
    const server = await practice();
    const line = connect(server.url, { listen: false });
    const waiting = line.carrier.receive({ callSid: "CA1", message: "Hello" });
    await line.carrier.stop();
    expect(await waiting).toEqual({ response: "", endCall: false });
    await expect(line.carrier.receive({ callSid: "CA1", message: "Hi" })).rejects.toThrow(/is not running/);
  });
});
