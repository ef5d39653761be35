/**
 * Owns having the carrier call or text the targets of a mission, each once. The time is chosen and written down before
 * the carrier is told; whoever comes back to it later, after a crash or a lost answer, looks first what is there, and
 * chooses a new time only when the carrier certainly has nothing.
 */
import type { CompiledQuery } from "kysely";
import { NotDialable } from "../calls/dial-policy.ts";
import { BadTime } from "../calls/due-time.ts";
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import type { CarrierEvent } from "../carriers/clawdtalk/missions-rest.ts";
import { LimitReached } from "../limits/limit-reached.ts";
import { endOfDay } from "../limits/local-time.ts";
import { messageOf } from "../log.ts";
import { isToBeSent } from "../store/mission-updates.ts";
import {
  attemptsOf,
  type MissionTarget,
  type MissionWork,
  postponeStatement,
  stepsOf,
  type TargetChange,
  takenTimes,
  targetStatement,
  workStatement,
} from "../store/mission-work.ts";
import { eventAt, eventRefused, type ScheduledEvent } from "../store/scheduled-events.ts";
import { nextLook } from "./cadence.ts";
import { callingTimes } from "./calling-times.ts";
import { changed } from "./due.ts";
import { earlierTry } from "./earlier-event.ts";
import type { Engine } from "./engine-parts.ts";
import { filledIn } from "./filled-in.ts";
import { NotSettled } from "./mission-errors.ts";
import { stepOfTarget } from "./mission-steps.ts";
import { pauseFor } from "./pausing.ts";
import { scheduleEvent } from "./schedule-event.ts";
import { logged, stepBecomes, takeBack, tryAgainAt } from "./server-updates.ts";
import { targetBecomes } from "./states.ts";

type Statement = CompiledQuery;

/** Nothing of an earlier call stands in the way of the next one. */
export const FRESH: TargetChange = {
  scheduledAt: null,
  eventId: null,
  status: null,
  callStatus: null,
  endedBecause: null,
  conversationId: null,
  durationSeconds: null,
  since: null,
  transcript: null,
  insight: null,
};

/** Whether somebody may be called just now. */
export function mayCall({ state, wish }: Pick<MissionWork, "state" | "wish">): boolean {
  return (state === "running" || state === "deciding") && wish === undefined;
}

/**
 * Chooses times for targets that wait, and writes them down: what is asked of the carrier follows from that.
 *
 * @param also carried out with the first of them.
 * @returns whether any of them waited.
 */
export async function chooseTimes(
  engine: Engine,
  work: MissionWork,
  targets: readonly MissionTarget[],
  also: readonly Statement[] = [],
): Promise<boolean> {
  const { store } = engine;
  const waiting = targets.filter(({ state }) => state === "waiting");
  const { batch, maxCalls } = work.plan.limits;
  let left =
    maxCalls === undefined ? Number.POSITIVE_INFINITY : maxCalls - (await attemptsOf(store, work.mission.id));
  for (let from = 0; from < waiting.length; from += batch) {
    const some = waiting.slice(from, from + batch);
    const times = await timesFor(engine, work, some);
    const statements = some.flatMap((target) => {
      const time = times.get(target.id);
      const never =
        left <= 0
          ? "The mission's calls are used up."
          : time instanceof Date
            ? undefined
            : (time?.never ?? "No time was found for it.");
      if (!(time instanceof Date) || never !== undefined) return dropped(engine, work, target, never ?? "");
      left -= 1;
      return [
        targetStatement(store, target, {
          ...FRESH,
          state: targetBecomes(target.state, "scheduling"),
          attempts: target.attempts + 1,
          scheduledAt: time,
          nextAt: engine.now(),
        }),
      ];
    });
    await store.together({
      all: [...(from === 0 ? [...also, ...(await begunStep(engine, work, some))] : []), ...statements],
    });
  }
  return waiting.length > 0;
}

