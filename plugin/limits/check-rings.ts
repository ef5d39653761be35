/**
 * Owns whether the owner's phone may ring at the times of a schedule. What places calls by itself (a carrier's own
 * scheduler) asks nobody when they are due, so a schedule is held against the limits when it is made; what the gateway
 * runs is held against them again each time it rings.
 */
import { Cron } from "croner";
import { dailyHoursInWords, isInHours } from "../config/daily-hours.ts";
import { lineDefaults } from "../config/schema.ts";
import type { LimitSettings } from "./check-limits.ts";
import { LimitReached } from "./limit-reached.ts";
import { localTime, minuteOfDay } from "./local-time.ts";

/** So far ahead is looked: the hours of a schedule in another time zone move with its clocks. */
const LOOK_AHEAD_MS = 366 * 24 * 60 * 60_000;
/** More than a schedule has in a year that rings a few times a day. */
const MOST_TIMES = 2_000;

/**
 * Does nothing when all times of a schedule are within the limits.
 *
 * @param schedule as `checkSchedule` gives it: a pattern with weekdays by name, and an IANA time zone.
 * @param line the one that rings; undefined when any may.
 * @throws LimitReached
 */
export function checkRings(
  schedule: { readonly cron: string; readonly timezone: string },
  line: string | undefined,
  { config, now }: { readonly config: LimitSettings; readonly now: Date },
): void {
  const { quietHours, timezone } = config.hours;
  const lines = config.lines.filter(({ name }) => line === undefined || name === line);
  const callsPerDay = Math.max(...(lines.length > 0 ? lines : [lineDefaults]).map((one) => one.callsPerDay));
  const times = new Cron(schedule.cron, { mode: "5-part", paused: true, timezone: schedule.timezone });
  let day = "";
  let onDay = 0;
  let time = times.nextRun(now);
  for (let count = 0; count < MOST_TIMES && time !== null; count += 1, time = times.nextRun(time)) {
    if (time.getTime() - now.getTime() > LOOK_AHEAD_MS) return;
    const local = localTime(time, timezone);
    if (quietHours !== undefined && isInHours(minuteOfDay(time, timezone), quietHours)) {
      throw new LimitReached(
        "quietHours",
        `This would ring you at ${local} (${timezone}), and nobody is called from ${dailyHoursInWords(quietHours).replace("-", " to ")}: choose other times, or the owner can change "quietHours" ("off" lifts them).`,
      );
    }
    onDay = local.slice(0, 10) === day ? onDay + 1 : 1;
    day = local.slice(0, 10);
    if (onDay > callsPerDay) {
      const allowed = callsPerDay === 1 ? "one call a day is" : `${callsPerDay} calls a day are`;
      throw new LimitReached(
        "callsPerDay",
        `This would ring you more than ${callsPerDay === 1 ? "once" : `${callsPerDay} times`} on ${day}, and ${allowed} allowed: choose fewer times, or the owner can raise "callsPerDay".`,
      );
    }
  }
}
