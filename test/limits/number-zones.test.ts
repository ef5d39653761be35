import { describe, expect, test } from "vitest";
import { parsePhoneNumber, requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { localTime } from "../../plugin/limits/local-time.ts";
import { zonesOf } from "../../plugin/limits/number-zones.ts";
import { ZONES_BY_PREFIX } from "../../plugin/limits/zones-by-prefix.ts";

async function zones(written: string): Promise<readonly string[]> {
  const number = parsePhoneNumber(written);
  if (number === undefined) throw new Error(`${written} is no number.`);
  return await zonesOf(number);
}

describe("a number of a place lies there", () => {
  test.each([
    ["+1 212 555 1234", ["America/New_York"]],
    ["+1 808 555 1234", ["Pacific/Honolulu"]],
    ["+1 907 555 1234", ["America/Adak", "America/Anchorage"]],
    ["+1 709 555 1234", expect.arrayContaining(["America/St_Johns"])],
    ["+1 671 647 1234", ["Pacific/Guam"]],
    ["+49 30 12345678", ["Europe/Berlin"]],
    ["+34 928 123 456", ["Atlantic/Canary"]],
    ["+7 495 123 4567", ["Europe/Moscow"]],
    ["+7 423 212 3456", ["Asia/Vladivostok"]],
    ["+61 8 9221 4567", ["Australia/Adelaide", "Australia/Perth"]],
    ["+86 10 5555 0022", ["Asia/Shanghai"]],
    ["+91 11 2345 6789", ["Asia/Calcutta"]],
  ])("%s", async (number, expected) => {
    expect(await zones(number)).toEqual(expected);
  });
});

describe("any other can be anywhere in its country", () => {
  test.each([
    ["+1 800 555 1234", ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"], "Asia/Tokyo"],
    ["+1 888 222 3333", ["America/New_York", "America/Anchorage"], "Europe/London"],
    ["+61 412 345 678", ["Australia/Sydney", "Australia/Perth", "Australia/Adelaide"], "Pacific/Auckland"],
    ["+34 600 123 456", ["Europe/Madrid", "Atlantic/Canary"], "Europe/Paris"],
    ["+351 912 345 678", ["Europe/Lisbon", "Atlantic/Azores"], "Europe/Madrid"],
    ["+55 11 91234 5678", ["America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"], "America/Lima"],
    ["+7 916 123 4567", ["Europe/Kaliningrad", "Asia/Kamchatka"], "Asia/Almaty"],
    ["+7 701 234 5678", ["Asia/Almaty"], "Europe/Moscow"],
    // Nobody has it: of all countries that share the code.
    ["+1 555 000 2222", ["America/New_York", "America/St_Johns", "Pacific/Guam"], "Europe/London"],
  ])("%s", async (number, some, none) => {
    const found = await zones(number);
    expect(found).toEqual(expect.arrayContaining(some));
    expect(found).not.toContain(none);
    expect(new Set(found).size).toBe(found.length);
  });

  test("a mobile number of a country of one time has that one", async () => {
    expect(await zones("+86 138 0013 8000")).toEqual(["Asia/Shanghai"]);
    expect(await zones("+81 90 1234 5678")).toEqual(["Asia/Tokyo"]);
    expect(await zones("+82 10 1234 5678")).toEqual(["Asia/Seoul"]);
    expect(await zones("+33 6 12 34 56 78")).toEqual(["Europe/Paris"]);
    expect(await zones("+383 43 201 234")).toEqual([expect.stringContaining("Europe/")]);
  });
});

test("nobody knows where a satellite phone or an international toll-free number is", async () => {
  expect(await zones("+800 1234 5678")).toEqual([]);
  expect(await zones("+870 773 111 632")).toEqual([]);
});

describe("where the owner says it lies", () => {
  const said = {
    "+1": "America/Denver",
    "+1800": "America/New_York",
    "+79": "Europe/Moscow",
    "+80012345678": "UTC",
  };

  test.each([
    ["+1 800 555 1234", "America/New_York"],
    ["+1 888 222 3333", "America/Denver"],
    ["+1 808 555 1234", "America/Denver"],
    ["+7 916 123 4567", "Europe/Moscow"],
    ["+800 1234 5678", "UTC"],
  ])("%s: the longest beginning counts", async (written, zone) => {
    expect(await zonesOf(requirePhoneNumber(written), said)).toEqual([zone]);
  });

  test("what nothing is said of stays as it is", async () => {
    expect(await zonesOf(requirePhoneNumber("+7 701 234 5678"), said)).not.toContain("Europe/Moscow");
    expect(await zonesOf(requirePhoneNumber("+49 30 12345678"), said)).toEqual(["Europe/Berlin"]);
  });
});

test("what a clock shows there, country by country", async () => {
  const noon = new Date("2026-01-15T12:00:00Z");
  const clocks = async (written: string) => [
    ...new Set((await zones(written)).map((zone) => localTime(noon, zone).slice(-5))),
  ];
  const expected: Readonly<Record<string, readonly string[]>> = {
    "+44 20 7946 0123": ["12:00"],
    "+44 7700 900123": ["12:00"],
    "+353 85 123 4567": ["12:00"],
    "+49 151 12345678": ["13:00"],
    "+39 333 123 4567": ["13:00"],
    "+41 79 123 45 67": ["13:00"],
    "+48 512 345 678": ["13:00"],
    "+358 40 123 4567": ["14:00"],
    "+30 691 234 5678": ["14:00"],
    "+27 82 123 4567": ["14:00"],
    "+20 100 123 4567": ["14:00"],
    "+972 50 123 4567": ["14:00"],
    "+90 532 123 4567": ["15:00"],
    "+254 712 345678": ["15:00"],
    "+971 50 123 4567": ["16:00"],
    "+91 98123 45678": ["17:30"],
    "+66 81 234 5678": ["19:00"],
    "+84 91 234 5678": ["19:00"],
    "+86 138 0013 8000": ["20:00"],
    "+852 9123 4567": ["20:00"],
    "+886 912 345 678": ["20:00"],
    "+65 9123 4567": ["20:00"],
    "+63 917 123 4567": ["20:00"],
    "+81 90 1234 5678": ["21:00"],
    "+82 10 1234 5678": ["21:00"],
    "+61 2 9876 5432": ["23:00"],
    "+64 3 312 3456": ["01:00"],
    "+234 801 234 5678": ["13:00"],
    "+212 612 345678": ["13:00"],
    "+52 55 1234 5678": ["06:00"],
    "+52 664 123 4567": ["04:00"],
    "+54 9 11 1234 5678": ["09:00"],
    "+55 11 3234 5678": ["09:00"],
    "+1 212 555 1234": ["07:00"],
    "+1 416 555 1234": ["07:00"],
    "+1 312 555 1234": ["06:00"],
    "+1 303 555 1234": ["05:00"],
    "+1 310 555 1234": ["04:00"],
    "+1 876 555 1234": ["07:00"],
  };
  for (const [written, times] of Object.entries(expected)) {
    expect([written, await clocks(written)]).toEqual([written, times]);
  }
});

test("every zone of the table is one this machine knows, every beginning stands there once", () => {
  const lines = ZONES_BY_PREFIX.trim().split("\n");
  const prefixes = lines.flatMap((line) => line.split(": ")[1]?.split(" ") ?? []);
  expect(prefixes.length).toBeGreaterThan(3_000);
  expect(new Set(prefixes).size).toBe(prefixes.length);
  for (const prefix of prefixes) expect(prefix).toMatch(/^\d{1,9}$/);
  for (const zone of new Set(lines.flatMap((line) => line.split(": ")[0]?.split(" ") ?? []))) {
    expect(() => new Intl.DateTimeFormat("en", { timeZone: zone }), zone).not.toThrow();
  }
});
