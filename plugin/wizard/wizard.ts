/**
 * Owns setup from beginning to end: what is found, what is asked, what will change and the yes to it, the writing, the
 * gateway taking it up, and the test call. Until that yes nothing is changed anywhere; what is written afterwards is written
 * whole or taken back.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { openGatewayCli } from "../briefings/gateway-cli.ts";
import { askAndKeep, keyFile, lostRegistration, whatIsStored } from "../command-line/clawcall-keys.ts";
import { difference, differenceFacts, validator } from "../command-line/config-changes.ts";
import { spoken } from "../command-line/quoted.ts";
import { type Answer, type PlainContext, withStore } from "../command-line/run.ts";
import { Stopped } from "../command-line/stopping.ts";
import { withVariables } from "../config/env-file.ts";
import { realPathIfPresent } from "../config/gateway-config.ts";
import {
  ConfigNotChanged,
  type ConfigPlan,
  planConfigChange,
  type Validate,
  whenAborted,
  wholeConfig,
} from "../config/gateway-config-file.ts";
import { editJson5, type JsonValue, valueAt } from "../config/json5-edit.ts";
import { type ConfigPlaces, loadConfig, loadImplicitLine } from "../config/loader.ts";
import { nameEmail, nameKey } from "../config/redaction.ts";
import { type CarrierName, carrierNames, carriers } from "../config/schema.ts";
import { switchboardFolder } from "../config/state-folder.ts";
import { findOldClients, type OldClient, stopOldClient, takeOver } from "../installation/old-clients.ts";
import { recordSetup, type SetupAddition } from "../installation/setup-record.ts";
import { messageOf } from "../log.ts";
import { importStateFiles } from "../missions/state-file.ts";
import { type CheckedKey, checkKey, KeyNotChecked } from "./check-key.ts";
import { type Findings, findEverything, NO_COMMAND, shellVariables } from "./findings.ts";
import { type Asking, type Front, SetupCancelled } from "./front.ts";
import {
  ConfigAsItWas,
  installPlugin,
  reloadPlugin,
  restartGateway,
  uninstallPlugin,
  untilTakenUp,
} from "./gateway-steps.ts";
import { givenAnswers, type SetupOptions } from "./given-answers.ts";
import { type Answers, type OpenQuestion, planSetup, type QuestionId, type SetupPlan } from "./setup-plan.ts";
import { NoTestCall, type TestCall, testCall } from "./test-call.ts";
import {
  type FirstStep,
  isUnfinished,
  recover,
  Undoing,
  type WholeFile,
  writeTogether,
} from "./write-together.ts";

export interface WizardParameters {
  readonly context: PlainContext;
  readonly places: ConfigPlaces;
  readonly options: SetupOptions;
  readonly front: Front;
  readonly signal: AbortSignal;
}

/** What is still to be answered. The message is for people; `facts` for programs. */
export class SetupIncomplete extends Error {
  override readonly name = "SetupIncomplete";
  readonly facts: object;

  constructor(open: readonly OpenQuestion[], facts: object) {
    const [first, ...rest] = open.filter(({ isOptional }) => !isOptional);
    const parts = [first, ...rest].flatMap((one) =>
      one === undefined ? [] : [`${one.what} (${one.flags.join(" or ")})`],
    );
    super(`Nothing was changed, since something is missing: ${parts.join(", ")}.`);
    this.facts = facts;
  }
}

/** Everything is written, but the phone does not work yet. The message is for people; `facts` for programs. */
class NotWorking extends Error {
  override readonly name = "NotWorking";
  readonly facts: object;

  constructor(message: string, facts: object) {
    super(message);
    this.facts = facts;
  }
}

/** Sets the phone up. @throws what is for people to read; {@link Stopped} when the signal says to stop. */
export async function runWizard(parameters: WizardParameters): Promise<Answer> {
  try {
    return await setUp(parameters);
  } catch (error) {
    // Whatever was being waited for: what had been written by then says so itself.
    if (!parameters.signal.aborted || error instanceof Stopped) throw error;
    throw new Stopped("Stopped: nothing was changed.", {});
  }
}

