/** Who is answered without the model, and what happens when the gateway's state cannot be read. */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PhoneRun, phoneRuns } from "../../plugin/agent/phone-runs.ts";
import type { Scheduler } from "../../plugin/quick-answers/gateway-facts.ts";
import { registerQuickAnswers } from "../../plugin/quick-answers/quick-answers.ts";
import { guestSession, strangerSession, warmUpSessionKey } from "../../plugin/trust/sessions.ts";

const OWNER_SESSION = "agent:main:main";
const NOW = Date.parse("2026-11-20T11:00:00Z");

interface Hooks {
  reply(
    words: string,
    context?: { runId?: string; sessionKey?: string },
  ): Promise<{ handled: boolean; reply?: { text: string } } | undefined>;
  past(sessionKey: string): string | undefined;
  startService(getCron: () => Scheduler | undefined): void;
  stopService(): void;
  nowMs: number;
}

/** The plugin registered in a gateway of which only what is read here exists. */
function register(
  tasks: () => Promise<unknown[]> = async () => [],
  config: Record<string, unknown> = {},
): Hooks {
  type Handler = (event: object, context: object) => unknown;
  const handlers = new Map<string, Handler>();
  let service: { start(context: object): void; stop(): void } | undefined;
  const hooks: Hooks = {
    nowMs: NOW,
    reply: async (words, context = {}) =>
      (await handlers.get("before_agent_reply")?.(
        { cleanedBody: words },
        { runId: "run", sessionKey: OWNER_SESSION, agentId: "main", ...context },
      )) as Awaited<ReturnType<Hooks["reply"]>>,
    past: (sessionKey) =>
      (handlers.get("before_prompt_build")?.({}, { sessionKey }) as { prependContext: string } | undefined)
        ?.prependContext,
    startService: (getCron) => service?.start({ getCron }),
    stopService: () => service?.stop(),
  };
  const api = {
    registrationMode: "full",
    logger: { debug() {} },
    on: (name: string, handler: Handler) => void handlers.set(name, handler),
    registerService: (registered: typeof service) => {
      service = registered;
    },
    runtime: {
      config: { current: () => config },
      agent: { resolveAgentIdentity: () => ({ name: "Gateway name" }) },
      tasks: { async: { runs: { bindSession: () => ({ list: tasks }) } } },
    },
  };
  registerQuickAnswers(api as unknown as OpenClawPluginApi, { now: () => hooks.nowMs });
  return hooks;
}

function setRun(run: Partial<PhoneRun> = {}, runId = "run"): void {
  phoneRuns().runs.set(runId, {
    line: "clawdtalk",
    language: "en",
    quickAnswers: true,
    isOpen: () => true,
    ...run,
  });
}

const scheduler = (jobs: Awaited<ReturnType<Scheduler["list"]>>): Scheduler => ({
  isEnabled: async () => true,
  list: async () => jobs,
});
const JOBS_QUESTION = "What scheduled jobs do I have?";
const TASKS_QUESTION = "What tasks are running?";

beforeEach(() => {
  phoneRuns().names = { agentName: "Robin" };
});
afterEach(() => {
  phoneRuns().runs.clear();
  phoneRuns().names = undefined;
  // Each test is a gateway process of its own.
  Reflect.deleteProperty(globalThis, Symbol.for("openclaw-switchboard.quick-answers"));
});

describe("who is answered", () => {
  it("the owner, in the caller's language", async () => {
    const hooks = register();
    setRun();
    expect(await hooks.reply("Hello!")).toEqual({
      handled: true,
      reply: { text: "Hello! What can I do for you?" },
    });
    setRun({ language: "zh-CN" });
    expect((await hooks.reply("你叫什么名字？"))?.reply?.text).toBe("我是Robin，您的人工智能助理。");
    setRun({ language: "sv" });
    expect(await hooks.reply("Hello!")).toBeUndefined();
  });

  it.each([
    ["a guest's session", guestSession("main", "+15550004444").sessionKey],
    ["a third party's session", strangerSession("main", "clawcall", "CA1").sessionKey],
    ["the warm-up", warmUpSessionKey("main")],
  ])("never %s, whatever the run says", async (_name, sessionKey) => {
    const hooks = register();
    setRun();
    for (const words of ["Hello!", "What's your name?", JOBS_QUESTION, TASKS_QUESTION, "How are you?"]) {
      expect(await hooks.reply(words, { sessionKey })).toBeUndefined();
    }
    expect(hooks.past(sessionKey)).toBeUndefined();
  });

  it("nobody whose run is not a phone's, not the owner's ordinary words, or over", async () => {
    const hooks = register();
    expect(await hooks.reply("Hello!")).toBeUndefined();
    setRun({ quickAnswers: undefined });
    expect(await hooks.reply("Hello!")).toBeUndefined();
    setRun({ quickAnswers: false });
    expect(await hooks.reply("Hello!")).toBeUndefined();
    setRun({ isOpen: () => false });
    expect(await hooks.reply("Hello!")).toBeUndefined();
  });

  it("the phone's name for the agent counts before the gateway's", async () => {
    const hooks = register();
    setRun();
    expect((await hooks.reply("Who are you?"))?.reply?.text).toContain("Robin");
    phoneRuns().names = undefined;
    expect((await hooks.reply("Who are you?"))?.reply?.text).toContain("Gateway name");
  });
});

