import { describe, expect, test } from "vitest";
import { BadTime, dueTime } from "../../plugin/calls/due-time.ts";

/** A time of day in this machine's time zone. */
const local = (text: string) => new Date(text);
const now = local("2026-07-30T10:15:30");

describe("a time to call at", () => {
  test.each([
    ["2026-08-01T08:00", local("2026-08-01T08:00:00")],
    ["2026-08-01 08:00", local("2026-08-01T08:00:00")],
    ["２０２６-08-01T08:00", local("2026-08-01T08:00:00")],
    ["2026-08-01T08:00:30.5", local("2026-08-01T08:00:30.500")],
    ["2026-08-01T08:00Z", new Date("2026-08-01T08:00:00Z")],
    ["2026-08-01T08:00:00+02:00", new Date("2026-08-01T06:00:00Z")],
    ["2026-08-01T08:00+0530", new Date("2026-08-01T02:30:00Z")],
    ["2026-08-01T08:00-05", new Date("2026-08-01T13:00:00Z")],
    ["10:16", local("2026-07-30T10:16:00")],
    ["20:00", local("2026-07-30T20:00:00")],
    ["10:15", local("2026-07-31T10:15:00")],
    ["8:05", local("2026-07-31T08:05:00")],
    ["+20m", new Date(now.getTime() + 20 * 60_000)],
    ["+2h", new Date(now.getTime() + 120 * 60_000)],
    ["+1h30m", new Date(now.getTime() + 90 * 60_000)],
    ["in 20 minutes", new Date(now.getTime() + 20 * 60_000)],
    ["In 1 hour and 30 minutes", new Date(now.getTime() + 90 * 60_000)],
    ["in 2 days", new Date(now.getTime() + 2 * 86_400_000)],
    ["2028-02-29T08:00Z", undefined],
    ["2027-07-30T10:15", local("2027-07-30T10:15:00")],
  ])("%s", (written, due) => {
    if (due === undefined) expect(() => dueTime(written, now)).toThrow(/more than a year away/);
    else expect(dueTime(written, now)).toEqual(due);
  });

  test.each([
    ["", /is no time to call at: write it like/],
    ["soon", /"soon" is no time to call at/],
    ["2026-08-01", /is no time to call at/],
    ["2026-02-30T08:00", /is no time to call at/],
    ["2026-13-01T08:00", /is no time to call at/],
    ["24:00", /is no time to call at/],
    ["+20", /is no time to call at/],
    ["+20 minutes ago", /is no time to call at/],
    ["tomorrow", /is no time to call at/],
    ["2026-07-30T10:15", /is not in the future/],
    ["2026-07-30T10:15:30", /is not in the future/],
    ["+0m", /is not in the future/],
    ["2027-08-02T08:00", /more than a year away/],
    ["+9999d", /more than a year away/],
  ])("%s is refused in a sentence", (written, sentence) => {
    expect(() => dueTime(written, now)).toThrow(BadTime);
    expect(() => dueTime(written, now)).toThrow(sentence);
  });
});
