/**
 * Owns how the settings come together. For each key the first of these that says something counts:
 *
 * 1. the environment (the process, then `<state folder>/.env`, then `env` in the gateway's config file);
 * 2. the plugin's entry in the gateway's config file;
 * 3. the user's `<state folder>/switchboard/skill-config.json`;
 * 4. the package's `skill-config.json`;
 * 5. for StepOne's key, the file the vendor's own scripts read;
 * 6. defaults; for the gateway's address and token, what the gateway's config file says.
 */
import path from "node:path";
import { parseEnv } from "node:util";
import type { CountryCode } from "libphonenumber-js/min";
import { type DailyHours, parseDailyHours } from "./daily-hours.ts";
import { type JsonObject, objectAt, readGatewayConfig, readIfPresent } from "./gateway-config.ts";
import { type E164, parsePhoneNumber } from "./phone-number.ts";
import { isPrivateUrl, PRIVATE_URL } from "./private-url.ts";
import {
  type CarrierName,
  carrierNames,
  carriers,
  type LineConfig,
  type LineSettings,
  lineDefaults,
  lineSettings,
  type SecretReference,
  type Settings,
  type SwitchboardConfig,
  secretReference,
  settingsDefaults as unsaid,
} from "./schema.ts";
import { resolveSecret } from "./secrets.ts";
import { fillIn, readSettings, readSettingsFile, type SettingsPlace } from "./settings-place.ts";
import { type Environment, switchboardFolder } from "./state-folder.ts";
import { keyOfTheVendorsFile, NoStepOneAccount } from "./stepone-account.ts";

export interface ConfigPlaces {
  readonly env: Environment;
  readonly stateFolder: string;
  /** The gateway's config file. It need not exist. */
  readonly configFile: string;
  /** The plugin's own entry config, as the gateway hands it over; read from the config file when undefined. */
  readonly pluginEntryConfig?: unknown;
  /** The folder of the package's `skill-config.json`; without it there is no fourth place. */
  readonly packageFolder?: string | undefined;
}

export interface LoadedConfig {
  readonly config: SwitchboardConfig;
  /** What is wrong, a sentence each, with the key's path and what to do; never a secret. */
  readonly problems: readonly string[];
}

/** What can stand in an HTTP header; anything else was caught along when a key was copied. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** Never throws: what is wrong is left out and named in `problems`. */
export function loadConfig(places: ConfigPlaces): LoadedConfig {
  const sources = readSources(places);
  const { problems, settings } = sources;
  const top = <Key extends keyof Settings>(key: Key) => choose(settings, key, (place) => place[key]);
  const approvals = <Key extends keyof NonNullable<Settings["approvals"]>>(key: Key) =>
    choose(settings, `approvals.${key}`, (place) => place.approvals?.[key])?.value;
  const defaultRegion = top("defaultRegion")?.value;
  const config = {
    ...defined({
      ownerName: top("ownerName")?.value,
      agentName: top("agentName")?.value,
      greeting: top("greeting")?.value,
      agentId: top("agentId")?.value,
      voicePrompt: top("voicePrompt")?.value,
      answeringMachineFields: top("answeringMachineFields")?.value,
      gatewayUrl: gatewayUrl(sources, top("gatewayUrl")?.value),
      gatewayToken: gatewayToken(sources, top("gatewayToken")),
      defaultRegion,
    }),
    ownerNumbers: readOwnerNumbers(top("ownerNumbers"), { sources, defaultRegion }),
    allowPremiumNumbers: top("allowPremiumNumbers")?.value ?? unsaid.allowPremiumNumbers,
    limits: {
      callsPerNumberPerDay: top("callsPerNumberPerDay")?.value ?? unsaid.limits.callsPerNumberPerDay,
      cooldownMinutes: top("cooldownMinutes")?.value ?? unsaid.limits.cooldownMinutes,
    },
    hours: {
      timezone: top("timezone")?.value ?? unsaid.hours.timezone,
      quietHours: hours(top("quietHours")?.value, unsaid.hours.quietHours),
      callingHours: hours(top("callingHours")?.value, unsaid.hours.callingHours),
      numberTimezones: beginnings(top("numberTimezones")?.value) ?? unsaid.hours.numberTimezones,
    },
    retentionDays: top("retentionDays")?.value ?? unsaid.retentionDays,
    guestTools: top("guestTools")?.value ?? unsaid.guestTools,
    toolRules: top("toolRules")?.value ?? unsaid.toolRules,
    approvals: {
      voice: approvals("voice") ?? unsaid.approvals.voice,
      timeoutSeconds: approvals("timeoutSeconds") ?? unsaid.approvals.timeoutSeconds,
    },
    lines: readLines(sources),
  };
  return { config, problems };
}

