// Owns cutting text into sentences to be spoken: where Unicode says one ends, minus the places where it
// only looks so (abbreviations, initials, file names), and a long sentence cut at a clause.
import { isAbbreviation, startsSentence } from "./abbreviations.ts";
import { detectLanguage } from "./language.ts";

/** A spoken piece is at most this many characters, in a script that writes words… */
export const LONGEST_PIECE = 220;
/** …and this many where one character is about a syllable. */
export const LONGEST_PIECE_CJK = 80;

/** What ends a sentence in scripts that put no space after it. */
const UNSPACED_END = /[。！？｡…]["'”’」』）]*$/u;
const WORDY = /[\p{L}\p{N}]/u;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
/** Where a clause may end: a mark with a space after it, or a mark of a script that puts none; then a word. */
const CLAUSE_END =
  /[,;:،؛՝\p{Pd}…)](?=\s+[^\s\p{Pe}\p{Pf}\p{Po}\p{Pd}])|[，、；：،؛…—]+\s*(?=[\p{L}\p{N}\p{Ps}\p{Pi}])/gu;
/** White space a word follows. */
const WORD_START = /\s(?=[^\s\p{Pe}\p{Pf}\p{Po}\p{Pd}])/gu;
/** An opening quote or bracket at the end of a piece belongs to the next one. */
const TRAILING_OPENER = /[\p{Ps}\p{Pi}]+$/u;

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * Cuts text into pieces, each a sentence or, of a long sentence, a clause. Joined they are the text, but for
 * the white space around each piece. A line break always ends a piece.
 *
 * Cutting a text that still grows: every piece but the last is final, since each end is proven by the word
 * after it ("3." may become "3.5", and "Hello." may become "Hello.com").
 *
 * @param text Words to speak, in any script; no markup.
 * @param language BCP 47 primary language; only needed where known better than by the text itself.
 */
export function sentences(text: string, language: string = detectLanguage(text)): string[] {
  const pieces: string[] = [];
  for (const line of text.split("\n")) {
    for (const sentence of sentencesOfLine(line, language)) pieces.push(...clauses(sentence, language));
  }
  return pieces;
}

function sentencesOfLine(line: string, language: string): string[] {
  const found: string[] = [];
  let current = "";
  for (const { segment } of segmenter(language, "sentence").segment(line)) {
    if (current !== "" && WORDY.test(segment) && isSentenceEnd(current, segment, language)) {
      const opener = TRAILING_OPENER.exec(current)?.[0] ?? "";
      found.push(current.slice(0, current.length - opener.length));
      current = opener + segment;
    } else {
      current += segment;
    }
  }
  // Marks alone are no sentence; they stay with the words before them.
  return [...found, current].map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
}

/** Sentences as one text again: a space stands between them where their script has one. */
export function joinSentences(pieces: readonly string[]): string {
  return pieces.reduce(
    (text, piece) => `${text}${UNSPACED_END.test(text) ? "" : " "}${piece}`.trimStart(),
    "",
  );
}

/** Is the break that Unicode's rules put between these two a real one? */
function isSentenceEnd(before: string, after: string, language: string): boolean {
  if (!WORDY.test(before)) return false;
  const touching = !/\s$/u.test(before);
  // "a.com/b.c?d", "Yahoo!Mail": a mark of a spaced script inside a word.
  if (touching && /[\p{Script=Latin}\p{N}][.?!]+$/u.test(before) && /^[\p{Script=Latin}\p{N}]/u.test(after))
    return false;
  // "Stop!" he said. "Really?" she asked.
  if (!touching && /^\p{Ll}/u.test(after)) return false;
  // 「はい。」と言った。
  if (/[」』]$/u.test(before) && /^(?:と|って|、)/u.test(after)) return false;
  const word = /(\S+)\s*$/u.exec(before)?.[1] ?? "";
  if (!word.endsWith(".")) return true;
  // "1." that opens a line is the number of a step; "3." before "Mai" is a German date.
  if (/^\p{N}+\.$/u.test(word) && (before.trim() === word || (language === "de" && word.length <= 3)))
    return false;
  return !isAbbreviation(word, after) || startsSentence(word, after);
}

/** Cuts a sentence that is too long to be spoken in one go; prefers clause, then word, then grapheme. */
function clauses(sentence: string, language: string): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  for (;;) {
    const limit = longest(rest);
    if (rest.length <= limit) return rest === "" ? pieces : [...pieces, rest];
    const cut = clauseCut(rest, limit) ?? wordCut(rest, limit, language);
    pieces.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
}

function longest(text: string): number {
  const head = text.slice(0, LONGEST_PIECE);
  return (head.match(CJK)?.length ?? 0) > head.length / 3 ? LONGEST_PIECE_CJK : LONGEST_PIECE;
}

/** The end of the last clause that fits, unless it leaves a piece too short to be worth it. */
function clauseCut(text: string, limit: number): number | undefined {
  const ends = [...text.slice(0, limit + 1).matchAll(CLAUSE_END)].map(
    (match) => match.index + match[0].length,
  );
  return ends.filter((end) => end <= limit && end >= limit / 4).at(-1);
}

function wordCut(text: string, limit: number, language: string): number {
  const space = [...text.slice(0, limit + 1).matchAll(WORD_START)].at(-1)?.index ?? 0;
  if (space > 0) return space;
  // No space within reach: a script without spaces, or one endless word, which is cut between graphemes.
  const window = text.slice(0, limit * 2);
  const words = [...segmenter(language, "word").segment(window)].filter(({ isWordLike }) => isWordLike);
  const graphemes = () => [...segmenter(language, "grapheme").segment(window)];
  return lastStart(words, limit) ?? lastStart(graphemes(), limit) ?? text.length;
}

function lastStart(segments: Intl.SegmentData[], limit: number): number | undefined {
  return segments.findLast(({ index }) => index > 0 && index <= limit)?.index;
}

function segmenter(language: string, granularity: "sentence" | "word" | "grapheme"): Intl.Segmenter {
  const key = `${granularity} ${language}`;
  const known = segmenters.get(key) ?? new Intl.Segmenter(language, { granularity });
  segmenters.set(key, known);
  return known;
}
