// Proves that `setup patch` allows one tool over HTTP with consent, says exactly what it writes, and that neither a kill
// nor a config the gateway would not take leaves anything half done.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import fc from "fast-check";
import JSON5 from "json5";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineSetupCommand } from "../../plugin/command-line/setup-command.ts";
import { applyConfigPlan, planConfigChange } from "../../plugin/config/gateway-config-file.ts";
import { validConfigs } from "../config/json5-configs.ts";
import { PhoneRunner } from "./run-phone.ts";
import { ScriptRunner } from "./run-script.ts";

/**
 * Stands in for the gateway's command line, with the answers of the real one: takes everything but a config with the
 * word "invalid", and, where there is a file `picky`, the tool. Notes in `validated` what it was shown.
 */
const GATEWAY_CLI = `
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
const folder = process.env.OPENCLAW_STATE_DIR;
const file = process.env.OPENCLAW_CONFIG_PATH;
const text = readFileSync(file, "utf8");
appendFileSync(path.join(folder, "bin", "validated"), process.argv.slice(2).join(" ") + " " + text + "\\n");
if (existsSync(path.join(folder, "bin", "deadly")) && text.includes("sessions_send")) process.kill(process.ppid, "SIGKILL");
const isPicky = existsSync(path.join(folder, "bin", "picky")) && text.includes("sessions_send");
const valid = !text.includes("invalid") && !isPicky;
console.log(JSON.stringify(
  valid
    ? { valid, path: file, warnings: [] }
    : {
        ok: false,
        error: { type: "cli_error", message: "OpenClaw config is invalid: ~/openclaw.json" },
        valid,
        path: file,
        issues: [{ path: "gateway.mode", message: "Invalid input" }, { path: "x", message: "Unrecognized key" }],
      },
  null, 2,
));
process.exitCode = valid ? 0 : 1;
`;
const REAL_GATEWAY = {
  SWITCHBOARD_OPENCLAW: realpathSync(
    path.resolve(import.meta.dirname, "../../node_modules/openclaw/openclaw.mjs"),
  ),
  HOME: path.join(tmpdir(), "switchboard-patch-home"),
};

const CONFIG =
  '{\n  // mine\n  gateway: { mode: "local", auth: { token: "secret" }, tools: { allow: ["cron",] } },\n}\n';
const PATCHED = CONFIG.replace('"cron",', '"cron", "sessions_send",');

let runner: ScriptRunner;
beforeEach(() => {
  runner = new ScriptRunner({ isBuilt: true });
  runner.write("bin/openclaw.mjs", GATEWAY_CLI);
  runner.env.SWITCHBOARD_OPENCLAW = path.join(runner.stateFolder, "bin", "openclaw.mjs");
  runner.write("openclaw.json", CONFIG);
});
afterEach(() => runner.remove());

