/**
 * Owns the ClawCall commands whose result is kept in the gateway's `.env` file: a key, the account's email, the owner's
 * number. That the file can be written is made sure of before the service is asked, and it is written before anything
 * is said: a key is shown by the service this once.
 */
import path from "node:path";
import type { ClawCallRegistration, ClawCallRest } from "../carriers/clawcall/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { makeSure } from "./consent.ts";
import { quoted } from "./quoted.ts";
import {
  type Answer,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
  type PlainContext,
  requiredLine,
  type Settings,
} from "./run.ts";

const KEY = "CLAWCALL_API_KEY";
const EMAIL = "CLAWCALL_EMAIL";
const OWNER_NUMBER = "CLAWCALL_OWNER_NUMBER";

export interface RegisterOptions extends CommonOptions {
  readonly phone?: string;
  readonly name?: string;
  readonly email?: string;
  readonly yes?: boolean;
}

export interface RecoverOptions extends RegisterOptions {
  readonly otherAddress?: boolean;
}

/** An account that can be used. */
export interface Account {
  readonly line: UsableLine<"clawcall">;
  readonly rest: ClawCallRest;
  readonly settings: Settings;
}

/** Makes an account, after saying what is stored and by whom. */
export async function register(
  context: CommandContext,
  settings: Settings,
  options: RegisterOptions,
): Promise<Answer> {
  const line = await ownLine(context, options);
  const { requirePhoneNumber } = await import("../config/phone-number.ts");
  const { nameKey } = await import("../config/redaction.ts");
  const phoneNumber = requirePhoneNumber(options.phone ?? "");
  const agentName = nameOf(options, settings);
  const email = options.email === undefined ? undefined : requireEmail(options.email);
  const file = keyFile(settings);
  if (line.apiKey !== undefined) {
    throw new Error(
      `There is a ClawCall account already (key ${nameKey(line.apiKey)}): "clawcall account" shows it and "clawcall recover" replaces its key. To make another one, first take ${KEY} out of ${file}, or wherever it is set.`,
    );
  }
  if (line.email !== undefined && line.email !== email) {
    throw new Error(
      `${EMAIL} is the address of an account whose key can be replaced: run "clawcall recover". To make another one, first take ${EMAIL} out of ${file}, or wherever it is set.`,
    );
  }
  context.complain(`${whatIsStored({ server: line.server, phoneNumber, agentName, email, file })}\n`);
  await makeSure(context, options, { question: "Register?", otherwise: "Nothing was registered." });
  const ask = { phoneNumber, agentName, email };
  return await keepAnswer(context, {
    stateFolder: settings.stateFolder,
    server: line.apiUrl,
    ask,
    lostAnswer: lostRegistration(email),
  });
}

/** What an account means, in the words its owner says yes to. */
export function whatIsStored(account: {
  readonly server: string;
  readonly phoneNumber: string;
  readonly agentName: string;
  readonly email?: string | undefined;
  /** Where the key will be kept. */
  readonly file: string;
}): string {
  const { server, phoneNumber, agentName, email, file } = account;
  return [
    `ClawCall (${server}) will store your phone number ${phoneNumber}, the agent's name ${quoted(agentName)}${email === undefined ? "" : " and your email address"}, and records the calls.`,
    "It promises that an account can be deleted at any time, but describes no way to do it.",
    `The key, the account's email and your number will be kept in ${file}, on this machine.`,
  ].join("\n");
}

/**
 * Replaces the key of the account with this email. An address that the service does not know makes a new account there,
 * without a word: so one that nothing else speaks for is asked about.
 */
