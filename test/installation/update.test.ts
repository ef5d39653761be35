/** An update by each way: what is copied before, what counts as wrong afterwards, and that everything is put back then. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { E164 } from "../../plugin/config/phone-number.ts";
import { listBackups, putBack } from "../../plugin/installation/backup.ts";
import { howInstalled } from "../../plugin/installation/how-installed.ts";
import { update } from "../../plugin/installation/update.ts";
import { withStore } from "../../plugin/store/database.ts";
import { addDoNotCall, listDoNotCall } from "../../plugin/store/do-not-call.ts";
import { SomeMachine } from "./some-package.ts";

const CONFIG = '{\n  // mine\n  gateway: { auth: { token: "secret" } },\n  $include: "./more.json5",\n}\n';
const MORE = "{ plugins: {} /* more */ }";
const NUMBER = "+15551234567" as E164;
const ENV = "# keys\nCLAWDTALK_API_KEY=cc_live_1\n";

let machine: SomeMachine;
beforeEach(() => {
  machine = new SomeMachine();
  machine.write(".openclaw/openclaw.json", CONFIG);
  machine.write(".openclaw/more.json5", MORE);
  machine.write(".openclaw/.env", ENV);
});
afterEach(() => machine.remove());

/** Updates the copy in the folder. */
async function run(packageFolder: string, signal = new AbortController().signal) {
  const said: string[] = [];
  const place = { stateFolder: machine.stateFolder, configFile: machine.configFile, env: machine.env };
  const installation = howInstalled({ packageFolder, ...place });
  const came = await update({ installation, place, said: (text) => said.push(text), signal });
  return { came, said: said.join("") };
}

const versionIn = (folder: string) =>
  JSON.parse(readFileSync(path.join(folder, "openclaw.plugin.json"), "utf8")).version;
const settings = () =>
  [".openclaw/openclaw.json", ".openclaw/more.json5", ".openclaw/.env"].map((name) => machine.read(name));
const storeVersionNow = (database: DatabaseSync) =>
  database.prepare("PRAGMA user_version").get()?.user_version;

/** A new version that writes everywhere and brings the store to a form of its own. */
const MEDDLES = `
import { DatabaseSync } from "node:sqlite";
import fs from "node:fs";
const folder = process.env.OPENCLAW_STATE_DIR;
fs.writeFileSync(folder + "/openclaw.json", "{}");
fs.writeFileSync(folder + "/more.json5", "{}");
fs.rmSync(folder + "/.env");
const store = new DatabaseSync(folder + "/switchboard/switchboard.sqlite");
store.exec("ALTER TABLE do_not_call ADD COLUMN later TEXT; PRAGMA user_version = 9000");
store.close();
`;

it("by git: the next version, with everything kept that it may change; what was wrong before does not count", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0", wrong: ["line"] });
  await withStore(machine, async (store) => await addDoNotCall(store, { number: NUMBER, source: "owner" }));
  await publish({ version: "1.1.0", wrong: ["line"] });
  const { came } = await run(folder);
  expect(came).toMatchObject({ outcome: "updated", before: "1.0.0", version: "1.1.0", notes: [] });
  expect(versionIn(folder)).toBe("1.1.0");
  const [backup] = listBackups(machine.stateFolder);
  if (backup === undefined) throw new Error("There is no backup.");
  expect(Object.values(backup.files)).toEqual([
    machine.configFile,
    path.join(machine.stateFolder, "more.json5"),
    path.join(machine.stateFolder, ".env"),
  ]);
  const copies = readdirSync(backup.folder).map(
    (name) => statSync(path.join(backup.folder, name)).mode & 0o777,
  );
  if (process.platform !== "win32") expect(new Set(copies)).toEqual(new Set([0o600]));
  const copy = new DatabaseSync(path.join(backup.folder, "switchboard.sqlite"));
  expect(copy.prepare("SELECT number FROM do_not_call").all()).toEqual([{ number: NUMBER }]);
  copy.close();
});