const place = () => path.join(runner.stateFolder, "openclaw.json");
const config = () => readFileSync(place(), "utf8");
const validated = () => {
  const file = path.join(runner.stateFolder, "bin", "validated");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const files = () => readdirSync(runner.stateFolder).sort();

interface Told {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the command in this process.
 *
 * @param answers at the terminal, in turn; without any there is none.
 */
async function setup(
  args: readonly string[],
  answers?: readonly (string | (() => string))[],
  configFile = place(),
): Promise<Told> {
  const told: Told = { code: 0, stdout: "", stderr: "" };
  const left = [...(answers ?? [])];
  const command = new Command("setup");
  defineSetupCommand(
    command,
    {
      places: () => ({ env: runner.env, stateFolder: runner.stateFolder, configFile }),
      print: (text) => {
        told.stdout += text;
      },
      complain: (text) => {
        told.stderr += text;
      },
      ask: async (question) => {
        told.stderr += question;
        const answer = left.shift();
        return typeof answer === "function" ? answer() : answer;
      },
      setExitCode: (code) => {
        told.code = code;
      },
    },
    () => () => {},
  );
  await command.parseAsync(args, { from: "user" });
  return told;
}

describe("consent", () => {
  test("without a terminal and without --yes nothing is written, and it says so", async () => {
    const { code, stdout, stderr } = await runner.run("setup", ["patch"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `${place()}, gateway.tools.allow:\n  line 3 +  "sessions_send",\nNothing was changed. Where nobody can be asked, --yes says that this is wanted.\n`,
    );
    expect(config()).toBe(CONFIG);
  });

  test("the exact difference is shown before it is asked about, and nothing of what stands around it", async () => {
    const { code, stdout, stderr } = await setup(["patch"], [() => (config() === CONFIG ? "是" : "n")]);
    expect(code).toBe(0);
    expect(stderr).toBe(`${place()}, gateway.tools.allow:\n  line 3 +  "sessions_send",\nWrite this? [y/N] `);
    expect(stdout).toMatch(
      /^sessions_send may be called over the gateway's HTTP interface now\. What stood there before is in .*\.switchboard-backup\.\n$/,
    );
    expect(config()).toBe(PATCHED);
  });

  test.each(["n", "", "yess", undefined])("%j at the terminal is no", async (answer) => {
    const { code, stderr } = await setup(["patch"], answer === undefined ? [] : [answer]);
    expect(code).toBe(1);
    expect(stderr).toContain("Nothing was changed.");
    expect(config()).toBe(CONFIG);
    expect(files()).toEqual(["bin", "openclaw.json"]);
  });

  test("what changes while it is asked is not overwritten", async () => {
    const other = "{gateway: {mode: 'local'}}";
    const { code, stderr } = await setup(
      ["patch"],
      [
        () => {
          runner.write("openclaw.json", other);
          return "y";
        },
      ],
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing was overwritten\. Run this again\.\n$/);
    expect(config()).toBe(other);
  });
});

test("--yes --json: validated before and after, backed up, and the second time nothing", async () => {
  const { code, stdout } = await runner.run("setup", ["patch", "--yes", "--json"]);
  expect(code).toBe(0);
  const told = JSON.parse(stdout);
  expect(told).toEqual({
    ok: true,
    changed: true,
    backups: [expect.stringMatching(/openclaw\.json\.\d{8}T\d{9}Z\.switchboard-backup$/)],
    allowed: true,
    misplaced: false,
    config: place(),
    difference: [
      { file: place(), setting: "gateway.tools.allow", line: 3, removed: "", added: ' "sessions_send",' },
    ],
  });
  expect(config()).toBe(PATCHED);
  expect(readFileSync(told.backups[0], "utf8")).toBe(CONFIG);
  expect(validated()).toBe(`config validate --json ${CONFIG}\nconfig validate --json ${PATCHED}\n`);

  const before = files();
  const again = await setup(["patch", "--yes", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({
    ok: true,
    changed: false,
    allowed: true,
    difference: [],
  });
  expect(files()).toEqual(before);
  // Nothing to validate either.
  expect(validated().split("config validate")).toHaveLength(3);

  const back = await setup(["unpatch", "--yes", "--json"]);
  expect(JSON.parse(back.stdout)).toMatchObject({ ok: true, changed: true });
  expect(config()).toBe(CONFIG);
  expect((await setup(["unpatch", "--yes"])).stdout).toBe(
    'sessions_send is not in "gateway.tools.allow": nothing was changed.\n',
  );
});

test("--dry-run shows the difference; nothing is asked, validated or written", async () => {
  const { code, stdout, stderr } = await setup(["patch", "--dry-run"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    `${place()}, gateway.tools.allow:\n  line 3 +  "sessions_send",\nNothing was written.\n`,
  );
  expect(JSON.parse((await setup(["patch", "--dry-run", "--json"])).stdout)).toMatchObject({
    changed: false,
    allowed: false,
    difference: [{ added: ' "sessions_send",' }],
  });
  expect(config()).toBe(CONFIG);
  expect(files()).toEqual(["bin", "openclaw.json"]);
  expect(validated()).toBe("");
});

test("--config names another file, for the gateway's check too", async () => {
  runner.write("other/my.json5", "{}");
  const other = path.join(runner.stateFolder, "other", "my.json5");
  expect((await setup(["patch", "--yes", "--config", other])).code).toBe(0);
  expect(JSON5.parse(readFileSync(other, "utf8"))).toEqual({
    gateway: { tools: { allow: ["sessions_send"] } },
  });
  expect(config()).toBe(CONFIG);
  expect(validated()).toMatch(/^config validate --json \{\}\n/);
  const { code, stderr } = await setup(["patch", "--yes", "--config", `${other}.none`]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `There is no ${other}.none: name the gateway's config with --config, or make one with "openclaw setup".\n`,
  });
  expect((await setup(["patch", "--config", " "])).code).toBe(2);
});

test.each(["openclaw.json", "clawdbot.json"])(
  "--config names another installation's %s: it is checked with that one's state folder",
  async (name) => {
    const validatedBy = (file: string) => existsSync(path.join(path.dirname(file), "bin", "validated"));
    runner.write(`other/${name}`, "{}");
    runner.write("other/bin/picky", "");
    const other = path.join(runner.stateFolder, "other", name);
    const { code, stderr } = await setup(["patch", "--yes", "--config", other]);
    expect(code).toBe(1);
    expect(stderr).toContain("The gateway would not take the new config: gateway.mode: Invalid input.");
    expect([validatedBy(other), validatedBy(place())]).toEqual([true, false]);
  },
);

test("--config with the config that the gateway has elsewhere keeps the gateway's state folder", async () => {
  runner.write("other/openclaw.json", "{}");
  runner.write("other/bin/picky", "");
  const other = path.join(runner.stateFolder, "other", "openclaw.json");
  expect((await setup(["patch", "--yes", "--config", other], [], other)).code).toBe(0);
  expect(validated()).toContain("sessions_send");
});

test("as `openclaw phone setup` too", async () => {
  const phone = new PhoneRunner();
  try {
    phone.write("openclaw.json", CONFIG);
    const { code, stdout } = await phone.run("setup", "patch", "--dry-run", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ difference: [{ setting: "gateway.tools.allow" }] });
  } finally {
    phone.remove();
  }
});

describe("the gateway's check", () => {
  test("a config that is not valid as it is is left alone", async () => {
    runner.write("openclaw.json", '{mode: "invalid"}');
    const { code, stderr } = await setup(["patch", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `The gateway does not take ${place()} as it is: gateway.mode: Invalid input. Mend that first ("openclaw doctor"): nothing was changed.\n`,
    );
    expect(config()).toBe('{mode: "invalid"}');
  });

  test("one that is not valid afterwards is put back", async () => {
    runner.write("bin/picky", "");
    const { code, stderr } = await setup(["patch", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nThe gateway would not take the new config: gateway\.mode: Invalid input\. Everything is as it was\.\n$/,
    );
    expect(config()).toBe(CONFIG);
    expect(files()).toEqual(["bin", "openclaw.json"]);
    expect(validated()).toContain(PATCHED);
  });

  test("without the gateway's command nothing is written", async () => {
    Object.assign(runner.env, { PATH: "", SWITCHBOARD_OPENCLAW: "/none" });
    const { code, stderr } = await setup(["patch", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The gateway's command "openclaw" was not found on the PATH/);
    expect(config()).toBe(CONFIG);
  });
});

describe("what is refused or only said", () => {
  test.each<[string, RegExp]>([
    ["{gateway: {tools: {allow: 'sessions_send'}}}", /^"gateway\.tools\.allow" is not a list: \[ … \]\./],
    ["{gateway: 'secret', ", /is not valid JSON5: look at line 1, column 21\. Nothing was changed\.\n$/],
    ["{gateway: []}", /has a "gateway" that is not an object: \{ … \}\. Nothing was changed\.\n$/],
  ])("%j", async (text, message) => {
    runner.write("openclaw.json", text);
    for (const command of ["patch", "unpatch"]) {
      const { code, stderr } = await setup([command, "--yes"]);
      if (command === "unpatch" && text === "{gateway: []}") continue;
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).not.toContain("secret");
    }
    expect(config()).toBe(text);
  });

  test("the gateway ignores case in names; an agent that an older client left in the list is not ours", async () => {
    const text = "{gateway: {tools: {allow: [' Sessions_Send ']}}, agents: {list: [{id: 'voice'}]}}";
    runner.write("openclaw.json", text);
    expect((await setup(["patch", "--yes"])).stdout).toMatch(/already: nothing was changed\.\n$/);
    expect(config()).toBe(text);
    await setup(["unpatch", "--yes"]);
    expect(config()).toBe("{gateway: {tools: {allow: []}}, agents: {list: [{id: 'voice'}]}}");
  });

  test("with a ban that counts first it does not say that the tool may be called", async () => {
    const note =
      '"gateway.tools.deny" has sessions_send too, which counts first: take it out there yourself.\n';
    runner.write("openclaw.json", "{gateway: {tools: {deny: ['sessions_send']}}}");
    expect(JSON.parse((await setup(["patch", "--dry-run", "--json"])).stdout)).toMatchObject({
      allowed: false,
    });
    const first = (await setup(["patch", "--yes"])).stdout;
    expect(first).toMatch(
      /^sessions_send is in "gateway\.tools\.allow" now, but may still not be called over the gateway's HTTP interface\. What stood there/,
    );
    expect(first.endsWith(`\n${note}`)).toBe(true);
    expect((await setup(["patch", "--yes"])).stdout).toBe(
      `sessions_send is in "gateway.tools.allow" already, but may not be called over the gateway's HTTP interface: nothing was changed.\n${note}`,
    );
    expect(JSON.parse((await setup(["patch", "--yes", "--json"])).stdout)).toMatchObject({
      changed: false,
      allowed: false,
      notes: [note.trim()],
    });
  });
});

describe("the tool in the agent's own list, by mistake", () => {
  const ALONE = "{tools: {allow: ['sessions_send'], deny: ['exec']}}";
  const AMONG = "{tools: {allow: ['read', 'sessions_send', 'write']}}";

  test("is said, and left there without consent of its own", async () => {
    runner.write("openclaw.json", ALONE);
    const { stdout } = await setup(["patch", "--yes"]);
    expect(stdout).toContain(
      '"tools.allow" has sessions_send: that is not what lets it be called over HTTP, but the list of what your agent may use, which leaves it with this one tool. If that is a mistake, "setup patch --repair" takes it out.',
    );
    expect(JSON5.parse(config()).tools).toEqual({ allow: ["sessions_send"], deny: ["exec"] });
    // Also when there is nothing else to do.
    const again = await setup(["patch", "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, misplaced: true });
  });

  test.each([
    [ALONE, { deny: ["exec"] }],
    [AMONG, { allow: ["read", "write"] }],
  ])("%j with --repair", async (text, tools) => {
    runner.write("openclaw.json", text);
    const { stdout } = await setup(["patch", "--yes", "--repair", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, misplaced: false });
    expect(JSON5.parse(config())).toEqual({ tools, gateway: { tools: { allow: ["sessions_send"] } } });
  });

  test.each([
    ["y", { deny: ["exec"] }],
    ["n", { allow: ["sessions_send"], deny: ["exec"] }],
  ])("at the terminal it is asked about: %j", async (answer, tools) => {
    runner.write("openclaw.json", ALONE);
    const { stderr } = await setup(["patch"], [answer, "y"]);
    expect(stderr).toContain("Take the list away, so that it may use everything again? [y/N]");
    expect(stderr.includes("tools.allow:\n  line 1 - allow: ['sessions_send'],")).toBe(answer === "y");
    expect(JSON5.parse(config()).tools).toEqual(tools);
  });
});

describe("kill -9", () => {
  const preload = path.join(import.meta.dirname, "kill-at-write.ts");

  test("at every write: the config is the old or the new one, and the next run works", async () => {
    const killed = async (at: number): Promise<boolean> => {
      const one = new ScriptRunner({ isBuilt: true });
      try {
        one.write("openclaw.json", CONFIG);
        one.write("bin/openclaw.mjs", GATEWAY_CLI);
        const configFile = path.join(one.stateFolder, "openclaw.json");
        const { code } = await one.run("setup", ["patch", "--yes"], {
          node: ["--import", preload],
          env: {
            KILL_AT: String(at),
            KILL_IN: one.stateFolder,
            SWITCHBOARD_OPENCLAW: path.join(one.stateFolder, "bin", "openclaw.mjs"),
          },
        });
        const text = readFileSync(configFile, "utf8");
        if (code === 0) {
          expect(text).toBe(PATCHED);
          return false;
        }
        expect(code).toBe(null);
        expect([CONFIG, PATCHED]).toContain(text);
        seen.add(text);
        const plan = planConfigChange({ configFile, env: {} }, [
          { change: "unite", path: ["gateway", "tools", "allow"], items: ["sessions_send", "again"] },
        ]);
        await applyConfigPlan(plan, async () => undefined, { signal: new AbortController().signal });
        expect(JSON5.parse(readFileSync(configFile, "utf8")).gateway.tools.allow).toContain("again");
        return true;
      } finally {
        one.remove();
      }
    };
    const seen = new Set<string>();
    let at = 1;
    // Two at a time: each waits for its processes.
    while ((await Promise.all([killed(at), killed(at + 1)])).every(Boolean)) at += 2;
    expect(at).toBeGreaterThan(15);
    expect(seen).toEqual(new Set([CONFIG, PATCHED]));
  }, 90_000);

  test("while the gateway looks at the new one", async () => {
    runner.write("bin/deadly", "");
    const { code } = await runner.run("setup", ["patch", "--yes"]);
    expect(code).toBe(null);
    expect(config()).toBe(PATCHED);
  });
});

/**
 * Through the whole command, with the gateway's own check before and after: that is 2 s of processor for each config, so
 * two of them here, and more with PATCH_RUNS=20 in front. The editor itself has thousands in json5-edit.test.ts.
 */
test("configs that the gateway takes are taken afterwards too, in one file or two", async () => {
  Object.assign(runner.env, REAL_GATEWAY);
  const texts = fc.sample(validConfigs, { numRuns: Number(process.env.PATCH_RUNS ?? 2), seed: 21 });
  for (const [index, text] of texts.entries()) {
    const file = index % 2 === 0 ? "openclaw.json" : "whole.json5";
    runner.write("openclaw.json", "// All of it\n{ $include: './whole.json5' }\n");
    runner.write(file, text);
    const { code, stdout, stderr } = await setup(["patch", "--yes", "--json"]);
    expect({ code, stderr, text }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ changed: true });
    const before = JSON5.parse(text);
    const allow = [...(before.gateway.tools?.allow ?? []), "sessions_send"];
    expect(JSON5.parse(readFileSync(path.join(runner.stateFolder, file), "utf8"))).toEqual({
      ...before,
      gateway: { ...before.gateway, tools: { ...before.gateway.tools, allow } },
    });
  }
}, 300_000);

test("the gateway's check finds what is wrong", async () => {
  Object.assign(runner.env, REAL_GATEWAY);
  runner.write("openclaw.json", "{gateway: {mode: 'local', unheard: 1}}");
  const { code, stderr } = await setup(["patch", "--yes"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/as it is: gateway: .*unheard.*\. Mend that first/);
}, 60_000);
