/** Owns the options of setup: each question has one. What is given is checked as an answer at a terminal is. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { NotUnderstood } from "../command-line/run.ts";
import { type E164, requirePhoneNumber } from "../config/phone-number.ts";
import { type CarrierName, carrierNames, carriers } from "../config/schema.ts";
import type { Environment } from "../config/state-folder.ts";
import { cleanName } from "./agent-names.ts";
import { shellVariables } from "./findings.ts";
import type { Asking } from "./front.ts";
import type { Answers, HttpWay, SetupMode } from "./setup-plan.ts";

/** As commander hands them over. */
export interface SetupOptions {
  readonly config?: string;
  readonly mode?: SetupMode;
  readonly services?: string;
  readonly clawdtalkKeyFrom?: string;
  readonly clawcallKeyFrom?: string;
  readonly steponeKeyFrom?: string;
  readonly storeNumber?: boolean;
  readonly ownerNumber?: readonly string[];
  readonly ownerName?: string;
  readonly agentName?: string;
  readonly useNames?: boolean;
  readonly greeting?: string;
  readonly callers?: "owner" | "unknown";
  readonly allowStreaming?: boolean;
  readonly allowSessionsSend?: boolean;
  readonly import?: boolean;
  readonly stopOldClients?: boolean;
  readonly restart?: boolean;
  readonly testCall?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * What the options answer, on top of what was known before.
 *
 * @throws NotUnderstood, or the other errors about what was typed; KeyNotChecked for a key that does not work.
 */
export async function givenAnswers(options: SetupOptions, before: Answers, asking: Asking): Promise<Answers> {
  const { found } = asking;
  const services = options.services === undefined ? undefined : servicesIn(options.services);
  const ownName = (flag: string, given: string | undefined, inFiles: string | undefined) => {
    if (given === undefined) return options.useNames ? inFiles : undefined;
    const name = cleanName(given);
    if (name === undefined)
      throw new NotUnderstood(`What stands after ${flag} is no name: letters, 40 at most.`);
    return name;
  };
  const answers: Answers = {
    ...before,
    mode: options.mode,
    services: [...(before.services ?? []), ...(services ?? [])],
    registers: options.storeNumber,
    ownerNumbers: options.ownerNumber === undefined ? before.ownerNumbers : numbersIn(options.ownerNumber),
    ownerName: ownName("--owner-name", options.ownerName, found.names.ownerName) ?? before.ownerName,
    agentName: ownName("--agent-name", options.agentName, found.names.agentName) ?? before.agentName,
    greeting: options.greeting?.trim() || before.greeting,
    callers: options.callers,
    httpWay: httpWay(options),
  };
  return { ...answers, variables: { ...before.variables, ...(await keysFrom(options, answers, asking)) } };
}

function servicesIn(given: string): CarrierName[] {
  return given
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .map((name) => {
      const carrier = carrierNames.find((known) => known === name);
      if (carrier !== undefined) return carrier;
      throw new NotUnderstood(
        `There is no service "${name}": --services takes ${carrierNames.join(", ")}, joined by commas.`,
      );
    });
}

/** "none" says that no number is to be believed. */
function numbersIn(given: readonly string[]): E164[] {
  return given.filter((number) => number.trim().toLowerCase() !== "none").map(requirePhoneNumber);
}

function httpWay({ allowStreaming, allowSessionsSend }: SetupOptions): HttpWay | undefined {
  if (allowStreaming) return "streaming";
  return allowSessionsSend ? "sessions_send" : undefined;
}

/** Keys by option, else those that only this shell has; each tried before it is kept. */
async function keysFrom(
  options: SetupOptions,
  { services }: Answers,
  { found, env, check, note }: Asking,
): Promise<Record<string, string>> {
  const sources = {
    clawdtalk: options.clawdtalkKeyFrom,
    clawcall: options.clawcallKeyFrom,
    stepone: options.steponeKeyFrom,
  };
  if (Object.values(sources).filter((from) => from === "stdin").length > 1) {
    throw new NotUnderstood('Only one key can come from "stdin".');
  }
  const variables: Record<string, string> = {};
  for (const carrier of carrierNames) {
    const from = sources[carrier];
    const name = carriers[carrier].variables.apiKey ?? "";
    const shell = shellVariables(carrier, { env, kept: found.envFile });
    const isOnlyInShell = found.keys[carrier]?.isKept === false && shell[name] !== undefined;
    const isWanted = services === undefined || services.length === 0 || services.includes(carrier);
    if (from === undefined && !(isOnlyInShell && isWanted)) continue;
    const given = from === undefined ? shell : { ...shell, [name]: await keyFrom(from, carrier, env) };
    note(await check(carrier, given));
    Object.assign(variables, given);
  }
  return variables;
}

/** A key is never an argument: others on the machine can read those. */
async function keyFrom(from: string, carrier: CarrierName, env: Environment): Promise<string> {
  const flag = `--${carrier}-key-from`;
  const [, kind, rest = ""] = /^(env|file):(.+)$/s.exec(from) ?? [];
  const key = (
    from === "stdin"
      ? await text(process.stdin)
      : kind === "env"
        ? (env[rest] ?? "")
        : kind === "file"
          ? textOf(path.resolve(rest), flag)
          : wrongSource(flag)
  ).trim();
  if (key !== "") return key;
  throw new NotUnderstood(`${flag}: there is no key in ${from === "stdin" ? "what was piped in" : from}.`);
}

function wrongSource(flag: string): never {
  throw new NotUnderstood(`${flag} takes where the key is, never the key: env:NAME, file:PATH or stdin.`);
}

function textOf(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new NotUnderstood(`${flag}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