async function setUp(parameters: WizardParameters): Promise<Answer> {
  const { context, options, places, front, signal } = parameters;
  const notes: string[] = [];
  if (options.dryRun && isUnfinished(places.stateFolder)) {
    notes.push(
      "An earlier run of setup was ended in the middle: the next one takes back what it had written.",
    );
  } else {
    for (const note of await recover(places)) front.say(note);
  }
  const everything = await findEverything(places);
  const accounts = new Map<CarrierName, CheckedKey>();
  const found = await withoutRefusedKeys(everything, { places, accounts, notes, front });
  if (!found.gateway.hasConfig) {
    throw new ConfigNotChanged(
      `There is no gateway's config at ${found.gateway.configFile}: make one with "openclaw setup", or name it with --config.`,
    );
  }
  // One that cannot be read is no use asking about: everything would seem to be missing.
  wholeConfig(places);
  const asking: Asking = {
    found,
    env: places.env,
    check: (carrier, variables) => checkKey(carrier, variables, places),
    note: (checked) => void accounts.set(checked.carrier, checked),
  };
  const old = await oldClients(parameters, notes);
  const answers = await complete(
    await givenAnswers(options, await imported(old, { places, asking, notes }), asking),
    { asking, front, accounts },
  );
  const plan = planSetup(found, answers);
  notes.push(...plan.notes);
  const missing = plan.open.map(({ what, flags, isOptional }) => ({ what, flags, isOptional }));
  const facts = { found: foundFacts(found, { plan, accounts, old }), missing };
  if (plan.open.some(({ isOptional }) => !isOptional)) {
    throw new SetupIncomplete(plan.open, { ...facts, ...(notes.length > 0 ? { notes } : {}) });
  }
  const change = changeOf(found, plan, places);
  const account = plan.registersWithClawCall
    ? {
        server: loadImplicitLine(places, "clawcall").apiUrl,
        phoneNumber: answers.ownerNumbers?.[0] ?? found.config.ownerNumbers[0] ?? "",
        agentName: answers.agentName ?? found.config.agentName ?? "",
      }
    : undefined;
  const shown = [
    ...(plan.installsPlugin
      ? [
          `The gateway installs this plugin (a channel, a command, a skill, tools for calls): ${places.packageFolder}`,
        ]
      : []),
    ...(change.config.changes.length > 0 ? [difference(change.config)] : []),
    ...change.shownFiles,
  ];
  const isNothing = shown.length === 0 && account === undefined && old.clients.length === 0;
  if (shown.length > 0 && !options.dryRun) front.show(shown.join("\n"));
  const done: Done = {
    plugin: plan.installsPlugin ? "installed" : undefined,
    config: differenceFacts(change.config),
    variables: Object.keys(plan.variables),
    settings: change.settings,
    backups: [],
  };
  if (options.dryRun) {
    const text = [
      ...shown,
      ...(account === undefined ? [] : [whatIsStored({ ...account, file: keyFile(places) })]),
      isNothing ? "Nothing would be changed." : "Nothing was written.",
      ...notes,
    ];
    return {
      text: text.join("\n"),
      json: { dryRun: true, ...facts, changed: done, ...(notes.length > 0 ? { notes } : {}) },
    };
  }
  if (account !== undefined) {
    front.show(whatIsStored({ ...account, file: keyFile(places) }));
    const isStored = await front.isWanted("Make this account at ClawCall?", {
      name: "--store-number",
      isGiven: options.storeNumber === true,
    });
    if (!isStored) throw new SetupCancelled();
  }
  if (shown.length > 0) {
    const isWanted = await front.isWanted("Do this?", { name: "--yes", isGiven: options.yes === true });
    if (!isWanted) throw new SetupCancelled();
  }
  signal.throwIfAborted();
  const work = { parameters, found, plan, done, notes };
  const validate = await validator(places, context);
  if (change.config.files.length > 0) await checkConfig(parameters, validate);
  if (account !== undefined) await makeAccount(work, account);
  if (shown.length > 0) {
    // The account's key, kept a moment ago, stands in the file now.
    const now = account === undefined ? change : changeOf(found, plan, places);
    try {
      await write(work, now, validate);
    } catch (error) {
      const made =
        account === undefined
          ? ""
          : ` The account at ClawCall is made, and its key kept in ${keyFile(places)}.`;
      const message = `${messageOf(error)}${made}`;
      throw signal.aborted ? new Stopped(message, {}) : new ConfigNotChanged(message);
    }
  }
  try {
    await afterWriting(work, old);
    const gateway = await haveTakenUp(work, { hasChanged: shown.length > 0 || account !== undefined });
    return await tryOut(work, { facts, gateway, isNothing });
  } catch (error) {
    if (!signal.aborted || isNothing) throw error;
    throw new Stopped(
      "Stopped: everything is written, but not tried yet. Run setup again for the test call.",
      { ...facts, changed: done },
    );
  }
}

