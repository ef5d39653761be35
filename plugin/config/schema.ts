/**
 * Owns what can be configured: one schema for `plugins.entries.switchboard.config` in the gateway's config
 * file and for `skill-config.json`, and the resolved settings the rest of Switchboard works with.
 */
import { type CountryCode, isSupportedCountry } from "libphonenumber-js/min";
import { z } from "zod";
import { DAILY_HOURS, type DailyHours, parseDailyHours } from "./daily-hours.ts";
import type { E164 } from "./phone-number.ts";
import { isLoopback, isPrivateUrl, PRIVATE_URL } from "./private-url.ts";

/** The gateway's form of "this secret is kept elsewhere" (gateway docs, SecretRef contract). */
export const secretReference = z
  .object({
    source: z.enum(["env", "file", "exec", "store"]),
    provider: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, "must be the name of a secret provider"),
    id: z.string().min(1),
  })
  .describe("A reference to a secret kept elsewhere.");

export type SecretReference = z.infer<typeof secretReference>;

const secret = z.union([z.string(), secretReference], "must be a text or a secret reference");

const httpUrl = z.string().refine(isHttpUrl, "must be an http(s) URL");

const region = z
  .string('must be a country of two letters such as "US" or "CN"')
  .toUpperCase()
  .pipe(
    z.custom<CountryCode>(
      (letters) => isSupportedCountry(String(letters)),
      'must be a country of two letters such as "US" or "CN"',
    ),
  );

/** "22:00-07:00", or the word for no such hours. */
const hoursOr = <Word extends string>(word: Word) =>
  z
    .string()
    .refine((text) => text === word || parseDailyHours(text) !== undefined, `${DAILY_HOURS}, or "${word}"`);

const timezone = z.string().refine(isTimezone, 'must be a time zone such as "Europe/Berlin"');

/** What a number begins with, or all of it: "+1800". Spaces, hyphens and brackets may stand in it. */
const numberBeginning = z.string().regex(/^\+[ ().-]*[1-9](?:[ ().-]*\d){0,14}[ )]*$/);

/** One tool: neither a pattern nor a group of the gateway's ("group:fs"). */
const TOOL_NAME = /^[\w-]+$/;

/** What the gate does with a tool: the owner's own say. */
const toolRule = z.enum(["allow", "ask", "deny"], 'must be "allow", "ask" or "deny"');

const language = z.string().refine(isLanguageTag, 'must be a language tag such as "en" or "zh-CN"');

/** What a line may say for itself and otherwise takes from the top level. */
const inheritable = {
  greeting: z.string().describe("What is said first on an inbound call."),
  agentId: z.string().describe("The agent that answers. The gateway's default agent when not set."),
  model: z
    .string()
    .describe('The model for turns on the phone, as "provider/model". The agent\'s own when not set.'),
  thinking: z.string().describe("The thinking level for turns on the phone. The agent's own when not set."),
  speech: z
    .enum(["sentences", "first", "off"])
    .describe(
      "How much of an answer is spoken while it is still being made: every sentence, the first one only, or nothing.",
    ),
  progressAfterMs: wholeNumber({ least: 500 }).describe(
    "After how many milliseconds of silence a progress line is spoken. 4000 when not set.",
  ),
  turnTimeoutMs: wholeNumber({ least: 1000 }).describe(
    "After how many milliseconds an unfinished answer is given up. 120000 when not set; 25000 on ClawCall lines.",
  ),
  inboundCallers: z
    .enum(["owner", "unknown"])
    .describe(
      'Who an inbound caller counts as. "owner" trusts ClawdTalk to have checked the caller\'s PIN; a ClawCall caller must also call from one of your numbers. "unknown" turns everybody away.',
    ),
  language: language.describe("The language to fall back to when a text does not show its own."),
  callsPerDay: wholeNumber({ least: 0 }).describe(
    "How many calls a line may place in a day. 50 when not set.",
  ),
  textsPerDay: wholeNumber({ least: 0 }).describe(
    "How many texts a line may send in a day. 200 when not set.",
  ),
  minutesPerDay: wholeNumber({ least: 0 }).describe(
    "How many minutes the calls a line placed may last in a day, taken together. 240 when not set.",
  ),
};

