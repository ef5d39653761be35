/**
 * Owns what is done next: the class's scheduler looks at the whole mission, and what it says is carried out. For a mission
 * of many targets it looks less often, so that what happens to one of them never costs in proportion to all.
 */

import type { CompiledQuery } from "kysely";
import { parsePhoneNumber } from "../config/phone-number.ts";
import { appendStatements } from "../store/mission-memory.ts";
import {
  type Decision,
  decisionsOf,
  hasTargetsIn,
  isToBeDecided,
  type MissionTarget,
  type MissionWork,
  newDecisionStatement,
  newTargetStatement,
  stepsOf,
  targetStatement,
  workOf,
  workStatement,
} from "../store/mission-work.ts";
import { assistantFor } from "./call-instructions.ts";
import { soon } from "./due.ts";
import type { Engine } from "./engine-parts.ts";
import { stepOfRound } from "./mission-steps.ts";
import { close } from "./pausing.ts";
import { type MissionView, type Move, nextChange } from "./schedulers.ts";
import { chooseTimes, dropped } from "./scheduling.ts";
import { assistantKnows, logged, ownerHears, stepBecomes, takeBack, takingBack } from "./server-updates.ts";
import { missionBecomes, targetBecomes } from "./states.ts";

/** If the engine dies in the middle, it looks again after this. */
const LEASE_MS = 60_000;

/** Asks the scheduler what to do, and does it. */
export async function move(engine: Engine, work: MissionWork): Promise<void> {
  const { store, now, log } = engine;
  const lease = new Date(now().getTime() + LEASE_MS);
  await store.together({ all: [workStatement(store, work, { dueAt: lease })] });
  const view = await viewOf(engine, work);
  const moves = engine.schedulers[work.plan.class](view);
  const byId = new Map(view.targets.map((target) => [target.id, target]));
  let hasMoved = false;
  for (const one of moves) {
    hasMoved = (await carryOut(engine, work.mission.id, byId, view.decisions, one)) || hasMoved;
  }
  const after = await workOf(store, work.mission.id);
  if (after === undefined || (after.state !== "running" && after.state !== "deciding")) return;
  const isActive = await hasTargetsIn(store, work.mission.id, [
    "waiting",
    "scheduling",
    "scheduled",
    "collecting",
  ]);
  const isAsking = await isToBeDecided(store, work.mission.id);
  const isStuck = !hasMoved && !isActive && !isAsking && nextChange(view) === undefined;
  if (isStuck && view.targets.every(({ state }) => state !== "deciding")) {
    log.warn(`The mission ${work.mission.slug} has nothing left to do, and its scheduler does not end it.`);
    await close(engine, after, { outcome: "failed", reason: "Nothing was left to do." });
    return;
  }
  const state = isAsking && !isActive ? "deciding" : "running";
  const hasNews = after.dueAt?.getTime() !== lease.getTime();
  await store.together({
    all: [
      workStatement(store, after, {
        ...(state === after.state ? {} : { state: missionBecomes(after.state, state) }),
        dueAt: hasMoved ? soon(engine, work) : hasNews ? (after.dueAt ?? now()) : (nextChange(view) ?? null),
      }),
    ],
  });
}

/** A mission as schedulers and agents see it. */
export async function viewOf(
  { store, targets, agent, now }: Engine,
  work: MissionWork,
): Promise<MissionView> {
  return {
    plan: work.plan,
    round: work.round,
    targets: await targets.of(work.mission.id),
    decisions: await decisionsOf(store, work.mission.id),
    hasAgent: agent !== undefined,
    now: now(),
  };
}

/** @returns whether that has changed anything. */
async function carryOut(
  engine: Engine,
  missionId: string,
  targets: ReadonlyMap<number, MissionTarget>,
  decisions: readonly Decision[],
  move: Move,
): Promise<boolean> {
  const { store, config } = engine;
  const work = await workOf(store, missionId);
  if (work === undefined || (work.state !== "running" && work.state !== "deciding")) return false;
  const some = (ids: readonly number[]) => ids.flatMap((id) => targets.get(id) ?? []);
  switch (move.do) {
    case "schedule":
      return await chooseTimes(engine, work, some(move.targets));
    case "brief": {
      const [target] = some([move.target]);
      const { instructions } = assistantFor({
        plan: work.plan,
        round: work.round,
        target,
        targets: [...targets.values()],
        decisions,
        config,
      });
      return await chooseTimes(engine, work, some([move.target]), [
        assistantKnows(store, work, { instructions }),
      ]);
    }
    case "ask": {
      const about = move.target === undefined ? undefined : targets.get(move.target);
      return await ask(engine, work, move.kind, about, decisions);
    }
    case "drop":
      return await drop(engine, work, some(move.targets), move.why);
    case "next-round":
      await nextRound(engine, work, some(move.targets));
      return true;
    case "act": {
      const [target] = some([move.target]);
      if (target !== undefined) await act(engine, work, target);
      return target !== undefined;
    }
    case "close":
      await close(engine, work, move);
      return true;
  }
}

