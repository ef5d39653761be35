/**
 * Owns the record of what setup has added to this machine, `<state folder>/switchboard/setup.json`: uninstall takes
 * back exactly that. It holds names and settings, never a secret.
 */
import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ConfigWish } from "../config/gateway-config-file.ts";
import { valueAt } from "../config/json5-edit.ts";
import { openSwitchboardFolder, switchboardFolder } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";

const settingPath = z.array(z.string()).min(1);
const jsonValue = z.json();

const addition = z.discriminatedUnion("kind", [
  /** Items of a list in the gateway's config that were not in it before. */
  z.object({ kind: z.literal("items"), path: settingPath, items: z.array(z.string()) }),
  /** A setting in the gateway's config. */
  z.object({
    kind: z.literal("setting"),
    path: settingPath,
    value: jsonValue,
    /** What stood there before; missing when nothing did. */
    before: jsonValue.optional(),
  }),
  /** A variable in the gateway's `.env` that was not there before. Its value is no business of this file's. */
  z.object({ kind: z.literal("variable"), name: z.string() }),
]);

const setupRecord = z.object({ version: z.literal(1), added: z.array(addition) });

/** One thing setup has added. */
export type SetupAddition = z.infer<typeof addition>;

export type SetupRecord = z.infer<typeof setupRecord>;

/**
 * Notes what setup adds, with what it has added before. To be called before it is added: what is noted and was never
 * written is found to be missing later, and left alone. Only what is not there yet is an addition.
 *
 * @returns makes the record what it was: for what could not be added.
 * @throws the file system's error when it cannot be written.
 */
export function recordSetup(
  stateFolder: string,
  { added }: { readonly added: readonly SetupAddition[] },
): () => void {
  if (added.length === 0) return () => {};
  const known = readSetupRecord(stateFolder);
  write(stateFolder, added.reduce(united, known?.added ?? []));
  return () => {
    if (known === undefined) removeSetupRecord(stateFolder);
    else write(stateFolder, known.added);
  };
}

/**
 * What these changes would add to the gateway's config as it is now, for {@link recordSetup}. What is there already is no
 * addition, and taking away is none.
 */
export function additionsOf(config: unknown, wishes: readonly ConfigWish[]): SetupAddition[] {
  return wishes.flatMap((wish): SetupAddition[] => {
    if (wish.change === "set") {
      const before = jsonValue.safeParse(valueAt(config, wish.path)).data;
      if (isDeepStrictEqual(before, wish.value)) return [];
      const value = jsonValue.parse(wish.value);
      return [{ kind: "setting", path: [...wish.path], value, ...(before === undefined ? {} : { before }) }];
    }
    if (wish.change !== "unite") return [];
    const present = valueAt(config, wish.path);
    const items = wish.items.filter((item) => !(Array.isArray(present) && present.includes(item)));
    return items.length === 0 ? [] : [{ kind: "items", path: [...wish.path], items }];
  });
}

/**
 * The changes to the gateway's config that take all of it back, the last one first.
 *
 * @returns `changed`: settings that have another value by now, and are the owner's.
 */
export function wishesToTakeBack(
  config: unknown,
  { added }: SetupRecord,
): { readonly wishes: readonly ConfigWish[]; readonly changed: readonly string[] } {
  const wishes: ConfigWish[] = [];
  const changed: string[] = [];
  for (const addition of added.toReversed()) {
    if (addition.kind === "variable") continue;
    const present = valueAt(config, addition.path);
    if (addition.kind === "items") {
      const { path: at, items } = addition;
      wishes.push({ change: "takeBack", edit: { change: "unite", path: at, items } });
    } else if (isDeepStrictEqual(present, addition.value)) {
      const { path: at, value, before } = addition;
      wishes.push(
        before === undefined
          ? { change: "takeBack", edit: { change: "set", path: at, value } }
          : { change: "set", path: at, value: before },
      );
    } else if (present !== undefined) changed.push(addition.path.join("."));
  }
  return { wishes, changed };
}

/**
 * Forgets what these changes have taken back; the record is removed with the last of it.
 *
 * @throws the file system's error when it cannot be written.
 */
export function forgetSetup(stateFolder: string, takenBack: readonly ConfigWish[]): void {
  const known = readSetupRecord(stateFolder);
  if (known === undefined) return;
  const left = takenBack.reduce<readonly SetupAddition[]>(without, known.added);
  if (left.length > 0) write(stateFolder, left);
  else removeSetupRecord(stateFolder);
}

/** Forgets everything. */
export function removeSetupRecord(stateFolder: string): void {
  rmSync(recordFile(stateFolder), { force: true });
  try {
    rmdirSync(switchboardFolder(stateFolder));
  } catch {
    // Other things are in it.
  }
}

function without(added: readonly SetupAddition[], wish: ConfigWish): readonly SetupAddition[] {
  if (wish.change !== "takeBack") return added;
  const { edit } = wish;
  return added.flatMap((one): SetupAddition[] => {
    if (one.kind === "variable" || !isDeepStrictEqual(one.path, [...edit.path])) return [one];
    if (one.kind === "setting" || edit.change === "set") return [];
    const items = one.items.filter((item) => !edit.items.includes(item));
    return items.length === 0 ? [] : [{ ...one, items }];
  });
}

/** What setup has added, in that order; undefined where there is no record, or none that can be read. */
export function readSetupRecord(stateFolder: string): SetupRecord | undefined {
  try {
    return setupRecord.safeParse(jsonIn(readFileSync(recordFile(stateFolder), "utf8"))).data;
  } catch {
    return undefined;
  }
}

function recordFile(stateFolder: string): string {
  return path.join(switchboardFolder(stateFolder), "setup.json");
}

/** The same setting set again keeps what stood there at first; the same list takes further items. */
function united(known: readonly SetupAddition[], next: SetupAddition): SetupAddition[] {
  const index = known.findIndex((one) => isSamePlace(one, next));
  const earlier = known[index];
  if (earlier === undefined) return [...known, next];
  return known.with(index, merged(earlier, next));
}

function isSamePlace(one: SetupAddition, other: SetupAddition): boolean {
  if (one.kind === "variable" || other.kind === "variable")
    return one.kind === "variable" && other.kind === "variable" && one.name === other.name;
  return one.kind === other.kind && JSON.stringify(one.path) === JSON.stringify(other.path);
}

function merged(earlier: SetupAddition, next: SetupAddition): SetupAddition {
  if (earlier.kind === "items" && next.kind === "items")
    return { ...earlier, items: [...new Set([...earlier.items, ...next.items])] };
  if (earlier.kind === "setting" && next.kind === "setting") return { ...earlier, value: next.value };
  return earlier;
}

function write(stateFolder: string, added: readonly SetupAddition[]): void {
  openSwitchboardFolder(stateFolder);
  const file = recordFile(stateFolder);
  const unfinished = `${file}.${process.pid}`;
  const record: SetupRecord = { version: 1, added: [...added] };
  try {
    writeFileSync(unfinished, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
