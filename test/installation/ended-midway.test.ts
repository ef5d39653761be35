/** Update and uninstall as built scripts, ended at any moment: nothing is half written, and the next run makes it good. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { applyConfigPlan, planConfigChange, wholeConfig } from "../../plugin/config/gateway-config-file.ts";
import { additionsOf, recordSetup } from "../../plugin/installation/setup-record.ts";
import { SomeMachine } from "./some-package.ts";

const SKILL = ".openclaw/workspace/skills/switchboard";
const CONFIG = "{\n  // mine\n  gateway: { tools: { allow: ['cron'] } },\n}\n";
const ENV = "CLAWDTALK_API_KEY=cc_live_1\n";
const soon = { timeout: 15_000, interval: 20 };

let machine: SomeMachine;
let folder: string;
beforeEach(() => {
  machine = new SomeMachine();
  machine.write(".openclaw/openclaw.json", CONFIG);
  machine.write(".openclaw/.env", ENV);
  folder = putSkill("1.0.0");
});
afterEach(() => machine.remove());

/** The skill as installed from \`source\`, with the project's own scripts. */
function putSkill(version: string): string {
  const source = path.join(machine.home, "source");
  machine.write(
    `${SKILL}/.openclaw/source-origin.json`,
    JSON.stringify({ version: 1, source: "path", spec: source, slug: "switchboard" }),
  );
  const put = machine.putPackage(SKILL, { version });
  machine.putScripts(SKILL);
  return put;
}

/** A next version, which installing copies once there is a file \`go\`. */
function publish(wrong: readonly string[], changes?: string): void {
  machine.putPackage("source", { version: "2.0.0", wrong, ...(changes === undefined ? {} : { changes }) });
  cpSync(path.join(folder, "dist"), path.join(machine.home, "source", "dist"), {
    recursive: true,
    force: false,
  });
  machine.openclawDoes(`
  const home = ${JSON.stringify(machine.home)};
  if (words[0] === "config") return console.log(JSON.stringify({ valid: true }));
  if (words[0] === "cron") return console.log('{"jobs":[]}');
  fs.writeFileSync(home + "/begun", "");
  while (!fs.existsSync(home + "/go")) await new Promise((resolve) => setTimeout(resolve, 20));
  fs.cpSync(words[2], ${JSON.stringify(folder)}, { recursive: true });
  fs.writeFileSync(home + "/done", "");`);
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; said: string }>;
}

/** Starts a script of the installed copy, in a process group of its own as a terminal would. */
function start(name: string, words: readonly string[], killAt?: number): Running {
  const killer = path.resolve(import.meta.dirname, "../scripts/kill-at-write.ts");
  const child = spawn(
    process.execPath,
    [
      ...(killAt === undefined ? [] : ["--import", killer]),
      path.join(folder, "dist", "scripts", `${name}.js`),
      ...words,
    ],
    {
      cwd: machine.home,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...machine.env,
        OPENCLAW_STATE_DIR: machine.stateFolder,
        XDG_CACHE_HOME: path.join(machine.home, "cache"),
        ...(killAt === undefined ? {} : { KILL_IN: machine.stateFolder, KILL_AT: String(killAt) }),
      },
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (said += String(text)));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, said })),
  );
  return { child, ended };
}

const run = (name: string, words: readonly string[], killAt?: number) => start(name, words, killAt).ended;
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals) => process.kill(-(child.pid ?? 0), signal);
const version = () => JSON.parse(machine.read(`${SKILL}/openclaw.plugin.json`)).version;

it("Ctrl-C at the terminal lets the installer finish, and says how far it came", async () => {
  publish(["hooks"]);
  const { child, ended } = start("update", ["--yes"]);
  await vi.waitFor(() => expect(existsSync(path.join(machine.home, "begun"))).toBe(true), soon);
  signalGroup(child, "SIGINT");
  machine.write("go", "");
  const { code, said } = await ended;
  expect([code, version()]).toEqual([130, "2.0.0"]);
  expect(said).toContain("Updated from 1.0.0 to 2.0.0.");
  expect(said).toContain("It was stopped before the doctor looked.");
});

it("without a terminal and without --yes nothing is done; with --dry-run it is said what would be", async () => {
  publish([]);
  const refused = await run("update", []);
  expect([refused.code, refused.said]).toEqual([
    1,
    expect.stringContaining("--yes says that this is wanted"),
  ]);
  const shown = await run("update", ["--dry-run", "--json"]);
  expect(JSON.parse(shown.said)).toMatchObject({
    ok: true,
    updated: false,
    kind: "openclaw-skill",
    command: `openclaw skills install ${path.join(machine.home, "source")} --as switchboard --force`,
  });
  expect(existsSync(path.join(machine.home, "bin", "asked"))).toBe(false);
  const other = start("update", ["--yes"]);
  await vi.waitFor(() => expect(existsSync(path.join(machine.home, "begun"))).toBe(true), soon);
  const second = await run("uninstall", ["--yes"]);
  expect(second).toMatchObject({
    code: 1,
    said: expect.stringContaining("Another update or uninstall is running"),
  });
  machine.write("go", "");
  expect((await other.ended).code).toBe(0);
});