/** What belongs to one account at a carrier. */
const account = {
  apiKey: secret.describe("The account's API key."),
  // What addresses they must be is the loader's to say: one left out here would let the key go to the public service.
  server: z.string().describe("The service's address. Its public one when not set."),
  apiUrl: z.string().describe("The REST address. <server>/v1 when not set; on ClawCall lines <server>."),
};

/** What only a ClawCall line has. */
const clawCallSettings = {
  email: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, "must be an email address")
    .describe("The ClawCall account's email address: without it a lost key cannot be replaced."),
  agentUrl: z
    .string()
    .refine(isPrivateUrl, PRIVATE_URL)
    .describe("Turns go to the HTTP agent at this address instead of the gateway's agent."),
  listen: z
    .boolean()
    .describe("False when other software listens at ClawCall and hands the turns to the bridge."),
  bridge: z.boolean().describe("True lets other software on this machine hand turns in over HTTP."),
  bridgeHost: z
    .string()
    .refine(isLoopback, "must be an address of this machine, such as 127.0.0.1")
    .describe("Where the bridge listens: an address of this machine. 127.0.0.1 when not set."),
  bridgePort: wholeNumber({ least: 1, most: 65_535 }).describe("The bridge's port. 4747 when not set."),
};

/** In the order in which their lines are taken. */
export const carrierNames = ["clawdtalk", "clawcall", "stepone"] as const;

export const lineSettings = z
  .object({
    carrier: z.enum(carrierNames).describe("The phone service."),
    enabled: z.boolean().describe("False keeps the line's settings and leaves it unconnected."),
    ...account,
    ...inheritable,
    ...clawCallSettings,
  })
  .partial();

const EVENT_FIELDS =
  'must say what is added for whom: { "person": { "name": "value" } }, for automated, service, professional or person';
const eventFields = z.record(z.string(), z.unknown(), EVENT_FIELDS);
/** By what answers (missions/plan.ts), in the names of the wire. */
const answeringMachineFields = z
  .strictObject(
    { automated: eventFields, service: eventFields, professional: eventFields, person: eventFields },
    EVENT_FIELDS,
  )
  .partial();

const approvalSettings = z
  .object({
    voice: z
      .boolean("must be true or false")
      .describe(
        "True lets a clear yes on a call that is certainly yours approve what needs no fingerprint or face.",
      ),
    timeoutSeconds: wholeNumber({ least: 10, most: 3600 }).describe(
      "How many seconds an approval is waited for. 300 when not set.",
    ),
  })
  .partial();

