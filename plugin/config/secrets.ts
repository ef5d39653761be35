/**
 * Owns turning a secret reference into the secret, outside the gateway: environment and file providers, by
 * the gateway's own rules (docs, "SecretRef contract and provider config").
 */
import { lstatSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isObject, type JsonObject, objectAt } from "./gateway-config.ts";
import type { SecretReference } from "./schema.ts";
import { type Environment, expandHome, homeFolderOf } from "./state-folder.ts";

/** The secret, or the end of a sentence that says why there is none: "…, which is not set". */
export type ResolvedSecret = { readonly secret: string } | { readonly reason: string };

export interface SecretPlaces {
  readonly env: Environment;
  /** The gateway's config: its `secrets.providers` and `secrets.defaults` count. */
  readonly gatewayConfig: JsonObject;
}

const MAXIMUM_BYTES = 1024 * 1024;

/** Never throws; no reason contains the secret. */
export function resolveSecret(reference: SecretReference, places: SecretPlaces): ResolvedSecret {
  const provider = objectAt(places.gatewayConfig, "secrets", "providers", reference.provider);
  const registered = provider.source === reference.source;
  switch (reference.source) {
    case "env":
      return fromEnvironment(reference, registered ? provider : undefined, places);
    case "file":
      return registered
        ? fromFile(reference, provider, places.env)
        : { reason: `names the secret provider "${reference.provider}", which is not in secrets.providers` };
    case "exec":
    case "store":
      return {
        reason:
          `points to a secret (source "${reference.source}") that only the gateway can read: ` +
          "keep the key in the .env file of the state folder",
      };
  }
}

function fromEnvironment(
  reference: SecretReference,
  provider: JsonObject | undefined,
  { env, gatewayConfig }: SecretPlaces,
): ResolvedSecret {
  const defaultAlias = objectAt(gatewayConfig, "secrets", "defaults").env ?? "default";
  if (provider === undefined && reference.provider !== defaultAlias) {
    return { reason: `names the secret provider "${reference.provider}", which is not in secrets.providers` };
  }
  if (Array.isArray(provider?.allowlist) && !provider.allowlist.includes(reference.id)) {
    return {
      reason: `names the variable ${reference.id}, which the allowlist of "${reference.provider}" leaves out`,
    };
  }
  const value = env[reference.id]?.trim();
  return value
    ? { secret: value }
    : { reason: `names the environment variable ${reference.id}, which is not set` };
}

function fromFile(reference: SecretReference, provider: JsonObject, env: Environment): ResolvedSecret {
  if (typeof provider.path !== "string") {
    return { reason: `names the secret provider "${reference.provider}", which has no path` };
  }
  const file = path.resolve(expandHome(provider.path, homeFolderOf(env, homedir())));
  try {
    const complaint = complaintAbout(file);
    if (complaint !== undefined) return { reason: `points to ${file}, which ${complaint}` };
    const text = readFileSync(file, "utf8");
    const value =
      provider.mode === "singleValue"
        ? text.replace(/\r?\n$/, "")
        : atPointer(JSON.parse(text) as unknown, reference.id);
    return typeof value === "string" && value !== ""
      ? { secret: value }
      : { reason: `points to ${reference.id} in ${file}, where no secret is` };
  } catch (error) {
    // A parser's message may quote the file, so only the kind of failure is told.
    const { code } = error as NodeJS.ErrnoException;
    return { reason: `points to ${file}, which cannot be read (${code ?? "not valid JSON"})` };
  }
}

/** The gateway refuses secret files that others can reach; so do we. Windows has no such modes to look at. */
function complaintAbout(file: string): string | undefined {
  const found = lstatSync(file);
  if (!found.isFile()) return "is not a regular file";
  if (found.nlink > 1) return "has a second hard link";
  if (found.size > MAXIMUM_BYTES) return "is larger than 1 MB";
  if (process.platform === "win32") return undefined;
  if (found.uid !== process.getuid?.()) return "belongs to another user";
  return (found.mode & 0o077) === 0 ? undefined : "others may read: chmod 600 it";
}

/** JSON pointer, RFC 6901. */
function atPointer(document: unknown, pointer: string): unknown {
  if (!pointer.startsWith("/")) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      document,
    );
}
