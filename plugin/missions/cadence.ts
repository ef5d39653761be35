/**
 * Owns when the engine looks at what the service has scheduled (seeds, "Use Cron Jobs to Poll" and "Adjusting Poll
 * Frequency"). The service's own events make it look earlier.
 *
 * | how it stands                        | next look                                     |
 * | ------------------------------------ | --------------------------------------------- |
 * | scheduled, not looked at yet         | 2 minutes after its time                      |
 * | looked at, days to go                | in 4 to 8 hours                               |
 * | looked at, a day to go, or less      | in 15 to 30 minutes                           |
 * | looked at, an hour to go, or less    | in 5 minutes                                  |
 * | looked at, half an hour to go        | in 2 to 5 minutes                             |
 * | looked at, five minutes to go        | in 30 seconds                                 |
 * | its time was less than 2 minutes ago | 2 minutes after its time                      |
 * | its time is past                     | in 30 seconds                                 |
 * | the phone rings                      | in 1 to 2 minutes                             |
 * | they talk                            | in 2 to 3 minutes                             |
 * | its time was an hour ago             | in 5 minutes, whatever it does                |
 *
 * What is looked at before its time is never looked at later than 2 minutes after it.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** From, to: whichever of it chance picks, so that a thousand events are not looked at in one second. */
type Span = readonly [number, number];

/** The longest time ahead first. */
const AHEAD: readonly { readonly moreThanMs: number; readonly span: Span }[] = [
  { moreThanMs: DAY_MS, span: [4 * HOUR_MS, 8 * HOUR_MS] },
  { moreThanMs: HOUR_MS, span: [15 * MINUTE_MS, 30 * MINUTE_MS] },
  { moreThanMs: 30 * MINUTE_MS, span: [5 * MINUTE_MS, 5 * MINUTE_MS] },
  { moreThanMs: 5 * MINUTE_MS, span: [2 * MINUTE_MS, 5 * MINUTE_MS] },
  { moreThanMs: 0, span: [30 * SECOND_MS, 30 * SECOND_MS] },
];

const CALLING: ReadonlyMap<string | undefined, Span> = new Map([
  ["ringing", [MINUTE_MS, 2 * MINUTE_MS]],
  ["in-progress", [2 * MINUTE_MS, 3 * MINUTE_MS]],
]);

const AFTER_ITS_TIME_MS = 2 * MINUTE_MS;
const OVERDUE_MS = 30 * SECOND_MS;
/** Who is overdue for so long will not be there in half a minute. */
const LONG_OVERDUE_MS = HOUR_MS;
const LONG_OVERDUE_LOOK_MS = 5 * MINUTE_MS;
/** No call and no text takes so long. */
const LOST_MS = DAY_MS;

export interface Followed {
  readonly scheduledAt: Date;
  /** In the service's words. */
  readonly callStatus?: string | undefined;
}

/** When to look at it next, if nobody tells about it before. */
export function nextLook(
  { scheduledAt, callStatus }: Followed,
  {
    now,
    random,
    isFirst,
  }: {
    readonly now: Date;
    /** From 0 to 1. */
    readonly random: () => number;
    /** Nobody has looked at it since it was scheduled. */
    readonly isFirst: boolean;
  },
): Date {
  const nowMs = now.getTime();
  const dueMs = scheduledAt.getTime();
  const some = ([from, to]: Span) => nowMs + from + random() * (to - from);
  const calling = CALLING.get(callStatus);
  const firstMs = dueMs + AFTER_ITS_TIME_MS;
  const aheadMs = dueMs - nowMs;
  if (-aheadMs >= LONG_OVERDUE_MS) return new Date(nowMs + LONG_OVERDUE_LOOK_MS);
  if (calling !== undefined) return new Date(some(calling));
  if (nowMs >= firstMs) return new Date(nowMs + OVERDUE_MS);
  const ahead = AHEAD.find(({ moreThanMs }) => aheadMs > moreThanMs);
  if (isFirst || ahead === undefined) return new Date(firstMs);
  return new Date(Math.min(some(ahead.span), firstMs));
}

/** Whether nothing will come of it any more, whatever the service says. */
export function isLost({ scheduledAt }: Pick<Followed, "scheduledAt">, now: Date): boolean {
  return now.getTime() - scheduledAt.getTime() >= LOST_MS;
}
