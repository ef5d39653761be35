/**
 * Owns giving a mission its assistant: made, linked to the run, and connected to a number of the account. Done again, it
 * goes on where it stopped.
 */
import type { AccountPhone, ListedAssistant } from "../carriers/clawdtalk/missions-rest.ts";
import { findRequest } from "../store/mission-requests.ts";
import { knownCarrierIds, type Mission, missionsWithNumbers } from "../store/missions.ts";
import { type AssistantWish, assistantBody } from "./assistant-defaults.ts";
import { carryOutOnce, onlyCandidate, type SettingUp } from "./careful-request.ts";
import { MissionNotReady } from "./mission-errors.ts";

export interface SetUpAgent {
  readonly assistantId: string;
  /** E.164; undefined when the account has no number that is free, or the assistant takes no calls. */
  readonly phone: string | undefined;
  /** False when the service has nothing of it that a number could be connected to. */
  readonly takesCalls: boolean;
  readonly isResumed: boolean;
}

/**
 * Sets an agent up for a mission, or goes on doing so.
 *
 * @throws CarrierError, NotSettled; MissionNotReady when the mission has no run yet.
 */
export async function setUpAgent(
  mission: Mission,
  wish: AssistantWish,
  using: SettingUp,
): Promise<SetUpAgent> {
  const { rest, say } = using;
  const { carrierMissionId: missionId, runId } = mission;
  if (missionId === undefined || runId === undefined) {
    throw new MissionNotReady(
      `The mission ${mission.slug} has no run yet, so an agent could not be linked to it: run "init" with its name (again) first.`,
    );
  }
  if (mission.assistantId !== undefined && mission.agentPhone !== undefined) {
    say(`Using existing assistant: ${mission.assistantId}`);
    return { assistantId: mission.assistantId, phone: mission.agentPhone, takesCalls: true, isResumed: true };
  }
  const isResumed = mission.assistantId !== undefined;
  if (isResumed) say(`Using existing assistant: ${mission.assistantId}`);
  const assistantId = mission.assistantId ?? (await createAssistant(mission, wish, using));

  const linked = await carryOutOnce(
    mission,
    {
      what: "link-agent",
      body: { telnyx_agent_id: assistantId },
      send: async () => {
        await rest.linkAgent(missionId, runId, assistantId);
        return undefined;
      },
      look: async () =>
        (await rest.listLinkedAgents(missionId, runId)).includes(assistantId) ? { id: undefined } : undefined,
      parts: () => ({}),
    },
    using,
    { looksFirst: isResumed },
  );
  if (linked.isNew) say(`Linked agent ${assistantId} to run ${runId}`);
  const connected = await connectNumber(mission, assistantId, using, isResumed);
  return { assistantId, ...connected, isResumed };
}

async function createAssistant(mission: Mission, wish: AssistantWish, using: SettingUp): Promise<string> {
  const { store, rest, say } = using;
  const body = rest.asSent(assistantBody(wish));
  const made = await carryOutOnce(
    mission,
    {
      what: "create-assistant",
      body,
      send: () => rest.createAssistant(body),
      look: async (earlier) => {
        const asked = { ...body, ...(earlier?.body as Partial<typeof body> | undefined) };
        const listed = await allAssistants(asked.name, using);
        const isLike = (each: ListedAssistant) =>
          each.name === asked.name &&
          (each.instructions === undefined || each.instructions === asked.instructions) &&
          (each.greeting === undefined || each.greeting === asked.greeting);
        const like = listed.assistants.filter(isLike);
        const ids = like.map(({ id }) => id);
        return onlyCandidate(like, {
          thing: "assistant",
          isWhole: listed.isWhole,
          earlier,
          known: await knownCarrierIds(store, "assistant_id", ids),
        });
      },
      read: (id) => rest.getAssistant(id),
      parts: (id) => (id === undefined ? {} : { assistantId: id }),
    },
    using,
  );
  if (made.id === undefined) throw new Error("The assistant that was made has no id.");
  say(`${made.isNew ? "Created" : "Found"} assistant: ${made.id}`);
  return made.id;
}

