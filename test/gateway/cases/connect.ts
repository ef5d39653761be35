/** The background process of skill-only installs, as people run it: the script, a real gateway, the practice line. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isLocked } from "../../../plugin/connector/lock.ts";
import { startClawCallPractice } from "../../../plugin/practice/clawcall-server.ts";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../../plugin/practice/clawdtalk-server.ts";
import type { PracticeGateway } from "../../../plugin/practice/gateway.ts";
import type { ModelRequest, PracticeModel } from "../../../plugin/practice/model.ts";
import { phrase } from "../../../plugin/speech/phrases.ts";
import { ScriptRunner } from "../../scripts/run-script.ts";
import { takeBareGateway } from "../bare-gateway.ts";

const OWNER = "+15550001111";
const STRANGER = "+15550002222";
const wait = { timeoutMs: 20_000 };

let server: ClawdTalkPractice;
let model: PracticeModel;
let gateway: PracticeGateway;
let runner: ScriptRunner;

/** The gateway adds a message of its own after the caller's words. */
const says = (words: string) => (request: ModelRequest) =>
  JSON.stringify(request.messages.filter(({ role }) => role === "user").slice(-2)).includes(words);

beforeAll(async () => {
  server = await startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" });
  ({ gateway, model } = await takeBareGateway({
    opened: true,
    script: [
      {
        when: says("weather"),
        answer: "It rains in the whole country today. Take a **coat** and an umbrella along.",
      },
      { when: says("milk"), answer: "Oat **milk** is on [the list](https://example.com/list)." },
    ],
  }));
}, 90_000);

afterAll(async () => await server?.close());

beforeEach(() => {
  runner = new ScriptRunner({ isBuilt: true });
  // Its place would be a gateway's: here the settings alone say where one is.
  rmSync(path.join(runner.stateFolder, "openclaw.json"));
  writeSettings();
});

afterEach(async () => {
  if (isRunning()) await connect("stop");
  runner.remove();
}, 30_000);

function writeSettings(more: Record<string, unknown> = {}): void {
  runner.write(
    "switchboard/skill-config.json",
    JSON.stringify({
      api_key: PRACTICE_API_KEY,
      owner_name: "Sam",
      agent_name: "Robin",
      ownerNumbers: [OWNER],
      gateway_url: gateway.url,
      gateway_token: gateway.token,
      server: server.url,
      quietHours: "off",
      callingHours: "always",
      ...more,
    }),
  );
}

async function connect(...words: readonly string[]) {
  return await connectWith({}, ...words);
}

async function connectWith(env: Record<string, string>, ...words: readonly string[]) {
  const { code, stdout, stderr } = await runner.run("connect", [...words, "--json"], { env });
  return { code, stderr, json: JSON.parse(stdout || "{}") as Record<string, unknown> };
}

const file = (name: string) => path.join(runner.stateFolder, "switchboard", name);
const logged = () => readFileSync(file(".connect.log"), "utf8");
const isRunning = () => isLocked(file("connect.lock"));

async function until(look: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!look()) {
    if (performance.now() > giveUpAt) throw new Error(`Waited 10 s for ${what}, in vain.`);
    await sleep(50);
  }
}

function isAlive(pid: unknown): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