export async function recover(
  context: CommandContext,
  settings: Settings,
  options: RecoverOptions,
): Promise<Answer> {
  const line = await ownLine(context, options);
  const { requirePhoneNumber } = await import("../config/phone-number.ts");
  const given = options.email ?? line.email;
  if (given === undefined) {
    throw new NotUnderstood(`Which account? Give its address with --email: ${EMAIL} is not set.`);
  }
  const written = requireEmail(given);
  const { nameEmail } = await import("../config/redaction.ts");
  const isKept = line.email !== undefined && isSameEmail(line.email, written);
  // Written as the service wrote it: nothing says that it takes capitals for small letters.
  const email = isKept && line.email !== undefined ? line.email : written;
  if (line.email !== undefined && !isKept && !options.otherAddress) {
    throw new Error(
      `${nameEmail(email)} is not the account's email kept here, and an address ClawCall does not know silently makes a new account: use ${nameEmail(line.email)} (leave --email out), or say with --other-address that this one is meant.`,
    );
  }
  const [onlyNumber, second] = settings.config.ownerNumbers;
  const phone = options.phone ?? (second === undefined ? onlyNumber : undefined);
  if (phone === undefined) {
    throw new NotUnderstood(
      "Which phone is yours? Give it with --phone: the service stores it with the new key, and there is not exactly one in ownerNumbers.",
    );
  }
  const phoneNumber = requirePhoneNumber(phone);
  const { apiKey } = line;
  const ask = { phoneNumber, agentName: nameOf(options, settings), email };
  const isKeysOwn = apiKey !== undefined && (await isAccountOfKey({ server: line.apiUrl, apiKey, email }));
  if (!isKept && !isKeysOwn) {
    context.complain(
      `If ClawCall does not know ${nameEmail(email)}, it makes a new account with it, without a word.\n`,
    );
    if (!options.otherAddress) {
      await makeSure(context, options, {
        question: "Is the address right?",
        otherwise: "Nothing was changed.",
      });
    }
  }
  const lostAnswer = "The old key may be dead already: run this again.";
  return await keepAnswer(context, {
    stateFolder: settings.stateFolder,
    server: line.apiUrl,
    ask,
    lostAnswer,
  });
}

/** Changes the owner's phone, at the service and here: calls from it are the owner's. */
export async function changePhone(
  context: CommandContext,
  { line, rest, settings }: Account,
  number: string,
): Promise<Answer> {
  const { requirePhoneNumber } = await import("../config/phone-number.ts");
  const phone = requirePhoneNumber(number);
  // The variable belongs to the line that the environment's key makes.
  if (line.name !== "clawcall") {
    await rest.setPhone(phone);
    const isKnown = settings.config.ownerNumbers.includes(phone);
    return {
      text: `Your phone is ${phone} now.${isKnown ? "" : ` Add it to "ownerNumbers", else calls from it are not taken for yours.`} Take the old one out, and restart the gateway (openclaw gateway restart).`,
      json: { phone },
    };
  }
  const file = await openKeyFile(settings, [OWNER_NUMBER]);
  try {
    await rest.setPhone(phone);
    const { tightened } = file.save({ [OWNER_NUMBER]: phone });
    const { loadConfig } = await import("../config/loader.ts");
    if (!loadConfig(context.places()).config.ownerNumbers.includes(phone))
      noteOtherValue(context, OWNER_NUMBER);
    return {
      text: `Your phone is ${phone} now. ${keptIn(file.file, [OWNER_NUMBER], tightened)} Restart the gateway (openclaw gateway restart): until then calls from your old number are taken for yours. Take the old number out of "ownerNumbers" if it stands there.`,
      json: { phone, file: file.file, variables: [OWNER_NUMBER] },
    };
  } finally {
    file.discard();
  }
}

/** Adds an agent to the account, with a variable of its own for its key. */
export async function addAgent(
  context: CommandContext,
  { rest, settings }: Account,
  name: string,
): Promise<Answer> {
  const agentName = requiredLine("name", name);
  const { readEnvFile } = await import("../config/env-file.ts");
  const { nameKey } = await import("../config/redaction.ts");
  const short = agentName
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  const taken = readEnvFile(keyFile(settings));
  const names = ["", ...Array.from({ length: 99 }, (_, index) => `_${index + 2}`)].map(
    (end) => `${KEY}_${(short || "AGENT").slice(0, 20)}${end}`,
  );
  const variable = names.find((candidate) => !Object.hasOwn(taken, candidate)) ?? `${KEY}_AGENT`;
  const file = await openKeyFile(settings, [variable]);
  try {
    const agent = await uninterrupted(context, rest.addAgent({ name: agentName }));
    const { tightened } = file.save({ [variable]: agent.apiKey });
    const line = variable.slice(KEY.length + 1).toLowerCase();
    const apiKey = `\${${variable}}`;
    return {
      text: [
        `Added ${quoted(agent.name ?? agentName)} with the number ${agent.agentNumber ?? "(none of its own)"}. Id: ${agent.id}`,
        keptIn(file.file, [variable], tightened),
        `To answer its calls, add a line to the settings: "lines": { "${line}": { "carrier": "clawcall", "apiKey": "${apiKey}" } }`,
      ].join("\n"),
      json: {
        agent: {
          id: agent.id,
          name: agent.name ?? agentName,
          agentNumber: agent.agentNumber,
          key: nameKey(agent.apiKey),
        },
        lines: { [line]: { carrier: "clawcall", apiKey } },
        file: file.file,
        variables: [variable],
      },
    };
  } finally {
    file.discard();
  }
}

