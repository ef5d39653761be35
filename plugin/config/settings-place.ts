/**
 * Owns reading the settings of one place (the plugin's entry, a `skill-config.json`): older names, references
 * to environment variables, and leaving out what is wrong with a sentence for each.
 */
import { isObject, type JsonObject, objectAt, parseObject, readIfPresent } from "./gateway-config.ts";
import { aliases, lineDefaults, type Settings, settingsDefaults, settingsSchema } from "./schema.ts";
import type { Environment } from "./state-folder.ts";

/** What one place says. */
export interface SettingsPlace {
  /** For problems: "plugins.entries.switchboard.config in /…/openclaw.json". */
  readonly name: string;
  readonly settings: Settings;
}

interface Reading {
  readonly env: Environment;
  /** Sentences are added here. */
  readonly problems: string[];
  /** References to variables that are not set are no problem: the package ships such references. */
  readonly quiet?: boolean;
}

/** Of these only the one setting below is left out when it is wrong; anything else goes as a whole. */
const PARTS_LEFT_OUT: Readonly<Record<string, number>> = { lines: 3, approvals: 2, numberTimezones: 2 };

const APPROVALS = { voice: settingsDefaults.approvals.voice, timeoutSeconds: 300 };

/**
 * What a setting counts as that keeps people or tools out, or saves the owner, and is written wrong: a slip of the pen lets
 * nobody in, and no other place's laxer word counts in its stead.
 */
const WHEN_WRONG: Readonly<Record<string, unknown>> = {
  inboundCallers: "unknown",
  guestTools: [],
  toolRules: { "*": "deny" },
  approvals: APPROVALS,
  allowPremiumNumbers: false,
  bridge: false,
  quietHours: "22:00-07:00",
  callingHours: "09:00-17:00",
  numberTimezones: {},
  callsPerDay: lineDefaults.callsPerDay,
  textsPerDay: lineDefaults.textsPerDay,
  minutesPerDay: lineDefaults.minutesPerDay,
  callsPerNumberPerDay: settingsDefaults.limits.callsPerNumberPerDay,
  cooldownMinutes: settingsDefaults.limits.cooldownMinutes,
};

/** Where the wrong value at this place is put right, and with what; undefined for settings that are left out. */
function whenWrong(place: readonly string[]): { at: readonly string[]; value: unknown } | undefined {
  const [first = "", second = ""] = place;
  if (first === "toolRules" && place.length === 2) return { at: place, value: "deny" };
  if (first === "approvals" && second in APPROVALS) {
    return { at: [first, second], value: APPROVALS[second as keyof typeof APPROVALS] };
  }
  // What one entry does not say of numbers, the tables do.
  if (first === "numberTimezones" && place.length === 2) return undefined;
  const at = place.slice(0, first === "lines" ? 3 : 1);
  const setting = at.at(-1) ?? "";
  return at.length !== 2 && Object.hasOwn(WHEN_WRONG, setting)
    ? { at, value: WHEN_WRONG[setting] }
    : undefined;
}

const topKeys = Object.keys(settingsSchema.shape);
const approvalKeys = Object.keys(settingsSchema.shape.approvals.unwrap().shape);
const lineKeys = Object.keys(settingsSchema.shape.lines.unwrap().valueType.shape);

/** Reads a `skill-config.json`; a missing one says nothing. */
export function readSettingsFile(file: string, reading: Reading): SettingsPlace {
  const problemsBefore = reading.problems.length;
  const text = readIfPresent(file, reading.problems);
  const raw = text === undefined ? {} : parseObject(text, file, reading.problems);
  if (raw !== undefined && reading.problems.length === problemsBefore) {
    return readSettings(file, raw, reading);
  }
  return unreadable(file, reading);
}

/** What the owner wrote to keep people out may stand in it. */
function unreadable(name: string, { problems }: Reading): SettingsPlace {
  problems.push(`Until ${name} can be read, nobody who calls in is believed and no tool runs on the phone.`);
  return { name, settings: settingsSchema.parse(WHEN_WRONG) };
}