describe("scheduled jobs", () => {
  it("are those the gateway will run, without its own housekeeping", async () => {
    const hooks = register(undefined, { agents: { defaults: { userTimezone: "Asia/Shanghai" } } });
    setRun();
    hooks.startService(() =>
      scheduler([
        { id: "1", name: "heartbeat-main", declarationKey: "heartbeat:main", payload: { kind: "heartbeat" } },
        { id: "2", name: "dreaming", declarationKey: "memory-core:dreaming", state: { nextRunAtMs: NOW } },
        { id: "3", name: "later", state: { nextRunAtMs: NOW + 6 * 3_600_000 } },
        { id: "4", name: "sooner", displayName: "Sooner  one", state: { nextRunAtMs: NOW + 3_600_000 } },
        { id: "5", name: "off", enabled: false, state: { nextRunAtMs: NOW } },
        { id: "6", name: "from a heartbeat list", declarationKey: "heartbeat-task:x" },
      ]),
    );
    expect((await hooks.reply(JOBS_QUESTION))?.reply?.text.replace(/\p{Zs}/gu, " ")).toBe(
      "3 jobs are scheduled. The next ones: Sooner one today at 8:00 PM and later tomorrow at 1:00 AM.",
    );
  });

  it.each<[string, (() => Scheduler | undefined) | undefined]>([
    ["there is no scheduler", undefined],
    ["it is not there yet", () => undefined],
    [
      "it was taken away",
      () => {
        throw new Error("revoked");
      },
    ],
    ["it is switched off", () => ({ isEnabled: async () => false, list: async () => [] })],
    [
      "it cannot be read",
      () => ({
        list: async () => {
          throw new Error("locked");
        },
      }),
    ],
    ["it does not answer in time", () => ({ list: () => new Promise(() => {}) })],
  ])("no guess where %s: the model answers", async (_name, getCron) => {
    const hooks = register();
    setRun();
    if (getCron !== undefined) hooks.startService(getCron);
    else hooks.stopService();
    const startedAt = performance.now();
    expect(await hooks.reply(JOBS_QUESTION)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(hooks.past(OWNER_SESSION)).toBeUndefined();
    hooks.stopService();
  });

  it("a service that stops takes only its own scheduler away", async () => {
    const before = register();
    before.startService(() => scheduler([]));
    const after = register();
    after.startService(() => scheduler([{ id: "1", name: "Briefing" }]));
    before.stopService();
    setRun();
    expect((await after.reply(JOBS_QUESTION))?.reply?.text).toBe("1 job is scheduled: Briefing.");
    after.stopService();
    expect(await after.reply(JOBS_QUESTION)).toBeUndefined();
  });
});

describe("running tasks", () => {
  const task = (parts: object) => ({
    id: "t",
    runtime: "subagent",
    status: "running",
    title: "x",
    createdAt: 1,
    ...parts,
  });

  it("are the session's and the jobs that run, each once, the newest first", async () => {
    const hooks = register(async () => [
      task({ id: "a", title: "an old one" }),
      task({ id: "b", label: "Flight search", title: "long prompt", startedAt: 5 }),
      task({ id: "c", status: "succeeded" }),
      task({ id: "d", runtime: "cron", title: "the job's own run" }),
      task({ id: "e", status: "queued", title: `${"word ".repeat(40)}`, createdAt: 9 }),
    ]);
    setRun();
    hooks.startService(() => scheduler([{ id: "j", name: "Briefing", state: { runningAtMs: 7 } }]));
    const text = (await hooks.reply(TASKS_QUESTION))?.reply?.text ?? "";
    expect(text).toMatch(/^4 tasks are running\. The newest: (word )+word… and Briefing\.$/);
    expect(text.length).toBeLessThan(160);
    hooks.stopService();
  });

  it("no guess where they cannot be read", async () => {
    const hooks = register(async () => {
      throw new Error("no");
    });
    setRun();
    hooks.startService(() => scheduler([]));
    expect(await hooks.reply(TASKS_QUESTION)).toBeUndefined();
    hooks.stopService();
  });
});

describe("what was said stays known for a while", () => {
  it("to the next turns of the same session, on any channel", async () => {
    const hooks = register();
    setRun();
    hooks.startService(() => scheduler([{ id: "1", name: "Briefing" }]));
    await hooks.reply("Hello!");
    expect(hooks.past(OWNER_SESSION)).toBeUndefined();
    await hooks.reply(`Hey, ${JOBS_QUESTION}`);
    const past = hooks.past(OWNER_SESSION);
    expect(past).toContain(JSON.stringify(`Hey, ${JOBS_QUESTION}`));
    expect(past).toContain("1 job is scheduled: Briefing.");
    // Still there for the turn after: the gateway does not write it down.
    expect(hooks.past(OWNER_SESSION)).toBe(past);
    expect(hooks.past("agent:main:other")).toBeUndefined();
    expect(hooks.past(guestSession("main", "+15550004444").sessionKey)).toBeUndefined();
    for (let count = 0; count < 9; count++) await hooks.reply(JOBS_QUESTION);
    expect(hooks.past(OWNER_SESSION)?.split("\n")).toHaveLength(4);
    hooks.nowMs += 15 * 60_000;
    expect(hooks.past(OWNER_SESSION)).toBeUndefined();
    hooks.stopService();
  });
});
