// Owns how a number of things is said, with the first of them by name.
import type { Language } from "./quick-answer.ts";

export interface ListWords {
  readonly none: string;
  /** How many there are, by the language's plural forms; `{n}` is the number. Without an end of the sentence. */
  readonly count: Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;
  /** Said before the names when there are more than these. */
  readonly first: string;
}

/** Between what is counted and the names; at a sentence's end; before the next sentence. */
const MARKS: Readonly<Record<Language, { colon: string; stop: string; space: string }>> = {
  en: { colon: ": ", stop: ".", space: " " },
  zh: { colon: "：", stop: "。", space: "" },
  ja: { colon: "、", stop: "です。", space: "" },
  ko: { colon: ", ", stop: ".", space: " " },
  ru: { colon: ": ", stop: ".", space: " " },
  ar: { colon: ": ", stop: ".", space: " " },
  es: { colon: ": ", stop: ".", space: " " },
  fr: { colon: " : ", stop: ".", space: " " },
  de: { colon: ": ", stop: ".", space: " " },
  pt: { colon: ": ", stop: ".", space: " " },
  it: { colon: ": ", stop: ".", space: " " },
};

/** More than two are not remembered by who hears them. */
export const NAMED_AT_MOST = 2;

/** @param named what is said of the first ones, at most {@link NAMED_AT_MOST}. */
export function spokenList(
  language: Language,
  words: ListWords,
  total: number,
  named: readonly string[],
): string {
  if (total === 0) return words.none;
  const { colon, stop, space } = MARKS[language];
  const form = words.count[new Intl.PluralRules(language).select(total)] ?? words.count.other;
  const count = form.replace("{n}", new Intl.NumberFormat(language).format(total));
  const names = new Intl.ListFormat(language, { type: "conjunction" }).format(named);
  if (total <= named.length) return `${count}${colon}${names}${stop}`;
  return `${count}${language === "ja" ? "。" : stop}${space}${words.first}${colon}${names}${stop}`;
}
