/** Owns how long a line waits before it tries to reach its carrier again. */

/** Both in milliseconds. */
export interface BackoffTimings {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

/**
 * How long to wait before try number `attempt` (1 is the first retry of an outage): between half and the whole
 * of a ceiling that doubles from twice `backoffMinMs` up to `backoffMaxMs`, so that many lines cut off at
 * the same moment come back spread out, at the longest wait too.
 *
 * @param random a number from 0 to below 1
 * @returns milliseconds, never below `backoffMinMs` nor above `backoffMaxMs`
 */
export function reconnectDelayMs(
  attempt: number,
  { backoffMinMs, backoffMaxMs }: BackoffTimings,
  random: number,
): number {
  const ceiling = Math.min(backoffMaxMs, backoffMinMs * 2 ** attempt);
  const floor = Math.max(backoffMinMs, ceiling / 2);
  return Math.round(floor + random * (ceiling - floor));
}
