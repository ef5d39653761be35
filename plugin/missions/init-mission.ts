/** Owns beginning a mission: mission, run, plan, and the run set going. Done again, it goes on where it stopped. */
import { CarrierRefused } from "../carriers/carrier-errors.ts";
import type { PlanStep } from "../carriers/clawdtalk/missions-rest.ts";
import type { Store } from "../store/database.ts";
import { findRequest } from "../store/mission-requests.ts";
import {
  addMission,
  closeMission,
  ENDED_RUN,
  findMission,
  knownCarrierIds,
  type Mission,
  nameMission,
} from "../store/missions.ts";
import { carryOutOnce, onlyCandidate, type SettingUp } from "./careful-request.ts";
import { MissionNotReady, NotSettled } from "./mission-errors.ts";
import { isSameName, slugOf } from "./slug.ts";

export interface MissionWish {
  readonly name: string;
  readonly instructions: string;
  /** What the owner asked for, in their words. */
  readonly request: string;
  /** None makes no plan. */
  readonly steps?: readonly PlanStep[] | undefined;
  /** The line's name. */
  readonly line: string;
}

export interface BegunMission {
  readonly slug: string;
  readonly missionId: string;
  readonly runId: string;
  /** Whether a mission of that name was there already. */
  readonly isResumed: boolean;
}

/** How many missions are asked for when one is looked for: as many as the service gives at once. */
const LOOKED_AT = 100;

/**
 * Begins a mission, or goes on beginning the one of that name.
 *
 * @throws CarrierError, NotSettled; MissionNotReady when the mission of that name belongs to another line.
 */
export async function initMission(asked: MissionWish, using: SettingUp): Promise<BegunMission> {
  const { rest, say } = using;
  const wish = rest.asSent(asked);
  const { mission, isResumed } = await missionFor(wish, using);
  if (mission.line !== undefined && mission.line !== wish.line) {
    throw new MissionNotReady(
      `The mission ${mission.slug} belongs to the line "${mission.line}": use --line ${mission.line}.`,
    );
  }
  if (isResumed) say(`Resuming existing mission: ${mission.slug}`);
  return { ...(await beginMission(mission, wish, using)), isResumed };
}

/**
 * Begins a mission that is written down already, or goes on beginning it.
 *
 * @throws CarrierError, NotSettled
 */
