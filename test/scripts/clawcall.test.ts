// Runs the script as a shell does, against the practice line: every subcommand, what is refused, and that no key and
// no whole email address is ever printed.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineClawCallCommand } from "../../plugin/command-line/clawcall-command.ts";
import { loadConfig } from "../../plugin/config/loader.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { searchCalls } from "../../plugin/store/calls.ts";
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { type Finished, ScriptRunner } from "./run-script.ts";
import { RunningGateway } from "./running-gateway.ts";

const isWindows = process.platform === "win32";
const OWNER = "+15550001111";

let service: ClawCallPractice;
let gateway: RunningGateway;
let runner: ScriptRunner;
let printed: string;

beforeEach(async () => {
  service = await startClawCallPractice({ tier: "pro", ownerNumber: OWNER });
  gateway = await RunningGateway.start();
  runner = new ScriptRunner({ isBuilt: true });
  runner.env.OPENCLAW_GATEWAY_URL = gateway.url;
  printed = "";
  useAccount();
});

afterEach(async () => {
  const secrets = service.accounts.flatMap(({ email, agents }) => [email, ...agents.map(({ key }) => key)]);
  for (const secret of secrets) expect(printed).not.toContain(secret);
  expect(service.violations).toEqual([]);
  await Promise.all([service.close(), gateway.close()]);
  runner.remove();
});

/** The `.env` of an account that is in use. */
function useAccount(): void {
  runner.write(
    ".env",
    `# mine\nOTHER='kept as it is'\nCLAWCALL_API_KEY=${service.key}\nCLAWCALL_BASE_URL=${service.url}\nCLAWCALL_OWNER_NUMBER=${OWNER}\n`,
  );
}

/** The `.env` before there is an account. */
function useNoAccount(): void {
  runner.write(".env", `# mine\nCLAWCALL_BASE_URL=${service.url}\n`);
}

async function run(args: readonly string[], given?: Parameters<ScriptRunner["run"]>[2]): Promise<Finished> {
  const finished = await runner.run("clawcall", args, given);
  printed += finished.stdout + finished.stderr;
  return finished;
}
const clawcall = (...args: string[]) => run(args);
const json = async (...args: string[]) => JSON.parse((await run([...args, "--json"])).stdout);

const kept = () => parseEnv(readFileSync(path.join(runner.stateFolder, ".env"), "utf8"));
const last = () => service.requests.at(-1);

async function stored() {
  const store = await openStore(runner.stateFolder);
  try {
    return await searchCalls(store, { limit: 10 });
  } finally {
    await closeStore(store);
  }
}

