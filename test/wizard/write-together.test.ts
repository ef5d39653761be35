// Proves that the config and `.env` are written both or not at all: whatever fails, whenever it is stopped, and, with the next
// run, also when the process is killed at any step.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planConfigChange } from "../../plugin/config/gateway-config-file.ts";
import { isUnfinished, recover, Undoing, writeTogether } from "../../plugin/wizard/write-together.ts";

const CONFIG = "{\n  // mine\n  gateway: { mode: 'local' },\n}\n";
const NEW_CONFIG =
  "{\n  // mine\n  gateway: { mode: 'local' },\n  channels: {\n    phone: {\n      enabled: true,\n    },\n  },\n}\n";
const ENV = "# mine\nOTHER=1\n";

let stateFolder: string;
beforeEach(() => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-together-"));
  write("openclaw.json", CONFIG);
  write(".env", ENV);
});
afterEach(() => rmSync(stateFolder, { recursive: true }));

const at = (name: string) => path.join(stateFolder, name);
const write = (name: string, content: string) => writeFileSync(at(name), content, { mode: 0o644 });
const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), "utf8") : undefined);
const both = () => [read("openclaw.json"), read(".env")];
const place = () => ({ stateFolder, configFile: at("openclaw.json"), env: {} });

/** As setup does it. */
function begin() {
  const plan = planConfigChange(place(), [
    { change: "set", path: ["channels", "phone", "enabled"], value: true },
  ]);
  const files = [
    { file: at(".env"), before: Buffer.from(ENV), after: Buffer.from(`${ENV}CLAWDTALK_API_KEY=k\n`) },
    { file: at("new/skill-config.json"), before: undefined, after: Buffer.from("{}\n") },
  ];
  return { plan, files, undoing: Undoing.begin(place(), [...plan.files, ...files]) };
}

const never = () => new AbortController().signal;
const valid = async () => undefined;

test("everything is written, private what holds keys, and nothing is kept beside it but the config's backup", async () => {
  const backups = await writeTogether(begin(), valid, never());
  expect(both()).toEqual([NEW_CONFIG, `${ENV}CLAWDTALK_API_KEY=k\n`]);
  expect(read("new/skill-config.json")).toBe("{}\n");
  if (process.platform !== "win32") {
    expect([".env", "new/skill-config.json"].map((name) => statSync(at(name)).mode & 0o777)).toEqual([
      0o600, 0o600,
    ]);
  }
  expect(backups.map((backup) => readFileSync(backup, "utf8"))).toEqual([CONFIG]);
  expect(readdirSync(at("switchboard"))).toEqual([]);
  expect(isUnfinished(stateFolder)).toBe(false);
});

describe("as it was", () => {
  const asItWas = (modes = 0o644) => {
    expect(both()).toEqual([CONFIG, ENV]);
    expect(existsSync(at("new/skill-config.json"))).toBe(false);
    expect(readdirSync(stateFolder).sort()).toEqual(expect.arrayContaining([".env", "openclaw.json"]));
    expect(readdirSync(stateFolder).filter((name) => /backup|new$|lock/.test(name))).toEqual(
      existsSync(at("new")) ? ["new"] : [],
    );
    if (process.platform !== "win32") expect(statSync(at(".env")).mode & 0o777).toBe(modes);
    expect(readdirSync(at("switchboard"))).toEqual([]);
  };

  test("when the gateway does not take the new config", async () => {
    const written = writeTogether(begin(), async () => "channels.phone: no such channel.", never());
    await expect(written).rejects.toThrow(
      "The gateway would not take the new config: channels.phone: no such channel. Everything is as it was.",
    );
    asItWas();
  });

  test.each([0, 1, 2])("when it is stopped at the end of step %i", async (step) => {
    const stopping = new AbortController();
    const steps = [
      { work: async () => stopping.abort(), takeBack: async () => [] },
      {
        // While the first file is being replaced.
        work: async () =>
          void Promise.resolve()
            .then()
            .then(() => stopping.abort()),
        takeBack: async () => [],
      },
    ];
    const validate = async () => {
      if (step === 2) stopping.abort();
      return undefined;
    };
    const first = steps[step];
    await expect(
      writeTogether({ ...begin(), ...(first === undefined ? {} : { first }) }, validate, stopping.signal),
    ).rejects.toThrow("Stopped. Everything is as it was.");
    asItWas();
  });

  test("when what has to be done first fails, with what could not be undone", async () => {
    const first = {
      work: async () => {
        throw new Error("The disk is full.");
      },
      takeBack: async () => ["The plugin may still be installed."],
    };
    await expect(writeTogether({ ...begin(), first }, valid, never())).rejects.toThrow(
      "The disk is full. The plugin may still be installed.",
    );
    asItWas();
  });

  test("but what somebody else has changed meanwhile is theirs", async () => {
    const started = begin();
    write("openclaw.json", "{gateway: {mode: 'remote'}}");
    await expect(writeTogether(started, valid, never())).rejects.toThrow(
      /nothing was overwritten\. Run this again\./,
    );
    expect(both()).toEqual(["{gateway: {mode: 'remote'}}", ENV]);
  });
});

