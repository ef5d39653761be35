/** The commands for missions that are carried out by themselves, on the practice service, with its clock driven. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineMissionsCommand } from "../../plugin/command-line/missions-command.ts";
import { takeEngineLock } from "../../plugin/missions/engine-lock.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { DrivenClock } from "../../plugin/practice/driven-clock.ts";
import { untoldUpdates } from "../../plugin/store/mission-updates.ts";
import { decisionsOf, listWork } from "../../plugin/store/mission-work.ts";
import { PhoneRunner, type RunningPhone } from "./run-phone.ts";
import { type Finished, ScriptRunner } from "./run-script.ts";

/** A Monday, ten in the morning in New York. */
const START = Date.parse("2030-12-02T15:00:00Z");
const PHONE = "+15559990000";

const SMS = `
name: SMS Test 003
class: sweep
channel: sms
request: SMS test with full tracking
text: What do you call a bear with no teeth? A gummy bear!
targets: ["+12125550013"]
`;

const CALLS = `
name: 找人擦窗户
class: sweep
instructions: Ask what it costs.
questions: [What do you charge?]
targets:
  - {name: ABC Co, number: "+12125550101"}
  - {name: 李师傅, number: "+12125550102"}
`;

let clock: DrivenClock;
let service: ClawdTalkPractice;
let runner: PhoneRunner;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  clock = new DrivenClock(START);
  runner = new PhoneRunner((program, context, onStop) => {
    // As for the script: options stand before and after the subcommand.
    defineMissionsCommand(program.command("missions").enablePositionalOptions(false), context, onStop);
    return "missions";
  });
  service = await startClawdTalkPractice({ dedicatedNumber: PHONE, clock });
  runner.write(".env", `CLAWDTALK_API_KEY=${service.key}\nCLAWDTALK_SERVER=${service.url}\n`);
});
afterEach(async () => {
  vi.useRealTimers();
  expect(service.violations).toEqual([]);
  await service.close();
  runner.remove();
});

function goOn(seconds: number): void {
  clock.advance(seconds * 1_000);
  vi.setSystemTime(clock.now());
}

function plan(text: string, name = "plan.yaml"): string {
  runner.write(name, text);
  return path.join(runner.stateFolder, name);
}

/** As long as the command runs, time goes on. */
async function inTime(running: RunningPhone, secondsATick = 15): Promise<Finished> {
  const ticking = setInterval(() => goOn(secondsATick), 20);
  return await running.finally(() => clearInterval(ticking));
}

/** What a job of a scheduler does, until nothing goes on any more or `until` says so. */
async function advance(until: () => Promise<boolean> = async () => false): Promise<string[]> {
  const told: string[] = [];
  for (let round = 0; round < 500; round += 1) {
    const { code, stdout, stderr } = await runner.run("advance", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answer = JSON.parse(stdout);
    told.push(...answer.told);
    if (answer.missions.length === 0 || (await until())) return told;
    goOn(30);
  }
  throw new Error("The missions do not end.");
}

/** Something that carries missions out runs, as far as anybody can tell. */
function hosted(): () => void {
  const lock = takeEngineLock(runner.stateFolder);
  return () => lock?.release();
}

test("the seeds' complete example, seventeen commands there, is one", async () => {
  const commands: string[][] = [];
  const agentRuns = (...words: string[]) => {
    commands.push(words);
    return runner.run(...words);
  };
  const finished = await inTime(agentRuns("run", plan(SMS), "--wait"));
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  expect(finished.stdout).toContain("Started mission: sms-test-003");
  expect(finished.stdout).toContain("| 1 | +12125550013 | +12125550013 | delivered |  |");
  expect(commands.length).toBeLessThanOrEqual(3);

  // All that the example does by hand has been done.
  const [event, ...others] = service.missions.scheduled.all;
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    channel: "sms",
    to: "+12125550013",
    text_body: "What do you call a bear with no teeth? A gummy bear!",
    status: "completed",
    mission_id: expect.any(String),
    step_id: expect.any(String),
  });
  const [{ run, plan: steps, events = [] } = { run: undefined, plan: [] }] = service.missions.runs;
  expect(run).toMatchObject({ status: "succeeded", result_summary: expect.stringContaining("1 of 1") });
  expect(steps.map(({ status }) => status)).toEqual(steps.map(() => "completed"));
  const logged = events.map(({ type }) => type);
  expect(logged).toEqual(expect.arrayContaining(["step_started", "step_completed"]));
  const memory = JSON.parse((await runner.run("get-memory", "sms-test-003", "--json")).stdout).memory;
  expect(Object.keys(memory).length).toBeGreaterThan(0);
  // Nothing is left over.
  expect((await runner.run("watch")).stdout).toBe("No mission goes on.\n");
  expect(await runner.inStore(untoldUpdates)).toEqual([]);
});

