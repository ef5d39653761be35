// Owns what is left to clear up in words once the markdown is read: emphasis marks, emoji, entities,
// addresses and white space, and the full stop that ends a line that has none. Every script is kept.

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  euro: "€",
};

/** One or more emoji with what joins and colours them. Digits are not among them: keycaps are read first. */
const EMOJI =
  /[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}](?:[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}]|\u200D|\uFE0E|\uFE0F|[\u{E0020}-\u{E007F}])*/gu;
/** Signs that Unicode counts as pictures and people read as words. */
const SIGN = /[©®™㊗㊙‼⁉]/gu;
const KEYCAP = /([0-9#*])\uFE0F?\u20E3/gu;

/** Full stops by the script of the words before them; elsewhere it is ".". */
const FULL_STOPS: readonly { scripts: RegExp; mark: string }[] = [
  { scripts: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, mark: "。" },
  { scripts: /[\p{Script=Devanagari}\p{Script=Bengali}]/u, mark: "।" },
  { scripts: /\p{Script=Armenian}/u, mark: "։" },
  { scripts: /\p{Script=Ethiopic}/u, mark: "።" },
  { scripts: /\p{Script=Myanmar}/u, mark: "။" },
  { scripts: /\p{Script=Khmer}/u, mark: "។" },
];
const ENDS_WITH_MARK = /[\p{Terminal_Punctuation}…—][\p{Pe}\p{Pf}"'’”]*$/u;

/** Words without the marks that mean nothing to a listener, white space folded. */
export function clearSymbols(words: string): string {
  return words
    .replace(KEYCAP, "$1")
    .replace(EMOJI, (emoji) => emoji.match(SIGN)?.join("") ?? " ")
    .replace(/[\uFE0E\uFE0F]/gu, "")
    .replace(
      /\*+/gu,
      dropUnless((before, after) => /^\d\d$|^\s\s$/u.test(before + after)),
    )
    .replace(
      /_+/gu,
      dropUnless((before, after) => /^[\p{L}\p{N}]{2}$/u.test(before + after)),
    )
    .replace(/~~+|`+/gu, "")
    .replace(/\s+/gu, " ")
    .replace(/^ ?\| ?| ?\| ?$/gu, "")
    .replace(/ \| /gu, ", ")
    .replace(/\( ?\)|\[ ?\]|（ ?）/gu, "")
    .replace(/ +(?=[.,](?: |$)|[，。、！？；： ])/gu, "")
    .trim();
}

/** Adds a full stop, in the script of the words, where they end without any mark. */
export function withFullStop(words: string): string {
  if (words === "" || ENDS_WITH_MARK.test(words)) return words;
  const last = words.match(/\p{L}/gu)?.at(-1) ?? "";
  return words + (FULL_STOPS.find(({ scripts }) => scripts.test(last))?.mark ?? ".");
}

/** "example.com" for an address, undefined for anything that is not one. */
export function hostOf(address: string): string | undefined {
  return /^\s*(?:[a-z][a-z\d+.-]*:\/\/(?:[^\s/@]*@)?|www\.)(?:www\.)?([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*)(?:[:/?#]\S*)?\s*$/iu.exec(
    address,
  )?.[1];
}

/** Inline code is spoken where it is a word or a few (a name, a number, a file), and dropped where it is code. */
export function spokenCode(code: string): string {
  const isWords = /^[+$€£¥#]?[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.,:'’_@%°+-]| (?=\S)){0,39}$/u.test(code.trim());
  return isWords && code.trim().split(" ").length <= 4 ? code.trim() : "";
}

export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/giu,
    (whole, decimal, hexadecimal, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? whole;
      const codePoint = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
      const isCharacter =
        codePoint > 0 && codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
      return isCharacter ? String.fromCodePoint(codePoint) : whole;
    },
  );
}

/** A replacer that drops a run of marks unless the characters on both sides say it means something. */
function dropUnless(means: (before: string, after: string) => boolean) {
  return (run: string, offset: number, whole: string): string => {
    const before = [...whole.slice(Math.max(0, offset - 2), offset)].at(-1) ?? "";
    const after = String.fromCodePoint(whole.codePointAt(offset + run.length) ?? 0);
    return means(before, after) ? run : "";
  };
}
