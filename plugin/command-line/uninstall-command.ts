/** Owns the command `uninstall`: shows what would go, asks for each part that cannot be had again, and takes it away. */
import type { Command } from "commander";
import { isYes, makeSure } from "./consent.ts";
import type { Answer, PlainContext } from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop } from "./stopping.ts";

interface UninstallOptions {
  readonly yes?: boolean;
  readonly deleteKeys?: boolean;
  readonly deleteHistory?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function defineUninstallCommand(
  command: Command,
  context: PlainContext,
  onStop: OnStop = onProcessStop,
): void {
  command
    .description(
      "Take back what setup has added, and remove this copy. Keys and history stay unless told otherwise.",
    )
    .option("--yes", "do not ask; keys and history stay")
    .option(
      "--delete-keys",
      "delete the services' keys from the gateway's .env, and the phone's settings file",
    )
    .option("--delete-history", "delete calls, texts and missions")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--json", "print one JSON object")
    .action(async (options: UninstallOptions) => {
      await answerUntilStopped(context, onStop, options, (signal) =>
        uninstallThisCopy(context, options, signal),
      );
    });
}

async function uninstallThisCopy(
  context: PlainContext,
  options: UninstallOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { howInstalled } = await import("../installation/how-installed.ts");
  const { planUninstall, removeEmptyFolder, takeInventory, uninstall } = await import(
    "../installation/uninstall.ts"
  );
  const { commandText } = await import("../installation/way-command.ts");
  const { holdInstallation } = await import("../installation/one-at-a-time.ts");
  const { difference, validator } = await import("./config-changes.ts");
  const { loadConfig } = await import("../config/loader.ts");
  const { redact, secretsOf } = await import("../config/redaction.ts");
  const places = context.places();
  const { packageFolder, stateFolder } = places;
  if (packageFolder === undefined)
    throw new Error("The folder of this package was not found: run the script where it lies.");
  const installation = howInstalled({ ...places, packageFolder });
  const inventory = await takeInventory(installation, places);
  const secrets = secretsOf(loadConfig(places).config);
  const { kind, folder, removeCommand } = installation;

  const wanted = async (question: string, isSaid: boolean | undefined) =>
    isSaid === true ||
    (!options.yes && !options.dryRun && isYes((await context.ask(`${question} [y/N] `, signal)) ?? ""));
  const taken: (typeof inventory.unrecorded)[number]["wish"][] = [];
  const notes = [...inventory.notes];
  for (const { name, wish } of inventory.unrecorded) {
    const isWanted = await wanted(
      `The config has ${name}, and no record says that setup put it there. Take it out?`,
      false,
    );
    if (isWanted) taken.push(wish);
    else notes.push(`The config has ${name}, and no record says that setup put it there: it stays.`);
  }
  const plan = planUninstall(inventory, places, taken);
  const { keys, keyFiles, history } = inventory;
  const hasKeys = keys.length + keyFiles.length > 0;
  const parts = [
    ...(inventory.isOnlyACopy
      ? ["The gateway has the plugin as another copy: what is set up is that one's, and stays."]
      : []),
    ...(inventory.isConnectorRunning ? ["The background process is ended."] : []),
    ...inventory.briefings.map(({ label }) => `The briefing "${label}" is removed.`),
    ...(plan === undefined || plan.changes.length === 0 ? [] : [redact(difference(plan), secrets)]),
    removeCommand === undefined
      ? kind === "openclaw-skill"
        ? `The folder ${folder} is removed.`
        : `The folder ${folder} stays: delete it yourself.`
      : `Run: ${commandText(removeCommand)}`,
    ...notes,
  ];
  const facts = {
    kind,
    folder,
    settings: plan?.changes.map(({ name, setting }) => ({ file: name, setting })) ?? [],
    keys,
    hasHistory: history.length > 0,
  };
  if (options.dryRun) {
    return {
      text: [
        ...parts,
        ...(hasKeys ? [`With --delete-keys: ${[...keys, ...keyFiles].join(", ")}.`] : []),
        ...(history.length > 0 ? [`With --delete-history: ${history.join(", ")}.`] : []),
        "Nothing was done.",
      ].join("\n"),
      json: { removed: false, ...facts, notes },
    };
  }
  context.complain(`${parts.join("\n")}\n`);
  await makeSure(context, options, { question: "Uninstall?", otherwise: "Nothing was removed.", signal });
  const deletesKeys =
    hasKeys &&
    (await wanted(`Delete the keys too (${[...keys, ...keyFiles].join(", ")})?`, options.deleteKeys));
  const deletesHistory =
    history.length > 0 && (await wanted("Delete all calls, texts and missions too?", options.deleteHistory));
  const changesConfig = plan !== undefined && plan.changes.length > 0;
  const validate = changesConfig ? await validator(places, context) : async () => undefined;
  const problem = await validate();
  if (problem !== undefined) {
    signal.throwIfAborted();
    throw new Error(
      `The gateway does not take ${places.configFile} as it is: ${problem} Mend that first ("openclaw doctor"): nothing was removed.`,
    );
  }
  const release = holdInstallation(stateFolder);
  try {
    const { backups, notes: done } = await uninstall(
      inventory,
      { plan, deletesKeys, deletesHistory },
      { place: places, validate, said: (text) => context.complain(text), signal },
    );
    const kept = [
      ...(hasKeys && !deletesKeys ? [`The keys stay: ${[...keys, ...keyFiles].join(", ")}.`] : []),
      ...(history.length > 0 && !deletesHistory ? [`Calls and texts stay in ${history[0]}.`] : []),
    ];
    return {
      text: [
        "Uninstalled.",
        ...done,
        ...kept,
        ...(backups.length > 0 ? [`The config from before is in ${backups.join(", ")}.`] : []),
        "If the gateway runs and does not take it up by itself: openclaw gateway restart",
      ].join("\n"),
      json: {
        removed: true,
        ...facts,
        keysDeleted: deletesKeys,
        historyDeleted: deletesHistory,
        backups,
        notes: [...notes, ...done],
      },
    };
  } finally {
    release();
    removeEmptyFolder(stateFolder);
  }
}
