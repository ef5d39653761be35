import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { settingsDefaults } from "../../plugin/config/schema.ts";
import { type CalledTarget, callingTimes } from "../../plugin/missions/calling-times.ts";

const NEW_YORK = requirePhoneNumber("+1 212 555 1234");
const SHANGHAI = requirePhoneNumber("+86 138 0013 8000");
const BERLIN = requirePhoneNumber("+49 30 12345678");
const RUSSIAN_MOBILE = requirePhoneNumber("+7 916 123 4567");
/** From New York to Honolulu. */
const TOLL_FREE = requirePhoneNumber("+1 800 555 1234");

const HOURS = { ...settingsDefaults.hours, timezone: "America/New_York" };
const WINDOW = { from: 9 * 60, to: 17 * 60, days: [1, 2, 3, 4, 5] };
const LIMITS = { attempts: 3, batch: 8, staggerSeconds: 90 };

type Options = Parameters<typeof callingTimes>[1];

function target(given: Partial<CalledTarget> = {}): CalledTarget {
  return { id: 1, number: NEW_YORK, kind: "service", channel: "call", attempts: 0, ...given };
}

async function times(
  targets: readonly Partial<CalledTarget>[],
  now: string,
  given: Partial<Omit<Options, "now" | "config">> & {
    readonly hours?: Partial<typeof HOURS>;
    owner?: typeof NEW_YORK;
  } = {},
): Promise<string[]> {
  const { hours, owner, ...rest } = given;
  const found = await callingTimes(
    targets.map((each, index) => target({ ...each, id: index + 1 })),
    {
      plan: { limits: LIMITS, window: WINDOW },
      config: { hours: { ...HOURS, ...hours }, ownerNumbers: owner === undefined ? [] : [owner] },
      taken: [],
      ...rest,
      now: new Date(now),
    },
  );
  return targets.map((_, index) => {
    const time = found.get(index + 1);
    return time instanceof Date ? time.toISOString().replace(".000Z", "Z") : (time?.never ?? "nothing");
  });
}

async function time(...[given, now, options]: [Partial<CalledTarget>, string, Parameters<typeof times>[2]?]) {
  return (await times([given], now, options))[0];
}