/** What was changed, for programs. */
interface Done {
  plugin: "installed" | undefined;
  config: readonly object[];
  /** Names. */
  variables: readonly string[];
  /** Keys in our own `skill-config.json`. */
  settings: readonly string[];
  backups: readonly string[];
  account?: object;
  stopped?: readonly string[];
}

interface Work {
  readonly parameters: WizardParameters;
  readonly found: Findings;
  readonly plan: SetupPlan;
  readonly done: Done;
  readonly notes: string[];
}

// --- finding and asking ---------------------------------------------------------------------------------

/** Keys the gateway has already are tried too: one that its service does not take is none. */
async function withoutRefusedKeys(
  found: Findings,
  using: {
    readonly places: ConfigPlaces;
    readonly accounts: Map<CarrierName, CheckedKey>;
    readonly notes: string[];
    readonly front: Front;
  },
): Promise<Findings> {
  const kept = carrierNames.filter((carrier) => found.keys[carrier]?.isKept === true);
  const looks = kept.map(async (carrier): Promise<CarrierName | undefined> => {
    try {
      using.accounts.set(carrier, await checkKey(carrier, {}, using.places));
      return undefined;
    } catch (error) {
      if (!(error instanceof KeyNotChecked)) throw error;
      using.notes.push(error.message);
      using.front.say(error.message);
      return error.isRefused ? carrier : undefined;
    }
  });
  const refused = await Promise.all(looks);
  const keys = Object.entries(found.keys).filter(([carrier]) => !refused.some((one) => one === carrier));
  return { ...found, keys: Object.fromEntries(keys) };
}

/** Asks what is open, question by question, each once. */
async function complete(
  given: Answers,
  using: {
    readonly asking: Asking;
    readonly front: Front;
    readonly accounts: ReadonlyMap<CarrierName, CheckedKey>;
  },
): Promise<Answers> {
  const { asking, front, accounts } = using;
  const asked = new Set<QuestionId>();
  let answers = given;
  for (;;) {
    answers = withAccountsNumber(answers, asking.found, accounts);
    const next = planSetup(asking.found, answers).open.find(({ id }) => !asked.has(id));
    if (next === undefined) return answers;
    asked.add(next.id);
    answers = (await front.ask(next.id, answers, asking)) ?? answers;
  }
}

/** ClawdTalk knows its owner's phone, where nothing else is said. */
function withAccountsNumber(
  answers: Answers,
  { config }: Findings,
  accounts: ReadonlyMap<CarrierName, CheckedKey>,
): Answers {
  const number = accounts.get("clawdtalk")?.ownerNumber;
  if (number === undefined || answers.ownerNumbers !== undefined || config.ownerNumbers.length > 0)
    return answers;
  return { ...answers, ownerNumbers: [number] };
}

interface OldClients {
  /** Those whose settings are taken over. */
  readonly clients: readonly OldClient[];
  /** Some of their programs run, and are to be ended. */
  readonly areStopped: boolean;
  readonly missionFiles: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly settings: ReturnType<typeof takeOver>["settings"];
}

const NO_OLD_CLIENTS: OldClients = {
  clients: [],
  areStopped: false,
  missionFiles: [],
  variables: {},
  settings: {},
};

