/** Owns how commands print what others wrote or said. */

/**
 * Somebody else's words as one line: they cannot begin a line of their own, and cannot steer a terminal or
 * turn the writing direction of what follows.
 */
export function quoted(body: string): string {
  return harmless(JSON.stringify(body));
}

/** What a service answered, as JSON for people: lines and indentation are ours alone, as in {@link quoted}. */
export function shownJson(value: unknown): string {
  return harmless(JSON.stringify(value, null, 2));
}

function harmless(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The beginning of somebody else's words, as {@link quoted}, for a list: of so many characters as people count them. */
export function quotedBeginning(body: string, longest = 60): string {
  // No character of a script has that many code units; a long text is not taken apart for its beginning.
  const all = Array.from(graphemes.segment(body.slice(0, longest * 100)), ({ segment }) => segment);
  return quoted(
    all.length <= longest
      ? body
      : `${all
          .slice(0, longest - 1)
          .join("")
          .trimEnd()}…`,
  );
}

/**
 * Somebody else's words as they were said, for a line that begins with who said them: quotes, emoji and line breaks
 * stay, further lines are indented, and what could steer a terminal or turn the writing direction is written out.
 */
export function spoken(words: string): string {
  return words
    .replace(/\r\n?/g, "\n")
    .replace(
      /(?![\n\t\u2028\u2029])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .replace(/[\n\u2028\u2029]/g, "\n   ");
}
