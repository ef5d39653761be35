// Owns recognising JSON and its likes inside a text: they are read by programs, never spoken.

const OBJECT = /^\{\s*(?:\}|(?:"[^"\n]*"|'[^'\n]*')\s*:)|^\{[ \t]*\n?[ \t]*[A-Za-z_$][\w$-]*\s*:(?!\/\/)/;
const QUOTED_OBJECT = /^\{\s*["']/;
const LIST = /^\[\s*[{"]/;

/**
 * Length of the object or list a text starts with, 0 if it starts with none.
 *
 * @param toEndIfOpen An object that never closes takes the whole text (a block cut off by the model's limit).
 */
export function dataLength(text: string, { toEndIfOpen = false } = {}): number {
  if (!OBJECT.test(text) && !LIST.test(text)) return 0;
  const length = closingBracket(text);
  if (length === undefined) return toEndIfOpen && QUOTED_OBJECT.test(text) ? text.length : 0;
  return OBJECT.test(text) || isJson(text.slice(0, length)) ? length : 0;
}

/**
 * Where the bracket that opens a text is closed (the index after it), strings skipped; 0 if it is closed by the
 * wrong one, undefined if it is open still.
 */
export function closingBracket(text: string): number | undefined {
  const closings: string[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === "{") closings.push("}");
    else if (character === "[") closings.push("]");
    else if ((character === "}" || character === "]") && closings.pop() !== character) return 0;
    if (closings.length === 0) return index + 1;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  const string = /"(?:[^"\\]|\\[\s\S])*"/y;
  string.lastIndex = start;
  return string.test(text) ? string.lastIndex - 1 : text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
