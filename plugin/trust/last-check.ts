/**
 * Owns the last check of what is spoken to somebody else: no key, no token, and neither number nor address of the
 * owner's, unless the call's purpose or context names it. It reads as a listener would: written in any digits or
 * spelled out, with anything in between, over several sentences. What is put in other words than these (an
 * encoding, a riddle, number words of a language that is not below) it cannot find: the prompt of such a call holds
 * nothing of it in the first place.
 */
import { REDACTED, withoutSecrets } from "../config/redaction.ts";

export interface OwnersData {
  /** Keys, tokens and account addresses, as {@link import("../config/redaction.ts").secretsOf} gives them. */
  readonly secrets: readonly string[];
  /** E.164. */
  readonly ownerNumbers: readonly string[];
  /** The purpose, context and first words of the call: a number or an address in them may be said. A key never. */
  readonly allowed: string;
}

/** So many digits of a number in a row are the number: what is left of it without its area code, */
const TELLING_DIGITS = 7;
/** with one of its last ones: those before are in every number of the same place. */
const OWN_DIGITS = 4;
/** So many characters of a key in a row are too many; a part of an address or of a password in words is just a word. */
const TELLING_CHARACTERS = 12;
/** What was said before, in characters, that may be the beginning of what is said now. Digits are remembered longer. */
const MEMORY = 1_000;

/** One text on its own. */
export function withoutOwnersData(text: string, data: OwnersData): string {
  return lastCheck(data)(text);
}

/** The check of one call: a number that is told digit by digit, a sentence each, is broken off. */
export function lastCheck({ secrets, ownerNumbers, allowed }: OwnersData): (text: string) => string {
  const tokensGiven = tokensOf(allowed);
  const given = { digits: letters(digitsIn(tokensGiven)), characters: letters(charactersIn(tokensGiven)) };
  const numbers = ownerNumbers
    .map((number) => number.replace(/\D/g, ""))
    .filter((digits) => digits !== "" && !given.digits.includes(digits.slice(-TELLING_DIGITS)))
    .map((digits) => partsOf(digits, TELLING_DIGITS, OWN_DIGITS));
  const hidden = secrets.filter(
    (secret) => !(isAddress(secret) && given.characters.includes(letters(charactersIn(tokensOf(secret))))),
  );
  const keys = hidden.map((secret) => {
    const characters = letters(charactersIn(tokensOf(secret)));
    // A password may be words that people say; a key has digits in it.
    const isKey = !isAddress(secret) && /\d/.test(secret);
    return partsOf(characters, isKey ? TELLING_CHARACTERS : characters.length);
  });
  let before = "";
  return (text) => {
    const heard = `${before}\n${text}`;
    const start = heard.length - text.length;
    const tokens = tokensOf(heard);
    const digits = digitsIn(tokens);
    const characters = charactersIn(tokens);
    const spelled = spelledIn(tokens);
    before = remembered(heard, digits);
    const found = [
      // The words between two digits may say something else; those inside a key are signs.
      ...numbers.flatMap((parts) => stretchesOf(parts, digits).flat()),
      ...keys.flatMap((parts) => stretchesOf(parts, characters).map(whole)),
      // "C as in Charlie": what stands between letters that are spelled is none of them.
      ...keys.flatMap((parts) => stretchesOf(parts, spelled).flat()),
    ].flatMap((place) => (place.end > start ? [{ ...place, start: Math.max(place.start, start) }] : []));
    return withoutSecrets(replaced(heard, found).slice(start), hidden);
  };
}

/** What was heard, for the next time: its end, and the last digits of what came before it, however long ago. */
function remembered(heard: string, digits: readonly Heard[]): string {
  const from = heard.length - MEMORY;
  if (from <= 0) return heard;
  const earlier = digits.filter(({ end }) => end <= from).slice(-TELLING_DIGITS);
  return `${letters(earlier)}\n${heard.slice(from)}`;
}

function isAddress(secret: string): boolean {
  return secret.includes("@");
}

