/** Owns the commands for missions that work on what is kept here, and those that take several requests. */
import type { PlanStep } from "../carriers/clawdtalk/missions-rest.ts";
import type { Store } from "../store/database.ts";
import type { MemoryValue } from "../store/mission-memory.ts";
import type { Mission } from "../store/missions.ts";
import { AGAIN, assistantOptions, NO_PHONE, onlyJson } from "./missions-server.ts";
import { jsonArgument, jsonList, type MissionCommands, type MissionWork } from "./missions-work.ts";
import { shownJson, spoken } from "./quoted.ts";
import { type Answer, NotUnderstood, required } from "./run.ts";

/** Adds the commands. */
export function defineLocalMissions(missions: MissionCommands): void {
  defineState(missions);
  defineMemory(missions);
  defineWorkflows(missions);
}

function defineState(missions: MissionCommands): void {
  missions.add<{ readonly refresh?: boolean }>(
    "list-state",
    "List the missions that go on, by slug, and how their runs stand.",
    async (work) => {
      const { listMissions } = await import("../store/missions.ts");
      const { statusOf } = await import("../missions/known-mission.ts");
      const store = await work.store();
      if (work.options.refresh) await refresh(work, store);
      const known = await listMissions(store);
      return {
        text:
          known.map((each) => `${each.slug}: ${spoken(each.name)} [${statusOf(each)}]`).join("\n") ||
          "No missions.",
        json: {
          missions: known.map((each) => ({
            slug: each.slug,
            name: each.name,
            status: statusOf(each),
            missionId: each.carrierMissionId,
            runId: each.runId,
            assistantId: each.assistantId,
            phone: each.agentPhone,
          })),
        },
      };
    },
    (command) => command.option("--refresh", "ask the service how the runs stand"),
  );
  missions.add("get-state <slug>", "Show all that is kept of a mission.", async ({ args, store }) => {
    const { missionOf, stateOf } = await import("../missions/known-mission.ts");
    const opened = await store();
    const mission = await missionOf(opened, args[0] ?? "");
    const state = await stateOf(opened, mission);
    return { text: shownJson(state), json: { slug: mission.slug, state } };
  });
  missions.add(
    "remove-state <slug>",
    "Forget a mission here; at the service it stays.",
    async ({ args, store }) => {
      const { missionOf } = await import("../missions/known-mission.ts");
      const { removeMission } = await import("../store/missions.ts");
      const opened = await store();
      const { id, slug } = await missionOf(opened, args[0] ?? "");
      await removeMission(opened, id);
      return { text: `Removed ${slug} from state`, json: { slug } };
    },
  );
}

/** Asks the service how the runs stand; one that it cannot tell of keeps what was last heard. */
async function refresh(work: MissionWork<object>, store: Store): Promise<void> {
  const { listMissions, noteRunStatus } = await import("../store/missions.ts");
  const { messageOf } = await import("../log.ts");
  for (const { slug, line, carrierMissionId, runId } of await listMissions(store)) {
    if (carrierMissionId === undefined || runId === undefined) continue;
    try {
      const { rest } = await work.carrier({ line });
      const { status } = await rest.getRun(carrierMissionId, runId);
      if (status !== undefined) await noteRunStatus(store, { carrierMissionId, runId }, status);
    } catch (error) {
      work.context.complain(`${slug}: ${messageOf(error)}\n`);
      work.context.setExitCode(1);
    }
  }
}

interface MemoryOptions {
  readonly new?: boolean;
}

