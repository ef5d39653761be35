// Proves what the doctor says of the gateway: whether it answers, takes the token and its config, and what stands in it.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GatewayCommandFailed } from "../../plugin/briefings/gateway-cli.ts";
import { Examined, ToldGateway } from "./examined.ts";

let examined: Examined;
let gateway: ToldGateway;

beforeEach(async () => {
  examined = new Examined();
  gateway = await ToldGateway.start();
  examined.env = { OPENCLAW_GATEWAY_URL: gateway.url };
});
afterEach(async () => {
  examined.remove();
  await gateway.close();
});

describe("whether it answers", () => {
  test("it does", async () => {
    expect(await examined.found("gateway-reachable")).toEqual([`ok: The gateway answers at ${gateway.url}.`]);
  });

  test.each([
    [{ status: 503, body: {} }, /^warning: .* is still starting\.$/],
    [{ body: "<html>" }, /^problem: Something else than a gateway answers at /],
    [{ status: 404, body: {} }, /^problem: Something else than a gateway answers at /],
  ])("something that says %j", async (answer, said) => {
    gateway.routes["/health"] = answer;
    expect((await examined.found("gateway-reachable"))[0]).toMatch(said);
  });

  test("nothing does", async () => {
    await gateway.close();
    expect(await examined.look("gateway-reachable")).toEqual([
      {
        level: "problem",
        found: `No gateway answers at ${gateway.url}.`,
        command: "openclaw gateway start",
      },
    ]);
  });
});

describe("its token", () => {
  beforeEach(() => {
    gateway.token = "the-right-token";
    gateway.routes["/tools/invoke"] = { status: 400, body: { ok: false, error: { message: "no tool" } } };
  });

  test.each([
    ["the-right-token", "ok: The gateway takes the token that was found for it."],
    [
      "another-token",
      "problem: The gateway does not accept the token it was given: correct OPENCLAW_GATEWAY_TOKEN or gateway_token.",
    ],
    ["", "problem: The gateway wants a token and none is set: set OPENCLAW_GATEWAY_TOKEN or gateway_token."],
  ])("%j", async (token, said) => {
    examined.env.OPENCLAW_GATEWAY_TOKEN = token;
    expect(await examined.found("gateway-token")).toEqual([said]);
  });

  test("is not looked at where no gateway answers", async () => {
    await gateway.close();
    expect(await examined.found("gateway-token")).toEqual([]);
  });
});

describe("its config", () => {
  test("it takes it", async () => {
    examined.write("openclaw.json", {});
    examined.commands = { "config validate": { valid: true } };
    expect(await examined.found("gateway-config")).toEqual([
      `ok: The gateway takes its config (${examined.configFile}).`,
    ]);
    expect(examined.asked).toEqual(["config validate --json"]);
  });

  test("it does not", async () => {
    examined.write("openclaw.json", {});
    const printed = { issues: [{ path: "gateway.mode", message: "Invalid input" }] };
    examined.commands = { "config validate": new GatewayCommandFailed("It failed.", printed) };
    expect(await examined.found("gateway-config")).toEqual([
      `problem: The gateway does not take ${examined.configFile}: gateway.mode: Invalid input.`,
    ]);
  });

  test("it does not say", async () => {
    examined.write("openclaw.json", {});
    examined.commands = {};
    expect((await examined.found("gateway-config"))[0]).toMatch(/^warning: .* could not be asked: /);
  });

  test("one that is no JSON5 is not even asked about", async () => {
    examined.write("openclaw.json", "{ a: ");
    examined.commands = {};
    expect((await examined.found("gateway-config"))[0]).toMatch(
      /^problem: .*is not valid JSON5: look at line 1/,
    );
    expect(examined.asked).toEqual([]);
  });

  test("without the gateway's command it is read, and where there is none there is nothing to say", async () => {
    expect(await examined.found("gateway-config")).toEqual([]);
    examined.write("openclaw.json", {});
    expect(await examined.found("gateway-config")).toEqual([`ok: ${examined.configFile} can be read.`]);
  });
});