/** What a user writes; every key is optional. */
export const settingsSchema = z
  .object({
    ownerName: z.string().describe("Your name. Other people hear on whose behalf the agent calls."),
    agentName: z.string().describe("The agent's name."),
    ownerNumbers: z
      .union([z.string(), z.array(z.string())], "must be a list of phone numbers")
      .describe("Your phone numbers, with country code. Calls to them and texts from them are yours."),
    defaultRegion: region.describe(
      'The country of phone numbers written without a country code, as two letters ("US", "CN"). Without it such numbers are refused.',
    ),
    allowPremiumNumbers: z
      .boolean("must be true or false")
      .describe("True lets the agent call numbers that cost more than a call (premium rate)."),
    callsPerNumberPerDay: wholeNumber({ least: 0 }).describe(
      "How many calls one number of somebody else may get in a day. 5 when not set.",
    ),
    cooldownMinutes: wholeNumber({ least: 0 }).describe(
      "How many minutes lie between two calls to one number of somebody else, once it had three in a day. 10 when not set.",
    ),
    quietHours: hoursOr("off").describe(
      'When nobody is called, you neither, as "22:00-07:00" (so when not set), or "off". In your time zone.',
    ),
    callingHours: hoursOr("always").describe(
      'When others may be called and texted, as "09:00-17:00" (so when not set), or "always". In every time zone their number can lie in.',
    ),
    numberTimezones: z
      .record(
        numberBeginning,
        timezone,
        'must say how numbers begin, with their country code: { "+1800": "America/New_York" }',
      )
      .describe(
        'Where numbers lie that can lie in many time zones, by how they begin: { "+1800": "America/New_York" }. The longest beginning counts.',
      ),
    timezone: timezone.describe('Your time zone, such as "Europe/Berlin". This machine\'s when not set.'),
    retentionDays: wholeNumber({ least: 0 }).describe(
      "After how many days texts and what was said on calls are deleted. 0 keeps them for ever; 365 when not set.",
    ),
    guestTools: z
      .array(z.string().min(1), "must be a list of tool names")
      .refine(
        (names) => names.every((name) => TOOL_NAME.test(name)),
        "must be a list of tool names, each written out",
      )
      .describe(
        "The tools that guests (paired or allowed numbers) may use, each written out. Only what reads or looks up is ever run for them. None when not set.",
      ),
    toolRules: z
      .record(z.string(), toolRule, 'must be a table such as { "exec": "deny" }')
      .describe(
        'Your own rules for tools on the phone, before the built-in ones: by tool name, or "tool:pattern" for its arguments. "allow" runs it, "ask" asks you first, "deny" blocks it.',
      ),
    answeringMachineFields: answeringMachineFields.describe(
      "What is added to a mission's call where it is scheduled, by what answers: the service's own setting for answering machines, whose name is not documented. The assistant is told in words all the same.",
    ),
    approvals: approvalSettings.describe("How you are asked before something sensitive is done."),
    voicePrompt: z.string().describe("Replaces what the agent is told about speaking on the phone."),
    gatewayUrl: httpUrl.describe("The gateway's address, for the connector of skill-only installs."),
    gatewayToken: secret.describe("The gateway's token, for the connector of skill-only installs."),
    ...account,
    ...inheritable,
    lines: z
      .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, "must be a short name"), lineSettings)
      .describe("More accounts, by name. What a line does not say, it takes from the top level."),
  })
  .partial();

/** The settings as a user writes them, names in camelCase. */
export type Settings = z.infer<typeof settingsSchema>;
export type LineSettings = z.infer<typeof lineSettings>;
type Speech = NonNullable<LineSettings["speech"]>;

/** Keys of the first public skill's `skill-config.json`, accepted everywhere. */
export const aliases: Readonly<Record<string, string>> = {
  api_key: "apiKey",
  owner_name: "ownerName",
  agent_name: "agentName",
  gateway_url: "gatewayUrl",
  gateway_token: "gatewayToken",
  agent_id: "agentId",
};

/** The keys that hold secrets, as the manifest's `configContracts.secretInputs.paths` wants them. */
export const secretPaths: readonly string[] = [
  "apiKey",
  "api_key",
  "gatewayToken",
  "gateway_token",
  "lines.*.apiKey",
  "lines.*.api_key",
];

export type CarrierName = (typeof carrierNames)[number];

/** What differs from carrier to carrier. */
interface CarrierFacts {
  /** As people know it. */
  readonly title: string;
  /** How to come by a key, as the end of a sentence. */
  readonly firstStep: string;
  readonly server: string;
  /** What follows the server's address in the REST address. */
  readonly apiPath: string;
  /** Whether the top-level `apiKey`, `server` and `apiUrl` are this carrier's account. */
  readonly isTopLevel: boolean;
  readonly turnTimeoutMs: number;
  /** The settings that environment variables give to the line of the carrier's name. */
  readonly variables: { readonly [Key in keyof LineSettings]?: string };
  /** The settings no other carrier has. */
  readonly ownSettings: readonly (keyof LineSettings)[];
}

