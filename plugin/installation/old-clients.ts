/**
 * Owns the three services' own clients on this machine: which skill folders of theirs there are, which of their
 * programs run, what of theirs can be taken over, and ending their programs once that is wanted. Nothing of theirs is
 * changed or removed but the file that says a program runs, as their own stop command does.
 *
 * What they keep where is from their own documents: ClawdTalk's `skill-config.json`, `.missions_state.json` and
 * `.connect.pid`, ClawCall's environment variables, StepOne's `~/.clawd/secrets.json`.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type JsonObject, objectAt, readGatewayConfig, realPathIfPresent } from "../config/gateway-config.ts";
import { gatewayEnvironment } from "../config/loader.ts";
import {
  type CarrierName,
  carrierNames,
  carriers,
  type Settings,
  secretReference,
} from "../config/schema.ts";
import { resolveSecret } from "../config/secrets.ts";
import { fillIn, readSettingsFile } from "../config/settings-place.ts";
import { type Environment, expandHome, homeFolderOf } from "../config/state-folder.ts";
import { keyOfTheVendorsFile, NoStepOneAccount } from "../config/stepone-account.ts";
import { hasName, isRunning, type RunningProcess, runningProcesses } from "./processes.ts";

interface ClientFacts {
  /** In the front matter of its SKILL.md. */
  readonly names: readonly string[];
  /** Files nobody else has, each of them enough. */
  readonly marks: readonly string[];
  /** What keeps running. */
  readonly programs: readonly string[];
  /** Where it notes the process of the first program. */
  readonly processFile?: string;
}

const CLIENTS: Readonly<Record<CarrierName, ClientFacts>> = {
  clawdtalk: {
    names: ["clawdtalk-client", "clawdtalk"],
    marks: ["scripts/ws-client.js", "scripts/telnyx_api.py"],
    programs: ["scripts/ws-client.js"],
    processFile: ".connect.pid",
  },
  clawcall: {
    names: ["clawcall-phone", "clawcall"],
    marks: ["listener/clawcall-listener.js", "bridge/phone-agent-server.js"],
    programs: ["listener/clawcall-listener.js", "bridge/phone-agent-server.js"],
  },
  stepone: {
    names: ["ai-calls-china-phone", "openclaw-ai-calls-china-phone"],
    marks: ["stepone.sh"],
    programs: [],
  },
};

/** A service's own client. */
export interface OldClient {
  readonly carrier: CarrierName;
  /** Its name as a skill. */
  readonly name: string;
  /** Absolute, as a real path. */
  readonly folder: string;
  readonly running: readonly RunningProgram[];
}

export interface RunningProgram {
  readonly processId: number;
  /** The file it runs, absolute. */
  readonly program: string;
}

export interface OldClientSearch {
  readonly stateFolder: string;
  /** The gateway's config file. It need not exist. */
  readonly configFile: string;
  readonly env: Environment;
  /** Our own package's folder: clients are looked for beside it. */
  readonly packageFolder?: string | undefined;
  /** Default: those of this machine. */
  readonly processes?: () => Promise<readonly RunningProcess[]>;
}

const ofThisMachine = () => runningProcesses(process.platform);

/** The services' own clients, in the order of the carriers. Never rejects: what cannot be read is not there. */
export async function findOldClients(search: OldClientSearch): Promise<OldClient[]> {
  const found = skillFolders(search).flatMap((folder) => {
    const carrier = carrierNames.find((name) => isClientOf(name, folder));
    return carrier === undefined ? [] : [{ carrier, name: skillName(folder), folder }];
  });
  if (found.length === 0) return [];
  const processes = await (search.processes ?? ofThisMachine)();
  const clients = found.map((client): OldClient => ({ ...client, running: programsOf(client, processes) }));
  return clients.toSorted(
    (one, other) => carrierNames.indexOf(one.carrier) - carrierNames.indexOf(other.carrier),
  );
}