describe("register", () => {
  const REGISTER = ["register", "--phone", "+1 (555) 000-7777", "--name", "小助手"];
  beforeEach(useNoAccount);

  test("keeps key, email and phone, and says what is stored by whom", async () => {
    const { code, stdout, stderr } = await clawcall(...REGISTER, "--yes");
    expect(code).toBe(0);
    const account = service.accounts[1];
    expect(account).toMatchObject({ phoneNumber: "+15550007777", agents: [{ name: "小助手" }] });
    expect(kept()).toEqual({
      CLAWCALL_BASE_URL: service.url,
      CLAWCALL_API_KEY: account?.agents[0]?.key,
      CLAWCALL_EMAIL: account?.email,
      CLAWCALL_OWNER_NUMBER: "+15550007777",
    });
    expect(readFileSync(path.join(runner.stateFolder, ".env"), "utf8")).toMatch(
      new RegExp(`^# mine\nCLAWCALL_BASE_URL=${service.url}\n`),
    );
    if (!isWindows) expect(statSync(path.join(runner.stateFolder, ".env")).mode & 0o777).toBe(0o600);
    expect(stderr).toMatch(
      /^ClawCall \(http\S+\) will store your phone number \+15550007777, the agent's name "小助手"/,
    );
    expect(stderr).toMatch(/an account can be deleted at any time, but describes no way to do it/);
    expect(stdout).toMatch(/The key is …[0-9a-f]{4}, the account's email a…@practice\.invalid/);
    expect(stdout).toMatch(/Your agent's number is \+15550008888, the tier free\./);
    expect(last()?.body).toEqual({ phone_number: "+15550007777", agent_name: "小助手" });
  });

  test("as JSON, with an email, named as the settings name the agent", async () => {
    runner.write("switchboard/skill-config.json", JSON.stringify({ agent_name: "Bo" }));
    const { stdout } = await clawcall(
      "register",
      "--phone",
      OWNER,
      "--email",
      "ada@phone.invalid",
      "--yes",
      "--json",
    );
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      account: {
        agentNumber: "+15550008888",
        tier: "free",
        key: expect.stringMatching(/^…[0-9a-f]{4}$/),
        email: "a…@phone.invalid",
      },
      file: path.join(runner.stateFolder, ".env"),
      variables: ["CLAWCALL_API_KEY", "CLAWCALL_EMAIL", "CLAWCALL_OWNER_NUMBER"],
    });
    expect(last()?.body).toEqual({ phone_number: OWNER, agent_name: "Bo", email: "ada@phone.invalid" });
  });

  test("the line it makes is one that works", async () => {
    await clawcall(...REGISTER, "--yes");
    expect((await clawcall("account")).stdout).toMatch(
      /^Tier: Free \(10 minutes a month, calls from you only\)/,
    );
  });

  test("asks nobody without a terminal, and sends nothing", async () => {
    const { code, stdout, stderr } = await clawcall(...REGISTER);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /Nothing was registered\. Where nobody can be asked, --yes says that this is wanted\.\n$/,
    );
    expect(service.requests).toEqual([]);
    expect(kept()).toEqual({ CLAWCALL_BASE_URL: service.url });
  });

  test.each([
    ["yes", 0],
    ["是", 0],
    ["n", 1],
    ["", 1],
    [undefined, 1],
  ] as const)("at a terminal %j is taken at its word", async (answer, exitCode) => {
    const asked: string[] = [];
    let code = 0;
    const places = {
      env: {},
      stateFolder: runner.stateFolder,
      configFile: path.join(runner.stateFolder, "openclaw.json"),
    };
    const program = new Command("clawcall");
    defineClawCallCommand(program, {
      settings: async () => ({ ...loadConfig(places), stateFolder: places.stateFolder }),
      places: () => places,
      print: (text) => {
        printed += text;
      },
      complain: (text) => {
        printed += text;
        asked.push(text);
      },
      ask: async (question) => {
        asked.push(question);
        return answer;
      },
      setExitCode: (given) => {
        code = given;
      },
    });
    await program.parseAsync(REGISTER, { from: "user" });
    expect(code).toBe(exitCode);
    expect(service.accounts).toHaveLength(exitCode === 0 ? 2 : 1);
    // What is stored is said before the question.
    expect(asked[0]).toMatch(/will store your phone number/);
    expect(asked[1]).toMatch(/^Register\?/);
    if (exitCode !== 0) expect(asked.at(-1)).toMatch(/^Nothing was registered\./);
  });

  test("a file that cannot be written is found out first", async () => {
    const folder = new ScriptRunner({ isBuilt: true });
    mkdirSync(path.join(folder.stateFolder, ".env"));
    const { code, stderr } = await folder.run("clawcall", [...REGISTER, "--yes"], {
      env: { CLAWCALL_BASE_URL: service.url },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/\.env cannot be written \(EISDIR\)/);
    expect(service.requests).toEqual([]);
    folder.remove();
  });

  test.skipIf(isWindows)("Ctrl-C does not lose a key that is on its way", async () => {
    service.faults.latencyMs = 700;
    const { code, stderr } = await run([...REGISTER, "--yes"], {
      killWhen: () => service.requests.length > 0 && service.requests[0]?.status === undefined,
      killSignal: "SIGINT",
    });
    expect(code).toBe(0);
    expect(stderr.match(/Waiting for the answer, which holds the key/g)).toHaveLength(1);
    expect(kept().CLAWCALL_API_KEY).toBe(service.accounts[1]?.agents[0]?.key);
  });

  test.each([
    ["drop", /If an account was made, its key is lost; register again, with --email/],
    ["cut", /If an account was made, its key is lost/],
    ["garbage", /cannot be understood/],
    ["status", /ClawCall/],
  ] as const)(
    "the answer is lost (%s): nothing is kept, one sentence says what to do",
    async (kind, sentence) => {
      service.faults.routes = [{ path: "/api/v1/register", kind, times: 9 }];
      const before = readFileSync(path.join(runner.stateFolder, ".env"));
      const { code, stdout, stderr } = await clawcall(...REGISTER, "--yes");
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr.trimEnd().split("\n").at(-1)).toMatch(sentence);
      expect(readFileSync(path.join(runner.stateFolder, ".env"))).toEqual(before);
      expect(readdirSync(runner.stateFolder)).toEqual([".env", "openclaw.json"]);
      expect(service.requests).toHaveLength(1);
    },
  );

  test("not over an account that is there", async () => {
    useAccount();
    const { code, stderr } = await clawcall(...REGISTER, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^There is a ClawCall account already \(key …0000\): "clawcall account" shows it/);
    expect(service.requests).toEqual([]);
  });

  test("not over an account whose key is lost", async () => {
    runner.write(".env", `CLAWCALL_BASE_URL=${service.url}\nCLAWCALL_EMAIL=${service.email}\n`);
    const { code, stderr } = await clawcall(...REGISTER, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^CLAWCALL_EMAIL is the address of an account .* run "clawcall recover"/);
    expect(service.requests).toEqual([]);
  });

  test("not at an address where a key could be read on its way", async () => {
    const { code, stderr } = await run([...REGISTER, "--yes"], {
      env: { CLAWCALL_BASE_URL: "http://clawcall.example" },
    });
    expect(code).toBe(1);
    expect(stderr).toBe(
      "ClawCall's address (CLAWCALL_BASE_URL) must be an https URL, or an http URL on this machine.\n",
    );
  });

  test.each([
    [["register", "--phone", OWNER, "--name", "B\no"], /The name must be a single line/],
    [["register", "--name", "Bo"], /required option '--phone <number>' not specified/],
    [["register", "--phone", "555", "--name", "Bo"], /"555" is not a phone number/],
    [["register", "--phone", OWNER], /What is the agent called\? Give it with --name/],
    [["register", "--phone", OWNER, "--name", "Bo", "--email", "ada"], /"ada" is not an email address/],
    [["register", "--phone", OWNER, "--name", "Bo", "--line", "work"], /set "lines\.work\.apiKey" yourself/],
  ])("%j is not understood", async (args, sentence) => {
    const { code, stderr } = await clawcall(...args, "--yes");
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(service.requests).toEqual([]);
  });
});

