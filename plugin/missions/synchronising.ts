/**
 * Owns comparing what is written here about a mission with what the service has of it, and repairing what differs. What
 * the engine can do is left to the engine; a mission that is over is put right at once.
 */
import type { CompiledQuery } from "kysely";
import { CarrierRefused } from "../carriers/carrier-errors.ts";
import type { CarrierEvent, ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import { parsePhoneNumber } from "../config/phone-number.ts";
import type { Store } from "../store/database.ts";
import { updatesOf } from "../store/mission-updates.ts";
import {
  dueStatement,
  ENDED_STATES,
  type MissionTarget,
  type MissionWork,
  stepsOf,
  targetStatement,
  targetsOf,
} from "../store/mission-work.ts";
import { eventScheduled, intendEvent, knownEventIds } from "../store/scheduled-events.ts";
import { stepOfTarget } from "./mission-steps.ts";
import { isThere } from "./pausing.ts";
import { runBecomes, stepBecomes } from "./server-updates.ts";
import { targetBecomes } from "./states.ts";

/** Both are sentences for people. */
export interface Difference {
  readonly what: string;
  /** What was done about it, or would be; none: a person has to see to it. */
  readonly repair?: string;
}

interface Using {
  readonly store: Store;
  readonly rest: ClawdTalkMissions;
  /** False only looks. */
  readonly repairs: boolean;
}

/** A difference with how it is repaired. */
interface Found extends Difference {
  /** What to write here, for the engine to do. */
  readonly statements?: readonly CompiledQuery[];
  /** What to do at once. */
  act?(): Promise<unknown>;
}

/**
 * Compares a mission with the service's view of it.
 *
 * @returns nothing when all is the same.
 * @throws CarrierError
 */
export async function synchronise(work: MissionWork, using: Using): Promise<Difference[]> {
  if (!isThere(work)) {
    return [{ what: `The mission ${work.mission.slug} has not been made at the service yet.` }];
  }
  const found = [
    ...(await runDifferences(work, using)),
    ...(await stepDifferences(work, using)),
    ...(await eventDifferences(work, using)),
    ...(await untold(work, using)),
  ];
  if (using.repairs) {
    for (const { act } of found) await act?.();
    const statements = found.flatMap((one) => one.statements ?? []);
    const isOver = ENDED_STATES.includes(work.state);
    if (statements.length > 0) {
      const due = isOver ? [] : [dueStatement(using.store, work.mission.id, using.store.now())];
      await using.store.together({ all: [...statements, ...due] });
    }
  }
  return found.map(({ what, repair }) => ({ what, ...(repair === undefined ? {} : { repair }) }));
}

async function runDifferences(work: MissionWork, { store, rest }: Using): Promise<Found[]> {
  const { carrierMissionId = "", runId = "" } = work.mission;
  const isOver = ENDED_STATES.includes(work.state);
  // While it closes, the service hears of it in a moment.
  if (work.state === "closing" || work.state === "preparing") return [];
  const ours = isOver ? work.state : "running";
  let theirs: string | undefined;
  try {
    theirs = (await rest.getRun(carrierMissionId, runId)).status;
  } catch (error) {
    if (!(error instanceof CarrierRefused) || error.status !== 404) throw error;
    return [{ what: `The service has no run ${runId} of the mission ${carrierMissionId}.` }];
  }
  if (theirs === undefined || theirs === ours) return [];
  const what = `The run is "${theirs}" at the service and "${ours}" here.`;
  const repair = `It is set to "${ours}" at the service.`;
  return isOver
    ? [
        {
          what,
          repair,
          act: async () =>
            await rest.updateRun(carrierMissionId, runId, {
              status: ours,
              ...(work.summary === undefined ? {} : { resultSummary: work.summary }),
            }),
        },
      ]
    : [{ what, repair, statements: [runBecomes(store, work, { status: ours })] }];
}

async function stepDifferences(work: MissionWork, { store, rest }: Using): Promise<Found[]> {
  const { carrierMissionId = "", runId = "" } = work.mission;
  const isOver = ENDED_STATES.includes(work.state);
  const plan = await rest.getPlan(carrierMissionId, runId);
  const theirs = new Map(plan.map(({ step_id, status }) => [step_id, status]));
  const open = new Set(
    (await updatesOf(store, work.mission.id))
      .filter(({ what, state }) => what === "update-step" && (state === "waiting" || state === "sending"))
      .map(({ body }) => (body as { stepId: string }).stepId),
  );
  return (await stepsOf(store, work.mission.id))
    .filter(({ stepId, status }) => !open.has(stepId) && theirs.get(stepId) !== status)
    .map(({ stepId, status }): Found => {
      const there = theirs.get(stepId);
      if (there === undefined) return { what: `The service has no step ${stepId}.` };
      const what = `The step ${stepId} is "${String(there)}" at the service and "${status}" here.`;
      const repair = `It is set to "${status}" at the service.`;
      return isOver
        ? { what, repair, act: async () => await rest.updateStep(carrierMissionId, runId, stepId, status) }
        : { what, repair, statements: stepBecomes(store, work, stepId, status) };
    });
}

async function eventDifferences(work: MissionWork, using: Using): Promise<Found[]> {
  const { store, rest } = using;
  const { assistantId } = work.mission;
  if (assistantId === undefined) return [];
  const events = await rest.listAssistantEvents(assistantId);
  const byId = new Map(events.map((event) => [event.id, event]));
  const known = await knownEventIds(store, [...byId.keys()]);
  const strange = events.filter(({ id }) => !known.has(id));
  const targets = await targetsOf(store, work.mission.id);
  const isOver = ENDED_STATES.includes(work.state);
  const adopted = new Set<string>();
  const found: Found[] = [];
  for (const target of targets) {
    if (target.state === "scheduled" && target.eventId !== undefined) {
      const event = byId.get(target.eventId);
      const isSame = event !== undefined && (event.status === undefined || event.status === target.status);
      if (!isSame) found.push(looksNow(target, event, store));
    } else if (target.state === "unsettled" && target.eventId === undefined) {
      const like = strange.filter((event) => isFor(event, target));
      if (like.length > 1) {
        const ids = like.map(({ id }) => id).join(", ");
        for (const { id } of like) adopted.add(id);
        found.push({
          what: `Several events at the service may be the one with ${target.name}: ${ids}. Cancel those that are too many (cancel-scheduled-event ${assistantId} ID) and run this again.`,
        });
        continue;
      }
      const [event] = like;
      if (event !== undefined) adopted.add(event.id);
      found.push(isOver ? tooLate(target, event) : settles(work, target, event, using));
    }
  }
  const nobodys = strange.filter(
    ({ id, status }) => !adopted.has(id) && status !== "completed" && status !== "failed",
  );
  return [
    ...found,
    ...nobodys.map(({ id, described }) => ({
      what: `The service has an event ${id} (${String(described.to ?? "to a number it does not say")}) that nobody here has scheduled: cancel-scheduled-event ${assistantId} ${id} takes it back.`,
    })),
  ];
}

function looksNow(target: MissionTarget, event: CarrierEvent | undefined, store: Store): Found {
  return {
    what:
      event === undefined
        ? `The service has no event with ${target.name} any more.`
        : `The event with ${target.name} is "${event.status}" at the service and "${target.status ?? "unknown"}" here.`,
    repair: "The engine looks at it at once.",
    statements: [targetStatement(store, target, { nextAt: store.now() })],
  };
}

function tooLate(target: MissionTarget, event: CarrierEvent | undefined): Found {
  return {
    what:
      event === undefined
        ? `The service never got the call or text to ${target.name}, of which nobody knew.`
        : `The call or text to ${target.name}, of which nobody knew, is ${event.id} at the service ("${event.status ?? "unknown"}").`,
  };
}

/** What nobody knew is known now: the service has it, or certainly has not. */
function settles(
  work: MissionWork,
  target: MissionTarget,
  event: CarrierEvent | undefined,
  { store }: Using,
): Found {
  if (event === undefined) {
    return {
      what: `The service never got the call or text to ${target.name}, of which nobody knew.`,
      repair: "It is scheduled again.",
      statements: [
        targetStatement(store, target, {
          state: targetBecomes(target.state, "waiting"),
          attempts: Math.max(0, target.attempts - 1),
          scheduledAt: null,
          detail: null,
        }),
      ],
    };
  }
  const { mission, line } = work;
  const { scheduledAt = store.now() } = target;
  return {
    what: `The call or text to ${target.name}, of which nobody knew, is ${event.id} at the service.`,
    repair: "The engine follows it.",
    act: async () => {
      const id = await intendEvent(store, {
        mission: mission.id,
        line,
        channel: target.channel,
        assistantId: mission.assistantId ?? "",
        to: target.number,
        from: mission.agentPhone ?? "",
        stepId: stepOfTarget(work.plan, target),
        scheduledAt,
      });
      await eventScheduled(store, id, event.id, event);
    },
    statements: [
      targetStatement(store, target, {
        state: targetBecomes(target.state, "scheduled"),
        eventId: event.id,
        status: event.status,
        callStatus: event.callStatus,
        conversationId: event.conversationId,
        nextAt: store.now(),
        detail: null,
      }),
    ],
  };
}

/** Whether an event can be the one that was to be scheduled for a target. */
function isFor({ described }: CarrierEvent, { number, scheduledAt, channel }: MissionTarget): boolean {
  const { to, scheduled_at, channel: theirs } = described;
  return (
    (typeof to !== "string" || parsePhoneNumber(to) === number) &&
    (typeof theirs !== "string" || theirs === channel) &&
    (typeof scheduled_at !== "string" ||
      scheduledAt === undefined ||
      Date.parse(scheduled_at) === scheduledAt.getTime())
  );
}

/** What the service has not heard, or does not want to hear. */
async function untold(work: MissionWork, { store }: Using): Promise<Found[]> {
  const updates = (await updatesOf(store, work.mission.id)).filter(({ lane }) => lane !== "owner");
  const open = updates.filter(({ state }) => state === "waiting" || state === "sending");
  const refused = updates.filter(({ state, what }) => state === "refused" && what !== "cancel-event");
  return [
    ...(open.length === 0
      ? []
      : [
          {
            what: `The service has not heard ${open.length === 1 ? "one thing" : `${open.length} things`} of it yet${open[0]?.detail === undefined ? "" : ` (${open[0].detail})`}.`,
            repair: "The engine goes on telling it.",
          },
        ]),
    ...refused.map(({ what, detail }) => ({
      what: `The service refused to hear something (${what}): ${detail ?? ""}`,
    })),
  ];
}