function defineMemory(missions: MissionCommands): void {
  const withNew = (command: { option(flags: string, description: string): unknown }) =>
    command.option("--new", "for a mission that was made step by step and has no slug yet: this one");
  missions.add<MemoryOptions>(
    "save-memory <slug> <key> <value>",
    "Save something for a mission: JSON if it begins with { or [, else text.",
    async (work) => {
      const [slug = "", key = "", value = ""] = work.args;
      const kept = memoryValue(value);
      const { saveMemory } = await import("../store/mission-memory.ts");
      const store = await work.store();
      const mission = await rememberedMission(store, slug, work.options);
      await saveMemory(store, { mission: mission.id, key }, kept);
      return {
        text: `Saved memory '${key}' for mission '${mission.slug}'`,
        json: { slug: mission.slug, key, value: kept },
      };
    },
    withNew,
  );
  missions.add<MemoryOptions>(
    "append-memory <slug> <key> <item>",
    "Add an item to a list that is saved for a mission.",
    async (work) => {
      const [slug = "", key = "", written = ""] = work.args;
      const item = memoryValue(written);
      const { appendMemory } = await import("../store/mission-memory.ts");
      const store = await work.store();
      const mission = await rememberedMission(store, slug, work.options);
      const items = await appendMemory(store, { mission: mission.id, key }, item);
      return {
        text: `Appended to memory '${key}' for mission '${mission.slug}' (now ${items} items)`,
        json: { slug: mission.slug, key, items },
      };
    },
    withNew,
  );
  missions.add("get-memory <slug> [key]", "Show what is saved for a mission.", async ({ args, store }) => {
    const [slug = "", key] = args;
    const { missionOf } = await import("../missions/known-mission.ts");
    const { memoryAt, memoryOf } = await import("../store/mission-memory.ts");
    const opened = await store();
    const mission = await missionOf(opened, slug);
    if (key === undefined) {
      const memory = await memoryOf(opened, mission.id);
      return { text: shownJson(memory), json: { slug: mission.slug, memory } };
    }
    const value = await memoryAt(opened, { mission: mission.id, key });
    const text =
      value === undefined ? "No memory found" : typeof value === "string" ? spoken(value) : shownJson(value);
    return { text, json: { slug: mission.slug, key, value: value ?? null, isSaved: value !== undefined } };
  });
}