describe("a call comes at the first hour that suits", () => {
  // Thursday, 3 December 2026; New York is at -5.
  test.each([
    ["in the hours: 90 seconds ahead", {}, "2026-12-03T15:00:00Z", "2026-12-03T15:01:30Z"],
    ["before them: when they begin", {}, "2026-12-03T12:00:00Z", "2026-12-03T14:00:00Z"],
    ["just before they end", {}, "2026-12-03T21:58:00Z", "2026-12-03T21:59:30Z"],
    ["not once they have ended", {}, "2026-12-03T21:58:30Z", "2026-12-04T14:00:00Z"],
    ["after Friday comes Monday", {}, "2026-12-04T23:00:00Z", "2026-12-07T14:00:00Z"],
    ["whole seconds", {}, "2026-12-03T15:00:00.001Z", "2026-12-03T15:01:31Z"],
    // Owner's quiet hours end at 7 in New York: noon UTC.
    ["of the number, not of the owner", { number: BERLIN }, "2026-12-03T06:00:00Z", "2026-12-03T12:00:00Z"],
    [
      "not before it may be",
      { nextAt: new Date("2026-12-03T18:00:00Z") },
      "2026-12-03T15:00:00Z",
      "2026-12-03T18:00:00Z",
    ],
    [
      "a time that is past is none",
      { nextAt: new Date("2026-12-01T18:00:00Z") },
      "2026-12-03T15:00:00Z",
      "2026-12-03T15:01:30Z",
    ],
    // The place is in New York, but the plan knows better; calling hours hold in both.
    [
      "where the plan says it is",
      { timezone: "America/Los_Angeles" },
      "2026-12-03T15:00:00Z",
      "2026-12-03T17:00:00Z",
    ],
  ])("%s", async (_, given, now, expected) => {
    expect(await time(given, now)).toBe(expected);
  });

  test("in Shanghai, where the owner's quiet hours in New York leave one hour of the day", async () => {
    // 9 to 17 in Shanghai is 20 to 4 in New York, and quiet from 22 on.
    expect(await time({ number: SHANGHAI }, "2026-12-03T15:00:00Z")).toBe("2026-12-04T01:00:00Z");
    expect(await time({ number: SHANGHAI }, "2026-12-04T02:59:00Z")).toBe("2026-12-07T01:00:00Z");
    // Texts wake nobody here.
    expect(await time({ number: SHANGHAI, channel: "sms" }, "2026-12-04T02:59:00Z")).toBe(
      "2026-12-04T03:00:30Z",
    );
  });

  test("quiet hours that end at midnight, begin at it, or are none", async () => {
    const quiet = (fromMinute: number, toMinute: number) => ({
      hours: { callingHours: undefined, quietHours: { fromMinute, toMinute } },
    });
    const plan = { limits: LIMITS, window: { from: 0, to: 1440, days: [1, 2, 3, 4, 5, 6, 7] } };
    const at = async (now: string, [from, to]: [number, number]) =>
      await time({}, now, { plan, ...quiet(from, to) });
    expect(await at("2026-12-04T03:30:00Z", [22 * 60, 1440])).toBe("2026-12-04T05:00:00Z");
    expect(await at("2026-12-04T05:30:00Z", [0, 7 * 60])).toBe("2026-12-04T12:00:00Z");
    expect(await at("2026-12-04T06:30:00Z", [60, 5 * 60])).toBe("2026-12-04T10:00:00Z");
    const none = { hours: { callingHours: undefined, quietHours: undefined }, plan };
    expect(await time({}, "2026-12-04T06:30:00Z", none)).toBe("2026-12-04T06:31:30Z");
  });

  test("the owner is called outside calling hours, and not in quiet hours", async () => {
    const plan = { limits: LIMITS, window: { from: 0, to: 1440, days: [1, 2, 3, 4, 5, 6, 7] } };
    const owner = { plan, owner: NEW_YORK };
    expect(await time({}, "2026-12-04T00:30:00Z", owner)).toBe("2026-12-04T00:31:30Z");
    expect(await time({}, "2026-12-04T04:30:00Z", owner)).toBe("2026-12-04T12:00:00Z");
  });

  test("a window of the plan's own, and its first day", async () => {
    const plan = {
      limits: LIMITS,
      window: { from: 10 * 60 + 30, to: 11 * 60, days: [2], start: new Date("2026-12-09T05:00:00Z") },
    };
    expect(await time({}, "2026-12-03T15:00:00Z", { plan })).toBe("2026-12-15T15:30:00Z");
  });

  test("earlier is nobody called than the service's patience allows", async () => {
    const earliest = new Date("2026-12-03T16:00:00Z");
    expect(await time({}, "2026-12-03T15:00:00Z", { earliest })).toBe("2026-12-03T16:00:00Z");
  });

  test("who serves others is not called at lunch a second time", async () => {
    const noon = "2026-12-03T17:00:00Z";
    expect(await time({ attempts: 1 }, noon)).toBe("2026-12-03T18:30:00Z");
    expect(await time({ attempts: 1 }, "2026-12-03T16:28:29Z")).toBe("2026-12-03T16:29:59Z");
    expect(await time({ attempts: 0 }, noon)).toBe("2026-12-03T17:01:30Z");
    for (const kind of ["automated", "professional", "person"] as const) {
      expect(await time({ attempts: 1, kind }, noon)).toBe("2026-12-03T17:01:30Z");
    }
  });
});

describe("the days on which clocks are changed", () => {
  // Every day of the week, since that is a Sunday.
  const daily = (from: number, to: number) => ({
    plan: { limits: LIMITS, window: { from, to, days: [1, 2, 3, 4, 5, 6, 7] } },
    hours: { callingHours: undefined, quietHours: undefined },
  });
  test.each([
    [
      "put forward: nine o'clock is an hour earlier",
      "2026-03-08T05:30:00Z",
      9 * 60,
      17 * 60,
      "2026-03-08T13:00:00Z",
    ],
    [
      "put back: nine o'clock is an hour later",
      "2026-11-01T04:30:00Z",
      9 * 60,
      17 * 60,
      "2026-11-01T14:00:00Z",
    ],
    ["an hour that is skipped is never open", "2026-03-08T05:30:00Z", 2 * 60, 3 * 60, "2026-03-09T06:00:00Z"],
    [
      "what begins in it begins after it",
      "2026-03-08T05:30:00Z",
      2 * 60 + 30,
      4 * 60,
      "2026-03-08T07:00:00Z",
    ],
    ["an hour that comes twice is open twice", "2026-11-01T06:10:00Z", 60, 2 * 60, "2026-11-01T06:11:30Z"],
  ])("%s", async (_, now, from, to, expected) => {
    expect(await time({}, now, daily(from, to))).toBe(expected);
  });
});

