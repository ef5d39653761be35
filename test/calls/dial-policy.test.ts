// Proves which numbers are dialled: whatever is written, a whole number that costs no more than a call, or none.
import fc from "fast-check";
import type { CountryCode } from "libphonenumber-js/max";
import { describe, expect, test } from "vitest";
import { type DialPolicy, dialable, NotDialable } from "../../plugin/calls/dial-policy.ts";

const strict: DialPolicy = { allowPremiumNumbers: false, ownerNumbers: [] };

function dial(raw: string, region?: CountryCode, policy: Partial<DialPolicy> = {}): Promise<string> {
  return dialable(raw, { ...strict, ...(region === undefined ? {} : { defaultRegion: region }), ...policy });
}

describe("is dialled", () => {
  test.each<[string, CountryCode | undefined, string]>([
    ["+15550001111", undefined, "+15550001111"],
    ["+1 (555) 000-1111", undefined, "+15550001111"],
    ["(212) 555-0123", "US", "+12125550123"],
    ["tel:+1-212-555-0123", undefined, "+12125550123"],
    ["TEL:+86 138 0013 8000", undefined, "+8613800138000"],
    ["138 0013 8000", "CN", "+8613800138000"],
    ["010-6552 9988", "CN", "+861065529988"],
    ["0086 138 0013 8000", "DE", "+8613800138000"],
    ["＋８６１３８００１３８０００", undefined, "+8613800138000"],
    ["１３８－００１３－８０００", "CN", "+8613800138000"],
    ["+١٥٥٥٠٠٠١١١١", undefined, "+15550001111"],
    ["+۹۸۹۱۲۳۴۵۶۷۸۹", undefined, "+989123456789"],
    ["+९१ ९८१०० १२३४५", undefined, "+919810012345"],
    ["+৮৮০ ১৭১১ ১২৩৪৫৬", undefined, "+8801711123456"],
    ["+๖๖ ๘๑ ๒๓๔ ๕๖๗๘", undefined, "+66812345678"],
    ["\u202a+44 20 7946 0958\u202c", undefined, "+442079460958"],
    ["020 7946 0958", "GB", "+442079460958"],
    ["030 901820", "DE", "+4930901820"],
    // These begin like an emergency number, and people have them.
    ["+91 112 345 6789", undefined, "+911123456789"],
    ["+251 911 234567", undefined, "+251911234567"],
    ["+33 1 12 34 56 78", undefined, "+33112345678"],
    // Niue's numbers have four digits, Greenland's six.
    ["+683 4000", undefined, "+6834000"],
    ["+299 32 10 00", undefined, "+299321000"],
    // Free, or the price of a call.
    ["+1 800 555 0123", undefined, "+18005550123"],
    ["+800 1234 5678", undefined, "+80012345678"],
    ["400 123 4567", "CN", "+864001234567"],
  ])("%j (%s): %s", async (raw, region, number) => {
    expect(await dial(raw, region)).toBe(number);
  });
});

