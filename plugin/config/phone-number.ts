/**
 * Owns phone numbers: everything inside is E.164, and two numbers are the same only when they are equal.
 */
import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/min";

declare const e164: unique symbol;

/** A phone number with its country code and nothing else: "+15550001111". */
export type E164 = string & { readonly [e164]: true };

/**
 * Reads a phone number as people and services write it: with spaces, brackets, full-width or Arabic digits,
 * as a `tel:` link.
 *
 * Withheld ("anonymous"), empty and malformed numbers, short codes and numbers with an extension give
 * undefined. A number counts when its length is possible in its country: whether it is in use is the phone
 * network's business, and stricter tables go stale.
 *
 * @param defaultRegion two letters ("US", "CN") for numbers written without a country code; without it such
 *   numbers give undefined, since a guessed country would be somebody else's number.
 */
export function parsePhoneNumber(raw: string, defaultRegion?: CountryCode): E164 | undefined {
  // Numbers copied from a contact card carry invisible direction marks.
  const written = raw
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .trim()
    .replace(/^tel:/i, "");
  const parsed = parsePhoneNumberFromString(written, {
    extract: false,
    ...(defaultRegion === undefined ? {} : { defaultCountry: defaultRegion }),
  });
  if (parsed === undefined || parsed.ext !== undefined || !parsed.isPossible()) return undefined;
  return parsed.number as string as E164;
}

/** What was given as a phone number is none. The message is for people. */
export class NotAPhoneNumber extends Error {
  override readonly name = "NotAPhoneNumber";

  constructor(raw: string) {
    super(
      `${JSON.stringify(raw)} is not a phone number with its country code: write it like +15551234567 or +8613800138000.`,
    );
  }
}

/** @throws NotAPhoneNumber */
export function requirePhoneNumber(raw: string): E164 {
  const number = parsePhoneNumber(raw);
  if (number === undefined) throw new NotAPhoneNumber(raw);
  return number;
}

/**
 * Reads the number that a service says a call or a text comes from, which is less than what people may write: digits of
 * other scripts, invisible signs and links are no telephone exchange's, and undefined like withheld numbers.
 */
export function callerNumber(raw: string | null | undefined): E164 | undefined {
  return raw && /^\+[0-9][0-9 ().-]*$/.test(raw) ? parsePhoneNumber(raw) : undefined;
}

/** Whether a caller's number is one of the known ones. Exact: a withheld or malformed number is nobody's. */
export function isOneOf(raw: string | null | undefined, known: readonly string[]): boolean {
  const number = callerNumber(raw);
  return number !== undefined && known.includes(number);
}
