/**
 * The package in every place people install it: a packed tarball on a gateway that has never seen the source, a
 * copied skill, `npx skills add`, a clone. Every command SKILL.md names is typed word for word, in the clone and where a
 * package's files lie; what is copied is the clone, file for file.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import {
  type GatewayFolder,
  type PracticeGateway,
  prepareGatewayFolder,
  startPracticeGateway,
} from "../../plugin/practice/gateway.ts";
import { type PracticeModel, startPracticeModel } from "../../plugin/practice/model.ts";
import { OWNER, packageFolder } from "../gateway/phone-line.ts";
import { AT_ANY_HOUR } from "../scripts/run-script.ts";

const soon = { timeout: 40_000, interval: 100 };
const wait = { timeoutMs: 20_000 };
let folder: string;
let clone: string;
let server: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let model: PracticeModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchboard-install-"));
  clone = join(folder, "clone");
  await copyTrackedFiles(clone);
  server = await startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" });
  clawcall = await startClawCallPractice({ ownerNumber: OWNER, tier: "pro" });
  model = await startPracticeModel({ firstTokenMs: 50, perWordMs: 5 });
});
afterAll(async () => {
  await Promise.all([server?.close(), clawcall?.close(), model?.close()]);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What a `git clone` of the present state gives: the tracked files, no dependency installed. */
async function copyTrackedFiles(target: string): Promise<void> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: packageFolder,
  });
  for (const name of stdout.split("\0").filter(Boolean)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await cp(join(packageFolder, name), join(target, name), { errorOnExist: false }).catch(
      (error: unknown) => {
        // Listed by git and deleted in the work tree.
        if ((error as { code?: string }).code !== "ENOENT") throw error;
      },
    );
  }
}

/** The environment of somebody's shell: the project's Node first, a state folder of its own, the practice lines. */
async function shell(name: string): Promise<Record<string, string>> {
  const home = join(folder, `${name}-home`);
  const stateDir = join(home, ".openclaw");
  await mkdir(stateDir, { recursive: true });
  const lines = Object.entries(pointedAtLines()).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(stateDir, ".env"), lines.join(""));
  await writeFile(join(stateDir, "openclaw.json"), AT_ANY_HOUR);
  return {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: home,
    USERPROFILE: home,
    OPENCLAW_STATE_DIR: stateDir,
    // As the plugin names it to what the agent runs: somebody is there to speak on calls.
    SWITCHBOARD_SESSION: "agent:main:main",
  };
}

/** Points a gateway, or a script, at both practice lines. */
const pointedAtLines = () => ({
  CLAWDTALK_SERVER: server.url,
  CLAWDTALK_API_KEY: server.key,
  CLAWCALL_BASE_URL: clawcall.url,
  CLAWCALL_API_KEY: clawcall.key,
  CLAWCALL_OWNER_NUMBER: OWNER,
});

