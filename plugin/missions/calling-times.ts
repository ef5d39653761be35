/**
 * Owns when the next calls and texts of a mission come: in the plan's window and the owner's calling hours wherever the
 * number can lie, outside quiet hours, apart from each other, and as far ahead as the service wants it.
 *
 * | rule                                        | in the time zone of | holds for                          |
 * | ------------------------------------------- | ------------------- | ---------------------------------- |
 * | the plan's window, hours and days           | the target          | everything                         |
 * | calling hours                               | the number, all     | calls and texts to others          |
 * | quiet hours                                 | the owner           | calls                              |
 * | not at lunch, 11:30 to 13:30                | the target          | who serves others, called again    |
 * | the stagger                                 |                     | everything of the mission          |
 * | 90 seconds ahead (the service wants 60)     |                     | everything                         |
 *
 * Whether it may be done at all is limits/check-limits.ts's, which is asked when it is scheduled.
 */
import { type DailyHours, dailyHoursInWords, isInHours } from "../config/daily-hours.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { endOfDay, localTime, minuteOfDay } from "../limits/local-time.ts";
import { zonesOf } from "../limits/number-zones.ts";
import type { MissionTarget } from "../store/mission-work.ts";
import type { MissionPlan } from "./plan.ts";

/** Whom a time is wanted for. */
export type CalledTarget = Pick<
  MissionTarget,
  "id" | "number" | "kind" | "timezone" | "channel" | "attempts" | "nextAt"
>;

/** It is not called, and why; the sentence is for people. */
export interface NoTime {
  readonly never: string;
}

/** The seeds' peak hours of restaurants, shops and offices, in which they have no time for the phone a second time. */
const PEAK: DailyHours = { fromMinute: 11 * 60 + 30, toMinute: 13 * 60 + 30 };

/** The service wants a minute; the request takes its time, and clocks differ. */
const AHEAD_MS = 90_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** If there is no hour in so many days, there is none. */
const LOOK_AHEAD_MS = 15 * 24 * 60 * MINUTE_MS;

/**
 * Finds a time for each of them, the first ones first; those that nothing can be found for say why.
 *
 * @param options.taken times that other calls of the mission have, in any order.
 * @param options.staggerSeconds default: the plan's.
 * @param options.earliest for nobody before.
 */
export async function callingTimes(
  targets: readonly CalledTarget[],
  options: {
    readonly plan: Pick<MissionPlan, "limits" | "window">;
    readonly config: Pick<SwitchboardConfig, "hours" | "ownerNumbers">;
    readonly now: Date;
    readonly taken: readonly Date[];
    readonly staggerSeconds?: number | undefined;
    readonly earliest?: Date | undefined;
  },
): Promise<ReadonlyMap<number, Date | NoTime>> {
  const { plan, config, now, earliest } = options;
  const staggerMs = (options.staggerSeconds ?? plan.limits.staggerSeconds) * SECOND_MS;
  const taken = options.taken.map((time) => time.getTime()).sort((one, other) => one - other);
  const firstMs = Math.max(
    now.getTime() + AHEAD_MS,
    earliest?.getTime() ?? 0,
    plan.window.start?.getTime() ?? 0,
  );
  const found = new Map<number, Date | NoTime>();
  for (const target of targets) {
    const openings = await openingsFor(target, plan, config);
    if ("never" in openings) {
      found.set(target.id, openings);
      continue;
    }
    const fromMs = wholeSecond(Math.max(firstMs, target.nextAt?.getTime() ?? 0));
    const time = freeTime(fromMs, openings, taken, staggerMs);
    if (time === undefined) {
      found.set(target.id, { never: noHour(target, openings) });
      continue;
    }
    const { endsAt } = plan.limits;
    if (endsAt !== undefined && time >= endsAt.getTime()) {
      found.set(target.id, { never: "The mission ends before there is a time to call." });
      continue;
    }
    taken.splice(firstAtOrAfter(taken, time), 0, time);
    found.set(target.id, new Date(time));
  }
  return found;
}

/** The time zones a target can be in: what the plan says, else what is known of its number. */
export async function zonesOfTarget(
  { number, timezone }: Pick<CalledTarget, "number" | "timezone">,
  { hours }: Pick<SwitchboardConfig, "hours">,
): Promise<readonly string[]> {
  return timezone === undefined ? await zonesOf(number, hours.numberTimezones) : [timezone];
}

/** Hours in which something may be done, every day or on some (1 is Monday). */
interface Opening {
  readonly zone: string;
  readonly hours: DailyHours;
  readonly days?: readonly number[];
}

