/** Owns spans of hours that come back every day ("22:00-07:00"): how they are written, and whether a time lies in one. */

/** Minutes since midnight, in whatever time zone is meant. The last minute is no longer in it. */
export interface DailyHours {
  /** 0 to 1439. */
  readonly fromMinute: number;
  /** 1 to 1440; before `fromMinute` when the span goes over midnight: 22:00-07:00 is 1320 to 420. */
  readonly toMinute: number;
}

/** How such a span is written, as the end of a sentence. */
export const DAILY_HOURS = 'must be two times of a day, such as "22:00-07:00"';

const WRITTEN = /^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$/;

/** The span of a text such as "22:00-07:00"; undefined when it is none. 24:00 is a day's end. */
export function parseDailyHours(text: string): DailyHours | undefined {
  const found = WRITTEN.exec(text.trim());
  if (found === null) return undefined;
  const [fromHour = 0, fromRest = 0, toHour = 0, toRest = 0] = found.slice(1).map(Number);
  const fromMinute = fromHour * 60 + fromRest;
  const toMinute = toHour * 60 + toRest === 0 ? 1440 : toHour * 60 + toRest;
  if (fromRest > 59 || toRest > 59 || fromMinute > 1439 || toMinute > 1440) return undefined;
  // From nine to nine could be the whole day or nothing of it.
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute };
}

/** Whether a minute of the day (0 to 1439) lies in the span. */
export function isInHours(minute: number, { fromMinute, toMinute }: DailyHours): boolean {
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}

/** As it is written: "22:00-07:00". */
export function dailyHoursInWords({ fromMinute, toMinute }: DailyHours): string {
  return `${clock(fromMinute)}-${clock(toMinute)}`;
}

function clock(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
