/**
 * The doctor against a real gateway: finds nothing wrong with a healthy one, and names what is broken; what it proposes, and
 * what --fix does, mends it. What no gateway is needed for is proven in test/doctor and test/scripts/doctor.test.ts.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openGatewayCli } from "../../plugin/briefings/gateway-cli.ts";
import { loadConfig } from "../../plugin/config/loader.ts";
import type { Finding } from "../../plugin/doctor/check.ts";
import { allChecks } from "../../plugin/doctor/checks.ts";
import { Examination } from "../../plugin/doctor/examination.ts";
import { runChecks } from "../../plugin/doctor/run-checks.ts";
import { PRACTICE_API_KEY } from "../../plugin/practice/clawdtalk-server.ts";
import { OWNER, type PhoneLine, packageFolder, startPhoneLine } from "./phone-line.ts";

type Config = Record<string, unknown> & { plugins: { entries: { switchboard: Record<string, unknown> } } };

let line: PhoneLine;
let healthy: Config;
/** As an older ClawdTalk client adds it. */
const VOICE = { id: "voice", name: "Robin Voice" };
/** The command line needs seconds for each of its own commands, more on a busy machine. */
const DOCTOR_MS = 150_000;

beforeAll(async () => {
  line = await startPhoneLine({ settings: { toolRules: {} } });
  healthy = JSON.parse(await readFile(configFile(), "utf8"));
});
afterAll(async () => {
  await line?.close();
});

const configFile = () => join(line.gateway.stateDir, "openclaw.json");

/** Writes the config as an editor does, and waits until the running gateway has taken it up. */
async function write(config: object, until?: () => Promise<void>): Promise<void> {
  await writeFile(configFile(), JSON.stringify(config, null, 2), { mode: 0o600 });
  if (until !== undefined) await vi.waitFor(until, { timeout: 45_000, interval: 250 });
}

/** The settings of the plugin's entry, with these changes. */
function withEntry(changes: object): Config {
  const { switchboard } = healthy.plugins.entries;
  return {
    ...healthy,
    plugins: { ...healthy.plugins, entries: { switchboard: { ...switchboard, ...changes } } },
  };
}

const mayTakePart = async (wanted: boolean) =>
  expect(await line.gateway.status()).toMatchObject({ mayTakePart: wanted, warm: true });

/** What these checks find, in a process beside the gateway. */
async function look(ids: readonly string[], more: Record<string, string> = {}): Promise<Finding[]> {
  const { stateDir } = line.gateway;
  const env = {
    HOME: join(stateDir, "home"),
    PATH: process.env.PATH ?? "",
    OPENCLAW_STATE_DIR: stateDir,
    ...more,
  };
  const places = { env, stateFolder: stateDir, configFile: configFile(), packageFolder };
  const looked = await runChecks(
    allChecks.filter(({ id }) => ids.includes(id)),
    new Examination({
      places,
      settings: { ...loadConfig(places), stateFolder: stateDir },
      machine: {
        nodeVersion: process.versions.node,
        platform: process.platform,
        userId: process.getuid?.(),
        now: Date.now,
      },
      openCli: () => openGatewayCli(join(packageFolder, "node_modules/openclaw/openclaw.mjs"), env),
      signal: AbortSignal.timeout(DOCTOR_MS),
    }),
  );
  return looked.flatMap(({ findings }) => [...findings]);
}

interface Report {
  readonly ok: boolean;
  readonly findings: readonly (Finding & { readonly check: string; readonly mended: boolean })[];
}

/** Runs `openclaw phone doctor`. */
async function doctor(...args: readonly string[]): Promise<Report & { exitCode: number; printed: string }> {
  const { exitCode, stdout, stderr } = await line.gateway.openclaw(["phone", "doctor", "--json", ...args], {
    timeoutMs: DOCTOR_MS,
  });
  return { exitCode, printed: stdout + stderr, ...(JSON.parse(stdout) as Report) };
}

it(
  "finds nothing wrong with a healthy gateway, a whole turn included, and tells no secret",
  async () => {
    const { exitCode, ok, findings, printed } = await doctor();
    expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect([exitCode, ok]).toEqual([0, true]);
    const said = (id: string) =>
      findings.flatMap(({ check, found }) => (check === id ? [found] : [])).join(" ");
    expect(said("gateway-token")).toBe("The gateway takes the token that was found for it.");
    expect(said("plugin-hooks")).toContain("before_agent_run");
    expect(said("plugin-tools")).toBe('The agent "main" has phone_call and phone_approve.');
    expect(said("skill-visible")).toBe("The agent sees the skill switchboard.");
    expect(said("line-connections")).toBe("clawdtalk: connected.");
    expect(said("test-call")).toMatch(/^A test call was answered: first word after \d+\.\d s/);
    for (const secret of [PRACTICE_API_KEY, line.gateway.token]) expect(printed).not.toContain(secret);
    expect(printed).not.toContain(OWNER);
  },
  DOCTOR_MS,
);

it("says that a token is not the gateway's", async () => {
  const found = await look(["gateway-reachable", "gateway-token"], { OPENCLAW_GATEWAY_TOKEN: "another" });
  expect(found.map(({ level }) => level)).toEqual(["ok", "problem"]);
  expect(found[1]?.found).toContain("does not accept the token");
});