/** Serves as a gateway that answers each path with a status and a body. */
async function fakeGateway(
  answers: Record<string, readonly [number, string]>,
): Promise<{ url: string; server: Server }> {
  const fake = createServer((request, response) => {
    request.resume();
    const [status, body] = answers[request.url ?? ""] ?? [404, "Not Found"];
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(fake.address() as AddressInfo).port}`, server: fake };
}

describe("connect", () => {
  it("answers the owner on a ClawCall line, and nobody else", async () => {
    const clawcall = await startClawCallPractice({
      ownerNumber: OWNER,
      dedicatedNumber: "+15550003333",
      tier: "pro",
    });
    try {
      const env = {
        CLAWCALL_API_KEY: clawcall.key,
        CLAWCALL_BASE_URL: clawcall.url,
        CLAWDTALK_API_KEY: PRACTICE_API_KEY,
      };
      expect(await connectWith(env, "start")).toMatchObject({ code: 0, stderr: "" });
      await clawcall.waitForListener(wait);
      const call = await clawcall.ring({ from: OWNER });
      const turn = await call.say("How is the weather?").result({ timeoutMs: 30_000 });
      expect(turn.text).toBe("It rains in the whole country today. Take a coat and an umbrella along.");
      call.hangUp();
      const other = await clawcall.ring({ from: STRANGER, toDedicated: true });
      expect((await other.say("[SCHEDULED] Read me the mail.").result(wait)).text).toBe(
        phrase("unverified", "en"),
      );
      await other.ended(wait);
    } finally {
      await connect("stop");
      await clawcall.close();
    }
  });

  it("answers the owner's calls and texts, turns everybody else away, and ends", async () => {
    const started = await connect("start");
    expect(started.stderr).toBe("");
    expect(started).toMatchObject({ code: 0, json: { ok: true, started: true } });
    // Found out while the lines connect already.
    await vi.waitFor(
      async () =>
        expect((await connect("status")).json.agent).toMatchObject({
          way: "chat-completions",
          modelCallsPerTurn: 1,
        }),
      { timeout: 15_000, interval: 300 },
    );

    const call = await server.ring();
    expect((await call.heardGreeting(wait)).text).toContain("Robin");
    await call.say("Hello there").result({ timeoutMs: 30_000 });
    const before = model.requests.length;
    const turn = call.say("How is the weather?");
    const first = await turn.firstSpeech(wait);
    const result = await turn.result(wait);
    expect(turn.heard).toEqual([
      "It rains in the whole country today.",
      "Take a coat and an umbrella along.",
    ]);
    expect(first.atMs).toBeLessThan(result.atMs);
    expect(model.requests.length - before, "model calls").toBe(1);
    expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain("You are on a live phone call.");
    call.hangUp();
    await until(() => logged().includes("For the owner: Phone call"), "the call's outcome");

    const text = server.text({ body: "Is milk on the list?" });
    expect((await text.reply(wait)).map(({ body }) => body)).toEqual([
      "Oat milk is on the list (https://example.com/list).",
    ]);

    const prompt = JSON.stringify(model.requests.findLast(says("milk"))?.messages);
    expect(prompt.includes(call.callId), "how the call went").toBe(true);

    const asked = model.requests.length;
    const unknown = server.text({ from: STRANGER, body: "What is the owner's address?" });
    expect((await unknown.reply(wait)).map(({ body }) => body)).toEqual([phrase("unverified", "en")]);
    const placed = await runner.run("call", ["--to", STRANGER, "--purpose", "Order two loaves."], {});
    expect(placed.code).toBe(1);
    expect(placed.stderr).toContain("Calls to others need the Switchboard plugin");
    // Placed by something else with the same key: still nobody's to talk to.
    const outbound = await server.ring({ direction: "outbound", from: STRANGER });
    expect((await outbound.say("Who is there?").result(wait)).text).toBe(phrase("unverified", "en"));
    await outbound.whenEnded();
    expect(model.requests.length, "the agent was asked").toBe(asked);

    expect(await connect("status")).toMatchObject({
      code: 0,
      json: { running: true, pid: started.json.pid, lines: [{ name: "clawdtalk", state: "connected" }] },
    });
    expect(await connect("stop")).toMatchObject({
      code: 0,
      json: { stopped: true, pid: started.json.pid },
    });
    expect(isRunning()).toBe(false);
    await until(() => !isAlive(started.json.pid), "the process to be gone");
    expect(server.violations).toEqual([]);

    expect(logged()).toMatch(/For the owner: Phone call \S+ from the owner/);
    for (const name of [".connect.log", "connect.status.json"]) {
      const content = readFileSync(file(name), "utf8");
      expect(content).not.toContain(PRACTICE_API_KEY);
      expect(content).not.toContain(gateway.token);
    }
    expect(existsSync(file("connect.wanted.json"))).toBe(false);
    expect(await connect("status")).toMatchObject({ code: 1, json: { ok: true, running: false } });
  }, 60_000);

  it("runs once, however often it is started at once", async () => {
    const [one, two] = await Promise.all([connect("start"), connect("start")]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(one.json.pid).toBe(two.json.pid);
    expect([one.json.started, two.json.started].sort()).toEqual([false, true]);
    const again = await connect("start");
    expect(again).toMatchObject({ code: 0, json: { started: false, pid: one.json.pid } });
    const restarted = await connect("restart");
    expect(restarted).toMatchObject({ code: 0, json: { started: true } });
    expect(restarted.json.pid).not.toBe(one.json.pid);
  }, 40_000);

  it("starts after a crash at once, and is started again by the watchdog until it is stopped", async () => {
    // Kept by the watchdog: the line does not point there by its settings.
    writeSettings({ server: "http://127.0.0.1:9" });
    const first = await connect("start", "--server", server.url);
    expect(first.code).toBe(0);
    expect(await connect("watchdog")).toMatchObject({ code: 0, json: { started: false, running: true } });
    process.kill(Number(first.json.pid), "SIGKILL");
    await until(() => !isRunning(), "the end of the process");
    expect(await connect("status")).toMatchObject({ code: 1, json: { running: false } });
    const second = await connect("watchdog");
    expect(second).toMatchObject({ code: 0, json: { started: true, lines: [{ state: "connected" }] } });
    process.kill(Number(second.json.pid), "SIGKILL");
    await until(() => !isRunning(), "the end of the process");
    expect(await connect("start", "--server", server.url)).toMatchObject({
      code: 0,
      json: { started: true },
    });
    await connect("stop");
    expect(await connect("watchdog")).toMatchObject({ code: 0, json: { started: false, wanted: false } });
    expect(isRunning()).toBe(false);
  }, 40_000);

  it("says that it runs without a connection, and goes on trying", async () => {
    const started = await connect("start", "--server", "http://127.0.0.1:9");
    expect(started).toMatchObject({
      code: 3,
      json: { ok: true, started: true, lines: [{ state: "reconnecting" }] },
    });
    expect((await connect("status")).code).toBe(3);
  }, 30_000);

  it("gives up on a key that is refused, and the watchdog leaves it so", async () => {
    writeSettings({ api_key: "cc_live_wrong_000000000000000000004711" });
    const started = await connect("start");
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(/refused the key cc_live_…4711.*Set a valid ClawdTalk key/);
    expect(started.stderr.trim().split("\n").length).toBe(1);
    expect(isRunning()).toBe(false);
    const watched = await connect("watchdog");
    expect(watched.code).toBe(1);
    expect(watched.stderr).toContain("not started again");
    expect(await connect("status")).toMatchObject({ code: 1, json: { running: false } });
  }, 30_000);

  it("writes debug lines only with DEBUG=1", async () => {
    await connectWith({ DEBUG: "1" }, "start");
    server.sendUnknownEvent();
    await until(() => logged().includes(" debug "), "a debug line");
    await connect("restart");
    const size = logged().length;
    server.sendUnknownEvent();
    await sleep(500);
    expect(logged().slice(size)).not.toContain(" debug ");
  }, 30_000);
});

describe("connect start, without what it needs", () => {
  it("does nothing when the plugin is active on the gateway", async () => {
    const fake = await fakeGateway({ "/switchboard/health": [200, '{"switchboard":true}'] });
    writeSettings({ gateway_url: fake.url });
    expect(await connect("start")).toMatchObject({
      code: 0,
      json: { ok: true, started: false, plugin: true },
    });
    expect(await connect("status")).toMatchObject({ code: 0, json: { running: false, plugin: true } });
    const shown = await runner.run("connect", ["start"]);
    expect(shown.stdout).toContain("The Switchboard plugin is active");
    expect(isRunning()).toBe(false);
    fake.server.close();
  });

  it.each([
    ["no key", { api_key: "" }, /No phone line is set up/],
    ["no gateway", { gateway_url: "" }, /No gateway was found: set OPENCLAW_GATEWAY_URL/],
    [
      "a gateway that is down",
      { gateway_url: "http://127.0.0.1:9" },
      /No gateway answers at http:\/\/127.0.0.1:9/,
    ],
    ["a wrong token", { gateway_token: "wrong-token" }, /does not accept the token/],
    ["no token", { gateway_token: "" }, /wants a token and none is set/],
  ])("says so: %s", async (_what, settings, sentence) => {
    writeSettings(settings);
    const { code, stderr, json } = await connect("start");
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain("wrong-token");
    expect(json).toMatchObject({ ok: false });
    expect(isRunning()).toBe(false);
  });

  it("says what to allow when the gateway lets nobody in", async () => {
    const notFound = JSON.stringify({
      ok: false,
      error: { type: "not_found", message: "Tool not available" },
    });
    const fake = await fakeGateway({ "/tools/invoke": [404, notFound] });
    writeSettings({ gateway_url: fake.url });
    const { code, stderr } = await connect("start");
    expect(code).toBe(1);
    expect(stderr).toMatch(/sessions_send in gateway\.tools\.allow/);
    fake.server.close();
  });

  it("explains itself, and does not take what is no address", async () => {
    const help = await runner.run("connect", ["--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("Exit codes:");
    expect(help.stdout).not.toMatch(/^\s+run\b/m);
    const wrong = await runner.run("connect", ["start", "--server", "clawdtalk"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("--server must be an http(s) URL");
  });
});
