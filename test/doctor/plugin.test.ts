// Proves what the doctor says of the plugin: installed, loaded, its hooks called, its tools and skill there for the agent.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GatewayCommandFailed } from "../../plugin/briefings/gateway-cli.ts";
import { conversationHooks, hookNames } from "../../plugin/hook-names.ts";
import { packageVersion } from "../../plugin/version.ts";
import { Examined, runningLine, ToldGateway } from "./examined.ts";

let examined: Examined;
let gateway: ToldGateway;

const ALLOWED = {
  plugins: { entries: { switchboard: { enabled: true, hooks: { allowConversationAccess: true } } } },
};
const NOT_FOUND = new GatewayCommandFailed('"openclaw plugins inspect switchboard" failed: Plugin not found');
const inspected = (plugin: object, more: object = {}) => ({
  "plugins inspect switchboard --json": { plugin: { enabled: true, status: "loaded", ...plugin }, ...more },
});

beforeEach(async () => {
  examined = new Examined();
  gateway = await ToldGateway.start();
  examined.env = { OPENCLAW_GATEWAY_URL: gateway.url, CLAWDTALK_API_KEY: "cc_live_some_key" };
  examined.write("openclaw.json", ALLOWED);
});
afterEach(async () => {
  examined.remove();
  await gateway.close();
});

describe("installed and loaded", () => {
  test("it is", async () => {
    gateway.runsPlugin({ version: packageVersion() });
    expect(await examined.found("plugin-loaded")).toEqual([`ok: Switchboard ${packageVersion()} is loaded.`]);
  });

  test("another version runs than this one", async () => {
    gateway.runsPlugin({ version: "0.0.1" });
    expect(await examined.look("plugin-loaded")).toEqual([
      {
        level: "warning",
        found: `The gateway runs Switchboard 0.0.1, and this is ${packageVersion()}.`,
        command: "openclaw gateway restart",
      },
    ]);
  });

  test("it is, and says nothing of its lines: nobody knows whether they work", async () => {
    gateway.runsPlugin();
    gateway.routes["/switchboard/status"] = { status: 500, body: {} };
    expect(await examined.look("plugin-loaded")).toEqual([
      {
        level: "problem",
        found: "Switchboard is loaded, and does not answer when it is asked how the lines are.",
        command: "openclaw gateway restart",
      },
    ]);
    gateway.token = "another";
    expect(await examined.found("plugin-loaded")).toEqual(["ok: Switchboard is loaded."]);
  });

  test("a skill only", async () => {
    examined.commands = { "plugins inspect": NOT_FOUND };
    expect(await examined.found("plugin-loaded")).toEqual(["ok: Not installed as a plugin: a skill only."]);
    expect(await examined.found("line-connections")).toEqual(["problem: Nothing keeps the lines connected."]);
  });

  test("a config that cannot be read tells neither that it is a skill only, nor to start what runs beside the plugin", async () => {
    examined.write("openclaw.json", "{ gateway: ");
    examined.commands = {};
    expect(await examined.found("plugin-loaded")).toEqual([]);
    expect(await examined.found("line-connections")).toEqual([]);
    expect((await examined.found("gateway-config"))[0]).toMatch(/^problem: .* is not valid JSON5/);
  });

  test.each([
    [
      inspected({ enabled: false, activationReason: "disabled in config" }),
      "problem: Switchboard is installed, and switched off (disabled in config).",
      "openclaw plugins enable switchboard",
    ],
    [
      inspected({ status: "error", error: "Cannot find module ws" }),
      "problem: The gateway cannot load Switchboard: Cannot find module ws",
      "openclaw plugins inspect switchboard --runtime",
    ],
    [
      inspected({}, { diagnostics: [{ level: "error", message: "its SDK is too old" }] }),
      "problem: The gateway cannot load Switchboard: its SDK is too old",
      "openclaw plugins inspect switchboard --runtime",
    ],
    [
      inspected({}),
      "problem: Switchboard is installed, and not loaded in the gateway.",
      "openclaw gateway restart",
    ],
  ])("%j", async (commands, said, command) => {
    examined.commands = commands;
    expect(await examined.found("plugin-loaded")).toEqual([said]);
    expect((await examined.look("plugin-loaded"))[0]?.command).toBe(command);
  });

  test("where the gateway does not run, what is installed is enough", async () => {
    await gateway.close();
    examined.commands = inspected({});
    expect(await examined.found("plugin-loaded")).toEqual(["ok: Switchboard is installed and switched on."]);
  });

  test.each([
    [{ enabled: false }, /^problem: The gateway loads no plugins at all\.$/],
    [{ allow: ["browser"] }, /^problem: "plugins\.allow" leaves Switchboard out\.$/],
  ])("the gateway's plugins are %j", async (plugins, said) => {
    examined.write("openclaw.json", { plugins: { ...ALLOWED.plugins, ...plugins } });
    examined.commands = inspected({ enabled: false });
    expect((await examined.found("plugin-loaded"))[0]).toMatch(said);
  });
});

