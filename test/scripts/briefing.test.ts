import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { searchCalls } from "../../plugin/store/calls.ts";
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { ScriptRunner } from "./run-script.ts";

const TASK = "总结我的日历;\n\"重要\" 邮件 & `rm` $HOME %PATH% 'x'";
const LABEL = '早间 "简报"';

/**
 * Stands in for the gateway's command line, with its shapes as test/gateway/cases/texts.ts meets them: keeps jobs in a
 * file, and answers for the agent what the file `answer` says.
 */
const GATEWAY_CLI = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
const folder = process.env.OPENCLAW_STATE_DIR;
const file = path.join(folder, "jobs.json");
const jobs = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
const [command, verb, ...rest] = process.argv.slice(2);
const option = (name) => rest[rest.indexOf(name) + 1];
const fail = (message) => {
  console.log(JSON.stringify({ ok: false, error: { type: "cli_error", message } }));
  process.exit(1);
};
if (existsSync(path.join(folder, "away"))) fail("The gateway is not running.\\nStart it.\\nTarget: x");
if (command === "agent") {
  const args = [verb, ...rest];
  appendFileSync(path.join(folder, "asked.txt"), readFileSync(args[args.indexOf("--message-file") + 1], "utf8"));
  const answer = path.join(folder, "answer");
  if (!existsSync(answer)) fail("The model is away.");
  console.log(JSON.stringify({ status: "ok", result: { payloads: [{ text: readFileSync(answer, "utf8") }] } }));
} else if (verb === "add") {
  const job = {
    id: "job-" + (jobs.length + 1),
    declarationKey: option("--declaration-key"),
    name: option("--name"),
    enabled: true,
    schedule: { kind: "cron", expr: option("--cron"), tz: option("--tz"), staggerMs: rest.includes("--exact") ? 0 : 300000 },
    payload: { kind: "command", argv: JSON.parse(option("--command-argv")), input: option("--command-input") },
    nextRunAtMs: Date.parse("2030-01-07T00:00:00Z"),
  };
  writeFileSync(file, JSON.stringify([...jobs, job]));
  console.log(JSON.stringify({ created: true, job }));
} else if (verb === "list") {
  console.log(JSON.stringify({ jobs: [{ id: "other", schedule: { kind: "every" }, payload: { kind: "heartbeat" } }, ...jobs] }));
} else if (verb === "rm") {
  if (!jobs.some((job) => job.id === rest[0])) fail("Automation not found: " + rest[0]);
  writeFileSync(file, JSON.stringify(jobs.filter((job) => job.id !== rest[0])));
  console.log(JSON.stringify({ ok: true, removed: true }));
}
`;

let clawdTalk: ClawdTalkPractice;
let clawCall: ClawCallPractice;
let runner: ScriptRunner;
let env: Record<string, string>;

beforeEach(async () => {
  [clawdTalk, clawCall] = await Promise.all([startClawdTalkPractice(), startClawCallPractice()]);
  runner = new ScriptRunner({ isBuilt: true });
  runner.write("bin/openclaw.mjs", GATEWAY_CLI);
  env = {
    SWITCHBOARD_OPENCLAW: path.join(runner.stateFolder, "bin", "openclaw.mjs"),
    CLAWDTALK_API_KEY: clawdTalk.key,
    CLAWDTALK_SERVER: clawdTalk.url,
    TZ: "Asia/Shanghai",
  };
});

afterEach(async () => {
  expect(clawdTalk.violations).toEqual([]);
  expect(clawCall.violations).toEqual([]);
  await Promise.all([clawdTalk.close(), clawCall.close()]);
  runner.remove();
});

/** From here on there is a ClawCall account too. */
function withClawCall(tier: "free" | "pro"): void {
  clawCall.account.tier = tier;
  env = { ...env, CLAWCALL_API_KEY: clawCall.key, CLAWCALL_BASE_URL: clawCall.url };
}

const briefing = (...args: string[]) => runner.run("briefing", args, { env });

const add = (...more: string[]) =>
  briefing("add", "0 8 * * 1-5", "--label", LABEL, "--task", TASK, "--timezone", "Asia/Shanghai", ...more);

async function answer(...args: string[]) {
  const { code, stdout, stderr } = await briefing(...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

/** Runs `briefing ring` the way the gateway's cron job does. */
async function ring(order: object) {
  const script = path.resolve(import.meta.dirname, "../../scripts/briefing.ts");
  const result = await execa(process.execPath, [script, "ring"], {
    input: JSON.stringify(order),
    env: { ...env, OPENCLAW_STATE_DIR: runner.stateFolder, HOME: runner.stateFolder, ...systemRoot() },
    extendEnv: false,
    reject: false,
  });
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

function systemRoot(): Record<string, string> {
  return process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot };
}

const wait = { timeoutMs: 5_000 };

describe("a ClawCall account that schedules calls", () => {
  test("its own scheduler keeps the briefing", async () => {
    withClawCall("pro");
    const { code, stdout, stderr } = await add();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^"早间 \\"简报\\"" \(0 8 \* \* mon-fri\) will ring you:\n(?: {2}\w+day \d+ \w+ \d{4} at 08:00 \(Asia\/Shanghai\)\n){3} {2}…\nKept by ClawCall's own scheduler \(line clawcall\)\. Id: \S+\n$/,
    );
    expect(clawCall.schedules).toMatchObject([
      { cron: "0 8 * * mon-fri", label: LABEL, taskContext: TASK, timezone: "Asia/Shanghai" },
    ]);
    const { briefings } = await answer("list");
    expect(briefings).toMatchObject([
      {
        id: clawCall.schedules[0]?.id,
        backEnd: "clawcall",
        label: LABEL,
        task: TASK,
        // What we say is what the service does.
        nextTime: new Date(clawCall.schedules[0]?.dueAt ?? 0).toISOString(),
        nextInWords: expect.stringMatching(/at 08:00 \(Asia\/Shanghai\)$/),
      },
    ]);
    expect(await answer("remove", briefings[0].id)).toMatchObject({ removed: { backEnd: "clawcall" } });
    expect(clawCall.schedules).toEqual([]);
  });

  test("a task that its address cannot hold is kept by the gateway", async () => {
    withClawCall("pro");
    const task = "总结我的日历。".repeat(70);
    const { briefing: made } = await answer("add", "0 8 * * *", "--task", task);
    expect(made).toMatchObject({ backEnd: "gateway", reason: expect.stringMatching(/too long/) });
    expect((await answer("list")).briefings).toMatchObject([{ task }]);
    expect(clawCall.schedules).toEqual([]);
  });

  test("briefings of both back ends are listed together, and either is removed by its id", async () => {
    withClawCall("pro");
    await answer("add", "0 8 * * *", "--task", "One");
    const { briefing: made } = await answer("add", "0 9 * * *", "--task", "Two", "--line", "clawdtalk");
    expect(made).toMatchObject({ backEnd: "gateway", reason: "ClawdTalk schedules no calls" });
    expect(JSON.parse(JSON.parse(await read("jobs.json"))[0].payload.input)).toMatchObject({
      line: "clawdtalk",
    });
    const { stdout } = await briefing("list");
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(
        /^job-1 {2}"Briefing" {2}Monday 7 January 2030 at 08:00 \(Asia\/Shanghai\) {2}the gateway {2}"Two"$/,
      ),
      expect.stringMatching(/ {2}ClawCall \(line clawcall\) {2}"One"$/),
    ]);
    expect(await answer("remove", "job-1")).toMatchObject({ removed: { id: "job-1", backEnd: "gateway" } });
    expect((await answer("list")).briefings).toMatchObject([{ task: "One" }]);
  });
});

describe("without one", () => {
  test("the gateway's scheduler keeps the briefing, and says why", async () => {
    withClawCall("free");
    const { code, stdout } = await add();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Kept by the gateway's scheduler, since ClawCall's Free tier schedules no calls\. Id: job-1\n$/,
    );
    const [job] = JSON.parse(await read("jobs.json"));
    expect(job).toMatchObject({
      schedule: { expr: "0 8 * * mon-fri", tz: "Asia/Shanghai", staggerMs: 0 },
      payload: { argv: [process.execPath, expect.stringMatching(/scripts[\\/]briefing\.js$/), "ring"] },
    });
    expect(JSON.parse(job.payload.input)).toEqual({
      key: job.declarationKey,
      cron: "0 8 * * mon-fri",
      timezone: "Asia/Shanghai",
      label: LABEL,
      task: TASK,
    });
    expect((await answer("list")).briefings).toMatchObject([{ id: "job-1", label: LABEL, task: TASK }]);
  });

  test("nobody can ring: it says what the tier allows, and makes nothing", async () => {
    withClawCall("free");
    env = { ...env, CLAWDTALK_API_KEY: "" };
    const { code, stderr, stdout } = await add();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/ClawCall's Pro or Team tier \(the account has Free\)[^\n]*\n$/);
    expect((await answer("list")).briefings).toEqual([]);
  });

  test("a ClawCall that does not answer", async () => {
    withClawCall("pro");
    await clawCall.close();
    expect((await answer("add", "0 8 * * *", "--task", "News")).briefing).toMatchObject({
      backEnd: "gateway",
      reason: expect.stringMatching(/^ClawCall could not be asked: .*ECONNREFUSED/),
    });
    // The list is not complete, and says so.
    const { code, stdout, stderr } = await briefing("list", "--json");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ClawCall at \S+ could not be reached/);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/could not be reached/) },
      briefings: [{ task: "News" }],
      problems: [expect.any(String)],
    });
  });
});

test("--dry-run shows the times and the keeper, and makes nothing", async () => {
  withClawCall("pro");
  const { code, stdout } = await add("--dry-run");
  expect(code).toBe(0);
  expect(stdout).toMatch(/at 08:00 .*\nNothing was made\. It would be kept by ClawCall's own scheduler/s);
  expect(clawCall.schedules).toEqual([]);
  expect((await answer("add", "0 8 * * *", "--task", "News", "--dry-run")).briefing).toMatchObject({
    made: false,
    timezone: "Asia/Shanghai",
    nextTimes: [expect.any(String), expect.any(String), expect.any(String)],
  });
});

test.each([
  [["0 8 1-5", "--task", "x"], /write "0 8 \* \* 1-5"\.\n$/],
  [["0 8 * * *", "--task", "x", "--timezone", "Berlin"], /is no time zone/],
  [["0 8 * * *", "--task", "x", "--timezone", ""], /The time zone is empty/],
  [["0 8 * * *", "--task", "  "], /needs a task/],
  [["0 8 * * *"], /required option '--task <text>'/],
])("add %j is not understood: exit code 2, and nobody is asked", async (args, message) => {
  withClawCall("pro");
  const { code, stdout, stderr } = await briefing("add", ...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(clawCall.requests).toEqual([]);
});

test("a gateway that cannot be asked is named", async () => {
  runner.write("away", "");
  const { code, stderr } = await add();
  expect(code).toBe(1);
  expect(stderr).toBe('"openclaw cron add" failed: The gateway is not running. Start it.\n');
  expect((await briefing("remove", "job-1")).stderr).toBe(
    '"openclaw cron list" failed: The gateway is not running. Start it.\n',
  );
  expect(await briefing("list")).toMatchObject({ code: 1, stdout: "" });
  env = { ...env, SWITCHBOARD_OPENCLAW: "/nowhere/openclaw" };
  expect((await add()).stderr).toMatch(
    /"openclaw" was not found on the PATH: name its file in SWITCHBOARD_OPENCLAW\.\n$/,
  );
});

test("no gateway at all is a note where ClawCall keeps the briefings, and a failure where it does not", async () => {
  withClawCall("pro");
  await answer("add", "0 8 * * *", "--task", "News");
  env = { ...env, SWITCHBOARD_OPENCLAW: "/nowhere/openclaw" };
  const note =
    "Note: Only ClawCall's briefings are known: The gateway's command \"openclaw\" was not found on the PATH: name its file in SWITCHBOARD_OPENCLAW.\n";
  const { code, stdout, stderr } = await briefing("list", "--json");
  expect([code, stderr]).toEqual([0, note]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, briefings: [{ task: "News" }], problems: [] });
  // What the gateway may keep is not denied.
  const unknown = await briefing("remove", "job-7");
  expect([unknown.code, unknown.stderr]).toEqual([1, note.replace("Note: ", "")]);
  await answer("remove", JSON.parse(stdout).briefings[0].id);
  expect(await briefing("list")).toEqual({ code: 0, stdout: "No briefings.\n", stderr: note });
  clawCall.account.tier = "free";
  expect(await briefing("list")).toMatchObject({ code: 1, stdout: "" });
});

test("an id nobody knows", async () => {
  expect(await briefing("remove", "job-7")).toMatchObject({
    code: 1,
    stderr: 'There is no briefing "job-7": see the ids with "briefing list".\n',
  });
});

describe("ringing", () => {
  // Due all the time.
  const order = {
    key: "switchboard-briefing:1",
    cron: "* * * * *",
    timezone: "UTC",
    label: LABEL,
    task: TASK,
  };

  test("says the agent's words, made speakable", async () => {
    runner.write("answer", `## 早上好\n\n您今天有**两个**会议。 The key is ${clawdTalk.key}`);
    const { code, stdout, stderr } = await ring(order);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Calling you on line clawdtalk: 早上好。 您今天有两个会议/);
    expect(stdout).toMatch(/Preparing took \d\.\d s, placing the call \d\.\d s\.$/);
    const call = await clawdTalk.nextOutbound(wait);
    expect((await call.heardGreeting(wait)).text).toBe("早上好。 您今天有两个会议。 The key is [redacted]");
    const asked = await read("asked.txt");
    for (const line of TASK.split("\n")) expect(asked).toContain(`> ${line}`);
    expect(asked).toContain(`"${LABEL}"`);
    expect(await stored()).toMatchObject([{ callee: null, state: "placed", line: "clawdtalk" }]);
  });

  test("rings all the same, with an honest sentence, when the briefing could not be prepared", async () => {
    const { code, stdout } = await ring(order);
    expect(code).toBe(0);
    expect(stdout).toMatch(/could not be prepared: "openclaw agent" failed: The model is away\./);
    expect((await (await clawdTalk.nextOutbound(wait)).heardGreeting(wait)).text).toBe(
      '这是您的定时简报“早间 "简报"”。这次我没能准备好。您可以现在问我，我再试一次。',
    );
    runner.write("answer", "NO_REPLY");
    expect(
      (await ring({ ...order, label: "Mail", task: "Read me my mail, the important ones first." })).code,
    ).toBe(0);
    expect((await (await clawdTalk.nextOutbound(wait)).heardGreeting(wait)).text).toBe(
      "This is your briefing, Mail. I could not prepare it this time. Ask me now, and I will try again.",
    );
  });

  test("a line that does not call out leaves it to the next one", async () => {
    withClawCall("free");
    runner.write("answer", "Good morning.");
    env = { ...env, CLAWDTALK_API_KEY: "" };
    runner.write(
      "switchboard/skill-config.json",
      JSON.stringify({
        lines: {
          first: { carrier: "clawcall", apiKey: clawCall.key, server: clawCall.url },
          second: { carrier: "clawdtalk", apiKey: clawdTalk.key, server: clawdTalk.url },
        },
      }),
    );
    expect((await ring(order)).stdout).toMatch(/^Calling you on line second: Good morning\./);
    // Not where the owner named the line.
    const named = await ring({ ...order, line: "first" });
    expect([named.code, named.stdout]).toEqual([1, ""]);
    expect(named.stderr).toMatch(/Pro/);
  });

  test("a ClawCall line that calls out speaks the words as a callback that takes questions", async () => {
    withClawCall("pro");
    env = { ...env, CLAWDTALK_API_KEY: "" };
    runner.write("answer", "Good morning.");
    expect((await ring(order)).stdout).toMatch(/^Calling you on line clawcall: Good morning\./);
    expect(clawCall.requests.at(-1)).toMatchObject({
      path: "/api/v1/calls/outbound/callback",
      body: { message: "Good morning.", allow_followup: true },
    });
  });

  test("a call that may have been placed is not placed again on another line", async () => {
    withClawCall("pro");
    runner.write("answer", "Good morning.");
    clawdTalk.faults.rest = [{ path: "/v1/calls", kind: "status", status: 500, times: 1 }];
    const { code, stderr } = await ring(order);
    expect(code).toBe(1);
    expect(stderr).toMatch(/may have been carried out all the same/);
    expect(clawCall.calls).toEqual([]);
  });

  test("not hours later, when the gateway starts again; but by hand at any time", async () => {
    runner.write("answer", "Good morning.");
    // Not due within half an hour of now, whenever that is.
    const now = new Date();
    const cron = `${now.getUTCMinutes()} ${(now.getUTCHours() + 12) % 24} * * *`;
    const late = { ...order, cron };
    const job = (nextRunAtMs: number) => ({
      id: "job-1",
      declarationKey: late.key,
      enabled: true,
      schedule: { kind: "cron", expr: cron, tz: "UTC" },
      payload: { kind: "command", input: JSON.stringify(late) },
      nextRunAtMs,
    });
    runner.write("jobs.json", JSON.stringify([job(now.getTime() - 12 * 3_600_000)]));
    const missed = await ring(late);
    expect([missed.code, missed.stderr]).toEqual([0, ""]);
    expect(missed.stdout).toMatch(
      /^Not calling you: this briefing was due \w+day .* when the gateway was not running\.$/,
    );
    expect(clawdTalk.calls.size).toBe(0);
    runner.write("jobs.json", JSON.stringify([job(now.getTime() + 12 * 3_600_000)]));
    expect((await ring(late)).stdout).toMatch(/^Calling you on line clawdtalk: Good morning\./);
    env = { ...env, SWITCHBOARD_OPENCLAW: "/nowhere/openclaw" };
    expect((await ring(late)).stdout).toMatch(/^Calling you on line clawdtalk: 这是您的定时简报/);
  });

  test("by hand it says what it is for", async () => {
    expect(await briefing("ring")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/"briefing add"/),
    });
  });
});

test("help is help, loads nothing heavy, and needs no settings", async () => {
  const help = await runner.run("briefing", ["add", "--help"], {
    node: ["--import", path.join(import.meta.dirname, "log-modules.ts")],
    env: { OPENCLAW_STATE_DIR: "/none" },
  });
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/Usage: briefing add .*--timezone.*mon-fri/s);
  expect(help.stderr).not.toMatch(/node_modules\/(zod|kysely|croner|execa|marked)/);
});

const read = (name: string) => readFile(path.join(runner.stateFolder, name), "utf8");

async function stored() {
  const store = await openStore(runner.stateFolder);
  try {
    return await searchCalls(store, { limit: 10 });
  } finally {
    await closeStore(store);
  }
}