/** "off" and "always", the schema's other words, are no hours. */
function hours(written: string | undefined, unsaid: DailyHours | undefined): DailyHours | undefined {
  return written === undefined ? unsaid : parseDailyHours(written);
}

/** By the beginnings of numbers as E.164 has them. */
function beginnings(written: Settings["numberTimezones"]): Readonly<Record<string, string>> | undefined {
  if (written === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(written).map(([beginning, zone]) => [beginning.replace(/[^+\d]/g, ""), zone]),
  );
}

/**
 * The line that a carrier's key in the environment makes, whether the key is there yet or not: for coming by one.
 * Never throws; what is wrong is left out.
 */
export function loadImplicitLine<Carrier extends CarrierName>(
  places: ConfigPlaces,
  carrier: Carrier,
): Extract<LineConfig, { readonly carrier: Carrier }> {
  const isOfCarrier = (line: LineConfig): line is Extract<LineConfig, { readonly carrier: Carrier }> =>
    line.carrier === carrier;
  const line = readLine(carrier, readSources(places));
  if (isOfCarrier(line)) return line;
  throw new Error(`The line "${carrier}" cannot be of ${line.carrier}.`);
}

function readSources(places: ConfigPlaces): Sources {
  const problems: string[] = [];
  const gateway = readGatewayConfig(places.configFile, places.env);
  problems.push(...gateway.problems);
  const env = wholeEnvironment(places, gateway.config, problems);
  const entry =
    places.pluginEntryConfig ?? objectAt(gateway.config, "plugins", "entries", "switchboard").config ?? {};
  const settings = [
    readSettings(`plugins.entries.switchboard.config in ${places.configFile}`, entry, { env, problems }),
    readSettingsFile(path.join(switchboardFolder(places.stateFolder), "skill-config.json"), {
      env,
      problems,
    }),
  ];
  if (places.packageFolder !== undefined) {
    const file = path.join(places.packageFolder, "skill-config.json");
    settings.push(readSettingsFile(file, { env, problems, quiet: true }));
  }
  return {
    env,
    gatewayConfig: gateway.config,
    configFile: places.configFile,
    settings,
    vendorsKeys: readVendorsKeys({ env, settings, problems }),
    problems,
  };
}

/** Keys that the vendors' own software keeps; looked for only where nothing else says one. */
function readVendorsKeys({
  env,
  settings,
  problems,
}: Pick<Sources, "env" | "settings" | "problems">): Sources["vendorsKeys"] {
  const isSaid =
    env.STEPONEAI_API_KEY !== undefined ||
    settings.some((place) => place.settings.lines?.stepone?.apiKey !== undefined);
  if (isSaid) return {};
  try {
    return defined({ stepone: keyOfTheVendorsFile(env) });
  } catch (error) {
    if (!(error instanceof NoStepOneAccount)) throw error;
    problems.push(error.message);
    return {};
  }
}

interface Sources {
  /** All environment variables that count. */
  readonly env: Environment;
  readonly gatewayConfig: JsonObject;
  readonly configFile: string;
  /** The places of settings, the first that says something counts. */
  readonly settings: readonly SettingsPlace[];
  /** Secrets. */
  readonly vendorsKeys: { readonly [Carrier in CarrierName]?: string };
  readonly problems: string[];
}

/** `env: { vars: { … } }` in the gateway's config is the newer form of `env: { … }`; both count there. */
function wholeEnvironment(places: ConfigPlaces, gatewayConfig: JsonObject, problems: string[]): Environment {
  const dotEnv = readIfPresent(path.join(places.stateFolder, ".env"), problems);
  const block = objectAt(gatewayConfig, "env");
  const lowestFirst = [
    block,
    objectAt(block, "vars"),
    dotEnv === undefined ? {} : parseEnv(dotEnv),
    places.env,
  ];
  const whole: Record<string, string> = {};
  for (const variables of lowestFirst) {
    for (const [name, value] of Object.entries(variables)) {
      if (typeof value === "string" && value.trim() !== "") whole[name] = value.trim();
    }
  }
  return whole;
}

