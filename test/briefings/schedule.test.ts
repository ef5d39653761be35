import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BadSchedule,
  checkSchedule,
  lastRun,
  nextRun,
  timeInWords,
} from "../../plugin/briefings/schedule.ts";

/** A Friday. */
const NOW = new Date("2026-11-20T12:00:00Z");

const check = (cron: string, timezone = "Asia/Shanghai") => checkSchedule({ cron, timezone }, NOW);

/** What is wrong, as one line for a person. */
function refused(cron: string, timezone?: string): string {
  try {
    checkSchedule({ cron, timezone }, NOW);
  } catch (error) {
    if (error instanceof BadSchedule) return error.message;
    throw error;
  }
  throw new Error(`${cron} was accepted.`);
}

test("the next three times, in words and in the schedule's time zone", () => {
  expect(check("0 8 * * 1-5")).toEqual({
    cron: "0 8 * * mon-fri",
    timezone: "Asia/Shanghai",
    nextTimes: ["2026-11-23", "2026-11-24", "2026-11-25"].map((day) => new Date(`${day}T00:00:00Z`)),
    inWords: [
      "Monday 23 November 2026 at 08:00 (Asia/Shanghai)",
      "Tuesday 24 November 2026 at 08:00 (Asia/Shanghai)",
      "Wednesday 25 November 2026 at 08:00 (Asia/Shanghai)",
    ],
  });
  expect(timeInWords(new Date("2026-12-31T17:05:00Z"), "Asia/Shanghai")).toBe(
    "Friday 1 January 2027 at 01:05 (Asia/Shanghai)",
  );
  expect(timeInWords(new Date("2026-12-31T17:05:00Z"), "Mars/Phobos")).toBe(
    "Thursday 31 December 2026 at 17:05 (UTC)",
  );
});

test.each([
  ["0 8 * * 0", "0 8 * * sun"],
  ["0 8 * * 7", "0 8 * * sun"],
  ["0 8 * * 0,6", "0 8 * * sat,sun"],
  ["0 8 * * 5-7", "0 8 * * fri-sun"],
  ["0 8 * * fri-mon", "0 8 * * mon,fri-sun"],
  ["0 8 * * SUN-tue", "0 8 * * mon,tue,sun"],
  // Every other day from Sunday on, in cron's count.
  ["0 8 * * */2", "0 8 * * tue,thu,sat,sun"],
  ["0 8 * * 1-5/2", "0 8 * * mon,wed,fri"],
  ["0 8 * * 0-6", "0 8 * * *"],
  ["0 8 * * 0-7", "0 8 * * *"],
  ["0 8 1-31 * mon", "0 8 * * mon"],
  ["30 7 1,15 jan-mar *", "30 7 1,15 1,2,3 *"],
  ["*/20 9-17 * * *", "*/20 9-17 * * *"],
  ["  0   8\t*  *  * ", "0 8 * * *"],
])("%s is sent as %s", (cron, sent) => {
  expect(check(cron).cron).toBe(sent);
});

const weekday = fc.oneof(
  fc.integer({ min: 0, max: 7 }).map(String),
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 7 })).map(([one, other]) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    return `${from}-${to}`;
  }),
);
const timezone = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
);
const moment = fc.date({ min: new Date("2024-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });
const clock = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }));

test("weekdays by name mean the times that cron's numbers mean", () => {
  fc.assert(
    fc.property(
      fc.array(weekday, { minLength: 1, maxLength: 3 }),
      clock,
      timezone,
      moment,
      (weekdays, [minute, hour], zone, now) => {
        const cron = `${minute} ${hour} * * ${weekdays.join(",")}`;
        const checked = checkSchedule({ cron, timezone: zone }, now);
        expect(checked.cron).not.toMatch(/ [\d,-]*\d[\d,-]*$/);
        expect(checked.nextTimes).toEqual(new Cron(cron, { timezone: zone, paused: true }).nextRuns(3, now));
      },
    ),
  );
});

test("what is sent means the same to the service, which counts from Monday and knows no range over its week's end", () => {
  const names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  fc.assert(
    fc.property(
      fc.array(weekday, { minLength: 1, maxLength: 3 }),
      clock,
      timezone,
      moment,
      (weekdays, [minute, hour], zone, now) => {
        const cron = `${minute} ${hour} * * ${weekdays.join(",")}`;
        const checked = checkSchedule({ cron, timezone: zone }, now);
        for (const [, from = "", to = ""] of checked.cron.matchAll(/([a-z]{3})-([a-z]{3})/g)) {
          expect(names.indexOf(from)).toBeLessThan(names.indexOf(to));
        }
        expect(nextRun(checked, now)).toEqual(checked.nextTimes[0]);
      },
    ),
  );
});

