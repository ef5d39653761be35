/**
 * Setup on a real gateway that has never seen the plugin, from keys to a test call: by options where nobody can be asked,
 * then by a person at a terminal, who also changes their mind.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { type PracticeGateway, startPracticeGateway } from "../../plugin/practice/gateway.ts";
import { type PracticeModel, startPracticeModel } from "../../plugin/practice/model.ts";
import { expectNothingLeft } from "../gateway/left-of-test-call.ts";
import { OWNER, packageFolder } from "../gateway/phone-line.ts";

const KEY = "cc_live_a_key_of_its_own_1234567890abcdef";
const SCRIPT = join(packageFolder, "dist", "scripts", "setup.js");

let clawdtalk: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let model: PracticeModel;
let gateway: PracticeGateway;
/** As the gateway's owner wrote it. */
let config: string;

beforeAll(async () => {
  clawdtalk = await startClawdTalkPractice({ ownerNumber: OWNER, keys: [KEY] });
  clawcall = await startClawCallPractice({ ownerNumber: OWNER });
  model = await startPracticeModel({ firstTokenMs: 50, perWordMs: 5 });
  gateway = await startPracticeGateway({ modelUrl: model.url });
  config = readFileSync(file("openclaw.json"), "utf8").replace("{", "{\n  // nobody takes this away");
  writeFileSync(file("openclaw.json"), config);
  mkdirSync(file("workspace"), { recursive: true });
  writeFileSync(file("workspace/IDENTITY.md"), "# IDENTITY.md\n\n- **Name:**\n  _Robin_\n- **Vibe:** calm\n");
  writeFileSync(file("workspace/USER.md"), "- **Name:** Sam\n- **What to call them:** 山姆\n");
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([clawdtalk?.close(), clawcall?.close(), model?.close()]);
});

const file = (name: string) => join(gateway.stateDir, name);
const configNow = () => readFileSync(file("openclaw.json"), "utf8");
const envNow = () => (existsSync(file(".env")) ? readFileSync(file(".env"), "utf8") : "");

/** A shell of the gateway's owner, whose services are the practice lines. */
const shell = () => ({
  PATH: process.env["PATH"] ?? "",
  HOME: file("home"),
  USERPROFILE: file("home"),
  OPENCLAW_STATE_DIR: gateway.stateDir,
  SWITCHBOARD_OPENCLAW: join(packageFolder, "node_modules", "openclaw", "openclaw.mjs"),
  CLAWDTALK_SERVER: clawdtalk.url,
  CLAWCALL_BASE_URL: clawcall.url,
  OWN_KEY: KEY,
});

