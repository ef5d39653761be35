// Proves that whatever makes a phone ring or a text go out is held against the limits: on every carrier, with the plugin
// and without it. Each way is a line of the table below; a new one is proven by adding it.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { HttpAgent } from "../../plugin/agent/http-agent.ts";
import { ring } from "../../plugin/briefings/ring.ts";
import { registerPhoneCallTool } from "../../plugin/calls/phone-call-tool.ts";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { createPhoneChannel } from "../../plugin/channel/channel.ts";
import { settleUnfinishedTexts } from "../../plugin/channel/send-text.ts";
import { Texts } from "../../plugin/channel/texts.ts";
import { defineBriefingCommand } from "../../plugin/command-line/briefing-command.ts";
import { defineCallCommand } from "../../plugin/command-line/call-command.ts";
import { defineClawCallCommand } from "../../plugin/command-line/clawcall-command.ts";
import { defineSmsCommand } from "../../plugin/command-line/sms-command.ts";
import { defineCalloutCommand } from "../../plugin/command-line/stepone-callout.ts";
import { defineStepOneCommand } from "../../plugin/command-line/stepone-command.ts";
import { chooseLine } from "../../plugin/config/choose-line.ts";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import type { CarrierName } from "../../plugin/config/schema.ts";
import { createConnector } from "../../plugin/connector/connector.ts";
import { localTime } from "../../plugin/limits/local-time.ts";
import { callsOf } from "../../plugin/lines/line-calls.ts";
import { PlannedCalls } from "../../plugin/lines/planned-calls.ts";
import { PhoneService } from "../../plugin/lines/service.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { findCallsById, planCall, searchCalls } from "../../plugin/store/calls.ts";
import { addDoNotCall } from "../../plugin/store/do-not-call.ts";
import { intendText } from "../../plugin/store/outbox.ts";
import { PhoneRunner, type RunningPhone } from "../scripts/run-phone.ts";
import { RunningGateway } from "../scripts/running-gateway.ts";

const OWNER = requirePhoneNumber("+15550001111");
const OWNERS_MOBILE = requirePhoneNumber("+8613900139000");
const OTHER = requirePhoneNumber("+15550002222");
const MAINLAND = requirePhoneNumber("+8613800138000");
const ANOTHER = requirePhoneNumber("+8613700137000");
const REQUIREMENT = "通知张总明天上午9点在三楼会议室开会";
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let clawdtalk: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let stepone: StepOnePractice;
let gateway: RunningGateway;
let runner: PhoneRunner;
/** What runs until the test is over. */
let stops: (() => Promise<void>)[];

beforeAll(async () => {
  gateway = await RunningGateway.start();
});

afterAll(async () => await gateway.close());

// Services of its own for each test: a call that another one placed would still ring, and be heard of in this one.
beforeEach(async () => {
  stops = [];
  [clawdtalk, clawcall, stepone] = await Promise.all([
    startClawdTalkPractice({ dedicatedNumber: "+15550008888" }),
    startClawCallPractice({ tier: "pro", ownerNumber: OWNER }),
    startStepOnePractice({ timings: { ringMs: 0, lineMs: 0, recordDelayMs: 0, keepAliveMs: 20 } }),
  ]);
  runner = new PhoneRunner();
  runner.env = {
    HOME: runner.stateFolder,
    OPENCLAW_GATEWAY_URL: gateway.url,
    CLAWDTALK_API_KEY: clawdtalk.key,
    CLAWDTALK_SERVER: clawdtalk.url,
    CLAWCALL_API_KEY: clawcall.key,
    CLAWCALL_BASE_URL: clawcall.url,
    STEPONEAI_API_KEY: stepone.key,
    STEPONEAI_API_BASE: stepone.url,
  };
});

