// Owns telling what of a text was not said yet, when the text may have been rewritten since.
import { sentences } from "./sentences.ts";

const BLANK = /\s/u;
const NOT_WORDY = /[^\p{L}\p{M}\p{N}]/u;

/**
 * What is left of a text after the pieces said of it.
 *
 * A text that goes on where the pieces end is cut there, white space and then marks aside. A text that says
 * something else by now gives its sentences that were not among the pieces: better a sentence lost to a rewrite
 * than one said twice.
 */
export function unsaid(text: string, pieces: readonly string[], language?: string): string {
  const rest = restAfter(text, pieces);
  if (rest !== undefined) return rest;
  const known = pieces.flatMap((piece) => sentences(piece, language)).map(wordyOnly);
  return sentences(text, language)
    .filter((sentence) => {
      const index = known.indexOf(wordyOnly(sentence));
      if (index >= 0) known.splice(index, 1);
      return index < 0;
    })
    .join("\n");
}

/** What follows in a text after these pieces, white space and then marks aside; undefined if it starts otherwise. */
export function restAfter(text: string, pieces: readonly string[]): string | undefined {
  const said = pieces.join(" ");
  const end = endOfCommonBeginning(text, said, BLANK) ?? endOfCommonBeginning(text, said, NOT_WORDY);
  return end === undefined ? undefined : text.slice(end).trimStart();
}

/** The index in `text` at which all of `beginning` has passed, ignored characters skipped in both. */
function endOfCommonBeginning(text: string, beginning: string, ignored: RegExp): number | undefined {
  const characters = text[Symbol.iterator]();
  let index = 0;
  for (const wanted of beginning) {
    if (ignored.test(wanted)) continue;
    for (;;) {
      const next = characters.next();
      if (next.done) return undefined;
      index += next.value.length;
      if (next.value === wanted) break;
      if (!ignored.test(next.value)) return undefined;
    }
  }
  if (index === 0) return 0;
  // Marks that close what was said ("…", a full stop) were said with it.
  const closing = /^[^\s\p{L}\p{N}\p{Ps}\p{Pi}]*(?=\s|$)/u.exec(text.slice(index))?.[0].length ?? 0;
  return index + closing;
}

function wordyOnly(sentence: string): string {
  return sentence.replace(/[^\p{L}\p{M}\p{N}]+/gu, "").toLowerCase();
}
