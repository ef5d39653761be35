/** Owns finding the mission that is meant, and how it is shown: in the names of the seeds' state file. */
import type { Store } from "../store/database.ts";
import { type MemoryValue, memoryOf } from "../store/mission-memory.ts";
import { findMission, listMissions, type Mission } from "../store/missions.ts";
import { MissionNotReady } from "./mission-errors.ts";
import { noSuchMission } from "./slug.ts";

/**
 * The mission of this slug: the one that goes on, else the one that ended last.
 *
 * @throws NoSuchMission, with the nearest slugs: an inexact one never stands for another mission.
 */
export async function missionOf(store: Store, slug: string): Promise<Mission> {
  const mission = await findMission(store, slug.normalize("NFC").trim());
  if (mission !== undefined) return mission;
  throw noSuchMission(
    slug,
    (await listMissions(store)).map((each) => each.slug),
  );
}

/**
 * The mission of this slug that goes on.
 *
 * @throws NoSuchMission; MissionNotReady when it is over.
 */
export async function openMissionOf(store: Store, slug: string): Promise<Mission> {
  const mission = await missionOf(store, slug);
  if (mission.closedAt === undefined) return mission;
  throw new MissionNotReady(
    `The mission ${JSON.stringify(slug)} is over (${statusOf(mission)}): "init" makes a new one.`,
  );
}

/** How its run stands, as last heard. */
export function statusOf({ runId, runStatus }: Mission): string {
  return runStatus ?? (runId === undefined ? "no run yet" : "unknown");
}

/** A mission as the seeds' state file has one. */
export async function stateOf(store: Store, mission: Mission): Promise<Record<string, unknown>> {
  const memory = await memoryOf(store, mission.id);
  const state: Record<string, MemoryValue | unknown> = {
    ...mission.extra,
    mission_name: mission.name,
    mission_id: mission.carrierMissionId,
    created_at: mission.createdAt.toISOString(),
    run_id: mission.runId,
    status: statusOf(mission),
    assistant_id: mission.assistantId,
    agent_phone: mission.agentPhone,
    phone_number_id: mission.phoneNumberId,
    memory: Object.keys(memory).length === 0 ? undefined : memory,
    last_updated: mission.updatedAt.toISOString(),
    closed_at: mission.closedAt?.toISOString(),
  };
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
}