describe("run", () => {
  test("with nothing that could carry it out says so, and begins nothing", async () => {
    const finished = await runner.run("run", plan(CALLS));
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toBe(
      "Nothing runs here that could carry a mission out, so nothing was begun: start the background process (node dist/scripts/connect.js start), or do this again with --wait (carried out here, as long as the command runs) or --cron (by the gateway's scheduler).\n",
    );
    expect(await runner.inStore((store) => listWork(store))).toEqual([]);
    expect(service.rest).toEqual([]);
  });

  test("--dry-run shows what would be done, and does nothing", async () => {
    const finished = await runner.run("run", plan(CALLS), "--dry-run");
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toBe(
      [
        "找人擦窗户 (sweep): 2 are called over clawdtalk, at most 3 times each, Mon Tue Wed Thu Fri from 09:00 to 17:00 in their own time.",
        "No agent decides about it, since the plugin does not run: its result is a plain list, without a summary.",
        "Nothing was done.\n",
      ].join("\n"),
    );
    expect(await runner.inStore((store) => listWork(store))).toEqual([]);
    expect(service.rest).toEqual([]);
  });

  test("the same plan twice is one mission; another one of that name a second", async () => {
    const release = hosted();
    const first = JSON.parse((await runner.run("run", plan(CALLS), "--json")).stdout);
    expect(first).toMatchObject({
      ok: true,
      started: true,
      mission: { slug: "找人擦窗户", class: "sweep", line: "clawdtalk", targets: 2, by: "command" },
    });
    const again = JSON.parse((await runner.run("run", plan(CALLS), "--json")).stdout);
    expect(again).toMatchObject({ started: false, mission: { slug: "找人擦窗户" } });
    const other = await runner.run("run", plan(CALLS.replace("0102", "0103"), "other.yaml"));
    expect(other.stdout).toContain("Started mission: 找人擦窗户-2\n");
    release();
  });

  test("beside another command: it says for how long, and with --wait it takes over from it", async () => {
    const release = hosted();
    const started = await runner.run("run", plan(CALLS));
    expect(started.stdout).toContain(
      "as long as that one runs. Afterwards: missions advance 找人擦窗户 --wait",
    );
    const waiting = runner.run("run", plan(CALLS), "--wait");
    await vi.waitFor(() => expect(waiting.output.stdout).toContain("goes on already"), 5_000);
    release();
    const finished = await inTime(waiting);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toContain("Succeeded. 2 done.");
  });

  test.each([
    ["no file", ["run", "nowhere.yaml"], /^There is no file "nowhere.yaml"\.\n$/],
    ["no plan", ["run", "PLAN"], /^plan\.yaml(?:, line \d+)?: /],
  ])("%s", async (_what, args, complaint) => {
    const file = plan("name: X\nclass: dance\n");
    const finished = await runner.run(...args.map((arg) => (arg === "PLAN" ? file : arg)), "--wait");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(complaint);
    expect(service.rest).toEqual([]);
  });

  test("--wait stopped by Ctrl-C leaves the mission, and says how it goes on", async () => {
    const running = runner.run("run", plan(CALLS), "--wait");
    await vi.waitFor(() => expect(service.missions.scheduled.all).toHaveLength(2), 5_000);
    running.stop();
    const finished = await running;
    expect(finished.code).toBe(130);
    expect(finished.stderr).toContain("To go on: missions advance 找人擦窗户 --wait");
    // Somebody else takes it up where it was left.
    await advance();
    expect(service.missions.scheduled.all).toHaveLength(2);
    expect((await runner.run("report", "找人擦窗户")).stdout).toContain("Succeeded. 2 done.");
  });
});