it("killed while the installer runs: that finishes, and the copy of before can be put back", async () => {
  publish([]);
  const { child, ended } = start("update", ["--yes"]);
  await vi.waitFor(() => expect(existsSync(path.join(machine.home, "begun"))).toBe(true), soon);
  signalGroup(child, "SIGKILL");
  machine.write("go", "");
  await vi.waitFor(() => expect(existsSync(path.join(machine.home, "done"))).toBe(true), soon);
  await ended;
  expect([version(), machine.read(".openclaw/openclaw.json")]).toEqual(["2.0.0", CONFIG]);
  machine.write(".openclaw/.env", "");
  const back = await run("update", ["--put-back", "--yes", "--json"]);
  expect(JSON.parse(back.said)).toMatchObject({ ok: true, done: [path.join(machine.stateFolder, ".env")] });
  expect(machine.read(".openclaw/.env")).toBe(ENV);
});

it("killed at any write of putting back: each file is the old or the new one, and the next run puts all back", async () => {
  machine.write("go", "");
  const NEW = { config: '{"new":1}', env: "NEW=1\n" };
  const changes = `import fs from "node:fs";
const folder = process.env.OPENCLAW_STATE_DIR;
fs.writeFileSync(folder + "/openclaw.json", ${JSON.stringify(NEW.config)});
fs.writeFileSync(folder + "/.env", ${JSON.stringify(NEW.env)});`;
  let killed = 0;
  for (let at = 1; ; at += 7) {
    publish(["hooks"], changes);
    const { code, said } = await run("update", ["--yes"], at);
    const now = { config: machine.read(".openclaw/openclaw.json"), env: machine.read(".openclaw/.env") };
    expect([CONFIG, NEW.config]).toContain(now.config);
    expect([ENV, NEW.env]).toContain(now.env);
    if (code !== null) {
      expect([code, now]).toEqual([1, { config: CONFIG, env: ENV }]);
      expect(said).toContain("hooks is wrong.");
      break;
    }
    killed++;
    rmSync(path.join(folder, "changes.mjs"), { force: true });
    const back = await run("update", ["--put-back", "--yes"]);
    if (back.said.includes("There is no copy")) expect(now).toEqual({ config: CONFIG, env: ENV });
    else expect(back.code, back.said).toBe(0);
    expect([machine.read(".openclaw/openclaw.json"), machine.read(".openclaw/.env")]).toEqual([CONFIG, ENV]);
    rmSync(folder, { recursive: true });
    putSkill("1.0.0");
  }
  expect(killed).toBeGreaterThan(2);
}, 60_000);

it("an uninstall killed at any write: the config is the old or the new one, and the next run finishes it", async () => {
  publish([]);
  const wishes = [
    { change: "unite", path: ["gateway", "tools", "allow"], items: ["sessions_send"] },
  ] as const;
  const place = { configFile: machine.configFile, env: {} };
  const plan = planConfigChange(place, wishes);
  const patched = plan.files[0]?.after.toString() ?? "";
  let killed = 0;
  for (let at = 1; ; at += 7) {
    recordSetup(machine.stateFolder, {
      added: [...additionsOf(wholeConfig(place), wishes), { kind: "variable", name: "CLAWDTALK_API_KEY" }],
    });
    await applyConfigPlan(planConfigChange(place, wishes), async () => undefined, {
      signal: new AbortController().signal,
    });
    const { code } = await run("uninstall", ["--yes", "--delete-keys"], at);
    expect([CONFIG, patched]).toContain(machine.read(".openclaw/openclaw.json"));
    expect([ENV, undefined]).toContain(
      existsSync(path.join(machine.stateFolder, ".env")) ? machine.read(".openclaw/.env") : undefined,
    );
    if (code === null) {
      killed++;
      if (existsSync(folder)) expect((await run("uninstall", ["--yes", "--delete-keys"])).code).toBe(0);
    } else expect(code).toBe(0);
    expect(machine.read(".openclaw/openclaw.json")).toBe(CONFIG);
    expect([existsSync(folder), existsSync(path.join(machine.stateFolder, ".env"))]).toEqual([false, false]);
    if (code !== null) break;
    machine.write(".openclaw/.env", ENV);
    putSkill("1.0.0");
  }
  expect(killed).toBeGreaterThan(2);
}, 60_000);