it("says that another client has taken the line over", async () => {
  line.server.closeClients();
  await vi.waitFor(async () => {
    const [found] = await look(["duplicate-clients"]);
    expect(found).toMatchObject({ level: "warning", found: expect.stringContaining("close code 4000") });
  });
});

it(
  "mends with --fix what was left out or put in the wrong place, and the gateway takes it up",
  async () => {
    const { hooks: _, ...entry } = healthy.plugins.entries.switchboard;
    const { channels: __, ...rest } = healthy;
    const agents = healthy.agents as Record<string, unknown>;
    await write(
      {
        ...rest,
        plugins: { ...healthy.plugins, entries: { switchboard: entry } },
        agents: { ...agents, list: [{ id: "main", default: true }, VOICE] },
        tools: { allow: ["sessions_send"] },
      },
      () => mayTakePart(false),
    );
    const { exitCode, ok, findings } = await doctor("--fix", "--yes", "--no-call");
    const mended = findings.filter((finding) => finding.mended);
    expect(mended.map(({ check, level }) => `${level} ${check}`)).toEqual([
      "problem misplaced-tools-allow",
      "warning voice-agent",
      "problem plugin-hooks",
      "warning security-audit",
    ]);
    // What follows from these was found before they were mended: a second agent, and no channel it could belong to.
    const left = findings.filter(({ level, mended: isMended }) => level === "problem" && !isMended);
    expect(left.map(({ check }) => check)).toEqual(["line-agents"]);
    expect([exitCode, ok]).toEqual([1, false]);
    const written = JSON.parse(await readFile(configFile(), "utf8"));
    expect(written).toEqual({
      ...healthy,
      agents: { ...agents, list: [{ id: "main", default: true }] },
      tools: {},
    });
    await vi.waitFor(() => mayTakePart(true), { timeout: 45_000, interval: 250 });
    const again = await look(["plugin-hooks", "plugin-tools", "voice-agent", "line-agents"]);
    expect(again.map(({ level }) => level)).toEqual(["ok", "ok"]);
  },
  2 * DOCTOR_MS,
);

it(
  "says that the gateway's tool settings hide the phone's tools, and the command it names shows them",
  async () => {
    await write({ ...healthy, tools: { profile: "coding" } });
    let command: string | undefined;
    await vi.waitFor(
      async () => {
        const [found] = await look(["plugin-tools"]);
        expect(found).toMatchObject({ level: "problem", found: expect.stringContaining("profile coding") });
        command = found?.command;
      },
      { timeout: 45_000, interval: 500 },
    );
    const words = /^openclaw config set (\S+) '(.*)'$/.exec(command ?? "");
    const { exitCode } = await line.gateway.openclaw(["config", "set", words?.[1] ?? "", words?.[2] ?? ""]);
    expect(exitCode).toBe(0);
    await vi.waitFor(async () => expect(await look(["plugin-tools"])).toMatchObject([{ level: "ok" }]), {
      timeout: 45_000,
      interval: 500,
    });
  },
  DOCTOR_MS,
);

it(
  "says that the plugin is switched off, where only the script is left to say so",
  async () => {
    await write(withEntry({ enabled: false }), async () => {
      const answer = await fetch(`${line.gateway.url}/switchboard/health`);
      expect(answer.headers.get("content-type")).not.toContain("json");
      await answer.body?.cancel();
    });
    // Its hooks are nothing to look at then; and our commands are not there.
    expect(await look(["plugin-loaded", "plugin-hooks", "callers"])).toMatchObject([
      { level: "problem", command: "openclaw plugins enable switchboard" },
      { level: "ok", found: expect.stringContaining(join(packageFolder, "dist/scripts/phone.js trust")) },
    ]);
  },
  DOCTOR_MS,
);

it(
  "says what would be without a running gateway, and that a gateway has never heard of the plugin",
  async () => {
    await write(healthy);
    await line.gateway.stop({ keepState: true });
    expect(
      await look(["gateway-reachable", "plugin-loaded", "plugin-hooks", "gateway-config"]),
    ).toMatchObject([
      { level: "problem", command: "openclaw gateway start" },
      { level: "ok", found: expect.stringContaining("takes its config") },
      { level: "ok", found: "Switchboard is installed and switched on." },
      { level: "ok", found: expect.stringMatching(/^\d+ hooks will be registered\.$/) },
    ]);
    const { plugins: _, channels: __, ...bare } = healthy;
    await write(bare);
    expect(await look(["plugin-loaded", "plugin-hooks"])).toMatchObject([
      { level: "ok", found: "Not installed as a plugin: a skill only." },
    ]);
    await write({ ...bare, agents: { ...(healthy.agents as object), list: [{ id: "main" }, VOICE] } });
    expect(await look(["gateway-config", "voice-agent"])).toMatchObject([
      { level: "problem", found: expect.stringContaining("agents.ownership") },
      { level: "problem", found: expect.stringContaining("the gateway refuses its config") },
    ]);
  },
  DOCTOR_MS,
);
