/**
 * Owns changing the gateway's config file and what it includes: in which file a change belongs, that it means what was
 * asked once all files are read together, and that the files are as they were when it does not work out. How a text is
 * changed is json5-edit.ts's, how a file is replaced replace-file.ts's.
 *
 * The gateway's own ways of writing it (`config set`, `config patch`, `mutateConfigFile`) are one writer, which strips
 * comments, rewrites everything as JSON with mode 0600, adds a `meta` section and puts a file in the place of a link:
 * tried with 2026.9.6, see references/gateway.md.
 */
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  contains,
  INCLUDE,
  isObject,
  type JsonObject,
  readGatewayConfig,
  realPathIfPresent,
} from "./gateway-config.ts";
import {
  type ConfigEdit,
  type EditedText,
  editedValue,
  editJson5,
  NotEditable,
  parseJson5,
  type SettingPath,
  type TextChange,
  takeBack,
  takesAway,
  valueAt,
} from "./json5-edit.ts";
import { ChangedMeanwhile, FileNotReplaced, type Machine, replaceFile, thisMachine } from "./replace-file.ts";
import type { Environment } from "./state-folder.ts";

/** The config is not changed. The message is for people. */
export class ConfigNotChanged extends Error {
  override readonly name = "ConfigNotChanged";
}

/** A change to the config: an edit, or one to take back. */
export type ConfigWish =
  | ConfigEdit
  | { readonly change: "takeBack"; readonly edit: Extract<ConfigEdit, { readonly change: "unite" | "set" }> };

/** Wishes that depend on what the config is once the wishes before them are carried out. */
export type WishesFor = (config: JsonObject) => readonly ConfigWish[];

export interface ConfigPlace {
  /** As the gateway is told it: it may be a link. */
  readonly configFile: string;
  readonly env: Environment;
}

/** What will be done to which files. Nothing has been written. */
export interface ConfigPlan extends ConfigPlace {
  readonly files: readonly PlannedFile[];
  /** The exact difference, in the order of the wishes; none when everything is as wanted. */
  readonly changes: readonly FileChange[];
}

export interface PlannedFile {
  /** As it is named by the config, or for it. */
  readonly name: string;
  /** The file itself, where the name is a link. */
  readonly file: string;
  readonly before: Buffer;
  readonly after: Buffer;
}

export interface FileChange extends TextChange {
  readonly name: string;
}

/**
 * Works out how the config's files have to change. What a file included alone stands for is changed there, where the
 * gateway would write it too; otherwise the file that includes gets it, since it counts last.
 *
 * @throws ConfigNotChanged when there is no config, it cannot be read whole, what is wanted does not fit what stands
 * there, or the files are composed so that no change of one of them would mean it.
 */
export function planConfigChange(
  place: ConfigPlace,
  wishes: readonly (ConfigWish | WishesFor)[],
): ConfigPlan {
  const { env, configFile } = place;
  if (env.OPENCLAW_CONFIG_READONLY === "1" || env.OPENCLAW_NIX_MODE === "1") {
    throw new ConfigNotChanged(
      `${configFile} is managed from outside (OPENCLAW_CONFIG_READONLY or OPENCLAW_NIX_MODE is set): make the change where it is managed.`,
    );
  }
  const files = new ConfigFiles(place);
  const changes = wishes.flatMap((wish) =>
    (typeof wish === "function" ? wish(files.whole()) : [wish]).flatMap((one) => files.make(one)),
  );
  return { ...place, files: files.changed(), changes };
}

/**
 * The config as the gateway reads it.
 *
 * @throws ConfigNotChanged when a part of it cannot be read.
 */
export function wholeConfig(place: ConfigPlace, contents?: ReadonlyMap<string, string>): JsonObject {
  readText(place.configFile);
  const { config, problems } = readGatewayConfig(place.configFile, place.env, contents);
  if (problems[0] !== undefined) throw new ConfigNotChanged(`${problems[0]} Nothing was changed.`);
  return config;
}

/** Tells what is wrong with the config as it is now; undefined when the gateway takes it. */
export type Validate = () => Promise<string | undefined>;

/**
 * Writes what was planned, has it validated, and puts everything back when it is not valid or the signal says to stop.
 *
 * @returns the backups, one for each file.
 * @throws ConfigNotChanged when the files are as they were, or were changed by somebody else.
 */
