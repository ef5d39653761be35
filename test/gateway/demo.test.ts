/** The two commands that start a gateway of their own, typed as people type them. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { phrase } from "../../plugin/speech/phrases.ts";
import { packageFolder } from "./phone-line.ts";

const run = (script: string, options: readonly string[], input?: string) =>
  execa(process.execPath, [join(packageFolder, "scripts", `${script}.ts`), ...options], {
    reject: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  });

it("the demo plays its conversation, prints its result last, and ends everything in under a minute", async () => {
  const startedAt = performance.now();
  const demo = await run("demo", ["--json"]);
  expect(demo.exitCode, demo.stderr.slice(-500)).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  expect(demo.stdout.trim().split("\n"), "nothing else on standard output").toHaveLength(1);
  const result = JSON.parse(demo.stdout);
  expect(result.ok).toBe(true);
  expect(
    result.calls.map(({ carrier, direction }: { carrier: string; direction: string }) => [
      carrier,
      direction,
    ]),
  ).toEqual([
    ["clawdtalk", "inbound"],
    ["clawdtalk", "inbound"],
    ["clawdtalk", "outbound"],
    ["clawdtalk", "outbound"],
    ["clawcall", "outbound"],
    ["clawcall", "outbound"],
  ]);
  const turns = result.calls.slice(0, 4).flatMap((call: { turns: unknown[] }) => call.turns);
  expect(turns.length).toBeGreaterThanOrEqual(6);
  for (const turn of turns) {
    expect(turn.modelCalls, turn.said).toBe(turn.said.includes("website") ? 2 : 1);
    expect(turn.firstSpeechMs, turn.said).toBeLessThan(turn.doneMs);
    expect(turn.heard).not.toBe("");
  }
  expect(turns.map((turn: { heard: string }) => turn.heard).join(" ")).toContain("会议");
  expect(turns.at(-1).heard).toContain("Two loaves for Sam");
  const [wanted] = result.calls[1].turns;
  expect(wanted.heard).toBe(
    `${phrase("askingOwner", "en")} They are on your website now. Open from nine to five.`,
  );
  expect(result.approvals).toEqual([
    { action: "Write a file", details: expect.stringContaining("path: website/hours.html") },
    { action: "Run a command", details: expect.stringContaining("+15550002222") },
  ]);
  const [briefing, dentist] = result.calls.slice(4);
  expect(briefing.turns).toMatchObject([
    { said: null, heard: expect.stringContaining("You have two meetings today"), modelCalls: 1 },
    { heard: "The first meeting is at half past nine.", modelCalls: 1 },
    // The agent places the call, and says so.
    { heard: "I am calling them now. You will hear what they say.", modelCalls: 2 },
  ]);
  expect(dentist.turns).toMatchObject([
    {
      said: null,
      heard: expect.stringMatching(/AI assistant calling on behalf of Sam.*an appointment on Tuesday/),
      modelCalls: 1,
    },
    { heard: "Tuesday at three, then, for Sam. Thank you, goodbye.", modelCalls: 1 },
  ]);
  expect(result.passedOn, "what nobody asked for").toContain("two loaves");
  expect(result.china.map(({ content }: { content: string }) => content).join()).toContain("请问是张总吗");
  expect(result.sms.length).toBeGreaterThanOrEqual(6);
  for (const text of result.sms) expect(text.reply).not.toBe("");
  expect(
    result.sms
      .filter(({ body }: { body: string }) => body.includes("dentist say"))
      .map(({ reply }: { reply: string }) => reply),
    "asked once",
  ).toEqual(["You are booked for Tuesday at three."]);
}, 90_000);

it("the demo holds the line open with --talk: what is typed is said, the end of input hangs up", async () => {
  const demo = await run("demo", ["--talk"], "What is the weather like?\n");
  expect(demo.exitCode, demo.stderr.slice(-500)).toBe(0);
  expect(demo.stdout).toContain("It is sunny and 21 degrees right now.");
}, 90_000);

it("the gateway says in one JSON line when it can take calls, and ends cleanly when told to", async () => {
  const gateway = run("gateway", []);
  let printed = "";
  gateway.stdout?.on("data", (text: Buffer) => {
    printed += text;
  });
  await once(gateway.stdout ?? gateway, "data");
  const ready = JSON.parse(printed);
  expect(ready).toMatchObject({ ready: true, stateDir: expect.any(String), token: expect.any(String) });
  expect(ready.modelUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  expect((await fetch(`http://127.0.0.1:${ready.port}/health`)).ok).toBe(true);
  gateway.kill("SIGTERM");
  expect((await gateway).exitCode).toBe(0);
  await expect(fetch(`http://127.0.0.1:${ready.port}/health`)).rejects.toThrow();
}, 90_000);

it("the gateway says in one sentence why it cannot start", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "switchboard-no-gateway-"));
  // What it finds out in its first second.
  const config = { gateway: { bind: "nowhere", auth: {} }, models: { providers: { practice: {} } } };
  await writeFile(join(stateDir, "openclaw.json"), JSON.stringify(config), { mode: 0o600 });
  const gateway = await run("gateway", ["--state-dir", stateDir]);
  await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
  expect(gateway.exitCode).toBe(1);
  expect(gateway.stderr).toMatch(/^The gateway did not start\. .*bind/);
  expect(gateway.stderr.trim().split("\n")).toHaveLength(1);
}, 90_000);