async function timesFor(engine: Engine, work: MissionWork, targets: readonly MissionTarget[]) {
  const { store, config, now } = engine;
  const { plan, slowdown, callsFrom } = work;
  return await callingTimes(targets, {
    plan,
    config,
    now: now(),
    taken: await takenTimes(store, work.mission.id),
    staggerSeconds: plan.limits.staggerSeconds * (1 + Math.min(slowdown, MOST_SLOWDOWN)),
    earliest: callsFrom,
  });
}

/** However often the service asks for patience, calls do not lie farther apart than so many times the plan's stagger. */
const MOST_SLOWDOWN = 3;

/** The step that these belong to, when they are the first ones of it. */
async function begunStep(
  { store }: Engine,
  work: MissionWork,
  targets: readonly MissionTarget[],
): Promise<Statement[]> {
  const ids = new Set(targets.map((target) => stepOfTarget(work.plan, target)));
  const steps = await stepsOf(store, work.mission.id);
  return steps
    .filter(({ stepId, status }) => ids.has(stepId) && status === "pending")
    .flatMap(({ stepId, description }) => [
      ...stepBecomes(store, work, stepId, "in_progress"),
      logged(store, work, { type: "step_started", summary: `Starting: ${description}`, stepId }),
    ]);
}

/** A target is not called any more, and why. */
export function dropped(engine: Engine, work: MissionWork, target: MissionTarget, why: string): Statement[] {
  const { store } = engine;
  return [
    targetStatement(store, target, {
      state: targetBecomes(target.state, "dropped"),
      detail: why,
      nextAt: null,
      ...(target.state === "scheduling" ? { attempts: target.attempts - 1 } : {}),
    }),
    logged(
      store,
      work,
      {
        type: "custom",
        summary: `Not called: ${target.name}. ${why}`,
        stepId: stepOfTarget(work.plan, target),
        payload: { target: target.name, round: target.round, outcome: "dropped", detail: why },
      },
      target.id,
    ),
    changed(engine, work),
  ];
}

/** Has the carrier do what was written down for a target, or finds out that it was told already. */
export async function tellCarrier(engine: Engine, work: MissionWork, target: MissionTarget): Promise<void> {
  const { store, now } = engine;
  const { scheduledAt } = target;
  if (scheduledAt === undefined) throw new Error(`${target.name} is to be scheduled for no time.`);
  try {
    const there = await whatIsThere(engine, work, { ...target, scheduledAt });
    if (there !== undefined) {
      await has(engine, work, target, there);
    } else if (!mayCall(work)) {
      await waits(engine, work, target, {});
    } else if (await isToBeSent(store, work.mission.id, "update-assistant")) {
      // The assistant is told first what it is to say.
      await store.together({ all: [targetStatement(store, target, { nextAt: inSeconds(engine, 5) })] });
    } else if (scheduledAt.getTime() < now().getTime() + LEAST_AHEAD_MS) {
      await chooseAgain(engine, work, target);
    } else {
      await schedule(engine, work, { ...target, scheduledAt });
    }
  } catch (error) {
    await refused(engine, work, { ...target, scheduledAt }, error);
  }
}

/** The service wants a minute; what is nearer gets another time instead of a refusal. */
const LEAST_AHEAD_MS = 65_000;

type TimedTarget = MissionTarget & { readonly scheduledAt: Date };

/** What the carrier has been told for this target and time; undefined when it has certainly not been told anything. */
async function whatIsThere(
  engine: Engine,
  work: MissionWork,
  target: TimedTarget,
): Promise<Pick<CarrierEvent, "id" | "status" | "callStatus" | "conversationId"> | undefined> {
  const { store } = engine;
  const { number: to, scheduledAt } = target;
  const known = await eventAt(store, { mission: work.mission.id, to, scheduledAt });
  if (known?.state === "scheduled" && known.carrierEventId !== undefined) {
    const { carrierEventId: id, status, callStatus, conversationId } = known;
    return { id, status, callStatus, conversationId };
  }
  if (known?.state !== "intended") return undefined;
  const earlier = await earlierTry({ ...wantedAgain(known), to }, { store, rest: engine.rest(work.line) });
  if (earlier?.event !== undefined) return earlier.event;
  await eventRefused(store, known.id, "The service never got it.");
  return undefined;
}

