// Proves what setup changes and asks, from what it found and what was answered: nothing twice, and no consent implied.
import { describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { settingsDefaults } from "../../plugin/config/schema.ts";
import type { Findings } from "../../plugin/wizard/findings.ts";
import { type Answers, planSetup } from "../../plugin/wizard/setup-plan.ts";

const OWNER = requirePhoneNumber("+15550001111");

/** A gateway that has never heard of us. */
const nothing: Findings = {
  gateway: {
    kind: "openclaw",
    stateFolder: "/state",
    configFile: "/state/openclaw.json",
    hasConfig: true,
    isRunning: true,
    command: "/bin/openclaw",
    reloads: true,
  },
  plugin: {
    isInstalled: false,
    isRunning: false,
    isEnabled: true,
    mayTakePart: false,
    isListed: true,
    isDenied: false,
  },
  isChannelEnabled: false,
  overHttp: { streaming: false, sessionsSend: false },
  config: { ...settingsDefaults, ownerNumbers: [], lines: [] },
  problems: [],
  said: { callers: false, ownerNumbers: undefined },
  keys: {},
  names: { ownerName: "Sam", agentName: "Robin" },
  gatewayConfig: { gateway: { mode: "local" } },
  envFile: {},
};

const KEYS = { CLAWDTALK_API_KEY: "cc_live_1" };

/** Everything is as a first setup leaves it. */
const done: Findings = {
  ...nothing,
  plugin: { ...nothing.plugin, isInstalled: true, isRunning: true, mayTakePart: true },
  isChannelEnabled: true,
  config: { ...nothing.config, ownerName: "Sam", agentName: "Robin", ownerNumbers: [OWNER] },
  said: { callers: true, ownerNumbers: [OWNER] },
  keys: { clawdtalk: { key: "cc_live_1", isKept: true } },
  gatewayConfig: { plugins: { entries: { switchboard: { enabled: true } } } },
  envFile: KEYS,
};

const openIds = (found: Findings, answers: Answers) => planSetup(found, answers).open.map(({ id }) => id);
const needed = (found: Findings, answers: Answers) =>
  planSetup(found, answers)
    .open.filter(({ isOptional }) => !isOptional)
    .map(({ id }) => id);

test("once everything is set up, nothing is open and nothing changes, whatever is answered again", () => {
  for (const answers of [
    {},
    { callers: "owner" },
    { variables: KEYS, ownerNumbers: [OWNER], ownerName: "Sam" },
  ] as const) {
    expect(planSetup(done, answers)).toMatchObject({
      open: [],
      wishes: [],
      variables: {},
      ownSettings: [],
      installsPlugin: false,
      registersWithClawCall: false,
    });
  }
});

test("a first setup: each question once, the needed ones named with their options", () => {
  expect(openIds(nothing, {})).toEqual(["services", "names", "greeting", "callers"]);
  const chosen: Answers = { services: ["clawdtalk", "clawcall"] };
  expect(openIds(nothing, chosen)).toEqual([
    "key:clawdtalk",
    "key:clawcall",
    "ownerNumber",
    "names",
    "greeting",
    "callers",
  ]);
  expect(needed(nothing, chosen)).toEqual(["key:clawdtalk", "key:clawcall", "callers"]);
  expect(planSetup(nothing, chosen).open.find(({ id }) => id === "key:clawcall")?.flags).toEqual([
    "--clawcall-key-from",
    "--store-number",
  ]);
  expect(needed(nothing, { variables: KEYS, callers: "unknown" })).toEqual([]);
});

test("what the plugin needs is set, and only what is not so yet", () => {
  const answers: Answers = { variables: KEYS, callers: "owner", ownerNumbers: [OWNER], agentName: "Robin" };
  const plan = planSetup(nothing, answers);
  expect(plan.installsPlugin).toBe(true);
  expect(plan.variables).toEqual(KEYS);
  const entry = ["plugins", "entries", "switchboard"];
  expect(plan.wishes).toEqual([
    { change: "set", path: [...entry, "enabled"], value: true },
    { change: "set", path: [...entry, "hooks", "allowConversationAccess"], value: true },
    { change: "set", path: ["channels", "phone", "enabled"], value: true },
    { change: "set", path: [...entry, "config", "agentName"], value: "Robin" },
    { change: "set", path: [...entry, "config", "ownerNumbers"], value: [OWNER] },
    { change: "set", path: [...entry, "config", "inboundCallers"], value: "owner" },
  ]);
  const listed = { ...nothing, plugin: { ...nothing.plugin, isInstalled: true, isListed: false } };
  expect(planSetup(listed, answers).wishes[0]).toEqual({
    change: "unite",
    path: ["plugins", "allow"],
    items: ["switchboard"],
  });
  expect(planSetup(listed, answers).installsPlugin).toBe(false);
});

test("a second number joins the first, however it is written there", () => {
  const second = requirePhoneNumber("+15550002222");
  for (const before of [OWNER, [OWNER]]) {
    const found: Findings = { ...done, said: { callers: true, ownerNumbers: before } };
    expect(planSetup(found, { ownerNumbers: [OWNER, second] }).wishes).toEqual([
      {
        change: "set",
        path: ["plugins", "entries", "switchboard", "config", "ownerNumbers"],
        value: [OWNER, second],
      },
    ]);
  }
});

describe("consent", () => {
  test("without the plugin no way over HTTP is opened unless it is named, and only that one", () => {
    const answers: Answers = { mode: "skill", variables: KEYS, callers: "owner" };
    expect(needed(nothing, answers)).toEqual(["httpWay"]);
    expect(planSetup(nothing, answers).wishes).toEqual([]);
    expect(planSetup(nothing, { ...answers, httpWay: "sessions_send" })).toMatchObject({
      wishes: [{ change: "unite", path: ["gateway", "tools", "allow"], items: ["sessions_send"] }],
      ownSettings: [{ change: "set", path: ["inboundCallers"], value: "owner" }],
      installsPlugin: false,
      open: expect.not.arrayContaining([expect.objectContaining({ id: "httpWay" })]),
    });
    expect(needed({ ...nothing, overHttp: { streaming: true, sessionsSend: false } }, answers)).toEqual([]);
  });

  test("inside the gateway sessions_send is never allowed", () => {
    const plan = planSetup(nothing, { variables: KEYS, callers: "owner", httpWay: "sessions_send" });
    expect(JSON.stringify(plan.wishes)).not.toContain("sessions_send");
  });

  test("a number is stored with ClawCall only when that is said, and only where there is no account", () => {
    const chosen: Answers = { services: ["clawcall"], callers: "owner" };
    expect(planSetup(nothing, chosen).registersWithClawCall).toBe(false);
    expect(needed(nothing, { ...chosen, registers: true })).toEqual(["ownerNumber", "agentNameToRegister"]);
    const whole = { ...chosen, registers: true, ownerNumbers: [OWNER], agentName: "Robin" } as const;
    expect(planSetup(nothing, whole)).toMatchObject({ registersWithClawCall: true });
    expect(needed(nothing, whole)).toEqual([]);
    const has = { ...nothing, keys: { clawcall: { key: "k", isKept: true } } };
    expect(planSetup(has, whole).registersWithClawCall).toBe(false);
  });

  test("names from the agent's files are not used by themselves", () => {
    const plan = planSetup(nothing, { variables: KEYS, callers: "owner" });
    expect(JSON.stringify(plan.wishes)).not.toContain("Robin");
  });

  test("who may call is asked, and what was said once is not asked again", () => {
    expect(needed({ ...done, said: { callers: false, ownerNumbers: [OWNER] } }, {})).toEqual(["callers"]);
    expect(needed(nothing, { services: ["stepone"], variables: { STEPONEAI_API_KEY: "sk_1" } })).toEqual([]);
  });
});

test("a gateway without its command line gets no plugin: the phone runs beside it", () => {
  const found = { ...nothing, gateway: { ...nothing.gateway, command: undefined } };
  expect(planSetup(found, { variables: KEYS }).mode).toBe("skill");
  const installed = { ...found, plugin: { ...nothing.plugin, isInstalled: true } };
  expect(planSetup(installed, { variables: KEYS }).mode).toBe("plugin");
});
