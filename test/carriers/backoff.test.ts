// Proves the waiting times between tries to reach a carrier again.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconnectDelayMs } from "../../plugin/carriers/backoff.ts";
import { DEFAULT_TIMINGS } from "../../plugin/carriers/clawdtalk/socket.ts";

const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("reconnectDelayMs", () => {
  it("stays between 5 s and 180 s for any try, even the ten-thousandth", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), anyRandom, (attempt, random) => {
        const delayMs = reconnectDelayMs(attempt, DEFAULT_TIMINGS, random);
        expect(delayMs).toBeGreaterThanOrEqual(5_000);
        expect(delayMs).toBeLessThanOrEqual(180_000);
      }),
    );
  });

  it("never shrinks from try to try before the longest wait, whatever the dice say", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), anyRandom, anyRandom, (attempt, random, other) => {
        const delayMs = reconnectDelayMs(attempt, DEFAULT_TIMINGS, random);
        expect(delayMs).toBeLessThanOrEqual(reconnectDelayMs(attempt + 1, DEFAULT_TIMINGS, other));
      }),
    );
  });

  it("spreads the tries of many lines over at least 5 s, at the longest wait over 90 s", () => {
    const spread = (attempt: number) =>
      reconnectDelayMs(attempt, DEFAULT_TIMINGS, 0.999_999) - reconnectDelayMs(attempt, DEFAULT_TIMINGS, 0);
    expect([1, 2, 3, 4, 20].map(spread)).toEqual([5_000, 10_000, 20_000, 40_000, 90_000]);
  });
});
