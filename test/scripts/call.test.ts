import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { findCall, searchCalls } from "../../plugin/store/calls.ts";
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { ScriptRunner } from "./run-script.ts";
import { RunningGateway } from "./running-gateway.ts";

let service: ClawdTalkPractice;
let gateway: RunningGateway;
let runner: ScriptRunner;

beforeEach(async () => {
  service = await startClawdTalkPractice({ dedicatedNumber: "+15550008888" });
  gateway = await RunningGateway.start();
  runner = new ScriptRunner({ isBuilt: true });
  runner.env.OPENCLAW_GATEWAY_URL = gateway.url;
  runner.write(".env", `CLAWDTALK_API_KEY=${service.key}\nCLAWDTALK_SERVER=${service.url}\n`);
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await Promise.all([service.close(), gateway.close()]);
  runner.remove();
});

/** What somebody else hears first. */
const ASSISTANT = "Hello, this is an AI assistant calling on behalf of the person I work for.";

const call = (...args: string[]) => runner.run("call", args);

async function stored() {
  const store = await openStore(runner.stateFolder);
  try {
    return await searchCalls(store, { limit: 10 });
  } finally {
    await closeStore(store);
  }
}

test("rings the owner, with the greeting or without", async () => {
  const plain = await call();
  expect(plain).toMatchObject({ code: 0, stderr: "" });
  expect(plain.stdout).toMatch(/^Calling you: Hi, this is your assistant\.\nCall id: \S+ \(initiating\)\n$/);
  const greeted = await call("喂，起床了！");
  expect(greeted.stdout).toMatch(/^Calling you: 喂，起床了！\n/);
  expect(service.rest.map(({ body }) => body)).toEqual([
    { greeting: "Hi, this is your assistant." },
    { greeting: "喂，起床了！" },
  ]);
});

test("calls a number, and the store of the plugin knows whom and what for", async () => {
  const { code, stdout, stderr } = await call(
    "Hello there",
    "--to",
    "+1 (555) 000-2222",
    "--purpose",
    "订一张 8 点的桌子",
    "--json",
  );
  expect([code, stderr]).toEqual([0, ""]);
  const answer = JSON.parse(stdout);
  expect(answer).toEqual({
    ok: true,
    call: {
      callId: expect.any(String),
      status: "initiating",
      to: "+15550002222",
      greeting: `${ASSISTANT} Hello there`,
    },
  });
  expect(service.rest[0]?.body).toEqual({
    to: "+15550002222",
    greeting: `${ASSISTANT} Hello there`,
    context: { purpose: "订一张 8 点的桌子" },
  });
  const store = await openStore(runner.stateFolder);
  expect(await findCall(store, { line: "clawdtalk", carrierCallId: answer.call.callId })).toMatchObject({
    callee: "+15550002222",
    purpose: "订一张 8 点的桌子",
    placedHere: true,
  });
  await closeStore(store);
});

test.each([
  [["+15550002222"], { to: "+15550002222", greeting: ASSISTANT }],
  [["+15550002222", "Hello!"], { to: "+15550002222", greeting: `${ASSISTANT} Hello!` }],
  [["Hello!", "--to", "+15550002222"], { to: "+15550002222", greeting: `${ASSISTANT} Hello!` }],
  [["--to", "+15550002222", "+15550003333"], { to: "+15550002222", greeting: `${ASSISTANT} +15550003333` }],
  [["42"], { greeting: "42" }],
])("%j", async (args, body) => {
  expect(await call(...args)).toMatchObject({ code: 0, stderr: "" });
  expect(service.rest[0]?.body).toEqual(body);
});

test("where nothing is running: nobody else is called, and the owner learns that nobody will answer", async () => {
  await gateway.close();
  expect(await call("--to", "+15550002222")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "Nothing is running that could speak for you on this call: start the gateway (openclaw gateway start).\n",
  });
  expect(service.rest).toEqual([]);
  expect(await stored()).toEqual([]);
  expect(await call()).toMatchObject({
    code: 0,
    stderr:
      "Note: Nothing is running that could answer you on this call: start the gateway (openclaw gateway start).\n",
  });
  // An agent's own gateway runs the command.
  const env = { SWITCHBOARD_SESSION: "agent:main:main" };
  expect(await runner.run("call", ["--to", "+15550002222"], { env })).toMatchObject({ code: 0, stderr: "" });
});