function wantedAgain({
  mission,
  line,
  channel,
  assistantId,
  from,
  body,
  stepId,
  scheduledAt,
}: ScheduledEvent) {
  return { mission, line, channel, assistantId, from, body, stepId, scheduledAt };
}

async function schedule(engine: Engine, work: MissionWork, target: TimedTarget): Promise<void> {
  const { store, config } = engine;
  const { mission, plan } = work;
  const text = target.channel === "sms" ? filledIn(target.text ?? plan.text ?? "", target) : undefined;
  const event = await engine.alone(() =>
    scheduleEvent(
      {
        assistantId: mission.assistantId ?? "",
        to: target.number,
        from: mission.agentPhone ?? "",
        at: target.scheduledAt.toISOString(),
        missionId: mission.carrierMissionId,
        runId: mission.runId,
        stepId: stepOfTarget(plan, target),
        text,
        further: text === undefined ? config.answeringMachineFields?.[target.kind] : undefined,
      },
      { store, rest: engine.rest(work.line), config, line: work.line },
    ),
  );
  await has(engine, work, target, event);
}

/** The carrier has it. */
async function has(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  event: Pick<CarrierEvent, "id" | "status" | "callStatus" | "conversationId">,
): Promise<void> {
  const { store, now, random } = engine;
  const { scheduledAt = now() } = target;
  const what = target.channel === "call" ? "call" : "text";
  const at = scheduledAt.toISOString();
  await store.together({
    onlyIf: targetStatement(store, target, {
      state: targetBecomes(target.state, "scheduled"),
      eventId: event.id,
      status: event.status,
      callStatus: event.callStatus,
      conversationId: event.conversationId,
      failures: 0,
      nextAt: nextLook({ scheduledAt }, { now: now(), random, isFirst: true }),
    }),
    all: [
      logged(
        store,
        work,
        {
          type: "custom",
          summary: `Scheduled a ${what} with ${target.name} for ${at}`,
          stepId: stepOfTarget(work.plan, target),
          payload: {
            target: target.name,
            number: target.number,
            round: target.round,
            attempt: target.attempts,
            scheduled_at: at,
            event_id: event.id,
          },
        },
        target.id,
      ),
      ...(mayCall(work)
        ? []
        : [
            takeBack(store, work, target.id, {
              eventId: event.id,
              ...TAKEN_BACK[work.state === "closing" ? "closing" : "paused"],
            }),
          ]),
    ],
  });
}

/** What becomes of what is taken back. */
export const TAKEN_BACK = {
  paused: { becomes: "waiting", why: "The mission was paused." },
  closing: { becomes: "dropped", why: "The mission ended before it was called." },
} as const;

/** It is to get a time anew, and not before. */
async function waits(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  change: TargetChange,
  also: readonly Statement[] = [],
): Promise<void> {
  const { store } = engine;
  await store.together({
    onlyIf: targetStatement(store, target, {
      nextAt: null,
      scheduledAt: null,
      ...change,
      state: targetBecomes(target.state, "waiting"),
      attempts: target.attempts - 1,
    }),
    all: [...also, changed(engine, work)],
  });
}

/** Its time has passed, or will have before the carrier knows: it gets another one. */
async function chooseAgain(engine: Engine, work: MissionWork, target: MissionTarget): Promise<void> {
  const { store, now } = engine;
  const time = (await timesFor(engine, work, [{ ...target, attempts: target.attempts - 1 }])).get(target.id);
  const all =
    time instanceof Date
      ? [targetStatement(store, target, { scheduledAt: time, nextAt: now() })]
      : dropped(engine, work, target, time?.never ?? "No time was found for it.");
  await store.together({ all });
}

const HALF_AN_HOUR_MS = 30 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** Two days of half hours: if none of them suits, none does. */
const MOST_HOURS_TRIED = 96;
/** So far ahead calls are scheduled for a line that may place few in a day. */
const FARTHEST_MS = 30 * DAY_MS;

