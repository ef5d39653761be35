// Proves what the doctor says of settings and files: wrong settings, keys in plain text, files others can read, the store.
import { chmodSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withStore } from "../../plugin/store/database.ts";
import { Examined } from "./examined.ts";

let examined: Examined;
beforeEach(() => {
  examined = new Examined();
  chmodSync(examined.stateFolder, 0o700);
});
afterEach(() => examined.remove());

const KEY = "cc_live_0123456789abcdef";

describe("settings", () => {
  test("all are understood", async () => {
    examined.write("openclaw.json", {
      plugins: { entries: { switchboard: { config: { agentName: "Bo" } } } },
    });
    expect(await examined.found("settings")).toEqual(["ok: All settings are understood."]);
  });

  test("each that is not is named; a line without its key is another check's", async () => {
    examined.write("switchboard/skill-config.json", {
      greting: "Hello",
      language: "!!",
      lines: { work: { carrier: "clawdtalk" } },
    });
    const found = await examined.found("settings");
    expect(found).toHaveLength(2);
    expect(found.every((sentence) => sentence.startsWith("warning: "))).toBe(true);
    expect(found.join()).toMatch(/"greting" .* is not a setting/);
    expect(found.join()).toMatch(/"language" .* is wrong/);
  });
});

describe("keys in plain text", () => {
  test("none", async () => {
    examined.write(".env", `CLAWDTALK_API_KEY=${KEY}\n`);
    expect(await examined.found("plain-secrets")).toEqual([
      "ok: No phone key is written out in a settings file.",
    ]);
  });

  test.each([
    ["openclaw.json", { plugins: { entries: { switchboard: { config: { apiKey: KEY } } } } }],
    ["openclaw.json", { env: { vars: { STEPONEAI_API_KEY: KEY } } }],
    ["switchboard/skill-config.json", { lines: { work: { apiKey: KEY } } }],
  ])("in %s", async (name, content) => {
    examined.write(name, content);
    const found = await examined.look("plain-secrets");
    expect(found).toMatchObject([{ level: "warning", command: expect.stringContaining(".env") }]);
    expect(JSON.stringify(found)).toContain(name);
    expect(JSON.stringify(found)).not.toContain(KEY);
  });
});

// Windows has no such modes.
describe.runIf(process.platform !== "win32")("who can read the files", () => {
  test("nobody else", async () => {
    examined.write("openclaw.json", {});
    examined.write(".env", "A=b\n");
    examined.write("switchboard/skill-config.json", {});
    expect(await examined.found("file-modes")).toEqual([
      "ok: Config, keys and the phone's files are yours alone.",
    ]);
  });

  test.each([
    ["openclaw.json", 0o644, 0o600],
    [".env", 0o640, 0o600],
    ["switchboard/switchboard.sqlite", 0o604, 0o600],
    ["openclaw.json.20301120T185100123Z.switchboard-backup", 0o644, 0o600],
  ])("%s is open to others", async (name, before, after) => {
    const file = examined.write(name, "{}");
    chmodSync(file, before);
    expect(await examined.look("file-modes")).toEqual([
      {
        level: "problem",
        found: `${file} is open to other users of this machine (mode ${before.toString(8)}).`,
        command: "node dist/scripts/doctor.js --fix",
        fix: { kind: "mode", file, before, after },
      },
    ]);
  });

  test("a folder that others may look into, and a link's target", async () => {
    chmodSync(examined.stateFolder, 0o755);
    const target = examined.write("elsewhere.json", "{}");
    chmodSync(target, 0o644);
    symlinkSync(target, examined.configFile);
    expect(await examined.look("file-modes")).toMatchObject([
      { level: "warning", fix: { file: examined.stateFolder, after: 0o700 } },
      { level: "problem", fix: { file: examined.configFile } },
    ]);
  });

  test("a file of another user", async () => {
    const file = examined.write(".env", "A=b\n");
    examined.more = {
      machine: { nodeVersion: "24.21.0", platform: "linux", userId: 12_345, now: Date.now },
    };
    expect(await examined.look("file-modes")).toContainEqual({
      level: "problem",
      found: `${file} belongs to another user.`,
      command: `sudo chown "$(id -un)" '${file}'`,
    });
  });
});

test("on Windows nothing is said of modes", async () => {
  chmodSync(examined.write("openclaw.json", {}), 0o644);
  examined.more = {
    machine: { nodeVersion: "24.21.0", platform: "win32", userId: undefined, now: Date.now },
  };
  expect(await examined.found("file-modes")).toEqual([]);
});

describe("the store", () => {
  test("none yet, and looking makes none", async () => {
    expect(await examined.found("store")).toEqual([]);
    expect(await examined.found("store")).toEqual([]);
  });

  test("one that can be opened", async () => {
    await withStore(examined, async () => {});
    expect(await examined.found("store")).toEqual(["ok: The phone's store can be opened."]);
  });

  test("one that is no database", async () => {
    examined.write(path.join("switchboard", "switchboard.sqlite"), "this is something else entirely");
    expect(await examined.look("store")).toMatchObject([
      { level: "problem", found: expect.stringContaining("switchboard.sqlite") },
    ]);
  });
});
