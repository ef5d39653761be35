/**
 * Owns the command that makes, lists and removes briefings: calls that ring the owner at set times. One command, two
 * back ends: ClawCall's own scheduler where the account has it, else the gateway's. What it needs is loaded when it is
 * needed.
 */
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { RingingLine } from "../briefings/ring.ts";
import type { ClawCallRest } from "../carriers/clawcall/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";
import { openCli, ownScript } from "./gateway-jobs.ts";
import { openCalls, openClawCallLine, SPEAKING_CARRIERS } from "./open-line.ts";
import { quoted } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
  required,
  type Settings,
  withCommonOptions,
  withStore,
} from "./run.ts";

interface AddOptions extends CommonOptions {
  readonly label: string;
  readonly task: string;
  readonly timezone?: string;
  readonly dryRun?: boolean;
}

const HELP = `
<cron> has five fields, minute hour day-of-month month weekday: "0 8 * * mon-fri" is 8:00 on weekdays, "30 7 1 * *"
7:30 on the first of each month. A ClawCall account that schedules calls (Pro, Team) keeps the briefing itself; else
the gateway does, as a cron job, and any line that can call out rings you. The next three times are shown first.`;

/** Adds the subcommands to `command`. */
export function defineBriefingCommand(command: Command, context: CommandContext): void {
  withCommonOptions(command).description("Have your phone ring at set times with a briefing by your agent.");
  command
    .command("add")
    .description("Make a briefing.")
    .argument("<cron>", "when, as a cron pattern")
    .requiredOption("--task <text>", "what you want to hear")
    .option("--label <text>", "its name", "Briefing")
    .option("--timezone <zone>", 'the time zone, such as "Europe/Berlin" (default: this machine\'s)')
    .option("--dry-run", "show the next times and who would keep it, and make nothing")
    .addHelpText("after", HELP)
    .action(async (cron: string, _own: unknown, self: Command) => {
      const options: AddOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) => add(cron, options, settings, context));
    });
  command
    .command("list")
    .description("List the briefings, with the next time of each.")
    .action(async (_own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) => list(options, settings, context));
    });
  command
    .command("remove")
    .description("Remove a briefing.")
    .argument("<id>", "its id, as listed")
    .action(async (id: string, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) => remove(id, options, settings));
    });
  command
    .command("ring", { hidden: true })
    .description("Prepare a briefing and ring: what the gateway's cron job runs, told by standard input.")
    .action(async (_own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) => ringNow(settings));
    });
}

/** Who keeps a briefing. */
type BackEnd =
  | { readonly kind: "clawcall"; readonly line: UsableLine<"clawcall">; readonly rest: ClawCallRest }
  | { readonly kind: "gateway"; readonly reason: string };

async function add(
  cron: string,
  options: AddOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  const { checkSchedule } = await import("../briefings/schedule.ts");
  const label = options.label.replace(/\s+/gu, " ").trim() || "Briefing";
  const task = options.task.trim();
  if (task === "") throw new NotUnderstood("A briefing needs a task: say what you want to hear with --task.");
  if (options.timezone !== undefined) required("time zone", options.timezone);
  const schedule = checkSchedule({ cron, timezone: options.timezone }, new Date());
  const { timezone } = schedule;
  const { checkRings } = await import("../limits/check-rings.ts");
  checkRings(schedule, options.line, { config: settings.config, now: new Date() });
  const backEnd = await chooseBackEnd(task, options, settings);
  const keeper =
    backEnd.kind === "clawcall"
      ? `ClawCall's own scheduler (line ${backEnd.line.name})`
      : `the gateway's scheduler, since ${backEnd.reason}`;
  const preview = [
    `${quoted(label)} (${schedule.cron}) will ring you:`,
    ...schedule.inWords.map((time) => `  ${time}`),
    "  …",
  ].join("\n");
  const json = {
    backEnd: backEnd.kind,
    ...(backEnd.kind === "clawcall" ? { line: backEnd.line.name } : { reason: backEnd.reason }),
    label,
    task,
    cron: schedule.cron,
    timezone,
    nextTimes: schedule.nextTimes.map((time) => time.toISOString()),
    inWords: schedule.inWords,
  };
  if (options.dryRun) {
    return {
      text: `${preview}\nNothing was made. It would be kept by ${keeper}.`,
      json: { briefing: { ...json, made: false } },
    };
  }
  // Seen before anything is made, also when making it takes long or fails.
  if (!options.json) context.print(`${preview}\n`);
  const id =
    backEnd.kind === "clawcall"
      ? (await backEnd.rest.schedule({ cron: schedule.cron, label, taskContext: task, timezone })).id
      : await addToGateway({ cron: schedule.cron, timezone, label, task, line: options.line }, settings);
  return { text: `Kept by ${keeper}. Id: ${id}`, json: { briefing: { ...json, made: true, id } } };
}