/** The carriers. For each, its key in the environment makes a line of the carrier's name. */
export const carriers: Readonly<Record<CarrierName, CarrierFacts>> = {
  clawdtalk: {
    title: "ClawdTalk",
    firstStep:
      "get an API key at clawdtalk.com and set CLAWDTALK_API_KEY (the .env file in the gateway's state folder is a good place)",
    server: "https://clawdtalk.com",
    apiPath: "/v1",
    isTopLevel: true,
    turnTimeoutMs: 120_000,
    variables: {
      apiKey: "CLAWDTALK_API_KEY",
      server: "CLAWDTALK_SERVER",
      apiUrl: "CLAWDTALK_API_URL",
    },
    ownSettings: [],
  },
  clawcall: {
    title: "ClawCall",
    firstStep: 'run "clawcall register", which gets a ClawCall key and keeps it',
    server: "https://api.clawcall.online",
    apiPath: "",
    isTopLevel: false,
    turnTimeoutMs: 25_000,
    variables: {
      apiKey: "CLAWCALL_API_KEY",
      server: "CLAWCALL_BASE_URL",
      email: "CLAWCALL_EMAIL",
      agentUrl: "CLAWCALL_AGENT_URL",
      bridgeHost: "CLAWCALL_AGENT_HOST",
      bridgePort: "CLAWCALL_AGENT_PORT",
      turnTimeoutMs: "CLAWCALL_PHONE_TIMEOUT_MS",
      model: "CLAWCALL_PHONE_MODEL",
    },
    ownSettings: ["email", "agentUrl", "listen", "bridge", "bridgeHost", "bridgePort"],
  },
  stepone: {
    title: "StepOne",
    firstStep: "make a key at https://open-skill.steponeai.com/keys and set STEPONEAI_API_KEY",
    server: "https://open-skill-api.steponeai.com",
    apiPath: "",
    isTopLevel: false,
    // Nobody waits for us on its calls: its own AI leads them.
    turnTimeoutMs: 120_000,
    variables: { apiKey: "STEPONEAI_API_KEY", server: "STEPONEAI_API_BASE" },
    ownSettings: [],
  },
};

/** The line that the top-level keys make. */
export const IMPLICIT_LINE = "clawdtalk";

export const lineDefaults = {
  speech: "sentences",
  progressAfterMs: 4_000,
  inboundCallers: "owner",
  listen: true,
  bridge: false,
  bridgeHost: "127.0.0.1",
  bridgePort: 4747,
  callsPerDay: 50,
  textsPerDay: 200,
  minutesPerDay: 240,
} as const;

interface AnyLine {
  /** The carrier's own name for the line that the environment (or the top-level keys) makes. */
  readonly name: string;
  readonly enabled: boolean;
  /** Secret. Missing when it could not be found: the problems say why. */
  readonly apiKey?: string;
  readonly server: string;
  readonly apiUrl: string;
  readonly greeting?: string;
  readonly agentId?: string;
  readonly model?: string;
  readonly thinking?: string;
  readonly speech: Speech;
  readonly progressAfterMs: number;
  readonly turnTimeoutMs: number;
  readonly inboundCallers: "owner" | "unknown";
  /** BCP 47. */
  readonly language?: string;
  /** How many calls may be placed over the line in a day, to whomever. */
  readonly callsPerDay: number;
  /** How many texts may be sent over the line in a day. */
  readonly textsPerDay: number;
  /** How long the calls placed over the line may last in a day, taken together. */
  readonly minutesPerDay: number;
}

export interface ClawdTalkLine extends AnyLine {
  readonly carrier: "clawdtalk";
}

export interface ClawCallLine extends AnyLine {
  readonly carrier: "clawcall";
  /** The account's email address. */
  readonly email?: string;
  /** Turns go to the HTTP agent at this address: https, or http on this machine. */
  readonly agentUrl?: string;
  /** Whether Switchboard listens at ClawCall; false where other software does and feeds the bridge. */
  readonly listen: boolean;
  /** Whether other software on this machine may hand turns in over HTTP. */
  readonly bridge: boolean;
  /** An address of this machine. */
  readonly bridgeHost: string;
  readonly bridgePort: number;
}

/** Its own AI leads its calls: what is said about answering them has no effect here. */
export interface StepOneLine extends AnyLine {
  readonly carrier: "stepone";
}

/** One configured account at a carrier, everything resolved. */
export type LineConfig = ClawdTalkLine | ClawCallLine | StepOneLine;

/** What the gate does with a tool: runs it, asks the owner first, blocks it. */
export type ToolRule = z.infer<typeof toolRule>;

