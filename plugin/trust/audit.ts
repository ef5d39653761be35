/**
 * Owns what `openclaw security audit` says about the phone: texts that anybody may send, tools that run unasked, keys
 * that stand where they can be read, and a bridge that every program of this machine can use. `setup.ts` hands it over.
 */
import { statSync } from "node:fs";
import path from "node:path";
import type { OpenClawConfig, OpenClawPluginSecurityAuditCollector } from "openclaw/plugin-sdk/plugin-entry";
import { phoneChannelConfig } from "../channel/channel-config.ts";
import { readEnvFile } from "../config/env-file.ts";
import {
  isObject,
  type JsonObject,
  objectAt,
  parseObject,
  readGatewayConfig,
  readIfPresent,
} from "../config/gateway-config.ts";
import { loadConfig } from "../config/loader.ts";
import { isLoopback } from "../config/private-url.ts";
import { carriers, type SwitchboardConfig, secretPaths } from "../config/schema.ts";
import { type Environment, switchboardFolder } from "../config/state-folder.ts";

type Finding = Awaited<ReturnType<OpenClawPluginSecurityAuditCollector>>[number];

interface Places {
  /** The gateway's, with everything filled in. */
  readonly config: OpenClawConfig;
  readonly env: Environment;
  /** Absolute. */
  readonly stateFolder: string;
  readonly configFile: string;
}

const ENTRY = "plugins.entries.switchboard.config";
/** What a secret's place in the settings is called when a key of the account hangs on it. */
const SECRETS: readonly string[] = [...secretPaths, "lines.*.email"];
/** Variables that hold a key, or the address a key can be had for. */
const SECRET_VARIABLES: readonly string[] = Object.values(carriers)
  .flatMap(({ variables }) => [variables.apiKey, variables.email])
  .filter((variable) => variable !== undefined);
/** Run programs, or change the gateway itself. */
const POWERFUL_TOOLS: ReadonlySet<string> = new Set([
  "*",
  "exec",
  "bash",
  "process",
  "gateway",
  "cron",
  "nodes",
]);

/** What is wrong with how the phone is set up; nothing on one that is set up as SETUP.md says. Names no secret. */
export function securityFindings(places: Places): Finding[] {
  const { env, stateFolder, configFile } = places;
  const { config } = loadConfig({ env, stateFolder, configFile });
  const written = readGatewayConfig(configFile, env).config;
  return [
    ...openTexts(config, places.config),
    ...unaskedTools(config),
    ...plainKeys(written, places),
    ...readableKeys(places),
    ...openBridges(config, written, { ...readEnvFile(path.join(stateFolder, ".env")), ...env }),
  ];
}

/**
 * Where the gateway's audit does not look at the phone at all, a sentence that says so: it takes a channel for set up when
 * its config names it. (A package can name variables that set a channel up as well; but then the gateway starts no
 * channel that only variables set up: "suppressed ambient channel auto-configuration".)
 */
export function whyNotAudited(gatewayConfig: OpenClawConfig): string | undefined {
  const section: unknown = gatewayConfig.channels?.["phone"];
  const isSaid = isObject(section) && section["enabled"] !== false && Object.keys(section).length > 0;
  if (isSaid) return undefined;
  return "openclaw security audit passes over the phone, since no setting of the gateway's names it. Run: openclaw config set channels.phone.enabled true";
}

function openTexts(config: SwitchboardConfig, gatewayConfig: OpenClawConfig): Finding[] {
  const open = config.lines.filter(({ name, carrier, enabled }) => {
    const { dmPolicy, allowFrom } = phoneChannelConfig(gatewayConfig, name);
    // "open" alone lets nobody in: the gateway wants the asterisk too, and takes it under the other policies as well.
    const isOpen = dmPolicy !== "disabled" && allowFrom.includes("*");
    // Nobody texts on the other services' lines.
    return isOpen && enabled && carrier === "clawdtalk";
  });
  if (open.length === 0) return [];
  const tools = config.guestTools.join(", ");
  return [
    {
      checkId: "switchboard.texts.open",
      severity: tools === "" ? "warn" : "critical",
      title: "Anybody may text your agent",
      detail:
        `On ${namesOf(open)} texts from every number are answered, at your cost` +
        (tools === "" ? "." : `, and each sender may have these tools used: ${tools}.`),
      remediation:
        'Set channels.phone.dmPolicy to "pairing" and take "*" out of channels.phone.allowFrom (below accounts too).',
    },
  ];
}