/** @throws NotUnderstood when it begins like JSON and is none. */
function memoryValue(written: string): MemoryValue {
  return /^[{[]/.test(written) ? (jsonArgument("value", written) as MemoryValue) : written;
}

/**
 * The mission something is saved for; with `--new` one is made for a slug nobody has.
 *
 * @throws NoSuchMission
 */
async function rememberedMission(store: Store, slug: string, options: MemoryOptions): Promise<Mission> {
  const { missionOf } = await import("../missions/known-mission.ts");
  const { NoSuchMission } = await import("../missions/mission-errors.ts");
  try {
    return await missionOf(store, slug);
  } catch (error) {
    if (!(error instanceof NoSuchMission)) throw error;
    if (!options.new) {
      error.message += " For a mission that was made step by step, add --new.";
      throw error;
    }
    const { addMission } = await import("../store/missions.ts");
    const { slugOf } = await import("../missions/slug.ts");
    const added = { slug: slugOf(slug), name: required("slug", slug) };
    return (await addMission(store, added)) ?? (await missionOf(store, added.slug));
  }
}

interface SetUpOptions {
  readonly settle?: string;
}

function defineWorkflows(missions: MissionCommands): void {
  const withSettle = (command: { option(flags: string, description: string): unknown }) =>
    command.option(
      "--settle <id>",
      'where an earlier try cannot be told from others: the id of what it made, or "again"',
    );
  missions.add<SetUpOptions>(
    "init <name> <instructions> <request> [steps_json]",
    "Begin a mission: mission, run, plan. Done again, it goes on where it stopped.",
    async (work) => {
      const [name = "", instructions = "", request = "", written] = work.args;
      const wanted = required("name", name);
      const steps = written === undefined ? undefined : (jsonList("steps", written) as PlanStep[]);
      const { line, rest } = await work.carrier({ doubt: AGAIN });
      const { initMission } = await import("../missions/init-mission.ts");
      return await settingUp(work, async (store, say) => {
        const wish = { name: wanted, instructions, request, steps, line: line.name };
        const begun = await initMission(wish, { store, rest, say, settle: work.options.settle });
        say(`Slug: ${begun.slug}`);
        return { ...begun };
      });
    },
    withSettle,
  );
  missions.add<SetUpOptions>(
    "setup-agent <slug> <name> <instructions> <greeting> [options_json]",
    "Give a mission its assistant: made, linked, connected to a number. Done again, it goes on where it stopped.",
    async (work) => {
      const [slug = "", name = "", instructions = "", greeting = "", written] = work.args;
      const given = written === undefined ? {} : assistantOptions(written);
      const { openMissionOf } = await import("../missions/known-mission.ts");
      const { setUpAgent } = await import("../missions/setup-agent.ts");
      return await settingUp(work, async (store, say) => {
        const mission = await openMissionOf(store, slug);
        const { rest } = await work.carrier({ line: mission.line, doubt: AGAIN });
        const wish = { name, instructions, greeting, ...given };
        const agent = await setUpAgent(mission, wish, { store, rest, say, settle: work.options.settle });
        if (!agent.takesCalls) {
          work.context.complain(
            `Note: The assistant ${agent.assistantId} takes no calls ("telephony" is none of its features): no number was connected to it.\n`,
          );
        } else if (agent.phone === undefined) {
          work.context.complain(`Note: ${NO_PHONE} Then run this again: it goes on from here.\n`);
        }
        return { slug: mission.slug, ...agent, phone: agent.phone ?? null };
      });
    },
    withSettle,
  );
  missions.add(
    "complete <slug> <mission_id> <run_id> <summary> [payload_json]",
    "End a mission that has succeeded, with its result.",
    async (work) => {
      const [slug = "", missionId = "", runId = "", summary = "", written] = work.args;
      const payload = written === undefined ? undefined : jsonArgument("payload", written);
      const { missionOf } = await import("../missions/known-mission.ts");
      const { closeMission } = await import("../store/missions.ts");
      const store = await work.store();
      const mission = await missionOf(store, slug);
      if (mission.carrierMissionId !== undefined && mission.carrierMissionId !== missionId) {
        throw new NotUnderstood(
          `The slug ${mission.slug} belongs to the mission ${mission.carrierMissionId}, not to ${missionId}: give the ids that belong together (get-state ${mission.slug}).`,
        );
      }
      if (mission.runId !== undefined && mission.runId !== runId) {
        throw new NotUnderstood(
          `The run of the mission ${mission.slug} is ${mission.runId}, not ${runId}: give the ids that belong together (get-state ${mission.slug}).`,
        );
      }
      const { rest } = await work.carrier({ line: mission.line });
      const status = "succeeded";
      await rest.updateRun(missionId, runId, { status, resultSummary: summary, resultPayload: payload });
      await closeMission(store, mission.id, status);
      return {
        text: `Updated run ${runId}: ${status}\nMission '${mission.slug}' completed successfully`,
        json: { slug: mission.slug, runId, status },
      };
    },
  );
}

/**
 * Does something that takes several requests, and prints what was done as it is done: what follows may fail.
 *
 * @param set does it, alone; its result is for programs.
 */
async function settingUp(
  work: MissionWork<object>,
  set: (store: Store, say: (line: string) => void) => Promise<Answer["json"]>,
): Promise<Answer | undefined> {
  const { oneAtATime } = await import("../missions/one-at-a-time.ts");
  const { stateFolder } = await work.settings();
  const store = await work.store();
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    if (!work.options.json) work.context.print(`${line}\n`);
  };
  try {
    const json = await oneAtATime(stateFolder, () => set(store, say));
    return onlyJson(work, json);
  } catch (error) {
    throw Object.assign(error as Error, { facts: { done: lines, ...(error as { facts?: object }).facts } });
  }
}
