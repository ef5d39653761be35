/**
 * Owns the record of what setup has added to this machine, `<state folder>/switchboard/setup.json`: uninstall takes
 * back exactly that. It holds names and settings, never a secret.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { openSwitchboardFolder, switchboardFolder } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";

const settingPath = z.array(z.string()).min(1);

const addition = z.discriminatedUnion("kind", [
  /** Items of a list in the gateway's config that were not in it before. */
  z.object({ kind: z.literal("items"), path: settingPath, items: z.array(z.string()) }),
  /** A setting in the gateway's config. */
  z.object({
    kind: z.literal("setting"),
    path: settingPath,
    value: z.json(),
    /** What stood there before; missing when nothing did. */
    before: z.json().optional(),
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
 * @throws the file system's error when it cannot be written.
 */
export function recordSetup(
  stateFolder: string,
  { added }: { readonly added: readonly SetupAddition[] },
): void {
  if (added.length === 0) return;
  const known = readSetupRecord(stateFolder)?.added ?? [];
  write(stateFolder, added.reduce(united, known));
}

/**
 * Forgets what has been taken back; the record is removed with the last of it.
 *
 * @throws the file system's error when it cannot be written.
 */
export function forgetSetup(stateFolder: string, isTakenBack: (addition: SetupAddition) => boolean): void {
  const known = readSetupRecord(stateFolder);
  if (known === undefined) return;
  const left = known.added.filter((one) => !isTakenBack(one));
  if (left.length > 0) write(stateFolder, left);
  else rmSync(recordFile(stateFolder), { force: true });
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