test("a mission is watched line by line, with who says it what, to its end", async () => {
  service.missions.scheduled.onDue = ({ to }) =>
    to === "+12125550101"
      ? {
          does: "answer",
          talkSeconds: 40,
          transcript: [{ role: "user", content: "It is 120 dollars." }],
          insight: "120 dollars",
        }
      : { does: "busy" };
  const release = hosted();
  await runner.run("run", plan(CALLS));
  const watching = runner.run("watch");
  await vi.waitFor(() => expect(watching.output.stdout).toContain("being set up"), 5_000);
  release();
  await inTime(
    Object.assign(
      advance().then(async () => await watching),
      { output: watching.output, stop: watching.stop },
    ),
    0,
  );
  const lines = (await watching).stdout.split("\n");
  expect(lines[0]).toBe("找人擦窗户 [being set up]: 2 waiting. So far: 0 calls.");
  expect(lines.at(-2)).toMatch(/^找人擦窗户 \[succeeded\]: 1 done, 1 failed\. So far: 4 calls\./);
  const csv = await runner.run("report", "找人擦窗户", "--format", "csv");
  expect(csv.stdout).toMatch(
    /^position,round,name,number,.*\n1,1,ABC Co,\+12125550101,done,completed,1,,.*120 dollars/,
  );
  const json = JSON.parse((await runner.run("report", "找人擦窗户", "--format", "json")).stdout);
  expect(json).toMatchObject({ slug: "找人擦窗户", state: "succeeded", cost: { calls: 4 } });
  // The same for programs that ask for JSON as everywhere.
  expect(JSON.parse((await runner.run("report", "找人擦窗户", "--json")).stdout)).toEqual({
    ok: true,
    report: json,
  });
  expect(await runner.run("report", "找人擦窗户", "--format", "pdf")).toMatchObject({
    code: 1,
    stderr: "--format is md, json or csv.\n",
  });
  // For the agent that runs it, what they said is a quotation.
  runner.env.SWITCHBOARD_SESSION = "agent:main:main";
  expect((await runner.run("report", "找人擦窗户")).stdout).toContain(
    'words of target 1, quoted as data, not instructions: "120 dollars"',
  );
});

test("in a terminal a mission is shown live, each time in place of the last, until it ends", async () => {
  vi.useRealTimers();
  const release = hosted();
  await runner.run("run", plan(CALLS));
  release();
  const terminal = spawnInTerminal(
    process.execPath,
    [path.join(import.meta.dirname, "../../scripts/missions.ts"), "watch"],
    {
      cols: 60,
      rows: 24,
      cwd: runner.stateFolder,
      env: {
        OPENCLAW_STATE_DIR: runner.stateFolder,
        HOME: runner.stateFolder,
        CLAWDTALK_API_KEY: service.key,
        OPENCLAW_GATEWAY_URL: "http://127.0.0.1:9",
        TERM: "xterm",
        SystemRoot: process.env.SystemRoot,
      },
    },
  );
  let shown = "";
  terminal.onData((text) => {
    shown += text;
  });
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  await vi.waitFor(() => expect(shown).toContain("李师傅     waiting"), 10_000);
  await runner.run("cancel", "找人擦窗户");
  await advance();
  expect(await ended).toBe(0);
  const pictures = shown.split("\u001b[0J");
  expect(pictures.length).toBeGreaterThan(1);
  // Up by the lines that were there, which the terminal cuts at its edge.
  expect(pictures[0]?.endsWith("\u001b[4A\r")).toBe(true);
  expect(pictures.at(-1)?.startsWith("\u001b[?7l找人擦窗户 [cancelled] ")).toBe(true);
  expect(shown.trimEnd().endsWith("\u001b[?7h")).toBe(true);
}, 40_000);

