/**
 * The package in every place people install it, from one packed artefact: as a plugin on a gateway that has never seen the
 * source, as a copied skill, by `npx skills add`, and a clone; what ClawHub's own checks say; and that it goes again. Every
 * command SKILL.md names is typed word for word, in the clone and where a package's files lie; what is copied is the
 * package, file for file.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { additionsOf, recordSetup } from "../../plugin/installation/setup-record.ts";
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
/** The packed package, what is in it, and a folder with that. */
let packed: { tarball: string; size: number; names: string[]; unpacked: string };
let server: ClawdTalkPractice;
let clawcall: ClawCallPractice;
let model: PracticeModel;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "switchboard-install-")));
  clone = join(folder, "clone");
  await copyTrackedFiles(clone);
  packed = await pack();
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

async function pack(): Promise<typeof packed> {
  const { stdout } = await execa(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    {
      cwd: packageFolder,
    },
  );
  const [{ filename, size, files }] = JSON.parse(stdout);
  const tarball = join(folder, filename);
  await execa("tar", ["-xzf", tarball, "-C", folder]);
  return {
    tarball,
    size,
    names: files.map((file: { path: string }) => file.path),
    unpacked: join(folder, "package"),
  };
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
      // They say what is wrong, and without a gateway something is.
      if (/\/(?:doctor|status)\.js/.test(command)) {
        expect([command, result.exitCode, result.stdout]).toEqual([
          command,
          1,
          expect.stringContaining("No gateway answers"),
        ]);
        continue;
      }
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

it("what is packed is small, and holds what is used: no source, no test, no secret, nothing of this machine", async () => {
  const { names, size, unpacked } = packed;
  const USED =
    /^(?:LICENSE|README(?:\.zh-CN)?\.md|SKILL\.md|SETUP\.md|package\.json|openclaw\.plugin\.json|skill-config\.json|references\/[\w-]+\.md|dist\/(?:index|setup)\.js|dist\/scripts\/(?:parts\/)?[\w-]+\.js|dist\/THIRD_PARTY_NOTICES\.txt)$/;
  expect(names.filter((name) => !USED.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(["dist/index.js", "dist/setup.js", "SKILL.md", "LICENSE"]));
  expect(size).toBeLessThan(3_000_000);
  const TELLS_TOO_MUCH =
    /-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|cc_live_[0-9a-f]{16,}|sk-[A-Za-z0-9]{32,}|eyJ[\w-]{20,}\.[\w-]{20,}\.)/;
  for (const name of names) {
    const text = await readFile(join(unpacked, name), "utf8");
    expect([name, TELLS_TOO_MUCH.exec(text)?.[0]]).toEqual([name, undefined]);
    for (const place of [packageFolder, homedir()].filter((one) => one.length > 5)) {
      expect([name, text.includes(place)]).toEqual([name, false]);
    }
  }
  const { openclaw, devDependencies } = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
  // ClawHub asks for it.
  expect(openclaw.build.openclawVersion).toBe(devDependencies.openclaw);
});

/** Runs ClawHub's own command line, which no network is there for. */
async function clawhub(...words: string[]) {
  return await execa("node", [join(packageFolder, "node_modules/.bin/clawhub"), "--no-input", ...words], {
    cwd: folder,
    env: { ...(await shell("clawhub")), CLAWHUB_DISABLE_TELEMETRY: "1" },
    reject: false,
  });
}

it("ClawHub's checks take it as a plugin package, without the network", async () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const [published, validated, asSkill] = await Promise.all([
    clawhub(
      "package",
      "publish",
      packed.tarball,
      "--dry-run",
      "--json",
      "--source-repo",
      "somebody/switchboard",
      "--source-commit",
      commit,
    ),
    clawhub(
      "package",
      "validate",
      packed.unpacked,
      "--openclaw",
      join(packageFolder, "node_modules/openclaw"),
      "--json",
      "--out",
      join(folder, "reports"),
    ),
    clawhub("skill", "publish", packed.unpacked, "--dry-run", "--json"),
  ]);
  expect(published.exitCode, published.stderr).toBe(0);
  expect(JSON.parse(published.stdout)).toMatchObject({
    name: "openclaw-switchboard",
    displayName: "Switchboard",
    family: "code-plugin",
    files: packed.names.length,
  });
  expect(validated.exitCode, validated.stderr).toBe(0);
  expect(JSON.parse(validated.stdout)).toMatchObject({
    status: "pass",
    summary: { issueCount: 0, breakageCount: 0 },
  });
  // A folder that is a plugin is no skill to ClawHub: the package brings its skill along.
  expect([asSkill.exitCode, asSkill.stderr]).toEqual([
    1,
    expect.stringContaining("This looks like a plugin"),
  ]);
});

