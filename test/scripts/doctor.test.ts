// Proves what `doctor` prints, how it ends, and that --fix changes what was agreed to and nothing else.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineDoctorCommand } from "../../plugin/command-line/doctor-command.ts";
import type { CommandContext } from "../../plugin/command-line/run.ts";
import { loadConfig } from "../../plugin/config/loader.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { packageVersion } from "../../plugin/version.ts";
import { Examined, runningLine, ToldGateway } from "../doctor/examined.ts";
import { ScriptRunner } from "./run-script.ts";

/** The gateway's command line: takes every config but one with the word "refused", or a second voice agent. */
const CLI = `
import { readFileSync } from "node:fs";
const asked = process.argv.slice(2).join(" ");
const print = (answer) => console.log(JSON.stringify(answer));
if (asked.startsWith("config validate")) {
  const valid = !/refused|Bo Voice 2/.test(readFileSync(process.env.OPENCLAW_CONFIG_PATH, "utf8"));
  print(valid ? { valid } : { valid, issues: [{ path: "gateway", message: "It is refused" }] });
  process.exitCode = valid ? 0 : 1;
} else if (asked.startsWith("gateway call sessions.list")) {
  print({ sessions: [{ key: "agent:main:main", agentRuntime: { id: "openclaw" } }] });
} else if (asked.startsWith("gateway call tools.effective")) {
  print({ agentId: "main", groups: [{ tools: [{ id: "phone_call" }, { id: "phone_approve" }] }] });
} else if (asked.startsWith("skills list")) {
  print({ skills: [{ name: "switchboard", eligible: true }] });
} else {
  process.exitCode = 1;
}
`;
const WELL = `{
  // mine
  plugins: { entries: { switchboard: { enabled: true, hooks: { allowConversationAccess: true } } } },
  channels: { phone: { enabled: true } },
}
`;
const BROKEN = `{
  // mine
  plugins: { entries: { switchboard: { enabled: true } } },
  tools: { allow: ["sessions_send"] }, // oops
  agents: { list: [{ id: "main" }, { id: "voice", name: "Bo Voice" }] },
}
`;

let examined: Examined;
let gateway: ToldGateway;
let service: ClawdTalkPractice;

beforeEach(async () => {
  examined = new Examined();
  [gateway, service] = await Promise.all([ToldGateway.start(), startClawdTalkPractice()]);
  gateway.token = "the-gateways-token";
  gateway.routes["/tools/invoke"] = { status: 400, body: {} };
  gateway.runsPlugin({ version: packageVersion(), lines: [runningLine()] });
  examined.env = {
    OPENCLAW_GATEWAY_URL: gateway.url,
    OPENCLAW_GATEWAY_TOKEN: "the-gateways-token",
    CLAWDTALK_API_KEY: service.key,
    CLAWDTALK_SERVER: service.url,
    CLAWCALL_OWNER_NUMBER: "+15550001111",
    SWITCHBOARD_OPENCLAW: examined.write("openclaw.mjs", CLI),
  };
  chmodSync(examined.stateFolder, 0o700);
  examined.write("openclaw.json", WELL);
});
afterEach(async () => {
  examined.remove();
  await Promise.all([gateway.close(), service.close()]);
});

