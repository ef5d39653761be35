/**
 * Owns how something is made at the carrier for a mission, once: it is written down before the request goes out, and when
 * nobody knows what came of an earlier try, the carrier's lists are looked at first. Whoever does it again after a crash,
 * a lost answer or a refusal goes on where it stopped.
 */

import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import { type ClawdTalkMissions, NotAnId } from "../carriers/clawdtalk/missions-rest.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import {
  findRequest,
  intendRequest,
  type MissionRequest,
  requestRefused,
  settleRequest,
} from "../store/mission-requests.ts";
import type { Mission, MissionParts } from "../store/missions.ts";
import { NotSettled } from "./mission-errors.ts";

/** What is needed to set a mission up. */
export interface SettingUp {
  readonly store: Store;
  readonly rest: ClawdTalkMissions;
  /** Tells the person what was done, a line each. */
  say(line: string): void;
  /**
   * What the person says of the one request that cannot be settled otherwise: the id of what it made, or "again" to send
   * it once more.
   */
  readonly settle?: string | undefined;
}

export interface CarefulRequest {
  /** What kind: "create-mission". One of a kind for each mission. */
  readonly what: string;
  /** What is asked for, as it is kept. */
  readonly body: object;
  /** Sends it. @returns what the carrier named what it made; undefined where it names nothing. */
  send(): Promise<string | undefined>;
  /**
   * Looks whether an earlier try was carried out.
   *
   * @param earlier undefined when somebody else may have tried: nothing is known of it.
   * @returns what is there; undefined when it is certainly not there.
   * @throws NotSettled
   */
  look(earlier: MissionRequest | undefined): Promise<{ readonly id: string | undefined } | undefined>;
  /**
   * Reads what has this id, where it is something that has one: whether there is such a thing.
   *
   * @throws CarrierError
   */
  readonly read?: (id: string) => Promise<unknown>;
  /** What the mission has by it. */
  parts(id: string | undefined): MissionParts;
}

/** What came of it. */
export interface Carried {
  readonly id: string | undefined;
  /** False when it had been done before. */
  readonly isNew: boolean;
}

/**
 * Sees to it that a request has been carried out, once.
 *
 * @param given.looksFirst somebody else may have tried before (an imported mission).
 * @throws CarrierError, NotSettled
 */
export async function carryOutOnce(
  mission: Mission,
  request: CarefulRequest,
  { store, settle }: Pick<SettingUp, "store" | "settle">,
  { looksFirst = false }: { readonly looksFirst?: boolean } = {},
): Promise<Carried> {
  const { what, body } = request;
  const name = { mission: mission.id, what };
  const earlier = await findRequest(store, name);
  if (earlier?.state === "done") return { id: earlier.carrierId, isNew: false };
  const settled = async (intended: MissionRequest, id: string | undefined) => {
    await settleRequest(store, intended.id, {
      mission: mission.id,
      carrierId: id,
      parts: request.parts(id),
    });
  };
  if (earlier?.state === "intended" || (earlier === undefined && looksFirst)) {
    const found = await lookOr(settle, request, earlier);
    if (found !== undefined) {
      await settled(earlier ?? (await intendRequest(store, { ...name, body })), found.id);
      return { id: found.id, isNew: false };
    }
  }
  const intended = await intendRequest(store, { ...name, body });
  try {
    const id = await request.send();
    await settled(intended, id);
    return { id, isNew: true };
  } catch (error) {
    if (error instanceof CarrierError && !error.mayHaveHappened) {
      await requestRefused(store, intended.id, messageOf(error));
    }
    throw error;
  }
}

/**
 * What the look finds, else what the person says of it: one of those it may be, or another one that is there.
 *
 * @throws NotSettled also when what the person says is not there: it would be kept for good.
 */
async function lookOr(
  settle: string | undefined,
  { look, read }: Pick<CarefulRequest, "look" | "read">,
  earlier: MissionRequest | undefined,
): Promise<{ readonly id: string | undefined } | undefined> {
  try {
    return await look(earlier);
  } catch (error) {
    if (!(error instanceof NotSettled) || settle === undefined) throw error;
    if (settle === "again") return undefined;
    if (error.candidates.includes(settle) || (await isThere(settle, read))) return { id: settle };
    const { message, candidates } = error;
    throw new NotSettled(
      `The service has nothing with the id ${JSON.stringify(settle)}. ${message}`,
      candidates,
    );
  }
}

async function isThere(id: string, read: CarefulRequest["read"]): Promise<boolean> {
  try {
    await read?.(id);
    return read !== undefined;
  } catch (error) {
    if (error instanceof NotAnId || (error instanceof CarrierRefused && error.status === 404)) return false;
    throw error;
  }
}

/** How far the carrier's clock may be behind ours. */
const CLOCKS_APART_MS = 10 * 60_000;

/** Something in one of the carrier's lists that may be what a request made. */
interface Candidate {
  readonly id: string;
  /** UTC ISO 8601. */
  readonly createdAt: string | undefined;
}

/**
 * Which of the candidates an earlier try has made: the one that is not older than the try and that nobody else here has.
 *
 * @param given.thing for the sentence: "mission".
 * @param given.isWhole whether the carrier's list was seen to its end.
 * @returns undefined when none of them is.
 * @throws NotSettled when there are several, or the list has more than was seen.
 */
export function onlyCandidate(
  candidates: readonly Candidate[],
  given: {
    readonly thing: string;
    readonly isWhole: boolean;
    readonly earlier: MissionRequest | undefined;
    readonly known: ReadonlySet<string>;
  },
): { readonly id: string } | undefined {
  const { thing, isWhole, earlier, known } = given;
  const since = (earlier?.intendedAt.getTime() ?? Number.NEGATIVE_INFINITY) - CLOCKS_APART_MS;
  const possible = candidates.filter(
    ({ id, createdAt }) =>
      !known.has(id) && !(createdAt !== undefined && new Date(createdAt).getTime() < since),
  );
  const [only, ...others] = possible;
  if (only !== undefined && others.length === 0) return { id: only.id };
  if (only === undefined && isWhole) return undefined;
  const found =
    only === undefined
      ? `there are more of them than the service lists`
      : `there are ${possible.length} that look like it: ${possible.map(({ id }) => id).join(", ")}`;
  throw new NotSettled(
    `An earlier try to create this ${thing} may have gone through, and ${found}. Look which one it is and run this again with --settle ID, or with --settle again to create it once more.`,
    possible.map(({ id }) => id),
  );
}
