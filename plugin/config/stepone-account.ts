/**
 * Owns where the StepOne account comes from: the environment (the process, then `.env` in the gateway's state
 * folder), else the file the vendor's own scripts read. Light on purpose: the scripts start with it, and the whole
 * settings would cost them more time than the request.
 */
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { isPrivateUrl, PRIVATE_URL } from "./private-url.ts";
import { type Environment, homeFolderOf } from "./state-folder.ts";

export interface StepOneAccount {
  /** Secret. */
  readonly apiKey: string;
  /** An https address, or an http address of this machine. */
  readonly baseUrl: string;
}

/** There is no account to work with. The message is for people, and never holds a key. */
export class NoStepOneAccount extends Error {
  override readonly name = "NoStepOneAccount";
}

const SERVICE = "https://open-skill-api.steponeai.com";
const KEY = "STEPONEAI_API_KEY";
const BASE = "STEPONEAI_API_BASE";

/** What can stand in an HTTP header; anything else was caught along when a key was copied. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** @throws NoStepOneAccount */
export function readStepOneAccount(places: {
  readonly env: Environment;
  readonly stateFolder: string;
}): StepOneAccount {
  const { env, stateFolder } = places;
  const baseIsSet = said(env[BASE]) !== undefined;
  const ownKey = said(env[KEY]);
  const kept =
    ownKey === undefined || !baseIsSet ? readVariables(path.join(stateFolder, ".env")) : ({} as Environment);
  const apiKey = ownKey ?? said(kept[KEY]) ?? keyOfTheVendorsFile(env);
  if (apiKey === undefined) {
    throw new NoStepOneAccount(
      `There is no StepOne key: make one at https://open-skill.steponeai.com/keys and set ${KEY}, best in ${path.join(stateFolder, ".env")}.`,
    );
  }
  if (!VISIBLE_ASCII.test(apiKey)) {
    throw new NoStepOneAccount(`The StepOne key (${KEY}) has characters that no key has: copy it again.`);
  }
  const baseUrl = said(env[BASE]) ?? said(kept[BASE]) ?? SERVICE;
  if (!isPrivateUrl(baseUrl)) {
    throw new NoStepOneAccount(`${BASE} ${PRIVATE_URL}: correct it, or remove it for ${SERVICE}.`);
  }
  return { apiKey, baseUrl };
}

/**
 * The key in `~/.clawd/secrets.json`: `{"steponeai_api_key": "sk_…"}`. Others must not be able to read it.
 *
 * @returns undefined when there is no such file, or no key in it.
 * @throws NoStepOneAccount
 */
export function keyOfTheVendorsFile(env: Environment): string | undefined {
  const file = path.join(
    homeFolderOf({ ...env, OPENCLAW_HOME: undefined }, homedir()),
    ".clawd",
    "secrets.json",
  );
  try {
    const secrets: unknown = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
    const key = (secrets as { steponeai_api_key?: unknown } | null)?.steponeai_api_key;
    if (typeof key !== "string" || key.trim() === "") return undefined;
    // Windows has no such modes to look at.
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      throw new NoStepOneAccount(
        `Others may read the StepOne key in ${file}: run "chmod 600 ${file}" and try again.`,
      );
    }
    return key.trim();
  } catch (error) {
    if (error instanceof NoStepOneAccount) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    // A parser's message may quote the file, so only the kind of failure is told.
    throw new NoStepOneAccount(
      `${file}, where the StepOne key may be, cannot be read (${code ?? "not valid JSON"}): mend it, or set ${KEY}.`,
    );
  }
}

function readVariables(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new NoStepOneAccount(
      `${file} cannot be read (${code ?? "unknown error"}): make it readable for you.`,
    );
  }
}

/** A variable's value; blank is not set. */
function said(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}
