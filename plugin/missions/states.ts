/**
 * Owns which states a mission and its targets can be in, and what can follow on what. Both are data; whoever changes a
 * state goes through here.
 */
import type { EngineState, TargetState } from "../store/mission-work.ts";

/**
 * | state | what it is |
 * |---|---|
 * | preparing | mission, run, plan, assistant, number and link are being made |
 * | running | calls are scheduled and followed |
 * | deciding | nothing but a decision is waited for |
 * | paused | nobody else is called until somebody says so |
 * | closing | how it ends is decided: what is left is taken back, and the server told |
 * | succeeded, failed, cancelled | over |
 */
const MISSION: Readonly<Record<EngineState, readonly EngineState[]>> = {
  preparing: ["running", "paused", "closing"],
  running: ["deciding", "paused", "closing"],
  deciding: ["running", "paused", "closing"],
  paused: ["preparing", "running", "deciding", "closing"],
  closing: ["succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

/**
 * | state | what it is |
 * |---|---|
 * | waiting | to be called or texted, for the first time or again |
 * | scheduling | a time is chosen, and the carrier is being told; it may know |
 * | scheduled | the carrier has it, and it is followed |
 * | collecting | it was spoken with, and what was learned is waited for |
 * | deciding | somebody decides about what came of it |
 * | done | reached |
 * | failed | tried as often as is tried |
 * | dropped | not to be called any more |
 * | unsettled | nobody knows what came of it: a person has to look, `sync` does it for them |
 */
const TARGET: Readonly<Record<TargetState, readonly TargetState[]>> = {
  waiting: ["scheduling", "dropped"],
  scheduling: ["scheduled", "waiting", "dropped", "failed", "unsettled"],
  scheduled: ["collecting", "waiting", "done", "failed", "dropped", "unsettled"],
  collecting: ["done", "waiting", "failed"],
  deciding: ["done", "waiting"],
  done: ["deciding"],
  failed: [],
  dropped: [],
  unsettled: ["waiting", "scheduled"],
};

/** The state that a mission goes into. @throws Error when it cannot follow on the one it is in. */
export function missionBecomes(from: EngineState, to: EngineState): EngineState {
  return follows(MISSION, "mission", from, to);
}

/** The state that a target goes into. @throws Error when it cannot follow on the one it is in. */
export function targetBecomes(from: TargetState, to: TargetState): TargetState {
  return follows(TARGET, "target", from, to);
}

function follows<State extends string>(
  table: Readonly<Record<State, readonly State[]>>,
  what: string,
  from: State,
  to: State,
): State {
  if (table[from].includes(to)) return to;
  throw new Error(`A ${what} that is ${from} cannot become ${to}.`);
}