interface Told {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command in this process; `answers` are given at the terminal, in turn. Without any there is none. */
async function doctor(args: readonly string[], answers?: readonly string[]): Promise<Told> {
  const told: Told = { code: 0, stdout: "", stderr: "" };
  const left = [...(answers ?? [])];
  const places = examined.places();
  const context: CommandContext = {
    places: () => places,
    settings: async () => ({ ...loadConfig(places), stateFolder: places.stateFolder }),
    print: (text) => {
      told.stdout += text;
    },
    complain: (text) => {
      told.stderr += text;
    },
    ask: async (question) => {
      if (answers === undefined) return undefined;
      told.stderr += question;
      return left.shift();
    },
    setExitCode: (code) => {
      told.code = code;
    },
  };
  const command = new Command("doctor");
  defineDoctorCommand(command, context, () => () => {});
  await command.parseAsync([...args], { from: "user" });
  return told;
}

async function json(args: readonly string[], answers?: readonly string[]) {
  const told = await doctor(["--no-call", ...args, "--json"], answers);
  return { ...told, answer: JSON.parse(told.stdout) };
}

const config = () => readFileSync(examined.configFile, "utf8");
const backups = () => readdirSync(examined.stateFolder).filter((name) => name.endsWith("-backup"));

describe("what it says", () => {
  test("nothing is wrong: exit code 0, a group for each part, no secret", async () => {
    const { code, stdout, stderr } = await doctor(["--no-call"]);
    expect(stdout).toMatch(/\n\nNothing is wrong\.\n$/);
    expect([code, stderr]).toEqual([0, "Looking: this takes up to a minute …\n"]);
    for (const heading of ["This machine", "Gateway", "Plugin", "Settings and files", "Lines", "People"]) {
      expect(stdout).toMatch(new RegExp(`^${heading}\n {2}ok {2}`, "m"));
    }
    for (const secret of [service.key, "the-gateways-token"]) expect(stdout).not.toContain(secret);
  });

  test("warnings alone: still 0", async () => {
    delete examined.env.CLAWCALL_OWNER_NUMBER;
    const { code, answer, stderr } = await json([]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(answer).toMatchObject({ ok: true, problems: 0, warnings: 1, version: packageVersion() });
  });

  test("a problem: 1, last, with why it matters and what mends it", async () => {
    examined.env.CLAWDTALK_API_KEY = "cc_live_of_somebody_0001";
    const { code, stdout } = await doctor(["--no-call"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\n\nProblem: clawdtalk: ClawdTalk does not accept the key cc_live_…0001: .*\n {2}Why it matters: .*\n {2}To mend it: openclaw phone setup\n\n1 problem\.\n$/,
    );
    expect(stdout).not.toContain("cc_live_of_somebody_0001");
    const { answer } = await json([]);
    expect(answer.findings.at(-1).level).toBe("ok");
    expect(answer.findings).toContainEqual({
      check: "line-accounts",
      group: "Lines",
      level: "problem",
      found: expect.stringContaining("does not accept the key"),
      why: expect.stringMatching(/\.$/),
      command: "openclaw phone setup",
      mended: false,
      canBeMended: false,
    });
  });

  test("the test call is made unless it is not wanted", async () => {
    const { stdout, stderr } = await doctor([]);
    expect(stderr).toBe("Looking, and making a test call: this takes up to a minute …\n");
    // This gateway has no line for it.
    expect(stdout).toMatch(/^A call\n {2}ok {2}No test call is made by sessions_send/m);
    expect((await doctor(["--no-call"])).stdout).not.toContain("A call");
  });
});

describe("--fix", () => {
  beforeEach(() => {
    examined.write("openclaw.json", BROKEN);
    examined.write(".env", "A=b\n");
    chmodSync(path.join(examined.stateFolder, ".env"), 0o644);
  });
  const mode = () => statSync(path.join(examined.stateFolder, ".env")).mode & 0o777;

  test("--yes mends everything at once, and says what it did", async () => {
    const { code, answer, stderr } = await json(["--fix", "--yes"]);
    expect(config()).toBe(`{
  // mine
  plugins: { entries: { switchboard: { enabled: true, hooks: { allowConversationAccess: true } } } },
  tools: {}, // oops
  agents: { list: [{ id: "main" }] },
  channels: {
    phone: {
      enabled: true,
    },
  },
}
`);
    expect(code, JSON.stringify(answer)).toBe(0);
    expect(answer).toMatchObject({ ok: true, problems: 0, warnings: 0 });
    const mended = answer.findings.filter((finding: { mended: boolean }) => finding.mended);
    expect(mended.map(({ check }: { check: string }) => check).sort()).toEqual(
      [
        ...(process.platform === "win32" ? [] : ["file-modes"]),
        "misplaced-tools-allow",
        "plugin-hooks",
        "security-audit",
        "voice-agent",
      ].sort(),
    );
    if (process.platform !== "win32") expect(mode()).toBe(0o600);
    expect(backups()).toHaveLength(1);
    expect(readFileSync(path.join(examined.stateFolder, backups()[0] ?? ""), "utf8")).toBe(BROKEN);
    for (const shown of [
      /- +allow: \["sessions_send"\]/,
      /\+ .*allowConversationAccess: true/,
      /may take part/,
    ]) {
      expect(stderr).toMatch(shown);
    }
    // A second time there is nothing to do.
    const again = await json(["--fix", "--yes"]);
    expect([again.code, again.stderr, backups().length]).toEqual([0, "", 1]);
  });

  test("where nobody can be asked, nothing is done without --yes", async () => {
    const { code, stdout, stderr } = await doctor(["--no-call", "--fix"]);
    expect([code, config(), backups()]).toEqual([1, BROKEN, []]);
    if (process.platform !== "win32") expect(mode()).toBe(0o644);
    expect(stderr).toContain("where nobody can be asked, --yes says that this is wanted");
    expect(stdout).not.toContain("Mended");
  });

  test("each is asked about, and only what is wanted is done", async () => {
    const windows = process.platform === "win32";
    // In the order of the checks: misplaced, voice agent, hooks, audit, then the file.
    const { code, stdout, stderr } = await doctor(
      ["--no-call", "--fix"],
      ["n", "", "y", "no", ...(windows ? [] : ["yes"])],
    );
    expect(config()).toBe(
      BROKEN.replace("enabled: true }", "enabled: true, hooks: { allowConversationAccess: true } }"),
    );
    expect(stderr.split("Do this? [y/N] ")).toHaveLength(windows ? 5 : 6);
    expect(stdout).toMatch(/^Mended: The gateway leaves out \d+ of/m);
    expect(stdout).toMatch(/^Problem: "tools\.allow" has sessions_send/m);
    expect(code).toBe(1);
    if (!windows) expect(mode()).toBe(0o600);
  });

  test("a config that the gateway does not take is left alone", async () => {
    examined.write("openclaw.json", BROKEN.replace("// mine", "// refused"));
    const before = config();
    const { code, stderr } = await json(["--fix", "--yes"]);
    expect([code, config(), backups()]).toEqual([1, before, []]);
    expect(stderr).toMatch(/^Not mended: The gateway does not take .* as it is: gateway: It is refused\./m);
  });

  test("a config that the gateway does not take because of what is mended is mended", async () => {
    examined.write("openclaw.json", BROKEN.replace("Bo Voice", "Bo Voice 2"));
    const { answer, stderr } = await json(["--fix", "--yes"]);
    expect(config()).not.toContain("voice");
    expect(stderr).not.toContain("Not mended");
    const left = answer.findings.filter(
      ({ level, mended }: { level: string; mended: boolean }) => level === "problem" && !mended,
    );
    // It was looked at before.
    expect(left.map(({ check }: { check: string }) => check)).toEqual(["gateway-config"]);
  });

  test("a config that is managed from outside is left alone", async () => {
    examined.env.OPENCLAW_CONFIG_READONLY = "1";
    const { code, stderr } = await json(["--fix", "--yes"]);
    expect([code, config()]).toEqual([1, BROKEN]);
    expect(stderr).toMatch(/^Not mended: .* is managed from outside/m);
  });
});

describe("with next to nothing there", () => {
  test("no config, no gateway, no line: it says where to begin, and makes nothing", async () => {
    rmSync(examined.configFile);
    await gateway.close();
    examined.env = {};
    const { code, answer } = await json([]);
    expect(code).toBe(1);
    const problems = answer.findings.filter(({ level }: { level: string }) => level === "problem");
    expect(
      problems.map(({ check, command }: { check: string; command: string }) => [check, command]),
    ).toEqual([
      ["gateway-reachable", "openclaw gateway start"],
      ["line-keys", "node dist/scripts/setup.js"],
    ]);
    expect(existsSync(path.join(examined.stateFolder, "switchboard"))).toBe(false);
  });

  test("as a script, from anywhere", async () => {
    const shell = new ScriptRunner();
    try {
      const { code, stdout, stderr } = await shell.run("doctor", ["--no-call", "--json"], {
        env: { OPENCLAW_GATEWAY_URL: "http://127.0.0.1:9" },
      });
      expect([code, stderr]).toEqual([1, ""]);
      const { ok, findings } = JSON.parse(stdout);
      expect(ok).toBe(false);
      const [first] = findings.filter(({ check }: { check: string }) => check === "line-keys");
      expect(first.command).toMatch(/^node .*dist[\\/]scripts[\\/]setup\.js"?$/);
      const help = await shell.run("doctor", ["--help"]);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("--no-call")]);
      expect((await shell.run("doctor", ["--nonsense"])).code).toBe(2);
    } finally {
      shell.remove();
    }
  });
});