test("the session that asks is written down", async () => {
  await runner.run("call", [], { env: { SWITCHBOARD_SESSION: "agent:main:telegram:1" } });
  expect(await stored()).toMatchObject([{ askedIn: "agent:main:telegram:1" }]);
});

test("shows a call and ends it", async () => {
  const { callId } = JSON.parse((await call("--json")).stdout).call;
  const status = await call("status", callId);
  expect(status).toMatchObject({ code: 0, stderr: "" });
  expect(status.stdout).toMatch(new RegExp(`^The call ${callId}: [a-z-]+, outbound`));
  expect(JSON.parse((await call("status", callId, "--json")).stdout)).toMatchObject({
    ok: true,
    call: { callId },
  });
  const end = await call("end", callId);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(end.stdout).toMatch(new RegExp(`^The call ${callId} is being ended`));
  expect(service.rest.at(-1)?.body).toEqual({ reason: "user_ended" });
  const second = JSON.parse((await call("--json")).stdout).call;
  await call("end", second.callId, "changed_my_mind");
  expect(service.rest.at(-1)?.body).toEqual({ reason: "changed_my_mind" });
});

test.each([
  [["--to", "5550002222"], /"5550002222" is not a phone number with its country code/],
  [["555-0002"], /is not a phone number/],
  [["--to", "112"], /is an emergency number/],
  [["--to"], /argument missing/],
  [["--colour", "red"], /unknown option '--colour'/],
  [["status"], /missing required argument 'id'/],
  [["a", "b", "c"], /too many arguments/],
])("%j is not understood: exit code 2, and nobody is called", async (args, message) => {
  const { code, stdout, stderr } = await call(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(service.rest).toEqual([]);
});

test("no key", async () => {
  runner.write(".env", "");
  const { code, stdout, stderr } = await call();
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^No phone line is set up: get an API key at clawdtalk\.com and set CLAWDTALK_API_KEY[^\n]*\n$/,
  );
});

test("a wrong key is named by its ends only, on both outputs", async () => {
  const key = "cc_live_secret_0123456789abcdef";
  const { code, stdout, stderr } = await runner.run("call", ["--json"], { env: { CLAWDTALK_API_KEY: key } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ClawdTalk does not accept the key cc_live_…cdef[^\n]*\n$/);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { name: "CarrierRefused" } });
  expect(stdout + stderr).not.toContain(key);
  expect(await stored()).toMatchObject([{ state: "refused", callee: null }]);
});

test("no network", async () => {
  const gone = await startClawdTalkPractice();
  await gone.close();
  const { code, stderr } = await runner.run("call", [], { env: { CLAWDTALK_SERVER: gone.url } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ClawdTalk at \S+ could not be reached \(ECONNREFUSED\)[^\n]*\n$/);
});

test.each([
  [429, /too many requests/],
  [500, /may have been carried out all the same/],
  [403, /dedicated number/],
])("answered %i: one sentence, exit code 1", async (status, message) => {
  service.faults.rest = [{ path: "/v1/calls", kind: "status", status, times: 1 }];
  const { code, stderr } = await call("--to", "+15550002222");
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).not.toContain("\n");
});

test("a call nobody knows", async () => {
  expect(await call("status", "no-such-call")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/check the id/),
  });
});

test("a second line, and one that is not there", async () => {
  const other = await startClawdTalkPractice();
  runner.write(
    "switchboard/skill-config.json",
    JSON.stringify({ agent_name: "Bo", lines: { work: { apiKey: other.key, server: other.url } } }),
  );
  expect((await call("--line", "work")).stdout).toMatch(/^Calling you: Hi, this is Bo\./);
  expect(other.calls.size).toBe(1);
  expect(service.calls.size).toBe(0);
  expect((await call("--line", "home")).stderr).toBe('There is no line "home", only clawdtalk, work.\n');
  await other.close();
});

