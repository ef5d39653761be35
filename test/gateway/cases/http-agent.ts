/** The ways to the agent from outside the gateway, against a real one: opened one after the other as its owner would. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChatCompletionsAgent } from "../../../plugin/agent/chat-completions.ts";
import type { GatewayAddress } from "../../../plugin/agent/gateway-http.ts";
import { createHttpAgent, type HttpAgent } from "../../../plugin/agent/http-agent.ts";
import type { AgentPort, AgentTurn } from "../../../plugin/agent/port.ts";
import { createSessionsSendAgent } from "../../../plugin/agent/sessions-send.ts";
import type { PracticeGateway } from "../../../plugin/practice/gateway.ts";
import type { ModelRequest, PracticeModel } from "../../../plugin/practice/model.ts";
import { strangerSession } from "../../../plugin/trust/sessions.ts";
import { NoTestCall, testCall } from "../../../plugin/wizard/test-call.ts";
import { takeBareGateway } from "../bare-gateway.ts";
import { expectNothingLeft } from "../left-of-test-call.ts";

const SENTENCES = "It rains today. Take a coat and an umbrella along. The evening will be dry again.";
/** Long enough for every follow-up run of the gateway's to have asked the model. */
const QUIET_MS = 800;

let model: PracticeModel;
let gateway: PracticeGateway;
let address: GatewayAddress;
let agent: HttpAgent;
let turns = 0;

/** As setup and doctor know the gateway. */
const own = () => ({ gatewayUrl: gateway.url, gatewayToken: gateway.token });

/** The gateway adds a message of its own after the caller's words. */
const says = (words: string) => (request: ModelRequest) =>
  request.lastRole === "user" && textOfTurn(request).includes(words);

function textOfTurn(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages.filter(({ role }) => role === "user").slice(-2));
}

function systemPrompt(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages.filter(({ role }) => role === "system"));
}

function turnSaying(words: string, more: Partial<AgentTurn> = {}): AgentTurn {
  turns += 1;
  return {
    session: { tier: "owner", agentId: "main", sessionKey: "agent:main:main" },
    line: "clawdtalk",
    words,
    callId: `call-${turns}`,
    runId: `run-${turns}`,
    voiceContext: "You are on a live phone call.",
    timeoutMs: 25_000,
    ...more,
  };
}

/** Runs a turn and keeps what happened on the way. */
async function take(port: AgentPort, turn: AgentTurn, signal = new AbortController().signal) {
  const before = model.requests.length;
  const startedAt = performance.now();
  const heard = { texts: [] as string[], firstAtMs: Number.NaN, started: 0, doneAtMs: 0 };
  const answer = await port.run(
    turn,
    {
      onStarted: () => {
        heard.started += 1;
      },
      onText: (text) => {
        if (heard.texts.length === 0) heard.firstAtMs = performance.now() - startedAt;
        heard.texts.push(text);
      },
      onMessageEnd() {},
      onTool() {},
    },
    signal,
  );
  heard.doneAtMs = performance.now() - startedAt;
  return { answer, heard, requests: () => model.requests.slice(before) };
}