describe("the way to the agent without the plugin", () => {
  beforeEach(() => {
    examined.env.CLAWDTALK_API_KEY = "cc_live_some_key";
  });

  test("the streaming endpoint", async () => {
    gateway.routes["/v1/chat/completions"] = { status: 400, body: { error: { message: "no messages" } } };
    expect((await examined.found("way-to-agent"))[0]).toMatch(
      /^ok: The gateway's streaming endpoint is used/,
    );
  });

  test("none is open", async () => {
    gateway.routes["/tools/invoke"] = { status: 404, body: { ok: false, error: { message: "no" } } };
    const [found] = await examined.look("way-to-agent");
    expect(found).toMatchObject({
      level: "problem",
      found: expect.stringMatching(/^The gateway lets nobody talk to the agent over HTTP\./),
      command: "node dist/scripts/setup.js patch",
    });
  });

  test("does not matter with the plugin, nor where nobody is answered", async () => {
    examined.env.CLAWDTALK_API_KEY = "";
    examined.env.STEPONEAI_API_KEY = "sk_some_key";
    expect(await examined.found("way-to-agent")).toEqual([]);
    examined.env.CLAWDTALK_API_KEY = "cc_live_some_key";
    gateway.runsPlugin();
    expect(await examined.found("way-to-agent")).toEqual([]);
  });
});

describe("what stands in its config by mistake", () => {
  test.each([
    [{ tools: { allow: ["sessions_send"] } }, { change: "remove", path: ["tools", "allow"] }],
    [
      { tools: { allow: ["exec", "Sessions_Send"] } },
      { change: "take", path: ["tools", "allow"], items: ["Sessions_Send"] },
    ],
  ])("%j", async (config, wish) => {
    examined.write("openclaw.json", config);
    expect(await examined.look("misplaced-tools-allow")).toMatchObject([
      { level: "problem", command: "node dist/scripts/doctor.js --fix", fix: { kind: "config", wish } },
    ]);
  });

  test.each([[{}], [{ tools: { allow: ["exec"] } }], [{ gateway: { tools: { allow: ["sessions_send"] } } }]])(
    "nothing is misplaced in %j",
    async (config) => {
      examined.write("openclaw.json", config);
      expect(await examined.found("misplaced-tools-allow")).toEqual([]);
    },
  );

  const VOICE = { id: "voice", name: "Bo Voice", workspace: "/home/bo/clawd" };
  const TAKE_ENTRY = { change: "takeEntry", path: ["agents", "list"], id: "voice" };
  test.each([
    ["warning", { list: [{ id: "main", default: true }, VOICE] }, TAKE_ENTRY, /adds it\.$/],
    ["warning", { list: [VOICE, { id: "bo" }], ownership: "explicit" }, TAKE_ENTRY, /adds it\.$/],
    ["problem", { list: [{ id: "main" }, VOICE] }, TAKE_ENTRY, /the gateway refuses its config\.$/],
    [
      "warning",
      { entries: { main: {}, voice: { name: "Bo Voice" } } },
      { change: "remove", path: ["agents", "entries", "voice"] },
      /adds it\.$/,
    ],
    ["problem", { list: [VOICE] }, { change: "remove", path: ["agents", "list"] }, /for your main agent\.$/],
  ])("%s: the voice agent in %j", async (level, agents, wish, said) => {
    examined.write("openclaw.json", { agents });
    expect(await examined.look("voice-agent")).toMatchObject([
      { level, fix: { wish }, found: expect.stringMatching(said) },
    ]);
  });

  test.each<[object]>([
    [{}],
    [{ agents: { list: [{ id: "main" }] } }],
    [{ agents: { entries: { main: {}, voice: { model: "a/b" } } } }],
    // Somebody's own: it has more than the client writes.
    [{ agents: { list: [{ id: "main" }, { ...VOICE, model: "a/b" }] } }],
    [{ agents: { list: [{ id: "main" }, VOICE] }, bindings: [{ agentId: "voice", match: {} }] }],
    [
      {
        agents: { list: [{ id: "main" }, VOICE] },
        plugins: { entries: { switchboard: { config: { apiKey: "cc_live_x", agentId: "voice" } } } },
      },
    ],
  ])("an agent that is used, or another one, is left alone: %j", async (config) => {
    examined.write("openclaw.json", config);
    expect(await examined.found("voice-agent")).toEqual([]);
  });
});
