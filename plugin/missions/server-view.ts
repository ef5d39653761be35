/**
 * Owns what the engine makes of the server's own view of a mission. The server may close a step or the run by itself once
 * its events are over: that is news. While somebody still waits to be called again, it is set back.
 */
import { CarrierError } from "../carriers/carrier-errors.ts";
import type { Described } from "../carriers/clawdtalk/missions-rest.ts";
import {
  checkStatement,
  hasTargetsIn,
  type MissionWork,
  stepsOf,
  type TargetState,
  workStatement,
} from "../store/mission-work.ts";
import { ENDED_RUN, partsStatement } from "../store/missions.ts";
import type { Engine } from "./engine-parts.ts";
import { close, isThere } from "./pausing.ts";
import { logged, ownerHears, runBecomes, stepBecomes, tryAgainAt } from "./server-updates.ts";

/** Looks how the server shows the mission, and sets right what it has closed too early. */
export async function checkServer(engine: Engine, work: MissionWork): Promise<void> {
  const { store } = engine;
  const { mission } = work;
  const { carrierMissionId = "", runId = "" } = mission;
  const done = workStatement(store, work, { checkedAt: null });
  if (!isThere(work) || !(work.state === "running" || work.state === "deciding")) {
    await store.together({ all: [done] });
    return;
  }
  let status: string | undefined;
  let plan: readonly Described[];
  try {
    const rest = engine.rest(work.line);
    ({ status } = await rest.getRun(carrierMissionId, runId));
    plan = await rest.getPlan(carrierMissionId, runId);
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    await store.together({
      all: [
        workStatement(store, work, { checkedAt: null }),
        checkStatement(store, mission.id, tryAgainAt(engine, 3)),
      ],
    });
    return;
  }
  if (status === "cancelled") {
    const reason = "The run was cancelled at the service.";
    await close(engine, work, { outcome: "cancelled", reason });
    await store.together({
      all: [
        ownerHears(store, work, { kind: "problem", sentence: `The mission ${mission.slug} ends: ${reason}` }),
      ],
    });
    return;
  }
  if (!(await hasTargetsIn(store, mission.id, OPEN))) {
    // It was right: how the mission ends is said in a moment.
    await store.together({ all: [done] });
    return;
  }
  const ours = await stepsOf(store, mission.id);
  const closed = ours.filter(
    (step) =>
      step.status === "in_progress" &&
      plan.some(({ step_id, status: theirs }) => step_id === step.stepId && CLOSED_STEP.has(String(theirs))),
  );
  const isEnded = status !== undefined && ENDED_RUN.includes(status);
  await store.together({
    all: [
      done,
      ...(status === undefined
        ? []
        : [partsStatement(store, mission.id, { runStatus: isEnded ? "running" : status })]),
      ...closed.flatMap(({ stepId }) => stepBecomes(store, work, stepId, "in_progress")),
      ...(isEnded ? [runBecomes(store, work, { status: "running" })] : []),
      ...(isEnded || closed.length > 0
        ? [logged(store, work, { type: "custom", summary: "Not over yet: somebody is still to be called" })]
        : []),
    ],
  });
}

/** Somebody is still to be called, or is being called. */
const OPEN: readonly TargetState[] = ["waiting", "scheduling", "scheduled", "collecting"];
const CLOSED_STEP: ReadonlySet<string> = new Set(["completed", "failed", "skipped"]);