async function refused(
  engine: Engine,
  work: MissionWork,
  target: TimedTarget,
  error: unknown,
): Promise<void> {
  const { store, now } = engine;
  const why = messageOf(error);
  const drop = async () => await store.together({ all: dropped(engine, work, target, why) });
  if (error instanceof LimitReached) {
    await limited(engine, work, target, error);
  } else if (error instanceof BadTime) {
    await chooseAgain(engine, work, target);
  } else if (error instanceof NotSettled) {
    await unsettled(engine, work, target, why);
  } else if (error instanceof NotDialable) {
    await drop();
  } else if (!(error instanceof CarrierError)) {
    throw error;
  } else if (error instanceof CarrierRefused && error.status === 429) {
    const until = tryAgainAt(engine, target.failures + 1);
    await store.together({
      all: [
        targetStatement(store, target, { failures: target.failures + 1 }),
        postponeStatement(store, work.mission.id, until),
        workStatement(store, work, { slowdown: work.slowdown + 1 }),
      ],
    });
  } else if (error instanceof CarrierRefused && [401, 402, 403].includes(error.status)) {
    // None of the others would fare better.
    await waits(engine, work, target, {}, pauseFor(engine, work, why));
  } else if (error.mayHaveHappened || !(error instanceof CarrierRefused) || error.isTransient) {
    await store.together({
      all: [
        targetStatement(store, target, {
          failures: target.failures + 1,
          nextAt: tryAgainAt(engine, target.failures + 1),
          detail: why,
        }),
      ],
    });
  } else if (target.scheduledAt.getTime() < now().getTime() + LEAST_AHEAD_MS + 30_000) {
    await chooseAgain(engine, work, target);
  } else {
    await drop();
  }
}

async function limited(
  engine: Engine,
  work: MissionWork,
  target: TimedTarget,
  error: LimitReached,
): Promise<void> {
  const { store, now, config } = engine;
  const { scheduledAt } = target;
  const nextDay = endOfDay(scheduledAt, config.hours.timezone);
  const after = (ms: number) => new Date(scheduledAt.getTime() + ms);
  const detail = error.message;
  switch (error.rule) {
    case "callsPerNumberPerDay":
      await waits(engine, work, target, { nextAt: nextDay, detail });
      return;
    case "cooldownMinutes":
      await waits(engine, work, target, { nextAt: after(config.limits.cooldownMinutes * 60_000), detail });
      return;
    case "callingHours":
    case "quietHours":
      if (target.failures < MOST_HOURS_TRIED) {
        const failures = target.failures + 1;
        await waits(engine, work, target, { nextAt: after(HALF_AN_HOUR_MS), failures, detail });
        return;
      }
      break;
    case "callsPerDay":
    case "textsPerDay":
    case "minutesPerDay": {
      const isFar = nextDay.getTime() > now().getTime() + FARTHEST_MS;
      const later = { callsFrom: nextDay };
      await waits(
        engine,
        work,
        target,
        { detail },
        isFar ? pauseFor(engine, work, detail) : [workStatement(store, work, later)],
      );
      return;
    }
    default:
  }
  await store.together({ all: dropped(engine, work, target, detail) });
}

/** Nobody can say whether it was scheduled, or what came of it: it is reported, and nothing is sent again. */
export async function unsettled(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  why: string,
): Promise<void> {
  const { store } = engine;
  await store.together({
    onlyIf: targetStatement(store, target, {
      state: targetBecomes(target.state, "unsettled"),
      detail: why,
      nextAt: null,
    }),
    all: [
      logged(
        store,
        work,
        {
          type: "error",
          summary: `Not settled: ${target.name}. ${why}`,
          stepId: stepOfTarget(work.plan, target),
          payload: { target: target.name, round: target.round, outcome: "unsettled", detail: why },
        },
        target.id,
      ),
      changed(engine, work),
    ],
  });
}

function inSeconds({ now }: Engine, seconds: number): Date {
  return new Date(now().getTime() + seconds * 1_000);
}
