// Proves setup without a gateway to talk to: what is found, asked, taken over, written and taken back, with a stand-in for the
// gateway's command line. A real gateway has its turn in test/install/wizard.test.ts.
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { runningLine, ToldGateway } from "../doctor/examined.ts";
import { type Finished, ScriptRunner } from "../scripts/run-script.ts";

const OWNER = "+15550001111";
const KEY = "cc_live_a_key_of_its_own_1234567890abcdef";
const CONFIG = `{
  // mine
  gateway: { mode: 'local', port: 4, auth: { token: 'secret' } },
}
`;

/**
 * Writes down what it is asked for. Installing and taking out write the config anew, without its comments, as the real one
 * does. A file beside it says what goes wrong.
 */
const GATEWAY_CLI = `
import { appendFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
const folder = path.dirname(process.argv[1]);
const [command, verb, what] = process.argv.slice(2);
appendFileSync(path.join(folder, "asked"), [command, verb, what?.replace(/^npm-pack:.*[/\\\\\\\\]/, "npm-pack:")].join(" ") + "\\n");
const is = (name) => existsSync(path.join(folder, name));
const rewrite = (entries) => writeFileSync(process.env.OPENCLAW_CONFIG_PATH, JSON.stringify({ gateway: { mode: "local", port: 4, auth: { token: "secret" } }, plugins: { entries }, meta: {} }));
if (command === "config" && is("slow")) process.kill(process.ppid, "SIGINT");
if (command === "config") console.log(JSON.stringify({ valid: true }));
// The real one puts a file in the place of a link.
if (verb === "install") {
  if (is("unlinking")) rmSync(process.env.OPENCLAW_CONFIG_PATH);
  rewrite({ switchboard: { enabled: true } });
  if (is("interrupt")) { process.kill(process.ppid, "SIGINT"); await new Promise((resolve) => setTimeout(resolve, 20_000)); }
  if (is("broken")) { console.error("The disk is full."); process.exitCode = 1; }
}
if (verb === "uninstall") rewrite({});
`;

let clawdtalk: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let runner: ScriptRunner;
beforeAll(async () => {
  clawdtalk = await startClawdTalkPractice({ ownerNumber: OWNER, keys: [KEY] });
  clawcall = await startClawCallPractice({ ownerNumber: OWNER });
});
afterAll(() => Promise.all([clawdtalk.close(), clawcall.close()]));
beforeEach(() => {
  runner = new ScriptRunner({ isBuilt: true });
  runner.write("bin/openclaw.mjs", GATEWAY_CLI);
  runner.write("openclaw.json", CONFIG);
  Object.assign(runner.env, {
    SWITCHBOARD_OPENCLAW: path.join(runner.stateFolder, "bin", "openclaw.mjs"),
    PATH: process.env.PATH ?? "",
    CLAWDTALK_SERVER: clawdtalk.url,
    CLAWCALL_BASE_URL: clawcall.url,
    OWN_KEY: KEY,
  });
});
afterEach(() => runner.remove());

const read = (name: string) => {
  const file = path.join(runner.stateFolder, name);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};
const asked = () => (read("bin/asked") ?? "").trim().split("\n");

async function setup(
  ...args: readonly string[]
): Promise<Finished & { readonly json: Record<string, unknown> }> {
  const finished = await runner.run("setup", args);
  expect(finished.stdout + finished.stderr).not.toContain(KEY);
  return { ...finished, json: args.includes("--json") ? JSON.parse(finished.stdout) : {} };
}

const WHOLE = ["--clawdtalk-key-from", "env:OWN_KEY", "--callers", "owner", "--yes"];

function nothingIsChanged(): void {
  expect([read("openclaw.json"), read(".env")]).toEqual([CONFIG, undefined]);
  const own = path.join(runner.stateFolder, "switchboard");
  expect(existsSync(own) ? readdirSync(own) : []).toEqual([]);
  expect(readdirSync(runner.stateFolder).filter((name) => /backup|-new$|\.lock$/.test(name))).toEqual([]);
}

