/**
 * Every hook of ours, proven by its effect inside a real turn. What no honest caller or sender can bring about
 * (a text in the wrong session, a run whose stop was lost) is brought about by a second plugin, `lost-plugin.ts`.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../../plugin/practice/clawdtalk-server.ts";
import { type ModelRequest, type PracticeModel, startPracticeModel } from "../../../plugin/practice/model.ts";
import type { PhoneGateway } from "../../../plugin/practice/phone-gateway.ts";
import { phrase } from "../../../plugin/speech/phrases.ts";
import { guestSession, strangerSession } from "../../../plugin/trust/sessions.ts";
import { misrouteText, runLostTurn, writeLostPlugin } from "../lost-plugin.ts";
import { takeGateway } from "../one-gateway.ts";
import { OWNER, type PhoneLine, packageFolder, promptOf, STRANGER, startPhoneLine } from "../phone-line.ts";

const GUEST = "+15550004444";
/** Looks like no key, so that only its being configured gives it away. */
const SPARE_KEY = "Kettle-Umbrella-Seven";
const wait = { timeoutMs: 20_000 };
const VOICE = "You are on a live phone call.";
const TEXT = "You are answering a text message (SMS).";

describe("without the permission to take part in conversations", () => {
  let line: PhoneLine;
  beforeAll(async () => {
    line = await startPhoneLine({
      conversationAccess: false,
      model: {
        script: [
          {
            when: /run a command/,
            answer: "",
            toolCall: { name: "exec", arguments: { command: "echo ran" } },
          },
        ],
      },
    });
  });
  afterAll(async () => await line?.close());

  it("says so in the log and in the status, with what to do", async () => {
    const [problem, ...others] = (await line.gateway.status()).problems;
    expect(others).toEqual([]);
    expect(problem).toContain("does not let Switchboard take part in conversations");
    expect(problem).toContain(
      "openclaw config set plugins.entries.switchboard.hooks.allowConversationAccess true",
    );
    expect(line.gateway.output()).toContain(problem);
  });

  it("takes calls all the same, and a stranger still has no tools", async () => {
    const call = await line.server.ring();
    expect((await call.heardGreeting(wait)).text).toContain("Robin");
    expect((await call.say("What is the weather?").result(wait)).text).toContain("coat");
    expect(promptOf(line.model.requests.at(-1)).includes(VOICE), "the context of a call").toBe(true);
    call.hangUp();
    const other = await line.server.ring({ direction: "outbound", from: STRANGER });
    await other.say("Please run a command").result(wait);
    for (const request of line.model.requests.filter(({ lastUserText }) =>
      lastUserText.includes("run a command"),
    )) {
      expect(request.tools).toEqual([]);
      expect(request.lastText).not.toContain("ran");
    }
    other.hangUp();
    expect(line.server.violations).toEqual([]);
  });
});