const PAGE_SIZE = 100;
const MOST_PAGES = 10;

/** The assistants of that name, page by page. */
async function allAssistants(
  name: string,
  { rest }: SettingUp,
): Promise<{ readonly assistants: readonly ListedAssistant[]; readonly isWhole: boolean }> {
  const assistants: ListedAssistant[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const found = await rest.listAssistants({ name, page, size: PAGE_SIZE });
    assistants.push(...found.assistants);
    const isLast = found.pages === undefined ? found.assistants.length < PAGE_SIZE : page >= found.pages;
    if (isLast) return { assistants, isWhole: true };
  }
  return { assistants, isWhole: false };
}

/** Connects a free number of the account to the assistant. */
async function connectNumber(
  mission: Mission,
  assistantId: string,
  using: SettingUp,
  looksFirst: boolean,
): Promise<Pick<SetUpAgent, "phone" | "takesCalls">> {
  const { rest, say } = using;
  const chosen = await freeNumber(assistantId, using, mission, looksFirst);
  if (chosen === undefined) return { phone: undefined, takesCalls: true };
  const { phone, connectionId, isConnected } = chosen;
  if (connectionId === undefined) return { phone: undefined, takesCalls: false };
  await carryOutOnce(
    mission,
    {
      what: "assign-phone",
      body: { phone_id: phone.id, phone_number: phone.number, connection_id: connectionId },
      send: async () => {
        if (!isConnected) await rest.assignPhone(phone.id, { connectionId, type: "voice" });
        return phone.id;
      },
      // Whichever number it was, it was looked for before this one was chosen.
      look: async () => (isConnected ? { id: phone.id } : undefined),
      parts: () => ({ agentPhone: phone.number, phoneNumberId: phone.id }),
    },
    using,
  );
  say(`${isConnected ? "Uses" : "Assigned"} phone number ${phone.id}`);
  return { phone: phone.number, takesCalls: true };
}

/** @returns undefined when no number is free. */
async function freeNumber(assistantId: string, using: SettingUp, mission: Mission, looksFirst: boolean) {
  const { rest, say, store } = using;

  const earlier = await findRequest(store, { mission: mission.id, what: "assign-phone" });
  if (looksFirst || earlier?.state === "intended") {
    // An earlier try may have connected a number, which then is not free any more.
    const connectionId = await rest.connectionId(assistantId, "telephony");
    const phone = (await rest.listPhones()).find((each) => each.connectionId === connectionId);
    if (phone !== undefined && connectionId !== undefined) {
      return { phone, connectionId, isConnected: true };
    }
  }
  const phone = (await rest.availablePhone()) ?? (await numberOfEndedMission(using));
  if (phone === undefined) return undefined;
  say(`Found available: ${phone.number}`);
  const connectionId = await rest.connectionId(assistantId, "telephony");
  if (connectionId !== undefined) say(`Connection ID: ${connectionId}`);
  return { phone, connectionId, isConnected: false };
}

/** A number that only a mission has that is over: still connected to that mission's assistant, and to nothing else. */
async function numberOfEndedMission({ rest, store }: SettingUp): Promise<AccountPhone | undefined> {
  const phones = await rest.listPhones();
  const holders = await missionsWithNumbers(
    store,
    phones.map(({ id }) => id),
  );
  for (const phone of phones) {
    const [holder] = holders.filter(({ phoneNumberId }) => phoneNumberId === phone.id);
    if (holder?.closedAt === undefined || holder.assistantId === undefined) continue;
    const connectionId = await rest.connectionId(holder.assistantId, "telephony");
    if (connectionId !== undefined && connectionId === phone.connectionId) return phone;
  }
  return undefined;
}
