/** The bridge over real sockets: what documented clients send, and what a web page or a stranger would. */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Bridge, type BridgeParameters, startBridge } from "../../plugin/bridge/bridge.ts";
import type { Log } from "../../plugin/log.ts";

const open: Bridge[] = [];
const logged: string[] = [];
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (message) => void logged.push(message),
  error: (message) => void logged.push(message),
};

afterEach(async () => {
  logged.length = 0;
  await Promise.all(open.splice(0).map((bridge) => bridge.close()));
});

async function start(parameters: Partial<BridgeParameters> = {}): Promise<Bridge> {
  const bridge = await startBridge({
    host: "127.0.0.1",
    port: 0,
    log,
    health: () => ({ line: "clawcall" }),
    receive: async ({ callSid, message }) => ({ response: `${callSid}: ${message}`, endCall: false }),
    ...parameters,
  });
  open.push(bridge);
  return bridge;
}

async function post(bridge: Bridge, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${bridge.url}/clawcall/message`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const MESSAGE = JSON.stringify({ call_sid: "CA1", message: "你好 there" });

/** Sends any `Host` header, which fetch does not allow. */
async function statusWithHost(bridge: Bridge, host: string, path = "/health"): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const request = httpRequest(`${bridge.url}${path}`, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  request.on("error", reject);
  request.end();
  return await promise;
}

describe("what documented clients ask", () => {
  it("says how the line is", async () => {
    const bridge = await start();
    const answer = await fetch(`${bridge.url}/health`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(await answer.json()).toEqual({ ok: true, line: "clawcall" });
  });

  it("hands a message on and gives back what is said, in any script", async () => {
    const bridge = await start();
    expect(await post(bridge, MESSAGE, { "content-type": "application/json; charset=utf-8" })).toEqual({
      status: 200,
      body: { response: "CA1: 你好 there", end_call: false },
    });
  });

  it("passes on that the call ends", async () => {
    const bridge = await start({ receive: async () => ({ response: "Goodbye.", endCall: true }) });
    expect((await post(bridge, MESSAGE)).body).toEqual({ response: "Goodbye.", end_call: true });
  });

  it("answers several calls at once, none waiting for the other", async () => {
    const slow = Promise.withResolvers<void>();
    const bridge = await start({
      receive: async ({ callSid }) => {
        if (callSid === "slow") await slow.promise;
        return { response: callSid, endCall: false };
      },
    });
    const first = post(bridge, JSON.stringify({ call_sid: "slow", message: "x" }));
    expect((await post(bridge, JSON.stringify({ call_sid: "fast", message: "x" }))).body.response).toBe(
      "fast",
    );
    slow.resolve();
    expect((await first).body.response).toBe("slow");
  });

  it("listens on IPv6 loopback, and gives an address that works", async () => {
    const bridge = await start({ host: "::1" });
    expect(bridge.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${bridge.url}/health`)).status).toBe(200);
  });
});