describe("inside the gateway", () => {
  test("the plugin is installed, and what the installer takes from the config is put back", async () => {
    const { code, json } = await setup(...WHOLE, "--json");
    expect([code, json["error"]]).toEqual([0, undefined]);
    expect(json).toMatchObject({
      gateway: "notRunning",
      next: ["openclaw gateway start"],
      changed: { plugin: "installed", variables: ["CLAWDTALK_SERVER", "CLAWDTALK_API_KEY"] },
      found: { services: [{ carrier: "clawdtalk", key: "cc_live_…cdef", ownerNumber: OWNER }] },
    });
    expect(asked()).toEqual([
      "config validate --json",
      "plugins install npm-pack:openclaw-switchboard-0.1.0.tgz",
      "config validate --json",
    ]);
    const config = read("openclaw.json") ?? "";
    expect(config).toContain(CONFIG.slice(0, CONFIG.lastIndexOf("}")));
    expect(config).toContain("allowConversationAccess: true");
    expect(config).toContain(`ownerNumbers: ['${OWNER}']`);
    expect(config).not.toContain(KEY);
    expect(read(".env")).toBe(`CLAWDTALK_SERVER=${clawdtalk.url}\nCLAWDTALK_API_KEY=${KEY}\n`);
    expect(JSON.parse(read("switchboard/setup.json") ?? "").added).toContainEqual({
      kind: "variable",
      name: "CLAWDTALK_API_KEY",
    });
  });

  test("a config that is a link stays one, and is changed where it lies", async () => {
    runner.write("elsewhere/mine.json5", CONFIG);
    const file = path.join(runner.stateFolder, "openclaw.json");
    rmSync(file);
    symlinkSync(path.join("elsewhere", "mine.json5"), file);
    runner.write("bin/unlinking", "");
    const { code, json } = await setup(...WHOLE, "--json");
    expect([code, json["error"]]).toEqual([0, undefined]);
    expect(readlinkSync(file)).toBe(path.join("elsewhere", "mine.json5"));
    expect(read("elsewhere/mine.json5")).toMatch(/\/\/ mine[\s\S]*allowConversationAccess: true/);
  });

  test("a plugin that the gateway uses where it lies, below the home folder, is not installed again", async () => {
    runner.write("mine/openclaw.plugin.json", JSON.stringify({ id: "switchboard" }));
    const linked = CONFIG.replace("  gateway:", "  plugins: { load: { paths: ['~/mine'] } },\n  gateway:");
    runner.write("openclaw.json", linked);
    const { code, json } = await setup(...WHOLE, "--dry-run", "--json");
    expect([code, json["error"]]).toEqual([0, undefined]);
    expect(json).toMatchObject({ found: { plugin: { isInstalled: true } } });
    expect(json).not.toMatchObject({ changed: { plugin: "installed" } });
  });

  test("a restart that was not wanted can be said yes to afterwards", async () => {
    const gateway = await ToldGateway.start();
    try {
      const config = CONFIG.replace("port: 4", `reload: { mode: 'off' }, port: ${new URL(gateway.url).port}`);
      runner.write("openclaw.json", config);
      const first = await setup(...WHOLE, "--mode", "plugin", "--no-test-call", "--json");
      expect(first.json).toMatchObject({ ok: true, gateway: "restartNeeded" });
      const restarted = setInterval(() => {
        if ((read("bin/asked") ?? "").includes("gateway restart"))
          gateway.runsPlugin({ lines: [runningLine()] });
      }, 100);
      const again = await setup("--yes", "--restart", "--no-test-call", "--json");
      clearInterval(restarted);
      expect(again.json).toMatchObject({ ok: true, gateway: "restarted" });
      expect((await setup("--yes", "--restart", "--no-test-call", "--json")).json).toMatchObject({
        ok: true,
        gateway: "unchanged",
      });
      expect(asked().filter((words) => words.startsWith("gateway restart"))).toHaveLength(1);
    } finally {
      await gateway.close();
    }
  });

  test("Ctrl-C while it is being installed: everything is as it was", async () => {
    runner.write("bin/interrupt", "");
    const { code, stderr } = await setup(...WHOLE);
    expect(code).toBe(130);
    expect(stderr).toMatch(/Stopped\. Everything is as it was\.\n$/);
    expect(asked().at(-1)).toBe("plugins uninstall switchboard");
    nothingIsChanged();
  });

  test("Ctrl-C while the config is being checked: nothing was changed", async () => {
    runner.write("bin/slow", "");
    const { code, stderr } = await setup(...WHOLE);
    expect(code).toBe(130);
    expect(stderr).toMatch(/\nStopped: nothing was changed\.\n$/);
    expect(asked()).toEqual(["config validate --json"]);
    nothingIsChanged();
  });

  test("what cannot be installed changes nothing, and an account made meanwhile keeps its key", async () => {
    runner.write("bin/broken", "");
    const failed = await setup(...WHOLE);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/failed: The disk is full\. Everything is as it was\.\n$/);
    nothingIsChanged();

    const accounts = clawcall.accounts.length;
    const registered = await setup(
      ...WHOLE,
      "--services",
      "clawcall",
      "--store-number",
      "--agent-name",
      "Robin",
    );
    expect(registered.code).toBe(1);
    expect(registered.stderr).toMatch(
      /Everything is as it was\. The account at ClawCall is made, and its key kept in .*\.env\.\n$/,
    );
    expect(clawcall.accounts).toHaveLength(accounts + 1);
    expect(read("openclaw.json")).toBe(CONFIG);
    expect(read(".env")).toMatch(
      /^CLAWCALL_BASE_URL=http:\/\/127\.0\.0\.1:\d+\nCLAWCALL_API_KEY=.+\nCLAWCALL_EMAIL=.+\nCLAWCALL_OWNER_NUMBER=\+15550001111\n$/,
    );
  });
});

