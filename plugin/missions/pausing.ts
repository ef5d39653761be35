/**
 * Owns pausing a mission, going on with it, and ending it before its time: what somebody wishes, and what the engine does
 * when a thing that concerns the whole mission has to be put in order by a person first. Whatever the carrier would still
 * do by itself is taken back; whoever is on the phone finishes.
 */

import type { CompiledQuery } from "kysely";
import {
  dropDecisionsStatement,
  dueStatement,
  type MissionTarget,
  type MissionWork,
  targetStatement,
  targetsIn,
  unwantedTargets,
  workStatement,
} from "../store/mission-work.ts";
import type { Engine } from "./engine-parts.ts";
import { logged, ownerHears, takeBack, takingBack } from "./server-updates.ts";
import { missionBecomes, targetBecomes } from "./states.ts";

type Statement = CompiledQuery;

/** A mission is paused until a person has seen to something. For `store.together`. */
export function pauseFor({ store }: Engine, work: MissionWork, why: string): Statement[] {
  return [
    workStatement(store, work, {
      state: missionBecomes(work.state, "paused"),
      pausedFrom: work.state,
      reason: why,
      dueAt: null,
    }),
    ownerHears(store, work, {
      kind: "problem",
      sentence: `The mission ${work.mission.slug} is paused: ${why} Once that is put in order: missions.ts resume ${work.mission.slug}`,
    }),
  ];
}

/** Does what somebody wishes. */
export async function fulfil(engine: Engine, work: MissionWork): Promise<void> {
  const { store, now } = engine;
  const { wish, state, pausedFrom } = work;
  switch (wish) {
    case "pause":
      if (state === "paused" || state === "closing") break;
      await store.together({
        onlyIf: workStatement(store, work, {
          state: missionBecomes(state, "paused"),
          pausedFrom: state,
          wish: null,
          reason: "Paused by command.",
          dueAt: null,
        }),
        all: [
          ...(isThere(work)
            ? [logged(store, work, { type: "custom", summary: "The mission was paused" })]
            : []),
          ...(await allTakenBack(engine, work, "waiting", "The mission was paused.")),
        ],
      });
      return;
    case "resume":
      if (state !== "paused") break;
      await store.together({
        onlyIf: workStatement(store, work, {
          state: missionBecomes(state, pausedFrom ?? "running"),
          pausedFrom: null,
          wish: null,
          reason: null,
          failures: 0,
          callsFrom: null,
          dueAt: now(),
        }),
        all: isThere(work) ? [logged(store, work, { type: "custom", summary: "The mission goes on" })] : [],
      });
      return;
    case "cancel":
      if (state === "closing") break;
      await close(engine, work, { outcome: "cancelled", reason: "Cancelled by command." });
      return;
    default:
  }
  await store.together({ all: [workStatement(store, work, { wish: null })] });
}

/** Begins to end a mission: who waits is not called, what is scheduled is taken back. */
export async function close(
  engine: Engine,
  work: MissionWork,
  how: { readonly outcome: "succeeded" | "failed" | "cancelled"; readonly reason?: string | undefined },
): Promise<void> {
  const { store, now } = engine;
  const why = TOO_LATE[how.outcome];
  const waiting = await targetsIn(store, work.mission.id, { states: ["waiting"] });
  const decided = await targetsIn(store, work.mission.id, { states: ["deciding"] });
  await store.together({
    onlyIf: workStatement(store, work, {
      state: missionBecomes(work.state, "closing"),
      pausedFrom: null,
      wish: null,
      outcome: how.outcome,
      reason: how.reason ?? null,
      dueAt: now(),
    }),
    all: [
      ...waiting.map((target) =>
        targetStatement(store, target, {
          state: targetBecomes(target.state, "dropped"),
          detail: target.outcome === undefined ? why : `${why} The last try: ${target.outcome}.`,
          nextAt: null,
        }),
      ),
      ...decided.map((target) =>
        targetStatement(store, target, { state: targetBecomes(target.state, "done"), nextAt: null }),
      ),
      ...(await allTakenBack(engine, work, "dropped", why)),
      dropDecisionsStatement(store, work.mission.id),
      dueStatement(store, work.mission.id, now()),
    ],
  });
}

const TOO_LATE = {
  succeeded: "The mission had what it wanted.",
  failed: "The mission ended before.",
  cancelled: "The mission was cancelled.",
} as const;

async function allTakenBack(
  { store }: Engine,
  work: MissionWork,
  becomes: "waiting" | "dropped",
  why: string,
): Promise<Statement[]> {
  const scheduled = await targetsIn(store, work.mission.id, { states: ["scheduled"] });
  const open: MissionTarget[] = [];
  for (const target of scheduled) {
    if ((await takingBack(store, work, target)) === undefined) open.push(target);
  }
  return open.flatMap(({ id, eventId }) =>
    eventId === undefined ? [] : [takeBack(store, work, id, { eventId, becomes, why })],
  );
}

/**
 * Takes back what is scheduled for those who must not be called any more. However they came on the list: by a text, on
 * a call of any mission, by the owner's command.
 */
export async function spareUnwanted(engine: Engine, work: MissionWork): Promise<void> {
  const { store, config } = engine;
  if (!isThere(work) || work.state === "closing") return;
  const taken: Statement[] = [];
  for (const { target, source } of await unwantedTargets(store, work.mission.id)) {
    const { id, eventId, number } = target;
    if (eventId === undefined || config.ownerNumbers.includes(number)) continue;
    if ((await takingBack(store, work, target)) !== undefined) continue;
    const why = source === "owner" ? "It is on the do-not-call list." : "They asked not to be called again.";
    taken.push(takeBack(store, work, id, { eventId, becomes: "dropped", why }));
  }
  if (taken.length > 0) await store.together({ all: taken });
}

/** Whether the server knows of the mission. */
export function isThere({ mission }: Pick<MissionWork, "mission">): boolean {
  return mission.carrierMissionId !== undefined && mission.runId !== undefined;
}