/** What a new key is asked for with. */
export interface KeyWanted {
  readonly stateFolder: string;
  readonly server: string;
  readonly ask: {
    readonly phoneNumber: string;
    readonly agentName: string;
    readonly email: string | undefined;
  };
  /** What to do when the answer, and the key in it, was lost. */
  readonly lostAnswer: string;
  /** What is kept with it. */
  readonly with?: Readonly<Record<string, string>>;
}

/** A key that was given and is kept. Names no secret. */
export interface KeptKey {
  readonly file: string;
  readonly variables: readonly string[];
  /** Others could read the file before. */
  readonly tightened: boolean;
  /** Secret. */
  readonly apiKey: string;
  /** Whoever knows it whole can replace the key. */
  readonly email: string | undefined;
  readonly agentNumber: string | undefined;
  readonly tier: string | undefined;
}

/** Asks for a key and keeps it at once: the service shows it this one time. */
export async function askAndKeep(
  context: PlainContext,
  { ask, stateFolder, server, lostAnswer, with: others = {} }: KeyWanted,
): Promise<KeptKey> {
  const { ClawCallRest } = await import("../carriers/clawcall/rest.ts");
  const file = await openKeyFile({ stateFolder }, [KEY, EMAIL, OWNER_NUMBER, ...Object.keys(others)]);
  try {
    const { apiKey, agentNumber, tier, ...answer } = await uninterrupted(
      context,
      withAdvice(new ClawCallRest({ baseUrl: server }).register(ask), lostAnswer),
    );
    const email = answer.email ?? ask.email;
    const variables = {
      ...others,
      [KEY]: apiKey,
      ...(email === undefined ? {} : { [EMAIL]: email }),
      [OWNER_NUMBER]: ask.phoneNumber,
    };
    const { tightened } = file.save(variables);
    return {
      file: file.file,
      variables: Object.keys(variables),
      tightened,
      apiKey,
      email,
      agentNumber,
      tier,
    };
  } finally {
    file.discard();
  }
}

/** Asks for a key, keeps what comes, and says where. */
async function keepAnswer(context: CommandContext, wanted: KeyWanted): Promise<Answer> {
  const { nameEmail, nameKey } = await import("../config/redaction.ts");
  const { apiKey, email, agentNumber, tier, ...kept } = await askAndKeep(context, wanted);
  const { loadImplicitLine } = await import("../config/loader.ts");
  if (loadImplicitLine(context.places(), "clawcall").apiKey !== apiKey) noteOtherValue(context, KEY);
  return {
    text: [
      keptIn(kept.file, kept.variables, kept.tightened),
      `The key is ${nameKey(apiKey)}${email === undefined ? "" : `, the account's email ${nameEmail(email)}: whoever knows the whole address can replace the key`}.`,
      ...(email === undefined ? ["The service named no email: a lost key cannot be replaced."] : []),
      `Your agent's number is ${agentNumber ?? "not known yet"}${tier === undefined ? "" : `, the tier ${tier}`}.`,
      "Restart the gateway (openclaw gateway restart), then ring that number from your own phone.",
    ].join("\n"),
    json: {
      account: {
        agentNumber,
        tier,
        key: nameKey(apiKey),
        email: email === undefined ? undefined : nameEmail(email),
      },
      file: kept.file,
      variables: kept.variables,
    },
  };
}

