/** Owns what the clock on the wall shows in a time zone, whatever daylight saving does to it. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than a hundred uses of it. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  });
  formats.set(timezone, format);
  return format;
}

/** "2026-07-30 08:00". */
export function localTime(at: Date, timezone: string): string {
  return formatOf(timezone).format(at);
}

/** Minutes since midnight as the clock shows them: 0 to 1439. */
export function minuteOfDay(at: Date, timezone: string): number {
  const [hour = 0, minute = 0] = localTime(at, timezone).slice(-5).split(":").map(Number);
  return hour * 60 + minute;
}

const MINUTE_MS = 60_000;
/** No day is longer, also not the one on which clocks are put back. */
const LONGEST_DAY_MINUTES = 27 * 60;

/** The first minute of the day it is in a time zone; not midnight where clocks are put forward then. */
export function startOfDay(at: Date, timezone: string): Date {
  const dayOf = (time: number) => localTime(new Date(time), timezone).slice(0, -6);
  const today = dayOf(at.getTime());
  // Every zone's clock is put at whole minutes.
  const thisMinute = Math.floor(at.getTime() / MINUTE_MS);
  let before = thisMinute - LONGEST_DAY_MINUTES;
  let within = thisMinute;
  while (within - before > 1) {
    const middle = Math.floor((within + before) / 2);
    if (dayOf(middle * MINUTE_MS) === today) within = middle;
    else before = middle;
  }
  return new Date(within * MINUTE_MS);
}

/** The first minute of the day after the one it is in a time zone. */
export function endOfDay(at: Date, timezone: string): Date {
  const start = startOfDay(at, timezone).getTime();
  return startOfDay(new Date(start + (LONGEST_DAY_MINUTES + 1) * MINUTE_MS), timezone);
}