describe("recover", () => {
  test("rotates the key in its place, keeps the email given, and the old key is dead", async () => {
    const old = service.key;
    const { code, stdout } = await clawcall("recover", "--email", service.email, "--name", "Robin");
    expect(code).toBe(0);
    expect(service.key).not.toBe(old);
    expect(readFileSync(path.join(runner.stateFolder, ".env"), "utf8")).toBe(
      `# mine\nOTHER='kept as it is'\nCLAWCALL_API_KEY=${service.key}\nCLAWCALL_BASE_URL=${service.url}\nCLAWCALL_OWNER_NUMBER=${OWNER}\nCLAWCALL_EMAIL=${service.email}\n`,
    );
    expect(stdout).not.toContain(old);
    expect(last()?.body).toEqual({ phone_number: OWNER, agent_name: "Robin", email: service.email });
    expect((await clawcall("account")).code).toBe(0);
  });

  test("with the lost key still in the file, and the email from there", async () => {
    runner.write(
      ".env",
      `CLAWCALL_API_KEY=lost-key-0123456789\nCLAWCALL_BASE_URL=${service.url}\nCLAWCALL_EMAIL=${service.email}\n`,
    );
    expect(await json("recover", "--phone", OWNER, "--name", "Robin")).toMatchObject({
      ok: true,
      account: { tier: "pro", email: "o…@practice.invalid" },
    });
    expect(kept().CLAWCALL_API_KEY).toBe(service.key);
  });

  test("not with the address of another account than the key's", async () => {
    const { code, stderr } = await clawcall("recover", "--email", "typo@practice.invalid", "--name", "Robin");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The key in use belongs to the account of o…@practice\.invalid, not of t…@/);
    expect(service.accounts).toHaveLength(1);
  });

  const STRANGER = ["recover", "--email", "typo@practice.invalid", "--phone", OWNER, "--name", "Robin"];

  test("an address other than the one kept here needs a word of its own", async () => {
    const env = `CLAWCALL_API_KEY=lost-key-0123456789\nCLAWCALL_BASE_URL=${service.url}\nCLAWCALL_EMAIL=${service.email}\n`;
    runner.write(".env", env);
    const { code, stderr } = await clawcall(...STRANGER, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^t…@practice\.invalid is not the account's email kept here, and an address ClawCall does not know silently makes a new account: use o…@practice\.invalid \(leave --email out\), or say with --other-address that this one is meant\.\n$/,
    );
    expect(service.requests).toEqual([]);
    expect(readFileSync(path.join(runner.stateFolder, ".env"), "utf8")).toBe(env);
    const meant = await clawcall(...STRANGER, "--other-address");
    expect(meant.code).toBe(0);
    expect(meant.stderr).toMatch(/^If ClawCall does not know t…@practice\.invalid, it makes a new account/);
    expect(kept().CLAWCALL_EMAIL).toBe("typo@practice.invalid");
  });

  test("the address kept here is known however it is written", async () => {
    runner.write(".env", `CLAWCALL_BASE_URL=${service.url}\nCLAWCALL_EMAIL=${service.email}\n`);
    const email = service.email.replace(/^./, (first) => first.toUpperCase());
    const { code, stderr } = await clawcall("recover", "--email", email, "--phone", OWNER, "--name", "Robin");
    expect([code, stderr]).toEqual([0, ""]);
    expect(service.accounts).toHaveLength(1);
  });

  test("without an address kept here it is asked about", async () => {
    runner.write(".env", `CLAWCALL_BASE_URL=${service.url}\n`);
    const { code, stderr } = await clawcall(...STRANGER);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "If ClawCall does not know t…@practice.invalid, it makes a new account with it, without a word.\nNothing was changed. Where nobody can be asked, --yes says that this is wanted.\n",
    );
    expect(service.requests).toEqual([]);
    const meant = await clawcall(...STRANGER, "--yes");
    expect(meant.code).toBe(0);
    expect(meant.stderr).toMatch(/^If ClawCall does not know t…@practice\.invalid/);
  });

  test("a key in the shell would hide the new one: that is said", async () => {
    const { code, stderr } = await run(["recover", "--email", service.email, "--name", "Robin", "--yes"], {
      env: { CLAWCALL_API_KEY: "another-key-0123456789" },
    });
    expect(code).toBe(0);
    expect(stderr.split("\n").slice(1).join("\n")).toBe(
      "Note: CLAWCALL_API_KEY is also set somewhere that counts before this file, such as this shell: change it there.\n",
    );
  });

  test.each([
    [["recover"], "", /Which account\? Give its address with --email: CLAWCALL_EMAIL is not set/],
    [["recover", "--email", "a@b"], "", /Which phone is yours\? Give it with --phone/],
    [["recover", "--email", "a@b", "--phone", "5"], "", /"5" is not a phone number/],
    [["recover", "--email", "a@b", "--phone", OWNER], "", /What is the agent called/],
  ])("%j is not understood", async (args, env, sentence) => {
    runner.write(".env", env);
    const { code, stderr } = await run(args, { env: { CLAWCALL_BASE_URL: service.url } });
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(service.requests).toEqual([]);
  });
});