/** Changes the gateway's config file as an editor does and waits until the gateway goes by it. */
async function reconfigure(
  change: (config: { gateway: Record<string, unknown> }) => void,
  isDone: () => Promise<boolean>,
) {
  const file = join(gateway.stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  change(config);
  await writeFile(`${file}.new`, JSON.stringify(config, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
  const giveUpAt = performance.now() + 30_000;
  while (!(await isDone())) {
    if (performance.now() > giveUpAt)
      throw new Error(`The gateway did not take the change: ${gateway.output().slice(-500)}`);
    await sleep(200);
  }
}

beforeAll(async () => {
  ({ gateway, model } = await takeBareGateway({
    opened: false,
    script: [
      { when: says("weather"), answer: SENTENCES },
      {
        when: says("look it up"),
        answer: "Let me look.",
        toolCall: { name: "exec", arguments: { command: "echo found" } },
      },
      { role: "tool", when: /found/, answer: "It was under the sofa." },
      { when: says("long story"), answer: "One word and another. ".repeat(25), perWordMs: 25 },
      { when: says("say nothing"), answer: "NO_REPLY" },
    ],
  }));
  address = { url: gateway.url, token: gateway.token };
  agent = createHttpAgent(address, { directChatsShareMain: true });
}, 90_000);

describe("a gateway that has opened nothing", () => {
  it("is told apart: no way in, and what to do", async () => {
    const access = await agent.check();
    expect(access.way).toBeUndefined();
    expect(access.detail).toContain("gateway.http.endpoints.chatCompletions.enabled true");
    expect(access.detail).toContain("sessions_send in gateway.tools.allow");
    const { answer } = await take(agent, turnSaying("How is the weather?"));
    expect(answer).toEqual({ kind: "failed", reason: access.detail });
    expect(await agent.notify({ agentId: "main", sessionKey: "agent:main:main", sentence: "x" })).toBe(false);
    expect(model.requests).toEqual([]);
  });

  it("gets no test call, with what to do", async () => {
    await expect(testCall({ config: own() })).rejects.toThrow(/chatCompletions\.enabled true/);
    expect(model.requests).toEqual([]);
  });

  it("says which tool it does not let us use", async () => {
    const { answer } = await take(createSessionsSendAgent(address), turnSaying("How is the weather?"));
    expect(answer).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("allow it in gateway.tools.allow"),
    });
  });

  it("says that the token is wrong, missing, or that nothing answers", async () => {
    const wrong = await createHttpAgent(
      { url: gateway.url, token: "nope" },
      { directChatsShareMain: true },
    ).check();
    expect(wrong.detail).toContain("does not accept the token");
    expect(wrong.detail).not.toContain("nope");
    const none = await createHttpAgent({ url: gateway.url }, { directChatsShareMain: true }).check();
    expect(none.detail).toContain("set OPENCLAW_GATEWAY_TOKEN");
    const down = await createHttpAgent({ url: "http://127.0.0.1:9" }, { directChatsShareMain: true }).check();
    expect(down.detail).toContain("No gateway answers at http://127.0.0.1:9");
  });
});

describe("sessions_send", () => {
  beforeAll(async () => {
    await reconfigure(
      (config) => {
        config.gateway.tools = { allow: ["sessions_send"] };
      },
      async () => (await agent.check()).way === "sessions-send",
    );
  }, 60_000);

  it("answers as a whole, for one model call", async () => {
    expect(agent.access).toMatchObject({ way: "sessions-send", modelCallsPerTurn: 1 });
    expect(agent.defaultAgentId).toBe("main");
    await take(agent, turnSaying("How is the weather?"));
    const { answer, heard, requests } = await take(agent, turnSaying("How is the weather?"));
    expect(answer).toEqual({ kind: "answered", text: SENTENCES });
    expect(heard.texts).toEqual([]);
    expect(heard.started).toBeGreaterThan(0);
    await sleep(QUIET_MS);
    expect(requests().length).toBe(1);
  });

  it("tells the agent each thing about a call once", async () => {
    const callId = "one-call";
    const voiceContext = "You are on a live phone call.";
    const first = await take(agent, turnSaying("How is the weather?", { callId }));
    const second = await take(agent, turnSaying("And the weather tomorrow?", { callId }));
    const third = await take(
      agent,
      turnSaying("No, the weather on Sunday", {
        callId,
        voiceContext: `${voiceContext}\nThey heard only: Rain.`,
      }),
    );
    expect(textOfTurn(first.requests().at(0))).toContain(voiceContext);
    expect(textOfTurn(second.requests().at(0))).not.toContain(voiceContext);
    expect(textOfTurn(second.requests().at(0))).toContain("And the weather tomorrow?");
    expect(textOfTurn(third.requests().at(0))).not.toContain(voiceContext);
    expect(textOfTurn(third.requests().at(0))).toContain("They heard only: Rain.");
  });

  it("gets no test call: what is said would stay in the owner's session", async () => {
    const before = model.requests.length;
    await expect(testCall({ config: own() })).rejects.toThrow(NoTestCall);
    expect(model.requests.length).toBe(before);
  });

  it("costs two model calls where direct chats have sessions of their own, and says so", async () => {
    const other = createHttpAgent(address, { directChatsShareMain: false });
    const access = await other.check();
    expect(access.modelCallsPerTurn).toBe(2);
    expect(access.detail).toContain("two model calls");
  });

  it("tells a silent agent, a missing session, an unknown agent and a time-out apart", async () => {
    const way = createSessionsSendAgent(address);
    const silent = await take(way, turnSaying("Please say nothing"));
    expect(silent.answer).toEqual({ kind: "answered", text: "" });
    const session = { tier: "owner", agentId: "main", sessionKey: "agent:main:nobody" } as const;
    const missing = await take(way, turnSaying("Hello", { session }));
    expect(missing.answer).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("has no session agent:main:nobody"),
    });
    const nova = { tier: "owner", agentId: "nova", sessionKey: "agent:nova:main" } as const;
    const unknown = await take(way, turnSaying("Hello", { session: nova }));
    expect(unknown.answer).toMatchObject({ kind: "failed", reason: expect.stringContaining("nova") });
    const slow = await take(way, turnSaying("Tell a long story", { timeoutMs: 900 }));
    expect(slow.answer).toEqual({ kind: "failed", reason: "The agent had not answered after 1 s." });
    expect(missing.requests().filter(says("Hello"))).toEqual([]);
  });

  it("leaves a line for the owner's session without asking the model", async () => {
    const before = model.requests.length;
    const told = await agent.notify({
      agentId: "main",
      sessionKey: "agent:main:main",
      sentence: "A call has ended.",
    });
    expect(told).toBe(true);
    await sleep(QUIET_MS);
    expect(model.requests.slice(before).filter(says("A call has ended."))).toEqual([]);
  });

  it("is refused to anybody but the owner, before anything is sent", async () => {
    const { answer, requests } = await take(
      createSessionsSendAgent(address),
      turnSaying("How is the weather?", { session: strangerSession("main", "clawdtalk", "1") }),
    );
    expect(answer).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("only the owner is served"),
    });
    expect(requests()).toEqual([]);
  });
});