describe("across a change of the clocks", () => {
  test("eight o'clock stays eight o'clock", () => {
    const autumn = checkSchedule(
      { cron: "0 8 * * *", timezone: "Europe/Berlin" },
      new Date("2026-10-23T12:00:00Z"),
    );
    expect(autumn.nextTimes.map((time) => time.toISOString())).toEqual([
      "2026-10-24T06:00:00.000Z",
      "2026-10-25T07:00:00.000Z",
      "2026-10-26T07:00:00.000Z",
    ]);
    expect(autumn.inWords.every((words) => words.includes("at 08:00"))).toBe(true);
  });

  test("a time that comes twice rings once; one that is left out still rings that day", () => {
    const twice = checkSchedule(
      { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      new Date("2026-10-24T12:00:00Z"),
    );
    expect(twice.nextTimes.map((time) => time.toISOString().slice(0, 10))).toEqual([
      "2026-10-25",
      "2026-10-26",
      "2026-10-27",
    ]);
    const never = checkSchedule(
      { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      new Date("2027-03-27T12:00:00Z"),
    );
    expect(never.inWords[0]).toMatch(/^Sunday 28 March 2027 at 03:\d\d /);
    expect(never.inWords[1]).toMatch(/^Monday 29 March 2027 at 02:30 /);
  });
});

test.each([
  ["0 8 1-5", /has 3 fields instead of five .*; write "0 8 \* \* 1-5"\.$/],
  ["0 9 *", /has 3 fields instead of five .*; write "0 9 \* \* \*"\.$/],
  ["0 0 8 * * 1-5", /seconds cannot be chosen; write "0 8 \* \* 1-5"\.$/],
  ["0 8 13 * 5", /read in two ways; write either "0 8 13 \* \*" or "0 8 \* \* fri"\.$/],
  ["0 8 */2 * mon", /read in two ways/],
  ["0 8 30 2 *", /never comes/],
  ["0 25 * * *", /"25" is no hour; write five fields .* "0 8 \* \* mon-fri"/],
  ["0 8 * * monday", /"monday" is no weekday/],
  ["0 8 L * *", /"L" is no day of the month/],
  ["0 8 * * 5#2", /the weekday "5#2" cannot be read/],
  ["0 17-9 * * *", /the range "17-9" runs backwards/],
  ["5/10 * * * *", /needs a range or a star before it/],
  ["*/0 * * * *", /a step of 0/],
  ["*/90 * * * *", /longer than its range/],
  ["0 8 * *", /has 4 fields; write five fields/],
  ["@daily", /is no cron pattern/],
  ["每天早上八点", /"每天早上八点" is no cron pattern; write five fields/],
  ["", /is no cron pattern/],
])("%s is refused in one sentence that says what to write", (cron, sentence) => {
  const message = refused(cron);
  expect(message).toMatch(sentence);
  expect(message).toMatch(/write [^\n]*\.$/);
});

test("a time zone that the service would silently take for UTC is refused", () => {
  for (const zone of ["Mars/Phobos", "+02:00", "Berlin", "北京"]) {
    expect(refused("0 8 * * *", zone)).toMatch(/is no time zone .*"Europe\/Berlin" or "Asia\/Shanghai"\.$/);
  }
  expect(check("0 8 * * *", "america/new_york").timezone).toBe("America/New_York");
  expect(check("0 8 * * *", "Asia/Kolkata").timezone).toBe("Asia/Kolkata");
  expect(checkSchedule({ cron: "0 8 * * *" }, NOW).timezone).toBe(
    new Intl.DateTimeFormat().resolvedOptions().timeZone,
  );
});

test("never accepts what croner would not, and never fails otherwise", () => {
  const field = fc.oneof(
    fc.constantFrom(
      "*",
      "0",
      "7",
      "31",
      "60",
      "*/5",
      "1-5",
      "5-1",
      "mon",
      "sun-tue",
      "jan",
      "L",
      "?",
      "1,2",
      "9-17/2",
      "0-99",
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 7 }), (fields) => {
      try {
        const { cron, nextTimes } = check(fields.join(" "));
        expect(nextTimes).toHaveLength(3);
        expect(cron.split(" ")).toHaveLength(5);
      } catch (error) {
        expect(error).toBeInstanceOf(BadSchedule);
      }
    }),
    { numRuns: 500 },
  );
});

describe("as the service stores it", () => {
  test.each([
    // Its numbers begin with Monday = 0.
    ["0 8 * * 0-4", "UTC", "2026-11-23T08:00:00.000Z"],
    ["0 8 * * 6", "UTC", "2026-11-22T08:00:00.000Z"],
    ["0 8 * * */3", "UTC", "2026-11-22T08:00:00.000Z"],
    ["0 8 * * mon", "Asia/Shanghai", "2026-11-23T00:00:00.000Z"],
    // Both must fit: Friday the thirteenth.
    ["0 8 13 * 4", "UTC", "2027-08-13T08:00:00.000Z"],
    ["0 8 last * *", "UTC", "2026-11-30T08:00:00.000Z"],
    ["5/20 8 * * *", "UTC", "2026-11-21T08:05:00.000Z"],
    // It takes a time zone it does not know for UTC.
    ["0 8 * * *", "Mars/Phobos", "2026-11-21T08:00:00.000Z"],
  ])("%s (%s)", (cron, zone, next) => {
    expect(nextRun({ cron, timezone: zone }, NOW)?.toISOString()).toBe(next);
  });

  test.each(["", "junk", "0 8 * *", "0 8 * * 7", "0 8 30 2 *", "0 8 2nd * *"])("%j is never due", (cron) => {
    expect(nextRun({ cron, timezone: "UTC" }, NOW)).toBeUndefined();
  });
});

test("when it was due last", () => {
  const schedule = { cron: "0 8 * * mon-fri", timezone: "Asia/Shanghai" };
  const last = (now: string) => lastRun(schedule, new Date(now))?.toISOString();
  expect(last("2026-11-23T00:00:00.000Z")).toBe("2026-11-23T00:00:00.000Z");
  expect(last("2026-11-23T00:00:00.050Z")).toBe("2026-11-23T00:00:00.000Z");
  expect(last("2026-11-22T23:59:59.999Z")).toBe("2026-11-20T00:00:00.000Z");
  expect(last("2026-11-23T09:00:00.000Z")).toBe("2026-11-23T00:00:00.000Z");
});