/** The line that the environment's key makes: keys are kept for no other. */
async function ownLine(context: CommandContext, { line }: RegisterOptions) {
  if (line !== undefined && line !== "clawcall") {
    throw new NotUnderstood(
      `Keys are kept for the line "clawcall" alone: set "lines.${line}.apiKey" yourself, or leave --line out.`,
    );
  }
  const { loadImplicitLine } = await import("../config/loader.ts");
  const { isPrivateUrl, PRIVATE_URL } = await import("../config/private-url.ts");
  const own = loadImplicitLine(context.places(), "clawcall");
  if (!isPrivateUrl(own.server) || !isPrivateUrl(own.apiUrl)) {
    throw new Error(`ClawCall's address (CLAWCALL_BASE_URL) ${PRIVATE_URL}.`);
  }
  return own;
}

/**
 * Whether the key in use still works and its account has this email.
 *
 * @throws Error when its account has another: a new key would take the place of one that works.
 */
async function isAccountOfKey(using: {
  readonly server: string;
  readonly apiKey: string;
  readonly email: string;
}): Promise<boolean> {
  const { ClawCallRest } = await import("../carriers/clawcall/rest.ts");
  const { CarrierRefused } = await import("../carriers/carrier-errors.ts");
  const { nameEmail } = await import("../config/redaction.ts");
  let known: string | undefined;
  try {
    known = (await new ClawCallRest({ baseUrl: using.server, apiKey: using.apiKey }).account()).email;
  } catch (error) {
    // A key that does not work is what recovery is for.
    if (!(error instanceof CarrierRefused)) throw error;
  }
  if (known === undefined) return false;
  if (isSameEmail(known, using.email)) return true;
  throw new Error(
    `The key in use belongs to the account of ${nameEmail(known)}, not of ${nameEmail(using.email)}: take ${KEY} away first if the other account is meant.`,
  );
}

function isSameEmail(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** What to do when the answer to a registration was lost. */
export function lostRegistration(email: string | undefined): string {
  return email === undefined
    ? "If an account was made, its key is lost; register again, with --email, so that a lost key can be replaced."
    : 'If an account was made, "clawcall recover" with this --email gets its key.';
}

/** The same failure; where the service may have acted all the same, with what to do then. */
async function withAdvice(
  answer: Promise<ClawCallRegistration>,
  advice: string,
): Promise<ClawCallRegistration> {
  try {
    return await answer;
  } catch (error) {
    const { CarrierUnreachable } = await import("../carriers/carrier-errors.ts");
    if (error instanceof CarrierUnreachable && error.mayHaveHappened) {
      throw new CarrierUnreachable(`${error.message} ${advice}`, { mayHaveHappened: true });
    }
    throw error;
  }
}

/** A key that is on its way must arrive: Ctrl-C waits for the request, whose time is limited. */
async function uninterrupted<Result>(context: PlainContext, work: Promise<Result>): Promise<Result> {
  let isTold = false;
  const wait = () => {
    if (!isTold) context.complain("Waiting for the answer, which holds the key.\n");
    isTold = true;
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, wait);
  try {
    return await work;
  } finally {
    for (const signal of signals) process.off(signal, wait);
  }
}

/** Where keys are kept. */
export function keyFile({ stateFolder }: Pick<Settings, "stateFolder">): string {
  return path.join(stateFolder, ".env");
}

async function openKeyFile(settings: Pick<Settings, "stateFolder">, names: readonly string[]) {
  const { openEnvFile } = await import("../config/env-file.ts");
  return openEnvFile(keyFile(settings), names);
}

function keptIn(file: string, variables: readonly string[], tightened: boolean): string {
  const access =
    process.platform === "win32"
      ? "it is as safe as its folder, since Windows has no file modes"
      : `only your user can read it${tightened ? ", which was not so before" : ""}`;
  return `Kept in ${file} (${access}): ${variables.join(", ")}.`;
}

function noteOtherValue(context: CommandContext, variable: string): void {
  context.complain(
    `Note: ${variable} is also set somewhere that counts before this file, such as this shell: change it there.\n`,
  );
}

function nameOf({ name }: RegisterOptions, { config }: Settings): string {
  const found = name ?? config.agentName ?? "";
  if (found.trim() === "") throw new NotUnderstood("What is the agent called? Give it with --name.");
  return requiredLine("name", found);
}

function requireEmail(address: string): string {
  const email = address.trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(email))
    throw new NotUnderstood(`${quoted(address)} is not an email address.`);
  return email;
}
