/** Owns what the limits still let a line do today, as they are counted: see check-limits.ts. */
import { dailyHoursInWords, isInHours } from "../config/daily-hours.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import type { Store } from "../store/database.ts";
import { callsDone, messagesDone } from "../store/outreach.ts";
import { localTime, minuteOfDay, startOfDay } from "./local-time.ts";

/** How much of a day's allowance is left. */
export interface Allowance {
  /** Never below zero. */
  readonly left: number;
  readonly of: number;
}

export interface LeftToday {
  readonly calls: Allowance;
  /** Whole ones, begun ones included. */
  readonly minutes: Allowance;
  /** Messages: a long text takes several. */
  readonly texts: Allowance;
}

/** What is left of the line's caps on the owner's day. */
export async function leftToday(
  line: Pick<LineConfig, "name" | "callsPerDay" | "textsPerDay" | "minutesPerDay">,
  { store, config }: { readonly store: Store; readonly config: Pick<SwitchboardConfig, "hours"> },
): Promise<LeftToday> {
  const since = startOfDay(store.now(), config.hours.timezone);
  const [calls, texts] = await Promise.all([
    callsDone(store, { line: line.name, number: null, since }),
    messagesDone(store, { line: line.name, since }),
  ]);
  const allowance = (of: number, used: number): Allowance => ({ left: Math.max(0, of - used), of });
  return {
    calls: allowance(line.callsPerDay, calls.onLine),
    minutes: allowance(line.minutesPerDay, Math.floor(calls.secondsOnLine / 60)),
    texts: allowance(line.textsPerDay, texts),
  };
}

/** The quiet hours at a time; undefined when there are none. */
export function quietAt(
  now: Date,
  { hours }: Pick<SwitchboardConfig, "hours">,
):
  | { readonly hours: string; readonly timezone: string; readonly isNow: boolean; readonly clock: string }
  | undefined {
  const { quietHours, timezone } = hours;
  if (quietHours === undefined) return undefined;
  return {
    hours: dailyHoursInWords(quietHours),
    timezone,
    isNow: isInHours(minuteOfDay(now, timezone), quietHours),
    clock: localTime(now, timezone).slice(-5),
  };
}
