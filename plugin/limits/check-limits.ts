/**
 * Owns whether a call may be placed or a text sent as far as the owner's limits go. One place for all who want to: scripts,
 * tools, briefings, missions, planned calls when they are due. (What a carrier does by itself later is held against them
 * when it is ordered: check-rings.ts.) What was done before is counted in the store, so that a
 * restart changes nothing. (Which numbers are never dialled at all is calls/dial-policy.ts's.)
 *
 * | rule | holds for | changed by |
 * |---|---|---|
 * | do-not-call list | calls and texts to others, replies too | `phone do-not-call remove` |
 * | quiet hours | calls, to the owner too | `quietHours` |
 * | calling hours, in all time zones of the number | calls and texts to others, but no replies | `callingHours` |
 * | calls to one number in a day, and the time between them | calls to others | `callsPerNumberPerDay`, `cooldownMinutes` |
 * | calls, minutes, texts of a line in a day | everything | `callsPerDay`, `minutesPerDay`, `textsPerDay` |
 *
 * A day is the owner's, from midnight to midnight in their time zone. What a carrier is told to do at a time is checked
 * for that time and its day, since nobody asks again; it counts on that day.
 */
import { type DailyHours, dailyHoursInWords, isInHours } from "../config/daily-hours.ts";
import type { E164 } from "../config/phone-number.ts";
import { type LineConfig, lineDefaults, type SwitchboardConfig } from "../config/schema.ts";
import type { Store } from "../store/database.ts";
import { findDoNotCall } from "../store/do-not-call.ts";
import { callsDone, messagesDone } from "../store/outreach.ts";
import { LimitReached, type LimitRule } from "./limit-reached.ts";
import { endOfDay, localTime, minuteOfDay, startOfDay } from "./local-time.ts";
import { zonesOf } from "./number-zones.ts";

/** What the limits need to know of the settings. */
export type LimitSettings = Pick<SwitchboardConfig, "limits" | "hours"> & {
  readonly lines: readonly Pick<LineConfig, "name" | "callsPerDay" | "textsPerDay" | "minutesPerDay">[];
};

interface AnyOutreach {
  /** The line's name. */
  readonly line: string;
  /** Null for the account's owner, whom the carrier rings when no number is given. */
  readonly to: E164 | null;
  readonly isToOwner: boolean;
  /** When it is to be done, if that is not now. */
  readonly at?: Date | undefined;
  /**
   * Our id of it where the carrier does it at that time by itself: then what is counted is looked at for that day. Without
   * one it is checked again when it is due, and neither that is looked at now nor what changes until then.
   */
  readonly eventId?: number | undefined;
}

/** A call somebody wants placed. */
export interface CallOutreach extends AnyOutreach {
  readonly what: "call";
  /** Our id of it, when it is written down already: what was asked for after it does not count. */
  readonly id?: string | undefined;
  /** How many calls are placed together with it, itself included: all of them have to be within the line's cap. Default 1. */
  readonly calls?: number | undefined;
}

/** A text somebody wants sent. */
export interface TextOutreach extends AnyOutreach {
  readonly what: "text";
  /** The outbox id of its first message, when it is written down already. */
  readonly id?: number | undefined;
  /** How many messages it is sent as. Default 1. */
  readonly messages?: number | undefined;
  /** It answers a text that has just come: nobody is disturbed by it. */
  readonly isReply?: boolean | undefined;
}

interface Using {
  readonly store: Store;
  readonly config: LimitSettings;
  /** Default: the store's clock. */
  readonly now?: (() => Date) | undefined;
}

/** How many calls to one number of a day may follow each other at once. */
const BEFORE_COOLDOWN = 3;

/**
 * Does nothing when the call or text is within all limits.
 *
 * @throws LimitReached when it is not.
 */
export async function checkLimits(outreach: CallOutreach | TextOutreach, using: Using): Promise<void> {
  const { at, eventId } = outreach;
  const time = at ?? using.now?.() ?? using.store.now();
  const isPlanned = at !== undefined;
  const isScheduled = eventId !== undefined;
  const isCounted = !isPlanned || isScheduled;
  const other = outreach.isToOwner ? null : outreach.to;
  if (other !== null) await checkDoNotCall(other, using);
  if (outreach.what === "text") {
    if (other !== null && !outreach.isReply)
      await checkHours({ what: "text", to: other, at: time, isPlanned, isScheduled }, using.config);
    if (isCounted) await checkTexts(outreach, using, time);
    return;
  }
  await checkHours({ what: "call", to: other, at: time, isPlanned, isScheduled }, using.config);
  if (isCounted) await checkCalls(outreach, using, time);
}