/** All of them have to be open. */
async function openingsFor(
  target: CalledTarget,
  plan: Pick<MissionPlan, "window">,
  config: Pick<SwitchboardConfig, "hours" | "ownerNumbers">,
): Promise<readonly Opening[] | NoTime> {
  const { number, kind, channel, attempts } = target;
  const { timezone, quietHours, callingHours, numberTimezones } = config.hours;
  const { from: fromMinute, to: toMinute, days } = plan.window;
  const isToOwner = config.ownerNumbers.includes(number);
  const zones = await zonesOfTarget(target, config);
  const ofNumber = isToOwner || callingHours === undefined ? [] : await zonesOf(number, numberTimezones);
  if (zones.length === 0 || (ofNumber.length === 0 && !isToOwner && callingHours !== undefined)) {
    return {
      never: `Nobody can say what time it is for ${number}: the owner can say where such numbers are ("numberTimezones").`,
    };
  }
  const avoidsPeak = kind === "service" && attempts > 0 && channel === "call";
  return [
    ...zones.map((zone) => ({ zone, hours: { fromMinute, toMinute }, days })),
    ...(callingHours === undefined ? [] : ofNumber.map((zone) => ({ zone, hours: callingHours }))),
    ...(channel === "sms" || quietHours === undefined
      ? []
      : [{ zone: timezone, hours: outside(quietHours) }]),
    ...(avoidsPeak ? zones.map((zone) => ({ zone, hours: outside(PEAK) })) : []),
  ];
}

/** The rest of the day. */
function outside({ fromMinute, toMinute }: DailyHours): DailyHours {
  return { fromMinute: toMinute % 1440, toMinute: fromMinute === 0 ? 1440 : fromMinute };
}

/** The first time from then on that is open and far enough from those that are taken; undefined when there is none. */
function freeTime(
  fromMs: number,
  openings: readonly Opening[],
  taken: readonly number[],
  staggerMs: number,
): number | undefined {
  let time = fromMs;
  for (;;) {
    const open = openTime(time, openings);
    if (open === undefined) return undefined;
    const free = apart(open, taken, staggerMs);
    if (free === open) return free;
    time = wholeSecond(free);
  }
}

/** The first time from then on that lies so far from each of these (sorted). */
function apart(fromMs: number, taken: readonly number[], staggerMs: number): number {
  let time = fromMs;
  for (let index = firstAtOrAfter(taken, time - staggerMs + 1); index < taken.length; index += 1) {
    const other = taken[index] ?? Number.POSITIVE_INFINITY;
    if (other >= time + staggerMs) break;
    time = other + staggerMs;
  }
  return time;
}

function firstAtOrAfter(sorted: readonly number[], time: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((sorted[middle] ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The first time from then on at which all are open; undefined when there is none. */
function openTime(fromMs: number, openings: readonly Opening[]): number | undefined {
  let time = fromMs;
  while (time <= fromMs + LOOK_AHEAD_MS) {
    const next = openings.reduce((latest, opening) => Math.max(latest, opensAt(time, opening)), time);
    if (next === time) return time;
    time = next;
  }
  return undefined;
}

/** The first time from then on at which this is open, or a time before it that is nearer. */
function opensAt(fromMs: number, { zone, hours, days }: Opening): number {
  const from = new Date(fromMs);
  const minute = minuteOfDay(from, zone);
  const isDay = days === undefined || days.includes(dayOfWeek(from, zone));
  if (isDay && isInHours(minute, hours)) return fromMs;
  if (!isDay || minute >= hours.fromMinute) return endOfDay(from, zone).getTime();
  const thisMinuteMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
  let opens = thisMinuteMs + (hours.fromMinute - minute) * MINUTE_MS;
  // Where the clock is put forward meanwhile, it opens earlier than it seemed.
  while (
    opens - MINUTE_MS > fromMs &&
    minuteOfDay(new Date(opens - MINUTE_MS), zone) >= hours.fromMinute &&
    minuteOfDay(new Date(opens - MINUTE_MS), zone) > minute
  ) {
    opens -= MINUTE_MS;
  }
  return opens;
}

/** 1 is Monday. */
function dayOfWeek(at: Date, zone: string): number {
  return new Date(`${localTime(at, zone).slice(0, 10)}T00:00:00Z`).getUTCDay() || 7;
}

function wholeSecond(timeMs: number): number {
  return Math.ceil(timeMs / SECOND_MS) * SECOND_MS;
}

function noHour({ number }: CalledTarget, openings: readonly Opening[]): string {
  const zones = new Set(openings.map(({ zone }) => zone));
  const spans = new Set(openings.map(({ hours }) => dailyHoursInWords(hours)));
  return `No hour suits ${number}: ${[...spans].join(" and ")} have to be open in ${zones.size > 4 ? `${zones.size} time zones` : [...zones].join(", ")}. Widen the plan's window or "callingHours", or say where such numbers are ("numberTimezones").`;
}