afterEach(async () => {
  for (const stop of stops) await stop();
  vi.unstubAllEnvs();
  await Promise.all([clawdtalk.close(), clawcall.close(), stepone.close()]);
  runner.remove();
  expect([clawdtalk.violations, clawcall.violations, stepone.violations]).toEqual([[], [], []]);
});

/** What has reached a carrier that makes a phone ring, now or later, or is a text. */
const arrived = () =>
  [
    ...clawdtalk.rest.filter(({ method }) => method === "POST"),
    ...clawcall.requests.filter(
      ({ method, path }) => method === "POST" && /\/calls\/(?:outbound|schedule)/.test(path),
    ),
    ...stepone.requests.filter(({ path }) => path.endsWith("/initiate_call")),
  ].map(({ path }) => path);

/** What was answered to whoever wanted it. */
interface Refusal {
  /** Of a command. */
  readonly code?: number | null;
  readonly said: string;
}

interface Way {
  readonly to: "others" | "owner";
  /** The rules that do not hold for it, and why. */
  readonly exempt?: Partial<Record<Rule, string>>;
  /** Tries it; undefined when it was not refused. */
  go(): Promise<Refusal | undefined>;
}

async function ended(running: RunningPhone): Promise<Refusal | undefined> {
  const { code, stdout, stderr } = await running;
  if (code === 0) return undefined;
  expect(stdout).toBe("");
  expect(stderr.trimEnd().split("\n"), "one sentence").toHaveLength(1);
  return { code, said: stderr };
}

async function refusedBy(work: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { said: (error as Error).message };
  }
}

const phone = (...args: readonly string[]) => ended(runner.run(...args));
const script = (define: Parameters<PhoneRunner["runScript"]>[0], ...args: readonly string[]) =>
  ended(runner.runScript(define, ...args));

const PATIENCE = { timeout: 10_000 };

/** Waits until it has gone out, or the store says why not. */
async function outcome(detail: () => Promise<string | undefined>): Promise<Refusal | undefined> {
  return await vi.waitFor(async () => {
    if (arrived().length > 0) return undefined;
    const said = await detail();
    if (said === undefined) throw new Error("nothing has happened");
    return { said };
  }, PATIENCE);
}

/** A call that is due now, and what the store says became of it. */
async function due(
  carrier: CarrierName,
  callee: typeof OTHER | null,
): Promise<() => Promise<string | undefined>> {
  const id = await runner.inStore((store) =>
    planCall(store, {
      line: carrier,
      carrier,
      callee,
      purpose: REQUIREMENT,
      greeting: "Hi",
      dueAt: new Date(),
    }),
  );
  return async () => (await runner.inStore((store) => findCallsById(store, id)))[0]?.detail;
}

/** What keeps the lines connected places it. */
async function whenDue(carrier: CarrierName, callee: typeof OTHER | null): Promise<Refusal | undefined> {
  const detail = await due(carrier, callee);
  const { config } = runner.settings();
  return await runner.inStore(async (store) => {
    const planned = new PlannedCalls({
      line: chooseLine(config, carrier),
      config,
      store,
      canCallOthers: true,
      onNotPlaced: async () => {},
      log: silent,
      everyMs: 10,
    });
    planned.start();
    return await outcome(detail).finally(() => planned.stop());
  });
}

/** The background process of an install without the plugin, with the lines of these carriers. */
async function withConnector(
  carriers: readonly CarrierName[],
  work: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const { config } = runner.settings();
  const agent: HttpAgent = {
    run: async () => ({ kind: "answered", text: "Fine." }),
    check: async () => ({ way: undefined, modelCallsPerTurn: undefined, detail: "" }),
    access: undefined,
    defaultAgentId: "main",
    notify: async () => true,
  };
  return await runner.inStore(async (store) => {
    const lines = config.lines.filter(({ carrier }) => carriers.includes(carrier));
    const connector = createConnector({
      config: { ...config, lines },
      agent,
      store,
      stateFolder: runner.stateFolder,
      log: silent,
      version: "0",
    });
    connector.start();
    return await work().finally(async () => {
      await connector.stop();
      await vi.waitFor(() => expect(clawdtalk.connected).toBe(false), PATIENCE);
    });
  });
}