/** The commands of SKILL.md's code blocks that run our scripts, as they stand there without their comments. */
async function namedCommands(skillFolder: string): Promise<string[]> {
  const skill = await readFile(join(skillFolder, "SKILL.md"), "utf8");
  return [...skill.matchAll(/^node dist\/scripts\/.*$/gm)].map(([line]) => line.replace(/\s+#.*$/, ""));
}

/** What is said of a planned call where no gateway runs. */
const NOTHING_RUNS = /^(?:Note: Nothing is running that will place it: .*\n?)?$/;

/**
 * Types each command in the folder. Ids in angle brackets are those of a call that is going on, and of a briefing.
 * `briefing list` asks the gateway too, and not everywhere one runs; `follow` ends with its call; those of a mission want one
 * (test/scripts/missions-run.test.ts types them).
 */
async function typeEveryCommand(skillFolder: string, env: Record<string, string>): Promise<void> {
  const commands = (await namedCommands(skillFolder)).filter(
    (command) => !/connect|practice|missions|briefing\.js list|phone\.js follow/.test(command),
  );
  expect(commands.length).toBeGreaterThanOrEqual(10);
  const client = await connectClient();
  try {
    for (const command of commands) {
      const callId = [...server.calls.values()].findLast((call) => call.end === undefined)?.callId ?? "none";
      const briefing = clawcall.schedules.at(-1)?.id ?? "none";
      const typed = command
        .replace("<call_id>", callId)
        .replace("<id>", briefing)
        .replace("<number>", "+15551234567");
      const result = await execa(typed, {
        shell: true,
        cwd: skillFolder,
        env,
        reject: false,
      });
      expect([command, result.exitCode, result.stderr]).toEqual([
        command,
        0,
        command.includes("--at") ? expect.stringMatching(NOTHING_RUNS) : "",
      ]);
    }
    const files = await readdir(join(skillFolder, "dist", "scripts"));
    const scripts = files.filter((file) => file.endsWith(".js"));
    expect(scripts).toEqual(expect.arrayContaining(["phone.js", "setup.js", "stream_chat.js"]));
    const helps = scripts.map(async (script) => {
      const help = await execa("node", [`dist/scripts/${script}`, "--help"], {
        cwd: skillFolder,
        env,
        reject: false,
      });
      expect(`${script}: ${help.exitCode} ${help.stderr}`).toBe(`${script}: 0 `);
      expect(help.stdout).toContain("Usage:");
    });
    await Promise.all(helps);
  } finally {
    client.close();
  }
}

/** Somebody has to be connected for the practice line to ring out. */
async function connectClient(): Promise<WebSocket> {
  const before = server.clients.length;
  const socket = new WebSocket(server.webSocketUrl);
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "auth", api_key: server.key })));
  await server.waitForClient({ count: before + 1, ...wait });
  return socket;
}

it("in a clone, with nothing installed", async () => {
  await typeEveryCommand(clone, await shell("clone"));
});

it("by npx skills add", async () => {
  const env = await shell("skills-add");
  const cwd = join(folder, "skills-add");
  await mkdir(cwd);
  await execa(
    "node",
    [join(packageFolder, "node_modules/.bin/skills"), "add", clone, "--yes", "--agent", "openclaw"],
    {
      cwd,
      env: { ...env, DISABLE_TELEMETRY: "1", DO_NOT_TRACK: "1" },
    },
  );
  await isTheClone(await findSkill(cwd), env);
});

/** An installed copy: the clone's files, all of them and as they are, and scripts that run. */
async function isTheClone(copied: string, env: Record<string, string>): Promise<void> {
  const [wanted, present] = await Promise.all([contentOf(clone), contentOf(copied)]);
  for (const [name, content] of wanted) expect(present.get(name) === content, name).toBe(true);
  const help = await execa("node", ["dist/scripts/phone.js", "--help"], { cwd: copied, env, reject: false });
  expect([help.exitCode, help.stderr]).toEqual([0, ""]);
}

/** What people get to use of the files below a folder, by name. */
async function contentOf(below: string): Promise<Map<string, string>> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const used = files.filter((file) =>
    /^(?:dist|references|[A-Z]+\.md|skill-config\.json)/.test(relative(below, file)),
  );
  return new Map(
    await Promise.all(
      used.map(async (file) => [relative(below, file), await readFile(file, "utf8")] as const),
    ),
  );
}

/** What SETUP.md tells people to set, written into the gateway's config at once. */
async function setUp(stateDir: string): Promise<void> {
  const file = join(stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  Object.assign(config.plugins.entries.switchboard, {
    hooks: { allowConversationAccess: true },
    config: {
      ownerNumbers: [OWNER],
      agentName: "Robin",
      // The hour at which this runs plays no part in it.
      quietHours: "off",
      callingHours: "always",
    },
  });
  config.channels = { ...config.channels, phone: { ...config.channels?.phone, enabled: true } };
  await writeFile(file, JSON.stringify(config));
}

async function findSkill(below: string): Promise<string> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  const skill = entries.find((entry) => entry.name === "SKILL.md");
  if (skill === undefined) throw new Error(`No SKILL.md below ${below}`);
  return skill.parentPath;
}

