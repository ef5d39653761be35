import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLost, nextLook } from "../../plugin/missions/cadence.ts";

const DUE = new Date("2026-12-01T14:30:00Z");
const SECOND = 1;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds from now to the next look, with chance at its least and at its most. */
function wait(
  secondsToGo: number,
  { callStatus, isFirst = false }: { readonly callStatus?: string; readonly isFirst?: boolean } = {},
): [number, number] {
  const now = new Date(DUE.getTime() - secondsToGo * 1_000);
  const look = (chance: number) =>
    (nextLook({ scheduledAt: DUE, callStatus }, { now, random: () => chance, isFirst }).getTime() -
      now.getTime()) /
    1_000;
  return [look(0), look(1)];
}

describe("the first look is two minutes after the scheduled time", () => {
  test.each([14 * DAY, DAY, HOUR, 10 * MINUTE, 90, 0, -60])("%d seconds before it", (toGo) => {
    expect(wait(toGo, { isFirst: true })).toEqual([toGo + 120, toGo + 120]);
  });
});

describe("what was looked at before its time is looked at more often as it nears", () => {
  test.each([
    [14 * DAY, 4 * HOUR, 8 * HOUR],
    [DAY + MINUTE, 4 * HOUR, 8 * HOUR],
    [DAY, 15 * MINUTE, 30 * MINUTE],
    [2 * HOUR, 15 * MINUTE, 30 * MINUTE],
    [HOUR, 5 * MINUTE, 5 * MINUTE],
    [31 * MINUTE, 5 * MINUTE, 5 * MINUTE],
    [30 * MINUTE, 2 * MINUTE, 5 * MINUTE],
    [6 * MINUTE, 2 * MINUTE, 5 * MINUTE],
    [5 * MINUTE, 30 * SECOND, 30 * SECOND],
    [10 * SECOND, 30 * SECOND, 30 * SECOND],
  ])("%d seconds to go: in %d to %d", (toGo, from, to) => {
    expect(wait(toGo)).toEqual([from, to]);
  });

  test("and not in the two minutes after it, in which calls are made", () => {
    expect(wait(0)).toEqual([120, 120]);
    expect(wait(-119)).toEqual([1, 1]);
  });
});

describe("what is overdue is looked at every 30 seconds", () => {
  test.each([-120, -600, -(HOUR - 1)])("%d", (toGo) => {
    expect(wait(toGo)).toEqual([30, 30]);
    expect(wait(toGo, { isFirst: true })).toEqual([30, 30]);
  });

  test("after an hour every five minutes, and after a day it is lost", () => {
    expect(wait(-HOUR)).toEqual([300, 300]);
    expect(wait(-2 * DAY)).toEqual([300, 300]);
    const later = (seconds: number) => new Date(DUE.getTime() + seconds * 1_000);
    expect(isLost({ scheduledAt: DUE }, later(DAY - 1))).toBe(false);
    expect(isLost({ scheduledAt: DUE }, later(DAY))).toBe(true);
  });
});

describe("a call that goes on", () => {
  test.each([
    ["ringing", MINUTE, 2 * MINUTE],
    ["in-progress", 2 * MINUTE, 3 * MINUTE],
  ])("%s: in %d to %d seconds", (callStatus, from, to) => {
    expect(wait(-300, { callStatus })).toEqual([from, to]);
    expect(wait(5, { callStatus, isFirst: true })).toEqual([from, to]);
  });

  test("for more than an hour is looked at less often", () => {
    expect(wait(-HOUR, { callStatus: "ringing" })).toEqual([300, 300]);
    expect(wait(-HOUR, { callStatus: "in-progress" })).toEqual([300, 300]);
  });

  test("a word nobody knows changes nothing", () => {
    expect(wait(-300, { callStatus: "queued" })).toEqual([30, 30]);
    expect(wait(-300, { callStatus: "constructor" })).toEqual([30, 30]);
  });
});

test("a look is never in the past, never later than two minutes after the time, and comes nearer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -3 * DAY, max: 60 * DAY }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (toGo, chance) => {
        const now = new Date(DUE.getTime() - toGo * 1_000);
        const look = nextLook({ scheduledAt: DUE }, { now, random: () => chance, isFirst: false });
        expect(look.getTime()).toBeGreaterThan(now.getTime());
        if (toGo > -120) expect(look.getTime()).toBeLessThanOrEqual(DUE.getTime() + 120_000);
      },
    ),
  );
});

test("from two weeks before to its end, an event costs few looks", () => {
  let now = new Date(DUE.getTime() - 14 * DAY * 1_000);
  let looks = 0;
  while (now.getTime() < DUE.getTime() + 120_000) {
    now = nextLook({ scheduledAt: DUE }, { now, random: () => 0.5, isFirst: false });
    looks += 1;
  }
  // 13 days of every 6 hours, 23 hours of every 22.5 minutes, an hour of minutes.
  expect(looks).toBeLessThan(150);
  expect(looks).toBeGreaterThan(100);
});