const lastText = () =>
  runner.inStore(
    async (store) =>
      (await store.db.selectFrom("outbox").select("detail").orderBy("id", "desc").executeTakeFirst())
        ?.detail ??
      (await store.db.selectFrom("inbox").select("detail").executeTakeFirst())?.detail ??
      undefined,
  );

/** A text comes in on the plugin's line, and is answered. */
async function answerInGateway(): Promise<Refusal | undefined> {
  const { config } = runner.settings();
  return await runner.inStore(async (store) => {
    const texts = new Texts({
      line: "clawdtalk",
      store,
      config,
      rest: new ClawdTalkRest({ apiUrl: clawdtalk.apiUrl, apiKey: clawdtalk.key }),
      answer: async (_text, reply) => {
        await reply("Hello!");
        return "answered";
      },
      tellOwner: async () => {},
      log: silent,
      retryAfterMs: [],
    });
    await texts.receive({ messageId: "m1", from: OTHER, body: "Hi" });
    return await outcome(lastText).finally(() => texts.stop());
  });
}

async function answerInConnector(): Promise<Refusal | undefined> {
  return await withConnector(["clawdtalk"], async () => {
    await clawdtalk.until(() => clawdtalk.connected || undefined, "the connector");
    clawdtalk.text({ from: OTHER, body: "Hi" });
    return await outcome(lastText);
  });
}

/** A text that an earlier process left unsent, with nobody who waits for it. */
async function resend(): Promise<Refusal | undefined> {
  const { config } = runner.settings();
  return await runner.inStore(async (store) => {
    const now = store.now();
    const before = { ...store, now: () => new Date(now.getTime() - 60_000) };
    const parts = [{ body: "Hi", mediaUrls: [] }];
    await intendText(before, { line: "clawdtalk", to: OTHER, parts, resend: true });
    const rest = new ClawdTalkRest({ apiUrl: clawdtalk.apiUrl, apiKey: clawdtalk.key });
    const reports: string[] = [];
    await settleUnfinishedTexts(
      { line: "clawdtalk", report: (sentence) => void reports.push(sentence) },
      { store, rest, config },
    );
    return reports[0] === undefined ? undefined : { said: reports[0] };
  });
}

/** The gateway's `message` tool, its cron delivery and `openclaw message send` all end here. */
async function sendOverChannel(): Promise<Refusal | undefined> {
  for (const [name, value] of Object.entries(runner.env)) vi.stubEnv(name, value);
  vi.stubEnv("OPENCLAW_STATE_DIR", runner.stateFolder);
  const api = { logger: silent, config: {}, runtime: {} };
  const service = new PhoneService(api as unknown as OpenClawPluginApi);
  stops.push(() => service.stop());
  const channel = createPhoneChannel({
    lines: () => service.lines(),
    sendText: (text) => service.sendText(text),
    runLine: async () => {},
  });
  const message = { to: OTHER, text: "Hi", cfg: {} };
  return await refusedBy(channel.outbound?.sendText?.(message as never) ?? Promise.resolve());
}

async function askTool(number: string): Promise<Refusal | undefined> {
  type Tool = { execute(id: string, given: unknown): Promise<unknown> };
  const tools: ((context: { sessionKey: string }) => Tool)[] = [];
  const api = { registerTool: (make: (typeof tools)[0]) => void tools.push(make) };
  registerPhoneCallTool(api as unknown as OpenClawPluginApi, () => runner.settings());
  const tool = tools[0]?.({ sessionKey: "agent:main:main" });
  if (tool === undefined) throw new Error("There is no tool.");
  return await refusedBy(tool.execute("t1", { number, objective: REQUIREMENT }));
}