/** A value, and where it was found. */
interface Chosen<Value> {
  readonly value: Value;
  readonly key: string;
  readonly place: string;
}

function choose<Value>(
  places: readonly SettingsPlace[],
  key: string,
  read: (settings: Settings) => Value,
): Chosen<NonNullable<Value>> | undefined {
  for (const place of places) {
    const value = read(place.settings) ?? undefined;
    if (value !== undefined) return { value, key, place: place.name };
  }
  return undefined;
}

function readSecret(
  chosen: Chosen<string | SecretReference> | undefined,
  sources: Sources,
): string | undefined {
  if (chosen === undefined) return undefined;
  if (typeof chosen.value === "string") return chosen.value;
  const resolved = resolveSecret(chosen.value, sources);
  if ("secret" in resolved) return resolved.secret;
  sources.problems.push(`"${chosen.key}" in ${chosen.place} ${resolved.reason}.`);
  return undefined;
}

// --- lines ----------------------------------------------------------------------------------------------

/** The line that a carrier's environment variables (and the top-level keys) belong to has the carrier's name. */
function implicitCarrier(name: string): CarrierName | undefined {
  return carrierNames.find((carrier) => carrier === name);
}

function readLines(sources: Sources): LineConfig[] {
  const { env, settings, problems } = sources;
  const written = new Set(settings.flatMap((place) => Object.keys(place.settings.lines ?? {})));
  const named = [...written]
    .filter((name) => implicitCarrier(name) === undefined)
    .map((name) => readLine(name, sources));
  const implicit = carrierNames
    .filter((carrier) => written.has(carrier) || hasKey(carrier, sources))
    .map((carrier) => readLine(carrier, sources));
  const lines = [
    // A named line may refer to the very variable that makes the implicit one: then the named one is meant.
    ...implicit.filter(
      (line) => written.has(line.name) || !named.some((other) => isSameAccount(line, other)),
    ),
    ...named,
  ];
  const withoutTwins = lines.map((line, index): LineConfig => {
    const twin = lines.slice(0, index).find((other) => isSameAccount(line, other));
    if (twin === undefined) return line;
    problems.push(
      `The lines "${twin.name}" and "${line.name}" have the same key and would push each other out, so "${line.name}" is left out: remove one.`,
    );
    return { ...line, enabled: false };
  });
  const mode = env.CLAWCALL_PHONE_MODEL_MODE;
  if (mode !== undefined && mode !== "gateway" && lines.some(({ carrier }) => carrier === "clawcall")) {
    problems.push(
      'The environment variable CLAWCALL_PHONE_MODEL_MODE can only be "gateway", which is what happens: remove it.',
    );
  }
  return withoutTwins;
}

function hasKey(carrier: CarrierName, { env, settings, vendorsKeys }: Sources): boolean {
  const { isTopLevel, variables } = carriers[carrier];
  if (variables.apiKey !== undefined && env[variables.apiKey] !== undefined) return true;
  if (vendorsKeys[carrier] !== undefined) return true;
  return isTopLevel && choose(settings, "apiKey", (place) => place.apiKey) !== undefined;
}

