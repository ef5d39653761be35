/**
 * Owns `setup patch` and `setup unpatch`: lifting the gateway's ban on `sessions_send` over HTTP, which skill-only
 * installs need, and taking that back. Nothing else of the config is touched.
 */
import { homedir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import type { ConfigPlace, ConfigPlan, ConfigWish, FileChange } from "../config/gateway-config-file.ts";
import { expandHome, homeFolderOf } from "../config/state-folder.ts";
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

const TOOL = "sessions_send";
/** What may be called over HTTP although the gateway forbids it there by default. */
const ALLOWED_OVER_HTTP = ["gateway", "tools", "allow"] as const;
/** What is never allowed over HTTP: counts before the other. */
const DENIED_OVER_HTTP = ["gateway", "tools", "deny"] as const;
/** All that the agent itself may use. The tool is put here by mistake. */
const AGENTS_OWN = ["tools", "allow"] as const;

/** Adds the subcommands to `setup`. */
export function defineSetupCommand(
  setup: Command,
  context: PlainContext,
  onStop: OnStop = onProcessStop,
): void {
  setup.description("Set the gateway up for the phone.");
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
      .action(async (options: PatchOptions) => {
        await answerUntilStopped(context, onStop, options, (signal) =>
          work({ context, options, signal, place: placeOf(context, options) }),
        );
      });
  }
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
  const agentsOwn = listAt(config, AGENTS_OWN);
  const misplaced = agentsOwn.filter(isTool);
  const notes: string[] = [];
  const isDenied = listAt(config, DENIED_OVER_HTTP).some(isTool);
  if (isDenied) {
    notes.push(`"gateway.tools.deny" has ${TOOL} too, which counts first: take it out there yourself.`);
  }
  let isRepaired = false;
  if (misplaced.length > 0) {
    const isAlone = misplaced.length === agentsOwn.length;
    const meaning = `"tools.allow" has ${TOOL}: that is not what lets it be called over HTTP, but the list of what your agent may use${isAlone ? ", which leaves it with this one tool" : ""}.`;
    const repair = isAlone
      ? "Take the list away, so that it may use everything again?"
      : "Take it out there?";
    const answer =
      options.repair || options.yes || options.dryRun
        ? undefined
        : await context.ask(`${meaning} ${repair} [y/N] `, signal);
    isRepaired = options.repair === true || isYes(answer ?? "");
    if (!isRepaired) notes.push(`${meaning} If that is a mistake, "setup patch --repair" takes it out.`);
  }
  const wishes: ConfigWish[] = [{ change: "unite", path: ALLOWED_OVER_HTTP, items: [TOOL] }];
  // Names count whatever their case.
  if (isAllowed) wishes.pop();
  if (isRepaired) {
    const isAlone = misplaced.length === agentsOwn.length;
    wishes.push(
      isAlone
        ? { change: "remove", path: AGENTS_OWN }
        : { change: "take", path: AGENTS_OWN, items: misplaced.map(String) },
    );
  }
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
      misplaced: misplaced.length > 0 && !isRepaired,
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
  const plan = planConfigChange(place, wishes);
  const facts = {
    ...say.facts,
    config: place.configFile,
    difference: plan.changes.map(({ name, setting, line, removed, added }) => ({
      file: name,
      setting,
      line,
      removed,
      added,
    })),
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

/** Checks the config with the gateway's own command. */
export async function validator({ configFile, env }: ConfigPlace, context: PlainContext) {
  const { findGatewayCli, GatewayCommandFailed, openGatewayCli } = await import(
    "../briefings/gateway-cli.ts"
  );
  const cli = openGatewayCli(findGatewayCli({ env, platform: process.platform, script: process.argv[1] }), {
    ...env,
    OPENCLAW_STATE_DIR: stateFolderOf(configFile, context),
    OPENCLAW_CONFIG_PATH: configFile,
  });
  return async (): Promise<string | undefined> => {
    try {
      await cli.run(["config", "validate", "--json"]);
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayCommandFailed)) throw error;
      const [issue] = issuesIn(error.printed);
      return issue ?? error.message;
    }
  };
}

/**
 * The state folder of the gateway whose config it is: its `.env` and plugins decide what is valid. A config of another
 * installation lies in that one's folder under the usual name.
 */
function stateFolderOf(configFile: string, context: PlainContext): string {
  const own = context.places();
  const isOthers =
    configFile !== own.configFile && /^(openclaw|clawdbot)\.json$/.test(path.basename(configFile));
  return isOthers ? path.dirname(configFile) : own.stateFolder;
}

/** What the gateway finds wrong, a sentence each; what stands there is never part of it. */
function issuesIn(printed: unknown): string[] {
  const { issues } = (printed ?? {}) as { issues?: unknown };
  if (!Array.isArray(issues)) return [];
  return issues.map(({ path: at, message }: { path?: unknown; message?: unknown }) => `${at}: ${message}.`);
}

function placeOf(context: PlainContext, { config }: PatchOptions): ConfigPlace {
  const { configFile, env } = context.places();
  if (config?.trim() === "") throw new NotUnderstood("The name after --config is empty.");
  if (config === undefined) return { configFile, env };
  return { configFile: path.resolve(expandHome(config, homeFolderOf(env, homedir()))), env };
}

/** Names are compared as the gateway compares them. */
function isTool(item: unknown): boolean {
  return typeof item === "string" && item.trim().toLowerCase() === TOOL;
}

/** What will change, where, and nothing of what stands around it: that may be a secret. */
export function difference({ changes }: ConfigPlan): string {
  const lines: string[] = [];
  let heading = "";
  for (const change of changes) {
    const own = `${change.name}, ${change.setting}:`;
    if (own !== heading) lines.push(own);
    heading = own;
    lines.push(...pieces(change, "-", change.removed), ...pieces(change, "+", change.added));
  }
  return lines.join("\n");
}

function pieces({ line }: FileChange, sign: "-" | "+", text: string): string[] {
  const written = text.split(/\r\n|[\n\r\u2028\u2029]/);
  return written
    .map((piece, index) => `  line ${line + index} ${sign} ${piece}`)
    .filter((_, index) => written[index]?.trim() !== "");
}
