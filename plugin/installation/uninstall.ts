/**
 * Owns taking this copy away: what there is of it, what of that setup has put there, and removing it, in an order in which
 * every step can be done again.
 *
 * Everything this process needs later is imported at the top: while it runs, its own files are removed.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import nodeModule from "node:module";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type BriefingJob, listBriefingJobs, removeCommandJob } from "../briefings/cron-jobs.ts";
import {
  findGatewayCli,
  type GatewayCli,
  GatewayCommandFailed,
  openGatewayCli,
} from "../briefings/gateway-cli.ts";
import { openEnvFile, readEnvFile, withVariables } from "../config/env-file.ts";
import { isObject, type JsonObject, readGatewayConfig, realPathIfPresent } from "../config/gateway-config.ts";
import {
  applyConfigPlan,
  type ConfigPlan,
  type ConfigWish,
  planConfigChange,
  type Validate,
  type WishesFor,
  wholeConfig,
} from "../config/gateway-config-file.ts";
import { editJson5, type JsonValue, parseJson5, valueAt } from "../config/json5-edit.ts";
import { replaceFile } from "../config/replace-file.ts";
import { carriers } from "../config/schema.ts";
import { type Environment, switchboardFolder } from "../config/state-folder.ts";
import { stopBackground } from "../connector/control.ts";
import { connectorFiles } from "../connector/files.ts";
import { isLocked } from "../connector/lock.ts";
import { messageOf } from "../log.ts";
import { storeFile } from "../store/backup.ts";
import type { Installation } from "./how-installed.ts";
import { INSTALLATION_LOCK } from "./one-at-a-time.ts";
import { readSetupRecord, removeSetupRecord, wishesToTakeBack } from "./setup-record.ts";
import { runWayCommand } from "./way-command.ts";

export interface UninstallPlace {
  readonly stateFolder: string;
  readonly configFile: string;
  readonly env: Environment;
}

/** What there is to take away. Nothing has been done. */
export interface Inventory {
  readonly installation: Installation;
  /** Another copy is the gateway's plugin: what is set up is that one's, and stays. */
  readonly isOnlyACopy: boolean;
  readonly isConnectorRunning: boolean;
  readonly briefings: readonly BriefingJob[];
  /** Changes that take back what setup has recorded, and what goes with a plugin. */
  readonly wishes: readonly (ConfigWish | WishesFor)[];
  /** Settings that may be ours and that no record names: by their names, with what would take them back. */
  readonly unrecorded: readonly { readonly name: string; readonly wish: ConfigWish }[];
  /** Variables in the gateway's `.env` that setup has put there, or, without a record, that our lines read. */
  readonly keys: readonly string[];
  /** Files with keys besides. */
  readonly keyFiles: readonly string[];
  /** Files with calls, texts, missions, and what was logged of them. */
  readonly history: readonly string[];
  /** What stays and should be known of: a sentence each. */
  readonly notes: readonly string[];
}

const ENTRY = ["plugins", "entries", "switchboard"] as const;
const CHANNEL = ["channels", "phone"] as const;

/** Looks at everything. Never rejects for want of a gateway. @throws ConfigNotChanged when the config cannot be read. */
export async function takeInventory(installation: Installation, place: UninstallPlace): Promise<Inventory> {
  const { stateFolder, configFile } = place;
  const notes: string[] = [];
  const isPlugin = installation.kind.startsWith("plugin-");
  const config: JsonObject = existsSync(configFile) ? wholeConfig(place) : {};
  const isOnlyACopy =
    !isPlugin && valueAt(config, ENTRY) !== undefined && (await hasPlugin(place, valueAt(config, ENTRY)));
  const own = switchboardFolder(stateFolder);
  const record = readSetupRecord(stateFolder);
  const back =
    record === undefined || isOnlyACopy ? { wishes: [], changed: [] } : wishesToTakeBack(config, record);
  const goesWithPlugin = (name: string) =>
    isPlugin && [ENTRY, CHANNEL].some((at) => `${name}.`.startsWith(`${at.join(".")}.`));
  for (const name of back.changed.filter((one) => !goesWithPlugin(one))) {
    notes.push(`"${name}" was changed since setup has set it, and stays.`);
  }
  const wishes = [...back.wishes, ...(isPlugin ? [withPlugin(installation)] : [])];
  const present = readEnvFile(path.join(stateFolder, ".env"));
  const recorded = record?.added.flatMap((one) => (one.kind === "variable" ? [one.name] : []));
  const inEnvFile = OWN_VARIABLES.filter((name) => present[name] !== undefined);
  const keys = isOnlyACopy ? [] : inEnvFile.filter((name) => recorded?.includes(name) ?? true);
  const foreign = isOnlyACopy ? [] : inEnvFile.filter((name) => !keys.includes(name));
  if (foreign.length > 0) {
    notes.push(
      `${foreign.join(", ")} in ${path.join(stateFolder, ".env")} ${foreign.length === 1 ? "was" : "were"} not put there by setup, and ${foreign.length === 1 ? "stays" : "stay"}.`,
    );
  }
  return {
    installation,
    isOnlyACopy,
    isConnectorRunning: !isOnlyACopy && existsSync(own) && isLocked(connectorFiles(stateFolder).lock),
    briefings: isOnlyACopy ? [] : await briefings(openCli(place), notes),
    wishes,
    unrecorded: record === undefined && !isOnlyACopy ? unrecordedIn(config) : [],
    keys,
    keyFiles: isOnlyACopy
      ? []
      : // The last is what a setup that was killed has left.
        ["skill-config.json", "backups", "setup-undo"].map((name) => path.join(own, name)).filter(existsSync),
    history: isOnlyACopy ? [] : historyIn(stateFolder),
    notes: [...notes, ...copiesOfConfig(configFile)],
  };
}