function readLine(name: string, sources: Sources): LineConfig {
  const { env, settings, problems } = sources;
  const implicit = implicitCarrier(name);
  const own = <Key extends keyof LineSettings>(key: Key) =>
    choose(settings, `lines.${name}.${key}`, (place) => place.lines?.[name]?.[key]);
  const chosenCarrier = own("carrier");
  const carrier = implicit ?? chosenCarrier?.value ?? "clawdtalk";
  if (chosenCarrier !== undefined && chosenCarrier.value !== carrier) {
    problems.push(
      `"${chosenCarrier.key}" in ${chosenCarrier.place} is left out: a line named "${name}" is always ${carriers[carrier].title}'s; give the line another name.`,
    );
  }
  const facts = carriers[carrier];
  const fromEnvironment = <Key extends keyof LineSettings>(key: Key) =>
    implicit === undefined ? undefined : readVariable(key, facts.variables[key], sources);
  const inherited = <Key extends keyof LineSettings & keyof Settings>(key: Key) =>
    own(key) ?? choose(settings, key, (place): LineSettings[Key] => place[key]);
  // Only one line is the top-level account; a second line with its key would push it out.
  const ofAccount = implicit !== undefined && facts.isTopLevel ? inherited : own;

  const problemsBefore = problems.length;
  const keyVariable = implicit === undefined ? undefined : facts.variables.apiKey;
  const secret =
    (keyVariable === undefined ? undefined : env[keyVariable]) ??
    readSecret(ofAccount("apiKey"), sources) ??
    (implicit === undefined ? undefined : sources.vendorsKeys[implicit]);
  const readKey = secret !== undefined && VISIBLE_ASCII.test(secret) ? secret : undefined;
  if (readKey !== secret) {
    problems.push(`The key of the line "${name}" has characters that no key has: copy it again.`);
  }
  if (readKey === undefined && problems.length === problemsBefore) {
    problems.push(`The line "${name}" has no key: set ${keyVariable ?? `"lines.${name}.apiKey"`}.`);
  }
  // A wrong address is no reason to take the public service for it: it would be given the key of another one.
  const wrongAddresses: string[] = [];
  const address = (key: "server" | "apiUrl"): string | undefined => {
    const fromVariable = fromEnvironment(key);
    const chosen = ofAccount(key);
    const value = fromVariable ?? chosen?.value;
    if (value === undefined || isPrivateUrl(value)) return value;
    wrongAddresses.push(
      fromVariable === undefined
        ? `"${chosen?.key}" in ${chosen?.place}`
        : `The environment variable ${facts.variables[key]}`,
    );
    return value;
  };
  const server = withoutSlash(address("server") ?? facts.server);
  const apiUrl = withoutSlash(address("apiUrl") ?? `${server}${facts.apiPath}`);
  for (const place of wrongAddresses) {
    problems.push(`${place} ${PRIVATE_URL}: until it is, the line "${name}" is not used.`);
  }
  const apiKey = wrongAddresses.length === 0 ? readKey : undefined;
  const line = {
    name,
    enabled: wrongAddresses.length === 0 && (own("enabled")?.value ?? true),
    server,
    apiUrl,
    ...defined({
      apiKey,
      greeting: inherited("greeting")?.value,
      agentId: inherited("agentId")?.value,
      model: fromEnvironment("model") ?? inherited("model")?.value,
      thinking: inherited("thinking")?.value,
      language: inherited("language")?.value,
    }),
    speech: inherited("speech")?.value ?? lineDefaults.speech,
    progressAfterMs: inherited("progressAfterMs")?.value ?? lineDefaults.progressAfterMs,
    turnTimeoutMs:
      fromEnvironment("turnTimeoutMs") ?? inherited("turnTimeoutMs")?.value ?? facts.turnTimeoutMs,
    inboundCallers: inherited("inboundCallers")?.value ?? lineDefaults.inboundCallers,
    callsPerDay: inherited("callsPerDay")?.value ?? lineDefaults.callsPerDay,
    textsPerDay: inherited("textsPerDay")?.value ?? lineDefaults.textsPerDay,
    minutesPerDay: inherited("minutesPerDay")?.value ?? lineDefaults.minutesPerDay,
  } as const;
  for (const key of carrierNames.flatMap((other) => (other === carrier ? [] : carriers[other].ownSettings))) {
    if (own(key) !== undefined) {
      problems.push(`"lines.${name}.${key}" has no effect: ${facts.title} lines have no such setting.`);
    }
  }
  if (carrier !== "clawcall") return { ...line, carrier };
  const chosen = <Key extends keyof LineSettings>(key: Key) => fromEnvironment(key) ?? own(key)?.value;
  return {
    ...line,
    carrier,
    ...defined({ email: chosen("email"), agentUrl: chosen("agentUrl") }),
    listen: own("listen")?.value ?? lineDefaults.listen,
    bridge: own("bridge")?.value ?? lineDefaults.bridge,
    bridgeHost: chosen("bridgeHost") ?? lineDefaults.bridgeHost,
    bridgePort: chosen("bridgePort") ?? lineDefaults.bridgePort,
  };
}

const NUMBERS: ReadonlySet<keyof LineSettings> = new Set(["progressAfterMs", "turnTimeoutMs", "bridgePort"]);

