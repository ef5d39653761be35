/** The services' own clients: found where they lie, what of theirs is taken over, and ended only when they are theirs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findOldClients, stopOldClient, takeOver } from "../../plugin/installation/old-clients.ts";

let home: string;
let stateFolder: string;
let started: ChildProcess[];

beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), "switchboard-old-")));
  stateFolder = path.join(home, ".openclaw");
  mkdirSync(stateFolder);
  started = [];
});
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

function write(name: string, content: string, mode = 0o600): string {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  return file;
}

const search = (env: Record<string, string> = {}) => ({
  stateFolder,
  configFile: path.join(stateFolder, "openclaw.json"),
  env: { HOME: home, ...env },
});

const STAYS = "setInterval(() => {}, 1000); process.stdout.write('up');";

function clawdTalk(below = ".openclaw/workspace/skills/clawdtalk-client"): string {
  write(`${below}/SKILL.md`, "---\nname: clawdtalk-client\n---\n");
  write(`${below}/scripts/ws-client.js`, STAYS);
  return path.join(home, below);
}

async function start(commandLine: readonly string[], cwd = home): Promise<ChildProcess> {
  const child = spawn(process.execPath, commandLine, { cwd, stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  await once(child.stdout ?? child, "data");
  return child;
}

it("finds each service's client by its files or its name, and no other skill", async () => {
  clawdTalk();
  write(".openclaw/skills/phone/SKILL.md", "---\ndescription: x\nname: clawcall-phone\n---\n");
  write("clawd/skills/china/SKILL.md", "# no front matter");
  write("clawd/skills/china/stepone.sh", "");
  write("other/skills/clawcall/SKILL.md", "");
  write("other/skills/clawcall/listener/clawcall-listener.js", "");
  write(".openclaw/workspace/skills/weather/SKILL.md", "---\nname: weather\n---\n");
  write(".openclaw/openclaw.json", `{ agents: { list: [{ id: "a", workspace: "~/other" }] } }`);
  const found = await findOldClients(search());
  expect(found.map(({ carrier, name, folder }) => [carrier, name, path.relative(home, folder)])).toEqual([
    ["clawdtalk", "clawdtalk-client", ".openclaw/workspace/skills/clawdtalk-client"],
    ["clawcall", "clawcall-phone", ".openclaw/skills/phone"],
    ["clawcall", "clawcall", "other/skills/clawcall"],
    ["stepone", "china", "clawd/skills/china"],
  ]);
  expect(found.flatMap(({ running }) => running)).toEqual([]);
});

it("tells which of their programs run, started by any path, and ends these alone", async () => {
  const folder = clawdTalk();
  const clawcall = ".openclaw/workspace/skills/clawcall-phone";
  write(`${clawcall}/SKILL.md`, "");
  write(`${clawcall}/listener/clawcall-listener.js`, STAYS);
  const stranger = write("elsewhere/scripts/ws-client.js", STAYS);
  const client = await start([path.join(folder, "scripts", "ws-client.js")]);
  const listener = await start(["listener/clawcall-listener.js"], path.join(home, clawcall));
  const other = await start([stranger]);
  const bystander = await start(["-e", STAYS]);
  // A number that is somebody else's by now.
  write(".openclaw/workspace/skills/clawdtalk-client/.connect.pid", `${bystander.pid}\n`);

  const found = await findOldClients(search());
  expect(found.map(({ running }) => running.map(({ processId }) => processId))).toEqual([
    [client.pid],
    [listener.pid],
  ]);
  for (const one of found) expect(await stopOldClient(one)).toMatchObject({ isStopped: true });
  expect([client.signalCode, listener.signalCode]).toEqual(["SIGTERM", "SIGTERM"]);
  expect([other.exitCode, other.signalCode, bystander.exitCode, bystander.signalCode]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(existsSync(path.join(folder, ".connect.pid"))).toBe(false);
  expect((await findOldClients(search())).flatMap(({ running }) => running)).toEqual([]);
});

it("takes over what the gateway does not have yet, in the order in which their clients look for it", async () => {
  const folder = clawdTalk();
  write(
    ".openclaw/workspace/skills/clawdtalk-client/skill-config.json",
    JSON.stringify({
      api_key: "cc_live_of_the_file",
      server: "https://clawdtalk.com",
      owner_name: "Ana",
      agent_name: "Robin",
      greeting: "您好",
      gateway_url: "http://127.0.0.1:1",
      gateway_token: "old-token",
    }),
  );
  const missions = write(".openclaw/workspace/.missions_state.json", "{}");
  write(".openclaw/workspace/skills/clawcall-phone/SKILL.md", "---\nname: clawcall-phone\n---\n");
  write(".clawd/secrets.json", JSON.stringify({ steponeai_api_key: "sk_of_the_file" }));
  write(
    ".openclaw/openclaw.json",
    `{ skills: { entries: { "clawcall-phone": { apiKey: "\${OLD_KEY}", env: { CLAWCALL_EMAIL: "a@clawcall.app" } } } } }`,
  );
  write(".openclaw/.env", "CLAWCALL_EMAIL=b@clawcall.app\nOLD_KEY=ccall_1\n");
  const env = { CLAWCALL_OWNER_NUMBER: "+15551234567" };
  const clients = await findOldClients(search(env));
  const taken = takeOver(clients, search(env));
  expect(taken).toMatchObject({
    variables: {
      CLAWDTALK_API_KEY: "cc_live_of_the_file",
      CLAWCALL_API_KEY: "ccall_1",
      STEPONEAI_API_KEY: "sk_of_the_file",
      CLAWCALL_OWNER_NUMBER: "+15551234567",
    },
    settings: { ownerName: "Ana", agentName: "Robin", greeting: "您好" },
    missionFiles: [missions],
  });
  expect(Object.keys(taken.variables)).toHaveLength(4);
  const told = taken.notes.join("\n");
  expect(told).toContain(`CLAWDTALK_API_KEY is taken from ${path.join(folder, "skill-config.json")}.`);
  expect(told).toContain("CLAWCALL_EMAIL in skills.entries.clawcall-phone");
  expect(told).not.toMatch(/cc_live|ccall_1|sk_of|old-token|@clawcall/);
});

it("takes no key out of a sample, and none that others can read", async () => {
  clawdTalk();
  write(
    ".openclaw/workspace/skills/clawdtalk-client/skill-config.json",
    JSON.stringify({ api_key: "YOUR_API_KEY_FROM_CLAWDTALK_COM", server: "https://own.example" }),
  );
  write(".clawd/secrets.json", JSON.stringify({ steponeai_api_key: "sk_1" }), 0o644);
  const taken = takeOver(await findOldClients(search()), search());
  expect(taken.variables).toEqual({ CLAWDTALK_SERVER: "https://own.example" });
  if (process.platform !== "win32") expect(taken.notes.join(" ")).toContain("chmod 600");
});

it("takes a service's address with the key that stands beside it alone", async () => {
  clawdTalk();
  const server = "https://staging.example";
  write(
    ".openclaw/workspace/skills/clawdtalk-client/skill-config.json",
    JSON.stringify({ api_key: "cc_live_of_the_file", server }),
  );
  const taken = async (env: Record<string, string> = {}) =>
    takeOver(await findOldClients(search()), search(env));
  expect((await taken()).variables).toEqual({
    CLAWDTALK_API_KEY: "cc_live_of_the_file",
    CLAWDTALK_SERVER: server,
  });
  expect((await taken({ CLAWDTALK_API_KEY: "cc_live_of_the_shell" })).variables).toEqual({
    CLAWDTALK_API_KEY: "cc_live_of_the_shell",
  });
  write(".openclaw/.env", "CLAWDTALK_API_KEY=cc_live_of_the_gateway\n");
  const { variables, notes } = await taken();
  expect(variables).toEqual({});
  expect(notes.join("\n")).toMatch(/CLAWDTALK_SERVER in .* is not taken: it goes with another key\./);
  write(".openclaw/.env", "CLAWDTALK_API_KEY=cc_live_of_the_file\n");
  expect((await taken()).variables).toEqual({ CLAWDTALK_SERVER: server });
});