/** Reads one place's settings. */
export function readSettings(name: string, raw: unknown, reading: Reading): SettingsPlace {
  const { problems } = reading;
  if (!isObject(raw)) {
    problems.push(`${name} must be an object: { … }.`);
    return unreadable(name, reading);
  }
  let rest = prepare(raw, { ...reading, name, prefix: "" });
  nameUnknownKeys(rest, name, problems);
  for (;;) {
    const parsed = settingsSchema.safeParse(rest);
    if (parsed.success) return { name, settings: parsed.data };
    for (const issue of parsed.error.issues) {
      const place = issue.path.map(String);
      const strict = whenWrong(place);
      if (strict !== undefined) {
        problems.push(
          `"${place.join(".")}" in ${name} is wrong and counts as ${JSON.stringify(strict.value)}: ${issue.message}.`,
        );
        rest = withValue(rest, strict.at, strict.value);
        continue;
      }
      problems.push(`"${place.join(".")}" in ${name} is wrong and left out: ${issue.message}.`);
      rest = without(rest, place.slice(0, PARTS_LEFT_OUT[place[0] ?? ""] ?? 1));
    }
  }
}

/**
 * Fills in `${NAME}` anywhere in a text, and `$NAME` when it is the whole of a secret (both as the gateway
 * does; `$${NAME}` stands for the text itself). Undefined when a variable is not set.
 */
export function fillIn(
  text: string,
  given: { env: Environment; isSecret: boolean; missing: (variable: string) => void },
): string | undefined {
  const whole = given.isSecret ? /^\$([A-Z][A-Z0-9_]*)$/.exec(text)?.[1] : undefined;
  let complete = true;
  const filled = (whole === undefined ? text : `\${${whole}}`).replace(
    /(\$?)\$\{([A-Z_][A-Z0-9_]*)\}/g,
    (reference, dollar: string, variable: string) => {
      if (dollar !== "") return reference.slice(1);
      const value = given.env[variable]?.trim();
      if (value) return value;
      complete = false;
      given.missing(variable);
      return "";
    },
  );
  return complete ? filled : undefined;
}

/** Names in camelCase, references filled in; empty texts and what cannot be filled in are gone. */
function prepare(raw: JsonObject, reading: Reading & { name: string; prefix: string }): JsonObject {
  const { prefix } = reading;
  const prepared: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(raw)) {
    const key = aliases[written] ?? written;
    if (key !== written && Object.hasOwn(raw, key)) continue;
    if (typeof value === "string") {
      const missing = (variable: string): void => {
        if (reading.quiet) return;
        reading.problems.push(
          `"${prefix}${written}" in ${reading.name} refers to the environment variable ${variable}, which is not set.`,
        );
      };
      const isSecret = key === "apiKey" || key === "gatewayToken";
      const filled = fillIn(value, { env: reading.env, isSecret, missing })?.trim();
      if (filled) prepared[key] = filled;
      // Said, but not what: that is wrong, not unsaid.
      else if (Object.hasOwn(WHEN_WRONG, key)) prepared[key] = "";
    } else if (isObject(value) && (written === "lines" || prefix === "lines.")) {
      prepared[written] = prepare(value, { ...reading, prefix: `${prefix}${written}.` });
    } else if (value !== null || Object.hasOwn(WHEN_WRONG, key)) {
      prepared[key] = value;
    }
  }
  return prepared;
}

function nameUnknownKeys(settings: JsonObject, name: string, problems: string[]): void {
  const unknown = Object.keys(settings).filter((key) => !topKeys.includes(key));
  for (const line of Object.keys(objectAt(settings, "lines"))) {
    const keys = Object.keys(objectAt(settings, "lines", line)).filter((key) => !lineKeys.includes(key));
    unknown.push(...keys.map((key) => `lines.${line}.${key}`));
  }
  const ofApprovals = Object.keys(objectAt(settings, "approvals")).filter(
    (key) => !approvalKeys.includes(key),
  );
  unknown.push(...ofApprovals.map((key) => `approvals.${key}`));
  for (const key of unknown) problems.push(`"${key}" in ${name} is not a setting and has no effect.`);
}

function withValue(object: JsonObject, keys: readonly string[], value: unknown): JsonObject {
  const [first, ...rest] = keys;
  if (first === undefined) return object;
  return { ...object, [first]: rest.length === 0 ? value : withValue(objectAt(object, first), rest, value) };
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  const [first, ...rest] = keys;
  if (first === undefined) return object;
  const { [first]: inner, ...others } = object;
  return rest.length > 0 && isObject(inner) ? { ...others, [first]: without(inner, rest) } : others;
}