test.each([
  [{ "config validate": { valid: true } }, true, "openclaw phone trust"],
  [{ "config validate": { valid: true }, ...inspected({}) }, false, "openclaw phone trust"],
  [
    { "config validate": { valid: true }, ...inspected({ enabled: false }) },
    false,
    "node dist/scripts/phone.js trust",
  ],
  [
    { "config validate": new GatewayCommandFailed("It is invalid.") },
    true,
    "node dist/scripts/phone.js trust",
  ],
  [undefined, true, "node dist/scripts/phone.js trust"],
])(
  "our commands are named as they can be typed: with %j, plugin running: %s",
  async (commands, runs, command) => {
    examined.commands = commands;
    if (runs) gateway.runsPlugin();
    expect(await examined.examination().ours("trust")).toBe(command);
  },
);

describe("hooks", () => {
  test("registered and called", async () => {
    gateway.runsPlugin();
    expect(await examined.found("plugin-hooks")).toEqual([
      `ok: ${hookNames.length} hooks are registered; called so far: before_prompt_build, before_agent_run.`,
    ]);
  });

  test("left out for want of the permission, which --fix gives", async () => {
    examined.write("openclaw.json", {});
    examined.commands = { "config validate": { valid: true } };
    gateway.runsPlugin({ mayTakePart: false, hooksCalled: {} });
    const [found] = await examined.look("plugin-hooks");
    expect(found).toMatchObject({
      level: "problem",
      command: "openclaw phone doctor --fix",
      fix: { wish: { change: "set", value: true } },
    });
    for (const name of conversationHooks) expect(found?.found).toContain(name);
  });

  test("given the permission, and the gateway has not taken it up", async () => {
    gateway.runsPlugin({ mayTakePart: false });
    expect(await examined.look("plugin-hooks")).toMatchObject([
      { level: "problem", command: "openclaw gateway restart" },
    ]);
  });

  test("registered, and turns go past them", async () => {
    gateway.runsPlugin({ hooksCalled: {} });
    expect((await examined.found("plugin-hooks"))[0]).toMatch(
      /^problem: .*does not call them: "before_agent_run" was left out of a turn\.$/,
    );
    gateway.runsPlugin({ hooksCalled: {}, warm: false });
    expect((await examined.found("plugin-hooks"))[0]).toMatch(/^ok: .*no turn has called one yet\.$/);
  });

  test("where the gateway does not run, its command line says which it would register", async () => {
    await gateway.close();
    const all = hookNames.map((name) => ({ name }));
    const inspect = "plugins inspect switchboard --runtime";
    examined.commands = { [inspect]: { typedHooks: all }, ...inspected({}) };
    expect(await examined.found("plugin-hooks")).toEqual([
      `ok: ${hookNames.length} hooks will be registered.`,
    ]);
    examined.commands = { [inspect]: { typedHooks: all.slice(1) }, ...inspected({}) };
    expect(await examined.found("plugin-hooks")).toEqual([
      `problem: The gateway does not register these hooks of Switchboard: ${hookNames[0]}.`,
    ]);
  });

  test("where it is switched off, that is all there is to say", async () => {
    await gateway.close();
    examined.commands = inspected({ enabled: false });
    expect(await examined.found("plugin-hooks")).toEqual([]);
  });

  test("a skill only has none", async () => {
    examined.commands = { "plugins inspect": NOT_FOUND };
    expect(await examined.found("plugin-hooks")).toEqual([]);
  });
});

