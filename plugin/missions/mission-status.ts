/** Owns what can be told of a mission at any time: how it stands, what it has cost, and what is to come, as facts. */
import type { Store } from "../store/database.ts";
import {
  type Decision,
  decisionsOf,
  type MissionTarget,
  type MissionWork,
  targetsOf,
} from "../store/mission-work.ts";
import { type OpenApproval, openApproval } from "./mission-desk.ts";
import type { Criterion } from "./plan.ts";

export interface MissionStatus {
  readonly work: MissionWork;
  readonly targets: readonly MissionTarget[];
  readonly decisions: readonly Decision[];
  /** What it has cost so far; calls and texts that are still to come are not in it. */
  readonly cost: {
    readonly calls: number;
    readonly minutes: number;
    /** The service did not say of every call how long it was. */
    readonly hasUnknownMinutes: boolean;
    readonly texts: number;
  };
  /** What waits for a human's word. */
  readonly approval: OpenApproval | undefined;
}

export async function missionStatus(store: Store, work: MissionWork): Promise<MissionStatus> {
  const [targets, decisions] = await Promise.all([
    targetsOf(store, work.mission.id),
    decisionsOf(store, work.mission.id),
  ]);
  return statusFrom(work, targets, decisions);
}

export function statusFrom(
  work: MissionWork,
  targets: readonly MissionTarget[],
  decisions: readonly Decision[],
): MissionStatus {
  return {
    work,
    targets,
    decisions,
    cost: costOf(targets),
    approval: openApproval(work, targets, decisions),
  };
}

function costOf(targets: readonly MissionTarget[]): MissionStatus["cost"] {
  let [calls, texts, seconds] = [0, 0, 0];
  let hasUnknownMinutes = false;
  for (const target of targets) {
    const begun = Math.max(0, target.attempts - (isToCome(target) ? 1 : 0));
    if (target.channel === "call") calls += begun;
    else texts += begun;
    seconds += target.durationSeconds ?? 0;
    hasUnknownMinutes ||= target.outcome === "completed" && target.durationSeconds === undefined;
  }
  return { calls, texts, minutes: Math.ceil(seconds / 6) / 10, hasUnknownMinutes };
}

/** Its next call or text was asked for, and has not begun. */
export function isToCome({ state, status }: MissionTarget): boolean {
  return state === "scheduling" || (state === "scheduled" && (status === undefined || status === "pending"));
}

/** From 0 to 10, by the criteria's weights; undefined for who was not scored. */
export function overallScore(
  { scores }: Pick<MissionTarget, "scores">,
  rubric: readonly Criterion[],
): number | undefined {
  const scored = rubric.filter(({ name }) => scores?.[name] !== undefined);
  const weights = scored.reduce((sum, { weight }) => sum + weight, 0);
  if (scores === undefined || weights === 0) return undefined;
  return scored.reduce((sum, { name, weight }) => sum + weight * (scores[name] ?? 0), 0) / weights;
}

/** Who was scored, the best first; equals in the plan's order. */
export function ranking(
  targets: readonly MissionTarget[],
  rubric: readonly Criterion[],
): { readonly target: MissionTarget; readonly score: number }[] {
  return targets
    .flatMap((target) => {
      const score = overallScore(target, rubric);
      return score === undefined ? [] : [{ target, score }];
    })
    .toSorted((one, other) => other.score - one.score || one.target.position - other.target.position);
}