async function ringNow(): Promise<Refusal | undefined> {
  const { config } = runner.settings();
  const line = chooseLine(config, "clawdtalk");
  const { placer } = await callsOf(line, config);
  const order = { key: "k", cron: "0 8 * * *", timezone: "UTC", label: "Morning", task: "Weather" };
  return await runner.inStore((store) =>
    refusedBy(
      ring({
        order,
        lines: [{ line, rest: placer }],
        config,
        store,
        ask: async () => "It is sunny.",
        now: () => performance.now(),
      }),
    ),
  );
}

const IS_OWNER = { doNotCall: "the list is of other people" };
const JUDGED_WHEN_DUE = { cap: "what was done until then is not known yet" };
const NOBODY_IS_DISTURBED = { hours: "it answers somebody who is awake" };

const WAYS: Readonly<Record<string, Way>> = {
  "call, ClawdTalk": {
    to: "others",
    go: () => script(defineCallCommand, "--to", OTHER, "Hi", "--line", "clawdtalk"),
  },
  "call, ClawCall": {
    to: "others",
    go: () => script(defineCallCommand, "--to", OTHER, "--purpose", "Book a table", "--line", "clawcall"),
  },
  "call to the owner, ClawdTalk": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => script(defineCallCommand, "Hi", "--line", "clawdtalk"),
  },
  "call to the owner, ClawCall": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => script(defineCallCommand, "Hi", "--line", "clawcall"),
  },
  "phone call, ClawdTalk": {
    to: "others",
    go: () => phone("call", OTHER, "Book a table", "--carrier", "clawdtalk"),
  },
  "phone call, ClawCall": {
    to: "others",
    go: () => phone("call", OTHER, "Book a table", "--carrier", "clawcall"),
  },
  "phone call, StepOne": {
    to: "others",
    go: () => phone("call", MAINLAND, REQUIREMENT, "--carrier", "stepone"),
  },
  "phone call me, ClawdTalk": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => phone("call", "me", "Wake up", "--carrier", "clawdtalk"),
  },
  "phone call me, ClawCall": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => phone("call", "me", "Wake up", "--carrier", "clawcall"),
  },
  "phone call me, StepOne": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => phone("call", "me", REQUIREMENT, "--carrier", "stepone"),
  },
  "a planned call when it is due, ClawdTalk": { to: "others", go: () => whenDue("clawdtalk", OTHER) },
  "a planned call when it is due, ClawCall": { to: "others", go: () => whenDue("clawcall", OTHER) },
  "a planned call when it is due, StepOne": { to: "others", go: () => whenDue("stepone", MAINLAND) },
  "a planned call to the owner": { to: "owner", exempt: IS_OWNER, go: () => whenDue("clawdtalk", null) },
  "a planned call in the connector, StepOne": {
    to: "others",
    go: async () => {
      const detail = await due("stepone", MAINLAND);
      return await withConnector(["stepone"], () => outcome(detail));
    },
  },
  "a planned call to the owner in the connector, ClawCall": {
    to: "owner",
    exempt: IS_OWNER,
    go: async () => {
      const detail = await due("clawcall", null);
      return await withConnector(["clawcall"], () => outcome(detail));
    },
  },
  "clawcall callback": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => script(defineClawCallCommand, "callback", "Wake up"),
  },
  "clawcall third-party": {
    to: "others",
    go: () => script(defineClawCallCommand, "third-party", OTHER, "Book a table"),
  },
  "clawcall schedule": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => script(defineClawCallCommand, "schedule", "0 8 * * *", "--label", "a", "--task", "b"),
  },
  "briefing add, kept by ClawCall": {
    to: "owner",
    exempt: IS_OWNER,
    go: () => script(defineBriefingCommand, "add", "0 8 * * *", "--task", "b"),
  },
  "a briefing that is due": { to: "owner", exempt: IS_OWNER, go: ringNow },
  callout: { to: "others", go: () => script(defineCalloutCommand, "13800138000", REQUIREMENT) },
  "callout to several": {
    to: "others",
    go: () => script(defineCalloutCommand, "13700137000,13800138000", REQUIREMENT),
  },
  "stepone call": {
    to: "others",
    go: () =>
      script(
        defineStepOneCommand,
        "call",
        JSON.stringify({ phones: "13800138000", user_requirement: REQUIREMENT }),
      ),
  },
  "the tool phone_call": { to: "others", go: () => askTool(OTHER) },
  "the tool phone_call, StepOne": { to: "others", go: () => askTool(MAINLAND) },
  "the tool phone_call to the owner": { to: "owner", exempt: IS_OWNER, go: () => askTool("me") },
  "sms send": { to: "others", go: () => script(defineSmsCommand, "send", OTHER, "Hi") },
  "phone sms": { to: "others", go: () => phone("sms", OTHER, "Hi") },
  "the gateway's message tool and command": { to: "others", go: sendOverChannel },
  "an answer to a text": { to: "others", exempt: NOBODY_IS_DISTURBED, go: answerInGateway },
  "an answer to a text in the connector": {
    to: "others",
    exempt: NOBODY_IS_DISTURBED,
    go: answerInConnector,
  },
  "a text that is sent again": { to: "others", go: resend },
};

