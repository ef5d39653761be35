/**
 * Owns `setup`, whose work is the wizard's (plugin/wizard), and `setup patch` and `setup unpatch`: lifting the gateway's ban
 * on `sessions_send` over HTTP, which skill-only installs need, and taking that back. These two touch nothing else.
 */
import { homedir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import type { ConfigPlace, ConfigWish } from "../config/gateway-config-file.ts";
import type { ConfigPlaces } from "../config/loader.ts";
import {
  AGENTS_OWN,
  ALLOWED_OVER_HTTP,
  DENIED_OVER_HTTP,
  isTool,
  misplacedTool,
  TOOL,
} from "../config/sessions-send.ts";
import { expandHome, homeFolderOf } from "../config/state-folder.ts";
import type { SetupOptions } from "../wizard/given-answers.ts";
import { stateFolderOf } from "./config-changes.ts";
import { isYes, makeSure } from "./consent.ts";
import { type Answer, NotUnderstood, type PlainContext } from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop, Stopped } from "./stopping.ts";

interface PatchOptions {
  readonly config?: string;
  readonly yes?: boolean;
  readonly repair?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds the subcommands to `setup`. */
export function defineSetupCommand(
  setup: Command,
  context: PlainContext,
  onStop: OnStop = onProcessStop,
): void {
  defineWizard(setup, context, onStop);
  const patch = setup
    .command("patch")
    .description(`Let programs on this machine call ${TOOL} over the gateway's HTTP interface; nothing else.`)
    .option("--repair", `also take ${TOOL} out of "tools.allow", where it was put by mistake`);
  const unpatch = setup.command("unpatch").description('Take back what "patch" did.');
  for (const [command, work] of [
    [patch, patchConfig],
    [unpatch, unpatchConfig],
  ] as const) {
    command
      .option("--config <file>", "the gateway's config, where it is not found by itself")
      .option("--yes", "do not ask")
      .option("--dry-run", "show the difference and write nothing")
      .option("--json", "print one JSON object")
      .action(async (_: unknown, command: Command) => {
        // Those that `setup` has too are its own, wherever they stand.
        const options: PatchOptions = command.optsWithGlobals();
        await answerUntilStopped(context, onStop, options, (signal) =>
          work({ context, options, signal, place: placeOf(context, options) }),
        );
      });
  }
}

function defineWizard(setup: Command, context: PlainContext, onStop: OnStop): void {
  const several = (given: string, before: readonly string[] = []) => [...before, given];
  setup
    .description("Set the phone up, from keys to a test call; asks only what it cannot find.")
    .option("--services <list>", "clawdtalk, clawcall, stepone; joined by commas")
    .option("--clawdtalk-key-from <place>", "where ClawdTalk's key is: env:NAME, file:PATH or stdin")
    .option("--clawcall-key-from <place>", "where ClawCall's key is")
    .option("--stepone-key-from <place>", "where StepOne's key is")
    .option("--store-number", "ClawCall may store your phone number: make an account there")
    .option(
      "--owner-number <number>",
      'your phone number, several times for several; "none" for none',
      several,
    )
    .option("--owner-name <name>", "your name, as others hear it")
    .option("--agent-name <name>", "the agent's name")
    .option("--use-names", "take the names from USER.md and IDENTITY.md of the agent's workspace")
    .option("--greeting <words>", "what is said first when somebody calls in")
    .addOption(
      setup
        .createOption("--callers <who>", "who a caller counts as: you, or nobody")
        .choices(["owner", "unknown"]),
    )
    .addOption(
      setup.createOption("--mode <mode>", "inside the gateway, or beside it").choices(["plugin", "skill"]),
    )
    .option(
      "--allow-streaming",
      "skill only: open the gateway's streaming endpoint to programs with its token",
    )
    .option("--allow-sessions-send", "skill only: let programs with the gateway's token call sessions_send")
    .option("--import", "take over what the services' own clients have: keys, names, missions")
    .option("--stop-old-clients", "with --import: end their programs")
    .option("--restart", "restart the gateway where it does not take the changes up by itself")
    .option("--no-test-call", "make no test call")
    .option("--config <file>", "the gateway's config, where it is not found by itself")
    .option("--yes", "do what is shown; consents of their own are the flags above")
    .option("--dry-run", "show what would change and write nothing")
    .option("--json", "print one JSON object")
    .action(async (_: unknown, command: Command) => {
      const options = command.opts<SetupOptions>();
      let isCancelled = false;
      await answerUntilStopped(context, onStop, options, async (signal) => {
        const { runWizard } = await import("../wizard/wizard.ts");
        const { plainFront } = await import("../wizard/front.ts");
        const canAsk = !options.yes && !options.json && process.stdin.isTTY && process.stderr.isTTY;
        const front = canAsk
          ? (await import("../wizard/prompts.ts")).promptFront(signal)
          : plainFront(context);
        try {
          return await runWizard({
            context,
            places: placesOf(context, options),
            options,
            front,
            signal,
          });
        } catch (error) {
          isCancelled = (error as Error).name === "SetupCancelled";
          throw error;
        }
      });
      if (isCancelled) context.setExitCode(130);
    });
}

/** Where everything is; another config's gateway has its state beside that. */
function placesOf(context: PlainContext, options: { readonly config?: string }): ConfigPlaces {
  const { configFile } = placeOf(context, options);
  const own = context.places();
  return configFile === own.configFile
    ? own
    : { ...own, configFile, stateFolder: stateFolderOf(configFile, context) };
}

interface Task {
  readonly context: PlainContext;
  readonly options: PatchOptions;
  readonly signal: AbortSignal;
  readonly place: ConfigPlace;
}

async function patchConfig(task: Task): Promise<Answer> {
  const { context, options, place, signal } = task;
  const { listAt, wholeConfig } = await import("../config/gateway-config-file.ts");
  const config = wholeConfig(place);
  const isAllowed = listAt(config, ALLOWED_OVER_HTTP).some(isTool);
  const misplaced = misplacedTool(listAt(config, AGENTS_OWN));
  const notes: string[] = [];
  const isDenied = listAt(config, DENIED_OVER_HTTP).some(isTool);
  if (isDenied) {
    notes.push(`"gateway.tools.deny" has ${TOOL} too, which counts first: take it out there yourself.`);
  }
  let isRepaired = false;
  if (misplaced !== undefined) {
    const { meaning, question } = misplaced;
    const answer =
      options.repair || options.yes || options.dryRun
        ? undefined
        : await context.ask(`${meaning} ${question} [y/N] `, signal);
    isRepaired = options.repair === true || isYes(answer ?? "");
    if (!isRepaired) notes.push(`${meaning} If that is a mistake, "setup patch --repair" takes it out.`);
  }
  const wishes: ConfigWish[] = [{ change: "unite", path: ALLOWED_OVER_HTTP, items: [TOOL] }];
  // Names count whatever their case.
  if (isAllowed) wishes.pop();
  if (isRepaired && misplaced !== undefined) wishes.push(misplaced.repair);
  return await carryOut(task, wishes, {
    done: isDenied
      ? `${TOOL} is in "gateway.tools.allow" now, but may still not be called over the gateway's HTTP interface.`
      : `${TOOL} may be called over the gateway's HTTP interface now.`,
    nothing: isDenied
      ? `${TOOL} is in "gateway.tools.allow" already, but may not be called over the gateway's HTTP interface: nothing was changed.`
      : `${TOOL} may be called over the gateway's HTTP interface already: nothing was changed.`,
    notes,
    facts: {
      allowed: !isDenied && (isAllowed || options.dryRun !== true),
      misplaced: misplaced !== undefined && !isRepaired,
    },
  });
}

async function unpatchConfig(task: Task): Promise<Answer> {
  const { listAt, wholeConfig } = await import("../config/gateway-config-file.ts");
  const written = listAt(wholeConfig(task.place), ALLOWED_OVER_HTTP).filter(isTool).map(String);
  const wishes = [...new Set(written)].map(
    (item): ConfigWish => ({
      change: "takeBack",
      edit: { change: "unite", path: ALLOWED_OVER_HTTP, items: [item] },
    }),
  );
  return await carryOut(task, wishes, {
    done: `${TOOL} may not be called over the gateway's HTTP interface any more.`,
    nothing: `${TOOL} is not in "gateway.tools.allow": nothing was changed.`,
    notes: [],
    facts: {},
  });
}

/** Plans, validates, shows, asks, writes and validates again. */
async function carryOut(
  { context, options, signal, place }: Task,
  wishes: readonly ConfigWish[],
  say: {
    readonly done: string;
    readonly nothing: string;
    readonly notes: readonly string[];
    readonly facts: Readonly<Record<string, unknown>>;
  },
): Promise<Answer> {
  const { applyConfigPlan, ConfigNotChanged, planConfigChange, wholeConfig } = await import(
    "../config/gateway-config-file.ts"
  );
  const { difference, differenceFacts, validator } = await import("./config-changes.ts");
  const plan = planConfigChange(place, wishes);
  const facts = {
    ...say.facts,
    config: place.configFile,
    difference: differenceFacts(plan),
    ...(say.notes.length > 0 ? { notes: say.notes } : {}),
  };
  const answer = (text: string, more: Readonly<Record<string, unknown>>): Answer => ({
    text: [text, ...say.notes].join("\n"),
    json: { ...more, ...facts },
  });
  if (plan.changes.length === 0) return answer(say.nothing, { changed: false });
  const shown = difference(plan);
  if (options.dryRun) return answer(`${shown}\nNothing was written.`, { changed: false });
  const validate = await validator(place, context);
  const problem = await validate();
  if (problem !== undefined) {
    signal.throwIfAborted();
    throw new ConfigNotChanged(
      `The gateway does not take ${place.configFile} as it is: ${problem} Mend that first ("openclaw doctor"): nothing was changed.`,
    );
  }
  context.complain(`${shown}\n`);
  await makeSure(context, options, {
    question: "Write this?",
    otherwise: "Nothing was changed.",
    signal,
  });
  const { additionsOf, forgetSetup, recordSetup } = await import("../installation/setup-record.ts");
  const stateFolder = stateFolderOf(place.configFile, context);
  const unrecord = recordSetup(stateFolder, { added: additionsOf(wholeConfig(place), wishes) });
  const backups = await applyConfigPlan(plan, validate, { signal }).catch((error: unknown) => {
    unrecord();
    // Whoever stopped it does not know how far it had come.
    throw signal.aborted ? new Stopped((error as Error).message, {}) : error;
  });
  forgetSetup(stateFolder, wishes);
  return answer(`${say.done} What stood there before is in ${backups.join(", ")}.`, {
    changed: true,
    backups,
  });
}

function placeOf(context: PlainContext, { config }: { readonly config?: string }): ConfigPlace {
  const { configFile, env } = context.places();
  if (config?.trim() === "") throw new NotUnderstood("The name after --config is empty.");
  if (config === undefined) return { configFile, env };
  return { configFile: path.resolve(expandHome(config, homeFolderOf(env, homedir()))), env };
}
