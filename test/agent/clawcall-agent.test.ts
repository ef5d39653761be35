/** A turn by an HTTP agent over real sockets: what it is sent, and everything that can go wrong. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createClawCallAgent, ownerElsewhere } from "../../plugin/agent/clawcall-agent.ts";
import type { AgentPort, AgentTurn } from "../../plugin/agent/port.ts";
import { startBridge } from "../../plugin/bridge/bridge.ts";

const TURN: AgentTurn = {
  session: { tier: "owner", agentId: "main", sessionKey: "agent:main:main" },
  line: "clawcall",
  words: "Good morning",
  callId: "CA1",
  runId: "run-1",
  voiceContext: "",
  timeoutMs: 5_000,
};

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function startAgent(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const one = { method: request.method, path: request.url, headers: request.headers, body };
    seen.push(one);
    answer(response, one);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, port, url: `http://127.0.0.1:${port}` };
}

const says =
  (body: unknown, status = 200) =>
  (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

async function run(url: string, turn: Partial<AgentTurn> = {}, signal = new AbortController().signal) {
  let started = 0;
  const answer = await createClawCallAgent({ url }).run(
    { ...TURN, ...turn },
    {
      onStarted: () => void started++,
      onText() {},
      onMessageEnd() {},
      onTool() {},
    },
    signal,
  );
  return { answer, started };
}

describe("what the agent is sent", () => {
  it("the whole request as it came, under the call's id", async () => {
    const agent = await startAgent(says({ response: "早上好。", end_call: false }));
    const { answer, started } = await run(agent.url, { asWritten: "[SCHEDULED] Morning briefing" });
    expect(answer).toEqual({ kind: "answered", text: "早上好。", endCall: false });
    expect(started).toBe(1);
    expect(agent.seen).toHaveLength(1);
    expect(agent.seen[0]).toMatchObject({ method: "POST", path: "/clawcall/message" });
    expect(agent.seen[0]?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(agent.seen[0]?.body ?? "")).toEqual({
      call_sid: "CA1",
      message: "[SCHEDULED] Morning briefing",
    });
  });

  it("the words where the request is nothing else", async () => {
    const agent = await startAgent(says({ response: "Hi." }));
    expect((await run(agent.url)).answer).toEqual({ kind: "answered", text: "Hi.", endCall: false });
    expect(JSON.parse(agent.seen[0]?.body ?? "")).toEqual({ call_sid: "CA1", message: "Good morning" });
  });

  it.each(["", "/", "/clawcall/message", "/clawcall/message/"])(
    "the address may end with %j",
    async (end) => {
      const agent = await startAgent(says({ response: "Hi." }));
      await run(`${agent.url}${end}`);
      expect(agent.seen[0]?.path).toBe("/clawcall/message");
    },
  );

  it("an agent below another path is found there", async () => {
    const agent = await startAgent(says({ response: "Hi." }));
    await run(`${agent.url}/phone/`);
    expect(agent.seen[0]?.path).toBe("/phone/clawcall/message");
  });

  it("that the call ends is passed on", async () => {
    const agent = await startAgent(says({ response: "Bye.", end_call: true }));
    expect((await run(agent.url)).answer).toEqual({ kind: "answered", text: "Bye.", endCall: true });
  });

  it("speaks to our own bridge", async () => {
    const bridge = await startBridge({
      host: "127.0.0.1",
      port: 0,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      health: () => ({}),
      receive: async ({ callSid, message }) => ({ response: `${callSid} ${message}`, endCall: true }),
    });
    expect((await run(bridge.url)).answer).toEqual({
      kind: "answered",
      text: "CA1 Good morning",
      endCall: true,
    });
    await bridge.close();
  });
});

describe("what goes wrong is a reason for the log", () => {
  const reasonOf = async (...given: Parameters<typeof run>) => {
    const { answer } = await run(...given);
    if (answer.kind !== "failed") throw new Error(`the turn did not fail: ${JSON.stringify(answer)}`);
    return answer.reason;
  };

  it("nothing listens there", async () => {
    const agent = await startAgent(says({}));
    servers.splice(0).forEach((server) => void server.close());
    expect(await reasonOf(agent.url)).toBe(`the agent at ${agent.url} cannot be reached (ECONNREFUSED)`);
  });

  it("it takes longer than a turn may", async () => {
    const agent = await startAgent(() => {});
    expect(await reasonOf(agent.url, { timeoutMs: 100 })).toBe(
      `the agent at ${agent.url} did not answer within 0.1 s`,
    );
  });

  it("it begins an answer and does not end it in time", async () => {
    const agent = await startAgent((response) => void response.writeHead(200).write('{"response":'));
    expect(await reasonOf(agent.url, { timeoutMs: 100 })).toContain("did not answer within");
  });

  it("it breaks off", async () => {
    const agent = await startAgent((response) => void response.destroy());
    expect(await reasonOf(agent.url)).toContain("cannot be reached");
  });

  it("it refuses, with and without a sentence", async () => {
    const refusing = await startAgent(says({ error: "The model is not set." }, 503));
    expect(await reasonOf(refusing.url)).toBe(
      `the agent at ${refusing.url} answered HTTP 503: The model is not set.`,
    );
    const silent = await startAgent((response) => void response.writeHead(500).end());
    expect(await reasonOf(silent.url)).toBe(`the agent at ${silent.url} answered HTTP 500`);
  });

  it.each([{}, { response: 7 }, [], "hello", { response: "x", end_call: "yes" }])(
    "it answers something else: %j",
    async (body) => {
      const agent = await startAgent(says(body));
      expect(await reasonOf(agent.url)).toContain("did not answer {");
    },
  );

  it("it sends the words elsewhere: they stay here", async () => {
    const elsewhere = await startAgent(says({ response: "Thanks." }));
    const agent = await startAgent(
      (response) => void response.writeHead(307, { location: `${elsewhere.url}/clawcall/message` }).end(),
    );
    expect(await reasonOf(agent.url)).toContain("cannot be reached");
    expect(elsewhere.seen).toHaveLength(0);
  });

  it("the address is none", async () => {
    expect(await reasonOf("localhost:4747")).toContain("CLAWCALL_AGENT_URL");
    expect(await reasonOf("file:///etc/passwd")).toContain("CLAWCALL_AGENT_URL");
  });

  it("a password in the address is sent as one, and named nowhere", async () => {
    const agent = await startAgent(says({ error: "no" }, 401));
    const reason = await reasonOf(`http://me:hunter%202@127.0.0.1:${agent.port}`);
    expect(reason).not.toContain("hunter");
    expect(agent.seen[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from("me:hunter 2").toString("base64")}`,
    );
    expect(agent.seen[0]?.path).toBe("/clawcall/message");
  });
});

describe("a turn that is over", () => {
  it("is not asked for", async () => {
    const agent = await startAgent(says({ response: "Hi." }));
    const { answer, started } = await run(agent.url, {}, AbortSignal.abort());
    expect(answer).toEqual({ kind: "aborted" });
    expect(started).toBe(0);
    expect(agent.seen).toHaveLength(0);
  });

  it("stops the request", async () => {
    const closed = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const agent = await startAgent((response) => {
      response.on("close", () => closed.resolve());
      asked.resolve();
    });
    const controller = new AbortController();
    const running = run(agent.url, {}, controller.signal);
    await asked.promise;
    controller.abort();
    expect((await running).answer).toEqual({ kind: "aborted" });
    await closed.promise;
  });
});

it.each([
  ["owner", "elsewhere"],
  ["guest", "here"],
  ["stranger", "here"],
] as const)("of the %s runs %s when the owner has an agent of their own", async (tier, text) => {
  const named = (name: string): AgentPort => ({ run: async () => ({ kind: "answered", text: name }) });
  const agent = ownerElsewhere(named("elsewhere"), named("here"));
  const turn = { ...TURN, session: { ...TURN.session, tier } };
  const listener = { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} };
  expect(await agent.run(turn, listener, new AbortController().signal)).toEqual({ kind: "answered", text });
});