test("a run that is writing is not interfered with", async () => {
  begin();
  const undo = JSON.parse(read("switchboard/setup-undo/undo.json") ?? "");
  write("switchboard/setup-undo/undo.json", JSON.stringify({ ...undo, pid: process.ppid }));
  await expect(recover(place())).rejects.toThrow(/Another run of setup .* is writing now/);
  expect(isUnfinished(stateFolder)).toBe(true);
  // One that was still asking questions when the other began.
  expect(() => begin()).toThrow(/Another run of setup .* is writing now/);
  expect(read("switchboard/setup-undo/0")).toBe(CONFIG);
  // The number is some other process's by now.
  const longAgo = { ...undo, pid: process.ppid, since: "2020-01-01T00:00:00.000Z" };
  write("switchboard/setup-undo/undo.json", JSON.stringify(longAgo));
  // What it would go back to is not thrown away.
  expect(() => begin()).toThrow(/is not taken back yet: run this again\./);
  expect(read("switchboard/setup-undo/0")).toBe(CONFIG);
  expect(await recover(place())).toHaveLength(1);
  expect(() => begin()).not.toThrow();
});

describe("killed", () => {
  const folders = { state: "", own: "switchboard", undo: "switchboard/setup-undo" };

  test.each<[keyof typeof folders, "yes" | "no"]>([
    ["state", "yes"],
    ["state", "no"],
    ["own", "yes"],
    ["undo", "yes"],
  ])(
    "at each step in the %s folder (.env before: %s): each file is whole, and the next run makes them agree",
    async (folder, hasEnv) => {
      const seen = new Set<string>();
      for (let step = 1; ; step++) {
        rmSync(stateFolder, { recursive: true });
        stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-together-"));
        write("openclaw.json", CONFIG);
        if (hasEnv === "yes") write(".env", ENV);
        chmodSync(stateFolder, 0o700);
        const [old, oldEnv] = both();
        const child = spawnSync(
          process.execPath,
          [
            "--import",
            path.join(import.meta.dirname, "../scripts/kill-at-write.ts"),
            path.join(import.meta.dirname, "write-once.ts"),
            stateFolder,
            hasEnv,
          ],
          {
            env: {
              KILL_IN: path.join(stateFolder, folders[folder]),
              KILL_AT: String(step),
              NODE_COMPILE_CACHE: path.join(tmpdir(), "switchboard-script-cache"),
            },
            encoding: "utf8",
          },
        );
        const isNew = [read("openclaw.json") !== old, read(".env") !== oldEnv];
        if (isNew[0]) expect(read("openclaw.json")).toBe(NEW_CONFIG);
        if (isNew[1]) expect(read(".env")).toBe(`${oldEnv ?? ""}CLAWDTALK_API_KEY=cc_live_new\n`);
        // The gateway never sees a config that speaks of a line without its key.
        expect(isNew).not.toEqual([true, false]);
        seen.add(isNew.join());
        const wasUnfinished = isUnfinished(stateFolder);
        const told = await recover(place());
        const after = [read("openclaw.json") !== old, read(".env") !== oldEnv];
        expect(after[0], `step ${step}`).toBe(after[1]);
        expect(told.length > 0).toBe(wasUnfinished);
        if (wasUnfinished) expect(both()).toEqual([old, oldEnv]);
        expect(existsSync(at("switchboard/setup-undo"))).toBe(false);
        if (child.status === 0) break;
        expect([child.signal, child.stderr]).toEqual(["SIGKILL", ""]);
      }
      if (folder === "state") expect([...seen].sort()).toEqual(["false,false", "false,true", "true,true"]);
    },
    120_000,
  );
});
