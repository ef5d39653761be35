// Proves each fault of the ClawCall practice line, as a client meets it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClawCallRouteFault } from "../../plugin/practice/clawcall-faults.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { ClawCallClient } from "./clawcall-client.ts";
import { rulesBroken, soon } from "./observed.ts";

let server: ClawCallPractice;
let client: ClawCallClient;

beforeEach(async () => {
  server = await startClawCallPractice({ tier: "pro" });
  client = new ClawCallClient(server);
});
afterEach(() => server.close());

const LISTEN = "/api/v1/calls/listen";
const RESPOND = /^\/api\/v1\/calls\/respond\//;

async function said(text: string) {
  const call = await server.ring();
  return { call, turn: call.say(text) };
}

describe("refusing", () => {
  it("refuses a good key as long as told to", async () => {
    server.faults.refuseKey = true;
    expect((await client.get("/account")).status).toBe(401);
    expect((await client.get("/calls/listen?timeout=1")).status).toBe(401);
    server.behave();
    expect((await client.get("/account")).status).toBe(200);
  });

  it("says that the minutes are used up, in and out", async () => {
    server.faults.minutesUsedUp = true;
    expect((await client.post("/calls/outbound/callback", { message: "Done." })).status).toBe(429);
    expect((await server.ring()).end?.reason).toBe("minutes_used_up");
    server.behave();
    expect((await server.ring()).end).toBeUndefined();
  });

  it("answers a chosen route with a status as often as told, without carrying it out", async () => {
    const { call, turn } = await said("Hello?");
    server.faults.routes = [{ path: RESPOND, method: "POST", kind: "status", status: 503, times: 2 }];
    expect(await client.respond(call.callSid, "Hello.")).toMatchObject({ status: 503, body: { ok: false } });
    expect((await client.respond(call.callSid, "Hello.")).status).toBe(503);
    expect(turn.answer).toBeUndefined();
    expect((await client.get("/account")).status).toBe(200);
    await client.listen();
    expect((await client.respond(call.callSid, "Hello.")).status).toBe(200);
    expect(turn.answer?.text).toBe("Hello.");
    server.faults.routes = [{ path: LISTEN, kind: "status", times: 1 }];
    expect((await client.get("/calls/listen")).status).toBe(500);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("answers garbage; the message stays queued", async () => {
    await said("Hello?");
    server.faults.routes = [{ path: LISTEN, kind: "garbage", times: 1 }];
    await expect(client.listen()).rejects.toThrow(SyntaxError);
    expect((await client.listen()).message).toBe("Hello?");
    expect(server.lostMessages).toEqual([]);
  });

  it("never answers", async () => {
    await said("Hello?");
    server.faults.routes = [{ path: LISTEN, kind: "hang", times: 1 }];
    await expect(client.listen(1, AbortSignal.timeout(50))).rejects.toThrow("timeout");
    expect((await client.listen()).message).toBe("Hello?");
  });
});

describe("losing", () => {
  it("loses a message whose answer to the poll never arrives, as often as told", async () => {
    server.faults.dropListenResponses = 1;
    const { call, turn } = await said("Hello?");
    await expect(client.listen()).rejects.toThrow();
    expect(server.lostMessages).toEqual([turn.message]);
    expect(await client.listen(0.02)).toEqual({ ok: true, timeout: true });
    // An empty poll is none of those.
    server.faults.dropListenResponses = 1;
    expect(await client.listen(0.02)).toEqual({ ok: true, timeout: true });
    server.behave();
    call.say("Hello??");
    expect((await client.listen()).message).toBe("Hello??");
  });

  it.each(["drop", "cut"] satisfies ClawCallRouteFault["kind"][])(
    "carries a request out and then breaks the connection (%s)",
    async (kind) => {
      const { call, turn } = await said("Hello?");
      server.faults.routes = [{ path: LISTEN, kind, times: 1 }];
      await expect(client.listen()).rejects.toThrow();
      expect(server.lostMessages).toEqual([turn.message]);
      server.faults.routes = [{ path: RESPOND, kind, times: 1 }];
      await expect(client.respond(call.callSid, "Hello.")).rejects.toThrow();
      expect(turn.answer?.text).toBe("Hello.");
      expect(server.requests.map(({ status }) => status)).toEqual([undefined, undefined]);
    },
  );
});

describe("disorder", () => {
  it("answers late; who has left by then loses the message", async () => {
    const { turn } = await said("Hello?");
    server.faults.latencyMs = 300;
    const asked = Date.now();
    await client.get("/account");
    expect(Date.now() - asked).toBeGreaterThanOrEqual(299);
    const leaving = new AbortController();
    const left = client.listen(1, leaving.signal).catch(() => "gone");
    await soon(() => server.listens[0]?.endedAt);
    leaving.abort();
    expect(await left).toBe("gone");
    await soon(() => server.lostMessages[0]);
    expect(server.lostMessages).toEqual([turn.message]);
    expect(server.listens[0]?.abandoned).toBe(false);
  });

  it("queues a message twice", async () => {
    server.faults.duplicateMessages = 1;
    const { call, turn } = await said("Once.");
    call.say("Then.");
    const given = [await client.listen(), await client.listen(), await client.listen()];
    expect(given.map(({ message }) => message)).toEqual(["Once.", "Once.", "Then."]);
    expect(server.messages).toHaveLength(2);
    expect(turn.message.lost).toBe(false);
  });

  it("hands out the newest first", async () => {
    server.faults.reorderMessages = true;
    await said("One.");
    await said("Two.");
    await said("Three.");
    const given = [await client.listen(), await client.listen(), await client.listen()];
    expect(given.map(({ message }) => message)).toEqual(["Three.", "Two.", "One."]);
  });
});