describe("the account", () => {
  test("is shown, without its whole email", async () => {
    service.account.minutesUsed = 3;
    const { code, stdout, stderr } = await clawcall("account");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^Tier: Pro \(120 minutes a month, calls to you and to others, also scheduled, then \$0\.05/,
    );
    expect(stdout).toMatch(/Number: \+15550008888 \(not the agent's own: only your own phone gets through\)/);
    expect(stdout).toMatch(/Minutes this month: 3 of 120 used, 117 left/);
    expect(stdout).toMatch(/Email: o…@practice\.invalid/);
    expect(await json("account")).toMatchObject({
      ok: true,
      account: { tier: "pro", email: "o…@practice.invalid", minutesRemaining: 117 },
    });
  });

  test("the phone changes at the service and here", async () => {
    const { code, stdout } = await clawcall("phone", "+1 555 000 7777");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Your phone is \+15550007777 now\. Kept in \S+\.env \(.*\): CLAWCALL_OWNER_NUMBER\. Restart the gateway .* Take the old number out of "ownerNumbers" if it stands there\.\n$/,
    );
    expect(service.ownerNumber).toBe("+15550007777");
    expect(kept().CLAWCALL_OWNER_NUMBER).toBe("+15550007777");
  });

  test("of another line its phone changes at the service alone", async () => {
    runner.write(".env", "");
    runner.write(
      "switchboard/skill-config.json",
      JSON.stringify({ lines: { work: { carrier: "clawcall", apiKey: service.key, server: service.url } } }),
    );
    const { stdout } = await clawcall("phone", "+15550007777", "--line", "work");
    expect(stdout).toBe(
      'Your phone is +15550007777 now. Add it to "ownerNumbers", else calls from it are not taken for yours. Take the old one out, and restart the gateway (openclaw gateway restart).\n',
    );
    expect(kept()).toEqual({});
  });

  test("voice and webhook", async () => {
    expect((await clawcall("voice", "emma")).stdout).toBe("The voice is emma now.\n");
    expect(last()?.body).toEqual({ voice: "emma" });
    service.account.tier = "team";
    expect(await json("webhook", "https://hooks.example/calls")).toEqual({
      ok: true,
      webhook: "https://hooks.example/calls",
    });
    expect((await clawcall("webhook", "off")).stdout).toBe("The webhook is off.\n");
    expect(last()?.body).toEqual({ webhook_push_url: "" });
  });
});

describe("calls", () => {
  test("a callback is written down, with or without listening afterwards", async () => {
    const { code, stdout, stderr } = await clawcall("callback", "部署完成了。");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Calling you: 部署完成了。\nCall id: CA\w+\n$/);
    expect(last()?.body).toEqual({ message: "部署完成了。", allow_followup: true });
    await clawcall("callback", "Done.", "--no-followup");
    expect(last()?.body).toEqual({ message: "Done.", allow_followup: false });
    expect(await stored()).toMatchObject([
      { callee: null, greeting: "Done.", carrier: "clawcall", placedHere: true },
      { callee: null, greeting: "部署完成了。", line: "clawcall" },
    ]);
  });

  test("a call to somebody else, with what it is to reach", async () => {
    const answer = await json("third-party", "+1 555 000 2222", "订一张桌子", "--context", "8 点，两个人");
    expect(answer).toMatchObject({ ok: true, call: { to: "+15550002222", callId: expect.any(String) } });
    expect(answer.call.jobId).toEqual(expect.any(String));
    expect(last()?.body).toEqual({
      to_number: "+15550002222",
      objective: "订一张桌子",
      context: "8 点，两个人",
    });
    expect(await stored()).toMatchObject([
      { carrierCallId: answer.call.callId, callee: "+15550002222", purpose: "订一张桌子", placedHere: true },
    ]);
    expect((await clawcall("third-party", "+15550002222", "Ask for the menu")).stdout).toMatch(
      /^Calling \+15550002222: Ask for the menu\nCall id: /,
    );
  });

  test("where nothing is running: nobody else is called, and a callback that listens says that nobody answers", async () => {
    await gateway.close();
    expect(await clawcall("third-party", "+15550002222", "Book a table")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^Nothing is running that could speak for you on this call: start the/),
    });
    expect([service.requests, await stored()]).toEqual([[], []]);
    expect((await clawcall("callback", "Hello")).stderr).toMatch(
      /^Note: Nothing is running that could answer you on this call: start the gateway/,
    );
    expect(await clawcall("callback", "Done.", "--no-followup")).toMatchObject({ code: 0, stderr: "" });
  });

  test("history, with everybody's words harmless on their lines", async () => {
    expect((await clawcall("history")).stdout).toBe("No calls.\n");
    const call = await service.ring({ from: OWNER });
    await call.say("Hello\n2026 \u001b[2J");
    await call.hangUp();
    const { stdout } = await clawcall("history", "--transcripts", "--limit", "5");
    expect(stdout).toMatch(/^\S+Z {2}from \+15550001111 {2}user_initiated {2}completed {2}\d+ s {2}CA\w+\n/);
    expect(stdout.split("\n").slice(1)).toEqual(['    "user": "Hello\\n2026 \\u001b[2J"', ""]);
    expect(last()?.query).toEqual({ limit: "5", transcripts: "true" });
    expect(await json("history")).toMatchObject({ ok: true, calls: [{ callType: "user_initiated" }] });
    expect(last()?.query).toEqual({ limit: "20" });
  });
});