/** Everything Switchboard is told, resolved from all places. */
export interface SwitchboardConfig {
  readonly ownerName?: string;
  readonly agentName?: string;
  readonly greeting?: string;
  readonly agentId?: string;
  readonly ownerNumbers: readonly E164[];
  /** Where a number written without a country code belongs. */
  readonly defaultRegion?: CountryCode;
  /** Whether premium-rate numbers may be called. */
  readonly allowPremiumNumbers: boolean;
  /** What saves people who are called from being called too often; the lines have limits of their own. */
  readonly limits: {
    /** How many calls one number of somebody else may get in a day. */
    readonly callsPerNumberPerDay: number;
    /** Between two calls to the same number of somebody else, once it had three in a day. */
    readonly cooldownMinutes: number;
  };
  readonly hours: {
    /** The owner's. IANA ("Europe/Berlin"). */
    readonly timezone: string;
    /** Nobody is called then, the owner neither; in `timezone`. Undefined when there are none. */
    readonly quietHours: DailyHours | undefined;
    /** Others are called and texted only then, in every time zone their number can lie in. Undefined: always. */
    readonly callingHours: DailyHours | undefined;
    /**
     * Where numbers lie whatever the tables say: IANA zones by how the numbers begin ("+1800"); the longest beginning
     * counts.
     */
    readonly numberTimezones: Readonly<Record<string, string>>;
  };
  /** Texts and what was said on calls are kept this long; 0: for ever. */
  readonly retentionDays: number;
  /** The tools guests may use. */
  readonly guestTools: readonly string[];
  /** The owner's rules for tools on the phone, by "tool" or "tool:pattern", in the order they are written. */
  readonly toolRules: Readonly<Record<string, ToolRule>>;
  readonly approvals: {
    /** Whether a clear yes on a call that is certainly the owner's may approve. */
    readonly voice: boolean;
    /** How long an approval is waited for: 10 to 3600. */
    readonly timeoutSeconds: number;
  };
  /** Fields of the wire for answering machines that are added to a mission's calls, by what answers. */
  readonly answeringMachineFields?: z.infer<typeof answeringMachineFields>;
  readonly voicePrompt?: string;
  /** "http://127.0.0.1:18789"; missing when no gateway was found. */
  readonly gatewayUrl?: string;
  /** Secret. */
  readonly gatewayToken?: string;
  /** Empty when nothing is configured yet. */
  readonly lines: readonly LineConfig[];
}

/** What counts at the top level when nothing is said. */
export const settingsDefaults: Omit<SwitchboardConfig, "ownerNumbers" | "lines"> = {
  allowPremiumNumbers: false,
  limits: { callsPerNumberPerDay: 5, cooldownMinutes: 10 },
  hours: {
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60 },
    callingHours: { fromMinute: 9 * 60, toMinute: 17 * 60 },
    numberTimezones: {},
  },
  retentionDays: 365,
  guestTools: [],
  toolRules: {},
  approvals: { voice: false, timeoutSeconds: 300 },
};

/**
 * The JSON schema of the settings for the plugin's manifest (draft 7). Unknown keys are let through: the
 * loader names them, whereas the gateway would refuse its whole config for one.
 */
export function pluginConfigJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(settingsSchema, { target: "draft-7", io: "input" });
  withAliases(schema.properties);
  const line = schema.properties?.lines;
  if (typeof line === "object" && typeof line.additionalProperties === "object") {
    withAliases(line.additionalProperties.properties);
  }
  const { $schema: _, ...plain } = schema;
  return plain;
}

function withAliases(properties: Record<string, unknown> | undefined): void {
  if (properties === undefined) return;
  for (const [alias, name] of Object.entries(aliases)) {
    const property = properties[name];
    if (typeof property === "object") properties[alias] = { ...property, description: `Same as ${name}.` };
  }
}

/** Whether a text is an address that requests can be sent to. */
export function isHttpUrl(text: string): boolean {
  return ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "");
}

function wholeNumber({ least, most }: { readonly least: number; readonly most?: number }) {
  const sentence =
    most === undefined
      ? `must be a whole number, ${least} or more`
      : `must be a whole number from ${least} to ${most}`;
  return z
    .int(sentence)
    .min(least, sentence)
    .max(most ?? Number.MAX_SAFE_INTEGER, sentence);
}

/** By name: an offset such as "+02:00" knows no summer. */
export function isTimezone(text: string): boolean {
  try {
    return /^[A-Za-z]/.test(text) && new Intl.DateTimeFormat("en", { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}

/** BCP 47. */
export function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