/** Where something stands in the text. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** A character that was heard. */
interface Heard extends Place {
  readonly character: string;
}

interface Parts {
  readonly length: number;
  /** Each with whether it tells anything on its own. */
  readonly all: ReadonlyMap<string, boolean>;
}

/** Every stretch of so many characters. What has none of the last ones tells nothing on its own. */
function partsOf(secret: string, telling: number, last = secret.length): Parts {
  const length = Math.min(telling, secret.length);
  const all = new Map<string, boolean>();
  for (let start = 0; length > 0 && start + length <= secret.length; start += 1) {
    const part = secret.slice(start, start + length);
    all.set(part, all.get(part) === true || start + length > secret.length - last);
  }
  return { length, all };
}

/** What was heard of the secret: each stretch of it without anything else in between. */
function stretchesOf({ length, all }: Parts, heard: readonly Heard[]): Heard[][] {
  const text = letters(heard);
  const stretches: { readonly heard: Heard[]; tells: boolean }[] = [];
  let lastIndex = -1;
  for (let start = 0; start + length <= text.length; start += 1) {
    const tells = all.get(text.slice(start, start + length));
    if (tells === undefined) continue;
    const end = start + length;
    if (start > lastIndex) stretches.push({ heard: [], tells });
    const stretch = stretches.at(-1);
    stretch?.heard.push(...heard.slice(Math.max(start, lastIndex), end));
    if (stretch !== undefined) stretch.tells ||= tells;
    lastIndex = end;
  }
  return stretches.filter(({ tells }) => tells).map(({ heard: place }) => place);
}

function whole(stretch: readonly Heard[]): Place {
  return { start: stretch[0]?.start ?? 0, end: stretch.at(-1)?.end ?? 0 };
}

/** One place for each character: rare scripts' take two of JavaScript's. */
function letters(heard: readonly Heard[]): string {
  return heard.map(({ character }) => (character.length === 1 ? character : "\ufffd")).join("");
}

/** The text with what stands at these places replaced. */
function replaced(text: string, found: readonly Place[]): string {
  const inOrder = [...found].sort((one, other) => one.start - other.start || one.end - other.end);
  let safe = "";
  let at = 0;
  for (const { start, end } of inOrder) {
    if (end <= at) continue;
    const between = text.slice(at, start);
    // Marks and spaces between two hidden characters belong to them.
    const joins = safe.endsWith(REDACTED) && !/[\p{L}\p{N}]/u.test(between);
    safe += joins ? "" : `${between}${REDACTED}`;
    at = end;
  }
  return safe + text.slice(at);
}

// --- how words are heard --------------------------------------------------------------------------------

const TOKEN = /\p{Script=Han}|\p{L}[\p{L}\p{M}]*|\p{N}/gu;

/** The digits of a text, whatever stands between them. */
function digitsIn(tokens: readonly Token[]): Heard[] {
  return tokens.flatMap((token, index) => {
    const digits = spokenDigits(token.word) ?? (token.word === "o" || token.word === "oh" ? "0" : undefined);
    if (digits === undefined) return [];
    const times = REPEATS[tokens[index - 1]?.word ?? ""] ?? 1;
    const next = tokens[index + 1]?.word ?? "";
    // "Fifty five" is two digits, not four.
    const isTens = TENS.has(token.word) && digitWords.get(next)?.length === 1 && next !== "zero";
    const heard = isTens ? digits.slice(0, 1) : digits.repeat(times);
    return [...heard].map((character) => ({ character, start: token.start, end: token.end }));
  });
}

/** The letters and digits of a text, as one would spell them; the words for signs are signs. */
function charactersIn(tokens: readonly Token[]): Heard[] {
  return tokens.flatMap(({ word, start, end }) => {
    if (SIGNS.has(word)) return [];
    const spelled = spokenDigits(word);
    // Where a word is written out, each letter of it has its own place.
    if (spelled === undefined && word.length === end - start) {
      return [...word].map((character, index) => ({
        character,
        start: start + index,
        end: start + index + 1,
      }));
    }
    return [...(spelled ?? word)].map((character) => ({ character, start, end }));
  });
}

