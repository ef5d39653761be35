/** Owns the steps in which the server shows a mission: what is prepared, the calls of each round, and the results. */
import type { MissionStep, MissionTarget } from "../store/mission-work.ts";
import type { MissionPlan } from "./plan.ts";

type NewStep = Omit<MissionStep, "status">;
type Stepped = Pick<MissionPlan, "class" | "channel" | "rounds" | "action">;

export const SETUP_STEP = "setup";
export const RESULTS_STEP = "results";

/** The steps of a plan, in order. */
export function planSteps(plan: Stepped): NewStep[] {
  const calls = plan.channel === "call" ? "Call everybody on the list" : "Text everybody on the list";
  const middle: Omit<NewStep, "sequence">[] =
    plan.class === "rounds"
      ? plan.rounds.map(({ name }, index) => ({ stepId: stepOfRound(plan, index + 1), description: name }))
      : [
          { stepId: stepOfRound(plan, 1), description: calls },
          ...(plan.action === undefined
            ? []
            : [{ stepId: stepOfRound(plan, 2), description: "Act on what was found" }]),
        ];
  return [
    { stepId: SETUP_STEP, description: "Prepare the assistant and its number" },
    ...middle,
    { stepId: RESULTS_STEP, description: "Collect the results" },
  ].map((step, index) => ({ ...step, sequence: index + 1 }));
}

/** The step that the calls of a round belong to. */
export function stepOfRound(plan: Stepped, round: number): string {
  if (plan.class === "rounds") return `round-${round}`;
  return round === 1 ? "calls" : "act";
}

export function stepOfTarget(plan: Stepped, { round }: Pick<MissionTarget, "round">): string {
  return stepOfRound(plan, round);
}