it("nothing new leaves nothing behind", async () => {
  const { folder } = await machine.clone({ version: "1.0.0" });
  expect((await run(folder)).came).toEqual({ outcome: "unchanged", version: "1.0.0" });
  expect(listBackups(machine.stateFolder)).toEqual([]);
});

it("a clone with changes is left alone", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await publish({ version: "1.1.0" });
  machine.write("clone/SKILL.md", "mine");
  await expect(run(folder)).rejects.toThrow(/Files in .*clone were changed: commit them or put them back/);
  expect([versionIn(folder), machine.read("clone/SKILL.md")]).toEqual(["1.0.0", "mine"]);
});

it("what was not wrong before puts everything back, the store under others' eyes", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0", wrong: ["line"] });
  await withStore(machine, async (store) => await addDoNotCall(store, { number: NUMBER, source: "owner" }));
  // The gateway has it open all the time.
  const other = new DatabaseSync(path.join(machine.stateFolder, "switchboard", "switchboard.sqlite"));
  const version = storeVersionNow(other);
  await publish({ version: "2.0.0", wrong: ["line", "hooks"], changes: MEDDLES });
  const { came } = await run(folder);
  expect(came).toMatchObject({
    outcome: "put back",
    version: "1.0.0",
    tried: "2.0.0",
    problems: ["hooks is wrong."],
    left: [],
  });
  expect(versionIn(folder)).toBe("1.0.0");
  expect(settings()).toEqual([CONFIG, MORE, ENV]);
  expect(storeVersionNow(other)).toBe(version);
  other.close();
  await withStore(machine, async (store) => {
    expect((await listDoNotCall(store)).map((entry) => entry.number)).toEqual([NUMBER]);
  });
});

it("a store of the same form is not put back: calls and texts of the meantime stay", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await withStore(machine, async () => {});
  await publish({
    version: "2.0.0",
    wrong: ["hooks"],
    changes: `import { DatabaseSync } from "node:sqlite";
const store = new DatabaseSync(process.env.OPENCLAW_STATE_DIR + "/switchboard/switchboard.sqlite");
store.exec("INSERT INTO do_not_call (number, source, added_at) VALUES ('+15557654321', 'owner', '2026-01-01T00:00:00Z')");
store.close();`,
  });
  expect((await run(folder)).came.outcome).toBe("put back");
  await withStore(machine, async (store) => expect(await listDoNotCall(store)).toHaveLength(1));
});

it("a doctor that does not run any more is wrong too", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await publish({ version: "2.0.0", changes: "throw new Error('not on this machine');" });
  expect((await run(folder)).came).toMatchObject({
    outcome: "put back",
    problems: [expect.stringMatching(/^The doctor does not run: /)],
  });
  expect(versionIn(folder)).toBe("1.0.0");
});

it("a way that fails has changed nothing", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await publish({ version: "2.0.0" });
  machine.write("clone/mine", "");
  await machine.git(folder, "add", "mine");
  await machine.git(folder, "commit", "-q", "-m", "mine");
  await expect(run(folder)).rejects.toThrow(/^"git -C .* pull --ff-only" failed: .*fast-forward/);
  expect([versionIn(folder), ...settings()]).toEqual(["1.0.0", CONFIG, MORE, ENV]);
});

const PLUGIN = ".openclaw/npm/projects/openclaw-switchboard/node_modules/openclaw-switchboard";

/** As the gateway does: a folder of its own for the new version, which it tells when it is asked. */
function pluginUpdatesTo(next: string): void {
  machine.openclawDoes(`
  if (words[1] === "inspect") console.log(JSON.stringify({ plugin: { rootDir: ${JSON.stringify(next)} } }));
  else fs.rmSync(${JSON.stringify(path.join(machine.home, PLUGIN))}, { recursive: true });`);
}

it("a plugin by the gateway's command, found again where the gateway has put it", async () => {
  const folder = machine.putPackage(PLUGIN, { version: "1.0.0" });
  pluginUpdatesTo(
    machine.putPackage(".openclaw/npm/projects/next/node_modules/openclaw-switchboard", { version: "1.1.0" }),
  );
  const { came } = await run(folder);
  expect(came).toMatchObject({ outcome: "updated", before: "1.0.0", version: "1.1.0" });
  expect(machine.asked()).toEqual(["plugins update switchboard", "plugins inspect switchboard --json"]);
});

