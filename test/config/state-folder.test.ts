import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findGateway, findPackageFolder, openSwitchboardFolder } from "../../plugin/config/state-folder.ts";

let home: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), "switchboard-home-")));
});

afterEach(() => rmSync(home, { recursive: true }));

function make(...parts: string[]): string {
  const file = path.join(home, ...parts);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "{}");
  return file;
}

function find(env: Record<string, string>, startFolders: string[] = []) {
  return findGateway({ env: { HOME: home, ...env }, startFolders, homeFolder: "/nowhere" });
}

test("without any hint it is ~/.openclaw, whether it exists or not", () => {
  expect(find({})).toEqual({
    stateFolder: path.join(home, ".openclaw"),
    configFile: path.join(home, ".openclaw", "openclaw.json"),
  });
});

test("the old folder and the old config name are found where nothing newer is", () => {
  make(".clawdbot", "clawdbot.json");
  expect(find({})).toEqual({
    stateFolder: path.join(home, ".clawdbot"),
    configFile: path.join(home, ".clawdbot", "clawdbot.json"),
  });
  make(".openclaw", "openclaw.json");
  expect(find({}).configFile).toBe(path.join(home, ".openclaw", "openclaw.json"));
});

test("an installed script finds the state folder it lies in", () => {
  make("elsewhere", "openclaw.json");
  const installed = path.dirname(
    make("elsewhere", "npm", "projects", "x", "node_modules", "openclaw-switchboard", "dist", "call.js"),
  );
  const copied = path.dirname(make("elsewhere", "workspace", "skills", "switchboard", "dist", "call.js"));
  for (const folder of [installed, copied]) {
    expect(find({}, ["/nowhere", folder]).stateFolder).toBe(path.join(home, "elsewhere"));
  }
});

test("the gateway's variables come before the folder above the script", () => {
  const folder = path.dirname(make("elsewhere", "openclaw.json"));
  const at = (env: Record<string, string>) => find(env, [folder]).stateFolder;
  expect(at({ OPENCLAW_STATE_DIR: path.join(home, "state") })).toBe(path.join(home, "state"));
  expect(at({ OPENCLAW_STATE_DIR: "~/state" })).toBe(path.join(home, "state"));
  expect(at({ OPENCLAW_PROFILE: "rescue" })).toBe(path.join(home, ".openclaw-rescue"));
  expect(at({ OPENCLAW_HOME: "~/service" })).toBe(path.join(home, "service", ".openclaw"));
  expect(at({ OPENCLAW_STATE_DIR: "~/state", OPENCLAW_PROFILE: "rescue" })).toBe(path.join(home, "state"));
});

test("what the gateway ignores is ignored: blank and older variables, the default profile, paths as profiles", () => {
  const plain = path.join(home, ".openclaw");
  expect(find({ OPENCLAW_STATE_DIR: "  " }).stateFolder).toBe(plain);
  expect(find({ OPENCLAW_STATE_DIR: "undefined" }).stateFolder).toBe(plain);
  expect(find({ CLAWDBOT_STATE_DIR: "/old" }).stateFolder).toBe(plain);
  expect(find({ OPENCLAW_PROFILE: "Default" }).stateFolder).toBe(plain);
  expect(find({ OPENCLAW_PROFILE: "../../etc" }).stateFolder).toBe(plain);
});

test("the config file can be somewhere else", () => {
  expect(find({ OPENCLAW_CONFIG_PATH: "~/etc/gateway.json5" })).toEqual({
    stateFolder: path.join(home, ".openclaw"),
    configFile: path.join(home, "etc", "gateway.json5"),
  });
});

test("our folder is made once, for its owner alone", () => {
  const folder = openSwitchboardFolder(path.join(home, ".openclaw"));
  expect(folder).toBe(path.join(home, ".openclaw", "switchboard"));
  expect(openSwitchboardFolder(path.join(home, ".openclaw"))).toBe(folder);
  if (process.platform !== "win32") expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("the package's folder is the nearest with a skill-config.json", () => {
  const outer = path.dirname(make("package", "skill-config.json"));
  expect(findPackageFolder(path.join(outer, "dist", "scripts"))).toBe(outer);
  expect(findPackageFolder(import.meta.dirname)).toBe(path.resolve(import.meta.dirname, "../.."));
});