function unaskedTools({ toolRules }: SwitchboardConfig): Finding[] {
  const unasked = Object.entries(toolRules)
    .filter(([key, rule]) => rule === "allow" && POWERFUL_TOOLS.has(key.replace(/:\*$/, "")))
    .map(([key]) => key);
  if (unasked.length === 0) return [];
  return [
    {
      checkId: "switchboard.tools.unasked",
      severity: "warn",
      title: "Powerful tools run on the phone without asking you",
      detail: `${ENTRY}.toolRules allows ${unasked.map((key) => `"${key}"`).join(", ")} whatever the arguments are: whoever is taken for you by their voice or number has them used.`,
      remediation: `Allow the commands you need one by one ("exec:git status"), or set the rule to "ask".`,
    },
  ];
}

function plainKeys(written: JsonObject, { stateFolder, configFile }: Places): Finding[] {
  const settingsFile = path.join(switchboardFolder(stateFolder), "skill-config.json");
  const text = readIfPresent(settingsFile, []);
  const inConfig = [
    ...plainSecrets(objectAt(written, "plugins", "entries", "switchboard").config).map(
      (key) => `${ENTRY}.${key}`,
    ),
    ...plainVariables(objectAt(written, "env")).map((name) => `env.${name}`),
    ...plainVariables(objectAt(written, "env", "vars")).map((name) => `env.vars.${name}`),
  ];
  const found = [
    { file: configFile, keys: inConfig },
    {
      file: settingsFile,
      keys: plainSecrets(text === undefined ? undefined : parseObject(text, settingsFile, [])),
    },
  ].filter(({ keys }) => keys.length > 0);
  return found.map(({ file, keys }) => ({
    checkId: "switchboard.keys.plain_text",
    severity: "warn",
    title: "A phone key stands in a settings file",
    detail: `${file} holds in plain text: ${keys.join(", ")}. Such files are copied, shown and backed up.`,
    remediation: `Put it into ${path.join(stateFolder, ".env")} and leave it out here, or write \${NAME} or a secret reference.`,
  }));
}

/** The paths of the settings whose secrets are written out. */
function plainSecrets(settings: unknown): string[] {
  const lines = Object.keys(objectAt(settings, "lines"));
  const paths = SECRETS.flatMap((place) =>
    place.includes("*") ? lines.map((line) => place.replace("*", line)) : [place],
  );
  return paths.filter((place) => {
    const keys = place.split(".");
    const holder = objectAt(settings, ...keys.slice(0, -1));
    return isWrittenOut(holder[keys.at(-1) ?? ""]);
  });
}

function plainVariables(block: JsonObject): string[] {
  return SECRET_VARIABLES.filter((name) => isWrittenOut(block[name]));
}

/** A reference to an environment variable is no secret. */
function isWrittenOut(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && !/^\$[A-Z]|\$\{[A-Z_]/.test(value);
}

/** On Windows files have no such modes. */
function readableKeys({ stateFolder }: Places): Finding[] {
  const file = path.join(stateFolder, ".env");
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === "win32" || (mode & 0o077) === 0) return [];
  const variables = readEnvFile(file);
  const held = SECRET_VARIABLES.filter((name) => variables[name] !== undefined);
  if (held.length === 0) return [];
  return [
    {
      checkId: "switchboard.keys.readable",
      severity: "warn",
      title: "Others on this machine can read a phone key",
      detail: `${file} holds ${held.join(", ")} and is not readable by you alone.`,
      remediation: `Run: chmod 600 ${file}`,
    },
  ];
}

function openBridges({ lines }: SwitchboardConfig, written: JsonObject, said: Environment): Finding[] {
  return lines.flatMap((line): Finding[] => {
    if (line.carrier !== "clawcall" || !line.enabled || !line.bridge) return [];
    const key = `${ENTRY}.lines.${line.name}`;
    const settings = objectAt(written, "plugins", "entries", "switchboard", "config", "lines", line.name);
    const wanted = [line.name === "clawcall" ? said.CLAWCALL_AGENT_HOST : undefined, settings.bridgeHost];
    const isWider = wanted.some((host) => typeof host === "string" && host !== "" && !isLoopback(host));
    return [
      {
        checkId: "switchboard.bridge.open",
        severity: isWider ? "critical" : "warn",
        title: "Other programs can speak on your calls",
        detail:
          `The bridge of the line "${line.name}" takes words from every program and user of this machine, on ${line.bridgeHost} port ${line.bridgePort}: on a call of yours they count as yours.` +
          (isWider ? " It was to be open to other machines too, which is not done." : ""),
        remediation: `Unless other software listens at ClawCall for you: openclaw config set ${key}.bridge false${isWider ? `, and let ${key}.bridgeHost and CLAWCALL_AGENT_HOST be 127.0.0.1` : ""}.`,
      },
    ];
  });
}

function namesOf(lines: readonly { readonly name: string }[]): string {
  return `${lines.length === 1 ? "the line" : "the lines"} ${lines.map(({ name }) => `"${name}"`).join(", ")}`;
}
