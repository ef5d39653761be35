/**
 * Owns telling the server what the engine has done. What is told is written in the transaction of the change; here it is
 * put into words, and sent: in order (what is taken back ahead of everything), tried again while the service is in trouble, and never twice where that could be
 * seen. What the service refuses for good is noted and does not hold up what follows.
 */
import type { CompiledQuery } from "kysely";
import { reconnectDelayMs } from "../carriers/backoff.ts";
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import type { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import {
  lastUpdate,
  type MissionUpdate,
  newUpdateStatement,
  nextUpdates,
  updateDelayed,
  updateSending,
  updateSettledStatement,
} from "../store/mission-updates.ts";
import {
  type MissionTarget,
  type MissionWork,
  stepStatement,
  targetOf,
  targetStatement,
  targetsOf,
} from "../store/mission-work.ts";
import { canceledStatement } from "../store/scheduled-events.ts";
import { changed } from "./due.ts";
import type { Engine } from "./engine-parts.ts";
import { targetBecomes } from "./states.ts";

type Statement = CompiledQuery;
type OfMission = Pick<MissionWork, "mission">;

interface StepUpdate {
  readonly stepId: string;
  readonly status: string;
}

interface LogUpdate {
  /** "custom", "message", "error", "step_started", "step_completed". */
  readonly type: string;
  readonly summary: string;
  readonly stepId?: string | undefined;
  readonly payload?: object | undefined;
}

interface RunUpdate {
  readonly status: string;
  readonly resultSummary?: string;
  /** With what came of each target, as it stands when it is sent. */
  readonly hasResults?: boolean;
}

interface CancelUpdate {
  readonly eventId: string;
  readonly becomes: "waiting" | "dropped";
  readonly why: string;
}

/** What a notice for the owner is about. */
export interface OwnerNotice {
  readonly kind: "approval" | "summary" | "problem";
  readonly sentence: string;
}

/** A step stands otherwise: here, and at the server. For `store.together`, as all of these. */
export function stepBecomes(
  store: Store,
  { mission }: OfMission,
  stepId: string,
  status: string,
): Statement[] {
  const body: StepUpdate = { stepId, status };
  return [
    stepStatement(store, mission.id, stepId, status),
    newUpdateStatement(store, { mission: mission.id, what: "update-step", body }),
  ];
}

/** Something significant has happened. */
export function logged(store: Store, { mission }: OfMission, body: LogUpdate, target?: number): Statement {
  return newUpdateStatement(store, { mission: mission.id, what: "log-event", target, body });
}

/** The run stands otherwise. */
export function runBecomes(store: Store, { mission }: OfMission, body: RunUpdate): Statement {
  return newUpdateStatement(store, { mission: mission.id, what: "update-run", body });
}

/** The assistant is to know this from now on. */
export function assistantKnows(
  store: Store,
  { mission }: OfMission,
  body: { readonly instructions: string },
): Statement {
  return newUpdateStatement(store, { mission: mission.id, what: "update-assistant", body });
}

/** What is scheduled for a target is taken back; when that succeeds, the target goes into that state. */
export function takeBack(
  store: Store,
  { mission }: OfMission,
  target: number,
  body: CancelUpdate,
): Statement {
  return newUpdateStatement(store, { mission: mission.id, what: "cancel-event", target, body });
}

/**
 * How far taking back what is scheduled for a target has come: "refused" when it goes on, or has been; undefined when
 * nobody has tried.
 */
export async function takingBack(
  store: Store,
  { mission }: OfMission,
  target: { readonly id: number; readonly eventId?: string },
): Promise<"open" | "refused" | undefined> {
  const last = await lastUpdate(store, mission.id, "cancel-event", target.id);
  if (last === undefined || (last.body as CancelUpdate | null)?.eventId !== target.eventId) return undefined;
  if (last.state === "refused") return "refused";
  return last.state === "done" ? undefined : "open";
}

/** The owner is to know. Whoever talks with them sends it. */
export function ownerHears(store: Store, { mission }: OfMission, body: OwnerNotice): Statement {
  return newUpdateStatement(store, { mission: mission.id, what: "tell-owner", body });
}

const BACKOFF = { backoffMinMs: 5_000, backoffMaxMs: 15 * 60_000 };

/** When something that failed so often in a row is tried again. */
export function tryAgainAt({ now, random }: Pick<Engine, "now" | "random">, failures: number): Date {
  return new Date(now().getTime() + reconnectDelayMs(Math.min(failures, 20), BACKOFF, random()));
}

/** Whether the same request will never succeed. A key or an account can be put in order. */
export function isFinal(error: unknown): error is CarrierRefused {
  return error instanceof CarrierRefused && !error.isTransient && ![401, 402, 403].includes(error.status);
}

/**
 * Sends what is to be told of a mission until all has been, or one has to wait.
 *
 * @returns whether anything was sent.
 */
export async function sendUpdates(engine: Engine, work: MissionWork, signal: AbortSignal): Promise<boolean> {
  const { store, now } = engine;
  const { mission } = work;
  for (let count = 0; ; count += 1) {
    const update = (await nextUpdates(store, mission.id)).find(({ nextAt }) => nextAt <= now());
    if (update === undefined || signal.aborted) return count > 0;
    await sendOne(engine, work, update);
  }
}

async function sendOne(engine: Engine, work: MissionWork, update: MissionUpdate): Promise<void> {
  const { store, log } = engine;
  const rest = engine.rest(work.line);
  try {
    const isDone = update.state === "sending" && (await wasSent(rest, work, update));
    if (!isDone) {
      await updateSending(store, update.id);
      await send(engine, rest, work, update);
    }
    await settle(engine, work, update, "done");
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    const { status } = error instanceof CarrierRefused ? error : { status: undefined };
    if (update.what === "cancel-event" && status === 404) {
      await settle(engine, work, update, "done");
      return;
    }
    if (isFinal(error)) {
      log.warn(
        `The service refused to hear of the mission ${work.mission.slug} (${update.what}): ${messageOf(error)}`,
      );
      await settle(engine, work, update, "refused", messageOf(error));
      return;
    }
    await updateDelayed(store, update.id, {
      // What was only being looked for is still as open as before.
      isOpen: error.mayHaveHappened || update.state === "sending",
      at: tryAgainAt(engine, update.tries + 1),
      why: messageOf(error),
    });
  }
}

/** Whether an earlier try was carried out; what can be repeated without harm is. */
async function wasSent(rest: ClawdTalkMissions, work: MissionWork, update: MissionUpdate): Promise<boolean> {
  if (update.what !== "log-event") return false;
  const { missionId, runId } = idsOf(work);
  const events = await rest.listEvents(missionId, runId);
  return events.some(
    ({ described: { payload } }) => (payload as { update?: unknown } | null)?.update === update.key,
  );
}

async function send(
  { store }: Engine,
  rest: ClawdTalkMissions,
  work: MissionWork,
  update: MissionUpdate,
): Promise<void> {
  const { missionId, runId, assistantId } = idsOf(work);
  switch (update.what) {
    case "update-step": {
      const { stepId, status } = update.body as StepUpdate;
      await rest.updateStep(missionId, runId, stepId, status);
      return;
    }
    case "log-event": {
      const { payload, ...body } = update.body as LogUpdate;
      await rest.logEvent(missionId, runId, { ...body, payload: { ...payload, update: update.key } });
      return;
    }
    case "update-run":
      await rest.updateRun(missionId, runId, await runBody(store, work, update.body as RunUpdate));
      return;
    case "update-assistant":
      await rest.updateAssistant(assistantId, update.body as object);
      return;
    case "cancel-event":
      await rest.cancelEvent(assistantId, (update.body as CancelUpdate).eventId);
      return;
    case "tell-owner":
      throw new Error("The owner is not at the server.");
  }
}

async function runBody(store: Store, work: MissionWork, { hasResults, ...update }: RunUpdate) {
  if (hasResults !== true) return update;
  const { outcome, reason } = work;
  const targets = (await targetsOf(store, work.mission.id)).map(resultOf);
  return { ...update, resultPayload: { outcome, ...(reason === undefined ? {} : { reason }), targets } };
}

/** What came of a target, as the run's result tells it. */
function resultOf(target: MissionTarget) {
  const { name, number, round, state, attempts, outcome, insight, reply, scores, quote, detail } = target;
  return {
    name,
    number,
    round,
    state,
    attempts,
    outcome,
    insight,
    reply,
    scores,
    quote,
    detail,
    conversation_id: target.conversationId,
  };
}

export async function settle(
  engine: Engine,
  work: MissionWork,
  update: MissionUpdate,
  state: "done" | "refused",
  why?: string,
): Promise<void> {
  const { store, now } = engine;
  const settled = updateSettledStatement(store, update.id, state, why);
  const target =
    update.what === "cancel-event" && update.target !== undefined
      ? await targetOf(store, update.target)
      : undefined;
  if (target === undefined) {
    await store.together({ all: [settled] });
    return;
  }
  const { eventId, becomes, why: reason } = update.body as CancelUpdate;
  const isStillIt = target.state === "scheduled" && target.eventId === eventId;
  const follows = !isStillIt
    ? []
    : state === "done"
      ? [
          targetStatement(store, target, {
            state: targetBecomes(target.state, becomes),
            attempts: target.attempts - 1,
            nextAt: null,
            scheduledAt: null,
            eventId: null,
            status: null,
            callStatus: null,
            ...(becomes === "dropped" ? { detail: reason } : {}),
          }),
        ]
      : // It has begun: it is followed to its end.
        [targetStatement(store, target, { nextAt: now() })];
  await store.together({
    all: [
      settled,
      ...(state === "done" ? [canceledStatement(store, eventId)] : []),
      ...follows,
      changed(engine, work),
    ],
  });
}

function idsOf({ mission }: MissionWork) {
  const { carrierMissionId: missionId, runId, assistantId = "" } = mission;
  if (missionId === undefined || runId === undefined) {
    throw new Error(`The mission ${mission.slug} has something to tell the server before it is there.`);
  }
  return { missionId, runId, assistantId };
}
