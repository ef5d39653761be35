// Owns finding where a growing piece of inline markdown is not finished: a link, code, tag, object or word
// of the gateway that has begun and whose rest decides whether it is spoken.
import { closingBracket, dataLength } from "./structured-data.ts";

/** A bracket, tag or code mark that is not closed within so many characters is one of the words. */
const LONGEST_MARK = 2000;
/** An entity, half an emoji, or the first letters of a line that is not spoken, at the end of a text. */
const UNFINISHED_END = /&#?\w{0,8}$|[\uD800-\uDBFF]$/u;
const MEDIA_BEGINNING = /(?:^|\n)[ \t]*M(?:E(?:D(?:I(?:A)?)?)?)?$/u;
const TAG_BEGINNING = /^<(?:[A-Za-z/!?]|$)/u;
const UNSPOKEN_ELEMENT = /^<(?:!--|(script|style|think|thinking|tool_calls?|function_calls?)\b)/i;

/**
 * Where a text that still grows has to be cut so that nothing before the cut changes any more.
 *
 * @param source Inline markdown, the beginning of what it will be.
 * @param silentWords Words that are not spoken when they stand at the end; their beginnings are held back.
 * @returns The index of the first character to hold back; the text's length if there is none.
 */
export function unfinishedFrom(source: string, silentWords: readonly string[]): number {
  const beforeRow = source.slice(0, unfinishedTableRow(source));
  const cut = unfinishedMark(beforeRow);
  const settled = source.slice(0, cut);
  const ending = UNFINISHED_END.exec(settled) ?? MEDIA_BEGINNING.exec(settled);
  if (ending) return ending.index;
  const word = /([A-Z][A-Z_]*)[*~]*$/u.exec(settled);
  const isBeginning = word !== null && silentWords.some((silent) => silent.startsWith(word[1] ?? ""));
  return isBeginning ? word.index : cut;
}

/** A line with a bar may become the head of a table, as long as the line after it is not known. */
function unfinishedTableRow(source: string): number {
  const lastLine = source.lastIndexOf("\n") + 1;
  const lineBefore = source.lastIndexOf("\n", lastLine - 2) + 1;
  const bar = source.indexOf("|", lineBefore);
  return bar < 0 ? source.length : bar;
}

/** The first code mark, bracket or tag without its end. */
function unfinishedMark(source: string): number {
  for (let index = 0; index < source.length; index++) {
    const end = endOfMark(source, index);
    if (end === undefined) return source[index - 1] === "!" && source[index] === "[" ? index - 1 : index;
    index = end - 1;
  }
  return source.length;
}

/**
 * Where reading goes on after this character; undefined if it begins something that is open.
 *
 * Only what is certainly not read as markdown inside (code, data) is passed over.
 */
function endOfMark(source: string, start: number): number | undefined {
  const next = start + 1;
  switch (source[start]) {
    case "\\":
      if (next >= source.length) return undefined;
      // What is escaped may begin an unspoken element or tag all the same.
      return /^(?:<|\[(?:\[|e|\^|$))/i.test(source.slice(next, next + 2)) ? next : next + 1;
    case "`":
      return endOfCode(source, start);
    case "[":
      return isOpenLink(source, start) ? undefined : next;
    case "{":
      return endOfData(source, start);
    case "<":
      return endOfTag(source, start);
    default:
      return next;
  }
}

function endOfCode(source: string, start: number): number | undefined {
  const fence = /^`+/u.exec(source.slice(start))?.[0] ?? "`";
  const closing = new RegExp(`(?<!\`)${fence}(?!\`)`, "gu");
  closing.lastIndex = start + fence.length;
  if (closing.test(source) && closing.lastIndex < source.length) return closing.lastIndex;
  return isTooFar(source, start) ? start + fence.length : undefined;
}

function endOfData(source: string, start: number): number | undefined {
  const rest = source.slice(start);
  return closingBracket(rest) === undefined ? undefined : start + (dataLength(rest) || 1);
}

/** `[text](address)`, `[text][label]`, `[label]: address`; what follows "]" tells, so that must be there. */
function isOpenLink(source: string, start: number): boolean {
  const end = matching(source, start, "[", "]");
  if (end === undefined || end >= source.length) return !isTooFar(source, start);
  const isFirst = source.slice(0, start).trim() === "";
  if (isFirst && source[end] === ":") return !source.includes("\n", end);
  if (source[end] === "(") return matching(source, end, "(", ")") === undefined && !isTooFar(source, end);
  return source[end] === "[" && isOpenLink(source, end);
}

function endOfTag(source: string, start: number): number | undefined {
  const rest = source.slice(start);
  if (!TAG_BEGINNING.test(rest)) return start + 1;
  const element = UNSPOKEN_ELEMENT.exec(rest);
  if (element === null) return rest.includes(">") || isTooFar(source, start) ? start + 1 : undefined;
  const closing = element[1] === undefined ? "-->" : `</${element[1].toLowerCase()}>`;
  const end = rest.toLowerCase().indexOf(closing);
  return end < 0 ? undefined : start + end + closing.length;
}

/** The index after the bracket that closes the one here, code passed over; undefined if none does within reach. */
function matching(source: string, start: number, opening: string, closing: string): number | undefined {
  let depth = 0;
  const reach = Math.min(source.length, start + LONGEST_MARK);
  for (let index = start; index < reach; index++) {
    if (source[index] === "\\") index++;
    else if (source[index] === "`") {
      const end = endOfCode(source, index);
      if (end === undefined) return undefined;
      index = end - 1;
    } else if (source[index] === opening) depth++;
    else if (source[index] === closing && --depth === 0) return index + 1;
  }
  return undefined;
}

function isTooFar(source: string, start: number): boolean {
  return source.length - start > LONGEST_MARK;
}
