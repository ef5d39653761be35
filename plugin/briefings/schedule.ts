/**
 * Owns when a scheduled call is due: what a person writes as a cron pattern is checked and previewed before anything is
 * made, and what a carrier's service stores is read as the service reads it.
 *
 * Two programs run such patterns, and they differ. The gateway counts weekdays as cron does (Sunday = 0); ClawCall's
 * service counts Monday = 0. With a day of the month and a weekday both given, the gateway rings when either fits,
 * the service only when both do. So weekdays leave here as names, which both read alike, and that pair is refused.
 */
import { Cron } from "croner";

/** A schedule as it is sent: pattern with weekdays as names, time zone by name, and its next times. */
export interface CheckedSchedule {
  readonly cron: string;
  readonly timezone: string;
  readonly nextTimes: readonly Date[];
  /** The next times as a person says them, in the schedule's time zone. */
  readonly inWords: readonly string[];
}

/** The pattern or time zone cannot be used. The message is one sentence that says what to write instead. */
export class BadSchedule extends Error {
  override readonly name = "BadSchedule";
}

const PREVIEWED_TIMES = 3;

/**
 * Checks a cron pattern of five fields (minute hour day-of-month month weekday; weekdays as cron counts them) and says
 * when it is due next.
 *
 * @param given.timezone an IANA name; the machine's unless given.
 * @throws BadSchedule
 */
export function checkSchedule(
  given: { readonly cron: string; readonly timezone?: string | undefined },
  now: Date,
): CheckedSchedule {
  const timezone = checkTimezone(given.timezone);
  const cron = checkPattern(given.cron);
  const nextTimes = dueTimes(cron, timezone, now);
  if (nextTimes.length === 0) {
    throw new BadSchedule(
      `${quote(given.cron)} names a day that never comes; write one that does, for instance "0 8 1 * *".`,
    );
  }
  return { cron, timezone, nextTimes, inWords: nextTimes.map((time) => timeInWords(time, timezone)) };
}

/**
 * When a schedule is due next that the service has stored, whoever made it: weekday numbers begin with Monday = 0, a day
 * of the month and a weekday must both fit, and an unknown time zone is UTC.
 *
 * @returns undefined when the pattern cannot be read or is never due.
 */
export function nextRun(
  stored: { readonly cron: string; readonly timezone: string },
  after: Date,
): Date | undefined {
  const texts = stored.cron.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) return undefined;
  const fields: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const text = texts[index] ?? "";
    if (field === DAY && text.toLowerCase() === "last") {
      fields.push("L");
      continue;
    }
    const values = readField(text, field === WEEKDAY ? WEEKDAY_FROM_MONDAY : field, { openSteps: true });
    if (typeof values === "string") return undefined;
    fields.push(writeField(values, field, field === WEEKDAY ? fromMonday : (value) => value));
  }
  const timezone = knownTimezone(stored.timezone) ?? "UTC";
  try {
    return (
      new Cron(fields.join(" "), { ...CRON_OPTIONS, timezone, domAndDow: true }).nextRun(after) ?? undefined
    );
  } catch {
    return undefined;
  }
}

/** When a checked schedule was due last, at `now` at the latest; undefined when it never was. */
export function lastRun(
  { cron, timezone }: Pick<CheckedSchedule, "cron" | "timezone">,
  now: Date,
): Date | undefined {
  // What croner looks for lies before the time it is given, in whole seconds.
  return new Cron(cron, { ...CRON_OPTIONS, timezone }).previousRuns(1, new Date(now.getTime() + 1_000))[0];
}

/**
 * A time as a person says it, for instance "Monday 23 November 2026 at 08:00 (Europe/Berlin)". A time zone that is not
 * known is UTC, as for the service.
 */