export async function beginMission(
  mission: Mission,
  asked: Omit<MissionWish, "line">,
  using: SettingUp,
): Promise<Omit<BegunMission, "isResumed">> {
  const { store, rest, say } = using;
  const wish = rest.asSent(asked);
  const { name, instructions } = wish;

  // One that is known by its ids alone was begun by somebody else, who may have come further than they wrote down.
  const isImported = mission.carrierMissionId !== undefined && (await isForeign(mission, using));
  if (isImported && mission.carrierMissionId !== undefined && mission.runId !== undefined) {
    const { slug, carrierMissionId: missionId, runId } = mission;
    say(`Found mission: ${missionId}`);
    say(`Found run: ${runId}`);
    return { slug, missionId, runId };
  }
  const looking = { looksFirst: isImported };

  const made = isImported
    ? { id: mission.carrierMissionId, isNew: false }
    : await carryOutOnce(
        mission,
        {
          what: "create-mission",
          body: { name, instructions },
          send: () => rest.createMission({ name, instructions }),
          look: async (earlier) => {
            const asked = { name, instructions, ...(earlier?.body as object | undefined) };
            const listed = await rest.listMissions(LOOKED_AT);
            const like = listed.filter(
              (each) =>
                each.name === asked.name &&
                (each.instructions === undefined || each.instructions === asked.instructions),
            );
            const ids = like.map(({ id }) => id);
            return onlyCandidate(like, {
              thing: "mission",
              isWhole: listed.length < LOOKED_AT,
              earlier,
              known: await knownCarrierIds(store, "carrier_mission_id", ids),
            });
          },
          read: (id) => rest.getMission(id),
          parts: (id) => (id === undefined ? {} : { carrierMissionId: id }),
        },
        using,
      );
  const missionId = needed(made.id);
  say(`${made.isNew ? "Created" : "Found"} mission: ${missionId}`);

  /** How the run stands, where an earlier try's was found. */
  let seenStatus: string | undefined;
  const input = { original_request: wish.request };
  const run = await carryOutOnce(
    mission,
    {
      what: "create-run",
      body: input,
      send: async () => (await rest.createRun(missionId, input)).id,
      look: async () => {
        // The mission is new and ours: so is every run of it.
        const runs = await rest.listRuns(missionId);
        if (runs.length <= 1) {
          seenStatus = runs[0]?.status;
          return runs[0];
        }
        const ids = runs.map(({ id }) => id);
        throw new NotSettled(
          `The mission ${missionId} has ${ids.length} runs (${ids.join(", ")}), and one is expected: run this again with --settle ID to go on with that one.`,
          ids,
        );
      },
      parts: (id) => (id === undefined ? {} : { runId: id, runStatus: seenStatus ?? "pending" }),
    },
    using,
    looking,
  );
  const runId = needed(run.id);
  say(`${run.isNew ? "Created" : "Found"} run: ${runId}`);

  const { steps } = wish;
  if (steps !== undefined && steps.length > 0) {
    const plan = await carryOutOnce(
      mission,
      {
        what: "create-plan",
        body: { steps },
        send: async () => {
          await rest.createPlan(missionId, runId, steps);
          return undefined;
        },
        look: async () => ((await hasPlan(missionId, runId, rest)) ? { id: undefined } : undefined),
        parts: () => ({}),
      },
      using,
      looking,
    );
    if (plan.isNew) say(`Created plan with ${steps.length} steps`);
  }

  let startedAs = "running";
  const started = await carryOutOnce(
    mission,
    {
      what: "start-run",
      body: { status: "running" },
      send: async () => {
        await rest.updateRun(missionId, runId, { status: "running" });
        return undefined;
      },
      look: async () => {
        const { status } = await rest.getRun(missionId, runId);
        if (status === undefined || status === "pending") return undefined;
        startedAs = status;
        return { id: undefined };
      },
      parts: () => ({ runStatus: startedAs }),
    },
    using,
    looking,
  );
  if (started.isNew) say(`Updated run ${runId}: running`);
  return { slug: mission.slug, missionId, runId };
}

async function hasPlan(missionId: string, runId: string, rest: SettingUp["rest"]): Promise<boolean> {
  try {
    return (await rest.getPlan(missionId, runId)).length > 0;
  } catch (error) {
    if (error instanceof CarrierRefused && error.status === 404) return false;
    throw error;
  }
}

/** The mission of that name that goes on; a new one, with a slug of its own, when there is none. */
async function missionFor(
  { name, line }: MissionWish,
  { store }: SettingUp,
): Promise<{ readonly mission: Mission; readonly isResumed: boolean }> {
  const slug = slugOf(name);
  for (let number = 1; ; ) {
    const free = number === 1 ? slug : `${slug}-${number}`;
    const there = await findMission(store, free);
    if (there === undefined || there.closedAt !== undefined) {
      const added = await addMission(store, { slug: free, name, line });
      if (added !== undefined) return { mission: added, isResumed: false };
    } else if (isSameName(there.name, name) || there.name === slug) {
      const { runStatus } = there;
      if (runStatus === undefined || !ENDED_RUN.includes(runStatus)) {
        return { mission: await named(there, { name, line }, store), isResumed: true };
      }
      // It has ended for the service, which nobody has said here: it gives its slug free.
      await closeMission(store, there.id, runStatus);
    } else number += 1;
  }
}

/**
 * One that was made by saving something under a slug, or imported without a name, is called as it is called now: by
 * that it is found again. One that is at the service already keeps to whichever line is used.
 */
async function named(
  there: Mission,
  { name, line }: Pick<MissionWish, "name" | "line">,
  store: Store,
): Promise<Mission> {
  if (there.name !== there.slug || there.line !== undefined) return there;
  await nameMission(store, there, {
    name,
    line: there.carrierMissionId === undefined ? line : undefined,
  });
  return (await findMission(store, there.slug)) ?? there;
}

async function isForeign(mission: Mission, { store }: SettingUp): Promise<boolean> {
  return (await findRequest(store, { mission: mission.id, what: "create-mission" })) === undefined;
}

/** What a service has made has an id, or its answer would not have been understood. */
function needed(id: string | undefined): string {
  if (id === undefined) throw new Error("What was made has no id.");
  return id;
}
