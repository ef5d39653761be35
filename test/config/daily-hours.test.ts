import { expect, test } from "vitest";
import { dailyHoursInWords, isInHours, parseDailyHours } from "../../plugin/config/daily-hours.ts";

test.each([
  ["22:00-07:00", { fromMinute: 1320, toMinute: 420 }],
  [" 9:00 – 17:30 ", { fromMinute: 540, toMinute: 1050 }],
  ["00:00-24:00", { fromMinute: 0, toMinute: 1440 }],
  ["22:00-00:00", { fromMinute: 1320, toMinute: 1440 }],
])("%s", (text, hours) => {
  expect(parseDailyHours(text)).toEqual(hours);
});

test.each([
  "",
  "off",
  "22-7",
  "22:00",
  "25:00-07:00",
  "24:00-07:00",
  "22:60-07:00",
  "22:00-24:01",
  "9:00-09:00",
])("%j is no span of hours", (text) => {
  expect(parseDailyHours(text)).toBeUndefined();
});

test("a span holds its first minute and not its last, over midnight too", () => {
  const inside = (text: string) => {
    const hours = parseDailyHours(text);
    if (hours === undefined) throw new Error(`${text} is no span.`);
    return [0, 419, 420, 539, 540, 1019, 1020, 1319, 1320, 1439].filter((minute) => isInHours(minute, hours));
  };
  expect(inside("09:00-17:00")).toEqual([540, 1019]);
  expect(inside("22:00-07:00")).toEqual([0, 419, 1320, 1439]);
  expect(inside("00:00-24:00")).toHaveLength(10);
});

test("it is written as it is read", () => {
  expect(dailyHoursInWords({ fromMinute: 1320, toMinute: 425 })).toBe("22:00-07:05");
});