describe("nothing is changed", () => {
  test("by --dry-run, which shows all of it", async () => {
    const { code, stdout } = await setup(...WHOLE, "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /The gateway installs this plugin[\s\S]*inboundCallers: 'owner'[\s\S]*\+ CLAWDTALK_API_KEY=cc_live_…cdef\nNothing was written\.\n$/,
    );
    expect(read("bin/asked")).toBeUndefined();
    nothingIsChanged();
  });

  test("without --yes, where nobody can be asked", async () => {
    const { code, stderr } = await setup(...WHOLE.filter((word) => word !== "--yes"));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Nothing was changed\. Where nobody can be asked, --yes says that this is wanted\.\n$/,
    );
    nothingIsChanged();
  });

  test.each([
    [["--callers", "owner"], /--services/],
    [["--services", "clawdtalk", "--callers", "owner"], /a key of ClawdTalk \(--clawdtalk-key-from\)/],
    [["--clawdtalk-key-from", "env:OWN_KEY"], /whether who calls in is believed to be you \(--callers\)/],
    [["--services", "clawcall", "--callers", "owner"], /--clawcall-key-from or --store-number/],
    [
      ["--services", "clawcall", "--store-number", "--callers", "owner"],
      /your phone number \(--owner-number\).*--agent-name/,
    ],
    [["--mode", "skill", ...WHOLE], /--allow-streaming or --allow-sessions-send/],
  ])("%j --yes lacks a consent or an answer of its own", async (args, sentence) => {
    const { code, stderr } = await setup(...args, "--yes");
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    nothingIsChanged();
  });

  test.each([
    [["--clawdtalk-key-from", KEY], 2, /takes where the key is, never the key/],
    [["--clawdtalk-key-from", "env:NO_SUCH"], 2, /there is no key in env:NO_SUCH/],
    [["--clawdtalk-key-from", "file:no-such-file"], 2, /cannot be read \(ENOENT\)/],
    [["--clawdtalk-key-from", "env:PATH"], 1, /./],
    [["--services", "skype"], 2, /There is no service "skype"/],
    [["--owner-number", "112"], 2, /is not a phone number/],
    [["--owner-name", "$(whoami)"], 2, /is no name/],
    [["--callers", "everybody"], 2, /./],
    [["--config", "/no/such/openclaw.json"], 1, /There is no gateway's config/],
  ])("by %j", async (args, exitCode, sentence) => {
    const { code, stderr } = await setup(...args, "--yes");
    expect(stderr).toMatch(sentence);
    expect(code).toBe(exitCode);
    nothingIsChanged();
  });

  test("where the config cannot be read, whatever else is missing", async () => {
    const broken = "{ gateway: \n";
    runner.write("openclaw.json", broken);
    const { code, stderr } = await setup("--yes");
    expect([code, read("openclaw.json")]).toEqual([1, broken]);
    expect(stderr).toContain("openclaw.json");
    expect(stderr).not.toContain("something is missing");
  });

  test("where the service does not know the key, or cannot be asked", async () => {
    runner.env.OWN_KEY = "cc_live_somebody_elses_0000000000000000000";
    expect((await setup(...WHOLE)).stderr).toMatch(
      /^ClawdTalk does not take the key cc_live_…0000: copy it again/,
    );
    runner.env.CLAWDTALK_SERVER = "http://127.0.0.1:1";
    expect((await setup(...WHOLE)).stderr).toMatch(/^The key cc_live_…0000 could not be tried: ClawdTalk/);
    nothingIsChanged();
  });
});