/** Runs setup where nobody can be asked. */
async function setup(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [SCRIPT, ...args], {
    env: shell(),
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  expect(stdout + stderr).not.toContain(KEY);
  return { exitCode, stdout, stderr };
}

/** Setup in a terminal of its own, with somebody who types. */
class Person {
  readonly #terminal: IPty;
  #seen = "";
  #from = 0;
  readonly ended: Promise<number>;

  constructor(...args: readonly string[]) {
    this.#terminal = spawn(process.execPath, [SCRIPT, ...args], {
      cols: 160,
      rows: 50,
      cwd: gateway.stateDir,
      env: shell(),
    });
    this.#terminal.onData((data) => {
      this.#seen += data;
    });
    this.ended = new Promise((resolve) => this.#terminal.onExit(({ exitCode }) => resolve(exitCode)));
  }

  get seen(): string {
    return stripVTControlCharacters(this.#seen);
  }

  /** Types when this is asked, after whatever was asked before. */
  async when(asked: string, ...keys: readonly string[]): Promise<void> {
    await vi.waitFor(() => expect(this.seen.slice(this.#from)).toContain(asked), {
      timeout: 60_000,
      interval: 50,
    });
    this.#from = this.seen.indexOf(asked, this.#from) + asked.length;
    for (const key of keys) this.#terminal.write(key);
  }
}

const ENTER = "\r";
const SPACE = " ";
const CTRL_C = "\u0003";

describe("by options", () => {
  it("what is missing is named with its option, and nothing is changed", async () => {
    const { exitCode, stdout, stderr } = await setup("--yes", "--json", "--services", "clawdtalk,clawcall");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^Nothing was changed, since something is missing: .*--clawdtalk-key-from.*--clawcall-key-from or --store-number.*--callers\)\.$/,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      found: {
        gateway: { kind: "openclaw", isRunning: true },
        plugin: { isInstalled: false },
        names: { ownerName: "山姆", agentName: "Robin" },
      },
      missing: expect.arrayContaining([
        { what: "a key of ClawdTalk", flags: ["--clawdtalk-key-from"], isOptional: false },
      ]),
    });
    expect([configNow(), envNow()]).toEqual([config, ""]);
  });

  it("from nothing to a test call: plugin, account, keys, config with its comments, and nothing left of the call", async () => {
    const { exitCode, stdout } = await setup(
      ...["--services", "clawdtalk,clawcall", "--clawdtalk-key-from", "env:OWN_KEY", "--store-number"],
      ...["--use-names", "--callers", "owner", "--greeting", "Switchboard, good day.", "--yes", "--json"],
    );
    const told = JSON.parse(stdout);
    expect([exitCode, told.error]).toEqual([0, undefined]);
    expect(told).toMatchObject({
      ok: true,
      changed: {
        plugin: "installed",
        account: { agentNumber: "+15550008888" },
      },
      gateway: "reloaded",
      missing: [],
      firstWordMs: expect.any(Number),
      wholeMs: expect.any(Number),
    });
    expect(told.heard[0]).toBe("Switchboard, good day.");
    expect(told.heard.slice(1).join(" ")).toContain("what I can tell you");

    // The gateway's own installer writes the config without them.
    expect(configNow()).toContain("// nobody takes this away");
    expect(configNow()).toMatch(/"ownerName": "山姆"[\s\S]*"inboundCallers": "owner"/);
    expect(configNow()).not.toContain(KEY);
    expect(envNow()).toContain(`CLAWDTALK_API_KEY=${KEY}\n`);
    expect(envNow()).toMatch(/^CLAWCALL_API_KEY=.+$/m);
    if (process.platform !== "win32") expect(statSync(file(".env")).mode & 0o777).toBe(0o600);
    expect(readdirSync(file("switchboard"))).not.toContain("setup-undo");

    const { lines } = await statusOf();
    expect(lines.map(({ name, state }) => [name, state])).toEqual([
      ["clawdtalk", "connected"],
      ["clawcall", "connected"],
    ]);
    expectNothingLeft(gateway.stateDir);
  }, 180_000);

  it("the second time there is nothing to do, also as a command of the gateway's", async () => {
    const before = [configNow(), envNow(), readdirSync(file("switchboard")).sort()];
    const { exitCode, stdout, stderr } = await gateway.openclaw([
      "phone",
      "setup",
      "--yes",
      "--no-test-call",
    ]);
    expect([exitCode, stdout, stderr]).toEqual([
      0,
      "Everything is set up already: nothing was changed.",
      expect.not.stringContaining("rror"),
    ]);
    expect([configNow(), envNow(), readdirSync(file("switchboard")).sort()]).toEqual(before);
  });
});

describe("at a terminal", () => {
  beforeAll(() => {
    writeFileSync(file("openclaw.json"), config);
    rmSync(file(".env"));
  });

  it("Ctrl-C at a question leaves everything as it was", async () => {
    const person = new Person();
    await person.when("Which phone services", SPACE, ENTER);
    await person.when("The key of ClawdTalk", "cc_live_wrong", ENTER);
    await person.when("does not take the key");
    await person.when("The key of ClawdTalk", KEY, ENTER);
    await person.when("What is your name", CTRL_C);
    expect(await person.ended).toBe(130);
    expect(person.seen).toContain("Stopped: nothing was changed.");
    expect([configNow(), envNow()]).toEqual([config, ""]);
  }, 60_000);

  it("from the first question to the test call", async () => {
    const person = new Person();
    await person.when("Which phone services", SPACE, ENTER);
    await person.when("The key of ClawdTalk", KEY, ENTER);
    await person.when('USER.md says "山姆". Use it?', "y");
    await person.when('IDENTITY.md says "Robin". Use it?', "n");
    await person.when("Enter leaves it out", "小明", ENTER);
    await person.when("What should your agent say", ENTER);
    await person.when("Who calls in is", ENTER);
    await person.when('"inboundCallers": "owner"');
    await person.when("Do this?", "y");
    expect(await person.ended, person.seen).toBe(0);
    expect(person.seen).not.toContain(KEY);
    expect(person.seen).toMatch(
      /Test call: the first word after \d+\.\d s, the whole answer after \d+\.\d s/,
    );
    expect(person.seen).toContain("what I can tell you");
    expect(configNow()).toContain("// nobody takes this away");
    expect(configNow()).toContain('"agentName": "小明"');
    expect(envNow()).toContain(`CLAWDTALK_API_KEY=${KEY}\n`);
    expectNothingLeft(gateway.stateDir);
  }, 120_000);
});

async function statusOf(): Promise<{ lines: { name: string; state: string }[] }> {
  const answer = await fetch(`${gateway.url}/switchboard/status`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  return (await answer.json()) as { lines: { name: string; state: string }[] };
}
