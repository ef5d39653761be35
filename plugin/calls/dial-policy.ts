/**
 * Owns which numbers are ever dialled: whole ones of possible length. Numbers that call for help and short codes never
 * are, premium-rate ones only where the owner allows them. The big tables of the phone library are loaded when a number
 * is looked at, and not before.
 */
import type { CountryCode, parsePhoneNumberFromString as Parse, PhoneNumber } from "libphonenumber-js/max";
import { type E164, parsePhoneNumber } from "../config/phone-number.ts";
import { quoteOutside } from "../config/redaction.ts";
import { emergencyNumbersOf, isEmergencyAnywhere } from "./emergency-numbers.ts";

/** This is not dialled. The message is for people: why, and what to do. */
export class NotDialable extends Error {
  override readonly name = "NotDialable";
}

export interface DialPolicy {
  /** Where numbers without a country code belong. */
  readonly defaultRegion?: CountryCode | undefined;
  readonly allowPremiumNumbers: boolean;
  /** E.164. These may be dialled whatever they cost. */
  readonly ownerNumbers: readonly string[];
}

/** What E.164 allows, the plus included; the phone library knows national numbers that are longer. */
const LONGEST = 16;

/** Up to this length a number is a short code, unless its country gives such numbers to people. In digits. */
const SHORT = 6;

/** Countries whose numbers have no set length: there a town's code and an emergency number pass for a subscriber's. */
const OPEN_PLANS: ReadonlySet<string> = new Set(["43", "49"]);
/** The longest town code and an emergency number, as far as real numbers of that length are rare. In digits. */
const TOWN_AND_EMERGENCY = 7;

/** Whose numbers are that short in some countries. */
const OF_PEOPLE: ReadonlySet<string | undefined> = new Set([
  "FIXED_LINE",
  "MOBILE",
  "FIXED_LINE_OR_MOBILE",
] satisfies ReturnType<PhoneNumber["getType"]>[]);

/**
 * The number that a text written by a person stands for: with spaces, brackets, in any script's digits, as a `tel:` link.
 *
 * @throws NotDialable
 */
export async function dialable(raw: string, policy: DialPolicy): Promise<E164> {
  const { defaultRegion, allowPremiumNumbers, ownerNumbers } = policy;
  const { parsePhoneNumberFromString: parse } = await import("libphonenumber-js/max");
  const written = withPlainDigits(raw.normalize("NFKC"));
  const refuse = (because: string) => {
    throw new NotDialable(`${quoteOutside(raw, [], 60)} ${because}`);
  };

  const digits = written.replace(/\D/g, "");
  const hasCountryCode = written.includes("+");
  if (!hasCountryCode && isEmergencyAnywhere(digits)) refuse(EMERGENCY);
  const number = parsePhoneNumber(written, defaultRegion);
  const known = number === undefined ? undefined : parse(number);
  // A number that is read as another one when it is read again has zeros too many in front.
  if (number === undefined || known?.number !== number || number.length > LONGEST) {
    const nearly = parse(written.replace(/\p{Cf}|^\s*tel:/giu, ""), {
      extract: false,
      ...(defaultRegion === undefined ? {} : { defaultCountry: defaultRegion }),
    });
    if (nearly !== undefined && callsForHelp(nearly)) refuse(EMERGENCY);
    if (nearly?.ext !== undefined) refuse(EXTENSION);
    const length =
      nearly?.nationalNumber.length ?? (hasCountryCode || /\p{L}/u.test(written) ? 0 : digits.length);
    if (length > 0 && length <= SHORT) refuse(TOO_SHORT);
    if (nearly !== undefined) refuse(wrongLength(nearly));
    return refuse(defaultRegion === undefined ? `${NO_NUMBER}${OR_REGION}.` : `${NO_NUMBER}.`);
  }
  if (callsForHelp(known)) refuse(EMERGENCY);
  // Short numbers that begin so sell something, and are whole.
  if (isCutMobile(known) && !costsExtra(known, parse)) refuse(wrongLength(known));
  if (ownerNumbers.includes(number)) return number;
  if (known.nationalNumber.length <= SHORT && !OF_PEOPLE.has(known.getType())) refuse(TOO_SHORT);
  if (!allowPremiumNumbers && costsExtra(known, parse)) refuse(PREMIUM);
  return number;
}