/**
 * What the gateway takes out of its config with a plugin: done here beforehand, so that what it writes can be told from
 * what is wanted. A `channels.phone` without the plugin would make the whole config invalid (tried with 2026.9.6).
 */
function withPlugin({ folder }: Installation): WishesFor {
  return (config) => {
    const sections = [ENTRY, CHANNEL].flatMap((at): ConfigWish[] => {
      const value = jsonAt(config, at);
      return value === undefined ? [] : [{ change: "takeBack", edit: { change: "set", path: at, value } }];
    });
    const lists: readonly (readonly [readonly string[], (item: string) => boolean])[] = [
      [["plugins", "load", "paths"], (item) => realPathIfPresent(item) === folder],
      [["plugins", "allow"], (item) => item === ENTRY[2]],
      [["plugins", "deny"], (item) => item === ENTRY[2]],
    ];
    return [
      ...sections,
      ...lists.flatMap(([at, isOurs]): ConfigWish[] => {
        const items = textsAt(config, at).filter(isOurs);
        return items.length === 0 ? [] : [{ change: "takeBack", edit: { change: "unite", path: at, items } }];
      }),
    ];
  };
}

/** What lets a skill-only phone work, and may have been put there by others. */
function unrecordedIn(config: JsonObject): Inventory["unrecorded"] {
  const tools = ["gateway", "tools", "allow"] as const;
  const streaming = ["gateway", "http", "endpoints", "chatCompletions", "enabled"] as const;
  return [
    ...(textsAt(config, tools).includes("sessions_send")
      ? [
          {
            name: "sessions_send in gateway.tools.allow",
            wish: {
              change: "takeBack",
              edit: { change: "unite", path: tools, items: ["sessions_send"] },
            } as const,
          },
        ]
      : []),
    ...(valueAt(config, streaming) === true
      ? [
          {
            name: streaming.join("."),
            wish: { change: "takeBack", edit: { change: "set", path: streaming, value: true } } as const,
          },
        ]
      : []),
  ];
}

function jsonAt(config: JsonObject, at: readonly string[]): JsonValue | undefined {
  // The config is JSON as it was read.
  return valueAt(config, at) as JsonValue | undefined;
}

function textsAt(config: JsonObject, at: readonly string[]): string[] {
  const list = valueAt(config, at);
  return (Array.isArray(list) ? list : []).filter((item) => typeof item === "string");
}

/** Every variable a line can be set up by, and the owner's number. */
const OWN_VARIABLES: readonly string[] = [
  ...Object.values(carriers).flatMap(({ variables }) => Object.values(variables)),
  "CLAWCALL_OWNER_NUMBER",
];

function openCli({ env, stateFolder, configFile }: UninstallPlace): GatewayCli | undefined {
  try {
    const file = findGatewayCli({ env, platform: process.platform, script: process.argv[1] });
    return openGatewayCli(file, {
      ...env,
      OPENCLAW_STATE_DIR: stateFolder,
      OPENCLAW_CONFIG_PATH: configFile,
    });
  } catch {
    return undefined;
  }
}