describe("with the permission to take part in conversations", () => {
  let server: ClawdTalkPractice;
  let model: PracticeModel;
  let gateway: PhoneGateway;
  let spare: { readonly url: string; readonly closed: Promise<number>; close(): void };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "switchboard-hooks-"));
    server = await startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" });
    spare = await startNotingServer();
    model = await startPracticeModel({
      firstTokenMs: 50,
      perWordMs: 5,
      script: [
        {
          when: /run a command/,
          answer: "",
          toolCall: {
            name: "exec",
            arguments: {
              command: "echo node=$SWITCHBOARD_NODE; echo cli=$SWITCHBOARD_OPENCLAW; echo ran >> pwned.txt",
            },
          },
        },
        { when: /recite the keys/, answer: () => `**The keys** are ${SPARE_KEY} and ${gateway.token}.` },
        {
          when: /write down the keys/,
          answer: "",
          toolCall: {
            name: "tool_call",
            arguments: () => ({
              id: "message",
              args: {
                action: "send",
                channel: "phone",
                target: STRANGER,
                message: `The *keys*: ${SPARE_KEY} and ${gateway.token}.`,
              },
            }),
          },
        },
        { when: /take your time/, answer: "One. Two. Three. Four. Five. Six. Seven. Eight.", perWordMs: 250 },
      ],
    });
    gateway = await takeGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      clawdtalkServer: server.url,
      ownerNumber: OWNER,
      otherPlugins: { lost: await writeLostPlugin(folder) },
      settings: {
        // The gate's asking has tests of its own.
        toolRules: { exec: "allow", message: "allow" },
        lines: {
          clawdtalk: { model: "practice/scripted-fast", thinking: "high" },
          spare: { apiKey: SPARE_KEY, server: spare.url },
        },
      },
      config: {
        gateway: { http: { endpoints: { chatCompletions: { enabled: true } } } },
        channels: { phone: { enabled: true, allowFrom: [GUEST] } },
        logging: { level: "debug", file: join(folder, "gateway.log") },
        models: { providers: { practice: thinkingProvider(model.url) } },
      },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([
      server?.close(),
      model?.close(),
      rm(folder, { recursive: true, force: true, maxRetries: 5 }),
    ]);
    spare?.close();
  });

  /** Model requests that came in while `work` went on. */
  async function during(work: () => Promise<unknown>): Promise<readonly ModelRequest[]> {
    const before = model.requests.length;
    await work();
    return model.requests.slice(before);
  }
  /** The messages of the gateway's log, every level. */
  async function logged(): Promise<string[]> {
    const lines = (await readFile(join(folder, "gateway.log"), "utf8")).trim().split("\n");
    return lines.map((line) => String((JSON.parse(line) as { message?: unknown }).message));
  }
  const replyTo = async (from: string, body: string) =>
    (await server.text({ from, body }).reply(wait)).map((message) => message.body);
  /** How often the command was carried out. */
  const commandsRun = async () =>
    (await readFile(join(gateway.stateDir, "workspace", "pwned.txt"), "utf8").catch(() => "")).split("ran")
      .length - 1;

  it("before_agent_run: the run that warms the gateway up made no model request", async () => {
    expect((await gateway.status()).warm).toBe(true);
    expect(model.requests).toEqual([]);
  });

  it("before_model_resolve, before_prompt_build, message_received: a text is answered by the line's model", async () => {
    const requests = await during(async () => {
      // One message: the gateway's own notice that another model than the agent's answers is no text for a phone.
      expect(await replyTo(GUEST, "What is the weather?")).toHaveLength(1);
      expect(await replyTo(OWNER, "What is the weather?")).toHaveLength(1);
    });
    expect(requests.map((request) => request.model)).toEqual(["scripted-fast", "scripted-fast"]);
    for (const request of requests) {
      expect(promptOf(request).includes(TEXT), "the context of a text").toBe(true);
      expect(promptOf(request).includes(VOICE), "the context of a call").toBe(false);
    }
    const log = await logged();
    expect(log.filter((message) => message === "Text received on line clawdtalk.")).toHaveLength(2);
    const runs = log.filter(
      (message) => message.startsWith("embedded run start") && message.includes("scripted-fast"),
    );
    expect(runs.length).toBeGreaterThanOrEqual(2);
    for (const run of runs) expect(run).toContain("thinking=high");
  });

  it("before_model_resolve, before_prompt_build: so is a call, with the context of a call", async () => {
    const call = await server.ring();
    const before = (await logged()).length;
    const [request] = await during(async () => await call.say("And on the phone?").result(wait));
    expect(request?.model).toBe("scripted-fast");
    expect(promptOf(request).includes(VOICE), "the context of a call").toBe(true);
    expect(promptOf(request).includes(TEXT), "the context of a text").toBe(false);
    const run = (await logged()).slice(before).find((message) => message.startsWith("embedded run start"));
    expect(run).toContain("thinking=high");
    call.hangUp();
  });

  it("before_model_resolve: what is no phone turn keeps the agent's own model", async () => {
    const [request] = await during(
      async () => await chat(gateway, "agent:main:main", "What is the weather?"),
    );
    expect(request?.model).toBe("scripted");
  });

  it("before_agent_reply: words in which nothing was understood are answered without the model, in the caller's language", async () => {
    const call = await server.ring();
    const requests = await during(async () => {
      expect((await call.say("…").result(wait)).text).toBe(phrase("notHeard", "en"));
    });
    expect(requests).toEqual([]);
    await call.say("明天几点开会？").result(wait);
    expect((await call.say("。。。").result(wait)).text).toBe(phrase("notHeard", "zh"));
    call.hangUp();
  });

  it("before_dispatch: a text that is answered by the time it is dispatched goes no further", async () => {
    const store = new DatabaseSync(join(gateway.stateDir, "switchboard", "switchboard.sqlite"), {
      timeout: 5_000,
    });
    try {
      // As if another process had settled it at the last moment.
      store.exec(`CREATE TRIGGER settled_elsewhere AFTER UPDATE ON inbox WHEN new.state = 'answering' AND new.body LIKE '%settled elsewhere%'
        BEGIN UPDATE inbox SET state = 'answered' WHERE message_id = new.message_id; END`);
      const requests = await during(async () => {
        server.text({ from: GUEST, body: "This one is settled elsewhere" });
        // Texts of one sender are taken in turn, so the first was through when this one is answered.
        expect(await replyTo(GUEST, "What is the weather?")).toHaveLength(1);
      });
      expect(requests.map((request) => request.lastUserText.includes("settled elsewhere"))).toEqual([false]);
      expect(promptOf(requests[0]).includes("settled elsewhere"), "in the history").toBe(false);
    } finally {
      store.exec("DROP TRIGGER settled_elsewhere");
      store.close();
    }
  });

  it("before_dispatch: a text that was routed to a session not its sender's is refused", async () => {
    const guests = guestSession("main", GUEST).sessionKey;
    const requests = await during(async () => {
      for (const [from, sessionKey] of [
        [GUEST, "agent:main:main"],
        [GUEST, "global"],
        [OWNER, guests],
      ] as const) {
        expect(await misrouteText(gateway, { from, sessionKey, words: "What is the weather?" })).toEqual([
          phrase("unverified", "en"),
        ]);
      }
    });
    expect(requests).toEqual([]);
    expect(
      await misrouteText(gateway, {
        from: OWNER,
        sessionKey: "agent:main:main",
        words: "What is the weather?",
      }),
    ).toHaveLength(1);
  });

  it("before_agent_run: the run of a turn that is over is stopped before the model", async () => {
    const text = server.text({ body: "Please take your time" });
    await model.until(
      () => model.requests.at(-1)?.lastUserText.includes("take your time") || undefined,
      "the text's turn",
      wait,
    );
    const call = await server.ring();
    const older = call.say("Tell me about the old boat");
    await older.firstSpeech(wait);
    const newer = call.say("Tell me about the new boat");
    expect((await older.result(wait)).text).toBe(phrase("superseded", "en"));
    await Promise.all([text.reply(wait), newer.result(wait)]);
    expect(model.requests.filter((request) => request.lastUserText.includes("old boat"))).toEqual([]);
    expect(model.requests.filter((request) => request.lastUserText.includes("new boat"))).toHaveLength(1);
    call.hangUp();

    const requests = await during(
      async () => await runLostTurn(gateway, { words: "Nobody stopped me", openFor: 0 }),
    );
    expect(requests).toEqual([]);
  });

  it("agent_end: a run is forgotten when it has ended", async () => {
    expect(await runLostTurn(gateway, { words: "What is the weather?", openFor: 99 })).toEqual({
      forgotten: true,
    });
  });

  it("resolve_exec_env: a command of the owner's turn knows the gateway's node", async () => {
    const call = await server.ring();
    const requests = await during(async () => await call.say("Please run a command").result(wait));
    expect(requests.at(-1)?.lastRole).toBe("tool");
    expect(requests.at(-1)?.lastText).toContain(`node=${process.execPath}`);
    expect(requests.at(-1)?.lastText).toMatch(/cli=\S*openclaw\.mjs/);
    expect(await commandsRun()).toBe(1);
    call.hangUp();
  });

  it("before_tool_call: nobody but the owner runs one, whatever the run offers, nor does a turn that is over", async () => {
    const guest = guestSession("main", GUEST).sessionKey;
    const stranger = strangerSession("main", "clawdtalk", "call_1").sessionKey;
    const before = await commandsRun();
    for (const [sessionKey, kind] of [
      [guest, "guest"],
      [stranger, "stranger"],
    ] as const) {
      const [offered, refused] = await during(
        async () => await chat(gateway, sessionKey, "Please run a command"),
      );
      expect(offered?.tools).toContain("exec");
      expect(refused?.lastText).toBe(`No tools in a ${kind}'s phone session.`);
      const invoked = await post(gateway, "/tools/invoke", { tool: "session_status", args: {}, sessionKey });
      expect(invoked.status).toBe(403);
      await invoked.body?.cancel();
    }
    const [, refused] = await during(
      async () => await runLostTurn(gateway, { words: "Please run a command", openFor: 1 }),
    );
    expect(refused?.lastText).toBe("The caller has moved on; this turn is over.");
    expect(await commandsRun()).toBe(before);

    await chat(gateway, "agent:main:main", "Please run a command");
    expect(await commandsRun(), "what the owner's own session may do").toBe(before + 1);
  });

  it("reply_payload_sending, message_sending: a text goes out without markup and without a configured secret", async () => {
    expect(await replyTo(OWNER, "Please recite the keys")).toEqual([
      "The keys are [redacted] and [redacted].",
    ]);
    await replyTo(OWNER, "Please write down the keys");
    const sent = server.messages.filter((message) => message.to === STRANGER).map((message) => message.body);
    expect(sent).toEqual(["The keys: [redacted] and [redacted]."]);
  });

  it("broke no rule of the wire", () => {
    expect(server.violations).toEqual([]);
  });

  it("gateway_stop: every line is closed by its own words, and the store with it", async () => {
    const log = join(gateway.stateDir, "switchboard", "switchboard.sqlite-wal");
    expect(existsSync(log)).toBe(true);
    await gateway.stop({ keepState: true });
    expect(await spare.closed).toBe(1000);
    expect(server.connected).toBe(false);
    expect(existsSync(log), "what SQLite leaves of a store that was not closed").toBe(false);
  });
});

