/** Owns finding out what came of an earlier try to schedule the same, whose answer was never heard. */
import type { CarrierEvent, ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import type { Store } from "../store/database.ts";
import {
  eventScheduled,
  findIntended,
  knownEventIds,
  type NewScheduledEvent,
} from "../store/scheduled-events.ts";
import { NotSettled } from "./mission-errors.ts";

export interface EarlierTry {
  /** Our id of it. */
  readonly id: number;
  /** What it has scheduled, by now written down; undefined when the carrier certainly has not got it. */
  readonly event: CarrierEvent | undefined;
}

/**
 * Looks for an earlier try whose outcome is not known, and then whether the carrier has it.
 *
 * @returns undefined when there was none.
 * @throws CarrierError; NotSettled when the carrier has several that may be it.
 */
export async function earlierTry(
  wanted: NewScheduledEvent,
  { store, rest }: { readonly store: Store; readonly rest: ClawdTalkMissions },
): Promise<EarlierTry | undefined> {
  const intended = await findIntended(store, wanted);
  if (intended === undefined) return undefined;
  const like = (await rest.listAssistantEvents(wanted.assistantId)).filter((event) => isLike(event, wanted));
  const known = await knownEventIds(
    store,
    like.map(({ id }) => id),
  );
  const [event, ...others] = like.filter(({ id }) => !known.has(id));
  if (others.length > 0) {
    const ids = [event, ...others].map((each) => each?.id).join(", ");
    throw new NotSettled(
      `An earlier try to schedule exactly this may have gone through, and the service has several like it that nobody here has heard of: ${ids}. Nothing was sent. Cancel those that are too many (cancel-scheduled-event ${wanted.assistantId} ID) and run this again.`,
    );
  }
  if (event !== undefined) await eventScheduled(store, intended.id, event.id, event);
  return { id: intended.id, event };
}

/** Whether nothing the carrier says of an event speaks against it; what it leaves out does not. */
function isLike({ described }: CarrierEvent, wanted: NewScheduledEvent): boolean {
  const agrees = (name: string, is: (said: string) => boolean) => {
    const said = described[name];
    return typeof said !== "string" || is(said);
  };
  return (
    agrees("channel", (said) => said === wanted.channel) &&
    agrees("to", (said) => said === wanted.to) &&
    agrees("text_body", (said) => said === wanted.body) &&
    agrees("scheduled_at", (said) => Date.parse(said) === wanted.scheduledAt.getTime())
  );
}