it("and without its manifest as a skill, where a registry answers", async () => {
  const skill = join(folder, "skill-alone");
  await cp(packed.unpacked, skill, { recursive: true });
  await rm(join(skill, "openclaw.plugin.json"));
  await writeFile(join(skill, "package.json"), '{ "type": "module" }');
  const asked: string[] = [];
  // It knows no skill at all, which is all that the dry run asks.
  const registry = createServer((request, response) => {
    asked.push(String(request.url).replace(/hash=\w+/, "hash=…"));
    response.writeHead(404).end("Skill not found");
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  try {
    const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const words = ["--registry", address, "skill", "publish", skill, "--slug", "switchboard"];
    const published = await clawhub(...words, "--dry-run", "--json");
    expect(published.exitCode, published.stderr).toBe(0);
    expect(JSON.parse(published.stdout)).toMatchObject({
      status: "would-publish",
      slug: "switchboard",
      fileCount: packed.names.length - 1,
    });
    expect(asked).toEqual(["/api/v1/resolve?slug=switchboard&hash=…"]);
  } finally {
    registry.close();
  }
  const help = await execa("node", ["dist/scripts/phone.js", "--help"], {
    cwd: skill,
    env: await shell("alone"),
  });
  expect(help.stdout).toContain("Usage:");
});

it("by npx skills add", async () => {
  const env = await shell("skills-add");
  const cwd = join(folder, "skills-add");
  await mkdir(cwd);
  await execa(
    "node",
    [join(packageFolder, "node_modules/.bin/skills"), "add", packed.unpacked, "--yes", "--agent", "openclaw"],
    {
      cwd,
      env: { ...env, DISABLE_TELEMETRY: "1", DO_NOT_TRACK: "1" },
    },
  );
  const copied = await findSkill(cwd);
  await isThePackage(copied, env);
  const update = await runIn(copied, "update.js --yes --json", env);
  expect([update.exitCode, JSON.parse(update.stdout)]).toEqual([
    1,
    {
      note: expect.any(String),
      ok: false,
      error: { name: "NotUpdated", message: expect.stringContaining(`npx skills add ${packed.unpacked}`) },
    },
  ]);
});

/** Types one of the scripts where a copy lies. */
async function runIn(copied: string, typed: string, env: Record<string, string>) {
  // Alone with its environment: the gateway's command line says nothing where it takes itself to be tested.
  return await execa(`node dist/scripts/${typed}`, {
    shell: true,
    cwd: copied,
    env,
    extendEnv: false,
    reject: false,
  });
}

/** An installed copy: the package's files, all of them and as they are, and scripts that run without anything else. */
async function isThePackage(copied: string, env: Record<string, string>): Promise<void> {
  const [wanted, present] = await Promise.all([contentOf(packed.unpacked), contentOf(copied)]);
  for (const [name, content] of wanted) expect(present.get(name) === content, name).toBe(true);
  const lines = await runIn(copied, "phone.js lines --json", env);
  expect([lines.exitCode, lines.stderr]).toEqual([0, ""]);
  expect(JSON.parse(lines.stdout)).toMatchObject({ ok: true });
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
  /** Where the gateway has put the plugin. */
  let place: string;
  beforeAll(async () => {
    folderOfGateway = await prepareGatewayFolder({ modelUrl: model.url, environment: pointedAtLines() });
  });
  afterAll(async () => {
    await gateway?.stop();
    await folderOfGateway?.remove();
  });

  it("by openclaw skills install: works without the plugin, is updated, and goes as it came", async () => {
    const { openclaw, stateDir, entry } = folderOfGateway;
    const source = join(folder, "skill-source");
    await cp(packed.unpacked, source, { recursive: true });
    const installed = await openclaw(["skills", "install", source, "--as", "switchboard"]);
    expect(installed.exitCode, installed.stderr).toBe(0);
    const copied = join(stateDir, "workspace", "skills", "switchboard");
    const env = { ...(await shell("skill")), OPENCLAW_STATE_DIR: stateDir };
    await isThePackage(copied, env);

    // What a skill-only phone needs is one command: it says what it would do, and what keeps it from doing it.
    const before = await readFile(join(stateDir, "openclaw.json"), "utf8");
    const shown = await runIn(copied, "setup.js patch --dry-run --json", env);
    expect(JSON.parse(shown.stdout), shown.stderr).toMatchObject({
      ok: true,
      difference: [{ setting: "gateway.tools.allow" }],
    });
    const lost = await runIn(copied, "setup.js patch --yes", { ...env, PATH: dirname(process.execPath) });
    expect([lost.exitCode, lost.stderr]).toEqual([
      1,
      expect.stringContaining('"openclaw" was not found on the PATH'),
    ]);
    const start = await runIn(copied, "connect.js start", env);
    expect([start.exitCode, start.stderr]).toEqual([1, expect.stringMatching(/gateway/)]);
    const found = { ...env, SWITCHBOARD_OPENCLAW: entry };

    await writeFile(join(source, "references", "next.md"), "# What is new\n");
    const updated = await runIn(copied, "update.js --yes --json", found);
    expect(JSON.parse(updated.stdout), updated.stderr).toMatchObject({
      ok: true,
      updated: true,
      kind: "openclaw-skill",
    });
    expect(existsSync(join(copied, "references", "next.md"))).toBe(true);

    const gone = await runIn(copied, "uninstall.js --yes --json", found);
    expect(JSON.parse(gone.stdout), gone.stderr).toMatchObject({ ok: true, removed: true });
    expect([existsSync(copied), await readFile(join(stateDir, "openclaw.json"), "utf8")]).toEqual([
      false,
      before,
    ]);
  }, 120_000);

  it("by a packed tarball: it loads, answers a call, ships its skill, and its scripts run where they lie", async () => {
    // Without a terminal nobody can be asked: both consents are given by flag.
    const consent = ["--force", "--accept-capabilities"];
    const { openclaw, stateDir } = folderOfGateway;
    const installed = await openclaw(["plugins", "install", `npm-pack:${packed.tarball}`, ...consent]);
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
    place = rootDir.endsWith(".js") ? dirname(dirname(rootDir)) : rootDir;
    await running.stop({ keepState: true });
    await typeEveryCommand(place, { ...(await shell("packed")), OPENCLAW_STATE_DIR: stateDir });
  }, 120_000);

  it("and it goes again by its own command, which leaves somebody's config as it was", async () => {
    const { openclaw, stateDir, entry } = folderOfGateway;
    const env = { ...(await shell("packed")), OPENCLAW_STATE_DIR: stateDir, SWITCHBOARD_OPENCLAW: entry };
    const configFile = join(stateDir, "openclaw.json");
    const { plugins, channels, ...own } = JSON.parse(await readFile(configFile, "utf8"));
    await writeFile(configFile, `// Mine.\n${JSON.stringify({ ...own, plugins, channels }, null, 2)}\n`);
    recordSetup(stateDir, {
      added: additionsOf({}, [{ change: "set", path: ["channels", "phone", "enabled"], value: true }]),
    });
    const gone = await runIn(place, "uninstall.js --yes --delete-history --json", env);
    expect(JSON.parse(gone.stdout), gone.stderr).toMatchObject({
      ok: true,
      removed: true,
      kind: "plugin-npm",
    });
    expect(existsSync(place)).toBe(false);
    expect(await readFile(configFile, "utf8")).toBe(`// Mine.\n${JSON.stringify(own, null, 2)}\n`);
    expect((await openclaw(["config", "validate"])).exitCode).toBe(0);
    expect(existsSync(join(stateDir, "switchboard", "switchboard.sqlite"))).toBe(false);
  }, 120_000);
});
