/**
 * Owns the commands for missions that are carried out by themselves: started from a plan, followed, paused, approved,
 * reported. They write into the store; whoever keeps the phone connected carries missions out, and where nobody does, a
 * command that waits, or a job of the gateway's scheduler.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineHost } from "../missions/engine-host.ts";
import type { Hosting } from "../missions/mission-desk.ts";
import type { MissionStatus } from "../missions/mission-status.ts";
import type { MissionPlan } from "../missions/plan.ts";
import type { Store } from "../store/database.ts";
import type { MissionWork as CarriedOut } from "../store/mission-work.ts";
import type { MissionCommands, MissionWork } from "./missions-work.ts";
import { asWord, spoken } from "./quoted.ts";
import {
  type Answer,
  askingSession,
  type CommandContext,
  isRunByGateway,
  NotUnderstood,
  quotingFor,
  type Settings,
} from "./run.ts";
import { Stopped } from "./stopping.ts";

/** Adds the commands. */
export function defineRunningMissions(missions: MissionCommands): void {
  defineRun(missions);
  defineWatching(missions);
  defineWishes(missions);
  defineUpkeep(missions);
}

interface RunOptions {
  readonly wait?: boolean;
  readonly cron?: boolean;
  readonly dryRun?: boolean;
}

function defineRun(missions: MissionCommands): void {
  missions.add<RunOptions>(
    "run <plan>",
    "Carry a mission out by its plan, a YAML or JSON file (- reads standard input).",
    run,
    (command) =>
      command
        .option("--wait", "wait for its end, and carry it out here where nothing else does")
        .option("--cron", "have the gateway's scheduler carry it out, where nothing else does")
        .option("--dry-run", "show what would be done, and do nothing"),
    { waits: true },
  );
}

async function run(work: MissionWork<RunOptions>): Promise<Answer | undefined> {
  const { context, options, signal } = work;
  const settings = await work.settings();
  const plan = await readPlanFile(work.args[0] ?? "", settings);
  const { line } = await work.carrier({ line: plan.line });
  const { findHosting } = await import("../missions/mission-desk.ts");
  const found = await findHosting(settings);
  // Whose agent runs the command is there, whether it can be asked or not.
  const hosting: Hosting | undefined =
    found ?? (isRunByGateway(context) ? { by: "gateway", hasAgent: true } : undefined);
  const facts = { line: line.name, targets: plan.targets.length, by: hostedBy(hosting, options) };
  const notes = await notesOn(plan, hosting);
  if (options.dryRun) {
    return {
      text: [...describePlan(plan, line.name), ...notes, "Nothing was done."].join("\n"),
      json: { mission: { name: plan.name, class: plan.class, ...facts }, notes, started: false },
    };
  }
  if (facts.by === undefined) throw nobody();
  const { startFromPlan } = await import("../missions/mission-desk.ts");
  const store = await work.store();
  const asked = { line: line.name, askedIn: options.wait ? undefined : askingSession(context) };
  const { work: started, isNew } = await startFromPlan(plan, asked, store);
  const { slug } = started.mission;
  if (facts.by === "cron") {
    const { makeMissionJob } = await import("../missions/gateway-job.ts");
    const { openCli, ownScript } = await import("./gateway-jobs.ts");
    await makeMissionJob(await openCli(settings), {
      command: [process.execPath, await ownScript("missions"), "advance", "--cron"],
      stateFolder: settings.stateFolder,
    });
  }
  const answer: Answer = {
    text: [
      isNew ? `Started mission: ${slug}` : `This mission goes on already: ${slug}`,
      ...describePlan(started.plan.targets.length === 0 ? plan : started.plan, line.name),
      ...notes,
      ...(options.wait ? [] : [whatNow(slug, facts.by, context)]),
    ].join("\n"),
    json: { mission: { slug, name: plan.name, class: plan.class, ...facts }, notes, started: isNew },
  };
  if (!options.wait) return answer;
  if (!options.json) context.print(`${answer.text}\n`);
  return await waitForEnd(work, store, started, hosting, signal);
}