async function ask(
  { store }: Engine,
  work: MissionWork,
  kind: Decision["kind"],
  target: MissionTarget | undefined,
  decisions: readonly Decision[],
): Promise<boolean> {
  const { mission, round } = work;
  const isAsked = decisions.some(
    (each) => each.kind === kind && each.target === target?.id && each.state !== "answered",
  );
  if (isAsked) return false;
  const byAgent = kind !== "approval";
  const all = [
    newDecisionStatement(store, { mission: mission.id, kind, target: target?.id, round, byAgent }),
    ...(target?.state === "done"
      ? [targetStatement(store, target, { state: targetBecomes(target.state, "deciding") })]
      : []),
    ...(byAgent
      ? []
      : [
          ownerHears(store, work, {
            kind: "approval",
            sentence: `Round ${round} of the mission ${mission.slug} is over. Say who goes on: missions.ts approve ${mission.slug} --targets 1,3 (or all), or --no. The report: missions.ts report ${mission.slug}`,
          }),
          logged(store, work, {
            type: "custom",
            summary: `Round ${round} is over: a human decides who goes on`,
            stepId: stepOfRound(work.plan, round),
          }),
        ]),
  ];
  await store.together({ all });
  return true;
}

async function drop(
  engine: Engine,
  work: MissionWork,
  targets: readonly MissionTarget[],
  why: string,
): Promise<boolean> {
  const { store } = engine;
  let hasDropped = false;
  for (const target of targets) {
    if (target.state === "waiting") {
      hasDropped = true;
      await store.together({ all: dropped(engine, work, target, why) });
    } else if (target.state === "scheduled" && target.eventId !== undefined) {
      if ((await takingBack(store, work, target)) !== undefined) continue;
      hasDropped = true;
      const { id, eventId } = target;
      await store.together({ all: [takeBack(store, work, id, { eventId, becomes: "dropped", why })] });
    }
  }
  return hasDropped;
}

/** These are called again in the next round, for which the assistant is told anew. */
async function nextRound(engine: Engine, work: MissionWork, chosen: readonly MissionTarget[]): Promise<void> {
  const { store, config } = engine;
  const { plan, mission } = work;
  const round = work.round + 1;
  const { instructions } = assistantFor({ plan, round, targets: chosen, decisions: [], config });
  await roundBegins(engine, work, round, [
    ...chosen.map((target) =>
      newTargetStatement(store, mission.id, {
        name: target.name,
        number: target.number,
        kind: target.kind,
        facts: target.facts,
        position: target.position,
        round,
        channel: plan.channel,
        ...(target.timezone === undefined ? {} : { timezone: target.timezone }),
      }),
    ),
    ...chosen.map((target) => targetStatement(store, target, { isChosen: true })),
    ...appendStatements(
      store,
      { mission: mission.id, key: "rounds" },
      { round, chosen: chosen.map(({ name }) => name) },
    ),
    assistantKnows(store, work, { instructions }),
  ]);
}

/** What was found is to be acted on: the assistant is told when nobody else is on the phone. */
async function act(engine: Engine, work: MissionWork, target: MissionTarget): Promise<void> {
  const { store, config } = engine;
  const { action } = work.plan;
  if (action === undefined) return;
  const to = action.to === undefined ? target.number : parsePhoneNumber(action.to, config.defaultRegion);
  if (to === undefined) {
    await close(engine, work, { outcome: "failed", reason: `${action.to} is no number to act at.` });
    return;
  }
  const isTarget = to === target.number;
  const round = work.round + 1;
  await roundBegins(engine, work, round, [
    newTargetStatement(store, work.mission.id, {
      name: isTarget ? target.name : "The mission's action",
      number: to,
      kind: isTarget ? target.kind : "service",
      facts: target.facts,
      position: 1,
      round,
      channel: action.channel,
      ...(action.text === undefined ? {} : { text: action.text }),
      ...(isTarget && target.timezone !== undefined ? { timezone: target.timezone } : {}),
    }),
    targetStatement(store, target, { isChosen: true }),
  ]);
}

async function roundBegins(
  engine: Engine,
  work: MissionWork,
  round: number,
  changes: readonly CompiledQuery[],
): Promise<void> {
  const { store } = engine;
  const before = stepOfRound(work.plan, work.round);
  const step = (await stepsOf(store, work.mission.id)).find(({ stepId }) => stepId === before);
  await store.together({
    onlyIf: workStatement(store, work, { round, dueAt: soon(engine, work) }),
    all: [
      ...changes,
      ...stepBecomes(store, work, before, "completed"),
      logged(store, work, {
        type: "step_completed",
        summary: `Completed: ${step?.description ?? before}`,
        stepId: before,
      }),
    ],
  });
}