describe("a number that calls for help never is", () => {
  test.each<[string, CountryCode | undefined]>([
    ["911", "US"],
    ["9-1-1", undefined],
    ["９１１", undefined],
    ["٩١١", "EG"],
    ["tel:911", "US"],
    ["+1911", undefined],
    ["+1 911 555 0123", undefined],
    ["(911) 555-0123", "US"],
    ["112", undefined],
    ["112", "DE"],
    ["112", "IT"],
    ["+49112", undefined],
    ["tel:+49112", undefined],
    ["\u202a+49 112\u202c", undefined],
    ["+49 110", undefined],
    ["030 112", "DE"],
    ["+49 30 112", undefined],
    ["+49 221 110", undefined],
    ["110", "CN"],
    ["１１０", "CN"],
    ["119", "CN"],
    ["120", "CN"],
    ["12110", "CN"],
    ["+86110", undefined],
    ["+86 119", undefined],
    ["110", "JP"],
    ["119", "KR"],
    ["999", "GB"],
    ["+44 999", undefined],
    ["999", "HK"],
    ["+852 999", undefined],
    ["000", "AU"],
    ["+61 000", undefined],
    ["111", "NZ"],
    ["100", "IN"],
    ["102", "RU"],
    ["+7 102", undefined],
    ["17", "FR"],
    ["15", "FR"],
    ["+33 17", undefined],
    ["113", "IT"],
    ["061", "ES"],
    ["133", "AT"],
    ["144", "CH"],
    ["997", "PL"],
    ["190", "BR"],
    ["+55 190", undefined],
    ["133", "CL"],
    ["10111", "ZA"],
    ["+27 10111", undefined],
    ["1669", "TH"],
    ["995", "SG"],
    ["+81 119 1234 5678", undefined],
  ])("%j (%s)", async (raw, region) => {
    await expect(dial(raw, region, { allowPremiumNumbers: true })).rejects.toThrow(NotDialable);
    await expect(dial(raw, region)).rejects.toThrow(/emergency number .* take a phone and call it yourself/);
  });

  test("not even when it is one of the owner's", async () => {
    await expect(dial("+4930112", undefined, { ownerNumbers: ["+4930112"] })).rejects.toThrow(/emergency/);
  });
});

describe("a short code never is", () => {
  test.each<[string, CountryCode | undefined]>([
    ["10086", "CN"],
    ["+86 10086", undefined],
    ["95588", "CN"],
    ["+86 0120", undefined],
    ["12345", undefined],
    ["12345", "US"],
    ["411", "US"],
    ["+1 411", undefined],
    ["988", "US"],
    ["*86", "US"],
    ["116117", "DE"],
    ["+49 116117", undefined],
    ["02800", "NO"],
    ["13 11 14", "AU"],
    ["555-0123", undefined],
  ])("%j (%s)", async (raw, region) => {
    const refused = dial(raw, region, { allowPremiumNumbers: true });
    await expect(refused).rejects.toThrow(NotDialable);
    await expect(refused).rejects.toThrow(raw === "555-0123" ? /country code/ : /too short .* short codes/);
  });
});

describe("a premium-rate number only when that is allowed", () => {
  test.each<[string, CountryCode | undefined, string]>([
    ["+1 900 555 0123", undefined, "+19005550123"],
    ["900 555 0123", "US", "+19005550123"],
    // Nobody has this one, nor the next two: those that begin like them cost extra.
    ["+1 900 123 4567", undefined, "+19001234567"],
    ["+49 900 12345", undefined, "+4990012345"],
    ["+86 168 123 456", undefined, "+86168123456"],
    ["+44 901 234 5678", undefined, "+449012345678"],
    ["0909 879 0123", "GB", "+449098790123"],
    ["0900 1 234567", "DE", "+499001234567"],
    ["168 12345", "CN", "+8616812345"],
    ["+86 160 12345", undefined, "+8616012345"],
    ["0899 12 34 56", "FR", "+33899123456"],
    ["+33 890 12 34 56", undefined, "+33890123456"],
    ["+979 123 456 789", undefined, "+979123456789"],
    ["＋９７９１２３４５６７８９", undefined, "+979123456789"],
    ["1900 123 456", "AU", "+611900123456"],
  ])("%j (%s)", async (raw, region, number) => {
    await expect(dial(raw, region)).rejects.toThrow(NotDialable);
    await expect(dial(raw, region)).rejects.toThrow(/premium-rate .* "allowPremiumNumbers" to true/);
    expect(await dial(raw, region, { allowPremiumNumbers: true })).toBe(number);
    expect(await dial(raw, region, { ownerNumbers: [number] })).toBe(number);
  });
});