/** Who will carry it out; undefined when nobody does. */
function hostedBy(
  hosting: Hosting | undefined,
  { wait, cron }: RunOptions,
): Hosting["by"] | "cron" | undefined {
  if (hosting !== undefined) return hosting.by;
  if (wait) return "command";
  return cron ? "cron" : undefined;
}

function nobody(): Error {
  return new NotUnderstood(
    `Nothing runs here that could carry a mission out, so nothing was begun: start the background process (node dist/scripts/connect.js start), or do this again with --wait (carried out here, as long as the command runs) or --cron (by the gateway's scheduler).`,
  );
}

async function readPlanFile(file: string, settings: Settings): Promise<MissionPlan> {
  const { readPlan } = await import("../missions/plan.ts");
  const { config } = settings;
  const isInput = file === "-";
  let written: string;
  try {
    written = isInput ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new NotUnderstood(
      code === "ENOENT"
        ? `There is no file ${JSON.stringify(file)}.`
        : `The plan ${JSON.stringify(file)} cannot be read (${code ?? String(error)}).`,
    );
  }
  return await readPlan(written, {
    folder: isInput ? process.cwd() : path.dirname(path.resolve(file)),
    file: isInput ? "the plan" : path.basename(file),
    ...(config.defaultRegion === undefined ? {} : { region: config.defaultRegion }),
    allowPremiumNumbers: config.allowPremiumNumbers,
    ownerNumbers: config.ownerNumbers,
  });
}

function describePlan(plan: MissionPlan, line: string): string[] {
  const count = plan.targets.length;
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const { from, to, days } = plan.window;
  const names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const what = plan.channel === "call" ? "called" : "texted";
  return [
    `${spoken(plan.name)} (${plan.class}): ${count} ${count === 1 ? "is" : "are"} ${what} over ${line}, at most ${plan.limits.attempts} times each, ${days.map((day) => names[day - 1]).join(" ")} from ${clock(from)} to ${clock(to)} in their own time.`,
    ...(plan.rounds.length === 0
      ? []
      : [`${plan.rounds.length} rounds: you are asked before each one after the first.`]),
  ];
}

/** What whoever starts it should know, a sentence each. */
async function notesOn(plan: MissionPlan, hosting: Hosting | undefined): Promise<string[]> {
  if (hosting?.hasAgent === true) return [];
  const { NEEDS_AGENT } = await import("../missions/mission-desk.ts");
  return [`No agent decides about it, since the plugin does not run: ${NEEDS_AGENT[plan.class]}`];
}

function whatNow(slug: string, by: Hosting["by"] | "cron", context: CommandContext): string {
  if (by === "command") {
    return `Another command that runs just now carries it out, as long as that one runs. Afterwards: missions advance ${slug} --wait`;
  }
  const told =
    by === "cron"
      ? "The gateway's scheduler looks after it every two minutes, and tells you what comes of it."
      : askingSession(context) === undefined
        ? "Your agent is told what comes of it."
        : "Do not wait or poll: you are told in this conversation what comes of it.";
  return `${told} To see it: missions watch ${slug}`;
}

/** How often somebody who watches sees the newest. */
const LOOK_EVERY_MS = 1_000;
/** Whoever reads only the beginning of the output is not waited for much longer. */
const KNOCK_EVERY = 2;

/** Carries the mission out here, unless something else does, until its end. */
async function waitForEnd(
  work: MissionWork<object>,
  store: Store,
  started: CarriedOut,
  hosting: Hosting | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const { slug, id } = started.mission;
  // Another command carries missions out as long as it has its own reason to run: this one takes over then.
  const isOurs = hosting === undefined || hosting.by === "command";
  const host = isOurs ? await openHost(work, store) : undefined;
  host?.start();
  try {
    await watchUntilEnd(work, store, [id], signal);
  } finally {
    await host?.stop();
  }
  if (signal.aborted) {
    const { isHosted } = await import("../missions/engine-lock.ts");
    const { stateFolder } = await work.settings();
    throw new Stopped(
      host === undefined || isHosted(stateFolder)
        ? `Stopped waiting; the mission goes on. To see it: missions watch ${slug}`
        : `Stopped; what is scheduled stays scheduled, and nobody looks after it now. To go on: missions advance ${slug} --wait. To end it: missions cancel ${slug}, then the same.`,
      { mission: { slug } },
    );
  }
  return await ended(work, store, slug);
}