/** Settings under which nothing is held back. */
const OPEN = { quietHours: "off", callingHours: "always", cooldownMinutes: 0, defaultRegion: "CN" };

/** An hour of the day that is not the one it is now. */
function anotherHour(): string {
  const hour = (Number(localTime(new Date(), "UTC").slice(11, 13)) + 12) % 24;
  return `${hour}:00-${hour}:30`;
}

/** A time zone in which it is about noon: the day does not end while a test runs. */
function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours();
  // The names count the hours behind Greenwich.
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

const RULES = {
  doNotCall: {
    settings: {},
    says: /on the do-not-call list/,
  },
  hours: {
    settings: { quietHours: "00:00-24:00" },
    says: /"quietHours"|"callingHours"/,
  },
  cap: {
    settings: { callsPerDay: 0, textsPerDay: 0 },
    says: /"callsPerDay"|"textsPerDay"/,
  },
} as const satisfies Record<string, { readonly settings: object; readonly says: RegExp }>;
type Rule = keyof typeof RULES;

function configure(settings: object): void {
  const whole = {
    ownerNumbers: [OWNER, OWNERS_MOBILE],
    ownerName: "Ada",
    agentName: "Bo",
    ...OPEN,
    ...settings,
  };
  runner.write("switchboard/skill-config.json", JSON.stringify(whole));
  runner.write("openclaw.json", "{}");
}

const isText = (name: string) => /text|sms|message/.test(name);

describe.each(Object.entries(WAYS))("%s", (name, way) => {
  test("goes out when nothing forbids it", async () => {
    configure({});
    expect(await way.go()).toBeUndefined();
    expect(arrived().length).toBeGreaterThan(0);
  });

  for (const [rule, { settings, says }] of Object.entries(RULES) as [Rule, (typeof RULES)[Rule]][]) {
    if (way.exempt?.[rule] !== undefined) continue;
    test(`is stopped: ${rule}`, async () => {
      configure(
        rule === "hours" && isText(name)
          ? { callingHours: anotherHour(), numberTimezones: { "+1": "UTC" } }
          : settings,
      );
      if (rule === "doNotCall") {
        await runner.inStore(async (store) => {
          for (const number of [OTHER, MAINLAND]) await addDoNotCall(store, { number, source: "owner" });
        });
      }
      const refusal = await way.go();
      expect(arrived(), "nothing reaches a carrier").toEqual([]);
      expect(refusal?.said).toMatch(says);
      expect([undefined, 1]).toContain(refusal?.code);
      // Nothing is left that could still go out.
      const calls = await runner.inStore((store) => searchCalls(store, { limit: 9 }));
      expect(calls.filter(({ state }) => state !== "refused")).toEqual([]);
      const open = await runner.inStore((store) =>
        store.db.selectFrom("outbox").select("state").where("state", "!=", "failed").execute(),
      );
      expect(open).toEqual([]);
    });
  }
});

