/** Owns how a person writes when a call is to be placed. */

/** The time cannot be read, is over, or is too far away. The message is for people. */
export class BadTime extends Error {
  override readonly name = "BadTime";
}

const FORMS =
  'write it like 2026-08-01T08:00 (this machine\'s time), 2026-08-01T08:00+02:00, 08:00 (the next one) or "+20m"';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A year, whichever it is. */
const LATEST_MS = 366 * 86_400_000;

/**
 * The time that is meant: ISO 8601 with an offset, or without one in this machine's time zone; "HH:MM", the next time
 * the clock shows it; "+20m", "+1h30m", "in 20 minutes" from now on (s, m, h, d). Digits of full width are taken too.
 *
 * @param latestMs how far away it may be: a year, where nothing else is said.
 * @throws BadTime when it is none of these, not in the future, or too far away.
 */
export function dueTime(written: string, now: Date, latestMs = LATEST_MS): Date {
  const text = written.normalize("NFKC").trim();
  const due = fromNow(text, now) ?? nextTimeOfDay(text, now) ?? dateAndTime(text);
  if (due === undefined || Number.isNaN(due.getTime())) {
    throw new BadTime(`${JSON.stringify(written)} is no time to call at: ${FORMS}.`);
  }
  if (due.getTime() <= now.getTime()) {
    throw new BadTime(`${JSON.stringify(written)} is not in the future: name a time that is still to come.`);
  }
  if (due.getTime() > now.getTime() + latestMs) {
    throw new BadTime(
      `${JSON.stringify(written)} is more than a year away: calls are planned for a year at most.`,
    );
  }
  return due;
}

/** "+20m", "+1h 30m", "in 20 minutes", "in 1 hour and 30 minutes". */
function fromNow(text: string, now: Date): Date | undefined {
  const written = /^(?:\+|in\s)\s*(.+)$/i.exec(text)?.[1];
  if (written === undefined) return undefined;
  const unit = "(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)";
  if (!new RegExp(`^\\d{1,6}\\s*${unit}(?:[\\s,]*(?:and\\s+)?\\d{1,6}\\s*${unit})*$`, "i").test(written)) {
    return undefined;
  }
  let sumMs = 0;
  for (const [, count, letter] of written.toLowerCase().matchAll(/(\d+)\s*([smhd])/g)) {
    sumMs += Number(count) * (UNIT_MS[letter ?? ""] ?? Number.NaN);
  }
  return new Date(now.getTime() + sumMs);
}

/** "8:00", "20:15". */
function nextTimeOfDay(text: string, now: Date): Date | undefined {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined) return undefined;
  const due = new Date(now);
  due.setHours(Number(hour), Number(minute), 0, 0);
  if (due.getTime() <= now.getTime()) {
    due.setDate(due.getDate() + 1);
    // A clock that was put forward may have moved it.
    due.setHours(Number(hour), Number(minute), 0, 0);
  }
  return due;
}

const ISO =
  /^(?<date>(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2}))[T ](?<time>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?)\s?(?<offset>Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** A date and time in ISO 8601, without an offset in this machine's time zone; undefined when it is none. */
export function dateAndTime(text: string): Date | undefined {
  const { date, year, month, day, time, offset } = ISO.exec(text)?.groups ?? {};
  if (time === undefined) return undefined;
  // There is no 30th of February, though `Date` makes one up.
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > lastDay) return undefined;
  return new Date(`${date}T${time.replace(",", ".").replace(/(\.\d{3})\d+/, "$1")}${wholeOffset(offset)}`);
}

/** "+02", "+0200" as "+02:00". */
function wholeOffset(offset: string | undefined): string {
  if (offset === undefined || /^z$/i.test(offset)) return offset?.toUpperCase() ?? "";
  return `${offset.slice(0, 3)}:${offset.slice(3).replace(":", "") || "00"}`;
}