/** A server that accepts any key and notes the code its client closes with. */
async function startNotingServer() {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const closed = Promise.withResolvers<number>();
  sockets.on("connection", (socket) => {
    socket.once("message", () => socket.send(JSON.stringify({ type: "auth_ok" })));
    socket.on("close", (code) => closed.resolve(code));
  });
  await new Promise((resolve) => sockets.once("listening", resolve));
  const { port } = sockets.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, closed: closed.promise, close: () => sockets.close() };
}

/** The practice provider with models that think, so that the thinking level is not cut off. */
function thinkingProvider(baseUrl: string) {
  const models = ["scripted", "scripted-fast"].map((id) => ({
    id,
    name: id,
    reasoning: true,
    input: ["text"],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 128_000,
    maxTokens: 4096,
  }));
  return { baseUrl, apiKey: "practice", api: "openai-completions", models };
}

/** A turn in this session by the gateway's own HTTP interface, all tools offered. */
async function chat(gateway: PhoneGateway, sessionKey: string, words: string): Promise<void> {
  const answer = await post(
    gateway,
    "/v1/chat/completions",
    { model: "openclaw", messages: [{ role: "user", content: words }] },
    { "x-openclaw-session-key": sessionKey },
  );
  expect(answer.status, await answer.text()).toBe(200);
}

function post(gateway: PhoneGateway, path: string, body: object, headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
