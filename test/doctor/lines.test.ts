// Proves what the doctor says of the lines, against practice servers: keys, accounts, connections, rivals, the services'
// own clients and doctor.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ServiceDoctorAnswer,
  serviceDoctorAnswer,
} from "../../plugin/carriers/clawdtalk/service-doctor.ts";
import { connectorFiles } from "../../plugin/connector/files.ts";
import { takeLock } from "../../plugin/connector/lock.ts";
import { writeStatus } from "../../plugin/connector/status-file.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { Examined, runningLine, ToldGateway } from "./examined.ts";

let examined: Examined;
let gateway: ToldGateway;
let clawdtalk: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let stepone: StepOnePractice;

beforeEach(async () => {
  examined = new Examined();
  [gateway, clawdtalk, clawcall, stepone] = await Promise.all([
    ToldGateway.start(),
    startClawdTalkPractice({ dedicatedNumber: "+15550008888" }),
    startClawCallPractice({ tier: "pro", ownerNumber: "+15550001111" }),
    startStepOnePractice(),
  ]);
  use("clawdtalk");
});
afterEach(async () => {
  expect([clawdtalk.violations, clawcall.violations, stepone.violations]).toEqual([[], [], []]);
  examined.remove();
  await Promise.all([gateway.close(), clawdtalk.close(), clawcall.close(), stepone.close()]);
});

function use(...names: readonly ("clawdtalk" | "clawcall" | "stepone")[]): void {
  const lines = {
    clawdtalk: { CLAWDTALK_API_KEY: clawdtalk.key, CLAWDTALK_SERVER: clawdtalk.url },
    clawcall: { CLAWCALL_API_KEY: clawcall.key, CLAWCALL_BASE_URL: clawcall.url },
    stepone: { STEPONEAI_API_KEY: stepone.key, STEPONEAI_API_BASE: stepone.url },
  };
  examined.env = Object.assign({ OPENCLAW_GATEWAY_URL: gateway.url }, ...names.map((name) => lines[name]));
}

describe("keys", () => {
  test("no line at all", async () => {
    use();
    expect(await examined.look("line-keys")).toEqual([
      { level: "problem", found: "No phone line is set up.", command: "node dist/scripts/setup.js" },
    ]);
  });

  test("a line without a key, one that is switched off, one with a wrong address, one that is well", async () => {
    examined.write("switchboard/skill-config.json", {
      lines: {
        keyless: { carrier: "clawcall" },
        off: { carrier: "clawdtalk", enabled: false, apiKey: "cc_live_other" },
        wrong: { carrier: "clawdtalk", apiKey: "cc_live_third", server: "http://example.com" },
      },
    });
    expect(await examined.found("line-keys")).toEqual([
      'problem: The line "keyless" has no key.',
      "ok: off: switched off.",
      expect.stringMatching(/^problem: The line "wrong" has a wrong address/),
    ]);
  });
});

describe("accounts", () => {
  test("of all three services", async () => {
    use("clawdtalk", "clawcall", "stepone");
    expect(await examined.found("line-accounts")).toEqual([
      "ok: clawdtalk (ClawdTalk, pro): the key is good; number +15550008888.",
      expect.stringMatching(
        /^ok: clawcall \(ClawCall, Pro\): the key is good; .*\d+ of 120 minutes of this month left\.$/,
      ),
      expect.stringMatching(/^ok: stepone \(StepOne\): the key is good; cannot call you, since /),
    ]);
  });

  test("keys that are refused, without the keys", async () => {
    use("clawdtalk", "clawcall", "stepone");
    clawcall.faults.refuseKey = true;
    stepone.faults.refuseKey = true;
    examined.env.CLAWDTALK_API_KEY = "cc_live_somebody_else_0001";
    const found = await examined.look("line-accounts");
    expect(found.map(({ level }) => level)).toEqual(["problem", "problem", "problem"]);
    expect(found[0]).toMatchObject({
      found: expect.stringMatching(/^clawdtalk: ClawdTalk does not accept the key cc_live_…0001/),
      command: "node dist/scripts/setup.js",
    });
    for (const secret of [examined.env.CLAWDTALK_API_KEY, clawcall.key, stepone.key]) {
      expect(JSON.stringify(found)).not.toContain(secret);
    }
  });

  test("a service that cannot be reached", async () => {
    await clawdtalk.close();
    expect(await examined.look("line-accounts")).toEqual([
      {
        level: "problem",
        found: expect.stringMatching(/^clawdtalk: ClawdTalk at 127\.0\.0\.1:\d+ could not be reached/),
        command: "look at this machine's network, and look again in a while",
      },
    ]);
  });

  test("minutes that are used up; a number that is not verified", async () => {
    clawcall.account.minutesUsed = 120;
    use("clawcall");
    expect(await examined.look("line-accounts")).toMatchObject([
      { level: "ok", found: expect.stringContaining("cannot call you, since its ClawCall minutes") },
      { level: "warning", found: "clawcall: its ClawCall minutes of this month are used up." },
    ]);
    use("clawdtalk");
    clawdtalk.phoneVerified = false;
    expect(await examined.look("line-accounts")).toMatchObject([
      { level: "ok" },
      {
        level: "warning",
        found: "clawdtalk: the phone number of its ClawdTalk account is not verified.",
        command: "verify it at clawdtalk.com",
      },
    ]);
  });
});

