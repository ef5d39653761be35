/** Uninstalling takes back what setup has added and nothing else: the config byte for byte, keys and history on request. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineUninstallCommand } from "../../plugin/command-line/uninstall-command.ts";
import { openEnvFile } from "../../plugin/config/env-file.ts";
import {
  applyConfigPlan,
  type ConfigWish,
  planConfigChange,
  wholeConfig,
} from "../../plugin/config/gateway-config-file.ts";
import { additionsOf, readSetupRecord, recordSetup } from "../../plugin/installation/setup-record.ts";
import { withStore } from "../../plugin/store/database.ts";
import { SomeMachine } from "./some-package.ts";

const PLUGIN = ".openclaw/npm/projects/openclaw-switchboard/node_modules/openclaw-switchboard";
const CONFIG = `// Mine.
{
  gateway: { auth: { token: 'secret' }, tools: { allow: ['cron'] } }, // and this
  /* agents */
  agents: { defaults: { model: "a/b" } },
}
`;

let machine: SomeMachine;
beforeEach(() => {
  machine = new SomeMachine();
  machine.write(".openclaw/openclaw.json", CONFIG);
  machine.openclawDoes(AS_THE_GATEWAY);
});
afterEach(() => machine.remove());

const config = () => machine.read(".openclaw/openclaw.json");
const place = () => ({ configFile: machine.configFile, env: machine.env });

/** As the gateway uninstalls (seen with 2026.9.6): the config is written anew as JSON, with a mark and a section of its own. */
const AS_THE_GATEWAY = `
  const { default: JSON5 } = await import(${JSON.stringify(import.meta.resolve("json5"))});
  const file = process.env.OPENCLAW_CONFIG_PATH;
  if (words[0] === "config") console.log(JSON.stringify({ valid: true, path: file }));
  else if (words[0] === "cron") console.log(JSON.stringify(words[1] === "list" ? { jobs: JSON.parse(process.env.JOBS ?? "[]") } : {}));
  else if (words[1] === "uninstall") {
    if (process.env.FAILS) { console.error("The gateway is busy."); process.exit(1); }
    const config = JSON5.parse(fs.readFileSync(file, "utf8"));
    config.plugins = { ...config.plugins, entries: { ...config.plugins?.entries, switchboard: { enabled: false } } };
    config.agents = { ...config.agents, entries: { main: {} } };
    if (process.env.MEDDLES) config.gateway.port = 1;
    config.meta = { lastTouchedVersion: "2026.9.6" };
    fs.writeFileSync(file, JSON.stringify(config, null, 2));
    
  } else process.exit(1);`;

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly string[];
}

/** Runs the command on a copy in this folder, at a terminal where these are the answers. */
async function uninstall(
  packageFolder: string,
  words: readonly string[],
  {
    answers,
    env = {},
  }: { readonly answers?: Readonly<Record<string, string>>; readonly env?: Record<string, string> } = {},
): Promise<Told> {
  const told = { code: 0, stdout: "", stderr: "", asked: [] as string[] };
  const command = new Command("uninstall").exitOverride();
  defineUninstallCommand(
    command,
    {
      places: () => ({
        stateFolder: machine.stateFolder,
        configFile: machine.configFile,
        env: { ...machine.env, ...env },
        packageFolder,
      }),
      print: (text) => {
        told.stdout += text;
      },
      complain: (text) => {
        told.stderr += text;
      },
      ask: async (question) => {
        if (answers === undefined) return undefined;
        told.asked.push(question);
        return Object.entries(answers).find(([part]) => question.includes(part))?.[1] ?? "n";
      },
      setExitCode: (code) => {
        told.code = code;
      },
    },
    () => () => {},
  );
  await command.parseAsync(["node", "uninstall", ...words]);
  return told;
}

/** Does what setup does: notes, and writes. */
async function setUp(
  wishes: readonly ConfigWish[],
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  recordSetup(machine.stateFolder, {
    added: [
      ...additionsOf(wholeConfig(place()), wishes),
      ...Object.keys(variables).map((name) => ({ kind: "variable", name }) as const),
    ],
  });
  await applyConfigPlan(planConfigChange(place(), wishes), async () => undefined, {
    signal: new AbortController().signal,
  });
  for (const name of readdirSync(machine.stateFolder).filter((one) => one.endsWith("-backup"))) {
    rmSync(path.join(machine.stateFolder, name));
  }
  if (Object.keys(variables).length > 0)
    openEnvFile(path.join(machine.stateFolder, ".env"), []).save(variables);
}

const set = (at: string, value: never | string | boolean | string[]): ConfigWish => ({
  change: "set",
  path: at.split("."),
  value,
});
const AS_A_PLUGIN: readonly ConfigWish[] = [
  set("plugins.entries.switchboard.enabled", true),
  set("plugins.entries.switchboard.hooks.allowConversationAccess", true),
  set("plugins.entries.switchboard.config.ownerNumbers", ["+15551234567"]),
  set("plugins.entries.switchboard.config.agentName", "Robin"),
  set("channels.phone.enabled", true),
];
const AS_A_SKILL: readonly ConfigWish[] = [
  { change: "unite", path: ["gateway", "tools", "allow"], items: ["cron", "sessions_send"] },
  set("gateway.http.endpoints.chatCompletions.enabled", true),
];

function plugin(): string {
  return machine.putPackage(PLUGIN, { version: "1.0.0" });
}
function skill(): string {
  const folder = ".openclaw/workspace/skills/switchboard";
  machine.write(`${folder}/.openclaw/source-origin.json`, JSON.stringify({ source: "path", spec: "/src" }));
  return machine.putPackage(folder, { version: "1.0.0" });
}

describe("the config", () => {
  it.each([
    ["with comments", CONFIG],
    ["as the gateway writes it", `${JSON.stringify({ gateway: { mode: "local" }, agents: {} }, null, 2)}\n`],
    ["in one line, with a mark", '\ufeff{"gateway":{"mode":"local"}}'],
    ["with line ends of Windows", CONFIG.replaceAll("\n", "\r\n")],
    [
      "with plugins and channels of others",
      "{\n  plugins: { entries: { other: { enabled: true } }, allow: ['other'], },\n  channels: { telegram: {}, }, // them\n}",
    ],
  ])("is what it was, byte for byte: %s", async (_, text) => {
    machine.write(".openclaw/openclaw.json", text);
    await setUp(AS_A_PLUGIN);
    expect(config()).not.toBe(text);
    const told = await uninstall(plugin(), ["--yes", "--json"]);
    expect([told.code, config()]).toEqual([0, text]);
    expect(JSON.parse(told.stdout)).toMatchObject({ ok: true, removed: true, kind: "plugin-npm" });
    expect(machine.asked()).toContain("plugins uninstall switchboard --force");
    expect(existsSync(path.join(machine.stateFolder, "switchboard"))).toBe(false);
  });

  it("of a skill too, in an included file", async () => {
    const root = '{ gateway: { $include: "./gateway.json5" } } // root\n';
    const included = "{\n  // mine\n  mode: 'local',\n}\n";
    machine.write(".openclaw/openclaw.json", root);
    machine.write(".openclaw/gateway.json5", included);
    await setUp(AS_A_SKILL);
    expect(machine.read(".openclaw/gateway.json5")).toContain("sessions_send");
    const folder = skill();
    expect((await uninstall(folder, ["--yes"])).code).toBe(0);
    expect([config(), machine.read(".openclaw/gateway.json5")]).toEqual([root, included]);
    expect(existsSync(folder)).toBe(false);
    expect(machine.asked()).not.toContain("plugins uninstall switchboard --force");
  });

  it("keeps what was there before setup, what others have added since, and what was changed", async () => {
    const before = `{ gateway: { tools: { allow: ["cron"] }, http: { endpoints: { chatCompletions: { enabled: false } } } } }`;
    machine.write(".openclaw/openclaw.json", before);
    await setUp([...AS_A_SKILL, set("gateway.mode", "local")]);
    expect(readSetupRecord(machine.stateFolder)?.added).toEqual([
      { kind: "items", path: ["gateway", "tools", "allow"], items: ["sessions_send"] },
      {
        kind: "setting",
        path: ["gateway", "http", "endpoints", "chatCompletions", "enabled"],
        value: true,
        before: false,
      },
      { kind: "setting", path: ["gateway", "mode"], value: "local" },
    ]);
    machine.write(
      ".openclaw/openclaw.json",
      config().replace('"sessions_send"', '"sessions_send", "later"').replace('"local"', '"remote"'),
    );
    const told = await uninstall(skill(), ["--yes"]);
    expect(config()).toBe(
      before
        .replace('"cron"', '"cron", "later"')
        .replace(/ } } }$/, ' }, mode: "remote" } }')
        .replace("}, mode", "}, mode"),
    );
    expect(told.stderr).toContain('"gateway.mode" was changed since setup has set it, and stays.');
  });

  it("is left with everything of a plugin's gone, also where setup was never run", async () => {
    const folder = plugin();
    machine.write(
      ".openclaw/openclaw.json",
      "{ plugins: { allow: ['switchboard', 'x'], entries: { switchboard: { enabled: true, config: { agentName: 'Me' } } } }, channels: { phone: { dmPolicy: 'open' } } } // !",
    );
    expect((await uninstall(folder, ["--yes"])).code).toBe(0);
    expect(config()).toBe("{ plugins: { allow: ['x'] } } // !");
  });

  it("has no empty section left of what the gateway has written over several lines", async () => {
    const own = { gateway: { mode: "local" } };
    const plugins = {
      entries: { switchboard: { enabled: true, config: { ownerNumbers: ["+15551234567"] } } },
    };
    machine.write(".openclaw/openclaw.json", JSON.stringify({ ...own, plugins }, null, 2));
    expect((await uninstall(plugin(), ["--yes"])).code).toBe(0);
    expect(config()).toBe(JSON.stringify(own, null, 2));
  });

  it("is not overwritten where something else was changed meanwhile", async () => {
    await setUp(AS_A_PLUGIN);
    const told = await uninstall(plugin(), ["--yes"], { env: { MEDDLES: "1" } });
    expect(told.stdout).toContain(
      "openclaw.json was changed by the gateway or somebody else meanwhile, and is left so.",
    );
    expect(JSON.parse(config())).toMatchObject({ gateway: { port: 1 } });
  });

  it("and the copy are as they were when the way's command fails", async () => {
    await setUp(AS_A_PLUGIN);
    const before = config();
    const folder = plugin();
    const told = await uninstall(folder, ["--yes", "--delete-keys", "--delete-history"], {
      env: { FAILS: "1" },
    });
    expect([told.code, config(), existsSync(folder)]).toEqual([1, before, true]);
    expect(told.stderr).toContain(
      '"openclaw plugins uninstall switchboard --force" failed: The gateway is busy.',
    );
    expect(readSetupRecord(machine.stateFolder)?.added).toHaveLength(AS_A_PLUGIN.length);
  });

  it("shows no secret that goes with it", async () => {
    machine.write(
      ".openclaw/openclaw.json",
      "{ plugins: { entries: { switchboard: { config: { apiKey: 'cc_live_0123456789' } } } } }",
    );
    const told = await uninstall(plugin(), ["--dry-run", "--json"]);
    expect(told.stdout + told.stderr).not.toContain("0123456789");
    expect(config()).toContain("0123456789");
    const shown = await uninstall(plugin(), ["--dry-run"]);
    expect(shown.stdout).toContain("switchboard: { config: { apiKey: [redacted] } }");
    expect(shown.stdout).not.toContain("0123456789");
  });
});

describe("without a record", () => {
  it("what may be others' is asked for, each by name, and stays with --yes alone", async () => {
    const allowed =
      "{ gateway: { tools: { allow: ['sessions_send'] }, http: { endpoints: { chatCompletions: { enabled: true } } } } }";
    machine.write(".openclaw/openclaw.json", allowed);
    const told = await uninstall(skill(), ["--yes"]);
    expect(config()).toBe(allowed);
    expect(told.stderr).toContain(
      "sessions_send in gateway.tools.allow, and no record says that setup put it there: it stays.",
    );
    const asked = await uninstall(skill(), [], { answers: { "sessions_send in": "y", "Uninstall?": "yes" } });
    expect(asked.asked).toHaveLength(3);
    expect(config()).toBe(allowed.replace("'sessions_send'", ""));
  });
});

describe("keys and history", () => {
  const ENV = "# mine\nOPENAI_API_KEY=sk-1\nCLAWCALL_EMAIL=me@clawcall.app # by hand\n";
  beforeEach(async () => {
    machine.write(".openclaw/.env", ENV);
    await setUp(AS_A_SKILL, { CLAWDTALK_API_KEY: "cc_live_1", STEPONEAI_API_KEY: "sk_2" });
    await withStore(machine, async () => {});
    machine.write(".openclaw/switchboard/skill-config.json", "{}");
    machine.write(".openclaw/switchboard/backups/1/0-.env", "CLAWDTALK_API_KEY=cc_live_1");
    machine.write(".openclaw/switchboard/.connect.log", "called");
  });
  const kept = () =>
    readdirSync(path.join(machine.stateFolder, "switchboard"))
      .filter((name) => !/-(wal|shm)$/.test(name))
      .sort();

  it("stay without a word of their own, and are named", async () => {
    const before = machine.read(".openclaw/.env");
    const told = await uninstall(skill(), ["--yes"]);
    expect(machine.read(".openclaw/.env")).toBe(before);
    expect(kept()).toEqual([".connect.log", "backups", "skill-config.json", "switchboard.sqlite"]);
    expect(told.stdout).toContain("The keys stay: CLAWDTALK_API_KEY, STEPONEAI_API_KEY,");
    expect(told.stdout).toMatch(/Calls and texts stay in .*switchboard\.sqlite/);
    expect(told.stdout + told.stderr).not.toMatch(/cc_live_1|sk_2/);
  });

  it("go when that is said, those that setup has put there alone", async () => {
    const told = await uninstall(skill(), ["--yes", "--delete-keys", "--delete-history"]);
    expect(told.code).toBe(0);
    expect(machine.read(".openclaw/.env")).toBe(ENV);
    expect(existsSync(path.join(machine.stateFolder, "switchboard"))).toBe(false);
    expect(told.stderr).toContain("CLAWCALL_EMAIL in");
  });

  it("go with the copy that a killed setup has left of them", async () => {
    machine.write(".openclaw/switchboard/setup-undo/0", "CLAWDTALK_API_KEY=cc_live_1");
    const told = await uninstall(skill(), ["--yes", "--delete-keys", "--delete-history"]);
    expect([told.code, existsSync(path.join(machine.stateFolder, "switchboard"))]).toEqual([0, false]);
  });

  it("are asked for one by one", async () => {
    const told = await uninstall(skill(), [], {
      answers: { "Uninstall?": "y", "Delete the keys": "y", "Delete all calls": "n" },
    });
    expect(told.asked.map((question) => question.slice(0, 15))).toEqual([
      "Uninstall? [y/N",
      "Delete the keys",
      "Delete all call",
    ]);
    expect(machine.read(".openclaw/.env")).toBe(ENV);
    expect(kept()).toEqual([".connect.log", "switchboard.sqlite"]);
  });

  it("and all else stay when nobody says yes", async () => {
    const before = config();
    const told = await uninstall(skill(), ["--delete-keys"], { answers: {} });
    expect([told.code, config()]).toEqual([1, before]);
    expect(told.stderr).toContain("Nothing was removed.");
    expect(machine.read(".openclaw/.env")).toContain("cc_live_1");
  });
});

describe("besides", () => {
  it("briefings that the gateway keeps are removed", async () => {
    const job = {
      id: "j1",
      declarationKey: "switchboard-briefing:1",
      schedule: { kind: "cron", expr: "0 8 * * *" },
      payload: {
        input: JSON.stringify({
          key: "switchboard-briefing:1",
          cron: "0 8 * * *",
          timezone: "UTC",
          label: "早安",
          task: "x",
        }),
      },
    };
    const other = { ...job, id: "j2", declarationKey: "other" };
    const told = await uninstall(skill(), ["--yes"], { env: { JOBS: JSON.stringify([job, other]) } });
    expect(told.stdout).toContain('The briefing "早安" was removed.');
    expect(machine.asked().filter((words) => words.startsWith("cron rm"))).toEqual(["cron rm j1 --json"]);
  });

  it("a clone and a copy stay, and their owner is told", async () => {
    const folder = machine.putPackage("clone", { version: "1.0.0" });
    mkdirSync(path.join(folder, ".git"));
    const told = await uninstall(folder, ["--yes"]);
    expect([told.code, existsSync(folder)]).toEqual([0, true]);
    expect(told.stdout).toContain(`${folder} stays: delete it yourself`);
  });

  it.each([
    ["", 'console.log("{}")'],
    [", also where the gateway does not say", 'console.error("Timed out."), process.exit(1)'],
  ])("a second copy beside the plugin takes nothing of the plugin's%s", async (_, inspect) => {
    await setUp(AS_A_PLUGIN, { CLAWDTALK_API_KEY: "cc_live_1" });
    const before = config();
    machine.openclawDoes(
      `if (words[1] === "inspect") ${inspect}; else if (words[0] === "config") console.log('{"valid":true}'); else process.exit(1);`,
    );
    const folder = skill();
    const told = await uninstall(folder, ["--yes", "--delete-keys", "--delete-history"]);
    expect([told.code, config(), existsSync(folder)]).toEqual([0, before, false]);
    expect(machine.read(".openclaw/.env")).toContain("cc_live_1");
    expect(readSetupRecord(machine.stateFolder)?.added).toHaveLength(AS_A_PLUGIN.length + 1);
  });

  it("what setup has added goes where the gateway has no such plugin any more", async () => {
    await setUp(AS_A_PLUGIN);
    machine.openclawDoes(
      // Seen with 2026.9.6.
      `if (words[1] === "inspect") console.log('{"ok":false,"error":{"type":"cli_error","message":"Plugin not found: switchboard. Run …"}}'), process.exit(1); else if (words[0] === "config") console.log('{"valid":true}'); else console.log('{"jobs":[]}');`,
    );
    const told = await uninstall(skill(), ["--yes"]);
    expect([told.code, config()]).toEqual([0, CONFIG]);
  });
});