/** @throws NoUsableLine when nobody could ring. */
async function chooseBackEnd(task: string, options: CommonOptions, settings: Settings): Promise<BackEnd> {
  const { chooseLine, NoUsableLine } = await import("../config/choose-line.ts");
  const { SCHEDULED_TASK_LIMIT, tiers, tierRefusal } = await import("../carriers/clawcall/terms.ts");
  chooseLine(settings.config, options.line, SPEAKING_CARRIERS);
  const lines = usableLines(options, settings);
  let canRing = lines.some((line) => line.carrier === "clawdtalk");
  let reason = "ClawdTalk schedules no calls";
  let failure: unknown;
  for (const line of lines) {
    if (line.carrier !== "clawcall") continue;
    const { rest } = await openClawCallLine({ line: line.name }, settings);
    try {
      const { tier = "free" } = await rest.account();
      const terms = Object.entries(tiers).find(([name]) => name === tier.toLowerCase())?.[1];
      if (terms?.callsOut !== true) {
        reason = `ClawCall's ${terms?.title ?? tier} tier schedules no calls`;
        failure ??= new NoUsableLine(tierRefusal("callsOut", terms?.title ?? tier));
      } else if (encodeURIComponent(task).length > SCHEDULED_TASK_LIMIT) {
        reason = "the task is too long for ClawCall's own";
        canRing = true;
      } else {
        return { kind: "clawcall", line, rest };
      }
    } catch (error) {
      reason = `ClawCall could not be asked: ${messageOf(error).replace(/[.\s]+$/, "")}`;
      failure ??= error;
    }
  }
  if (!canRing) throw failure;
  return { kind: "gateway", reason };
}

/** Those of the named line, else all that say what they are told, in the order of the settings. */
function usableLines(options: { readonly line?: string | undefined }, { config }: Settings): UsableLine[] {
  return config.lines.filter(
    (line): line is UsableLine =>
      line.enabled &&
      line.apiKey !== undefined &&
      SPEAKING_CARRIERS.some((carrier) => carrier === line.carrier) &&
      (options.line === undefined || line.name === options.line),
  );
}

async function addToGateway(
  {
    line,
    ...briefing
  }: { cron: string; timezone: string; label: string; task: string; line: string | undefined },
  settings: Settings,
): Promise<string> {
  const { addBriefingJob } = await import("../briefings/cron-jobs.ts");
  return await addBriefingJob(await openCli(settings), {
    order: { ...briefing, ...(line === undefined ? {} : { line }) },
    command: [process.execPath, await ownScript("briefing"), "ring"],
    stateFolder: settings.stateFolder,
  });
}

/** A briefing as it is listed. */
interface ListedBriefing {
  readonly id: string;
  readonly backEnd: "clawcall" | "gateway";
  /** The line that keeps it, or the only one that may ring. */
  readonly line: string | undefined;
  readonly label: string;
  readonly task: string;
  readonly cron: string;
  readonly timezone: string;
  readonly isActive: boolean;
  readonly nextTime: Date | undefined;
  remove(): Promise<void>;
}

