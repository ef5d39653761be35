/**
 * Owns what a mission does next, for each of the five classes: pure functions of how it stands. Nobody waits in here, and
 * nothing is sent; when the next call comes is calling-times.ts's, whether a call is tried again retries.ts's.
 */
import type { Decision, MissionTarget } from "../store/mission-work.ts";
import type { MissionClass, MissionPlan } from "./plan.ts";

/** How a mission stands. */
export interface MissionView {
  readonly plan: MissionPlan;
  /** 1 is the first. */
  readonly round: number;
  readonly targets: readonly MissionTarget[];
  readonly decisions: readonly Decision[];
  /** Whether there is an agent that can be asked; a human can be, always. */
  readonly hasAgent: boolean;
  readonly now: Date;
}

export type Move =
  /** Find times for them, and schedule them. */
  | { readonly do: "schedule"; readonly targets: readonly number[] }
  /** Tell the assistant what was learned (and what the agent advises), then schedule this one. */
  | { readonly do: "brief"; readonly target: number }
  /** Write the question down; it is asked, and its answer written down too. */
  | { readonly do: "ask"; readonly kind: Decision["kind"]; readonly target?: number }
  /** They are not called (any more); what is scheduled for them is called off. */
  | { readonly do: "drop"; readonly targets: readonly number[]; readonly why: string }
  /** These go on into the next round, the others do not. */
  | { readonly do: "next-round"; readonly targets: readonly number[] }
  /** The plan's action, for the target that met the goal: it becomes the one target of the next round. */
  | { readonly do: "act"; readonly target: number }
  | { readonly do: "close"; readonly outcome: "succeeded" | "failed"; readonly reason?: string };

/** What is to be done now; nothing when something is waited for. */
export type Scheduler = (view: MissionView) => readonly Move[];

/** What the answers of decisions say: {@link Decision.answer}, undefined when nobody could or would answer. */
export interface DecisionAnswers {
  /** Negotiation, after each call: what the next one is to try; `stop` when there is nothing more to be had. */
  readonly "next-move": { readonly advice: string; readonly stop?: boolean };
  /** A call that ended strangely: called again, or not. */
  readonly unusual: { readonly callAgain: boolean; readonly why?: string };
  /** Rounds: a human's word. `targets`: our ids; all when left out. */
  readonly approval: { readonly approved: boolean; readonly targets?: readonly number[] };
  /** Screening: 0 to 10 for each criterion, by its name; and words of the other side that show it. */
  readonly scores: { readonly scores: Readonly<Record<string, number>>; readonly quote?: string };
  /** Gather: whether what this target said meets the goal. */
  readonly goal: { readonly met: boolean; readonly quote?: string };
  readonly summary: { readonly summary: string };
}

export type SchedulerTable = Readonly<Record<MissionClass, Scheduler>>;