/** A gateway that does not run cannot be asked, and runs no briefing. */
async function briefings(cli: GatewayCli | undefined, notes: string[]): Promise<BriefingJob[]> {
  if (cli === undefined) return [];
  try {
    return await listBriefingJobs(cli);
  } catch (error) {
    if (!(error instanceof GatewayCommandFailed)) throw error;
    notes.push(
      `The gateway could not be asked for briefings (${error.message.replace(/\.$/, "")}): if there are any, "openclaw cron list" and "openclaw cron rm" remove them once it runs.`,
    );
    return [];
  }
}

/**
 * Whether the gateway has the plugin, as another copy. Where it cannot say, an entry that switches it on is believed: taking
 * away what a plugin needs is worse than leaving it.
 */
async function hasPlugin(place: UninstallPlace, entry: unknown): Promise<boolean> {
  try {
    const cli = openCli(place);
    if (cli !== undefined) {
      await cli.run(["plugins", "inspect", ENTRY[2], "--json"]);
      return true;
    }
  } catch (error) {
    if (!(error instanceof GatewayCommandFailed)) throw error;
    if (/plugin not found/i.test(error.message)) return false;
  }
  return isObject(entry) && (entry.enabled === true || isObject(entry.hooks));
}

/** The store with its side files, and what was logged. */
function historyIn(stateFolder: string): string[] {
  const store = storeFile(stateFolder);
  const { log, crash } = connectorFiles(stateFolder);
  return [store, `${store}-wal`, `${store}-shm`, log, `${log}.1`, crash].filter((file) => existsSync(file));
}

