import { describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { settingsDefaults } from "../../plugin/config/schema.ts";
import { RECIPIENT_KINDS, type RecipientKind } from "../../plugin/missions/plan.ts";
import { afterOutcome, RETRIES } from "../../plugin/missions/retries.ts";

const NOW = new Date("2026-12-03T15:00:00Z");
const NEW_YORK = requirePhoneNumber("+1 212 555 1234");

type Given = Partial<Parameters<typeof afterOutcome>[0]> & {
  readonly chance?: number;
  readonly most?: number;
};

async function becomes({ chance = 0, most = 3, ...given }: Given) {
  return await afterOutcome(
    { kind: "service", attempts: 1, number: NEW_YORK, ...given },
    {
      plan: { limits: { attempts: most, batch: 8, staggerSeconds: 90 } },
      config: { hours: settingsDefaults.hours },
      now: NOW,
      random: () => chance,
    },
  );
}

/** In minutes from now, with chance at its least and at its most; or how it is over. */
async function minutes(given: Given): Promise<readonly unknown[]> {
  const both = await Promise.all([becomes({ ...given, chance: 0 }), becomes({ ...given, chance: 1 })]);
  return both.map((each) => ("again" in each ? (each.again.getTime() - NOW.getTime()) / 60_000 : each.over));
}

const OVER = ["failed", "failed"];
/** Midnight in New York, five o'clock UTC: the plan's window says the hour. */
const NEXT_DAY = [14 * 60, 14 * 60];

describe("who was not reached is called again, by the outcome and by what answers there", () => {
  test.each<[string, RecipientKind, readonly unknown[]]>([
    ["no-answer", "automated", [5, 15]],
    ["no-answer", "service", [30, 120]],
    ["no-answer", "professional", NEXT_DAY],
    ["no-answer", "person", [120, 240]],
    ["busy", "automated", [10, 15]],
    ["busy", "service", [10, 15]],
    ["busy", "professional", [10, 15]],
    ["busy", "person", [10, 15]],
    ["failed", "automated", [5, 10]],
    ["failed", "service", [5, 10]],
    ["failed", "professional", [5, 10]],
    ["failed", "person", [5, 10]],
    ["voicemail", "automated", [5, 15]],
    ["voicemail", "service", [30, 120]],
    ["voicemail", "professional", OVER],
    ["voicemail", "person", OVER],
    ["canceled", "automated", OVER],
    ["canceled", "service", OVER],
    ["canceled", "professional", OVER],
    ["canceled", "person", OVER],
  ])("%s, %s: %j minutes", async (outcome, kind, expected) => {
    expect(await minutes({ outcome, kind })).toEqual(expected);
  });

  test("the table has nothing else", () => {
    expect(Object.keys(RETRIES)).toEqual(["no-answer", "busy", "failed", "voicemail", "canceled"]);
    for (const row of Object.values(RETRIES)) expect(Object.keys(row)).toEqual([...RECIPIENT_KINDS]);
  });
});

test("the next business day begins where the target is, the latest of the places it may be in", async () => {
  const professional = { outcome: "no-answer", kind: "professional" } as const;
  expect(await becomes({ ...professional, number: requirePhoneNumber("+86 138 0013 8000") })).toEqual({
    again: new Date("2026-12-03T16:00:00Z"),
  });
  expect(await becomes({ ...professional, timezone: "Pacific/Honolulu" })).toEqual({
    again: new Date("2026-12-04T10:00:00Z"),
  });
  // Toll-free: as far as Honolulu.
  expect(await becomes({ ...professional, number: requirePhoneNumber("+1 800 555 1234") })).toEqual({
    again: new Date("2026-12-04T10:00:00Z"),
  });
});

describe("it ends", () => {
  test.each(["completed", "delivered"])("%s: reached", async (outcome) => {
    expect(await becomes({ outcome })).toEqual({ over: "done" });
    expect(await becomes({ outcome, attempts: 9 })).toEqual({ over: "done" });
  });

  test("when the plan's attempts are used up", async () => {
    expect(await becomes({ outcome: "busy", attempts: 2 })).toHaveProperty("again");
    expect(await becomes({ outcome: "busy", attempts: 3 })).toEqual({
      over: "failed",
      detail: "The line was busy (tried 3 times).",
    });
    expect(await becomes({ outcome: "no-answer", attempts: 1, most: 1 })).toEqual({
      over: "failed",
      detail: "Nobody answered.",
    });
    expect(await becomes({ outcome: "failed", attempts: 5, most: 9 })).toHaveProperty("again");
  });

  test("of an automated system after three, whatever the plan says", async () => {
    expect(await becomes({ outcome: "busy", kind: "automated", attempts: 2, most: 9 })).toHaveProperty(
      "again",
    );
    expect(await becomes({ outcome: "busy", kind: "automated", attempts: 3, most: 9 })).toHaveProperty(
      "over",
    );
  });

  test.each([undefined, "", "fax", "toString"])("with what nobody knows: %j", async (outcome) => {
    expect(await becomes(outcome === undefined ? {} : { outcome })).toEqual({
      over: "failed",
      detail: "What came of it is not known.",
    });
  });
});
