/**
 * Owns having the carrier call or text somebody at a time. It does so by itself, so everything that forbids a call or a
 * text is looked at now, for that time; and what is asked for is written down first, so that it counts.
 */
import { dialable, NotDialable } from "../calls/dial-policy.ts";
import { BadTime, dueTime } from "../calls/due-time.ts";
import { CarrierError } from "../carriers/carrier-errors.ts";
import type { CarrierEvent, ClawdTalkMissions, EventRequest } from "../carriers/clawdtalk/missions-rest.ts";
import { sendable } from "../channel/send-text.ts";
import { splitText } from "../channel/split-text.ts";
import { parsePhoneNumber } from "../config/phone-number.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { checkLimits } from "../limits/check-limits.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import { findMissionOfCarrier } from "../store/missions.ts";
import {
  eventRefused,
  eventScheduled,
  intendEvent,
  type NewScheduledEvent,
} from "../store/scheduled-events.ts";
import { earlierTry } from "./earlier-event.ts";

export interface EventWish {
  readonly assistantId: string;
  /** As a person writes them. */
  readonly to: string;
  readonly from: string;
  /** As {@link dueTime} reads it. */
  readonly at: string;
  /** The carrier's ids. */
  readonly missionId?: string | undefined;
  readonly runId?: string | undefined;
  readonly stepId?: string | undefined;
  /** Of a text; a call has none. */
  readonly text?: string | undefined;
  /** Fields of the wire that are sent with it, and do not make it another one. */
  readonly further?: Readonly<Record<string, unknown>> | undefined;
}

interface Using {
  readonly store: Store;
  readonly rest: ClawdTalkMissions;
  readonly config: SwitchboardConfig;
  /** The line's name. */
  readonly line: string;
}

/** The service's own limit (wire page). */
const AHEAD_MS = 60_000;

/**
 * Schedules a call, or a text when there is one: as any text, without keys. What an earlier try has scheduled, of which no
 * answer came, is not scheduled again. For one at a time: two in the middle of it would not see each other's.
 *
 * @throws NotDialable, BadTime before anything is written; LimitReached before anything is sent; NotSettled; CarrierError.
 */
export async function scheduleEvent(wish: EventWish, using: Using): Promise<CarrierEvent> {
  const { store, rest, config, line } = using;
  const { assistantId } = wish;
  const text = wish.text && sendable(wish.text, config);
  // What a shell makes of a variable that is not set is no id.
  const [missionId, runId, stepId] = [wish.missionId, wish.runId, wish.stepId].map((id) => id || undefined);
  const to = await dialable(wish.to, config);
  const from = parsePhoneNumber(wish.from, config.defaultRegion);
  if (from === undefined) {
    throw new NotDialable(
      `${JSON.stringify(wish.from)} is no number to call from: "list-phones" shows those of the account.`,
    );
  }
  const now = store.now();
  const dueAt = dueTime(wish.at, now, Number.POSITIVE_INFINITY);
  if (dueAt.getTime() < now.getTime() + AHEAD_MS) {
    throw new BadTime(`${JSON.stringify(wish.at)} is too soon: the time must lie at least one minute ahead.`);
  }
  const mission = missionId === undefined ? undefined : await findMissionOfCarrier(store, missionId);
  const channel = text === undefined ? "call" : "sms";
  const intended: NewScheduledEvent = {
    mission: mission?.id,
    line,
    channel,
    assistantId,
    to,
    from,
    body: text,
    stepId,
    scheduledAt: dueAt,
  };
  const earlier = await earlierTry(intended, using);
  if (earlier?.event !== undefined) return earlier.event;
  const id = earlier?.id ?? (await intendEvent(store, intended));
  try {
    const outreach = { line, to, isToOwner: config.ownerNumbers.includes(to), at: dueAt, eventId: id };
    await checkLimits(
      text === undefined
        ? { what: "call", ...outreach }
        : { what: "text", messages: splitText(text).length, ...outreach },
      { store, config },
    );
    const request: EventRequest = {
      channel,
      to,
      from,
      // As it was written, where that says the same to everybody.
      scheduled_at: ABSOLUTE.test(wish.at) ? wish.at : dueAt.toISOString(),
      mission_id: missionId,
      run_id: runId,
      step_id: stepId,
      text_body: text,
    };
    const event = await rest.scheduleEvent(assistantId, request, wish.further);
    await eventScheduled(store, id, event.id, event);
    return event;
  } catch (error) {
    if (!(error instanceof CarrierError && error.mayHaveHappened)) {
      await eventRefused(store, id, messageOf(error));
    }
    throw error;
  }
}

const ABSOLUTE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;