const EMERGENCY =
  "is an emergency number or begins like one, and such numbers are never dialled from here: in an emergency, take a phone and call it yourself.";
const EXTENSION = "has an extension, which cannot be dialled: write the number without it.";
const TOO_SHORT =
  "is too short for a phone number, and short codes are never dialled: write the whole number with its country code.";
const PREMIUM =
  'is a premium-rate or satellite number, which costs extra: set "allowPremiumNumbers" to true if such numbers may be called.';
const NO_NUMBER = "is not a phone number with its country code: write it like +15551234567 or +8613800138000";
const OR_REGION = ', or set "defaultRegion" ("US", "CN", …) to write the numbers of your country without it';

function wrongLength({ countryCallingCode, nationalNumber }: PhoneNumber): string {
  return `is no whole number of the country code ${countryCallingCode} (${nationalNumber.length} digits after it): check it.`;
}

/** Whether this is a mobile number of mainland China with a digit too few or too many: they have 11. */
function isCutMobile({ countryCallingCode, nationalNumber }: PhoneNumber): boolean {
  return countryCallingCode === "86" && /^1[3-9]/.test(nationalNumber) && nationalNumber.length !== 11;
}

/** Every script's digits as 0 to 9. */
function withPlainDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    // Unicode keeps each script's digits together, from zero to nine.
    let zero = code;
    while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String((code - zero) % 10);
  });
}

/**
 * Whether this number, cut off or with a country or a town in front, calls for help. A number in use may begin like an
 * emergency number (in Delhi with 112); one that nobody has is one dialled on by mistake.
 */
function callsForHelp(number: PhoneNumber): boolean {
  const { countryCallingCode, nationalNumber } = number;
  const emergency = emergencyNumbersOf(countryCallingCode);
  if (emergency.includes(nationalNumber)) return true;
  if (
    OPEN_PLANS.has(countryCallingCode) &&
    nationalNumber.length <= TOWN_AND_EMERGENCY &&
    emergency.some((help) => nationalNumber.endsWith(help))
  ) {
    return true;
  }
  return !number.isValid() && emergency.some((help) => help.length >= 3 && nationalNumber.startsWith(help));
}

/** Satellite phones and networks of no country: a minute costs more than most premium-rate numbers. */
const DEAR_NETWORKS: ReadonlySet<string> = new Set(["870", "878", "881", "882", "883"]);

/** How many of a number's first digits can decide what kind it is, the longest first. */
const DECIDING_DIGITS = [6, 5, 4, 3];
/** The lengths of national numbers. */
const LENGTHS = [5, 6, 7, 8, 9, 10, 11, 12];

/**
 * Whether a number is a premium-rate one. One that nobody has ("+1 900 123 4567") counts as what the numbers are that
 * begin like it: the tables know the numbers in use today, the money is lost tomorrow.
 */
function costsExtra(number: PhoneNumber, parse: typeof Parse): boolean {
  if (DEAR_NETWORKS.has(number.countryCallingCode)) return true;
  if (number.isValid()) return number.getType() === "PREMIUM_RATE";
  const { countryCallingCode, nationalNumber } = number;
  for (const count of DECIDING_DIGITS) {
    const beginning = nationalNumber.slice(0, count);
    const types = LENGTHS.filter((length) => length > beginning.length)
      .flatMap((length) => [..."0123456789"].map((digit) => beginning.padEnd(length, digit)))
      .map((neighbour) => parse(`+${countryCallingCode}${neighbour}`)?.getType())
      .filter((type) => type !== undefined);
    if (types.length > 0) return types.every((type) => type === "PREMIUM_RATE");
  }
  return false;
}
