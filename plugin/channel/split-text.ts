/** Owns cutting a long text into messages: at paragraphs, lines, sentences, words, never inside a character. */

/** As long as one message may be, in UTF-16 code units. */
export const MESSAGE_LIMIT = 1_500;

/** The messages of a text, in order; none for an empty text. White space where it is cut is dropped. */
export function splitText(text: string, limit = MESSAGE_LIMIT): string[] {
  const messages: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const cut = lastCut(rest, limit);
    messages.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  if (rest !== "") messages.push(rest);
  return messages;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const words = new Intl.Segmenter(undefined, { granularity: "word" });
const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" });

/** Where to cut a text that is too long: at the best kind of place that leaves at least half a message. */
function lastCut(text: string, limit: number): number {
  // A little more than fits, so that the places within the limit are found as in the whole text.
  const window = text.slice(0, limit + 100);
  const places: (() => readonly number[])[] = [
    () => endsOf(window, /\n\s*\n/g),
    () => endsOf(window, /\n/g),
    // Not at a question mark inside a link: a sentence ends before white space or with a full-width stop.
    () => startsOf(sentences, window).filter((index) => /[\s。！？…]$/u.test(window.slice(0, index))),
    () => endsOf(window, /\s+/g),
    () => startsOf(words, window),
    () => [...whole],
  ];
  const whole = new Set(startsOf(graphemes, window));
  for (const find of places) {
    const cut = find().findLast((index) => index <= limit && whole.has(index));
    if (cut !== undefined && cut >= limit / 2) return cut;
  }
  // One character longer than a message; a surrogate pair at least stays whole.
  return /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
}

function endsOf(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => match.index + match[0].length);
}

function startsOf(segmenter: Intl.Segmenter, text: string): number[] {
  return [...segmenter.segment(text)].map((segment) => segment.index);
}
