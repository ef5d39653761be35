/**
 * Owns what setup finds by itself before it asks anything: the gateway and whether it runs, the plugin, the settings as
 * they are, where keys are kept already. Nothing is changed, and no service is asked.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { CLI_VARIABLE, findGatewayCli, GatewayCliMissing } from "../briefings/gateway-cli.ts";
import { isObject, type JsonObject, objectAt, readGatewayConfig } from "../config/gateway-config.ts";
import { type ConfigPlaces, loadConfig } from "../config/loader.ts";
import { type CarrierName, carrierNames, carriers, type SwitchboardConfig } from "../config/schema.ts";
import { readSettings, readSettingsFile, type SettingsPlace } from "../config/settings-place.ts";
import { type Environment, expandHome, homeFolderOf, switchboardFolder } from "../config/state-folder.ts";
import { type FoundNames, findNames, workspaceFolder } from "./agent-names.ts";

export interface Findings {
  readonly gateway: {
    /** The older one has another state folder and config file. */
    readonly kind: "openclaw" | "clawdbot";
    readonly stateFolder: string;
    readonly configFile: string;
    readonly hasConfig: boolean;
    /** Whether it answers now. */
    readonly isRunning: boolean;
    /** Its command line; undefined where none is found. */
    readonly command: string | undefined;
    /** Whether it takes changes of its config by itself. */
    readonly reloads: boolean;
  };
  readonly plugin: {
    /** The gateway knows it, whether it runs or not. */
    readonly isInstalled: boolean;
    /** It answers inside the running gateway. */
    readonly isRunning: boolean;
    readonly isEnabled: boolean;
    /** What its conversation hooks need. */
    readonly mayTakePart: boolean;
    /** False where a list of the plugins that may load leaves it out. */
    readonly isListed: boolean;
    /** The gateway's config forbids it by name. */
    readonly isDenied: boolean;
  };
  /** `channels.phone.enabled` */
  readonly isChannelEnabled: boolean;
  /** How a process outside the gateway may speak to its agent. */
  readonly overHttp: { readonly streaming: boolean; readonly sessionsSend: boolean };
  /** The settings as they count now. */
  readonly config: SwitchboardConfig;
  readonly problems: readonly string[];
  /** What the owner has said before, in the plugin's entry or their own `skill-config.json`. */
  readonly said: {
    readonly callers: boolean;
    /** As it is written where setup writes it. */
    readonly ownerNumbers: string | readonly string[] | undefined;
  };
  /** Keys that are found, by carrier. Secrets. */
  readonly keys: { readonly [Carrier in CarrierName]?: FoundKey };
  /** In the agent's own files. */
  readonly names: FoundNames;
  /** The gateway's whole config. */
  readonly gatewayConfig: JsonObject;
  /** What the gateway's `.env` has now. Secrets. */
  readonly envFile: Readonly<Record<string, string>>;
}

export interface FoundKey {
  readonly key: string;
  /** False: only this shell has it, and the gateway would not find it. */
  readonly isKept: boolean;
}

export interface FindingPlaces extends ConfigPlaces {
  /** Default: this process's. */
  readonly script?: string | undefined;
}

/** Never rejects. */
export async function findEverything(places: FindingPlaces): Promise<Findings> {
  const { env, stateFolder, configFile } = places;
  const { config: gatewayConfig } = readGatewayConfig(configFile, env);
  const { config, problems } = loadConfig(places);
  const command = commandOf(places);
  const health = await healthOf(config.gatewayUrl);
  const entry = objectAt(gatewayConfig, "plugins", "entries", "switchboard");
  const written = writtenSettings(places, entry);
  const plugins = objectAt(gatewayConfig, "plugins");
  const tools = objectAt(gatewayConfig, "gateway", "tools");
  return {
    gateway: {
      kind: path.basename(configFile) === "clawdbot.json" ? "clawdbot" : "openclaw",
      stateFolder,
      configFile,
      hasConfig: existsSync(configFile),
      isRunning: health !== undefined,
      command,
      reloads: objectAt(gatewayConfig, "gateway", "reload").mode !== "off",
    },
    plugin: {
      isInstalled: health?.switchboard === true || isInstalled(places, gatewayConfig),
      isRunning: health?.switchboard === true,
      isEnabled: entry.enabled !== false && plugins.enabled !== false,
      mayTakePart: objectAt(entry, "hooks").allowConversationAccess === true,
      isListed: !Array.isArray(plugins.allow) || plugins.allow.includes("switchboard"),
      isDenied: Array.isArray(plugins.deny) && plugins.deny.includes("switchboard"),
    },
    isChannelEnabled: objectAt(gatewayConfig, "channels", "phone").enabled === true,
    overHttp: {
      streaming: objectAt(gatewayConfig, "gateway", "http", "endpoints", "chatCompletions").enabled === true,
      sessionsSend: hasTool(tools.allow) && !hasTool(tools.deny),
    },
    config,
    problems,
    said: {
      callers: written.some(({ settings }) => saysCallers(settings)),
      ownerNumbers: written.find(({ settings }) => settings.ownerNumbers !== undefined)?.settings
        .ownerNumbers,
    },
    keys: keysIn(places, config),
    names: findNames(workspaceFolder(gatewayConfig, { stateFolder, home: homeFolderOf(env, homedir()) })),
    gatewayConfig,
    envFile: variablesIn(path.join(stateFolder, ".env")),
  };
}