function programsOf(
  { carrier, folder }: Pick<OldClient, "carrier" | "folder">,
  processes: readonly RunningProcess[],
): RunningProgram[] {
  const { programs, processFile } = CLIENTS[carrier];
  const noted =
    processFile === undefined ? undefined : Number(textOf(path.join(folder, processFile)) || undefined);
  return programs
    .map((name) => path.join(folder, name))
    .flatMap((program) =>
      processes
        // Its own note, or our own eyes; a number alone may be somebody else's by now.
        .filter((one) => isRunning(program, one) || (one.id === noted && hasName(program, one)))
        .map(({ id }) => ({ processId: id, program })),
    );
}

/** Folders that hold a SKILL.md, wherever this machine's gateways look for skills. */
function skillFolders({ stateFolder, configFile, env, packageFolder }: OldClientSearch): string[] {
  const home = homeFolderOf(env, homedir());
  const { config } = readGatewayConfig(configFile, env);
  const agents = objectAt(config, "agents");
  const { list } = agents;
  const workspaces = [objectAt(agents, "defaults"), ...(Array.isArray(list) ? list : [])]
    .map((agent: unknown) => objectAt(agent).workspace)
    .filter((workspace) => typeof workspace === "string");
  const { extraDirs } = objectAt(config, "skills", "load");
  const roots = [
    path.join(stateFolder, "workspace", "skills"),
    path.join(stateFolder, "skills"),
    ...workspaces.map((workspace) => path.join(expandHome(workspace, home), "skills")),
    ...(Array.isArray(extraDirs) ? extraDirs : [])
      .filter((folder) => typeof folder === "string")
      .map((folder) => expandHome(folder, home)),
    ...[".openclaw/workspace", ".openclaw", ".clawdbot", "clawd", ".agents"].map((name) =>
      path.join(home, name, "skills"),
    ),
    ...(packageFolder === undefined ? [] : [path.dirname(packageFolder)]),
  ];
  const folders = roots.flatMap((root) =>
    namesIn(root)
      .map((name) => path.join(root, name))
      .filter((folder) => existsSync(path.join(folder, "SKILL.md")))
      .map(realPathIfPresent),
  );
  return [...new Set(folders)];
}

function isClientOf(carrier: CarrierName, folder: string): boolean {
  const { names, marks } = CLIENTS[carrier];
  return marks.some((mark) => existsSync(path.join(folder, mark))) || names.includes(skillName(folder));
}