describe("connections", () => {
  test.each([
    [runningLine(), ["ok: clawdtalk: connected."]],
    [
      runningLine({ problem: "Somebody else listens." }),
      ["ok: clawdtalk: connected.", "problem: Somebody else listens."],
    ],
    [runningLine({ state: "reconnecting", detail: "Next try at 8:00." }), ["warning: Next try at 8:00."]],
    [runningLine({ state: "refused", detail: "The key is refused." }), ["problem: The key is refused."]],
    [runningLine({ name: "other" }), ["problem: clawdtalk is not among the lines that run."]],
  ])("in the gateway: %j", async (line, said) => {
    gateway.runsPlugin({ lines: [line] });
    expect(await examined.found("line-connections")).toEqual(said);
  });

  test("without the plugin: nothing runs, then the background process does", async () => {
    expect(await examined.look("line-connections")).toEqual([
      {
        level: "problem",
        found: "Nothing keeps the lines connected.",
        command: "node dist/scripts/connect.js start",
      },
    ]);
    const lock = runConnector();
    expect(await examined.found("line-connections")).toEqual(["ok: clawdtalk: connected."]);
    lock?.release();
  });

  test("an install with the plugin waits for the gateway; StepOne needs nothing", async () => {
    await gateway.close();
    examined.commands = { "plugins inspect": { plugin: { enabled: true } } };
    expect(await examined.found("line-connections")).toEqual([]);
    examined.commands = undefined;
    use("stepone");
    expect(await examined.found("line-connections")).toEqual([]);
  });
});

/** The background process, as others see it: this very one. */
function runConnector(): ReturnType<typeof takeLock> {
  const files = connectorFiles(examined.stateFolder);
  const lock = takeLock(files.lock);
  const now = new Date().toISOString();
  writeStatus(files.status, {
    pid: process.pid,
    version: "0.1.0",
    startedAt: now,
    updatedAt: now,
    state: "running",
    lines: [{ ...runningLine(), state: "connected" }],
    agent: { way: "chat-completions", detail: "" },
    problems: [],
  });
  return lock;
}

test("an agent for each line", async () => {
  gateway.runsPlugin({ lines: [runningLine()] });
  expect(await examined.found("line-agents")).toEqual([]);
  gateway.runsPlugin({ lines: [runningLine({ noAgent: "Multiple agents are configured." })] });
  expect(await examined.look("line-agents")).toEqual([
    {
      level: "problem",
      found: "clawdtalk: the gateway does not know which agent answers: Multiple agents are configured.",
      command: "openclaw agents bind --agent main --bind phone:clawdtalk",
    },
  ]);
});

describe("others with the same key", () => {
  test("nobody", async () => {
    gateway.runsPlugin({ lines: [runningLine({ counters: { takeovers: 0 } })] });
    expect(await examined.found("duplicate-clients")).toEqual([]);
  });

  test("another client has taken over; one that gave up says so itself", async () => {
    gateway.runsPlugin({ lines: [runningLine({ counters: { takeovers: 2 } })] });
    expect(await examined.found("duplicate-clients")).toEqual([
      "warning: clawdtalk: another client with the same key has taken over 2 times (close code 4000).",
    ]);
    gateway.runsPlugin({ lines: [runningLine({ state: "stopped", counters: { takeovers: 3 } })] });
    expect(await examined.found("duplicate-clients")).toEqual([]);
  });

  test("the background process beside the plugin", async () => {
    gateway.runsPlugin();
    const lock = runConnector();
    expect(await examined.look("duplicate-clients")).toEqual([
      {
        level: "problem",
        found: `The background process (process ${process.pid}) runs beside the plugin, with the same keys.`,
        command: "node dist/scripts/connect.js stop",
      },
    ]);
    lock?.release();
  });
});

