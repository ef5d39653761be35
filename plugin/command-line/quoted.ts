/** Owns how commands print what others wrote or said. */

/**
 * Somebody else's words as one line: they cannot begin a line of their own, and cannot steer a terminal or
 * turn the writing direction of what follows.
 */
export function quoted(body: string): string {
  return JSON.stringify(body).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
