/** Owns plans, targets and missions as tests need them: whole, with what a test says about them. */
import type { E164 } from "../../plugin/config/phone-number.ts";
import type { MissionStatus } from "../../plugin/missions/mission-status.ts";
import { statusFrom } from "../../plugin/missions/mission-status.ts";
import type { MissionPlan } from "../../plugin/missions/plan.ts";
import type { MissionView } from "../../plugin/missions/schedulers.ts";
import type { Decision, MissionTarget, MissionWork } from "../../plugin/store/mission-work.ts";

export const NOW = new Date("2030-12-02T15:00:00Z");

export function aPlan(given: Partial<MissionPlan> = {}): MissionPlan {
  return {
    name: "Window washers",
    class: "sweep",
    instructions: "Ask what it costs.",
    request: "Find the cheapest.",
    channel: "call",
    targets: [],
    questions: [],
    rubric: [],
    rounds: [],
    limits: { attempts: 3, batch: 8, staggerSeconds: 90 },
    window: { from: 540, to: 1020, days: [1, 2, 3, 4, 5] },
    assistant: {},
    ...given,
  };
}

export function aTarget(given: Partial<MissionTarget> = {}): MissionTarget {
  const position = given.position ?? 1;
  return {
    id: given.id ?? position,
    mission: "m1",
    position,
    round: 1,
    name: `Target ${position}`,
    number: `+1555000${String(1_000 + position)}` as E164,
    kind: "service",
    facts: {},
    channel: "call",
    state: "waiting",
    attempts: 0,
    failures: 0,
    transcript: [],
    ...given,
  };
}

export function aView(given: {
  readonly targets?: readonly MissionTarget[];
  readonly plan?: Partial<MissionPlan>;
  readonly decisions?: readonly Decision[];
}): MissionView {
  return {
    plan: aPlan(given.plan),
    round: 1,
    targets: given.targets ?? [],
    decisions: given.decisions ?? [],
    hasAgent: true,
    now: NOW,
  };
}

export function aStatus(given: {
  readonly targets?: readonly MissionTarget[];
  readonly plan?: Partial<MissionPlan>;
  readonly decisions?: readonly Decision[];
  readonly work?: Partial<MissionWork>;
}): MissionStatus {
  const plan = aPlan(given.plan);
  const work: MissionWork = {
    mission: {
      id: "m1",
      slug: "window-washers",
      name: plan.name,
      extra: {},
      createdAt: NOW,
      updatedAt: NOW,
    },
    plan,
    state: "running",
    round: 1,
    line: "home",
    size: 0,
    slowdown: 0,
    failures: 0,
    updatedAt: NOW,
    ...given.work,
  };
  return statusFrom(work, given.targets ?? [], given.decisions ?? []);
}