/** The name in its SKILL.md's front matter, else the folder's. */
function skillName(folder: string): string {
  const text = textOf(path.join(folder, "SKILL.md")) ?? "";
  const frontMatter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? "";
  return /^name:[ \t]*["']?([\w.-]+)/m.exec(frontMatter)?.[1] ?? path.basename(folder);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

// --- taking over ----------------------------------------------------------------------------------------

/** What the clients have that a gateway with Switchboard does not. */
export interface TakenOver {
  /** For the gateway's `.env`. Keys are secrets; what the gateway knows already is not among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** For the plugin's entry in the gateway's config, where nothing is said of it yet. */
  readonly settings: Pick<Settings, "ownerName" | "agentName" | "greeting" | "agentId">;
  /** Files of missions: `importStateFiles` (missions/state-file.ts) takes them in. */
  readonly missionFiles: readonly string[];
  /** What was found where, and what is not taken: a sentence each, without secrets. */
  readonly notes: readonly string[];
}

/** Where something was found, for people, and what. */
interface Found {
  readonly place: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads what can be taken over; changes nothing. Their own order counts: the environment, what the gateway hands to a
 * skill, their files.
 */
export function takeOver(
  clients: readonly OldClient[],
  { stateFolder, configFile, env }: OldClientSearch,
): TakenOver {
  const notes: string[] = [];
  const { config } = readGatewayConfig(configFile, env);
  const known = gatewayEnvironment({ env: {}, stateFolder, configFile }, config, []);
  const whole = { ...known, ...env };
  const files = clients
    .filter(({ carrier }) => carrier === "clawdtalk")
    .map(({ folder }) => path.join(folder, "skill-config.json"))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, settings: readSettingsFile(file, reading(whole, notes)).settings }));
  const found: Found[] = [
    { place: "the environment", variables: env },
    ...clients.map((client) => ofSkillEntry(client, { config, env: whole })),
    ...files.map(({ file, settings }) => ({ place: file, variables: ofSettings(settings) })),
    vendorsFile(env, notes),
  ];
  const variables: Record<string, string> = {};
  for (const name of VARIABLES) {
    const saying = found.filter((one) => isSaid(one.variables[name]));
    const first = saying.find((one) => goesWithItsKey(name, one, { found, known }));
    if (first === undefined && saying[0] !== undefined) {
      notes.push(`${name} in ${saying[0].place} is not taken: it goes with another key.`);
    }
    const value = first?.variables[name]?.trim();
    if (first === undefined || value === undefined) continue;
    if (known[name] === undefined) {
      variables[name] = value;
      notes.push(`${name} is taken from ${first.place}.`);
    } else if (known[name] !== value) {
      notes.push(`${name} in ${first.place} is another one than the gateway has: the gateway's stays.`);
    }
  }
  const settings: Record<string, string> = {};
  for (const name of ["ownerName", "agentName", "greeting", "agentId"] as const) {
    const first = files.find((one) => one.settings[name] !== undefined);
    if (first === undefined) continue;
    settings[name] = String(first.settings[name]);
    notes.push(`"${name}" is taken from ${first.file}.`);
  }
  for (const { file } of files.filter((one) => one.settings.gatewayUrl ?? one.settings.gatewayToken)) {
    notes.push(
      `The gateway's address and token in ${file} are not taken: they are found where the gateway has them.`,
    );
  }
  const missionFiles = [
    ...clients.map(({ folder }) => folder),
    ...clients.map(({ folder }) => path.dirname(path.dirname(folder))),
    path.join(stateFolder, "workspace"),
  ]
    .map((folder) => path.join(folder, ".missions_state.json"))
    .filter((file) => existsSync(file));
  return { variables, settings, missionFiles: [...new Set(missionFiles)], notes };
}

/** Every variable a line of the carriers can be set up by, and the owner's number. */
const VARIABLES: readonly string[] = [
  ...Object.values(carriers).flatMap(({ variables }) => Object.values(variables)),
  "CLAWCALL_OWNER_NUMBER",
];

/**
 * Whether a service's address may be taken from there: a key must not be sent to an address that stood beside another one.
 * The environment's counts whatever the key, as it does for a client that runs.
 */
function goesWithItsKey(
  name: string,
  place: Found,
  { found, known }: { readonly found: readonly Found[]; readonly known: Environment },
): boolean {
  const carrier = carrierNames.find((one) =>
    [carriers[one].variables.server, carriers[one].variables.apiUrl].includes(name),
  );
  const keyName = carrier === undefined ? undefined : carriers[carrier].variables.apiKey;
  if (keyName === undefined) return true;
  const key = place.variables[keyName]?.trim();
  const inGateway = known[keyName];
  if (inGateway !== undefined) return key === inGateway;
  const taken = found.find((one) => isSaid(one.variables[keyName]));
  return taken === undefined || place === found[0] || key === taken.variables[keyName]?.trim();
}

/** What is written in a sample is no key. */
function isSaid(value: string | undefined): boolean {
  const text = value?.trim() ?? "";
  return text !== "" && text !== "null" && !/^your[_-]/i.test(text);
}

function reading(env: Environment, problems: string[]) {
  return { env, problems, quiet: true };
}

