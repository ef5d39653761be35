/**
 * Owns what the seeds' command line left behind: `.missions_state.json`, one object per slug. Each such file is imported
 * once, and neither changed nor removed.
 */
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import type { MemoryValue } from "../store/mission-memory.ts";
import { type ImportedMission, importMissions, isImported, listMissions } from "../store/missions.ts";
import { slugOf } from "./slug.ts";

const FILE = ".missions_state.json";

/** Where it may lie: the seeds write it wherever they are started, which is their own folder as a rule. */
export function stateFilePlaces(where: {
  readonly workingFolder: string;
  readonly stateFolder: string;
  readonly packageFolder?: string | undefined;
}): string[] {
  const { workingFolder, stateFolder, packageFolder } = where;
  const workspace = path.join(stateFolder, "workspace");
  const folders = [
    workingFolder,
    ...(packageFolder === undefined ? [] : [packageFolder]),
    workspace,
    ...[path.join(workspace, "skills"), path.join(stateFolder, "skills")].flatMap((skills) => [
      path.join(skills, "clawdtalk-client"),
      path.join(skills, "clawdtalk"),
    ]),
  ];
  return [...new Set(folders.map((folder) => path.join(folder, FILE)))];
}

const text = z.string().min(1).optional().catch(undefined);
const time = z.coerce.date().optional().catch(undefined);

const missionState = z.looseObject({
  mission_name: text,
  mission_id: text,
  created_at: time,
  run_id: text,
  status: text,
  assistant_id: text,
  agent_phone: text,
  phone_number_id: text,
  memory: z.record(z.string(), z.json()).optional().catch(undefined),
  last_updated: z.unknown().optional(),
});

const stateFile = z.record(z.string(), missionState);

/**
 * Imports the files that are there and were not imported before.
 *
 * @returns a sentence about each that was imported, and each that cannot be read.
 */
export async function importStateFiles(store: Store, places: readonly string[]): Promise<string[]> {
  const notes: string[] = [];
  for (const place of places) {
    const content = contentOf(place);
    if (content === undefined) continue;
    const file = realpathSync(place);
    if (await isImported(store, file)) continue;
    if (content instanceof Error) {
      notes.push(`${place} cannot be read (${messageOf(content)}): its missions are not imported.`);
      continue;
    }
    const parsed = stateFile.safeParse(jsonIn(content));
    if (!parsed.success) {
      notes.push(`${place} is not understood: its missions are not imported. Mend it or move it away.`);
      continue;
    }
    const missions = await withFreeSlugs(store, parsed.data);
    if (!(await importMissions(store, file, missions)) || missions.length === 0) continue;
    const slugs = missions.map(({ slug }) => slug).join(", ");
    notes.push(`Imported from ${place}, which stays as it is: ${slugs}.`);
  }
  return notes;
}

function contentOf(file: string): string | Error | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : (error as Error);
  }
}

/** The missions of a file without those that are known already, each with a slug of its own. */
async function withFreeSlugs(
  store: Store,
  states: Readonly<Record<string, z.output<typeof missionState>>>,
): Promise<ImportedMission[]> {
  const known = await listMissions(store);
  const taken = new Set(known.map(({ slug }) => slug));
  const carrierIds = new Set(known.map(({ carrierMissionId }) => carrierMissionId));
  return Object.entries(states)
    .filter(([, { mission_id }]) => mission_id === undefined || !carrierIds.has(mission_id))
    .map(([written, state]) => {
      // The original gives a Chinese name an empty slug.
      const slug = freeSlug(written === "" ? slugOf(state.mission_name ?? "") : written, taken);
      taken.add(slug);
      return importedMission(slug, state);
    });
}

function freeSlug(slug: string, taken: ReadonlySet<string>): string {
  let free = slug;
  for (let number = 2; taken.has(free); number += 1) free = `${slug}-${number}`;
  return free;
}

function importedMission(slug: string, state: z.output<typeof missionState>): ImportedMission {
  const {
    mission_name,
    mission_id,
    created_at,
    run_id,
    status,
    assistant_id,
    agent_phone,
    phone_number_id,
    memory,
    last_updated: _,
    ...extra
  } = state;
  return {
    slug,
    name: mission_name ?? slug,
    createdAt: created_at,
    extra,
    memory: (memory ?? {}) as Readonly<Record<string, MemoryValue>>,
    ...(mission_id === undefined ? {} : { carrierMissionId: mission_id }),
    ...(run_id === undefined ? {} : { runId: run_id }),
    ...(status === undefined ? {} : { runStatus: status }),
    ...(assistant_id === undefined ? {} : { assistantId: assistant_id }),
    ...(agent_phone === undefined ? {} : { agentPhone: agent_phone }),
    ...(phone_number_id === undefined ? {} : { phoneNumberId: phone_number_id }),
  };
}