describe("a call at a time", () => {
  const at = ["--at", "+20m"];

  test.each([
    ["doNotCall", OTHER],
    ["hours", OTHER],
    ["hours", "me"],
  ] as const)("is not planned: %s, %s", async (rule, to) => {
    configure(RULES[rule].settings);
    if (rule === "doNotCall") {
      await runner.inStore((store) => addDoNotCall(store, { number: OTHER, source: "owner" }));
    }
    expect(await phone("call", to, "Hello", ...at)).toMatchObject({
      code: 1,
      said: expect.stringMatching(RULES[rule].says),
    });
    expect(await runner.inStore((store) => searchCalls(store, { limit: 9 }))).toEqual([]);
  });

  test("is planned whatever was done today, and held against that when it is due", async () => {
    configure(RULES.cap.settings);
    expect(await phone("call", OTHER, "Hello", ...at), JUDGED_WHEN_DUE.cap).toBeUndefined();
    expect(arrived()).toEqual([]);
  });
});

describe("an order to several numbers", () => {
  const callout = async (...args: string[]) => {
    const { code, stdout, stderr } = await runner.runScript(defineCalloutCommand, ...args);
    return { code, stdout, stderr };
  };

  test("goes as a whole or not at all; who may not be called is named", async () => {
    configure({});
    await runner.inStore((store) => addDoNotCall(store, { number: MAINLAND, source: "text", words: "退订" }));
    const { code, stdout, stderr } = await callout("13700137000,13800138000", REQUIREMENT);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^Nobody was called, since 1 of the 2 numbers may not be \(\+8613800138000\)\. \+8613800138000 is neither called nor texted: .*phone do-not-call remove \+8613800138000\n$/,
    );
    const json = JSON.parse((await callout("13700137000,13800138000", REQUIREMENT, "--json")).stdout);
    expect(json).toMatchObject({
      ok: false,
      error: { name: "LimitReached" },
      refused: [{ number: MAINLAND, rule: "doNotCall", message: expect.any(String) }],
    });
    expect(arrived()).toEqual([]);
    const calls = await runner.inStore((store) => searchCalls(store, { limit: 9 }));
    expect(calls.slice(0, 2)).toMatchObject([
      { state: "refused", callee: MAINLAND, detail: expect.stringMatching(/do-not-call list/) },
      { state: "refused", callee: ANOTHER, detail: "Nobody of its order was called." },
    ]);
    expect((await callout("13700137000", REQUIREMENT)).code).toBe(0);
  });

  test("counts whole against the line's day, and what did not go does not count", async () => {
    configure({ callsPerDay: 2, callsPerNumberPerDay: 1, timezone: zoneAtNoon() });
    const { code, stderr } = await callout("13700137000,13800138000,13600136000", REQUIREMENT);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        'The line "stepone" has placed 0 calls today, this order takes 3, and 2 a day are allowed: go on tomorrow, or the owner can raise "callsPerDay".',
      ),
    ]);
    const { stdout } = await callout("13700137000,13800138000", REQUIREMENT);
    const placed = stepone.calls.slice(-2);
    expect(stdout.trimEnd().split("\n")).toEqual(placed.map(({ id }) => id));
    expect(await runner.inStore((store) => searchCalls(store, { limit: 2 }))).toMatchObject([
      { state: "placed", callee: MAINLAND, purpose: REQUIREMENT, carrierCallId: placed[1]?.id },
      { state: "placed", callee: ANOTHER, carrierCallId: placed[0]?.id },
    ]);
    expect((await callout("13700137000", REQUIREMENT)).stderr).toMatch(/"callsPerNumberPerDay"/);
  });

  test("is written down also when the service refuses, or its answer is lost", async () => {
    configure({});
    stepone.faults.refuseCalls = { message: "余额不足" };
    expect((await callout("13700137000,13800138000", REQUIREMENT)).code).toBe(1);
    expect(await runner.inStore((store) => searchCalls(store, { limit: 9 }))).toMatchObject([
      { state: "refused", detail: expect.stringContaining("余额不足") },
      { state: "refused" },
    ]);
  });
});