describe("calls lie apart", () => {
  test("one after the other, and over the end of the day", async () => {
    expect(await times([{}, {}, {}, {}], "2026-12-03T21:56:00Z")).toEqual([
      "2026-12-03T21:57:30Z",
      "2026-12-03T21:59:00Z",
      "2026-12-04T14:00:00Z",
      "2026-12-04T14:01:30Z",
    ]);
  });

  test("from those that have their times, between them where there is room", async () => {
    const taken = ["15:03:00", "15:04:30", "15:08:00", "15:20:00"].map((at) => new Date(`2026-12-03T${at}Z`));
    expect(await times([{}, {}, {}, {}], "2026-12-03T15:00:10Z", { taken })).toEqual([
      "2026-12-03T15:06:00Z",
      "2026-12-03T15:09:30Z",
      "2026-12-03T15:11:00Z",
      "2026-12-03T15:12:30Z",
    ]);
  });

  test("a call that is tried again is not put behind those of next week", async () => {
    const taken = [new Date("2026-12-10T15:00:00Z")];
    const nextAt = new Date("2026-12-03T15:10:00Z");
    expect(await time({ nextAt, kind: "automated" }, "2026-12-03T15:00:00Z", { taken })).toBe(
      "2026-12-03T15:10:00Z",
    );
  });

  test("farther, when the service asks for patience", async () => {
    expect(await times([{}, {}], "2026-12-03T15:00:00Z", { staggerSeconds: 360 })).toEqual([
      "2026-12-03T15:01:30Z",
      "2026-12-03T15:07:30Z",
    ]);
  });
});

describe("who cannot be called is said, and why", () => {
  test("no hour suits all the places the number may be in", async () => {
    expect(await time({ number: RUSSIAN_MOBILE }, "2026-12-03T15:00:00Z")).toMatch(
      /^No hour suits \+79161234567: 09:00-17:00 and 07:00-22:00 have to be open in \d+ time zones\. .*"numberTimezones"/,
    );
    const hours = { timezone: "Europe/Moscow", numberTimezones: { "+7": "Europe/Moscow" } };
    expect(await time({ number: RUSSIAN_MOBILE }, "2026-12-03T15:00:00Z", { hours })).toBe(
      "2026-12-04T06:00:00Z",
    );
  });

  test("in all of them: two in the afternoon in New York is nine in Honolulu", async () => {
    expect(await time({ number: TOLL_FREE }, "2026-12-03T15:00:00Z")).toBe("2026-12-03T19:00:00Z");
  });

  test("nobody knows where it is", async () => {
    const number = requirePhoneNumber("+870 773 111 632");
    expect(await time({ number }, "2026-12-03T15:00:00Z")).toBe(
      'Nobody can say what time it is for +870773111632: the owner can say where such numbers are ("numberTimezones").',
    );
  });

  test("the plan's window is never open in the calling hours", async () => {
    const plan = { limits: LIMITS, window: { from: 18 * 60, to: 20 * 60, days: [1, 2, 3, 4, 5] } };
    expect(await time({}, "2026-12-03T15:00:00Z", { plan })).toMatch(
      /^No hour suits .*18:00-20:00 and 09:00-17:00/,
    );
  });

  test("the mission ends before, and that one alone", async () => {
    const plan = { limits: { ...LIMITS, endsAt: new Date("2026-12-03T15:03:00Z") }, window: WINDOW };
    expect(await times([{}, {}, { number: BERLIN }], "2026-12-03T15:00:00Z", { plan })).toEqual([
      "2026-12-03T15:01:30Z",
      "The mission ends before there is a time to call.",
      "The mission ends before there is a time to call.",
    ]);
  });
});

/** What the clock shows, by other means than the code's. */
function wall(at: Date, zone: string): { readonly minute: number; readonly day: number } {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return {
    minute: Number(part("hour")) * 60 + Number(part("minute")),
    day: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part("weekday")) + 1,
  };
}