describe("on a gateway that has never seen the source", () => {
  // Nothing runs while something is installed: both commands write files alone.
  let folderOfGateway: GatewayFolder;
  let gateway: PracticeGateway | undefined;
  beforeAll(async () => {
    folderOfGateway = await prepareGatewayFolder({ modelUrl: model.url, environment: pointedAtLines() });
  });
  afterAll(async () => {
    await gateway?.stop();
    await folderOfGateway?.remove();
  });

  it("by openclaw skills install", async () => {
    const { openclaw, stateDir } = folderOfGateway;
    const installed = await openclaw(["skills", "install", clone, "--as", "switchboard"]);
    expect(installed.exitCode, installed.stderr).toBe(0);
    const copied = join(stateDir, "workspace", "skills", "switchboard");
    await isTheClone(copied, { ...(await shell("skill")), OPENCLAW_STATE_DIR: stateDir });
    await rm(copied, { recursive: true, force: true });
  });

  it("by a packed tarball: it loads, answers a call, ships its skill, and its scripts run where they lie", async () => {
    const packed = await execa("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: packageFolder,
    });
    const [{ filename, files }] = JSON.parse(packed.stdout);
    const names = files.map((file: { path: string }) => file.path);
    expect(names).toContain("dist/index.js");
    expect(names.filter((name: string) => /^(plugin|test|scripts|workshop|bench)\//.test(name))).toEqual([]);

    // Without a terminal nobody can be asked: both consents are given by flag.
    const consent = ["--force", "--accept-capabilities"];
    const { openclaw, stateDir } = folderOfGateway;
    const installed = await openclaw([
      "plugins",
      "install",
      `npm-pack:${join(folder, filename)}`,
      ...consent,
    ]);
    expect(installed.exitCode, installed.stderr + installed.stdout).toBe(0);
    await setUp(stateDir);
    const running = await startPracticeGateway({ modelUrl: model.url, stateDir });
    gateway = running;
    const before = server.clients.length;
    await server.waitForClient({ count: before + 1, timeoutMs: 30_000 }).catch(() => {
      throw new Error(`The line did not connect: ${running.output().slice(-2_000)}`);
    });
    // Its first seconds are measured elsewhere; here it matters that everything is there.
    await vi.waitFor(async () => {
      const answer = await fetch(`${running.url}/switchboard/status`, {
        headers: { authorization: `Bearer ${running.token}` },
      });
      expect(await answer.json()).toMatchObject({ warm: true });
    }, soon);
    const call = await server.ring();
    expect((await call.heardGreeting(wait)).text).toContain("Robin");
    const turn = call.say("What is the weather?");
    expect((await turn.result(wait)).text, running.output().slice(-2_000)).toContain("coat");
    call.hangUp();

    const [skills, status, inspected] = await Promise.all(
      [
        ["skills", "list"],
        ["phone", "status"],
        ["plugins", "inspect", "switchboard"],
      ].map(async (words) => await openclaw([...words, "--json"])),
    );
    const skill = JSON.parse(skills?.stdout ?? "").skills.find(
      (one: { name: string }) => one.name === "switchboard",
    );
    expect(skill).toMatchObject({ eligible: true });
    expect(JSON.parse(status?.stdout ?? "")).toMatchObject({
      ok: true,
      problems: [],
      lines: [{ state: "connected" }, { state: "connected" }],
    });
    const rootDir = /"(?:rootDir|source|installPath)":\s*"([^"]+)"/.exec(inspected?.stdout ?? "")?.[1] ?? "";
    const place = rootDir.endsWith(".js") ? dirname(dirname(rootDir)) : rootDir;
    await running.stop({ keepState: true });
    await typeEveryCommand(place, { ...(await shell("packed")), OPENCLAW_STATE_DIR: stateDir });
  }, 120_000);
});