describe("schedules", () => {
  const TASK = ["--label", "早安", "--task", "今天的日程", "--timezone", "Asia/Shanghai"];

  test("are previewed in words, then made with weekdays by name", async () => {
    const { code, stdout, stderr } = await clawcall("schedule", "0 8 * * 1-5", ...TASK);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe('"0 8 * * mon-fri" is next due on:');
    for (const line of lines.slice(1, 4)) {
      expect(line).toMatch(/^ {2}(Mon|Tues|Wednes|Thurs|Fri)day .* at 08:00 \(Asia\/Shanghai\)$/);
    }
    expect(lines[4]).toBe(`Scheduled "早安". Id: ${service.schedules[0]?.id}`);
    expect(last()?.body).toEqual({
      cron: "0 8 * * mon-fri",
      label: "早安",
      task_context: "今天的日程",
      timezone: "Asia/Shanghai",
    });
  });

  test("as JSON, one object on stdout and the preview beside it", async () => {
    const { stdout, stderr } = await clawcall("schedule", "30 7 1 * *", ...TASK, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      schedule: {
        cron: "30 7 1 * *",
        timezone: "Asia/Shanghai",
        id: service.schedules[0]?.id,
        label: "早安",
      },
    });
    expect(JSON.parse(stdout).schedule.nextTimes).toHaveLength(3);
    expect(stderr).toMatch(/^"30 7 1 \* \*" is next due on:\n/);
  });

  test("only previewed: nothing is asked, no key is needed", async () => {
    runner.write(".env", "");
    const { code, stdout } = await clawcall(
      "schedule",
      "0 8 * * 1-5",
      "--timezone",
      "Europe/Berlin",
      "--dry-run",
    );
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(5);
    expect(stdout).toMatch(/\nNothing was made\.\n$/);
    expect(service.requests).toEqual([]);
  });

  test("are listed with their next time, and ended", async () => {
    expect((await clawcall("schedule", "list")).stdout).toBe("No scheduled calls.\n");
    await clawcall("schedule", "0 8 * * 1-5", ...TASK);
    const id = service.schedules[0]?.id ?? "";
    const { stdout } = await clawcall("schedule", "list");
    expect(stdout).toMatch(
      new RegExp(
        `^${id} {2}"早安" {2}"0 8 \\* \\* mon-fri" \\(Asia/Shanghai\\) {2}next \\w+day .* at 08:00 .*\n {4}"今天的日程"\n$`,
      ),
    );
    expect(await json("schedule", "list")).toMatchObject({
      schedules: [
        { id, label: "早安", cron: "0 8 * * mon-fri", nextAt: expect.stringMatching(/T00:00:00\.000Z$/) },
      ],
    });
    expect((await clawcall("schedule", "cancel", id)).stdout).toBe(`The schedule ${id} has ended.\n`);
    expect(service.schedules).toEqual([]);
    const again = await clawcall("schedule", "cancel", id);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/check the id/) });
  });
});

