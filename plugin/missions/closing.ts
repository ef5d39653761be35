/**
 * Owns how a mission ends: what is on its way is waited for, the results are summed up, the server is told, and only when
 * it has heard everything is the mission over here. Nothing is left behind.
 */
import type { CompiledQuery } from "kysely";
import { NoUsableLine } from "../config/choose-line.ts";
import { nextUpdates } from "../store/mission-updates.ts";
import {
  decisionsOf,
  dropDecisionsStatement,
  FOLLOWED_STATES,
  hasTargetsIn,
  type MissionTarget,
  type MissionWork,
  newDecisionStatement,
  stepsOf,
  targetStatement,
  targetsIn,
  targetsOf,
  workStatement,
} from "../store/mission-work.ts";
import { closedStatement } from "../store/missions.ts";
import { quotation } from "../trust/quotation.ts";
import type { Engine } from "./engine-parts.ts";
import { RESULTS_STEP } from "./mission-steps.ts";
import { isThere, pauseFor } from "./pausing.ts";
import { unsettled } from "./scheduling.ts";
import { logged, ownerHears, runBecomes, settle, stepBecomes } from "./server-updates.ts";
import { missionBecomes, targetBecomes } from "./states.ts";

/** Takes the next step towards the end. Done again whenever something of the mission has changed. */
export async function finish(engine: Engine, work: MissionWork): Promise<void> {
  const { store } = engine;
  const { mission } = work;
  const waits = workStatement(store, work, { dueAt: null });
  if (await hasTargetsIn(store, mission.id, ["waiting"])) {
    const waiting = await targetsIn(store, mission.id, { states: ["waiting"] });
    await store.together({
      all: waiting.map((target) =>
        targetStatement(store, target, {
          state: targetBecomes(target.state, "dropped"),
          detail: "The mission ended before it was called.",
          nextAt: null,
        }),
      ),
    });
  }
  if (await hasTargetsIn(store, mission.id, ["scheduling", "scheduled", "collecting"])) {
    await store.together({ all: [waits] });
  } else if (work.summary === undefined) {
    await sumUp(engine, work, waits);
  } else if ((await nextUpdates(store, mission.id)).length === 0) {
    await end(engine, work);
  }
}

/** @param waits that nothing is done until something changes. */
async function sumUp(engine: Engine, work: MissionWork, waits: CompiledQuery): Promise<void> {
  const { store, agent, now } = engine;
  const { mission, round, outcome = "failed" } = work;
  const decisions = await decisionsOf(store, mission.id);
  const asked = decisions.find(({ kind }) => kind === "summary");
  if (asked === undefined && agent !== undefined && outcome !== "cancelled") {
    await store.together({
      all: [newDecisionStatement(store, { mission: mission.id, kind: "summary", round, byAgent: true })],
    });
    return;
  }
  if (asked !== undefined && asked.state !== "answered") {
    await store.together({ all: [waits] });
    return;
  }
  const targets = await targetsOf(store, mission.id);
  const answer = asked?.answer as { readonly summary?: string } | null | undefined;
  const summary = answer?.summary || mechanicalSummary(work, targets);
  const steps = await stepsOf(store, mission.id);
  const open = steps.filter(
    ({ status, stepId }) => stepId !== RESULTS_STEP && !["completed", "failed"].includes(status),
  );
  const of = isThere(work)
    ? [
        ...open.flatMap(({ stepId, status }) => stepBecomes(store, work, stepId, stepEnd(status, outcome))),
        ...stepBecomes(store, work, RESULTS_STEP, outcome === "cancelled" ? "skipped" : "completed"),
        logged(store, work, {
          type: outcome === "failed" ? "error" : "step_completed",
          summary: `The mission ${outcome}${work.reason === undefined ? "" : `: ${work.reason}`}`,
          stepId: RESULTS_STEP,
        }),
        // Whoever has closed it by hand has said what came of it.
        ...(mission.closedAt === undefined
          ? [
              runBecomes(store, work, {
                status: outcome,
                resultSummary: summary,
                hasResults: true,
              }),
            ]
          : []),
      ]
    : [];
  await store.together({
    onlyIf: workStatement(store, work, { summary, dueAt: now() }),
    all: [
      ...of,
      dropDecisionsStatement(store, mission.id),
      ownerHears(store, work, {
        kind: "summary",
        // The agent's words are made of what others said.
        sentence: `The mission ${mission.slug} ${ENDED[outcome]}. ${answer?.summary ? quotation("the agent about the mission", summary) : summary}`,
      }),
    ],
  });
}

const ENDED = { succeeded: "is done", failed: "has failed", cancelled: "was cancelled" } as const;

function stepEnd(status: string, outcome: "succeeded" | "failed" | "cancelled"): string {
  if (status === "pending") return "skipped";
  return outcome === "succeeded" ? "completed" : "failed";
}

/**
 * What becomes of a mission whose line is not there any more, or cannot be used: it is paused, and the owner told; one that
 * is ending ends without the service.
 *
 * @returns whether anything was done.
 * @throws NoUsableLine when a person has to do something, and knows it.
 */
export async function withoutLine(engine: Engine, work: MissionWork, why: string): Promise<boolean> {
  const { store } = engine;
  if (work.state === "paused") throw new NoUsableLine(why);
  if (work.state !== "closing") {
    await store.together({ all: pauseFor(engine, work, why) });
    return true;
  }
  for (const update of await nextUpdates(store, work.mission.id)) {
    await settle(engine, work, update, "refused", why);
  }
  for (const target of await targetsIn(store, work.mission.id, { states: FOLLOWED_STATES })) {
    await unsettled(engine, work, target, why);
  }
  return true;
}

async function end({ store }: Engine, work: MissionWork): Promise<void> {
  const { outcome = "failed" } = work;
  await store.together({
    onlyIf: workStatement(store, work, {
      state: missionBecomes(work.state, outcome),
      dueAt: null,
      checkedAt: null,
    }),
    all: [closedStatement(store, work.mission.id, outcome)],
  });
}

/** What can be said without an agent: how many were reached. */
export function mechanicalSummary(
  { reason }: Pick<MissionWork, "reason">,
  targets: readonly MissionTarget[],
): string {
  const count = (state: MissionTarget["state"]) => targets.filter((target) => target.state === state).length;
  const parts = [
    `${count("done")} of ${targets.length} reached`,
    ...(
      [
        ["failed", "not reached"],
        ["dropped", "not called"],
        ["unsettled", "not settled: look at the service what came of them"],
      ] as const
    ).flatMap(([state, words]) => (count(state) === 0 ? [] : [`${count(state)} ${words}`])),
  ];
  return `${parts.join(", ")}.${reason === undefined ? "" : ` ${reason}`}`;
}