describe("the streaming endpoint", () => {
  beforeAll(async () => {
    await reconfigure(
      (config) => {
        config.gateway.http = { endpoints: { chatCompletions: { enabled: true } } };
      },
      async () => (await agent.check()).way === "chat-completions",
    );
  }, 60_000);

  it("speaks early, for one model call, in the agent's own session and with its own prompt", async () => {
    await take(agent, turnSaying("How is the weather?"));
    const { answer, heard, requests } = await take(agent, turnSaying("How is the weather?"));
    expect(answer).toEqual({ kind: "answered", text: SENTENCES });
    expect(heard.texts.at(-1)).toBe(SENTENCES);
    expect(heard.texts.length).toBeGreaterThan(5);
    expect(heard.firstAtMs).toBeLessThan(heard.doneAtMs - 100);
    await sleep(QUIET_MS);
    expect(requests().length).toBe(1);
    const prompt = systemPrompt(requests()[0]);
    expect(prompt).toContain("You are on a live phone call.");
    expect(prompt.length, "the agent's own prompt").toBeGreaterThan(10_000);
    expect(JSON.stringify(requests()[0]?.messages), "the session's earlier turns").toContain(
      "And the weather tomorrow?",
    );
  });

  it("gets a test call, of which nothing is left", async () => {
    const call = await testCall({ config: own() });
    expect(call.heard).toEqual([expect.stringContaining("what I can tell you")]);
    expect(call.firstWordMs).toBeLessThan(call.wholeMs);
    expectNothingLeft(gateway.stateDir);
  });

  it("joins what is said before and after a tool", async () => {
    const { answer } = await take(agent, turnSaying("Please look it up"));
    expect(answer).toEqual({ kind: "answered", text: "Let me look.\n\nIt was under the sofa." });
  });

  it("uses the line's model", async () => {
    const { requests } = await take(
      agent,
      turnSaying("How is the weather?", { model: "practice/scripted-fast" }),
    );
    expect(requests().map((request) => request.model)).toEqual(["scripted-fast"]);
  });

  it("ends the run when the turn is given up, and takes the next one", async () => {
    const given = new AbortController();
    const story = take(agent, turnSaying("Tell a long story of foxes"), given.signal);
    const asked = await model.until(() => model.requests.find(says("of foxes")), "the story", {
      timeoutMs: 20_000,
    });
    await model.until(() => asked.firstTokenAt, "its first word", { timeoutMs: 5_000 });
    given.abort();
    expect((await story).answer).toEqual({ kind: "aborted" });
    await model.until(() => asked.aborted || undefined, "the abort", { timeoutMs: 5_000 });
    const next = await take(agent, turnSaying("How is the weather?"));
    expect(next.answer).toEqual({ kind: "answered", text: SENTENCES });
  });

  it("knows that the session is busy: the turn has not started before its first words", async () => {
    const story = take(agent, turnSaying("Tell a long story of bears"));
    await model.until(() => model.requests.find(says("of bears"))?.firstTokenAt, "the story", {
      timeoutMs: 20_000,
    });
    let startedAtMs = 0;
    const askedAtMs = performance.now();
    const answer = await agent.run(
      turnSaying("How is the weather?"),
      {
        onStarted: () => {
          startedAtMs ||= performance.now() - askedAtMs;
        },
        onText() {},
        onMessageEnd() {},
        onTool() {},
      },
      new AbortController().signal,
    );
    await story;
    expect(answer).toEqual({ kind: "answered", text: SENTENCES });
    expect(startedAtMs).toBeGreaterThan(1_000);
  });

  it("is refused to anybody but the owner", async () => {
    const { answer, requests } = await take(
      agent,
      turnSaying("How is the weather?", { session: strangerSession("main", "clawdtalk", "1") }),
    );
    expect(answer).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("only the owner is served"),
    });
    expect(requests()).toEqual([]);
  });
});