describe("billing and agents", () => {
  test("checkout, verify, status, cancel", async () => {
    const { stdout } = await clawcall("billing", "checkout", "team");
    expect(stdout).toMatch(/^Team \(500 minutes a month, .*5 agents, a webhook, then \$0\.05 a minute\)\n/);
    expect(stdout).toMatch(
      /Costs 29 USDC, to be sent on solana-mainnet to PracticeWa11et1+\. Nothing has been paid\./,
    );
    const signature = service.pay({ tier: "team" });
    expect((await clawcall("billing", "verify", signature, "--tier", "team")).stdout).toMatch(
      /^The payment is confirmed: Team \(500 .*\) until 20\d\d-/,
    );
    const again = await clawcall("billing", "verify", signature, "--tier", "team");
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/counted this transaction before/),
    });
    const unconfirmed = service.pay({ tier: "pro", confirmed: false });
    const early = await clawcall("billing", "verify", unconfirmed, "--tier", "pro");
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/wait a minute and verify/) });
    expect((await clawcall("billing", "status")).stdout).toMatch(
      new RegExp(
        `^Tier: Team .*\nUntil: .*\nMinutes this month: 0 of 500 used\nPaid: 29 USDC for team on .* ${signature}\n$`,
      ),
    );
    expect((await clawcall("billing", "cancel")).stdout).toMatch(
      /^The tier will not be renewed\. ClawCall says: "Auto-renew cancelled/,
    );
    expect(await json("billing", "status")).toMatchObject({ ok: true, billing: { tier: "team" } });
  });

  test("agents: each key has a variable of its own, and makes a line that works", async () => {
    service.account.tier = "team";
    const { code, stdout } = await clawcall("agents", "add", "Night shift");
    expect(code).toBe(0);
    const [, added] = service.account.agents;
    expect(kept().CLAWCALL_API_KEY_NIGHT_SHIFT).toBe(added?.key);
    expect(stdout).toMatch(/^Added "Night shift" with the number \+1555002\d+\. Id: agent_/);
    expect(stdout).toContain(
      `"lines": { "night_shift": { "carrier": "clawcall", "apiKey": "\${CLAWCALL_API_KEY_NIGHT_SHIFT}" } }`,
    );
    await clawcall("agents", "add", "夜班");
    await clawcall("agents", "add", "夜班");
    expect(kept().CLAWCALL_API_KEY_AGENT).toBe(service.account.agents[2]?.key);
    expect(kept().CLAWCALL_API_KEY_AGENT_2).toBe(service.account.agents[3]?.key);
    expect(await json("agents", "add", "Day")).toMatchObject({
      ok: true,
      lines: { day: { carrier: "clawcall", apiKey: `\${CLAWCALL_API_KEY_DAY}` } },
      variables: ["CLAWCALL_API_KEY_DAY"],
    });
    const listed = await json("agents", "list");
    expect(JSON.stringify(listed)).not.toContain("switchboard.invalid");
    expect(listed.agents.map(({ name }: { name: string }) => name)).toEqual([
      "Robin",
      "Night shift",
      "夜班",
      "夜班",
      "Day",
    ]);
    const id = added?.id ?? "";
    expect((await clawcall("agents", "rename", id, "Day shift")).stdout).toBe(
      `The agent ${id} is "Day shift" now.\n`,
    );
    expect((await clawcall("agents", "list")).stdout).toContain(`${id}  "Day shift"  +1555002`);
    expect((await clawcall("agents", "remove", id)).stdout).toMatch(
      new RegExp(
        `^The agent ${id} is removed\\. If its key was kept here, take its variable out of .*\\.env, and`,
      ),
    );
    expect(service.account.agents).toHaveLength(4);
  });
});