export async function applyConfigPlan(
  plan: ConfigPlan,
  validate: Validate,
  { signal, machine = thisMachine }: { readonly signal: AbortSignal; readonly machine?: Machine },
): Promise<string[]> {
  const done: { readonly file: PlannedFile; readonly backup: string }[] = [];
  try {
    for (const file of plan.files) {
      signal.throwIfAborted();
      if (realPathIfPresent(file.name) !== file.file) {
        throw new ChangedMeanwhile(`${file.name} leads to another file now: run this again.`);
      }
      const backup = await replaceFile({ ...file, lockOf: plan.configFile, withBackup: true }, machine);
      if (backup !== undefined) done.push({ file, backup });
    }
    const problem = await Promise.race([validate(), whenAborted(signal)]);
    if (problem === undefined) return done.map(({ backup }) => backup);
    throw new ConfigNotChanged(`The gateway would not take the new config: ${problem}`);
  } catch (error) {
    const kept = await putBack(done.reverse(), { lockOf: plan.configFile, machine });
    const why = signal.aborted ? "Stopped." : (error as Error).message;
    throw new ConfigNotChanged([why, ...kept].join(" "));
  }
}

/** @returns a sentence for each file that could not be put back, or that all were. */
async function putBack(
  done: readonly { readonly file: PlannedFile; readonly backup: string }[],
  { lockOf, machine }: { readonly lockOf: string; readonly machine: Machine },
): Promise<string[]> {
  if (done.length === 0) return [];
  const left: string[] = [];
  for (const { file, backup } of done) {
    try {
      const { before, after } = file;
      await replaceFile(
        { file: file.file, before: after, after: before, lockOf, withBackup: false },
        machine,
      );
      machine.disk.rmSync(backup, { force: true });
    } catch (error) {
      if (!(error instanceof FileNotReplaced)) throw error;
      left.push(`${error.message} What stood there before is in ${backup}.`);
    }
  }
  return left.length > 0 ? left : ["Everything is as it was."];
}

/** Resolves when the signal is aborted, and never else. */
export function whenAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("stopped");
    signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
}

/** A place where a setting is written. */
interface WrittenAt {
  readonly name: string;
  /** Of the setting, in that file. */
  readonly at: SettingPath;
}

/** The config's files, with what will stand in them. */
class ConfigFiles {
  readonly #place: ConfigPlace;
  /** By real path. */
  readonly #read = new Map<string, { name: string; before: Buffer; text: string; after: string }>();

  constructor(place: ConfigPlace) {
    this.#place = place;
  }

  changed(): PlannedFile[] {
    return [...this.#read]
      .filter(([, { text, after }]) => text !== after)
      .map(([file, { name, before, after }]) => ({ name, file, before, after: Buffer.from(after) }));
  }

  make(wish: ConfigWish): FileChange[] {
    const before = this.whole();
    const edit = wish.change === "takeBack" ? leastOf(wish.edit) : wish;
    const wanted = this.#sentence(this.#place.configFile, () => editedValue(before, edit));
    if (isSame(before, wanted, wish)) return [];
    const changes = this.#placesFor(edit).flatMap(({ name, at }) => this.#change(name, at, wish));
    if (!isSame(this.whole(), wanted, wish)) {
      throw new ConfigNotChanged(
        `"${edit.path.join(".")}" is put together from several files such that no single change would do: make it by hand, beginning in ${this.#place.configFile}. Nothing was changed.`,
      );
    }
    return changes;
  }

  whole(): JsonObject {
    return wholeConfig(this.#place, new Map([...this.#read].map(([file, { after }]) => [file, after])));
  }

  #change(name: string, at: SettingPath, wish: ConfigWish): FileChange[] {
    const { configFile } = this.#place;
    const file = this.#open(name);
    const folder = realpathSync(path.dirname(configFile));
    const realFile = realPathIfPresent(name);
    if (name !== configFile && !contains(folder, realFile)) {
      throw new ConfigNotChanged(
        `"${at.join(".")}" belongs into ${name}, which lies outside the config's folder and is nobody's to write but yours: make the change there by hand. Nothing was changed.`,
      );
    }
    if (at.length === 0 && !isObject(this.#parsed(name))) {
      const { path: setting } = wish.change === "takeBack" ? wish.edit : wish;
      throw new ConfigNotChanged(
        `"${setting.join(".")}" is a file of its own (${name}) that holds no object: make the change there by hand. Nothing was changed.`,
      );
    }
    const { text, changes } = this.#sentence(name, (): EditedText => {
      if (wish.change === "takeBack") return takeBack(file.after, { ...wish.edit, path: at });
      return editJson5(file.after, [{ ...wish, path: at }]);
    });
    file.after = text;
    return changes.map((change) => ({ name, ...change }));
  }