describe("what is no whole number is not, and it is said why", () => {
  test.each<[string, CountryCode | undefined, RegExp]>([
    ["", undefined, /^"" is not a phone number with its country code/],
    ["+", undefined, /is not a phone number/],
    ["anonymous", undefined, /is not a phone number/],
    ["Withheld", "US", /is not a phone number/],
    ["未知号码", "CN", /is not a phone number/],
    ["+anonymous", undefined, /is not a phone number/],
    ["+266696687", undefined, /too short/],
    ["13800138000", undefined, /or set "defaultRegion"/],
    ["15550001111", undefined, /or set "defaultRegion"/],
    ["call me at 5", "US", /is not a phone number/],
    ["+1 555 CALL NOW", undefined, /is not a phone number/],
    ["+15550001111, +15550002222", undefined, /is not a phone number/],
    ["sip:+15550001111@example.com", undefined, /is not a phone number/],
    ["*67 555 000 1111", "US", /is not a phone number/],
    ["#31#5550001111", "US", /is not a phone number/],
    ["+15550001111;ext=5", undefined, /has an extension/],
    ["+1 555 000 1111 ext. 5", undefined, /has an extension/],
    ["(212) 555-0123 x99", "US", /has an extension/],
    ["+861380013800", undefined, /is no whole number of the country code 86 \(10 digits after it\)/],
    ["138 0013 800", "CN", /is no whole number of the country code 86 \(10 digits after it\)/],
    ["+86 138 0013 80011", undefined, /is no whole number of the country code 86 \(12 digits after it\)/],
    [
      "+1555000111122",
      undefined,
      /is no whole number of the country code 1 \(12 digits after it\): check it/,
    ],
    ["+86 138 0013 800011", undefined, /check it/],
    ["+49123456789012345", undefined, /check it/],
    ["+999 123 456 789", undefined, /is not a phone number/],
    ["00160000000", "BR", /check it/],
  ])("%j (%s)", async (raw, region, sentence) => {
    await expect(dial(raw, region)).rejects.toThrow(NotDialable);
    await expect(dial(raw, region)).rejects.toThrow(sentence);
  });

  test("a whole page given as a number is not quoted whole", async () => {
    await expect(dial("x".repeat(100_000))).rejects.toThrow(/^"x{60}…" is not a phone number/);
  });

  test("with a region set, it is not advised to set one", async () => {
    await expect(dial("nobody", "US")).rejects.toThrow(/\+8613800138000\.$/);
  });
});

test("whatever is written: a whole number that is no emergency number, or NotDialable", async () => {
  const regions = fc.constantFrom<(CountryCode | undefined)[]>(
    undefined,
    "US",
    "CN",
    "DE",
    "GB",
    "AU",
    "ZA",
    "NU",
    "BR",
    "IT",
  );
  const written = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(..."+0123456789 -()./,;x*#tel:ext=９٠१\u202a"), maxLength: 22 }),
    fc
      .tuple(
        fc.constantFrom("+", "00", "", "tel:", "0"),
        fc.constantFrom("1", "86", "49", "27", "683"),
        fc.nat(),
      )
      .map((parts) => parts.join("")),
    fc
      .tuple(
        fc.constantFrom("+1", "+86", "+49", "+44", "+61", ""),
        fc.constantFrom("911", "110", "112", "999", "000"),
      )
      .map((parts) => parts.join("")),
  );
  await fc.assert(
    fc.asyncProperty(written, regions, fc.boolean(), async (raw, region, allowPremiumNumbers) => {
      try {
        const number = await dial(raw, region, { allowPremiumNumbers });
        expect(number).toMatch(/^\+[1-9]\d{5,14}$/);
        expect(number).not.toMatch(/^\+(?:1911|86110|49112|44999|61000|2710111)$/);
        // What is dialled is dialled again as it is.
        expect(await dial(number, undefined, { allowPremiumNumbers })).toBe(number);
      } catch (error) {
        if (!(error instanceof NotDialable)) throw error;
        expect(error.message).toMatch(/^".*\.$/s);
      }
    }),
    { numRuns: 600 },
  );
}, 30_000);