/** The services' own clients, where they are to be taken over. Nothing of them is changed here. */
async function oldClients(
  { places, options, front }: WizardParameters,
  notes: string[],
): Promise<OldClients> {
  const clients = await findOldClients(places);
  if (clients.length === 0) {
    if (options.import)
      notes.push("No client of the services' own was found: there is nothing to take over.");
    return NO_OLD_CLIENTS;
  }
  const names = clients.map(({ name, folder }) => `${name} (${folder})`).join(", ");
  const isWanted = await front.isWanted(`There is ${names}. Take over its keys, names and missions?`, {
    name: "--import",
    isGiven: options.import === true,
  });
  if (!isWanted) {
    notes.push(`Left alone: ${names}. --import takes over what it has.`);
    return NO_OLD_CLIENTS;
  }
  const running = clients.flatMap((client) => client.running);
  const areStopped =
    running.length > 0 &&
    (await front.isWanted(
      "It runs. End it when everything is written? Two clients with one key take each other's calls.",
      { name: "--stop-old-clients", isGiven: options.stopOldClients === true },
    ));
  if (running.length > 0 && !areStopped) {
    notes.push(
      `Still running with the same key: ${running.map(({ program }) => program).join(", ")}. --stop-old-clients ends it.`,
    );
  }
  const taken = takeOver(clients, places);
  notes.push(...taken.notes);
  return { ...taken, clients, areStopped };
}

/** What the old clients answer. A key of theirs is tried like any other; one that does not work is left out. */
async function imported(
  { variables, settings }: OldClients,
  using: { readonly places: ConfigPlaces; readonly asking: Asking; readonly notes: string[] },
): Promise<Answers> {
  const kept: Record<string, string> = {};
  for (const carrier of carrierNames) {
    const names = Object.values(carriers[carrier].variables);
    const own = Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name)));
    if (Object.keys(own).length === 0) continue;
    if (own[carriers[carrier].variables.apiKey ?? ""] === undefined) {
      Object.assign(kept, own);
      continue;
    }
    try {
      using.asking.note(await using.asking.check(carrier, own));
      Object.assign(kept, own);
    } catch (error) {
      if (!(error instanceof KeyNotChecked)) throw error;
      using.notes.push(`${error.message} It is not taken over.`);
    }
  }
  const ownNumber = variables.CLAWCALL_OWNER_NUMBER;
  if (ownNumber !== undefined) kept.CLAWCALL_OWNER_NUMBER = ownNumber;
  const { config } = using.asking.found;
  const said = Object.entries(settings).filter(([name]) => config[name as keyof typeof config] === undefined);
  return { variables: kept, ...Object.fromEntries(said) };
}

function foundFacts(
  found: Findings,
  {
    plan,
    accounts,
    old,
  }: {
    readonly plan: SetupPlan;
    readonly accounts: ReadonlyMap<CarrierName, CheckedKey>;
    readonly old: OldClients;
  },
): object {
  const { kind, stateFolder, configFile, isRunning } = found.gateway;
  return {
    gateway: { kind, stateFolder, configFile, isRunning },
    plugin: found.plugin,
    mode: plan.mode,
    services: plan.services.map((carrier) => ({ carrier, ...accounts.get(carrier) })),
    ownerNumbers: found.config.ownerNumbers,
    names: found.names,
    oldClients: old.clients.map(({ name, folder, running }) => ({
      name,
      folder,
      running: running.length > 0,
    })),
  };
}

// --- what will change -----------------------------------------------------------------------------------

interface Change {
  readonly config: ConfigPlan;
  /** The `.env` file and our own settings. */
  readonly files: readonly WholeFile[];
  /** What will stand in them, without secrets; for people. */
  readonly shownFiles: readonly string[];
  /** Keys in our own settings. */
  readonly settings: readonly string[];
  readonly additions: readonly SetupAddition[];
}

/** Plans every file. Nothing is written. @throws ConfigNotChanged, EnvFileError, NotEditable */
function changeOf(found: Findings, plan: SetupPlan, places: ConfigPlaces): Change {
  const config = planConfigChange(places, plan.wishes);
  const envFile = realPathIfPresent(keyFile(places));
  const env = wholeFile(envFile, (before) => withVariables(before, plan.variables));
  const ownFile = path.join(switchboardFolder(places.stateFolder), "skill-config.json");
  const own = wholeFile(ownFile, (before) =>
    plan.ownSettings.length === 0
      ? before
      : Buffer.from(editJson5(before.length === 0 ? "{}\n" : before.toString("utf8"), plan.ownSettings).text),
  );
  const files = [env, own].filter(
    (file) => file.before?.equals(file.after) !== true && file.after.length > 0,
  );
  return {
    config,
    files,
    settings: plan.ownSettings.map(({ path: at }) => at.join(".")),
    shownFiles: [
      ...(files.includes(env)
        ? [
            `${envFile}:`,
            ...Object.entries(plan.variables).map(
              ([name, value]) => `  + ${name}=${shownValue(name, value)}`,
            ),
          ]
        : []),
      ...(files.includes(own)
        ? [
            `${ownFile}:`,
            ...plan.ownSettings.map(
              (edit) => `  + ${edit.path.join(".")}: ${JSON.stringify("value" in edit ? edit.value : "")}`,
            ),
          ]
        : []),
    ],
    additions: additionsOf(found, plan),
  };
}

