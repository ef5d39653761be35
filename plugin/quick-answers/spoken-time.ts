// Owns how a time to come is said, seen from now: "in 20 minutes", "tomorrow at 8:00 AM", "on November 30 at 3:00 PM".
import type { Language } from "./quick-answer.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** From this many days on, the date says more than the weekday. */
const WEEKDAYS_FOR_DAYS = 7;

interface TimeWords {
  /** "tomorrow" and "8:00 AM" in one. */
  at(day: string, time: string): string;
  /** A weekday's name as the day something is on. Undefined: the date is said instead. */
  weekday: ((name: string) => string) | undefined;
  /** A day and month as the day something is on. */
  date(text: string): string;
}

const plain = (text: string) => text;

const WORDS: Readonly<Record<Language, TimeWords>> = {
  en: {
    at: (day, time) => `${day} at ${time}`,
    weekday: (name) => `on ${name}`,
    date: (text) => `on ${text}`,
  },
  zh: { at: (day, time) => `${day}${time}`, weekday: plain, date: plain },
  ja: { at: (day, time) => `${day}の${time}`, weekday: plain, date: plain },
  ko: { at: (day, time) => `${day} ${time}`, weekday: plain, date: plain },
  // The weekday's accusative ("в среду") is not to be had from the platform.
  ru: { at: (day, time) => `${day} в ${time}`, weekday: undefined, date: plain },
  ar: {
    at: (day, time) => `${day} الساعة ${time}`,
    weekday: (name) => `يوم ${name}`,
    date: (text) => `في ${text}`,
  },
  es: {
    at: (day, time) => `${day} a las ${time}`,
    weekday: (name) => `el ${name}`,
    date: (text) => `el ${text}`,
  },
  fr: { at: (day, time) => `${day} à ${time}`, weekday: plain, date: (text) => `le ${text}` },
  de: {
    at: (day, time) => `${day} um ${time} Uhr`,
    weekday: (name) => `am ${name}`,
    date: (text) => `am ${text}`,
  },
  pt: {
    at: (day, time) => `${day} às ${time}`,
    weekday: (name) => `${name.endsWith("feira") ? "na" : "no"} ${name}`,
    date: (text) => `em ${text}`,
  },
  it: { at: (day, time) => `${day} alle ${time}`, weekday: plain, date: (text) => `il ${text}` },
};

/**
 * @param timezone IANA name: whose days are counted, and whose clock is read.
 */
export function spokenTime(time: Date, language: Language, now: Date, timezone: string): string {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const awayMs = time.getTime() - now.getTime();
  if (awayMs < MINUTE_MS) return relative.format(0, "second");
  if (awayMs < HOUR_MS) return relative.format(Math.round(awayMs / MINUTE_MS), "minute");
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { timeZone: timezone, ...options }).format(time);
  const { at, weekday, date } = WORDS[language];
  // No zero before the hour, and the part of the day where the language's clock has twelve hours in speech.
  const clock = format({
    hour: "numeric",
    minute: "2-digit",
    ...(language === "zh" ? { hour12: true } : {}),
  });
  const days = dayNumber(time, timezone) - dayNumber(now, timezone);
  if (days <= 1) return at(relative.format(days, "day"), clock);
  if (days < WEEKDAYS_FOR_DAYS && weekday !== undefined)
    return at(weekday(format({ weekday: "long" })), clock);
  const isFarAway = awayMs > 300 * DAY_MS;
  return at(
    date(format({ day: "numeric", month: "long", ...(isFarAway ? { year: "numeric" } : {}) })),
    clock,
  );
}

/** The day this moment is on in that time zone, counted from some day on. */
function dayNumber(time: Date, timezone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: timezone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
  }).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((each) => each.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day")) / DAY_MS;
}