test("a schedule in quiet hours says which time, and one that rings all day how often", async () => {
  configure({ quietHours: "22:00-07:00", timezone: "Europe/Berlin", callsPerDay: 3 });
  const add = (...args: string[]) =>
    script(defineClawCallCommand, "schedule", ...args, "--label", "a", "--task", "b", "--dry-run");
  expect((await add("30 6 * * *", "--timezone", "Europe/Berlin"))?.said).toMatch(
    /^This would ring you at \d{4}-\d\d-\d\d 06:30 \(Europe\/Berlin\), and nobody is called from 22:00 to 07:00: choose other times/,
  );
  // 07:30 in summer is 06:30 in winter, for those whose clocks do not change.
  expect((await add("30 5 * * *", "--timezone", "UTC"))?.said).toMatch(/06:30 \(Europe\/Berlin\)/);
  expect((await add("0 9,10,11,12 * * *", "--timezone", "Europe/Berlin"))?.said).toMatch(
    /more than 3 times on \d{4}-\d\d-\d\d, and 3 calls a day are allowed: choose fewer times, .*"callsPerDay"/,
  );
  const fine = await runner.runScript(
    defineClawCallCommand,
    ...["schedule", "0 9,10,11 * * mon", "--timezone", "Europe/Berlin", "--dry-run"],
  );
  expect(fine).toMatchObject({ code: 0, stdout: expect.stringMatching(/Nothing was made/) });
});

test("numbers that are never called are never texted", async () => {
  configure({});
  for (const [number, says] of [
    ["+19001234567", /premium-rate/],
    ["+870773111632", /premium-rate or satellite/],
  ] as const) {
    expect(await phone("sms", number, "Hi")).toMatchObject({ code: 2, said: expect.stringMatching(says) });
    const { config } = runner.settings();
    expect(config.allowPremiumNumbers).toBe(false);
  }
  expect(arrived()).toEqual([]);
});

test("nothing else asks a carrier to ring or to text", () => {
  // Each of these is behind checkLimits or checkRings, or hands on to a line's own service what they let through.
  const known: Readonly<Record<string, readonly string[]>> = {
    "calls/place-call.ts": ["placeCall"],
    "calls/place-order.ts": ["placeCalls"],
    "carriers/clawcall/call-placer.ts": ["callBack", "callThirdParty"],
    "carriers/stepone/call-placer.ts": ["placeCalls"],
    "channel/send-text.ts": ["sendText"],
    "command-line/briefing-command.ts": ["schedule"],
    "command-line/clawcall-command.ts": ["schedule"],
    "index.ts": ["sendText"],
  };
  const plugin = path.resolve(import.meta.dirname, "../../plugin");
  const found = readdirSync(plugin, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.startsWith("practice/"))
    .flatMap((file) => {
      const source = readFileSync(path.join(plugin, file), "utf8");
      const calls = source.matchAll(/\.(placeCalls?|callBack|callThirdParty|schedule|sendText)\(/g);
      const names = [...new Set([...calls].map(([, name = ""]) => name))].sort();
      return names.length === 0 ? [] : [[file, names] as const];
    });
  expect(Object.fromEntries(found)).toEqual(known);
  for (const file of ["calls/place-call.ts", "calls/place-order.ts", "channel/send-text.ts"]) {
    expect(readFileSync(path.join(plugin, file), "utf8")).toContain("await checkLimits(");
  }
});
