// Proves what the one screen of the phone shows: what runs, the lines, the last calls, what is planned, missions under way;
// with a gateway, without one, and as a script of its own.
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { definePhoneStatus } from "../../plugin/command-line/phone-status.ts";
import { connectorFiles } from "../../plugin/connector/files.ts";
import { takeLock } from "../../plugin/connector/lock.ts";
import { writeStatus } from "../../plugin/connector/status-file.ts";
import { callPlaced, intendCall, planCall } from "../../plugin/store/calls.ts";
import { addMission } from "../../plugin/store/missions.ts";
import { runningLine, ToldGateway } from "../doctor/examined.ts";
import { PhoneRunner } from "./run-phone.ts";
import { ScriptRunner } from "./run-script.ts";

let gateway: ToldGateway;
let runner: PhoneRunner;
beforeEach(async () => {
  gateway = await ToldGateway.start();
  runner = new PhoneRunner();
  runner.env = {
    HOME: runner.stateFolder,
    OPENCLAW_GATEWAY_URL: gateway.url,
    OPENCLAW_GATEWAY_TOKEN: "token",
    CLAWDTALK_API_KEY: "cc_live_some_key",
  };
});
afterEach(async () => {
  runner.remove();
  await gateway.close();
});

const json = async (...args: readonly string[]) => JSON.parse((await runner.run(...args, "--json")).stdout);

describe("in the gateway", () => {
  test.each([
    [{}, 0, "connected since 2030-01-01T08:00:00.000Z. Connected."],
    [{ liveCalls: 2 }, 0, "connected since 2030-01-01T08:00:00.000Z. Connected. Calls now: 2."],
    [
      { problem: "Somebody else listens too." },
      1,
      "connected since 2030-01-01T08:00:00.000Z. Connected. Somebody else listens too.",
    ],
    [
      { noAgent: "Multiple agents are configured." },
      1,
      "connected since 2030-01-01T08:00:00.000Z. Connected. Multiple agents are configured.",
    ],
    [{ state: "refused", detail: "No key." }, 1, "refused since 2030-01-01T08:00:00.000Z. No key."],
  ])("a line %j: exit code %i", async (line, exitCode, said) => {
    gateway.runsPlugin({ lines: [runningLine(line)] });
    const { code, stdout, stderr } = await runner.run("status");
    expect([code, stderr]).toEqual([exitCode, ""]);
    expect(stdout).toBe(
      `Switchboard 0.1.0 runs in the gateway.\nclawdtalk (clawdtalk): ${said}\n${exitCode === 0 ? "" : "What is wrong, and what mends it: openclaw phone doctor\n"}`,
    );
    expect(await json("status")).toMatchObject({
      ok: exitCode === 0,
      by: "gateway",
      version: "0.1.0",
      warm: true,
      lines: [line],
      problems: [],
      calls: [],
      planned: [],
      missions: [],
    });
  });

  test("what it complains of", async () => {
    gateway.runsPlugin({ problems: ["The language is wrong."], warm: false });
    const { code, stdout } = await runner.run("status");
    expect(code).toBe(1);
    expect(stdout).toContain(
      "runs in the gateway, which is still warming up.\nNo line is running.\nThe language is wrong.\n",
    );
  });
});