it("a plugin that cannot be put back from here is told how, and config and store are put back", async () => {
  const folder = machine.putPackage(PLUGIN, { version: "1.0.0" });
  await withStore(machine, async () => {});
  pluginUpdatesTo(
    machine.putPackage(".openclaw/npm/projects/next/node_modules/openclaw-switchboard", {
      version: "2.0.0",
      wrong: ["hooks"],
      changes: MEDDLES,
    }),
  );
  expect((await run(folder)).came).toMatchObject({
    outcome: "put back",
    left: [expect.stringContaining("openclaw plugins install npm:openclaw-switchboard@1.0.0 --force")],
  });
  expect(settings()).toEqual([CONFIG, MORE, ENV]);
});

const SKILL = ".openclaw/workspace/skills/switchboard";

it("a skill by the gateway's command, and its folder is put back whole", async () => {
  const source = machine.putPackage("source", { version: "2.0.0", wrong: ["hooks"] });
  machine.write(
    `${SKILL}/.openclaw/source-origin.json`,
    JSON.stringify({ version: 1, source: "path", spec: source, slug: "switchboard" }),
  );
  const folder = machine.putPackage(SKILL, { version: "1.0.0" });
  machine.write(`${SKILL}/references/old.md`, "an old page");
  machine.openclawDoes(`
  fs.rmSync(${JSON.stringify(folder)}, { recursive: true });
  fs.cpSync(words[2], ${JSON.stringify(folder)}, { recursive: true });`);
  expect((await run(folder)).came).toMatchObject({ outcome: "put back", left: [] });
  expect(machine.asked()).toEqual([`skills install ${source} --as switchboard --force`]);
  expect([versionIn(folder), machine.read(`${SKILL}/references/old.md`)]).toEqual(["1.0.0", "an old page"]);
  expect(existsSync(path.join(folder, ".openclaw", "source-origin.json"))).toBe(true);
  expect(readdirSync(path.dirname(folder))).toEqual(["switchboard"]);
});

it("keeps the three newest copies, and nothing of an interrupted one", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  mkdirSync(path.join(machine.stateFolder, "switchboard", "backups", "20200101T000000000Z"), {
    recursive: true,
  });
  for (const version of ["1.1.0", "1.2.0", "1.3.0", "1.4.0"]) {
    await publish({ version });
    expect((await run(folder)).came).toMatchObject({ outcome: "updated", version });
  }
  expect(listBackups(machine.stateFolder).map(({ version }) => version)).toEqual(["1.3.0", "1.2.0", "1.1.0"]);
  expect(readdirSync(path.join(machine.stateFolder, "switchboard", "backups"))).toHaveLength(3);
});

it("a copy is put back by hand too; what cannot be replaced is named with its copy", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await publish({ version: "1.1.0" });
  await run(folder);
  const [backup] = listBackups(machine.stateFolder);
  if (backup === undefined) throw new Error("There is no backup.");
  machine.write(".openclaw/openclaw.json", "{}");
  const more = machine.write(".openclaw/more.json5", "{}");
  linkSync(more, path.join(machine.home, "second-name"));
  const { done, left } = await putBack(backup, machine.stateFolder);
  expect([done, machine.read(".openclaw/openclaw.json")]).toEqual([[machine.configFile], CONFIG]);
  expect(left).toEqual([
    expect.stringMatching(/hard links.*What stood in .*more\.json5 is in .*1-more\.json5/),
  ]);
});

it("stopped while it is being looked at, it updates nothing", async () => {
  const { folder, publish } = await machine.clone({ version: "1.0.0" });
  await publish({ version: "1.1.0" });
  await expect(run(folder, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  expect([versionIn(folder), listBackups(machine.stateFolder)]).toEqual(["1.0.0", []]);
});