/** The letters that are spelled, each a word of its own, and the digits; the words between them are left out. */
function spelledIn(tokens: readonly Token[]): Heard[] {
  return tokens.flatMap(({ word, start, end }) => {
    const digits = spokenDigits(word);
    if (digits === undefined && !/^[a-z]$/.test(word)) return [];
    return [...(digits ?? word)].map((character) => ({ character, start, end }));
  });
}

interface Token extends Place {
  /** In lower case. */
  readonly word: string;
}

function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => ({
    word: match[0].normalize("NFKC").toLowerCase().normalize("NFC"),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function spokenDigits(word: string): string | undefined {
  const known = digitWords.get(word);
  if (known !== undefined) return known;
  const values = [...word].map(digitOf);
  return values.every((value) => value !== undefined) ? values.join("") : undefined;
}

/** The value of a digit of any script, Chinese and Korean numerals included. */
function digitOf(character: string): string | undefined {
  if (/^[0-9]$/.test(character)) return character;
  const numeral = NUMERALS.get(character);
  if (numeral !== undefined) return numeral;
  if (!/^\p{Nd}$/u.test(character)) return undefined;
  // A script's ten digits follow one another, from a code point that ends in 0 or in 6 (Unicode, decimal digits).
  const code = character.codePointAt(0) ?? 0;
  const beginsAtZero = /^\p{Nd}$/u.test(String.fromCodePoint(code - (code % 16)));
  return String((code % 16) - (beginsAtZero ? 0 : 6));
}

const NUMERALS: ReadonlyMap<string, string> = new Map(
  [
    "〇零０공영",
    "一壹幺일",
    "二贰弐两이",
    "三叁参삼",
    "四肆사",
    "五伍오",
    "六陆륙육",
    "七柒칠",
    "八捌팔",
    "九玖구",
  ].flatMap((characters, value) => [...characters].map((character) => [character, String(value)] as const)),
);

const REPEATS: Readonly<Record<string, number>> = { double: 2, triple: 3, doble: 2, triplo: 3, doppel: 2 };
const SIGNS: ReadonlySet<string> = new Set(
  "underscore dash hyphen minus dot point at plus slash unterstrich strich punkt klammeraffe arobase tiret punto guion arroba 点 下划线".split(
    " ",
  ),
);

/** The words for 0 to 9. */
const DIGIT_WORDS: Readonly<Record<string, string>> = {
  en: "zero one two three four five six seven eight nine",
  de: "null eins zwei drei vier fünf sechs sieben acht neun",
  fr: "zéro un deux trois quatre cinq six sept huit neuf",
  es: "cero uno dos tres cuatro cinco seis siete ocho nueve",
  it: "zero uno due tre quattro cinque sei sette otto nove",
  pt: "zero um dois três quatro cinco seis sete oito nove",
  nl: "nul een twee drie vier vijf zes zeven acht negen",
  pl: "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
  ru: "ноль один два три четыре пять шесть семь восемь девять",
  tr: "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
  ar: "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة",
  hi: "शून्य एक दो तीन चार पांच छह सात आठ नौ",
};
const ELEVEN_ON = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
  " ",
);
const TWENTY_ON = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const TENS: ReadonlySet<string> = new Set(TWENTY_ON);

const digitWords: ReadonlyMap<string, string> = new Map([
  ...Object.values(DIGIT_WORDS).flatMap((words) =>
    words.split(" ").map((word, value) => [word.normalize("NFC"), String(value)] as const),
  ),
  ["zwo", "2"],
  ["hundred", "00"],
  ["thousand", "000"],
  ...ELEVEN_ON.map((word, value) => [word, String(value + 10)] as const),
  ...TWENTY_ON.map((word, value) => [word, String((value + 2) * 10)] as const),
]);
