/**
 * Owns what setup has to change: a plain function from what was found and what was answered to a list of changes, and the
 * questions that are still open. Prompts, flags and tests share it; nothing here reads or writes anything.
 */

import { isObject } from "../config/gateway-config.ts";
import type { ConfigWish } from "../config/gateway-config-file.ts";
import { type ConfigEdit, type JsonValue, type SettingPath, valueAt } from "../config/json5-edit.ts";
import type { E164 } from "../config/phone-number.ts";
import { type CarrierName, carrierNames, carriers } from "../config/schema.ts";
import type { Findings } from "./findings.ts";

/** As the phone runs: inside the gateway, or beside it. */
export type SetupMode = "plugin" | "skill";
/** How a skill-only install speaks to the agent: what the gateway opens for it. */
export type HttpWay = "streaming" | "sessions_send";

/** What was answered, by prompts or flags. What is missing is as found. */
export interface Answers {
  readonly mode?: SetupMode | undefined;
  readonly services?: readonly CarrierName[] | undefined;
  /** For the gateway's `.env`: checked keys, and what belongs to them. Secrets. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** ClawCall is to make an account for the owner's number, and to store it. */
  readonly registers?: boolean | undefined;
  /** Empty: none is to be written. */
  readonly ownerNumbers?: readonly E164[] | undefined;
  readonly ownerName?: string | undefined;
  readonly agentName?: string | undefined;
  readonly greeting?: string | undefined;
  readonly agentId?: string | undefined;
  readonly callers?: "owner" | "unknown" | undefined;
  readonly httpWay?: HttpWay | undefined;
}

/** A question without an answer. */
export interface OpenQuestion {
  readonly id: QuestionId;
  /** What is missing, as the subject of a sentence: "your phone number". */
  readonly what: string;
  /** The options that answer it. */
  readonly flags: readonly string[];
  /** Setup can go on without. */
  readonly isOptional: boolean;
}

export type QuestionId =
  | "services"
  | `key:${CarrierName}`
  | "agentNameToRegister"
  | "ownerNumber"
  | "names"
  | "greeting"
  | "callers"
  | "httpWay";

/** What is to be done, and in which files. */
export interface SetupPlan {
  readonly mode: SetupMode;
  readonly services: readonly CarrierName[];
  /** The gateway is to install this copy as a plugin. */
  readonly installsPlugin: boolean;
  /** In the gateway's config. */
  readonly wishes: readonly ConfigWish[];
  /** In our own `skill-config.json`, where there is no plugin whose settings would count. */
  readonly ownSettings: readonly ConfigEdit[];
  /** In the gateway's `.env`. Secrets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly registersWithClawCall: boolean;
  readonly open: readonly OpenQuestion[];
  /** What keeps the phone from working and is not setup's to change: a sentence each. */
  readonly notes: readonly string[];
}

const ENTRY = ["plugins", "entries", "switchboard"] as const;
const HTTP_TOOLS = ["gateway", "tools", "allow"] as const;
const STREAMING = ["gateway", "http", "endpoints", "chatCompletions", "enabled"] as const;

/** The way to run when nothing is said: the plugin, where the gateway has it or can be given it. */
export function usualMode({ plugin, gateway }: Findings): SetupMode {
  return plugin.isInstalled || gateway.command !== undefined ? "plugin" : "skill";
}

/** Plans setup. Never throws. */
export function planSetup(found: Findings, answers: Answers): SetupPlan {
  const mode = answers.mode ?? usualMode(found);
  const services = servicesOf(found, answers);
  const registersWithClawCall =
    answers.registers === true && services.includes("clawcall") && !hasKey("clawcall", found, answers);
  const settings = settingsOf(found, answers);
  const isPlugin = mode === "plugin";
  return {
    mode,
    services,
    installsPlugin: isPlugin && !found.plugin.isInstalled,
    wishes: isPlugin ? pluginWishes(found, settings) : httpWishes(answers.httpWay),
    ownSettings: isPlugin ? [] : settings.map(([key, value]) => ({ change: "set", path: [key], value })),
    variables: newVariables(found, answers),
    registersWithClawCall,
    open: openQuestions(found, answers, { mode, services, registersWithClawCall }),
    notes: notesOn(found, mode),
  };
}

/** What was chosen, with those that have a key already. */
function servicesOf(found: Findings, answers: Answers): CarrierName[] {
  return carrierNames.filter(
    (carrier) => answers.services?.includes(carrier) === true || hasKey(carrier, found, answers),
  );
}

function hasKey(carrier: CarrierName, { keys }: Findings, { variables }: Answers): boolean {
  return keys[carrier] !== undefined || variables?.[carriers[carrier].variables.apiKey ?? ""] !== undefined;
}

/** The settings to write; what counts already is not among them. */
function settingsOf(found: Findings, answers: Answers): [string, JsonValue][] {
  const { config, said } = found;
  const numbers = answers.ownerNumbers?.filter((number) => !config.ownerNumbers.includes(number)) ?? [];
  const before = said.ownerNumbers === undefined ? [] : [said.ownerNumbers].flat();
  const plain = (["ownerName", "agentName", "greeting", "agentId"] as const).flatMap(
    (key): [string, JsonValue][] => {
      const value = answers[key];
      return value === undefined || value === "" || value === config[key] ? [] : [[key, value]];
    },
  );
  return [
    ...plain,
    ...(numbers.length === 0 ? [] : ([["ownerNumbers", [...before, ...numbers]]] as [string, JsonValue][])),
    ...(answers.callers === undefined || isCallersAsWanted(found, answers.callers)
      ? []
      : ([["inboundCallers", answers.callers]] as [string, JsonValue][])),
  ];
}