describe("whatever the number, the day and the window", () => {
  const PLACES = [
    ["+1 212 555 1234", "America/New_York"],
    ["+1 213 555 1234", "America/Los_Angeles"],
    ["+44 20 7946 0018", "Europe/London"],
    ["+49 30 12345678", "Europe/Berlin"],
    ["+86 10 5555 0022", "Asia/Shanghai"],
    ["+91 11 2345 6789", "Asia/Calcutta"],
    ["+61 2 5550 1234", "Australia/Sydney"],
    ["+64 9 555 1234", "Pacific/Auckland"],
    ["+55 11 5555 1234", "America/Sao_Paulo"],
    ["+20 2 25555555", "Africa/Cairo"],
    ["+56 2 2555 5555", "America/Santiago"],
  ].map(([number = "", zone = ""]) => ({ number: requirePhoneNumber(number), zone }));
  /** Around them clocks are changed somewhere. */
  const CHANGES = [
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-04-24",
    "2026-09-06",
    "2026-09-27",
    "2026-10-25",
    "2026-11-01",
  ];
  const cases = fc.record({
    change: fc.constantFrom(...CHANGES),
    offset: fc.integer({ min: -3 * 86_400, max: 2 * 86_400 }),
    from: fc.integer({ min: 0, max: 1_380 }),
    length: fc.integer({ min: 15, max: 1_440 }),
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
    stagger: fc.integer({ min: 60, max: 120 }),
    taken: fc.array(fc.integer({ min: -600, max: 3 * 86_400 }), { maxLength: 30 }),
    places: fc.array(fc.constantFrom(...PLACES), { minLength: 1, maxLength: 8 }),
    place: fc.constantFrom(...PLACES),
    hasCallingHours: fc.boolean(),
  });

  test("never outside the hours and days where they are, apart from all others, and ahead", async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        async ({ change, offset, from, length, days, stagger, taken, places, hasCallingHours }) => {
          const now = new Date(Date.parse(`${change}T00:00:00Z`) + offset * 1_000);
          const window = { from, to: Math.min(1_440, from + length), days: days.sort() };
          const others = taken.map((seconds) => new Date(now.getTime() + seconds * 1_000));
          const hours = {
            ...HOURS,
            quietHours: undefined,
            callingHours: hasCallingHours ? HOURS.callingHours : undefined,
          };
          const found = await callingTimes(
            places.map(({ number }, id) => target({ id, number })),
            {
              plan: { limits: { ...LIMITS, staggerSeconds: stagger }, window },
              config: { hours, ownerNumbers: [] },
              now,
              taken: others,
            },
          );
          const chosen: number[] = [];
          for (const [id, { zone }] of places.entries()) {
            const at = found.get(id);
            if (!(at instanceof Date)) {
              // Only a window outside the calling hours has no time at all.
              expect(hasCallingHours && (window.to <= 9 * 60 || window.from >= 17 * 60)).toBe(true);
              continue;
            }
            const { minute, day } = wall(at, zone);
            expect(minute).toBeGreaterThanOrEqual(window.from);
            expect(minute).toBeLessThan(window.to);
            expect(window.days).toContain(day);
            if (hasCallingHours) {
              expect(minute).toBeGreaterThanOrEqual(9 * 60);
              expect(minute).toBeLessThan(17 * 60);
            }
            expect(at.getTime() - now.getTime()).toBeGreaterThanOrEqual(60_000);
            for (const other of [...others.map((each) => each.getTime()), ...chosen]) {
              expect(Math.abs(other - at.getTime())).toBeGreaterThanOrEqual(stagger * 1_000);
            }
            chosen.push(at.getTime());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("and not later than it needs to be", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ change, offset, from, length, place: { number, zone } }) => {
        const now = new Date(Date.parse(`${change}T00:00:00Z`) + offset * 1_000);
        const window = { from, to: Math.min(1_440, from + length), days: [1, 2, 3, 4, 5, 6, 7] };
        const hours = { ...HOURS, quietHours: undefined, callingHours: undefined };
        const found = await callingTimes([target({ number })], {
          plan: { limits: LIMITS, window },
          config: { hours, ownerNumbers: [] },
          now,
          taken: [],
        });
        const at = found.get(1);
        if (!(at instanceof Date)) throw new Error("There is an hour every day.");
        for (let earlier = now.getTime() + 90_000; earlier < at.getTime(); earlier += 5 * 60_000) {
          const { minute } = wall(new Date(earlier), zone);
          expect(minute >= window.from && minute < window.to).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });
});

test("a thousand targets in batches take no time worth speaking of", async () => {
  const taken: Date[] = [];
  const now = new Date("2026-12-03T15:00:00Z");
  const began = performance.now();
  for (let batch = 0; batch < 125; batch += 1) {
    const targets = Array.from({ length: 8 }, (_, id) => target({ id }));
    const found = await callingTimes(targets, {
      plan: { limits: LIMITS, window: WINDOW },
      config: { hours: HOURS, ownerNumbers: [] },
      now,
      taken,
    });
    taken.push(...[...found.values()].filter((each) => each instanceof Date));
  }
  expect(new Set(taken.map(Number)).size).toBe(1_000);
  // At 320 a day, on the fourth day.
  expect(taken.at(-1)?.toISOString()).toMatch(/^2026-12-08T/);
  expect(performance.now() - began).toBeLessThan(10_000);
});