/** What one back end keeps. */
interface Kept {
  readonly briefings: readonly ListedBriefing[];
  /** Whether new briefings go to ClawCall's account. */
  readonly isKeptByClawCall: boolean;
}

/**
 * What both back ends keep, and a sentence for each that could not be asked. That there is no gateway is only a note
 * where ClawCall keeps the briefings.
 */
async function allBriefings(
  options: CommonOptions,
  settings: Settings,
): Promise<{ briefings: ListedBriefing[]; problems: string[]; notes: string[] }> {
  const sources = [
    briefingsOfGateway(settings),
    ...usableLines(options, settings).flatMap((line) =>
      line.carrier === "clawcall" ? [briefingsOfClawCall(line.name, settings)] : [],
    ),
  ];
  const briefings: ListedBriefing[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  const results = await Promise.allSettled(sources);
  const isKeptByClawCall = results.some(
    (result) => result.status === "fulfilled" && result.value.isKeptByClawCall,
  );
  const { GatewayCliMissing } = await import("../briefings/gateway-cli.ts");
  for (const result of results) {
    if (result.status === "fulfilled") briefings.push(...result.value.briefings);
    else if (isKeptByClawCall && result.reason instanceof GatewayCliMissing) {
      notes.push(`Only ClawCall's briefings are known: ${messageOf(result.reason)}`);
    } else problems.push(messageOf(result.reason));
  }
  return { briefings, problems, notes };
}

async function briefingsOfGateway(settings: Settings): Promise<Kept> {
  const { listBriefingJobs, removeCommandJob } = await import("../briefings/cron-jobs.ts");
  const cli = await openCli(settings);
  const jobs = await listBriefingJobs(cli);
  return {
    isKeptByClawCall: false,
    briefings: jobs.map(({ key: _, line, ...job }) => ({
      ...job,
      line,
      backEnd: "gateway",
      remove: () => removeCommandJob(cli, job.id),
    })),
  };
}

async function briefingsOfClawCall(name: string, settings: Settings): Promise<Kept> {
  const { nextRun } = await import("../briefings/schedule.ts");
  const { CarrierRefused } = await import("../carriers/carrier-errors.ts");
  const { rest } = await openClawCallLine({ line: name }, settings);
  const schedules = await rest.schedules().catch((error: unknown) => {
    // An account that may not schedule keeps no briefings.
    if (error instanceof CarrierRefused && error.status === 403) return undefined;
    throw error;
  });
  const briefings = (schedules ?? []).map((schedule): ListedBriefing => {
    const { id, label = "", taskContext: task = "", cron = "", timezone = "UTC", isActive = true } = schedule;
    return {
      id,
      backEnd: "clawcall",
      line: name,
      label,
      task,
      cron,
      timezone,
      isActive,
      nextTime: isActive ? nextRun({ cron, timezone }, new Date()) : undefined,
      remove: () => rest.cancelSchedule(id),
    };
  });
  return { briefings, isKeptByClawCall: schedules !== undefined };
}

async function list(options: CommonOptions, settings: Settings, context: CommandContext): Promise<Answer> {
  const { timeInWords } = await import("../briefings/schedule.ts");
  const { briefings, problems, notes } = await allBriefings(options, settings);
  if (briefings.length === 0 && problems.length > 0) throw new Error(problems.join(" "));
  for (const note of notes) context.complain(`Note: ${note}\n`);
  for (const problem of problems) context.complain(`${problem}\n`);
  if (problems.length > 0) context.setExitCode(1);
  const listed = briefings.map(({ remove: _, nextTime, ...briefing }) => ({
    ...briefing,
    nextTime: nextTime?.toISOString() ?? null,
    nextInWords: nextTime === undefined ? null : timeInWords(nextTime, briefing.timezone),
  }));
  const lines = listed.map((briefing) =>
    [
      briefing.id,
      quoted(briefing.label),
      briefing.nextInWords ?? (briefing.isActive ? "not due again" : "switched off"),
      briefing.backEnd === "clawcall" ? `ClawCall (line ${briefing.line})` : "the gateway",
      quoted(briefing.task),
    ].join("  "),
  );
  const failure =
    problems.length === 0 ? {} : { ok: false, error: { name: "Error", message: problems.join(" ") } };
  return {
    text: lines.join("\n") || "No briefings.",
    json: { ...failure, briefings: listed, problems, notes },
  };
}

async function remove(id: string, options: CommonOptions, settings: Settings): Promise<Answer> {
  const { briefings, problems, notes } = await allBriefings(options, settings);
  const briefing = briefings.find((one) => one.id === id);
  if (briefing === undefined) {
    throw new Error(
      problems[0] ?? notes[0] ?? `There is no briefing ${quoted(id)}: see the ids with "briefing list".`,
    );
  }
  await briefing.remove();
  const keeper = briefing.backEnd === "clawcall" ? "ClawCall" : "the gateway";
  return {
    text: `Removed ${quoted(briefing.label)}, which ${keeper} kept.`,
    json: { removed: { id, backEnd: briefing.backEnd, label: briefing.label } },
  };
}

async function ringNow(settings: Settings): Promise<Answer> {
  const { ringOrder } = await import("../briefings/cron-jobs.ts");
  const order = ringOrder.safeParse(jsonIn(process.stdin.isTTY ? "" : await text(process.stdin)));
  if (!order.success) {
    throw new NotUnderstood(
      'The gateway\'s cron job runs this and says on standard input what to brief on: make one with "briefing add".',
    );
  }
  const { askAgent, missedTime, ring } = await import("../briefings/ring.ts");
  const missed = await missedTime(() => openCli(settings), order.data, new Date());
  if (missed !== undefined) {
    const { timeInWords } = await import("../briefings/schedule.ts");
    return {
      text: `Not calling you: this briefing was due ${timeInWords(missed, order.data.timezone)}, when the gateway was not running.`,
      json: { call: null, missed: missed.toISOString() },
    };
  }
  const { chooseLine } = await import("../config/choose-line.ts");
  const first = chooseLine(settings.config, order.data.line, SPEAKING_CARRIERS);
  const others = usableLines({ line: order.data.line }, settings).filter((line) => line.name !== first.name);
  return await withStore(settings, async (store) => {
    const result = await ring({
      order: order.data,
      lines: [
        await ringingLine(first, settings),
        ...(await Promise.all(others.map((line) => ringingLine(line, settings)))),
      ],
      config: settings.config,
      store,
      ask: async (prompt) =>
        await askAgent(await openCli(settings), {
          prompt,
          agentId: first.agentId ?? settings.config.agentId,
          sessionKey: await ownerSession(settings, first.name),
          stateFolder: settings.stateFolder,
        }),
      now: () => performance.now(),
    });
    const { call, line, unprepared, prepareMs, placeMs } = result;
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    return {
      text: [
        `Calling you on line ${line}: ${call.greeting}`,
        ...(unprepared === undefined ? [] : [`The briefing could not be prepared: ${unprepared}`]),
        `Call id: ${call.callId}. Preparing took ${seconds(prepareMs)}, placing the call ${seconds(placeMs)}.`,
      ].join("\n"),
      json: { call: { callId: call.callId, line, greeting: call.greeting }, unprepared, prepareMs, placeMs },
    };
  });
}

async function ringingLine({ name }: UsableLine, settings: Settings): Promise<RingingLine> {
  const { line, calls } = await openCalls({ line: name }, settings, SPEAKING_CARRIERS);
  return { line, rest: calls.placer };
}

/** The session the owner speaks in on this line; undefined when the gateway does not say. */
async function ownerSession({ config }: Settings, line: string): Promise<string | undefined> {
  const { askPhoneStatus } = await import("../lines/gateway-phone.ts");
  try {
    const key = (await askPhoneStatus(config)).lines.find(({ name }) => name === line)?.ownerSession;
    // With one session for everything, "main" is its name on the command line.
    return key === "global" ? undefined : key;
  } catch {
    return undefined;
  }
}
