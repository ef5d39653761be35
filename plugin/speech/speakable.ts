// Owns making an agent's markdown speakable: the words of its blocks, cleared of everything that is only
// meant for eyes, programs or the gateway.
import { inlineWords, type WordBlock, wordBlocks } from "./markdown.ts";
import { clearSymbols, withFullStop } from "./symbols.ts";
import { unfinishedFrom } from "./unfinished.ts";

/** Words an agent says to the gateway alone: "I have nothing to say". */
const SILENT_REPLIES = ["NO_REPLY", "HEARTBEAT_OK"] as const;

const SILENT_LINE = new RegExp(`^\\s*(?:MEDIA:.*|(?:${SILENT_REPLIES.join("|")})[.!]?)\\s*$`, "u");
const SILENT_AT_EITHER_END = new RegExp(
  `^(?:${SILENT_REPLIES.join("|")})\\b[.!]*|(?:^|\\s)(?:${SILENT_REPLIES.join("|")})[.!]*$`,
  "gu",
);
const WORDY = /[\p{L}\p{N}]/u;

/** Spoken text of a markdown text, with what a reader of a growing text needs to know about it. */
export interface SpokenText {
  /** The words; each block's on a line of its own, ended by a full stop where another one follows. */
  readonly text: string;
  /** Where the last top-level block that speaks starts, in the source and in `text`. */
  readonly lastBlock: { readonly source: number; readonly text: number };
  /** How many characters at the end of the source were held back because what follows may change them. */
  readonly heldBack: number;
}

/**
 * Makes markdown speakable: no markup, links as their text (bare addresses as their host), no code, no JSON,
 * no emoji, nothing meant for the gateway; list items, headings and table rows as sentences. Keeps every script.
 *
 * @returns One line of words; empty if nothing in the text is to be spoken.
 */
export function speakable(markdown: string): string {
  return spokenText(markdown.replace(/\r\n?/gu, "\n")).text.replaceAll("\n", " ");
}

/**
 * The words of a markdown text, a line for each block.
 *
 * @param markdown Line breaks are `\n`.
 * @param growing More may follow: what that could still turn into something else is held back.
 */
export function spokenText(markdown: string, growing = false): SpokenText {
  // An answer that begins far to the right is no code block: it would be silence.
  const indent = /^(?: {4}| {0,3}\t)[ \t]*/u.exec(markdown)?.[0].length ?? 0;
  const blocks = wordBlocks((growing ? withoutMarksOnLastLine(markdown) : markdown).slice(indent));
  const last = growing ? blocks.findLastIndex(hasSource) : -1;
  const lines: string[] = [];
  let length = 0;
  let lastBlock = { source: 0, text: 0 };
  let lastIsSentence = false;
  let heldBack = 0;
  blocks.forEach((block, index) => {
    const cells = block.cells.map(withoutSilentLines);
    if (index === last) heldBack = holdBack(cells);
    const words = wordsOfBlock(block.ordinal, cells);
    if (words === "") return;
    const previous = lines.at(-1);
    if (previous !== undefined) {
      const ended = withFullStop(previous);
      length += ended.length - previous.length + 1;
      lines[lines.length - 1] = ended;
    }
    if (lines.length === 0 || indent + block.start !== lastBlock.source)
      lastBlock = { source: indent + block.start, text: length };
    lines.push(words);
    length += words.length;
    lastIsSentence = block.isSentence && index !== last;
  });
  const ending = lines.at(-1);
  if (ending !== undefined && lastIsSentence) lines[lines.length - 1] = withFullStop(ending);
  return { text: lines.join("\n"), lastBlock, heldBack };
}

function wordsOfBlock(ordinal: string, cells: readonly string[]): string {
  let words = "";
  for (const cell of cells) {
    const next = clearSymbols(inlineWords(cell));
    if (next === "") continue;
    words += words === "" ? next : `${/[\p{Terminal_Punctuation}…]$/u.test(words) ? "" : ","} ${next}`;
  }
  words = words.replace(SILENT_AT_EITHER_END, "").trim();
  if (!WORDY.test(words)) words = "";
  return ordinal === "" || words === "" ? words || ordinal : `${ordinal} ${words}`;
}

/** Cuts the cells before whatever is unfinished in them; returns the number of characters cut. */
function holdBack(cells: string[]): number {
  let cut = 0;
  cells.forEach((cell, index) => {
    const end = cut > 0 ? 0 : unfinishedFrom(cell, SILENT_REPLIES);
    cut += cell.length - end;
    cells[index] = cell.slice(0, end);
  });
  return cut;
}

function withoutSilentLines(cell: string): string {
  const lines = cell.split("\n");
  return lines.some((line) => SILENT_LINE.test(line))
    ? lines.filter((line) => !SILENT_LINE.test(line)).join("\n")
    : cell;
}

/** A last line without a letter ("--", "3.", "|-") can still turn the lines before it into anything. */
function withoutMarksOnLastLine(markdown: string): string {
  const lineStart = markdown.lastIndexOf("\n") + 1;
  return /\p{L}/u.test(markdown.slice(lineStart)) ? markdown : markdown.slice(0, lineStart);
}

function hasSource(block: WordBlock): boolean {
  return block.ordinal !== "" || block.cells.some((cell) => cell.trim() !== "");
}
