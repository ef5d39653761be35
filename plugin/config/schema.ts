/**
 * Owns what can be configured: one schema for `plugins.entries.switchboard.config` in the gateway's config
 * file and for `skill-config.json`, and the resolved settings the rest of Switchboard works with.
 */
import { z } from "zod";
import type { E164 } from "./phone-number.ts";

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
  progressAfterMs: z
    .number()
    .int()
    .min(500)
    .describe("After how many milliseconds of silence a progress line is spoken. 4000 when not set."),
  turnTimeoutMs: z
    .number()
    .int()
    .min(1000)
    .describe("After how many milliseconds an unfinished answer is given up. 120000 when not set."),
  inboundCallers: z
    .enum(["owner", "unknown"])
    .describe(
      'Who an inbound caller counts as. "owner" trusts the service to have checked the caller\'s PIN.',
    ),
  language: language.describe("The language to fall back to when a text does not show its own."),
};

/** What belongs to one account at a carrier. */
const account = {
  apiKey: secret.describe("The account's API key."),
  server: httpUrl.describe("The service's address. https://clawdtalk.com when not set."),
  apiUrl: httpUrl.describe("The REST address, with its version. <server>/v1 when not set."),
};

const lineSettings = z
  .object({
    carrier: z.enum(["clawdtalk"]).describe("The phone service."),
    enabled: z.boolean().describe("False keeps the line's settings and leaves it unconnected."),
    ...account,
    ...inheritable,
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

/** The line that the top-level keys make. */
export const IMPLICIT_LINE = "clawdtalk";

export const DEFAULT_SERVER = "https://clawdtalk.com";

export const lineDefaults = {
  speech: "sentences",
  progressAfterMs: 4_000,
  turnTimeoutMs: 120_000,
  inboundCallers: "owner",
} as const;

/** One configured account at a carrier, everything resolved. */
export interface LineConfig {
  /** "clawdtalk" for the one made from the top-level keys. */
  readonly name: string;
  readonly carrier: "clawdtalk";
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
}

/** Everything Switchboard is told, resolved from all places. */
export interface SwitchboardConfig {
  readonly ownerName?: string;
  readonly agentName?: string;
  readonly greeting?: string;
  readonly agentId?: string;
  readonly ownerNumbers: readonly E164[];
  readonly voicePrompt?: string;
  /** "http://127.0.0.1:18789"; missing when no gateway was found. */
  readonly gatewayUrl?: string;
  /** Secret. */
  readonly gatewayToken?: string;
  /** Empty when nothing is configured yet. */
  readonly lines: readonly LineConfig[];
}

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

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