async function checkDoNotCall(number: E164, { store, config }: Using): Promise<void> {
  const entry = await findDoNotCall(store, number);
  if (entry === undefined) return;
  const since = localTime(entry.addedAt, config.hours.timezone).slice(0, 10);
  const why = entry.source === "owner" ? "put there by command" : "somebody there asked for it";
  throw new LimitReached(
    "doNotCall",
    `${number} is neither called nor texted: it is on the do-not-call list since ${since} (${why}). If they are to be called again, the owner takes it off: phone do-not-call remove ${number}`,
  );
}

/** When this may be done, as far as the hours go. */
interface Timing {
  readonly what: "call" | "text";
  /** Null for the owner. */
  readonly to: E164 | null;
  readonly at: Date;
  /** Whether that is a time to come. */
  readonly isPlanned?: boolean;
  /** Whether the carrier is to do it then by itself. */
  readonly isScheduled?: boolean;
}

async function checkHours(timing: Timing, { hours }: LimitSettings): Promise<void> {
  const { what, to, at, isPlanned } = timing;
  const { timezone, callingHours, numberTimezones } = hours;
  const quietHours = what === "call" ? hours.quietHours : undefined;
  const zones = to === null || callingHours === undefined ? [] : await zonesOf(to, numberTimezones);
  const isQuiet = (time: Date) =>
    quietHours !== undefined && isInHours(minuteOfDay(time, timezone), quietHours);
  const closedZone = (time: Date) =>
    callingHours === undefined
      ? undefined
      : zones.find((zone) => !isInHours(minuteOfDay(time, zone), callingHours));
  const next = () => nextTime(at, (time) => !isQuiet(time) && closedZone(time) === undefined);
  const clock = (zone: string) =>
    `It ${isPlanned ? "will be" : "is"} ${localTime(at, zone).slice(-5)} in ${zone}`;

  if (quietHours !== undefined && isQuiet(at)) {
    const lift = 'the owner can change "quietHours" ("off" lifts them)';
    throw new LimitReached(
      "quietHours",
      `${clock(timezone)}, and nobody is called from ${inWords(quietHours)}: ${laterOr(lift, next(), timing, timezone)}.`,
    );
  }
  if (to === null || callingHours === undefined) return;
  const rule = `others are ${what === "call" ? "called" : "texted"} from ${inWords(callingHours)} of their time only`;
  const change = 'the owner can change "callingHours" ("always" lifts them)';
  // Known by its place alone, where the owner cannot say it any better.
  const lift = zones.length === 1 ? change : `${change} or say where such numbers are ("numberTimezones")`;
  if (zones.length === 0) {
    throw new LimitReached("callingHours", `Nobody can say what time it is for ${to}, and ${rule}: ${lift}.`);
  }
  const zone = closedZone(at);
  if (zone === undefined) return;
  const place = zones.length === 1 ? `where ${to} is` : `where ${to} may be`;
  throw new LimitReached(
    "callingHours",
    `${clock(zone)}, ${place}, and ${rule}: ${laterOr(lift, next(), timing, timezone)}.`,
  );
}

async function checkCalls(outreach: CallOutreach, using: Using, at: Date): Promise<void> {
  const { store, config } = using;
  const { timezone } = config.hours;
  const { callsPerNumberPerDay, cooldownMinutes } = config.limits;
  const { callsPerDay, minutesPerDay } = capsOf(outreach.line, config);
  const number = outreach.isToOwner ? null : outreach.to;
  const done = await callsDone(store, {
    line: outreach.line,
    number,
    since: startOfDay(at, timezone),
    until: endOfDay(at, timezone),
    at,
    before: outreach.id,
    beforeEvent: outreach.eventId,
  });
  const day = dayOf(outreach, timezone);
  if (number !== null) {
    if (done.toNumber >= callsPerNumberPerDay) {
      throw new LimitReached(
        "callsPerNumberPerDay",
        `${number} ${day.was} called ${times(done.toNumber)} ${day.name}, and one number is called ${times(callsPerNumberPerDay)} a day at most: ${day.later}, or ${raise("callsPerNumberPerDay")}.`,
      );
    }
    const agoMs = at.getTime() - (done.lastToNumber?.getTime() ?? Number.NEGATIVE_INFINITY);
    const untilNextMs = (done.nextToNumber?.getTime() ?? Number.POSITIVE_INFINITY) - at.getTime();
    const cooldownMs = cooldownMinutes * 60_000;
    if (
      outreach.eventId !== undefined &&
      done.toNumber >= BEFORE_COOLDOWN &&
      Math.min(agoMs, untilNextMs) < cooldownMs
    ) {
      throw new LimitReached(
        "cooldownMinutes",
        `${number} is called ${times(done.toNumber)} ${day.name} already, and after ${BEFORE_COOLDOWN} calls ${count(cooldownMinutes, "minute")} lie between two: choose a time farther from the others, or the owner can lower "cooldownMinutes".`,
      );
    }
    if (done.toNumber >= BEFORE_COOLDOWN && agoMs < cooldownMs) {
      const waitMinutes = Math.ceil((cooldownMs - agoMs) / 60_000);
      throw new LimitReached(
        "cooldownMinutes",
        `${number} was called ${times(done.toNumber)} today, and after ${BEFORE_COOLDOWN} calls ${count(cooldownMinutes, "minute")} lie between two: wait ${count(waitMinutes, "minute")}, or the owner can lower "cooldownMinutes".`,
      );
    }
  }
  const { calls = 1 } = outreach;
  if (done.onLine + calls > callsPerDay) {
    const wanted = calls === 1 ? "" : ` this order takes ${calls},`;
    throw new LimitReached(
      "callsPerDay",
      `The line "${outreach.line}" ${day.has} placed ${count(done.onLine, "call")} ${day.name},${wanted} and ${callsPerDay} a day are allowed: ${day.later}, or ${raise("callsPerDay")}.`,
    );
  }
  const minutes = Math.floor(done.secondsOnLine / 60);
  if (done.secondsOnLine >= minutesPerDay * 60) {
    throw new LimitReached(
      "minutesPerDay",
      `The calls of the line "${outreach.line}" have lasted ${count(minutes, "minute")} ${day.name}, and ${minutesPerDay} a day are allowed: ${day.later}, or ${raise("minutesPerDay")}.`,
    );
  }
}