/** What the mission came to; exit code 1 when it did not succeed. */
async function ended(work: MissionWork<object>, store: Store, slug: string): Promise<Answer> {
  const { workOfSlug } = await import("../missions/mission-desk.ts");
  const { missionStatus } = await import("../missions/mission-status.ts");
  const { missionReport, reportAsMarkdown } = await import("../missions/report.ts");
  const status = await missionStatus(store, await workOfSlug(store, slug));
  if (status.work.state !== "succeeded") work.context.setExitCode(1);
  return {
    text: reportAsMarkdown(status, quotingFor(work.context)),
    json: { report: missionReport(status) },
    hasOthersWords: true,
  };
}

/** A host in this process; what the owner is to hear is printed. */
async function openHost(work: MissionWork<object>, store: Store): Promise<EngineHost> {
  const { openEngineHost } = await import("../missions/engine-host.ts");
  const { config, stateFolder } = await work.settings();
  const { context, options } = work;
  return openEngineHost({
    stateFolder,
    store,
    config,
    agent: undefined,
    tell: async ({ sentence }) => {
      if (!options.json) context.print(`${sentence}\n`);
      return { told: Promise.resolve(), takeBack() {} };
    },
    log: {
      debug() {},
      info() {},
      warn: (message) => context.complain(`Note: ${message}\n`),
      error: (message) => context.complain(`Note: ${message}\n`),
    },
  });
}