describe("the agent's tools", () => {
  const session = (key: string, runtime = "openclaw") => ({
    "gateway call sessions.list": { sessions: [{ key, agentRuntime: { id: runtime } }] },
  });
  const has = (...tools: readonly string[]) => ({
    "gateway call tools.effective": {
      agentId: "main",
      profile: "coding",
      groups: [{ tools: tools.map((id) => ({ id })) }],
    },
  });
  beforeEach(() => gateway.runsPlugin({ lines: [runningLine()] }));

  test.each([["agent:main:main"], ["agent:main:switchboard:warm-up"]])(
    "both are there in %s",
    async (key) => {
      examined.commands = { ...session(key), ...has("exec", "phone_call", "phone_approve") };
      expect(await examined.found("plugin-tools")).toEqual([
        'ok: The agent "main" has phone_call and phone_approve.',
      ]);
      expect(examined.asked.at(-1)).toContain(`{"sessionKey":"${key}"}`);
    },
  );

  test.each([
    [{}, `openclaw config set tools.alsoAllow '["phone_call","phone_approve"]'`],
    [{ alsoAllow: ["x"] }, `openclaw config set tools.alsoAllow '["x","phone_call","phone_approve"]'`],
    [{ allow: ["exec"] }, `openclaw config set tools.allow '["exec","phone_call","phone_approve"]'`],
    [
      { deny: ["phone_call"] },
      'take phone_call and phone_approve out of "tools.deny" in the gateway\'s config',
    ],
  ])("hidden by %j", async (tools, command) => {
    examined.write("openclaw.json", { ...ALLOWED, tools });
    examined.commands = { ...session("agent:main:main"), ...has("exec") };
    expect(await examined.look("plugin-tools")).toEqual([
      {
        level: "problem",
        found:
          'The agent "main" does not have phone_call and phone_approve: the gateway\'s tool settings hide them (profile coding).',
        command,
      },
    ]);
  });

  test("without a ClawdTalk line there are no approvals", async () => {
    examined.env = { OPENCLAW_GATEWAY_URL: gateway.url, CLAWCALL_API_KEY: "ck_some_key" };
    examined.commands = { ...session("agent:main:main"), ...has("phone_call") };
    expect(await examined.found("plugin-tools")).toEqual(['ok: The agent "main" has phone_call.']);
  });

  test("another runtime may hide them", async () => {
    examined.commands = {
      ...session("agent:main:main", "claude-cli"),
      ...has("phone_call", "phone_approve"),
    };
    expect((await examined.found("plugin-tools"))[0]).toMatch(/^warning: .*but "claude-cli" runs it/);
  });

  test("nobody has spoken with the agent yet; the gateway cannot be asked", async () => {
    examined.commands = { "gateway call sessions.list": { sessions: [] } };
    expect((await examined.found("plugin-tools"))[0]).toMatch(
      /^ok: .*known when somebody has spoken with it\.$/,
    );
    examined.commands = {};
    expect((await examined.found("plugin-tools"))[0]).toMatch(
      /^warning: What tools the agent has could not be asked/,
    );
  });
});

describe("the skill", () => {
  test.each([
    [{ eligible: true, modelVisible: true }, /^ok: The agent sees the skill switchboard\.$/],
    [{ disabled: true }, /^warning: The skill switchboard is switched off\.$/],
    [
      { blockedByAgentFilter: true },
      /^warning: The gateway's list of allowed skills leaves switchboard out\.$/,
    ],
    [{ eligible: false }, /^warning: The skill switchboard lacks something it needs\.$/],
  ])("%j", async (skill, said) => {
    examined.commands = { "skills list": { skills: [{ name: "other" }, { name: "switchboard", ...skill }] } };
    expect((await examined.found("skill-visible"))[0]).toMatch(said);
  });

  test("of several agents, those that answer the phone are looked at", async () => {
    gateway.runsPlugin({
      lines: [runningLine(), runningLine({ name: "work", ownerSession: "agent:work:main" })],
    });
    examined.commands = {
      "skills list --agent main": { skills: [{ name: "switchboard" }] },
      "skills list --agent work": { skills: [] },
    };
    expect(await examined.found("skill-visible")).toEqual([
      "ok: The agent sees the skill switchboard.",
      "warning: The gateway does not list the skill switchboard.",
    ]);
    examined.commands = {};
    expect((await examined.found("skill-visible"))[0]).toMatch(/^warning: .* could not be asked: /);
  });

  test("is not listed; cannot be looked for", async () => {
    examined.commands = { "skills list": { skills: [] } };
    expect(await examined.found("skill-visible")).toEqual([
      "warning: The gateway does not list the skill switchboard.",
    ]);
    examined.commands = undefined;
    expect(await examined.found("skill-visible")).toEqual([]);
  });
});

describe("the gateway's own audit", () => {
  test.each([
    [{ channels: { phone: { enabled: true } } }, "ok"],
    [{ channels: {} }, "warning"],
    [{ channels: { phone: { enabled: false } } }, "warning"],
  ])("%j: %s", async (config, level) => {
    examined.write("openclaw.json", { ...ALLOWED, ...config });
    gateway.runsPlugin();
    const found = await examined.look("security-audit");
    expect(found.map((each) => each.level)).toEqual([level]);
    if (level === "warning") {
      expect(found[0]?.fix).toMatchObject({ wish: { path: ["channels", "phone", "enabled"], value: true } });
    }
  });
});