test("beside the gateway: the one tool, our own settings, and no plugin", async () => {
  const { code, json } = await setup(
    ...WHOLE,
    "--mode",
    "skill",
    "--allow-sessions-send",
    "--owner-name",
    "山姆",
    "--json",
  );
  expect([code, json["error"]]).toEqual([0, undefined]);
  expect(json).toMatchObject({
    changed: { settings: ["ownerName", "ownerNumbers", "inboundCallers"] },
    next: ["openclaw gateway start", "node dist/scripts/connect.js start"],
  });
  expect(read("openclaw.json")).toBe(
    CONFIG.replace(
      "auth: { token: 'secret' }",
      "auth: { token: 'secret' }, tools: { allow: ['sessions_send'] }",
    ),
  );
  expect(JSON.parse(read("switchboard/skill-config.json") ?? "")).toEqual({
    ownerName: "山姆",
    ownerNumbers: [OWNER],
    inboundCallers: "owner",
  });
  expect(asked()).toEqual(["config validate --json", "config validate --json"]);
  const again = await setup("--yes", "--mode", "skill");
  expect(again.stdout).toMatch(/^Everything is set up already: nothing was changed\.\n/);
});

test("--import takes over what the service's own client has", async () => {
  runner.write("workspace/skills/clawdtalk-client/SKILL.md", "---\nname: clawdtalk-client\n---\n");
  runner.write(
    "workspace/skills/clawdtalk-client/skill-config.json",
    JSON.stringify({ api_key: KEY, owner_name: "Sam", agent_name: "Robin", server: clawdtalk.url }),
  );
  const mission = { tyres: { mission_name: "Tyres", mission_id: "m1", run_id: "r1", status: "running" } };
  runner.write("workspace/skills/clawdtalk-client/.missions_state.json", JSON.stringify(mission));
  const left = await setup("--callers", "owner", "--yes", "--json");
  expect(left.json).toMatchObject({ ok: false, notes: [expect.stringMatching(/--import takes over/)] });

  const { code, json } = await setup("--import", "--callers", "owner", "--yes", "--json");
  expect([code, json["error"]]).toEqual([0, undefined]);
  expect(read(".env")).toContain(`CLAWDTALK_API_KEY=${KEY}\n`);
  expect(read("openclaw.json")).toMatch(/ownerName: 'Sam'[\s\S]*agentName: 'Robin'/);
  const missions = await runner.run("missions", ["list-state"]);
  expect(missions.stdout).toContain("tyres");
});