test("a ClawCall line: rings the owner, calls others with what the call is to reach, shows a call, ends none", async () => {
  const other = await startClawCallPractice({ tier: "pro", ownerNumber: "+15550001111" });
  try {
    runner.write(
      ".env",
      `CLAWCALL_API_KEY=${other.key}\nCLAWCALL_BASE_URL=${other.url}\nCLAWCALL_OWNER_NUMBER=+15550001111\n`,
    );
    expect((await call("喂，起床了！")).stdout).toMatch(/^Calling you: 喂，起床了！\nCall id: CA\w+\n$/);
    await call("Hello!", "--to", "+15550001111");
    expect(other.requests.map(({ path, body }) => [path, body])).toEqual([
      ["/api/v1/calls/outbound/callback", { message: "喂，起床了！", allow_followup: true }],
      ["/api/v1/calls/outbound/callback", { message: "Hello!", allow_followup: true }],
    ]);

    const unclear = await call("--to", "+15550002222", "Hello!");
    expect([unclear.code, unclear.stderr]).toEqual([
      2,
      'A call to somebody else on the line "clawcall" needs to know what it is to reach: say it with --purpose.\n',
    ]);
    const placed = await call("--to", "+15550002222", "--purpose", "Book a table for two");
    expect(placed.stdout).toMatch(/^Calling \+15550002222: Book a table for two\nCall id: CA\w+\n$/);
    expect(other.requests.at(-1)?.body).toEqual({
      to_number: "+15550002222",
      objective: "Book a table for two",
      context: "",
    });

    await other.calls[0]?.answered();
    const callSid = other.calls[0]?.callSid ?? "";
    const status = await call("status", callSid);
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toMatch(new RegExp(`^The call ${callSid}: [a-z-]+, outbound, since `));
    expect(await call("status", "CAnobody")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ClawCall does not list the call CAnobody: a call out is listed once/),
    });
    expect(await call("end", callSid)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^ClawCall cannot end a call from outside: hang up, or let the agent end it/,
      ),
    });
    expect(other.violations).toEqual([]);
  } finally {
    await other.close();
  }
});

test("a StepOne line is none of its lines", async () => {
  runner.write(".env", "STEPONEAI_API_KEY=sk_nobody\n");
  expect(await call("Hello")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^This works on lines of ClawdTalk and ClawCall alone, and none is set up: /,
    ),
  });
});

test("finds key and server where the plugin finds them: in the gateway's config file", async () => {
  runner.write(".env", "");
  runner.write(
    "openclaw.json",
    `{ // the gateway's
      plugins: { entries: { switchboard: { config: {
        apiKey: '${service.key}', server: '${service.url}', quietHours: 'off', typo: 1,
      } } } },
    }`,
  );
  const { code, stderr } = await call();
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Note: "typo" in plugins\.entries\.switchboard\.config in \S+ is not a setting/);
});

test("killed in the request, the intent is there", async () => {
  service.faults.rest = [{ path: "/v1/calls", kind: "timeout", times: 1 }];
  const { code } = await runner.run("call", ["+15550002222"], { killWhen: () => service.rest.length > 0 });
  expect(code).not.toBe(0);
  expect(await stored()).toMatchObject([{ state: "intended", callee: "+15550002222", placedHere: true }]);
});

test("help is help, loads nothing heavy, and needs no settings", async () => {
  const preload = path.join(import.meta.dirname, "log-modules.ts");
  const help = await runner.run("call", ["--help"], {
    node: ["--import", preload],
    env: { OPENCLAW_STATE_DIR: "/none" },
    isBuilt: false,
  });
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/Usage: call/);
  expect(help.stderr).toMatch(/node_modules\/commander/);
  expect(help.stderr).not.toMatch(/zod|kysely|libphonenumber|json5|p-retry/);
  const status = await runner.run("call", ["status", "x"], {
    node: ["--import", preload],
    isBuilt: false,
  });
  expect(status.stderr).toMatch(/zod/);
  expect(status.stderr).not.toMatch(/kysely/);
});

test("runs with tsx too", async () => {
  const { code, stdout, stderr } = await runner.run("call", ["--json"], {
    node: ["--import", import.meta.resolve("tsx")],
  });
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout).ok).toBe(true);
});