/** The gateway sets `skills.entries.<name>.env`, and `apiKey` as the variable the skill names first, for a skill's runs. */
function ofSkillEntry(
  { carrier, name }: OldClient,
  { config, env }: { readonly config: JsonObject; readonly env: Environment },
): Found {
  const entry = objectAt(config, "skills", "entries", name);
  const keyVariable = carriers[carrier].variables.apiKey;
  const written = {
    ...objectAt(entry, "env"),
    ...(keyVariable === undefined || entry.apiKey === undefined ? {} : { [keyVariable]: entry.apiKey }),
  };
  const variables = Object.entries(written).map(([variable, value]) => [
    variable,
    secretIn(value, { config, env }),
  ]);
  return {
    place: `skills.entries.${name} in the gateway's config`,
    variables: Object.fromEntries(variables),
  };
}

function secretIn(
  value: unknown,
  { config, env }: { readonly config: JsonObject; readonly env: Environment },
): string | undefined {
  if (typeof value === "string") return fillIn(value, { env, isSecret: true, missing: () => {} });
  const reference = secretReference.safeParse(value).data;
  if (reference === undefined) return undefined;
  const resolved = resolveSecret(reference, { env, gatewayConfig: config });
  return "secret" in resolved ? resolved.secret : undefined;
}

/** A public address is the default here too. */
function ofSettings({ apiKey, server, apiUrl }: Settings): Found["variables"] {
  const { variables, server: publicServer, apiPath } = carriers.clawdtalk;
  const isOwn = (address: string | undefined, usual: string) =>
    address !== undefined && address.replace(/\/+$/, "") !== usual ? address : undefined;
  return {
    ...(typeof apiKey === "string" ? { [variables.apiKey ?? ""]: apiKey } : {}),
    [variables.server ?? ""]: isOwn(server, publicServer),
    [variables.apiUrl ?? ""]: isOwn(apiUrl, `${publicServer}${apiPath}`),
  };
}

function vendorsFile(env: Environment, notes: string[]): Found {
  const place = "~/.clawd/secrets.json";
  try {
    return { place, variables: { [carriers.stepone.variables.apiKey ?? ""]: keyOfTheVendorsFile(env) } };
  } catch (error) {
    if (!(error instanceof NoStepOneAccount)) throw error;
    notes.push(error.message);
    return { place, variables: {} };
  }
}

// --- stopping -------------------------------------------------------------------------------------------

export interface StoppedClient {
  /** False: some of its programs still run. */
  readonly isStopped: boolean;
  /** What was done, or has to be done by hand: a sentence each. */
  readonly notes: readonly string[];
}

/** As long as their own stop command waits before it ends the process the hard way. */
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 50;

/**
 * Ends the programs of a client that run now, and no others: each process is looked at again before it is told to end.
 * To be asked for first.
 */
export async function stopOldClient(
  client: OldClient,
  {
    processes = ofThisMachine,
    kill = (id: number, signal: NodeJS.Signals | 0) => process.kill(id, signal),
  }: {
    readonly processes?: () => Promise<readonly RunningProcess[]>;
    readonly kill?: (processId: number, signal: NodeJS.Signals | 0) => unknown;
  } = {},
): Promise<StoppedClient> {
  const notes: string[] = [];
  let isStopped = true;
  for (const { processId, program } of programsOf(client, await processes())) {
    const isGone = await end(processId, kill);
    if (!isGone) isStopped = false;
    notes.push(
      isGone
        ? `${program} (process ${processId}) was ended.`
        : `${program} (process ${processId}) does not end: end it by hand.`,
    );
  }
  const { processFile } = CLIENTS[client.carrier];
  if (processFile !== undefined && isStopped) rmSync(path.join(client.folder, processFile), { force: true });
  return { isStopped, notes };
}

async function end(
  id: number,
  kill: (processId: number, signal: NodeJS.Signals | 0) => unknown,
): Promise<boolean> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      kill(id, signal);
      const giveUpAt = performance.now() + STOP_LIMIT_MS;
      while (performance.now() < giveUpAt) {
        kill(id, 0);
        await sleep(POLL_MS);
      }
    } catch (error) {
      // Gone; anything else (a process of another user) cannot be ended from here.
      return (error as NodeJS.ErrnoException).code === "ESRCH";
    }
  }
  return false;
}
