import { expect, test } from "vitest";
import {
  isOneOf,
  NotAPhoneNumber,
  parsePhoneNumber,
  requirePhoneNumber,
} from "../../plugin/config/phone-number.ts";

test.each([
  ["+15550001111", "+15550001111"],
  ["+1 (555) 000-1111", "+15550001111"],
  ["tel:+1-555-000-1111", "+15550001111"],
  ["+86 138 0013 8000", "+8613800138000"],
  ["＋８６１３８００１３８０００", "+8613800138000"],
  ["+١٥٥٥٠٠٠١١١١", "+15550001111"],
  ["\u202a+44 20 7946 0958\u202c", "+442079460958"],
])("%j is %s", (raw, number) => {
  expect(parsePhoneNumber(raw)).toBe(number);
});

test.each([
  "",
  "+",
  "anonymous",
  "Withheld",
  "+anonymous",
  "+266696687",
  "15550001111",
  "12345",
  "+12345",
  "+1555000111122",
  "+15550001111;ext=5",
  "+15550001111 ext. 5",
  "call +15550001111 now",
  "+1 555 CALL NOW",
  "+15550001111, +15550002222",
])("%j is nobody's number", (raw) => {
  expect(parsePhoneNumber(raw)).toBeUndefined();
});

test("a number without country code needs its region to be said", () => {
  expect(parsePhoneNumber("138 0013 8000")).toBeUndefined();
  expect(parsePhoneNumber("138 0013 8000", "CN")).toBe("+8613800138000");
});

test("numbers are compared whole", () => {
  const known = ["+15550001111"];
  expect(isOneOf("+1 555 000 1111", known)).toBe(true);
  expect(isOneOf("+1555000111", known)).toBe(false);
  expect(isOneOf("5550001111", known)).toBe(false);
  expect(isOneOf("anonymous", known)).toBe(false);
  expect(isOneOf(undefined, known)).toBe(false);
});

test("a wrong number is named, with an example of a right one", () => {
  expect(() => requirePhoneNumber("555-1234")).toThrow(NotAPhoneNumber);
  expect(() => requirePhoneNumber("555-1234")).toThrow(
    '"555-1234" is not a phone number with its country code',
  );
});
