/**
 * Owns reading the gateway's config file (JSON5 with `$include`), for processes outside the gateway. Writing
 * it is gateway-config-file.ts's.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import JSON5 from "json5";
import type { Environment } from "./state-folder.ts";

/** A JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

export const INCLUDE = "$include";
/** The gateway's own bounds (docs, "Config includes"). */
const MAXIMUM_DEPTH = 10;
const MAXIMUM_BYTES = 2 * 1024 * 1024;

/**
 * Reads the gateway's config file with everything it includes. A missing file is an empty config; what cannot
 * be read is named in `problems`, a sentence each, and the rest is still there.
 *
 * @param contents texts to take instead of what files hold, by the files' real paths.
 * @returns `files`: the real paths of all that was read.
 */
export function readGatewayConfig(
  configFile: string,
  env: Environment,
  contents?: ReadonlyMap<string, string>,
): { config: JsonObject; problems: string[]; files: ReadonlySet<string> } {
  const problems: string[] = [];
  const files = new Set<string>();
  const read = (file: string) => {
    const real = realPathIfPresent(file);
    const text = contents?.get(real)?.replace(/^\uFEFF/, "") ?? readIfPresent(file, problems);
    if (text !== undefined) files.add(real);
    return text;
  };
  const text = read(configFile);
  if (text === undefined) return { config: {}, problems, files };
  const folder = path.dirname(configFile);
  const roots = [folder, ...(env.OPENCLAW_INCLUDE_ROOTS ?? "").split(path.delimiter)].filter(
    (root) => root !== "",
  );
  const reader = { roots: roots.map(realPathIfPresent), problems, read };
  const parsed = parseObject(text, configFile, problems);
  const config = parsed === undefined ? {} : resolveIncludes(parsed, folder, [configFile], reader);
  return { config: objectIn(config, configFile, problems) ?? {}, problems, files };
}

/** The object at a path of keys; an empty one when there is none. */
export function objectAt(value: unknown, ...keys: string[]): JsonObject {
  const found = keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
  return isObject(found) ? found : {};
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a JSON5 text that should hold an object. What is wrong is pushed to `problems`. */
export function parseObject(text: string, file: string, problems: string[]): JsonObject | undefined {
  const value = parseText(text, file, problems);
  return value === undefined ? undefined : objectIn(value, file, problems);
}

/**
 * Parses a JSON5 text. What is wrong is pushed to `problems` by position only: the parser's own message may quote the
 * text around it, and a secret with it.
 */
function parseText(text: string, file: string, problems: string[]): unknown {
  try {
    return JSON5.parse(text);
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    problems.push(
      `${file} is not valid JSON5: look at line ${lineNumber ?? "?"}, column ${columnNumber ?? "?"}.`,
    );
    return undefined;
  }
}

function objectIn(value: unknown, file: string, problems: string[]): JsonObject | undefined {
  if (isObject(value)) return value;
  problems.push(`${file} must hold an object: { … }.`);
  return undefined;
}

/** A file's text; undefined when it does not exist, with a problem when it cannot be read. */
export function readIfPresent(file: string, problems: string[]): string | undefined {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") problems.push(`${file} cannot be read (${code}).`);
    return undefined;
  }
}

interface IncludeReader {
  /** Folders that included files must lie in, as real paths. */
  readonly roots: readonly string[];
  readonly problems: string[];
  /** A file's text; undefined when it does not exist. */
  readonly read: (file: string) => string | undefined;
}

/** @param chain the files on the way here, the innermost last. */
function resolveIncludes(
  value: unknown,
  folder: string,
  chain: readonly string[],
  reader: IncludeReader,
): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIncludes(item, folder, chain, reader));
  if (!isObject(value)) return value;
  const own = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== INCLUDE)
      .map(([key, inner]) => [key, resolveIncludes(inner, folder, chain, reader)]),
  );
  if (!(INCLUDE in value)) return own;
  const [first = {}, ...others] = [value[INCLUDE]]
    .flat()
    .map((name) => readIncluded(name, folder, chain, reader));
  const included = others.reduce(merge, first);
  if (Object.keys(own).length === 0) return included;
  if (isObject(included)) return merge(included, own);
  reader.problems.push(
    `${chain.at(-1)} has other keys beside an include: what is included there must hold an object: { … }.`,
  );
  return own;
}

/** What a file holds, of any kind; an empty object when it cannot be read. */
function readIncluded(
  name: unknown,
  folder: string,
  chain: readonly string[],
  reader: IncludeReader,
): unknown {
  const { problems } = reader;
  const includer = chain.at(-1);
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    problems.push(`${includer} includes something that is not a file name.`);
    return {};
  }
  const file = path.resolve(folder, name);
  const real = realPathIfPresent(file);
  if (chain.includes(file)) problems.push(`${includer} includes ${file}, which includes it again.`);
  else if (chain.length > MAXIMUM_DEPTH) problems.push(`${includer}: files are included too deeply.`);
  else if (!reader.roots.some((root) => contains(root, real))) {
    problems.push(`${includer} includes ${file}, which lies outside the config's folder.`);
  } else if ((statSync(real, { throwIfNoEntry: false })?.size ?? 0) > MAXIMUM_BYTES) {
    problems.push(`${includer} includes ${file}, which is larger than 2 MB.`);
  } else {
    const text = reader.read(file);
    if (text === undefined) problems.push(`${includer} includes ${file}, which could not be read.`);
    const parsed = text === undefined ? undefined : parseText(text, file, problems);
    return parsed === undefined ? {} : resolveIncludes(parsed, path.dirname(file), [...chain, file], reader);
  }
  return {};
}

/** The gateway's rule: objects are merged, arrays are joined, of anything else the later one counts. */
function merge(earlier: unknown, later: unknown): unknown {
  if (Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later];
  if (!isObject(earlier) || !isObject(later)) return later;
  const merged: Record<string, unknown> = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    merged[key] = Object.hasOwn(merged, key) ? merge(merged[key], value) : value;
  }
  return merged;
}

/** Whether a file lies in a folder; both as real paths. */
export function contains(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}

export function realPathIfPresent(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
