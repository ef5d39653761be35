/**
 * Owns how commands print what others wrote or said: for people as it was said, and for the agent that runs the command
 * as a quotation, since what it reads may be instructions of whoever spoke.
 */
import { asData, quotation, visible } from "../trust/quotation.ts";

/** How words are printed; `speaker` is ours to write. */
export type Quoting = (speaker: string, words: string, forPeople: (words: string) => string) => string;

/** For people at a terminal. */
export const asSaid: Quoting = (_speaker, words, forPeople) => forPeople(words);

/** For an agent. */
export const asQuotation: Quoting = (speaker, words) => quotation(speaker, words);

/**
 * Somebody else's words as one line: they cannot begin a line of their own, and cannot steer a terminal or
 * turn the writing direction of what follows.
 */
export function quoted(body: string): string {
  return asData(body);
}

/** What should be one plain word: as it is, or quoted where it is none. */
export function asWord(text: string): string {
  return /^[\w+.?:-]+$/.test(text) ? text : quoted(text);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The beginning of somebody else's words, as {@link quoted}, for a list: of so many characters as people count them. */
export function quotedBeginning(body: string, longest = 60): string {
  return quoted(beginning(body, longest));
}

/** The beginning of a text: of so many characters as people count them. */
export function beginning(body: string, longest = 60): string {
  // No character of a script has that many code units; a long text is not taken apart for its beginning.
  const all = Array.from(graphemes.segment(body.slice(0, longest * 100)), ({ segment }) => segment);
  return all.length <= longest
    ? body
    : `${all
        .slice(0, longest - 1)
        .join("")
        .trimEnd()}…`;
}

/**
 * Somebody else's words as they were said, for a line that begins with who said them: quotes, emoji and line breaks
 * stay, further lines are indented, and what could steer a terminal or turn the writing direction is written out.
 */
export function spoken(words: string): string {
  return visible(words.replace(/\r\n?|[\u2028\u2029]/g, "\n")).replaceAll("\n", "\n   ");
}