  #open(name: string) {
    const real = realPathIfPresent(name);
    const known = this.#read.get(real);
    if (known !== undefined) return known;
    const { bytes, text } = readText(name);
    const file = { name, before: bytes, text, after: text };
    this.#read.set(real, file);
    return file;
  }

  /** Where an edit has to be made, the place that counts last being the last. */
  #placesFor(edit: ConfigEdit): WrittenAt[] {
    const { path: wanted } = edit;
    const root = this.#parsed(this.#place.configFile);
    const places = this.#written(root, { name: this.#place.configFile, at: [], wanted });
    if (takesAway(edit)) return places;
    if (places.length > 0) return places.slice(-1);
    for (const length of [...wanted.keys()].reverse()) {
      const above = this.#written(root, {
        name: this.#place.configFile,
        at: [],
        wanted: wanted.slice(0, length),
      }).at(-1);
      if (above !== undefined) return [{ name: above.name, at: [...above.at, ...wanted.slice(length)] }];
    }
    return [{ name: this.#place.configFile, at: wanted }];
  }

  /** Every place where the setting is written, in the order in which they are merged. */
  #written(
    value: unknown,
    here: { readonly name: string; readonly at: SettingPath; readonly wanted: SettingPath },
  ): WrittenAt[] {
    const { name, at, wanted } = here;
    const places: WrittenAt[] = [];
    const [key, ...rest] = wanted;
    const hasIncludes = isObject(value) && Object.hasOwn(value, INCLUDE);
    for (const included of hasIncludes ? [value[INCLUDE]].flat() : []) {
      const file = path.resolve(path.dirname(name), String(included));
      places.push(...this.#written(this.#parsed(file), { name: file, at: [], wanted }));
    }
    if (key === undefined) {
      if (!hasIncludes || Object.keys(value).length > 1) places.push({ name, at });
    } else if (isObject(value) && Object.hasOwn(value, key)) {
      places.push(...this.#written(value[key], { name, at: [...at, key], wanted: rest }));
    }
    return places;
  }

  #parsed(name: string): unknown {
    return this.#sentence(name, () => parseJson5(this.#open(name).after));
  }

  #sentence<Result>(name: string, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof NotEditable)) throw error;
      throw new ConfigNotChanged(`${name} ${error.message}. Nothing was changed.`);
    }
  }
}

/** What is certainly to go when an edit is taken back. */
function leastOf(edit: Extract<ConfigEdit, { readonly change: "unite" | "set" }>): ConfigEdit {
  const { path: at } = edit;
  return edit.change === "set"
    ? { change: "remove", path: at }
    : { change: "take", path: at, items: edit.items };
}

/** Whether two configs mean the same; where an edit is taken back, what is empty on its path is as good as nothing. */
function isSame(one: unknown, other: unknown, wish: ConfigWish): boolean {
  if (wish.change !== "takeBack") return isDeepStrictEqual(one, other);
  return isDeepStrictEqual(withoutEmpty(one, wish.edit.path), withoutEmpty(other, wish.edit.path));
}

function withoutEmpty(value: unknown, at: SettingPath): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return Array.isArray(value) && value.length === 0 ? undefined : value;
  if (!isObject(value) || !Object.hasOwn(value, key)) return value;
  const { [key]: inner, ...others } = value;
  const left = withoutEmpty(inner, rest);
  const isEmpty = left === undefined || (isObject(left) && Object.keys(left).length === 0);
  return isEmpty ? others : { ...others, [key]: left };
}

/** @throws ConfigNotChanged when it is not there, cannot be read, or is no text. */
function readText(name: string): { bytes: Buffer; text: string } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigNotChanged(
      code === "ENOENT"
        ? `There is no ${name}: name the gateway's config with --config, or make one with "openclaw setup".`
        : `${name} cannot be read (${code ?? "unknown error"}).`,
    );
  }
  try {
    // The byte order mark is part of what stays.
    return { bytes, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    throw new ConfigNotChanged(`${name} is not written in UTF-8: nothing was changed.`);
  }
}

/**
 * The list at a path; empty when there is none.
 *
 * @throws ConfigNotChanged when something else stands there.
 */
export function listAt(config: unknown, at: SettingPath): readonly unknown[] {
  const found = valueAt(config, at) ?? [];
  if (Array.isArray(found)) return found;
  throw new ConfigNotChanged(
    `"${at.join(".")}" is not a list: [ … ]. Make it one, or take it out. Nothing was changed.`,
  );
}