export function timeInWords(time: Date, timezone: string): string {
  const timeZone = knownTimezone(timezone) ?? "UTC";
  const parts = new Map(
    new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "long",
      day: "numeric",
      month: "long",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const day = `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}`;
  return `${day} at ${part("hour")}:${part("minute")} (${timeZone})`;
}

const CRON_OPTIONS = { mode: "5-part", paused: true } as const;

function dueTimes(cron: string, timezone: string, now: Date): Date[] {
  return new Cron(cron, { ...CRON_OPTIONS, timezone }).nextRuns(PREVIEWED_TIMES, now);
}

interface Field {
  readonly title: string;
  readonly least: number;
  readonly most: number;
  /** Names in order, the first for `least`. */
  readonly names: readonly string[];
}

const WEEKDAY_NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const MINUTE: Field = { title: "minute", least: 0, most: 59, names: [] };
const HOUR: Field = { title: "hour", least: 0, most: 23, names: [] };
const DAY: Field = { title: "day of the month", least: 1, most: 31, names: [] };
const MONTH: Field = {
  title: "month",
  least: 1,
  most: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/** As cron counts: Sunday is 0, and 7 as well. */
const WEEKDAY: Field = { title: "weekday", least: 0, most: 7, names: ["sun", ...WEEKDAY_NAMES] };
/** As the service counts. */
const WEEKDAY_FROM_MONDAY: Field = { title: "weekday", least: 0, most: 6, names: WEEKDAY_NAMES };
const FIELDS: readonly Field[] = [MINUTE, HOUR, DAY, MONTH, WEEKDAY];

const EXAMPLE =
  'five fields (minute hour day-of-month month weekday), for instance "0 8 * * mon-fri" for 8:00 on weekdays';

/** The service's weekday number as cron's. */
const fromMonday = (weekday: number): number => (weekday + 1) % 7;

/** @returns the pattern in the form both back ends read alike. @throws BadSchedule */
function checkPattern(pattern: string): string {
  const texts = pattern.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) throw new BadSchedule(wrongCount(pattern, texts));
  const fields = FIELDS.map((field, index) => {
    const values = readField(texts[index] ?? "", field, { openSteps: false });
    if (typeof values === "string")
      throw new BadSchedule(`${quote(pattern)} cannot be used: ${values}; write ${EXAMPLE}.`);
    return writeField(values, field, (value) => value, texts[index]);
  });
  const [minute, hour, day, month, weekday] = fields;
  if (day !== "*" && weekday !== "*") {
    throw new BadSchedule(
      `${quote(pattern)} names days of the month and weekdays together, which is read in two ways; ` +
        `write either "${minute} ${hour} ${day} ${month} *" or "${minute} ${hour} * ${month} ${weekday}".`,
    );
  }
  return fields.join(" ");
}

/** Stars are easily lost when a pattern is copied out of formatted text: "0 8 * * 1-5" arrives as "0 8 1-5". */
function wrongCount(pattern: string, texts: readonly string[]): string {
  if (texts[0] === "" || !/^[\d*]/.test(texts[0] ?? ""))
    return `${quote(pattern)} is no cron pattern; write ${EXAMPLE}.`;
  const count = `${quote(pattern)} has ${texts.length} field${texts.length === 1 ? "" : "s"}`;
  const [minute, hour, weekday] = texts;
  if (texts.length === 3) {
    const probable = `${minute} ${hour} * * ${weekday}`;
    if (isPattern(probable))
      return `${count} instead of five (stars are easily lost in copying); write "${probable}".`;
  }
  if (texts.length === 6) {
    const probable = texts.slice(1).join(" ");
    if (isPattern(probable)) return `${count}, but seconds cannot be chosen; write "${probable}".`;
  }
  return `${count}; write ${EXAMPLE}.`;
}

function isPattern(pattern: string): boolean {
  try {
    return checkPattern(pattern) !== "";
  } catch {
    return false;
  }
}

/**
 * The values a field stands for, or what is wrong with it, as the middle of a sentence.
 *
 * @param options.openSteps whether "5/10" is read as "from 5 on, every tenth", as the service does.
 */
function readField(
  text: string,
  field: Field,
  options: { readonly openSteps: boolean },
): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/i.exec(item);
    if (match === null) return `the ${field.title} ${quote(text)} cannot be read`;
    const [, from, to, everyText] = match;
    const every = everyText === undefined ? 1 : Number(everyText);
    if (every < 1) return `the ${field.title} ${quote(text)} has a step of 0`;
    const first = from === undefined ? field.least : numberOf(from, field);
    if (first === undefined) return `${quote(from ?? "")} is no ${field.title}`;
    let last = first;
    if (from === undefined) last = field === WEEKDAY ? 6 : field.most;
    if (to !== undefined) {
      const end = numberOf(to, field);
      if (end === undefined) return `${quote(to)} is no ${field.title}`;
      last = end;
    } else if (from !== undefined && everyText !== undefined) {
      if (!options.openSteps) return `the step in ${quote(text)} needs a range or a star before it`;
      last = field.most;
    }
    // Sunday ends a week as well as it begins one: "fri-sun" is meant, whichever number Sunday has.
    if (field === WEEKDAY && last < first) last += 7;
    if (last < first) return `the range ${quote(item)} runs backwards`;
    // Neither back end takes such a step.
    if (every > Math.max(1, last - first)) return `the step in ${quote(item)} is longer than its range`;
    for (let value = first; value <= last; value += every) values.add(field === WEEKDAY ? value % 7 : value);
  }
  return values;
}