test("the last calls, what is planned, and missions under way", async () => {
  gateway.runsPlugin({ lines: [runningLine()] });
  await runner.inStore(async (store) => {
    const wanted = { line: "clawdtalk", carrier: "clawdtalk", callee: "+15550002222" } as const;
    for (let count = 1; count <= 6; count++) {
      const id = await intendCall(store, { ...wanted, purpose: `Order number ${count}` });
      await callPlaced(store, id, { carrierCallId: `call_${count}` });
    }
    await planCall(store, { ...wanted, purpose: "打电话订位", dueAt: new Date("2039-01-01T08:00:00Z") });
    await addMission(store, {
      slug: "find-a-hall",
      name: "Find a hall\nfor us",
      runId: "run_1",
      runStatus: "running",
    });
  });
  const { stdout } = await runner.run("status");
  const [head, calls, planned, missions] = stdout.split("\n\n");
  expect(head).toMatch(/^Switchboard .* runs in the gateway\.\nclawdtalk \(clawdtalk\): connected/);
  expect(calls?.split("\n")[0]).toBe("Last calls:");
  expect(calls?.match(/Order number \d/g)).toEqual([6, 5, 4, 3, 2].map((count) => `Order number ${count}`));
  expect(planned).toMatch(/^Planned calls:\n {2}.* planned for .*打电话订位/);
  expect(missions).toBe("Missions under way:\n  find-a-hall: Find a hall\n   for us [running]\n");
  const answer = await json("status");
  expect(answer.calls).toHaveLength(5);
  expect(answer).toMatchObject({
    planned: [{ state: "planned", purpose: "打电话订位" }],
    missions: [{ slug: "find-a-hall", status: "running" }],
  });
});

describe("without a gateway that runs it", () => {
  test("nothing runs: what is configured, and why", async () => {
    const { code, stdout } = await runner.run("status");
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        "Nothing keeps the lines connected.",
        "clawdtalk (clawdtalk): not running. It has its key.",
        `The gateway at ${gateway.url} runs without Switchboard. Check: openclaw plugins inspect switchboard`,
        `What is wrong, and what mends it: node ${path.join("dist", "scripts", "doctor.js")}\n`,
      ].join("\n"),
    );
    await gateway.close();
    expect(await json("status")).toMatchObject({
      ok: false,
      by: null,
      lines: [{ name: "clawdtalk", state: "not running" }],
      problems: [`No gateway answers at ${gateway.url}. Start it with: openclaw gateway start`],
    });
  });

  test("the background process of a skill-only install", async () => {
    const files = connectorFiles(runner.stateFolder);
    const lock = takeLock(files.lock);
    const status = {
      pid: process.pid,
      version: "0.1.0",
      startedAt: "2030-01-01T08:00:00.000Z",
      updatedAt: new Date().toISOString(),
      state: "running",
      lines: [{ ...runningLine(), state: "connected" }],
      agent: { way: "chat-completions", detail: "It is used." },
      problems: [],
    } as const;
    writeStatus(files.status, { ...status, lines: [...status.lines], problems: [] });
    const { code, stdout } = await runner.run("status");
    expect(stdout).toMatch(
      /^Switchboard 0\.1\.0 runs in the background \(process \d+, since 2030-01-01T08:00:00\.000Z\)\.\nclawdtalk \(clawdtalk\): connected/,
    );
    expect(code).toBe(0);
    writeStatus(files.status, {
      ...status,
      lines: [...status.lines],
      problems: [],
      agent: { detail: "No way is open." },
    });
    expect(await json("status")).toMatchObject({ ok: false, by: "connector", problems: ["No way is open."] });
    lock?.release();
  });

  test("a store that cannot be read is a problem, and the rest is shown", async () => {
    runner.write("switchboard/switchboard.sqlite", "something else entirely");
    const { stdout } = await runner.run("status");
    expect(stdout).toContain("Nothing keeps the lines connected.\n");
    expect(stdout).toContain("switchboard.sqlite");
    expect((await json("status")).problems).toHaveLength(2);
  });
});

test("the script is the same screen, and with an id the same call", async () => {
  gateway.runsPlugin({ lines: [runningLine()] });
  const same = await runner.runScript(definePhoneStatus);
  expect(same).toEqual(await runner.run("status"));
  expect((await runner.runScript(definePhoneStatus, "no-such-call")).code).toBe(1);
  const shell = new ScriptRunner();
  const { code, stdout } = await shell.run("status", [], { env: runner.env });
  shell.remove();
  expect([code, stdout]).toEqual([0, same.stdout]);
});