describe("refused and failed: one sentence, exit code 1", () => {
  test.each([
    [["callback", "Hello"], "free", "Pro or Team"],
    [["third-party", "+15550002222", "Book a table"], "free", "Pro or Team"],
    [
      ["schedule", "0 8 * * *", "--label", "a", "--task", "b", "--timezone", "UTC", "--json"],
      "free",
      "Pro or Team",
    ],
    [["schedule", "list"], "free", "Pro or Team"],
    [["webhook", "off"], "pro", "Team"],
    [["agents", "list"], "pro", "Team"],
    [["agents", "add", "Bo"], "pro", "Team"],
  ] as const)("%j on the tier %s needs %s: says so and how to change it", async (args, tier, needed) => {
    service.account.tier = tier;
    const before = readFileSync(path.join(runner.stateFolder, ".env"), "utf8");
    const { code, stderr } = await clawcall(...args);
    expect(code).toBe(1);
    const sentence = stderr.trimEnd().split("\n").at(-1);
    expect(sentence).toMatch(
      new RegExp(`^This needs ClawCall's ${needed} tier: "clawcall billing checkout (?:pro|team)" shows`),
    );
    expect(readFileSync(path.join(runner.stateFolder, ".env"), "utf8")).toBe(before);
  });

  test("the month's minutes are used up", async () => {
    service.faults.minutesUsedUp = true;
    const { code, stderr } = await clawcall("callback", "Hello");
    expect(code).toBe(1);
    expect(stderr).toMatch(/minutes of this month at ClawCall are used up/);
    expect(await stored()).toMatchObject([{ state: "refused" }]);
  });

  test("a wrong key, named by its ends", async () => {
    const key = "12345678-0000-4000-8000-00000000abcd";
    for (const args of [["account"], ["callback", "Hello"], ["billing", "status", "--json"]]) {
      const { code, stdout, stderr } = await run(args, { env: { CLAWCALL_API_KEY: key } });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^ClawCall does not accept the key …abcd: set CLAWCALL_API_KEY[^\n]*\n$/);
      expect(stdout + stderr).not.toContain(key);
      if (args.includes("--json")) expect(JSON.parse(stdout)).toMatchObject({ ok: false });
    }
  });

  test("no network, and what may have happened is said", async () => {
    const gone = await startClawCallPractice();
    await gone.close();
    const { code, stderr } = await run(["account"], { env: { CLAWCALL_BASE_URL: gone.url } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ClawCall at \S+ could not be reached \(ECONNREFUSED\)[^\n]*\n$/);
    service.faults.routes = [{ path: "/api/v1/calls/outbound/callback", kind: "drop", times: 1 }];
    const lost = await clawcall("callback", "Hello");
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(/may have been carried out all the same/);
    expect(await stored()).toMatchObject([{ state: "unsettled" }]);
  });

  test("payments are off", async () => {
    const poor = await startClawCallPractice({ wallet: "" });
    const { code, stderr } = await run(["billing", "checkout", "pro"], {
      env: { CLAWCALL_BASE_URL: poor.url },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ClawCall takes no payments at the moment: try again later\.[^\n]*\n$/);
    await poor.close();
  });

  test("no ClawCall line", async () => {
    runner.write(".env", "CLAWDTALK_API_KEY=cc_live_0123456789abcdef\n");
    expect(await clawcall("account")).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'This works on lines of ClawCall alone, and none is set up: run "clawcall register", which gets a ClawCall key and keeps it.\n',
    });
    expect((await clawcall("account", "--line", "clawdtalk")).stderr).toBe(
      'The line "clawdtalk" is with ClawdTalk, and this works on lines of ClawCall alone.\n',
    );
  });
});

