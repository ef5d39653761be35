/** Owns the command `update`: this copy's next version by the way it was installed, with everything kept that it may change. */
import type { Command } from "commander";
import { makeSure } from "./consent.ts";
import type { Answer, PlainContext } from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop, Stopped } from "./stopping.ts";

interface UpdateOptions {
  readonly yes?: boolean;
  readonly putBack?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function defineUpdateCommand(
  command: Command,
  context: PlainContext,
  onStop: OnStop = onProcessStop,
): void {
  command
    .description(
      "Get the next version, by the way this one was installed. Config, .env and store are copied before.",
    )
    .option("--yes", "do not ask")
    .option("--dry-run", "say what would be run, and run nothing")
    .option(
      "--put-back",
      "put back what the last update has copied, where it is not as it was, and update nothing",
    )
    .option("--json", "print one JSON object")
    .action(async (options: UpdateOptions) => {
      await answerUntilStopped(context, onStop, options, (signal) =>
        options.putBack ? putLastBack(context, options, signal) : updateThisCopy(context, options, signal),
      );
    });
}

async function updateThisCopy(
  context: PlainContext,
  options: UpdateOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { places, installation } = await thisCopy(context);
  const { update, NotUpdated } = await import("../installation/update.ts");
  const { commandText } = await import("../installation/way-command.ts");
  const { kind, folder, updateCommand, whyNoUpdate } = installation;
  if (updateCommand === undefined) throw new NotUpdated(whyNoUpdate ?? "There is no way to update it.");
  const command = commandText(updateCommand);
  const facts = { kind, folder, command };
  if (options.dryRun) {
    return {
      text: `${folder} would be updated by: ${command}\nNothing was run.`,
      json: { updated: false, ...facts },
    };
  }
  await makeSure(context, options, {
    question: `Update ${folder} by "${command}"?`,
    otherwise: "Nothing was updated.",
    signal,
  });
  const { holdInstallation } = await import("../installation/one-at-a-time.ts");
  const release = holdInstallation(places.stateFolder);
  try {
    const came = await update({
      installation,
      place: places,
      said: (text) => context.complain(text),
      signal,
    });
    if (came.outcome === "unchanged") {
      return {
        text: `Version ${came.version} is the newest there: nothing was changed.`,
        json: { updated: false, version: came.version, ...facts },
      };
    }
    if (came.outcome === "updated") {
      const { before, version, backup, notes } = came;
      const answer: Answer = {
        text: [`Updated from ${before} to ${version}. What was there before is in ${backup}.`, ...notes].join(
          "\n",
        ),
        json: { updated: true, before, version, backup, notes, ...facts },
      };
      if (signal.aborted) throw new Stopped(answer.text, { ...answer.json });
      return answer;
    }
    const { version, tried, problems, left, backup } = came;
    context.setExitCode(1);
    return {
      text: [
        `The update to ${tried} was put back${left.length === 0 ? "" : ", but not all of it"}: with it ${problems.length === 1 ? "this is" : "these are"} wrong and ${problems.length === 1 ? "was" : "were"} not before.`,
        ...problems.map((problem) => `- ${problem}`),
        ...left,
      ].join("\n"),
      json: { ok: false, updated: false, version, tried, problems, left, backup, ...facts },
    };
  } finally {
    release();
  }
}

async function putLastBack(
  context: PlainContext,
  options: UpdateOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { places } = await thisCopy(context);
  const { listBackups, putBack } = await import("../installation/backup.ts");
  const [backup] = listBackups(places.stateFolder);
  if (backup === undefined) throw new Error("There is no copy of before an update.");
  if (options.dryRun) {
    return {
      text: `The newest copy is ${backup.folder}.\nNothing was put back.`,
      json: { backup: backup.folder },
    };
  }
  await makeSure(context, options, {
    question: `Put back the gateway's config, .env and the phone's settings as they are in ${backup.folder}?`,
    otherwise: "Nothing was put back.",
    signal,
  });
  const { holdInstallation } = await import("../installation/one-at-a-time.ts");
  const release = holdInstallation(places.stateFolder);
  try {
    const { done, left } = await putBack(backup, places.stateFolder);
    if (left.length > 0) context.setExitCode(1);
    return {
      text: [
        done.length === 0 ? "Everything is as it was already." : `Put back: ${done.join(", ")}.`,
        ...left,
      ].join("\n"),
      json: { ok: left.length === 0, done, left, backup: backup.folder },
    };
  } finally {
    release();
  }
}

/** @throws Error when the package's own folder cannot be found. */
async function thisCopy(context: PlainContext) {
  const { howInstalled } = await import("../installation/how-installed.ts");
  const places = context.places();
  const { packageFolder } = places;
  if (packageFolder === undefined)
    throw new Error("The folder of this package was not found: run the script where it lies.");
  return { places, installation: howInstalled({ ...places, packageFolder }) };
}