/** Said once, it is said; what a line says for itself is the owner's to change. */
function isCallersAsWanted({ said, config }: Findings, wanted: "owner" | "unknown"): boolean {
  const lines = config.lines.filter(({ carrier }) => carrier !== "stepone");
  return said.callers && lines.every(({ inboundCallers }) => inboundCallers === wanted);
}

function pluginWishes(found: Findings, settings: readonly [string, JsonValue][]): ConfigWish[] {
  const { plugin, gatewayConfig } = found;
  const set = (path: SettingPath, value: JsonValue): ConfigWish => ({ change: "set", path, value });
  const entry = valueAt(gatewayConfig, ENTRY);
  const isEntryOff = isObject(entry) ? entry.enabled !== true : true;
  return [
    ...(valueAt(gatewayConfig, ["plugins", "enabled"]) === false ? [set(["plugins", "enabled"], true)] : []),
    ...(plugin.isListed
      ? []
      : [{ change: "unite", path: ["plugins", "allow"], items: ["switchboard"] } as const]),
    ...(isEntryOff ? [set([...ENTRY, "enabled"], true)] : []),
    ...(plugin.mayTakePart ? [] : [set([...ENTRY, "hooks", "allowConversationAccess"], true)]),
    ...(found.isChannelEnabled ? [] : [set(["channels", "phone", "enabled"], true)]),
    ...settings.map(([key, value]) => set([...ENTRY, "config", key], value)),
  ];
}

function httpWishes(way: HttpWay | undefined): ConfigWish[] {
  switch (way) {
    case "streaming":
      return [{ change: "set", path: STREAMING, value: true }];
    case "sessions_send":
      return [{ change: "unite", path: HTTP_TOOLS, items: ["sessions_send"] }];
    case undefined:
      return [];
  }
}

/** What the gateway's `.env` does not have yet. */
function newVariables({ envFile }: Findings, { variables = {} }: Answers): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name, value]) => envFile[name] !== value));
}

function openQuestions(
  found: Findings,
  answers: Answers,
  plan: Pick<SetupPlan, "mode" | "services" | "registersWithClawCall">,
): OpenQuestion[] {
  const open: OpenQuestion[] = [];
  const ask = (id: QuestionId, what: string, flags: readonly string[], isOptional = false) =>
    void open.push({ id, what, flags, isOptional });
  const { services, mode } = plan;
  if (services.length === 0) {
    ask("services", "a phone service", ["--services"]);
  }
  for (const carrier of services) {
    if (hasKey(carrier, found, answers)) continue;
    if (carrier === "clawcall" && plan.registersWithClawCall) continue;
    const flags = [`--${carrier}-key-from`, ...(carrier === "clawcall" ? ["--store-number"] : [])];
    ask(`key:${carrier}`, `a key of ${carriers[carrier].title}`, flags);
  }
  const isFirstTime = !found.said.callers;
  const knowsNumber = found.config.ownerNumbers.length > 0 || (answers.ownerNumbers?.length ?? 0) > 0;
  if (!knowsNumber && services.length > 0) {
    const isNeeded = plan.registersWithClawCall;
    const isLeftOut = answers.ownerNumbers !== undefined && !isNeeded;
    if (!isLeftOut && (isNeeded || isFirstTime)) {
      ask("ownerNumber", "your phone number", ["--owner-number"], !isNeeded);
    }
  }
  const agentName = answers.agentName ?? found.config.agentName;
  if (plan.registersWithClawCall && !agentName) {
    ask("agentNameToRegister", "the agent's name, which ClawCall wants", ["--agent-name", "--use-names"]);
  }
  if (isFirstTime) {
    const ownerName = answers.ownerName ?? found.config.ownerName;
    if (ownerName === undefined || agentName === undefined) {
      ask("names", "the names used on the phone", ["--owner-name", "--agent-name", "--use-names"], true);
    }
    if ((answers.greeting ?? found.config.greeting) === undefined) {
      ask("greeting", "a greeting of your own", ["--greeting"], true);
    }
  }
  const isCalled = services.length === 0 || services.some((carrier) => carrier !== "stepone");
  if (isCalled && isFirstTime && answers.callers === undefined) {
    ask("callers", "whether who calls in is believed to be you", ["--callers"]);
  }
  const isOpenOverHttp = found.overHttp.streaming || found.overHttp.sessionsSend;
  if (mode === "skill" && isCalled && !isOpenOverHttp && answers.httpWay === undefined) {
    ask("httpWay", "a way to your agent over HTTP", ["--allow-streaming", "--allow-sessions-send"]);
  }
  return open;
}

function notesOn({ plugin, gateway }: Findings, mode: SetupMode): string[] {
  const notes: string[] = [];
  if (mode === "plugin" && plugin.isDenied) {
    notes.push('"plugins.deny" names switchboard, which counts first: take it out there yourself.');
  }
  if (gateway.kind === "clawdbot") {
    notes.push(
      `${gateway.configFile} belongs to Clawdbot, the older name of the gateway: Switchboard is tested with OpenClaw 2026.9.`,
    );
  }
  return notes;
}