function numberOf(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named >= 0 ? field.least + named : /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= field.least && value <= field.most ? value : undefined;
}

/**
 * A field's values as text. Weekdays become names, in ranges that begin on Monday, since the service takes no range that
 * runs over the end of its week; everything together becomes a star.
 *
 * @param toCron a value as cron counts it.
 * @param written what a person wrote, kept where both back ends read it alike.
 */
function writeField(
  values: ReadonlySet<number>,
  field: Field,
  toCron: (value: number) => number,
  written?: string,
): string {
  const whole = field === WEEKDAY ? WEEKDAY_NAMES.length : field.most - field.least + 1;
  if (values.size === whole) return "*";
  const cronValues = new Set([...values].map(toCron));
  if (field === WEEKDAY) return weekdaysByName(cronValues);
  if (written !== undefined && /^[\d,*/-]+$/.test(written)) return written;
  return [...cronValues].sort((a, b) => a - b).join(",");
}

function weekdaysByName(values: ReadonlySet<number>): string {
  const chosen = WEEKDAY_NAMES.map((_name, index) => values.has(fromMonday(index)));
  const runs: string[] = [];
  for (let first = 0; first < chosen.length; first++) {
    if (!chosen[first]) continue;
    let last = first;
    while (chosen[last + 1]) last++;
    const names = WEEKDAY_NAMES.slice(first, last + 1);
    runs.push(names.length > 2 ? `${names[0]}-${names.at(-1)}` : names.join(","));
    first = last;
  }
  return runs.join(",");
}

/** @throws BadSchedule */
function checkTimezone(given: string | undefined): string {
  const timezone = given?.trim() || new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = knownTimezone(timezone);
  if (known !== undefined) return known;
  throw new BadSchedule(
    `${quote(timezone)} is no time zone that is known here; write one as continent and city, for instance "Europe/Berlin" or "Asia/Shanghai".`,
  );
}

/**
 * The zone's name in its usual spelling. An offset such as "+02:00" is no name: the service, which does not know it,
 * would take it for UTC without a word.
 */
function knownTimezone(timezone: string): string | undefined {
  if (!/^[a-z]/i.test(timezone)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: timezone }).resolvedOptions();
    return timeZone.toLowerCase() === timezone.toLowerCase() ? timeZone : timezone;
  } catch {
    return undefined;
  }
}

/** What was written, short enough for a sentence. */
function quote(text: string): string {
  const characters = [...text.replace(/\s+/gu, " ").trim()];
  return `"${characters.length > 60 ? `${characters.slice(0, 60).join("")}…` : characters.join("")}"`;
}