/** Shows what happens until all of these missions have ended, or the signal says to stop. */
async function watchUntilEnd(
  work: MissionWork<object>,
  store: Store,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { ENDED_STATES, workOf } = await import("../store/mission-work.ts");
  const { missionStatus } = await import("../missions/mission-status.ts");
  const { changedLines, missionLines } = await import("../missions/watch-view.ts");
  const { missionReport } = await import("../missions/report.ts");
  const { context, options } = work;
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const before = new Map<string, MissionStatus>();
  for (let look = 0; ; look += 1) {
    const now: MissionStatus[] = [];
    for (const id of ids) {
      const carried = await workOf(store, id);
      if (carried !== undefined) now.push(await missionStatus(store, carried));
    }
    const place = { now: store.now(), timezone };
    const live = options.json ? undefined : context.redraw;
    if (live !== undefined) {
      const most = Math.max(1, Math.floor((context.rows?.() ?? 40) / Math.max(now.length, 1)) - 5);
      live(now.flatMap((status) => missionLines(status, place, most)));
    }
    let isSaid = false;
    for (const status of now) {
      const known = before.get(status.work.mission.id);
      const lines = changedLines(known, status, place);
      before.set(status.work.mission.id, status);
      if (live !== undefined || lines.length === 0) continue;
      isSaid = true;
      if (options.json) {
        const { targets: _, ...report } = missionReport(status);
        context.print(`${JSON.stringify({ ...report, changed: lines })}\n`);
      } else context.print(`${lines.join("\n")}\n`);
    }
    if (now.every((status) => ENDED_STATES.includes(status.work.state))) return;
    if (!isSaid && live === undefined && look % KNOCK_EVERY === 0) context.knock?.();
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

function defineWatching(missions: MissionCommands): void {
  missions.add(
    "watch [slug]",
    "Show a mission, or all that go on, as it goes on; ends with them.",
    async (work) => {
      const { workOfSlug } = await import("../missions/mission-desk.ts");
      const { listWork } = await import("../store/mission-work.ts");
      const store = await work.store();
      const [slug] = work.args;
      const watched = slug === undefined ? await listWork(store) : [await workOfSlug(store, slug)];
      if (watched.length === 0) return { text: "No mission goes on.", json: { missions: [] } };
      await noteIfNobody(work);
      const ids = watched.map(({ mission }) => mission.id);
      await watchUntilEnd(work, store, ids, work.signal);
      return undefined;
    },
    undefined,
    { waits: true },
  );
  missions.add<{ readonly format?: string }>(
    "report <slug>",
    "Show what came of a mission: whom it reached, what they said, in which order they rank.",
    async (work) => {
      const { workOfSlug } = await import("../missions/mission-desk.ts");
      const { missionStatus } = await import("../missions/mission-status.ts");
      const { missionReport, reportAsCsv, reportAsMarkdown } = await import("../missions/report.ts");
      const { format = "md" } = work.options;
      if (!["md", "json", "csv"].includes(format)) throw new NotUnderstood("--format is md, json or csv.");
      const store = await work.store();
      const status = await missionStatus(store, await workOfSlug(store, work.args[0] ?? ""));
      const json = { report: missionReport(status) };
      const quoting = quotingFor(work.context);
      if (format === "json" && !work.options.json) {
        const { noteForAgent } = await import("./run.ts");
        return {
          text: JSON.stringify({ ...noteForAgent(work.context), ...json.report }, null, 2),
          json,
        };
      }
      return {
        text: format === "csv" ? reportAsCsv(status, quoting) : reportAsMarkdown(status, quoting),
        json,
        hasOthersWords: true,
      };
    },
    (command) => command.option("--format <name>", "md, json or csv", "md"),
  );
}

const DONE = {
  pause: "is paused: nobody else is called, and what could be taken back is",
  resume: "goes on",
  cancel: "is cancelled: what is scheduled is called off",
} as const;

function defineWishes(missions: MissionCommands): void {
  const wish = (name: keyof typeof DONE, description: string) =>
    missions.add(`${name} <slug>`, description, async (work) => {
      const { wishOf } = await import("../missions/mission-desk.ts");
      const store = await work.store();
      const { mission } = await wishOf(store, work.args[0] ?? "", name);
      await noteIfNobody(work);
      return {
        text: `The mission ${mission.slug} ${DONE[name]}.`,
        json: { mission: { slug: mission.slug, wish: name } },
      };
    });
  wish("pause", "Pause a mission: nobody else is called until it is resumed.");
  wish("resume", "Go on with a paused mission.");
  wish("cancel", "End a mission: what is scheduled is called off.");
  missions.add<{ readonly targets?: string; readonly no?: boolean }>(
    "approve <slug>",
    "Say yes to the next round of a mission, or no. For its owner to decide.",
    async (work) => {
      const { approve } = await import("../missions/mission-desk.ts");
      const { targets: wanted, no } = work.options;
      if (no === true && wanted !== undefined) throw new NotUnderstood("--no names no targets.");
      const store = await work.store();
      const word = no === true ? "no" : positionsIn(wanted);
      const { work: carried, targets } = await approve(store, work.args[0] ?? "", word);
      const { slug } = carried.mission;
      await noteIfNobody(work);
      return {
        text:
          word === "no"
            ? `The mission ${slug} ends here: nobody is called in another round.`
            : `The mission ${slug} goes on with ${targets.map(({ name }) => spoken(name)).join(", ")}.`,
        json: {
          mission: { slug, approved: word !== "no", targets: targets.map(({ position }) => position) },
        },
      };
    },
    (command) =>
      command
        .option(
          "--targets <numbers>",
          'go on with these, as numbered in the plan: "1,3" (default: all who were reached)',
        )
        .option("--no", "nobody: the mission ends"),
  );
}

/** Undefined for all. */
function positionsIn(written: string | undefined): readonly number[] | undefined {
  if (written === undefined || written.trim().toLowerCase() === "all") return undefined;
  const numbers = written.normalize("NFKC").split(/[,、\s]+/);
  const positions = numbers.filter((each) => each !== "").map(Number);
  if (positions.length > 0 && positions.every((each) => Number.isInteger(each) && each > 0)) return positions;
  throw new NotUnderstood(`--targets ${asWord(written)} is no list of numbers, such as 1,3.`);
}

interface AdvanceOptions {
  readonly wait?: boolean;
  readonly cron?: boolean;
}

/** What a command job of the gateway's prints when there is nothing to tell. */
const NOTHING_TO_TELL = "NO_REPLY";

function defineUpkeep(missions: MissionCommands): void {
  missions.add<{ readonly dryRun?: boolean }>(
    "sync <slug>",
    "Compare what is known of a mission here with what the service has, and mend what differs.",
    async (work) => {
      const { workOfSlug } = await import("../missions/mission-desk.ts");
      const { synchronise } = await import("../missions/synchronising.ts");
      const { oneAtATime } = await import("../missions/one-at-a-time.ts");
      const store = await work.store();
      const carried = await workOfSlug(store, work.args[0] ?? "");
      const { rest } = await work.carrier({ line: carried.line });
      const { stateFolder } = await work.settings();
      const repairs = work.options.dryRun !== true;
      const found = await oneAtATime(stateFolder, () => synchronise(carried, { store, rest, repairs }));
      const left = found.filter(({ repair }) => repair === undefined || !repairs);
      if (left.length > 0) work.context.setExitCode(1);
      const lines = found.map(({ what, repair }) =>
        spoken(repair === undefined ? what : `${what} ${repairs ? "" : "It would be mended: "}${repair}`),
      );
      return {
        text: lines.join("\n") || "Here and at the service everything is the same.",
        json: { mission: { slug: carried.mission.slug }, repaired: repairs, differences: found },
        hasOthersWords: true,
      };
    },
    (command) => command.option("--dry-run", "only say what differs"),
  );
  missions.add<AdvanceOptions>(
    "advance [slug]",
    "Do what is due for the missions that go on, once; for cron, where nothing else carries them out.",
    async (work) => {
      const { listWork } = await import("../store/mission-work.ts");
      const { workOfSlug } = await import("../missions/mission-desk.ts");
      const { options, signal, context } = work;
      const store = await work.store();
      const [slug] = work.args;
      const named = slug === undefined ? undefined : await workOfSlug(store, slug);
      if (options.wait) {
        const host = await openHost(work, store);
        const ids = (named === undefined ? await listWork(store) : [named]).map(({ mission }) => mission.id);
        host.start();
        try {
          await watchUntilEnd(work, store, ids, signal);
        } finally {
          await host.stop();
        }
        return options.json ? { text: "", json: {} } : undefined;
      }
      const told: string[] = [];
      const quiet = { ...context, print: (line: string) => void told.push(line.trimEnd()) };
      const host = await openHost({ ...work, options: { ...options, json: false }, context: quiet }, store);
      const isDone = await host.once(signal);
      const left = await listWork(store);
      if (options.cron && left.length === 0) {
        const { removeMissionJob } = await import("../missions/gateway-job.ts");
        const { openCli } = await import("./gateway-jobs.ts");
        await removeMissionJob(await openCli(await work.settings()));
      }
      const standing = isDone
        ? `${left.length} ${left.length === 1 ? "mission goes" : "missions go"} on.`
        : "Another process carries missions out just now.";
      return {
        text: options.cron ? told.join("\n") || NOTHING_TO_TELL : [...told, standing].join("\n"),
        json: {
          done: isDone,
          told,
          missions: left.map(({ mission, state }) => ({ slug: mission.slug, state })),
        },
      };
    },
    (command) =>
      command
        .option("--wait", "go on until they have ended")
        .option(
          "--cron",
          "print only what the owner is to hear, and end the gateway's job with the missions",
        ),
    { waits: true },
  );
}

/** What was asked for is in the store; it is done once something looks there. */
async function noteIfNobody(work: MissionWork<object>): Promise<void> {
  const { context } = work;
  if (isRunByGateway(context)) return;
  const settings = await work.settings();
  const { findHosting } = await import("../missions/mission-desk.ts");
  if ((await findHosting(settings)) !== undefined) return;
  context.complain(
    `Note: nothing carries missions out just now: start the background process (node dist/scripts/connect.js start), or run: missions advance --wait\n`,
  );
}
