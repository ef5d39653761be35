/** How a copy came here, by what each installer leaves behind (as seen with OpenClaw 2026.9.6 and skills 1.7.4). */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { howInstalled } from "../../plugin/installation/how-installed.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), "switchboard-how-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Makes a copy of the package, with files of its installer beside. */
function copy(folder: string, files: Readonly<Record<string, unknown>> = {}): string {
  const packageFolder = path.join(home, folder);
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(path.join(packageFolder, "SKILL.md"), "");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), JSON.stringify(content));
  }
  return packageFolder;
}

function look(packageFolder: string, env: Record<string, string> = {}) {
  const stateFolder = path.join(home, ".openclaw");
  const configFile = path.join(stateFolder, "openclaw.json");
  return howInstalled({ packageFolder, stateFolder, configFile, env: { HOME: home, ...env } });
}

const PLUGIN_UPDATE = ["openclaw", "plugins", "update", "switchboard"];
const PLUGIN_REMOVAL = ["openclaw", "plugins", "uninstall", "switchboard", "--force"];

it.each([
  ".openclaw/npm/projects/openclaw-switchboard/node_modules/openclaw-switchboard",
  ".openclaw/extensions/switchboard",
  ".openclaw/git/somewhere/switchboard",
])("a plugin the gateway manages: %s", (folder) => {
  const packageFolder = copy(folder);
  expect(look(packageFolder)).toEqual({
    kind: "plugin-npm",
    folder: packageFolder,
    workingFolder: path.join(home, ".openclaw"),
    updateCommand: PLUGIN_UPDATE,
    removeCommand: PLUGIN_REMOVAL,
  });
});

it("a linked plugin, through a link and a ~ in the config; a clone is updated by git", () => {
  const packageFolder = copy("src/switchboard");
  symlinkSync(packageFolder, path.join(home, "link"), "junction");
  copy("src/switchboard", { ".openclaw/openclaw.json": { plugins: { load: { paths: ["~/link"] } } } });
  expect(look(packageFolder)).toMatchObject({
    kind: "plugin-link",
    updateCommand: undefined,
    removeCommand: PLUGIN_REMOVAL,
    whyNoUpdate: expect.stringContaining("openclaw plugins reload switchboard"),
  });
  mkdirSync(path.join(packageFolder, ".git"));
  expect(look(packageFolder)).toMatchObject({
    kind: "plugin-link",
    updateCommand: ["git", "-C", packageFolder, "pull", "--ff-only"],
  });
});

it("a skill from ClawHub, in a workspace and for all", () => {
  const origin = { version: 1, registry: "https://clawhub.ai", slug: "switchboard", ownerHandle: "somebody" };
  const inWorkspace = ".openclaw/workspace/skills/switchboard";
  const workspace = path.join(home, ".openclaw/workspace");
  expect(look(copy(inWorkspace, { [`${inWorkspace}/.clawhub/origin.json`]: origin }))).toMatchObject({
    kind: "openclaw-skill",
    workingFolder: workspace,
    updateCommand: ["openclaw", "skills", "update", "@somebody/switchboard"],
    removeCommand: [
      "npx",
      "--yes",
      "clawhub",
      "--workdir",
      workspace,
      "uninstall",
      "@somebody/switchboard",
      "--yes",
    ],
  });
  const shared = ".openclaw/skills/phone";
  const { ownerHandle: _, ...withoutOwner } = origin;
  expect(look(copy(shared, { [`${shared}/.clawhub/origin.json`]: withoutOwner }))).toMatchObject({
    updateCommand: ["openclaw", "skills", "update", "switchboard", "--global"],
  });
});

it("a skill from a folder or from git, which only installing again updates", () => {
  const folder = ".openclaw/workspace/skills/switchboard";
  const origin = `${folder}/.openclaw/source-origin.json`;
  const source = copy("clone");
  const installed = copy(folder, {
    [origin]: { version: 1, source: "path", spec: source, slug: "switchboard" },
  });
  const command = ["openclaw", "skills", "install", source, "--as", "switchboard", "--force"];
  expect(look(installed)).toMatchObject({
    kind: "openclaw-skill",
    updateCommand: command,
    removeCommand: undefined,
  });
  rmSync(source, { recursive: true });
  expect(look(installed)).toMatchObject({
    updateCommand: undefined,
    whyNoUpdate: expect.stringContaining(source),
  });
  copy(folder, {
    [origin]: { version: 1, source: "git", spec: "git:somebody/switchboard", slug: "switchboard" },
  });
  expect(look(installed).updateCommand?.[3]).toBe("git:somebody/switchboard");
});

it("a skill by npx skills, in a project, for an agent, for the account, and from a folder", () => {
  const lock = (entry: object) => ({ version: 1, skills: { switchboard: entry } });
  const fromGitHub = { source: "somebody/switchboard", sourceType: "github" };
  const installed = copy("project/skills/switchboard", { "project/skills-lock.json": lock(fromGitHub) });
  const update = ["npx", "--yes", "skills", "update", "switchboard", "--yes"];
  expect(look(installed)).toMatchObject({
    kind: "npx-skill",
    workingFolder: path.join(home, "project"),
    updateCommand: [...update, "--project"],
    removeCommand: ["npx", "--yes", "skills", "remove", "switchboard", "--yes"],
  });
  expect(look(copy("project/.agents/skills/switchboard"))).toMatchObject({ kind: "npx-skill" });
  const shared = copy(".openclaw/skills/switchboard", { ".agents/.skill-lock.json": lock(fromGitHub) });
  expect(look(shared)).toMatchObject({ workingFolder: home, updateCommand: [...update, "--global"] });
  copy("state", {
    "state/skills/.skill-lock.json": lock({ ...fromGitHub, sourceType: "local", source: "/src" }),
  });
  expect(look(shared, { XDG_STATE_HOME: path.join(home, "state") })).toMatchObject({
    updateCommand: undefined,
    whyNoUpdate: expect.stringContaining("npx skills add /src --yes --global"),
  });
});

it("a clone, and a folder nobody knows of", () => {
  const packageFolder = copy("somewhere");
  expect(look(packageFolder)).toMatchObject({
    kind: "copy",
    updateCommand: undefined,
    removeCommand: undefined,
  });
  mkdirSync(path.join(packageFolder, ".git"));
  expect(look(packageFolder)).toMatchObject({
    kind: "git",
    updateCommand: ["git", "-C", packageFolder, "pull", "--ff-only"],
  });
});