function wholeFile(file: string, next: (before: Buffer) => Buffer): WholeFile {
  let before: Buffer | undefined;
  try {
    before = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new ConfigNotChanged(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return { file, before, after: next(before ?? Buffer.alloc(0)) };
}

/** Keys by their ends, addresses of accounts by their beginning, everything else as it is. */
function shownValue(name: string, value: string): string {
  if (/KEY|TOKEN|SECRET/.test(name)) return nameKey(value);
  return /EMAIL/.test(name) ? nameEmail(value) : value;
}

/** What uninstalling takes back. */
function additionsOf({ gatewayConfig, envFile }: Findings, plan: SetupPlan): SetupAddition[] {
  const settings = plan.wishes.flatMap((wish): SetupAddition[] => {
    if (wish.change === "unite") {
      const before = valueAt(gatewayConfig, wish.path);
      const items = wish.items.filter((item) => !(Array.isArray(before) && before.includes(item)));
      return items.length === 0 ? [] : [{ kind: "items", path: [...wish.path], items }];
    }
    if (wish.change !== "set") return [];
    const before = valueAt(gatewayConfig, wish.path);
    return [
      {
        kind: "setting",
        path: [...wish.path],
        value: wish.value as JsonValue & SettingValue,
        ...(before === undefined ? {} : { before: before as SettingValue }),
      },
    ];
  });
  const variables = Object.keys(plan.variables)
    .filter((name) => envFile[name] === undefined)
    .map((name): SetupAddition => ({ kind: "variable", name }));
  return [...settings, ...variables];
}

type SettingValue = Extract<SetupAddition, { kind: "setting" }>["value"];

// --- doing it -------------------------------------------------------------------------------------------

/** The key is shown this once: it is kept before anything else is done, and stays whatever comes after. */
async function makeAccount(
  { parameters: { context, places, front }, found, done, notes }: Work,
  account: { readonly server: string; readonly phoneNumber: string; readonly agentName: string },
): Promise<void> {
  front.say("Asking ClawCall for an account …");
  const { server, ...ask } = account;
  const kept = await askAndKeep(context, {
    stateFolder: places.stateFolder,
    server,
    ask: { ...ask, email: undefined },
    lostAnswer: lostRegistration(undefined),
    // A key of another address than the usual one is nobody's business there.
    with: shellVariables("clawcall", { env: places.env, kept: found.envFile }),
  });
  const { agentNumber, tier, apiKey, email, variables, file } = kept;
  done.variables = [...new Set([...done.variables, ...variables])];
  done.account = {
    agentNumber,
    tier,
    key: nameKey(apiKey),
    email: email === undefined ? undefined : nameEmail(email),
    file,
  };
  recordSetup(places.stateFolder, { added: variables.map((name) => ({ kind: "variable", name })) });
  notes.push(
    `ClawCall: your agent's number is ${agentNumber ?? "not known yet"}${tier === undefined ? "" : `, the tier ${tier}`}. Keep the account's email to yourself (${email === undefined ? "none was named" : nameEmail(email)}): whoever names it gets a new key.`,
  );
}

/** @throws ConfigNotChanged when the gateway does not take its config as it is. */
async function checkConfig({ places, front, signal }: WizardParameters, validate: Validate): Promise<void> {
  front.say("Having the gateway check its config …");
  const problem = await Promise.race([validate(), whenAborted(signal)]);
  signal.throwIfAborted();
  if (problem === undefined) return;
  throw new ConfigNotChanged(
    `The gateway does not take ${places.configFile} as it is: ${problem} Mend that first ("openclaw doctor"): nothing was changed.`,
  );
}

/** Installs, records and writes, as one. @throws ConfigNotChanged; everything is as it was then. */
async function write(
  { parameters, found, plan, done }: Work,
  change: Change,
  validate: Validate,
): Promise<void> {
  const { places, front, signal } = parameters;
  const record = path.join(switchboardFolder(places.stateFolder), "setup.json");
  const configFiles = [
    ...new Set([...change.config.files.map(({ file }) => file), realPathIfPresent(places.configFile)]),
  ];
  const undoing = Undoing.begin(places, [
    ...configFiles.map((file) => {
      const after = change.config.files.find((one) => one.file === file)?.after;
      return after === undefined ? { file } : { file, after };
    }),
    ...change.files.map(({ file, after }) => ({ file, after })),
    { file: record },
  ]);
  const first: FirstStep = {
    work: async () => {
      recordSetup(places.stateFolder, { added: change.additions });
      noteOurs(undoing, record);
      await installation?.work();
    },
    takeBack: async () => (await installation?.takeBack()) ?? [],
  };
  const installation = plan.installsPlugin
    ? installing({ parameters, found }, configFiles, undoing)
    : undefined;
  front.say("Writing …");
  const { files, config } = change;
  done.backups = await writeTogether({ first, files, plan: config, undoing }, validate, signal);
}

/** Has the gateway install this copy; its installer writes the config without its comments, so that is put back. */
function installing(
  { parameters: { places, front, signal }, found }: Pick<Work, "parameters" | "found">,
  configFiles: readonly string[],
  undoing: Undoing,
): FirstStep {
  const { packageFolder } = places;
  const asItWas = new ConfigAsItWas(places.configFile, configFiles);
  let isBegun = false;
  const restore = async () => {
    for (const { file, content } of asItWas.changed()) undoing.alsoOurs(file, content);
    await asItWas.restore();
  };
  return {
    work: async () => {
      if (packageFolder === undefined)
        throw new ConfigNotChanged("There is no package folder to install from.");
      front.say("Installing the plugin: this takes up to half a minute …");
      isBegun = true;
      await installPlugin(packageFolder, { cli: cliOf(found, places), signal });
      await restore();
    },
    takeBack: async () => {
      if (!isBegun) return [];
      front.say("Taking it out again …");
      const left = await takeOut(found, places);
      await restore().catch((error: unknown) => left.push(messageOf(error)));
      return left;
    },
  };
}

function noteOurs(undoing: Undoing, file: string): void {
  try {
    undoing.alsoOurs(file, readFileSync(file));
  } catch {
    // Nothing was added, so nothing is recorded.
  }
}

/** @returns what could not be taken out, a sentence. */
async function takeOut(found: Findings, places: ConfigPlaces): Promise<string[]> {
  try {
    await uninstallPlugin(cliOf(found, places));
    return [];
  } catch (error) {
    return [
      `The plugin may still be installed (${messageOf(error)}): "openclaw plugins uninstall switchboard" removes it.`,
    ];
  }
}

function cliOf({ gateway }: Findings, { env, stateFolder, configFile }: ConfigPlaces) {
  if (gateway.command === undefined) throw new ConfigNotChanged(NO_COMMAND);
  return openGatewayCli(gateway.command, {
    ...env,
    OPENCLAW_STATE_DIR: stateFolder,
    OPENCLAW_CONFIG_PATH: configFile,
  });
}

/** What must not be done before everything is written: nobody takes it back. */
async function afterWriting(
  { parameters: { places, front }, done, notes }: Work,
  old: OldClients,
): Promise<void> {
  if (old.areStopped) {
    front.say("Ending the services' own clients …");
    const stopped = await Promise.all(
      old.clients.filter(({ running }) => running.length > 0).map((client) => stopOldClient(client)),
    );
    done.stopped = stopped.flatMap((one) => one.notes);
    notes.push(...done.stopped);
  }
  if (old.missionFiles.length > 0) {
    const { stateFolder } = places;
    notes.push(...(await withStore({ stateFolder }, (store) => importStateFiles(store, old.missionFiles))));
  }
}

/** How the running gateway came by the new settings. */
type TakenUpBy = "unchanged" | "reloaded" | "restarted" | "notRunning" | "restartNeeded" | "notNeeded";

const LOOK_LIMIT_MS = 5_000;
const RELOAD_LIMIT_MS = 45_000;
const RESTART_LIMIT_MS = 120_000;

/** Has the gateway take up what was written, as gently as it can be done. */
async function haveTakenUp(
  { parameters, found, plan, done, notes }: Work,
  { hasChanged }: { readonly hasChanged: boolean },
): Promise<TakenUpBy> {
  const { places, front, options, signal } = parameters;
  if (!found.gateway.isRunning) {
    notes.push(
      "The gateway is not running: start it with openclaw gateway start, then run setup again for the test call.",
    );
    return "notRunning";
  }
  if (plan.mode === "skill") return hasChanged ? "notNeeded" : "unchanged";
  const { config } = loadConfig(places);
  const lines = config.lines
    .filter((line) => line.enabled && line.apiKey !== undefined)
    .map(({ name }) => name);
  // What an earlier run has written may still wait for a restart.
  if (!hasChanged) {
    const now = await untilTakenUp(config, { lines, limitMs: LOOK_LIMIT_MS, signal });
    if (now.isTakenUp) return "unchanged";
  }
  front.say("Waiting until the gateway has taken it up …");
  if (hasChanged && found.gateway.reloads) {
    try {
      // Nothing tells the gateway that its .env has changed.
      if (done.config.length === 0) await reloadPlugin(cliOf(found, places), signal);
      const taken = await untilTakenUp(config, { lines, limitMs: RELOAD_LIMIT_MS, signal });
      notes.push(...taken.notes);
      if (taken.isTakenUp) return "reloaded";
    } catch (error) {
      signal.throwIfAborted();
      notes.push(messageOf(error));
    }
  }
  const isWanted = await front.isWanted(
    "The gateway has to begin again, which ends what it is doing. Restart it?",
    {
      name: "--restart",
      isGiven: options.restart === true,
    },
  );
  if (!isWanted) {
    notes.push(
      "The gateway has to begin again (--restart lets setup do it), then setup makes the test call.",
    );
    return "restartNeeded";
  }
  front.say("Restarting the gateway …");
  await restartGateway(cliOf(found, places), signal);
  const taken = await untilTakenUp(config, { lines, limitMs: RESTART_LIMIT_MS, signal });
  notes.push(...taken.notes);
  return "restarted";
}

/** Makes the test call, and tells everything. */
async function tryOut(
  { parameters: { options, places, front, signal }, plan, done, notes }: Work,
  {
    facts,
    gateway,
    isNothing,
  }: { readonly facts: object; readonly gateway: TakenUpBy; readonly isNothing: boolean },
): Promise<Answer> {
  const isCallable = gateway !== "notRunning" && gateway !== "restartNeeded" && options.testCall !== false;
  let call: TestCall | undefined;
  let failure: string | undefined;
  if (isCallable) {
    front.say("Making a test call on a practice line …");
    try {
      call = await testCall({ config: loadConfig(places).config, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoTestCall) notes.push(error.message);
      else failure = messageOf(error);
    }
  }
  const next = [
    ...(gateway === "notRunning" ? ["openclaw gateway start"] : []),
    ...(gateway === "restartNeeded" ? ["openclaw gateway restart"] : []),
    ...(plan.mode === "skill" ? ["node dist/scripts/connect.js start"] : []),
  ];
  const told = {
    ...facts,
    changed: done,
    gateway,
    ...(call ?? {}),
    ...(next.length > 0 ? { next } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
  if (failure !== undefined) {
    throw new NotWorking(
      `${isNothing ? "Nothing had to be changed" : "Everything is written"}, but the test call failed: ${failure}`,
      told,
    );
  }
  const text = [
    isNothing ? "Everything is set up already: nothing was changed." : "The phone is set up.",
    ...(gateway === "reloaded" ? ["The gateway has taken it up without a restart."] : []),
    ...(gateway === "restarted" ? ["The gateway was restarted."] : []),
    ...(done.backups.length > 0 ? [`What stood in its config before is in ${done.backups.join(", ")}.`] : []),
    ...(call === undefined
      ? []
      : [
          `Test call: the first word after ${inSeconds(call.firstWordMs)}, the whole answer after ${inSeconds(call.wholeMs)}. Heard:`,
          ...call.heard.map((words) => `   ${spoken(words)}`),
        ]),
    ...notes,
    ...next.map((command) => `Next: ${command}`),
  ];
  return { text: text.join("\n"), json: told };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
