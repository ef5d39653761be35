/**
 * Owns what people and agents ask of missions, by command or by tool: start one from its plan, pause, resume and cancel it,
 * and say yes or no where it waits for that. All of it is written into the store; whoever carries missions out sees it there.
 */
import { runningPhone } from "../calls/running-phone.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import type { Store } from "../store/database.ts";
import {
  answerDecision,
  type Decision,
  decisionsOf,
  type MissionTarget,
  type MissionWork,
  requestCancel,
  requestPause,
  requestResume,
  startMission,
  type TargetState,
  targetsOf,
  workOf,
} from "../store/mission-work.ts";
import { findMission } from "../store/missions.ts";
import { isHosted } from "./engine-lock.ts";
import { missionOf } from "./known-mission.ts";
import { MissionNotReady } from "./mission-errors.ts";
import type { MissionClass, MissionPlan } from "./plan.ts";
import type { DecisionAnswers } from "./schedulers.ts";
import { slugOf } from "./slug.ts";

/** Who carries missions out. */
export interface Hosting {
  /** The gateway with the plugin, the background process, or a command that waits. */
  readonly by: "gateway" | "connector" | "command";
  /** Whether an agent can be asked to decide. */
  readonly hasAgent: boolean;
}

/** Who carries missions out; undefined when nobody does. */
export async function findHosting(settings: {
  readonly config: SwitchboardConfig;
  readonly stateFolder: string;
}): Promise<Hosting | undefined> {
  const running = await runningPhone(settings);
  if (running !== undefined) return { by: running.by, hasAgent: running.speaksToOthers };
  return isHosted(settings.stateFolder) ? { by: "command", hasAgent: false } : undefined;
}

/** What a mission of each class goes without where no agent can be asked. */
export const NEEDS_AGENT: Readonly<Record<MissionClass, string>> = {
  sweep: "its result is a plain list, without a summary.",
  screening: "nobody is scored, and its result is a plain list.",
  negotiation: "each call is told what was learned before, and nothing is advised.",
  rounds: "you choose who goes on as always, and its result is a plain list.",
  gather: 'the goal is met by the words of "metWhen" alone.',
};

/**
 * Starts a mission. The same plan a second time, while its mission goes on, is that mission: nobody is called twice because
 * an answer was lost.
 */
export async function startFromPlan(
  plan: MissionPlan,
  asked: { readonly line: string; readonly askedIn?: string | undefined },
  store: Store,
): Promise<{ readonly work: MissionWork; readonly isNew: boolean }> {
  const slug = slugOf(plan.name);
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? slug : `${slug}-${number}`;
    const started = await startMission(store, { plan, ...asked, slug: free });
    if (started !== undefined) return { work: started, isNew: true };
    const there = await findMission(store, free);
    const work = there === undefined ? undefined : await workOf(store, there.id);
    if (work !== undefined && (await isPlanOf(plan, work, store))) return { work, isNew: false };
  }
}

async function isPlanOf(plan: MissionPlan, work: MissionWork, store: Store): Promise<boolean> {
  const withoutTargets = (each: MissionPlan) => JSON.stringify({ ...each, targets: [] });
  if (withoutTargets(plan) !== withoutTargets(work.plan)) return false;
  const targets = await targetsOf(store, work.mission.id);
  const numbers = targets.filter(({ round }) => round === 1).map(({ number }) => number);
  return JSON.stringify(numbers) === JSON.stringify(plan.targets.map(({ number }) => number));
}

/**
 * The mission of this slug, as far as it is carried out here.
 *
 * @throws NoSuchMission; MissionNotReady for one that was made step by step.
 */
export async function workOfSlug(store: Store, slug: string): Promise<MissionWork> {
  const mission = await missionOf(store, slug);
  const work = await workOf(store, mission.id);
  if (work !== undefined) return work;
  throw new MissionNotReady(
    `The mission ${JSON.stringify(mission.slug)} was made step by step and is carried out by whoever made it: get-state ${mission.slug} shows it.`,
  );
}

/** What can be wished of a mission that goes on. */
export type MissionWish = "pause" | "resume" | "cancel";

const WISHES = { pause: requestPause, resume: requestResume, cancel: requestCancel } as const;

/** @throws NoSuchMission; MissionNotReady when it is over, or otherwise not in a state for it. */
export async function wishOf(store: Store, slug: string, wish: MissionWish): Promise<MissionWork> {
  const work = await workOfSlug(store, slug);
  if (await WISHES[wish](store, work.mission.id)) return work;
  const now = (await workOf(store, work.mission.id)) ?? work;
  throw new MissionNotReady(
    `The mission ${now.mission.slug} is ${inWords(now)}: it cannot ${wish === "cancel" ? "be cancelled" : wish} now.`,
  );
}

function inWords({ state, wish }: MissionWork): string {
  return wish === "cancel" ? "being cancelled" : state;
}

/** What a mission waits for a human's word about. */
export interface OpenApproval {
  readonly decision: Decision;
  /** Those who may go on, in the plan's order. */
  readonly targets: readonly MissionTarget[];
}

/** Undefined when it waits for none. */
export function openApproval(
  work: Pick<MissionWork, "round">,
  targets: readonly MissionTarget[],
  decisions: readonly Decision[],
): OpenApproval | undefined {
  const decision = decisions.findLast(({ kind, state }) => kind === "approval" && state !== "answered");
  return decision && { decision, targets: targets.filter(({ round }) => round === work.round) };
}

const UNREACHED: readonly TargetState[] = ["failed", "dropped", "unsettled"];

/**
 * A human's word between two rounds. Who was not reached goes on only when named, who was not to be called never.
 *
 * @param word "no"; else whom to go on with, by their numbers in the plan: all who were reached when undefined.
 * @throws NoSuchMission; MissionNotReady when nothing waits for it, or there are no such targets.
 */
export async function approve(
  store: Store,
  slug: string,
  word: "no" | readonly number[] | undefined,
): Promise<{ readonly work: MissionWork; readonly targets: readonly MissionTarget[] }> {
  const work = await workOfSlug(store, slug);
  const [targets, decisions] = await Promise.all([
    targetsOf(store, work.mission.id),
    decisionsOf(store, work.mission.id),
  ]);
  const open = openApproval(work, targets, decisions);
  if (open === undefined) {
    throw new MissionNotReady(
      `The mission ${work.mission.slug} waits for no approval: it is ${inWords(work)}.`,
    );
  }
  const chosen =
    word === "no"
      ? []
      : open.targets.filter(({ position, state }) =>
          word === undefined ? !UNREACHED.includes(state) : word.includes(position),
        );
  const missing =
    word === "no"
      ? []
      : (word ?? []).filter((position) => !chosen.some((each) => each.position === position));
  if (missing.length > 0) {
    throw new MissionNotReady(
      `This round has no target ${missing.join(", ")}: there are ${open.targets.map(({ position }) => position).join(", ")}.`,
    );
  }
  const never = chosen.filter(({ state }) => state === "dropped");
  if (never.length > 0) {
    throw new MissionNotReady(
      `${never.map(({ position, detail = "" }) => `No. ${position} is not called any more. ${detail}`).join(" ")} Name others.`,
    );
  }
  const answer: DecisionAnswers["approval"] = {
    approved: word !== "no",
    targets: chosen.map(({ id }) => id),
  };
  if (!(await answerDecision(store, open.decision.id, answer))) {
    throw new MissionNotReady(`The mission ${work.mission.slug} has had its answer already.`);
  }
  return { work, targets: chosen };
}