test.each([
  [[], /Usage: clawcall/],
  [["regsiter"], /unknown command 'regsiter'/],
  [["phone", "me"], /"me" is not a phone number/],
  [["voice", "elvis"], /Allowed choices are aria, joanna, matthew, amy, brian, emma, olivia/],
  [["webhook", "hooks.example"], /"hooks\.example" is neither an http\(s\) URL nor "off"/],
  [["callback", " "], /The message is empty/],
  [["callback"], /missing required argument 'message'/],
  [["third-party", "555", "Book a table"], /"555" is an emergency number/],
  [["third-party", "+15550002222", ""], /The objective is empty/],
  [["third-party", OWNER, "Book a table"], /is your own number: "clawcall callback" rings you/],
  [["schedule", "0 8 * * 1-5", "--task", "x"], /needs --label and --task/],
  [["schedule", "at eight", "--label", "a", "--task", "b"], /write five fields/],
  [
    ["schedule", "0 8 * * *", "--label", "a", "--task", "b", "--timezone", "Mars/Base"],
    /"Mars\/Base" is no time zone/,
  ],
  [["schedule", "0 8 * * *", "--label", "a", "--task", "所".repeat(450)], /--task is too long/],
  [["schedule", "cancel"], /missing required argument 'id'/],
  [["history", "--limit", "0"], /whole number from 1 to 100/],
  [["billing", "checkout", "gold"], /Allowed choices are pro, team/],
  [["billing", "verify", "abc"], /required option '--tier <tier>' not specified/],
  [["billing", "verify", "", "--tier", "pro"], /The signature is empty/],
  [["schedule", "0 8 * * *", "--label", "a", "--task", "b", "--timezone", ""], /The time zone is empty/],
  [["schedule", "0 8 * * *", "--label", "a\nb", "--task", "b\nc"], /The label must be a single line/],
  [["schedule", "cancel", ""], /The id is empty/],
  [["agents", "add", " "], /The name is empty/],
  [["agents", "add", "Night\nshift"], /The name must be a single line/],
  [["agents", "rename", "a", "Night\u2028shift"], /The name must be a single line/],
  [["agents", "rename", "", "Bo"], /The id is empty/],
  [["agents", "remove", " "], /The id is empty/],
])("%j is not understood: exit code 2, and nothing is sent", async (args, message) => {
  const { code, stdout, stderr } = await clawcall(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(service.requests).toEqual([]);
  expect(existsSync(path.join(runner.stateFolder, "switchboard", "switchboard.sqlite"))).toBe(false);
});

test("a port that no request may go to: nothing may have been carried out", async () => {
  const { code, stderr } = await run(["callback", "Hello"], {
    env: { CLAWCALL_BASE_URL: "http://127.0.0.1:9" },
  });
  expect(code).toBe(1);
  expect(stderr).toBe(
    "ClawCall at 127.0.0.1:9 could not be reached (bad port): check the network and CLAWCALL_BASE_URL.\n",
  );
  expect(await stored()).toMatchObject([{ state: "refused" }]);
});

test("help is help, loads nothing heavy, and needs no settings", async () => {
  const preload = path.join(import.meta.dirname, "log-modules.ts");
  const options = { node: ["--import", preload], env: { OPENCLAW_STATE_DIR: "/none" }, isBuilt: false };
  const help = await run(["--help"], options);
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/Usage: clawcall/);
  expect(help.stderr).not.toMatch(/zod|kysely|libphonenumber|json5|p-retry|croner/);
  const account = await run(["account"], { node: options.node, isBuilt: false });
  expect(account.stderr).toMatch(/clawcall\/rest/);
  expect(account.stderr).not.toMatch(/kysely|croner|clawdtalk\/rest/);
});