describe("a gateway that does not do as it should", () => {
  let server: Server;
  /** Answers a turn; everything else gets 404. */
  let respond: (write: (data: string) => void, status: (code: number, body: string) => void) => void;
  let way: AgentPort;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      if (request.url !== "/v1/chat/completions") {
        response.writeHead(404).end();
        return;
      }
      respond(
        (data) => {
          if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(`data: ${data}\n\n`);
        },
        (code, body) => response.writeHead(code, { "content-type": "application/json" }).write(body),
      );
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    way = createChatCompletionsAgent({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const delta = (content: string, finish: string | null = null) =>
    JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });

  it("fails a turn whose stream breaks off or tells an error", async () => {
    respond = (write) => write(delta("Half an answer"));
    expect((await take(way, turnSaying("Hello"))).answer).toMatchObject({
      kind: "failed",
      reason: "The gateway broke off in the middle of an answer.",
    });
    respond = (write) => {
      write(delta("Half an answer"));
      write(JSON.stringify({ error: { message: "upstream provider error", type: "api_error" } }));
      write("[DONE]");
    };
    expect((await take(way, turnSaying("Hello"))).answer).toMatchObject({
      kind: "failed",
      reason: "The agent's run failed: upstream provider error.",
    });
  });

  it("takes the gateway's words for nothing as nothing, and what it does not know as not there", async () => {
    respond = (write) => {
      write("not JSON");
      write(JSON.stringify({ surprise: true }));
      write(delta("No response from OpenClaw."));
      write(delta("", "stop"));
      write("[DONE]");
    };
    const { answer, heard } = await take(way, turnSaying("Hello"));
    expect(answer).toEqual({ kind: "answered", text: "" });
    expect(heard.texts).toEqual([]);
  });

  it("says what the gateway says when it refuses, and that the endpoint is off", async () => {
    respond = (_write, status) =>
      status(400, JSON.stringify({ error: { message: "Unknown agent 'nova'." } }));
    expect((await take(way, turnSaying("Hello"))).answer).toMatchObject({
      kind: "failed",
      reason: "The gateway says: Unknown agent 'nova'.",
    });
    respond = (_write, status) => status(404, "Not Found");
    expect((await take(way, turnSaying("Hello"))).answer).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("chatCompletions.enabled"),
    });
  });

  it("is waited for while it starts", async () => {
    let asked = 0;
    respond = (write, status) => {
      asked += 1;
      if (asked < 3) return status(503, "Plugin runtime is starting");
      write(delta("Hello.", "stop"));
    };
    expect((await take(way, turnSaying("Hello"))).answer).toEqual({ kind: "answered", text: "Hello." });
  });
});
