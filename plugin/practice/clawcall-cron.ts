// Owns when a schedule of the ClawCall practice server is due, as the service's scheduler reads a pattern. That is
// not cron's reading: weekday numbers begin with Monday = 0, a range must not run over the end of the week
// (`sun-thu` is refused), and a day of the month and a weekday must both fit.
import { Cron } from "croner";

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export type DueTimes = (after: number) => number | undefined;

/**
 * When the pattern is due next after a time in milliseconds; an unknown time zone is UTC without a word.
 *
 * @throws Error with one sentence when the pattern cannot be read.
 */
export function dueTimes(pattern: string, timezone: string): DueTimes {
  const fields = pattern.trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`Invalid cron expression (need 5 fields): '${pattern}'`);
  const dates = fields.slice(0, 4);
  const weekdays = weekdaysOf(fields[4] ?? "*");
  const cron = new Cron([...dates, weekdays].join(" "), {
    paused: true,
    mode: "5-part",
    domAndDow: true,
    timezone: isTimezone(timezone) ? timezone : "UTC",
  });
  return (after) => cron.nextRun(new Date(after))?.getTime();
}

/** The weekday field with each day by its name. */
function weekdaysOf(field: string): string {
  const days = new Set<number>();
  for (const part of field.toLowerCase().split(",")) {
    const [, first = "", last = first, step = "1"] =
      /^(\*|\d|[a-z]{3})(?:-(\d|[a-z]{3}))?(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, to] = first === "*" ? [0, 6] : [weekday(first), weekday(last)];
    if (from < 0 || to < 0 || Number(step) < 1) throw new Error(`Unrecognized weekday: '${part}'`);
    if (from > to) throw new Error(`The first weekday of a range must not come after the last: '${part}'`);
    for (let day = from; day <= to; day += Number(step)) days.add(day);
  }
  return days.size === WEEKDAYS.length ? "*" : [...days].map((day) => WEEKDAYS[day]).join(",");
}

function weekday(text: string): number {
  return /^[0-6]$/.test(text) ? Number(text) : WEEKDAYS.indexOf(text);
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