/** What is not in the gateway's own folders yet, of what makes the line of a carrier: for its `.env`. */
export function shellVariables(
  carrier: CarrierName,
  { env, kept }: { readonly env: Environment; readonly kept: Readonly<Record<string, string>> },
): Record<string, string> {
  const { apiKey, server, apiUrl, email } = carriers[carrier].variables;
  const names = [apiKey, server, apiUrl, email].filter((name) => name !== undefined);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name]?.trim();
      return value === undefined || value === "" || kept[name] === value ? [] : [[name, value] as const];
    }),
  );
}

function hasTool(list: unknown): boolean {
  return (
    Array.isArray(list) &&
    list.some((item) => typeof item === "string" && item.trim().toLowerCase() === "sessions_send")
  );
}

function writtenSettings(
  { env, stateFolder, configFile }: FindingPlaces,
  entry: JsonObject,
): SettingsPlace[] {
  const reading = { env, problems: [], quiet: true };
  return [
    readSettings(`the plugin's entry in ${configFile}`, entry.config ?? {}, reading),
    readSettingsFile(path.join(switchboardFolder(stateFolder), "skill-config.json"), reading),
  ];
}

function saysCallers({ inboundCallers, lines }: SettingsPlace["settings"]): boolean {
  return (
    inboundCallers !== undefined ||
    Object.values(lines ?? {}).some((line) => line.inboundCallers !== undefined)
  );
}

/** Keys that make the line of a carrier's name, and whether the gateway itself finds them. */
function keysIn(places: FindingPlaces, config: SwitchboardConfig): Findings["keys"] {
  const asGateway = loadConfig({ ...places, env: withoutLineVariables(places.env) }).config;
  const found = carrierNames.flatMap((carrier) => {
    const key = config.lines.find((line) => line.name === carrier)?.apiKey;
    if (key === undefined) return [];
    const isKept = asGateway.lines.find((line) => line.name === carrier)?.apiKey === key;
    return [[carrier, { key, isKept }] as const];
  });
  return Object.fromEntries(found);
}

/** A gateway that a service manager starts has nothing of this shell's. */
function withoutLineVariables(env: Environment): Environment {
  const names = Object.values(carriers).flatMap(({ variables }) => Object.values(variables));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

function variablesIn(file: string): Record<string, string> {
  try {
    const parsed = parseEnv(readFileSync(file, "utf8"));
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => (value ? [[name, value]] : [])),
    );
  } catch {
    return {};
  }
}

/** By what installing leaves: an entry, a path, or the folder of the plugin this very copy is. */
function isInstalled(
  { env, stateFolder, packageFolder, script }: FindingPlaces,
  config: JsonObject,
): boolean {
  const home = homeFolderOf(env, homedir());
  const plugins = objectAt(config, "plugins");
  if (/openclaw\.m?js$/.test(script ?? process.argv[1] ?? "")) return true;
  const managed = ["npm", "extensions", "git"].map((name) => path.join(stateFolder, name) + path.sep);
  if (managed.some((folder) => packageFolder?.startsWith(folder))) return true;
  const { paths } = objectAt(plugins, "load");
  if (
    Array.isArray(paths) &&
    paths.some(
      (folder) =>
        typeof folder === "string" && isSwitchboard(path.resolve(stateFolder, expandHome(folder, home))),
    )
  ) {
    return true;
  }
  return isObject(objectAt(plugins, "entries").switchboard) && isKnown(stateFolder);
}

function isSwitchboard(folder: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, "openclaw.plugin.json"), "utf8"));
    return isObject(manifest) && manifest.id === "switchboard";
  } catch {
    return false;
  }
}

/** Where the gateway puts plugins that it installs itself (its docs, "Install roots"). */
function isKnown(stateFolder: string): boolean {
  return ["npm/projects", "npm/node_modules", "extensions", "git"].some((root) => {
    try {
      return readdirSync(path.join(stateFolder, root)).some((name) => /(?:^|[-_+@/])switchboard/.test(name));
    } catch {
      return false;
    }
  });
}

function commandOf({ env, script }: FindingPlaces): string | undefined {
  try {
    return findGatewayCli({ env, platform: process.platform, script: script ?? process.argv[1] });
  } catch (error) {
    if (error instanceof GatewayCliMissing) return undefined;
    throw error;
  }
}

/** What to do where the gateway's command line is needed and not found. */
export const NO_COMMAND = `The gateway's command "openclaw" was not found on the PATH: name its file in ${CLI_VARIABLE}.`;

const LOOK_LIMIT_MS = 3_000;

/** What the gateway says of itself; undefined where none answers. */
export async function healthOf(
  url: string | undefined,
): Promise<{ readonly switchboard: boolean; readonly speaksToOthers: boolean } | undefined> {
  if (url === undefined) return undefined;
  const look = async (at: string) => {
    const answer = await fetch(new URL(at, url), { signal: AbortSignal.timeout(LOOK_LIMIT_MS) });
    const isJson = answer.headers.get("content-type")?.includes("json") === true;
    if (answer.ok && isJson) return (await answer.json()) as Record<string, unknown>;
    await answer.body?.cancel();
    return answer.ok ? {} : undefined;
  };
  try {
    const own = await look("/switchboard/health");
    if (own?.switchboard === true) {
      return { switchboard: true, speaksToOthers: own.speaksToOthers === true };
    }
    return (await look("/health")) === undefined ? undefined : { switchboard: false, speaksToOthers: false };
  } catch {
    return undefined;
  }
}