/** A setting as an environment variable gives it; one that is wrong is left out and named. */
function readVariable<Key extends keyof LineSettings>(
  key: Key,
  variable: string | undefined,
  { env, problems }: Sources,
): LineSettings[Key] | undefined {
  const text = variable === undefined ? undefined : env[variable];
  if (text === undefined) return undefined;
  const parsed = lineSettings.shape[key].safeParse(NUMBERS.has(key) ? Number(text) : text);
  if (parsed.success) return parsed.data as LineSettings[Key];
  problems.push(
    `The environment variable ${variable} ${parsed.error.issues[0]?.message ?? "is wrong"} and is left out.`,
  );
  return undefined;
}

function isSameAccount(one: LineConfig, other: LineConfig): boolean {
  return one.apiKey !== undefined && one.apiKey === other.apiKey && one.server === other.server;
}

/** Everything that is said of the owner's numbers, wherever it is said first. */
function readOwnerNumbers(
  chosen: Chosen<string | string[]> | undefined,
  using: { readonly sources: Sources; readonly defaultRegion: CountryCode | undefined },
): E164[] {
  const { env, problems } = using.sources;
  const written = [chosen?.value ?? []]
    .flat()
    .map((raw) => ({ raw, where: `"ownerNumbers" in ${chosen?.place}` }));
  const registered = env.CLAWCALL_OWNER_NUMBER;
  if (registered !== undefined) {
    written.push({ raw: registered, where: "The environment variable CLAWCALL_OWNER_NUMBER" });
  }
  const numbers = written.map(({ raw, where }) => {
    const number = parsePhoneNumber(raw, using.defaultRegion);
    if (number === undefined) {
      problems.push(`${where}: "${raw}" is not a phone number with its country code, such as +15551234567.`);
    }
    return number;
  });
  return [...new Set(numbers.filter((number) => number !== undefined))];
}

// --- the gateway ----------------------------------------------------------------------------------------

function gatewayUrl(sources: Sources, configured: string | undefined): string | undefined {
  const gateway = objectAt(sources.gatewayConfig, "gateway");
  const scheme = objectAt(gateway, "tls").enabled === true ? "https" : "http";
  const port = sources.env.OPENCLAW_GATEWAY_PORT;
  const remote = gateway.mode === "remote" ? objectAt(gateway, "remote").url : undefined;
  const url =
    sources.env.OPENCLAW_GATEWAY_URL ??
    (port === undefined ? undefined : `${scheme}://127.0.0.1:${port}`) ??
    configured ??
    (typeof remote === "string" ? remote : undefined) ??
    (Object.keys(sources.gatewayConfig).length === 0
      ? undefined
      : `${scheme}://127.0.0.1:${gateway.port ?? 18_789}`);
  // The gateway's own clients speak WebSocket to it; the same port serves HTTP.
  return url === undefined ? undefined : withoutSlash(url.replace(/^ws/, "http"));
}

/** The shared secret for the gateway's HTTP interface: its token, or its password where that is its mode. */
function gatewayToken(
  sources: Sources,
  configured: Chosen<string | SecretReference> | undefined,
): string | undefined {
  const { env } = sources;
  const found = env.OPENCLAW_GATEWAY_TOKEN ?? readSecret(configured, sources);
  if (found !== undefined) return found;
  const auth = objectAt(sources.gatewayConfig, "gateway", "auth");
  const usesPassword = auth.mode === "password" || (auth.mode === undefined && auth.token === undefined);
  if (usesPassword && env.OPENCLAW_GATEWAY_PASSWORD !== undefined) return env.OPENCLAW_GATEWAY_PASSWORD;
  const key = usesPassword ? "password" : "token";
  const written = auth[key];
  if (typeof written === "string") return fillIn(written, { env, isSecret: true, missing: () => {} });
  const reference = secretReference.safeParse(written);
  if (!reference.success) return undefined;
  return readSecret(
    { value: reference.data, key: `gateway.auth.${key}`, place: sources.configFile },
    sources,
  );
}

// --- small things ---------------------------------------------------------------------------------------

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** The object without its undefined values. */
function defined<Shape extends object>(
  object: Shape,
): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Shape]?: Exclude<Shape[Key], undefined>;
  };
}