describe("what is refused", () => {
  it.each([
    ["no JSON", "hello"],
    ["no call", JSON.stringify({ message: "hello" })],
    ["an empty call", JSON.stringify({ call_sid: " ", message: "hello" })],
    ["no message", JSON.stringify({ call_sid: "CA1" })],
    ["an empty message", JSON.stringify({ call_sid: "CA1", message: " " })],
    ["another type", JSON.stringify({ call_sid: 1, message: ["x"] })],
    ["a list", "[]"],
  ])("%s: 400 with a sentence, and nothing is received", async (_name, body) => {
    let received = 0;
    const bridge = await start({
      receive: async () => {
        received++;
        return { response: "x", endCall: false };
      },
    });
    const answer = await post(bridge, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/call_sid.*message/);
    expect(received).toBe(0);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain; application/json",
  ])("%s, which a web page may send without asking", async (type) => {
    const bridge = await start();
    expect((await post(bridge, MESSAGE, { "content-type": type })).status).toBe(415);
  });

  it("a web page's question whether it may send JSON is not answered with yes", async () => {
    const bridge = await start();
    const answer = await fetch(`${bridge.url}/clawcall/message`, {
      method: "OPTIONS",
      headers: { origin: "https://example.com", "access-control-request-method": "POST" },
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("another host's name, whatever address it leads to", async () => {
    const bridge = await start();
    for (const host of [
      "example.com",
      "example.com:4747",
      "127.0.0.1.example.com",
      "10.0.0.1",
      "[2001:db8::1]:80",
    ]) {
      expect(await statusWithHost(bridge, host), host).toBe(403);
    }
    for (const host of ["127.0.0.1", "localhost:4747", "LOCALHOST", "[::1]:4747", "127.0.0.2"]) {
      expect(await statusWithHost(bridge, host), host).toBe(200);
    }
  });

  it("a body that is too long, without reading all of it", async () => {
    const bridge = await start();
    const answer = await post(bridge, JSON.stringify({ call_sid: "CA1", message: "x".repeat(70_000) }));
    expect(answer.status).toBe(413);
    expect((await post(bridge, MESSAGE)).status).toBe(200);
  });

  it("other addresses and other methods", async () => {
    const bridge = await start();
    expect((await fetch(`${bridge.url}/`)).status).toBe(404);
    expect((await fetch(`${bridge.url}/clawcall/message`)).status).toBe(405);
    expect((await fetch(`${bridge.url}/health`, { method: "POST" })).status).toBe(405);
  });

  it("says that it failed, and why in the log alone", async () => {
    const bridge = await start({
      receive: async () => {
        throw new Error("the line is stopped");
      },
    });
    const answer = await post(bridge, MESSAGE);
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain("stopped");
    expect(logged.join()).toContain("the line is stopped");
  });

  it("goes on after a client that says nothing sensible, or goes away in the middle", async () => {
    const bridge = await start();
    const { port } = new URL(bridge.url);
    for (const bytes of [
      "not http\r\n\r\n",
      "POST /clawcall/message HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    ]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes);
      await sleep(30);
      socket.destroy();
    }
    expect((await post(bridge, MESSAGE)).status).toBe(200);
  });
});

describe("where it listens", () => {
  it.each(["0.0.0.0", "::", "192.168.1.5", "example.com", ""])("never on %s", async (host) => {
    await expect(start({ host })).rejects.toThrow(/set CLAWCALL_AGENT_HOST to 127\.0\.0\.1/);
  });

  it("a port that is taken is one sentence that says what to do", async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);
    await expect(start({ port })).rejects.toThrow(
      `The ClawCall bridge cannot use port ${port} on 127.0.0.1, another program does: end that program, or set CLAWCALL_AGENT_PORT to another port.`,
    );
  });

  it("a closed bridge gives its port back, and lets an answer that is due go out", async () => {
    const due = Promise.withResolvers<void>();
    const received = Promise.withResolvers<void>();
    const bridge = await startBridge({
      host: "127.0.0.1",
      port: 0,
      log,
      health: () => ({}),
      receive: async () => {
        received.resolve();
        await due.promise;
        return { response: "at last", endCall: false };
      },
    });
    const answer = post(bridge, MESSAGE);
    await received.promise;
    const closed = bridge.close();
    due.resolve();
    expect((await answer).body.response).toBe("at last");
    await closed;
    const again = await start({ port: Number(new URL(bridge.url).port) });
    expect(again.url).toBe(bridge.url);
  });

  it("does not wait for ever for an answer that never comes", async () => {
    const received = Promise.withResolvers<void>();
    const bridge = await startBridge({
      host: "127.0.0.1",
      port: 0,
      log,
      health: () => ({}),
      receive: () => {
        received.resolve();
        return new Promise(() => {});
      },
    });
    const answer = post(bridge, MESSAGE).catch((error: unknown) => error);
    await received.promise;
    await bridge.close();
    expect(await answer).toBeInstanceOf(Error);
  });
});
