/**
 * Owns in which time zones a phone number can lie. A number of a place lies where the numbers that begin like it do. Any
 * other (mobile, toll-free, of no known kind) can be anywhere in the countries it can belong to. What the owner says of a
 * number counts before all that.
 */
import type { CountryCode, PhoneNumber } from "libphonenumber-js/max";
import type { E164 } from "../config/phone-number.ts";

/** Numbers of places; in North America mobile numbers too, which look the same and have a place's code. */
const OF_A_PLACE: ReadonlySet<string | undefined> = new Set([
  "FIXED_LINE",
  "FIXED_LINE_OR_MOBILE",
] satisfies ReturnType<PhoneNumber["getType"]>[]);

/** One time is legal in all of China; the other one is a custom of Xinjiang. */
const LEGAL: Partial<Record<CountryCode, readonly string[]>> = { CN: ["Asia/Shanghai"] };

let zonesByPrefix: Readonly<Record<string, readonly string[]>> | undefined;

/**
 * All time zones the number can lie in; none when nobody can say, as for satellite phones.
 *
 * @param said the owner's own zones, by how numbers begin ("+1800"): the longest beginning counts.
 */
export async function zonesOf(
  number: E164,
  said: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const own = longestMatch(number, said);
  if (own !== undefined) return [own];
  const [{ parsePhoneNumberFromString: parse }, { ZONES_BY_PREFIX }] = await Promise.all([
    import("libphonenumber-js/max"),
    import("./zones-by-prefix.ts"),
  ]);
  const known = parse(number);
  if (known === undefined) return [];
  if (!OF_A_PLACE.has(known.getType())) {
    const zones = new Set(known.getPossibleCountries().flatMap(zonesOfCountry));
    if (zones.size > 0) return [...zones];
  }
  zonesByPrefix ??= readTable(ZONES_BY_PREFIX);
  return longestMatch(number.slice(1), zonesByPrefix) ?? [];
}

function zonesOfCountry(country: CountryCode): readonly string[] {
  return LEGAL[country] ?? new Intl.Locale(`und-${country}`).getTimeZones() ?? [];
}

function longestMatch<Zones>(number: string, table: Readonly<Record<string, Zones>>): Zones | undefined {
  for (let length = number.length; length > 0; length -= 1) {
    const beginning = number.slice(0, length);
    if (Object.hasOwn(table, beginning)) return table[beginning];
  }
  return undefined;
}

function readTable(text: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .flatMap((line) => {
        const [zones = "", prefixes = ""] = line.split(": ");
        const list = zones.split(" ");
        return prefixes.split(" ").map((prefix) => [prefix, list] as const);
      }),
  );
}