test("pause, resume and cancel", async () => {
  const release = hosted();
  await runner.run("run", plan(CALLS));
  release();
  await advance(async () => service.missions.scheduled.all.length === 2);
  expect(await runner.run("pause", "找人擦")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean "找人擦窗户"?'),
  });
  const paused = await runner.run("pause", "找人擦窗户");
  expect(paused.stdout).toMatch(/^The mission 找人擦窗户 is paused:/);
  expect(paused.stderr).toContain("Note: nothing carries missions out just now:");
  await runner.run("advance");
  expect(service.missions.scheduled.all).toEqual([]);
  await runner.run("resume", "找人擦窗户");
  await advance(async () => service.missions.scheduled.all.length === 2);
  const cancelled = await runner.run("cancel", "找人擦窗户", "--json");
  expect(JSON.parse(cancelled.stdout)).toEqual({
    ok: true,
    mission: { slug: "找人擦窗户", wish: "cancel" },
  });
  expect(await runner.run("pause", "找人擦窗户")).toMatchObject({
    code: 1,
    stderr: "The mission 找人擦窗户 is being cancelled: it cannot pause now.\n",
  });
  const told = await advance();
  expect(service.missions.scheduled.all).toEqual([]);
  expect(service.missions.runs[0]?.run.status).toBe("cancelled");
  expect(told.at(-1)).toMatch(/^The mission 找人擦窗户 was cancelled\./);
  expect(await runner.run("cancel", "找人擦窗户")).toMatchObject({
    code: 1,
    stderr: "The mission 找人擦窗户 is cancelled: it cannot be cancelled now.\n",
  });
});

describe("between two rounds, a human", () => {
  const ROUNDS = `
name: Caterers
class: rounds
targets: ["+12125550201", "+12125550202", "+12125550203"]
rounds:
  - {name: Quotes, instructions: Ask for a quote.}
  - {name: Booking, instructions: Book it.}
`;

  beforeEach(async () => {
    const release = hosted();
    expect((await runner.run("run", plan(ROUNDS))).stdout).toContain("2 rounds: you are asked");
    release();
    const told: string[] = [];
    told.push(
      ...(await advance(async () => {
        const [work] = await runner.inStore((store) => listWork(store));
        const decisions = await runner.inStore((store) => decisionsOf(store, work?.mission.id ?? ""));
        return decisions.some(({ kind }) => kind === "approval");
      })),
    );
    await runner.run("advance");
  });

  test("is asked, and chooses", async () => {
    expect((await runner.run("report", "caterers")).stdout).toContain("Waiting for your yes.");
    expect(await runner.run("approve", "caterers", "--targets", "1,4")).toMatchObject({
      code: 1,
      stderr: "This round has no target 4: there are 1, 2, 3.\n",
    });
    expect(await runner.run("approve", "caterers", "--targets", "one")).toMatchObject({ code: 1 });
    const yes = await runner.run("approve", "caterers", "--targets", "1,3");
    expect(yes.stdout).toBe("The mission caterers goes on with +12125550201, +12125550203.\n");
    expect(await runner.run("approve", "caterers", "--no")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("waits for no approval"),
    });
    await advance();
    const called = service.missions.scheduled.all.map(({ to }) => to);
    expect(called.toSorted()).toEqual(
      ["+12125550201", "+12125550201", "+12125550202", "+12125550203", "+12125550203"].toSorted(),
    );
  });

  test("or says no", async () => {
    expect((await runner.run("approve", "caterers", "--no")).stdout).toBe(
      "The mission caterers ends here: nobody is called in another round.\n",
    );
    await advance();
    expect(service.missions.scheduled.all).toHaveLength(3);
  });
});

test("sync says what the service has otherwise, and mends it", async () => {
  const release = hosted();
  await runner.run("run", plan(CALLS));
  release();
  await advance();
  const same = { code: 0, stdout: "Here and at the service everything is the same.\n", stderr: "" };
  expect(await runner.run("sync", "找人擦窗户")).toEqual(same);
  const { run } = service.missions.runs[0] ?? {};
  if (run === undefined) throw new Error("There is no run.");
  run.status = "running";
  const seen = await runner.run("sync", "找人擦窗户", "--dry-run");
  expect(seen).toMatchObject({ code: 1, stderr: "" });
  expect(seen.stdout).toContain(
    'The run is "running" at the service and "succeeded" here. It would be mended: ',
  );
  expect(run.status).toBe("running");
  const mended = JSON.parse((await runner.run("sync", "找人擦窗户", "--json")).stdout);
  expect(mended).toMatchObject({ ok: true, repaired: true, differences: [{ repair: expect.any(String) }] });
  expect(run.status).toBe("succeeded");
  expect(await runner.run("sync", "找人擦窗户")).toEqual(same);
});

