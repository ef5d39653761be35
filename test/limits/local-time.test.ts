import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { localTime, minuteOfDay, startOfDay } from "../../plugin/limits/local-time.ts";

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Santiago",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Africa/Cairo",
  "Atlantic/Azores",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
];

const anyZone = fc.constantFrom(...ZONES);
/** Years in which today's rules hold. */
const anyTime = fc.date({ min: new Date("2024-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });

test("the clock on the wall", () => {
  const at = new Date("2026-07-30T21:59:59Z");
  expect(localTime(at, "Europe/Berlin")).toBe("2026-07-30 23:59");
  expect(minuteOfDay(at, "Europe/Berlin")).toBe(23 * 60 + 59);
  expect(minuteOfDay(new Date("2026-07-30T22:00:00Z"), "Europe/Berlin")).toBe(0);
  expect(minuteOfDay(at, "Asia/Kathmandu")).toBe(3 * 60 + 44);
});

describe("a day begins", () => {
  test.each([
    // Clocks go forward, back, and forward at midnight itself.
    ["Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z"],
    ["Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z"],
    ["America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z"],
    ["Asia/Beirut", "2026-10-24T20:59:59Z", "2026-10-23T21:00:00Z"],
    ["America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T04:00:00Z"],
    ["America/New_York", "2026-11-01T03:59:59.999Z", "2026-10-31T04:00:00Z"],
  ])("in %s at %s", (zone, at, start) => {
    expect(startOfDay(new Date(at), zone)).toEqual(new Date(start));
  });

  test("with the first minute that has its date, whatever the clocks do", () => {
    fc.assert(
      fc.property(anyTime, anyZone, (at, zone) => {
        const start = startOfDay(at, zone);
        const date = localTime(at, zone).slice(0, 10);
        expect(start.getTime()).toBeLessThanOrEqual(at.getTime());
        expect(localTime(start, zone).slice(0, 10)).toBe(date);
        expect(localTime(new Date(start.getTime() - 1), zone).slice(0, 10)).not.toBe(date);
        expect(at.getTime() - start.getTime()).toBeLessThan(25.5 * 3_600_000);
        expect(startOfDay(start, zone)).toEqual(start);
      }),
      { numRuns: 300 },
    );
  });
});