async function checkTexts(outreach: TextOutreach, using: Using, at: Date): Promise<void> {
  const { store, config } = using;
  const { timezone } = config.hours;
  const { textsPerDay } = capsOf(outreach.line, config);
  const done = await messagesDone(store, {
    line: outreach.line,
    since: startOfDay(at, timezone),
    until: endOfDay(at, timezone),
    before: outreach.id,
    beforeEvent: outreach.eventId,
  });
  const messages = outreach.messages ?? 1;
  if (done + messages <= textsPerDay) return;
  const day = dayOf(outreach, timezone);
  throw new LimitReached(
    "textsPerDay",
    `The line "${outreach.line}" ${day.has} sent ${count(done, "text message")} ${day.name}, this text takes ${messages}, and ${textsPerDay} a day are allowed: ${day.later}, or ${raise("textsPerDay")}.`,
  );
}

/** How sentences speak of the day something is counted on: today, or the one for which it is scheduled. */
function dayOf({ at }: AnyOutreach, timezone: string) {
  return at === undefined
    ? { name: "today", has: "has", was: "was", later: "go on tomorrow" }
    : {
        name: `on ${localTime(at, timezone).slice(0, 10)}`,
        has: "will have",
        was: "is",
        later: "choose another day",
      };
}

/** A line that is not configured any more gets what any line gets. */
function capsOf(name: string, config: LimitSettings): LimitSettings["lines"][number] {
  return config.lines.find((line) => line.name === name) ?? { name, ...lineDefaults };
}

const MINUTE_MS = 60_000;
const STEP_MS = 5 * MINUTE_MS;
/** The hours come back every day; a change of the clocks can cost one day. */
const LOOK_AHEAD_MS = 2 * 24 * 60 * MINUTE_MS;

/** The first time from then on, at five minutes, that is allowed; undefined when none of two days is. */
function nextTime(from: Date, isAllowed: (time: Date) => boolean): Date | undefined {
  const first = Math.ceil(from.getTime() / STEP_MS) * STEP_MS;
  for (let time = first; time <= first + LOOK_AHEAD_MS; time += STEP_MS) {
    if (isAllowed(new Date(time))) return new Date(time);
  }
  return undefined;
}

/** What can be done: wait for the next time, if there is one, or change the setting. */
function laterOr(
  lift: string,
  next: Date | undefined,
  { what, isScheduled }: Timing,
  timezone: string,
): string {
  if (next === undefined) return `no hour suits all of these hours and places; ${lift}`;
  const time = `${localTime(next, timezone)} (${timezone})`;
  const written = `${next.toISOString().slice(0, 16)}Z`;
  const later = isScheduled
    ? `schedule it for ${time} or later (${written})`
    : what === "text"
      ? `send it from ${time} on`
      : `call from ${time} on (--at ${written})`;
  return `${later}, or ${lift}`;
}

function inWords(hours: DailyHours): string {
  return dailyHoursInWords(hours).replace("-", " to ");
}

function raise(setting: LimitRule): string {
  return `the owner can raise "${setting}"`;
}

function times(number: number): string {
  return number === 1 ? "once" : `${number} times`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