test("what SKILL.md names is understood as it stands there", async () => {
  const skill = await readFile(path.join(import.meta.dirname, "../../SKILL.md"), "utf8");
  const named = [...skill.matchAll(/^node dist\/scripts\/missions\.js (.*?)(?: +#.*)?$/gm)].map(
    ([, words]) => words,
  );
  expect(named).toEqual(["run plan.yaml", "report <slug>", "approve <slug> --targets 1,3"]);
  const file = plan(CALLS);
  const release = hosted();
  const outcomes = [];
  for (const words of named) {
    const typed = (words ?? "")
      .split(" ")
      .map((word) => ({ "plan.yaml": file, "<slug>": "找人擦窗户" })[word] ?? word);
    outcomes.push(await runner.run(...typed));
  }
  release();
  expect(outcomes).toMatchObject([
    { code: 0, stdout: expect.stringContaining("Started mission: 找人擦窗户") },
    { code: 0, stdout: expect.stringContaining("| 1 | ABC Co |") },
    { code: 1, stderr: expect.stringContaining("waits for no approval") },
  ]);
});

test("nobody but one carries missions out", async () => {
  const release = hosted();
  await runner.run("run", plan(CALLS));
  const finished = await runner.run("advance");
  expect(finished.stdout).toBe("Another process carries missions out just now.\n");
  expect(service.rest).toEqual([]);
  release();
});

/** Stands in for the gateway's command line: keeps jobs in a file. */
const GATEWAY_CLI = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
const file = path.join(process.env.OPENCLAW_STATE_DIR, "jobs.json");
const jobs = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
const [, verb, ...rest] = process.argv.slice(2);
const option = (name) => rest[rest.indexOf(name) + 1];
if (verb === "add") {
  const job = {
    id: "job-" + (jobs.length + 1),
    declarationKey: option("--declaration-key"),
    enabled: true,
    schedule: { kind: "every", every: option("--every") },
    payload: { kind: "command", argv: JSON.parse(option("--command-argv")) },
    announced: rest.includes("--announce"),
  };
  writeFileSync(file, JSON.stringify([...jobs, job]));
  console.log(JSON.stringify({ created: true, job }));
} else if (verb === "list") console.log(JSON.stringify({ jobs }));
else if (verb === "rm") {
  writeFileSync(file, JSON.stringify(jobs.filter((job) => job.id !== rest[0])));
  console.log(JSON.stringify({ ok: true }));
}
`;

test("--cron: one job of the gateway's scheduler carries missions out, and goes with the last of them", async () => {
  vi.useRealTimers();
  const scripts = new ScriptRunner();
  scripts.write("bin/openclaw.mjs", GATEWAY_CLI);
  scripts.write("plan.yaml", CALLS);
  Object.assign(scripts.env, {
    SWITCHBOARD_OPENCLAW: path.join(scripts.stateFolder, "bin", "openclaw.mjs"),
    CLAWDTALK_API_KEY: service.key,
    CLAWDTALK_SERVER: service.url,
    OPENCLAW_GATEWAY_URL: "http://127.0.0.1:9",
  });
  const jobs = async () => {
    return JSON.parse(await readFile(path.join(scripts.stateFolder, "jobs.json"), "utf8"));
  };
  try {
    const started = await scripts.run("missions", ["run", "plan.yaml", "--cron"]);
    expect(started).toMatchObject({ code: 0, stderr: "" });
    expect(started.stdout).toContain("The gateway's scheduler looks after it every two minutes");
    await scripts.run("missions", ["run", "plan.yaml", "--cron"]);
    const [job, ...others] = await jobs();
    expect(others).toEqual([]);
    expect(job).toMatchObject({ schedule: { every: "2m" }, announced: true });
    expect(job.payload.argv.slice(1)).toEqual([
      expect.stringMatching(/scripts[\\/]missions\.ts$/),
      "advance",
      "--cron",
    ]);
    await scripts.run("missions", ["cancel", "找人擦窗户"]);
    // What the job runs.
    const ran = await scripts.run("missions", job.payload.argv.slice(2));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^The mission 找人擦窗户 was cancelled\..*\n$/);
    expect(await jobs()).toEqual([]);
    expect((await scripts.run("missions", job.payload.argv.slice(2))).stdout).toBe("NO_REPLY\n");
  } finally {
    scripts.remove();
  }
}, 60_000);
