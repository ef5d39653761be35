/** What references/privacy.md names is there: every setting, variable, address, file and command in it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, it } from "vitest";
import { definePhoneCommand } from "../../plugin/command-line/phone-commands.ts";
import { defineUninstallCommand } from "../../plugin/command-line/uninstall-command.ts";
import { processContext } from "../../plugin/command-line/with-settings.ts";
import { carriers, lineSettings, settingsSchema } from "../../plugin/config/schema.ts";
import { connectorFiles } from "../../plugin/connector/files.ts";
import { makeBackup } from "../../plugin/installation/backup.ts";
import { recordSetup } from "../../plugin/installation/setup-record.ts";
import { storeFile } from "../../plugin/store/backup.ts";
import { withStore } from "../../plugin/store/database.ts";

const project = path.resolve(import.meta.dirname, "../..");
const page = readFileSync(path.join(project, "references", "privacy.md"), "utf8");
let stateFolder: string;
/** Names of files and folders that our own code makes, below the state folder. */
let made: Set<string>;

beforeAll(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-privacy-"));
  const configFile = path.join(stateFolder, "openclaw.json");
  writeFileSync(configFile, "{}");
  await withStore({ stateFolder }, async () => {});
  recordSetup(stateFolder, { added: [{ kind: "variable", name: "CLAWDTALK_API_KEY" }] });
  const { folder } = await makeBackup({ stateFolder, configFile, env: {} }, { version: "1.0.0" });
  const { lock, status, wish, log, crash } = connectorFiles(stateFolder);
  const files = [configFile, storeFile(stateFolder), lock, status, wish, log, crash];
  for (const place of ["switchboard/setup.json", "switchboard/backups"]) {
    expect(existsSync(path.join(stateFolder, place))).toBe(true);
  }
  made = new Set([
    ...files.map((file) => path.relative(stateFolder, file).replaceAll("\\", "/")),
    "switchboard/setup.json",
    `${path.relative(stateFolder, path.dirname(folder)).replaceAll("\\", "/")}/`,
  ]);
});
afterAll(() => rmSync(stateFolder, { recursive: true, force: true }));

const variables = [
  ...Object.values(carriers).flatMap((carrier) => Object.values(carrier.variables)),
  "CLAWCALL_OWNER_NUMBER",
];
const settings = [
  ...Object.keys(settingsSchema.shape),
  ...Object.keys(lineSettings.shape).map((name) => `lines.NAME.${name}`),
];
/** Files of others, and ours by names that the code has. */
const OTHER_PLACES: Readonly<Record<string, readonly [file: string, text: string]>> = {
  "~/.openclaw": ["plugin/config/state-folder.ts", '".openclaw"'],
  ".env": ["plugin/config/loader.ts", '".env"'],
  "switchboard/skill-config.json": ["plugin/config/loader.ts", '"skill-config.json"'],
  "switchboard/setup-undo/": ["plugin/wizard/write-together.ts", `"setup-undo"`],
  "openclaw.json.TIME.switchboard-backup": ["plugin/config/replace-file.ts", ".switchboard-backup`"],
  "openclaw-switchboard": ["plugin/launch.ts", '"openclaw-switchboard"'],
  "~/.clawd/secrets.json": ["plugin/config/stepone-account.ts", '"secrets.json"'],
};

function commands(): Command {
  const root = new Command();
  definePhoneCommand(root.command("phone"), processContext(project));
  defineUninstallCommand(root.command("uninstall"), processContext(project));
  for (const name of ["setup", "connect", "update"]) {
    if (existsSync(path.join(project, "scripts", `${name}.ts`))) root.command(name);
  }
  root.addCommand(new Command("clawcall").addCommand(new Command("register")));
  return root;
}

const all = commands();

/** Whether the words name a command, and its option where one follows. */
function isCommand(text: string): boolean {
  let command: Command | undefined = all;
  for (const word of text.split(" ")) {
    if (/^[A-Z]+$/.test(word)) continue;
    if (word.startsWith("--")) return command?.options.some(({ long }) => long === word) ?? false;
    command = command?.commands.find((one) => one.name() === word);
    if (command === undefined) return false;
  }
  return true;
}

it("names nothing that is not there", () => {
  const named = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");
  expect(named.length).toBeGreaterThan(30);
  const unknown = named.filter((text) => {
    const place = OTHER_PLACES[text];
    if (place !== undefined) return !readFileSync(path.join(project, place[0]), "utf8").includes(place[1]);
    if (text.startsWith("references/")) return !existsSync(path.join(project, text));
    if (text.startsWith("https://")) return !Object.values(carriers).some(({ server }) => server === text);
    return !(variables.includes(text) || settings.includes(text) || made.has(text) || isCommand(text));
  });
  expect(unknown).toEqual([]);
});

it("names every key, every place of ours, and the days that are the default", () => {
  const keys = Object.values(carriers).map((carrier) => carrier.variables.apiKey);
  for (const name of [...keys, ...made]) expect(page).toContain(`\`${name}\``);
  for (const { server } of Object.values(carriers)) expect(page).toContain(`\`${server}\``);
  expect(page).toContain("`retentionDays` (365)");
});