describe("the services' own clients", () => {
  test("none", async () => {
    expect(await examined.found("old-clients")).toEqual([]);
  });

  test("one that does not run, and one that does", async () => {
    const folder = "workspace/skills/clawdtalk-client";
    examined.write(`${folder}/SKILL.md`, "---\nname: clawdtalk-client\n---\n");
    const program = examined.write(
      `${folder}/scripts/ws-client.js`,
      "setInterval(() => {}, 1000); console.log(1);",
    );
    expect(await examined.look("old-clients")).toMatchObject([
      {
        level: "warning",
        found: expect.stringMatching(/^ClawdTalk's own client \(clawdtalk-client, in .*\) is still there\.$/),
        command: "node dist/scripts/setup.js --import, then delete that folder",
      },
    ]);
    const client = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "ignore"] });
    await once(client.stdout, "data");
    expect(await examined.look("old-clients")).toEqual([
      {
        level: "problem",
        found: expect.stringMatching(
          new RegExp(`^ClawdTalk's own client .* is running \\(process ${client.pid}\\)\\.$`),
        ),
        command: "node dist/scripts/setup.js --import --stop-old-clients",
      },
    ]);
    client.kill();
    await once(client, "exit");
  });
});

describe("ClawdTalk's own doctor", () => {
  test("is not offered", async () => {
    expect(await examined.found("service-doctor")).toEqual([]);
  });

  test("finds nothing", async () => {
    Object.assign(clawdtalk.doctor, { critical: [], warnings: { checks: [{ name: "sip", ok: true }] } });
    expect(await examined.found("service-doctor")).toEqual([
      "ok: clawdtalk: ClawdTalk's own doctor finds nothing.",
    ]);
  });

  test("finds something, whose words are quoted and free of the key", async () => {
    Object.assign(clawdtalk.doctor, {
      critical: [{ status: "fail", message: `No credit. ${clawdtalk.key}\n"Now"` }],
      warnings: ["The number is old."],
      recommended: { data: [{ title: "Set a voice." }] },
      infra: { surprise: 1 },
    });
    const found = await examined.look("service-doctor");
    expect(found.map(({ level, found: said }) => `${level}: ${said}`)).toEqual([
      'problem: clawdtalk: ClawdTalk says "No credit. [redacted]\\n\\"Now\\""',
      'warning: clawdtalk: ClawdTalk says "The number is old."',
      'ok: clawdtalk: what ClawdTalk answers about "infra" is not understood.',
      'ok: clawdtalk: ClawdTalk recommends "Set a voice."',
    ]);
  });

  test("cannot be asked: that is said by the account's check", async () => {
    clawdtalk.faults.rest = [{ path: /doctor/, kind: "status", status: 500, times: 99 }];
    expect(await examined.found("service-doctor")).toEqual([]);
  });

  test.each<[unknown, ServiceDoctorAnswer]>([
    [[], { troubles: [], isUnderstood: true }],
    [["a", { message: "b" }, { ok: true, message: "c" }], { troubles: ["a", "b"], isUnderstood: true }],
    [
      { ok: true, issues: [] },
      { troubles: [], isUnderstood: true },
    ],
    [{ ok: true }, { troubles: [], isUnderstood: true }],
    [{ status: "healthy" }, { troubles: [], isUnderstood: true }],
    [
      { status: "degraded", message: "slow" },
      { troubles: ["slow"], isUnderstood: true },
    ],
    [{ status: "degraded" }, { troubles: ["no reason was given"], isUnderstood: true }],
    [{ data: { checks: [{ level: "error", detail: "d" }] } }, { troubles: ["d"], isUnderstood: true }],
    [[7], { troubles: [], isUnderstood: false }],
    ["fine", { troubles: [], isUnderstood: false }],
    [null, { troubles: [], isUnderstood: false }],
  ])("%j is read as %j", (answer, read) => {
    expect(serviceDoctorAnswer(answer)).toEqual(read);
  });
});