/** The copies that were made before the config was changed hold what it held. */
function copiesOfConfig(configFile: string): string[] {
  const folder = path.dirname(configFile);
  const copies = namesIn(folder).filter((name) => name.endsWith(".switchboard-backup"));
  if (copies.length === 0) return [];
  return [
    `${copies.length === 1 ? "A copy" : `${copies.length} copies`} of the config from before changes ${copies.length === 1 ? "stays" : "stay"} in ${folder} (*.switchboard-backup): delete what you do not need.`,
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

// --- doing it -------------------------------------------------------------------------------------------

export interface Consent {
  /** The plan of the config's changes, with those of the unrecorded settings that are wanted; undefined without a config. */
  readonly plan: ConfigPlan | undefined;
  readonly deletesKeys: boolean;
  readonly deletesHistory: boolean;
}

export interface Uninstalled {
  /** Copies of the config from before. */
  readonly backups: readonly string[];
  /** What was done, in order, and what has to be done by hand: a sentence each. */
  readonly notes: readonly string[];
}

/** The changes of the config. @throws ConfigNotChanged */
export function planUninstall(
  inventory: Inventory,
  place: UninstallPlace,
  taken: readonly ConfigWish[],
): ConfigPlan | undefined {
  if (!existsSync(place.configFile)) return undefined;
  return planConfigChange(place, [...inventory.wishes, ...taken]);
}

/**
 * Takes this copy away. Once the config is changed it goes on to the end: half of it is worse than either.
 *
 * @param validate checks the config with the gateway.
 * @throws when nothing is changed but what can be done again: the config is as it was, and the copy is there.
 */
export async function uninstall(
  inventory: Inventory,
  { plan, deletesKeys, deletesHistory }: Consent,
  {
    place,
    validate,
    said,
    signal,
  }: {
    readonly place: UninstallPlace;
    readonly validate: Validate;
    readonly said: (text: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Uninstalled> {
  const { stateFolder } = place;
  const { installation, isOnlyACopy } = inventory;
  const notes: string[] = [];
  signal.throwIfAborted();
  if (!isOnlyACopy && existsSync(switchboardFolder(stateFolder))) {
    const ended = await stopBackground(connectorFiles(stateFolder));
    if (ended !== undefined) notes.push(`The background process (${ended.pid}) was ended.`);
  }
  const cli = inventory.briefings.length === 0 ? undefined : openCli(place);
  for (const { id, label } of inventory.briefings) {
    signal.throwIfAborted();
    if (cli !== undefined) await removeCommandJob(cli, id);
    notes.push(`The briefing "${label}" was removed.`);
  }
  const backups =
    plan === undefined || plan.changes.length === 0 ? [] : await applyConfigPlan(plan, validate, { signal });
  if (installation.removeCommand !== undefined) {
    const texts = textsNow(place);
    try {
      await runWayCommand(installation.removeCommand, place, {
        workingFolder: installation.workingFolder,
        said,
      });
    } catch (error) {
      for (const { file, before } of plan?.files ?? []) texts.set(file, before);
      await putTextsBack(texts, place);
      throw error;
    }
    notes.push(...(await putTextsBack(texts, place)));
  }
  if (deletesKeys) notes.push(...deleteKeys(inventory, stateFolder));
  if (deletesHistory) {
    // What ran until now may have made more of them.
    const history = historyIn(stateFolder);
    for (const file of history) rmSync(file, { force: true });
    if (history.length > 0) notes.push("Calls, texts and missions were deleted.");
  }
  if ((deletesKeys || deletesHistory) && !isOnlyACopy) {
    // What is in the copies is the same.
    rmSync(path.join(switchboardFolder(stateFolder), "backups"), { recursive: true, force: true });
  }
  if (!isOnlyACopy) removeOwnFiles(stateFolder);
  notes.push(...removeCopy(installation));
  return { backups, notes };
}

/** The config's files, with what stands in them. */
function textsNow({ configFile, env }: UninstallPlace): Map<string, Buffer> {
  return new Map([...readGatewayConfig(configFile, env).files].map((file) => [file, readFileSync(file)]));
}

/**
 * Gives the config's files their text again after the gateway has written them anew, which strips comments: where it has
 * changed nothing else.
 *
 * @returns a sentence for each file that is not as it should be.
 */
async function putTextsBack(
  texts: ReadonlyMap<string, Buffer>,
  { configFile }: UninstallPlace,
): Promise<string[]> {
  const notes: string[] = [];
  for (const [file, text] of texts) {
    try {
      const present = readFileSync(file);
      if (present.equals(text)) continue;
      if (isSameButForTheGatewaysOwn(text, present)) {
        await replaceFile({ file, before: present, after: text, lockOf: configFile, withBackup: false });
      } else notes.push(`${file} was changed by the gateway or somebody else meanwhile, and is left so.`);
    } catch (error) {
      notes.push(messageOf(error));
    }
  }
  return notes;
}

/** The gateway adds a section of its own, empty ones, and the mark that the plugin is not wanted any more. */
function isSameButForTheGatewaysOwn(one: Buffer, other: Buffer): boolean {
  const [first, second] = [one, other].map((text) => {
    const { text: unmarked } = editJson5(text.toString("utf8").replace(/^\uFEFF/, ""), [
      { change: "remove", path: ["meta"] },
      { change: "remove", path: ENTRY },
      { change: "remove", path: CHANNEL },
    ]);
    return withoutEmpty(parseJson5(unmarked));
  });
  return isDeepStrictEqual(first, second);
}

function withoutEmpty(value: unknown): unknown {
  if (!isObject(value)) return value;
  const members = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined && !(Array.isArray(inner) && inner.length === 0));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function deleteKeys({ keys, keyFiles }: Inventory, stateFolder: string): string[] {
  const notes: string[] = [];
  const file = path.join(stateFolder, ".env");
  if (keys.length > 0) {
    const taken = Object.fromEntries(keys.map((name) => [name, undefined]));
    // At once, lest an empty one is left that nobody knows of.
    if (withVariables(readFileSync(file), taken).length === 0) rmSync(file);
    else openEnvFile(file, []).save(taken);
    notes.push(`${keys.join(", ")} ${keys.length === 1 ? "was" : "were"} taken out of ${file}.`);
  }
  for (const name of keyFiles) rmSync(name, { recursive: true, force: true });
  return notes;
}

/** What says how things are, and is nothing without the rest. */
function removeOwnFiles(stateFolder: string): void {
  const { lock, status, wish } = connectorFiles(stateFolder);
  removeSetupRecord(stateFolder);
  for (const file of [status, wish, lock]) rmSync(file, { force: true });
}

/** Our folder itself, when nothing is in it any more. To be called when its lock is released. */
export function removeEmptyFolder(stateFolder: string): void {
  const folder = switchboardFolder(stateFolder);
  rmSync(path.join(folder, INSTALLATION_LOCK), { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Calls, texts or keys are in it that are to stay.
  }
}

/** The scripts' compiled form, and, where no installer removes it, the copy itself. */
function removeCopy({ kind, folder, removeCommand }: Installation): string[] {
  const cache = nodeModule.getCompileCacheDir?.();
  if (cache !== undefined && path.basename(path.dirname(cache)) === "openclaw-switchboard") {
    rmSync(path.dirname(cache), { recursive: true, force: true });
  }
  if (kind === "openclaw-skill" && removeCommand === undefined) {
    rmSync(folder, { recursive: true, force: true });
    return [`${folder} was removed.`];
  }
  return kind === "git" || kind === "copy" || kind === "plugin-link"
    ? [`${folder} stays: delete it yourself if nothing of yours is in it.`]
    : [];
}
