// Owns reading markdown the way a phone needs it: which blocks hold words to speak, and what the words of
// one block are. Parsing is marked's; its grammar is bent where speech needs no pairing or later knowledge
// (emphasis, link definitions), so that the words of a text that still grows do not change behind us.
import { Lexer, Marked, type Token, Tokenizer, type TokenizerExtension, type Tokens } from "marked";
import { dataLength } from "./structured-data.ts";
import { decodeEntities, hostOf, spokenCode } from "./symbols.ts";

/** A block that holds words: a paragraph, a heading, one list item's text, one table row. */
export interface WordBlock {
  /** Where its top-level block, or its item of a top-level list, starts in the source: reading may begin there. */
  readonly start: number;
  /** "3." of an ordered list's item, else empty. */
  readonly ordinal: string;
  /** Inline markdown: one string, or a table row's cells. */
  readonly cells: readonly string[];
  /** Speaks as a sentence of its own, whatever follows. */
  readonly isSentence: boolean;
}

/** Elements whose content is not meant for the listener (reasoning and tool calls leak from some models). */
const UNSPOKEN_ELEMENT = /^ {0,3}<(?:!--|(script|style|think|thinking|tool_calls?|function_calls?)\b[^>]*>)/i;
/** Delivery tags of the gateway: `[[reply_to_current]]`, `[[tts:…]]`, `[embed …/]`; footnote marks. */
const UNSPOKEN_TAG =
  /^(?:\[\[\s*\/?(?:reply_to|audio_as|tts|buttons)[^\]]*\]\]|\[embed\b[^\]]*\]|\[\^[^\]\s]+\]:?)/i;
const LINK_DEFINITION =
  /^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S*[/.:#](?=\S)\S*(?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'|\([^)\n]*\)))?[ \t]*(?:\n|$)/;
/** `[text][label]`; not the second index of `cells[0][1]`. */
const REFERENCE_LINK = /^!?\[((?:\\.|[^[\]\\])+)\]\[(?:\\.|[^[\]\\])*\]/;
/** A list that may interrupt a paragraph. */
const STARTS_LIST = /^ {0,3}(?:[*+-]|1[.)])[ \t]+\S/;
const TASK_BOX = /^\[[ xX]\](?:\s+|$)/;
/** A bare address ends at the first character that URLs are not written in: `见https://a.cn/b。然后`. */
const BARE_URL = /^(?:https?:\/\/|ftp:\/\/|www\.)[\p{Script=Latin}\p{N}.-]+[\w~:/?#[\]@!$&'()*+,;=%.-]*/iu;

/** What can be something else than plain text. */
const NOT_PLAIN = /[\\<![`{]|https?:\/\/|ftp:\/\/|(?<![\p{L}\p{N}])www\./giu;

/** Quotes and lists nested deeper than this are read as plain text: no listener follows them, and they cost. */
const DEEPEST_NESTING = 16;

class PhoneTokenizer extends Tokenizer {
  #depth = 0;

  override blockquote(source: string) {
    // What stands before the quote is not before its content.
    const { lastToken } = this.lexer.state;
    delete this.lexer.state.lastToken;
    const quote = this.#nested(() => super.blockquote(source));
    if (lastToken) this.lexer.state.lastToken = lastToken;
    return quote;
  }
  /** Inside a paragraph "2026. That was…" is no list… */
  override list(source: string) {
    if (isParagraph(this.lexer.state.lastToken) && !STARTS_LIST.test(source)) return undefined;
    return this.#nested(() => super.list(source));
  }
  /** …and its last line alone is no heading. */
  override lheading(source: string) {
    return isParagraph(this.lexer.state.lastToken) ? undefined : super.lheading(source);
  }
  /** A backslash does not make a model's reasoning, tool call or delivery tag words for the listener. */
  override escape(source: string): Tokens.Escape | undefined {
    const escaped = source.startsWith("\\") ? source.slice(1) : "";
    const isUnspoken = UNSPOKEN_ELEMENT.test(escaped) || UNSPOKEN_TAG.test(escaped);
    return isUnspoken ? { type: "escape", raw: "\\", text: "" } : super.escape(source);
  }
  /** Blocks of HTML are read as paragraphs, whose tags are dropped one by one. */
  override html() {
    return undefined;
  }
  /** What a link's label means never depends on a definition that may come later. */
  override def() {
    return undefined;
  }
  override reflink() {
    return undefined;
  }
  /** Emphasis marks are dropped wherever they stand (symbols.ts): nothing has to be paired… */
  override emStrong() {
    return undefined;
  }
  override del() {
    return undefined;
  }
  /** …and text runs on past them. */
  override inlineText(source: string): Tokens.Text {
    // The first character was offered to every other rule; a run of code marks stays together.
    NOT_PLAIN.lastIndex = /^`+|^/u.exec(source)?.[0].length || 1;
    const raw = source.slice(0, NOT_PLAIN.exec(source)?.index ?? source.length);
    return { type: "text", raw, text: raw };
  }
  override url(source: string): Tokens.Link | undefined {
    const address = BARE_URL.exec(source)?.[0].replace(/[.,;:!?'")\]*_]+$/u, "");
    if (!address) return undefined;
    const text = hostOf(address) ?? address;
    return { type: "link", raw: address, text, href: address, tokens: [{ type: "text", raw: text, text }] };
  }

  #nested<Block>(read: () => Block): Block | undefined {
    if (this.#depth >= DEEPEST_NESTING) return undefined;
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }
}

const REFERENCE_LINKS: TokenizerExtension = {
  name: "referenceLink",
  level: "inline",
  tokenizer(source, before) {
    const match = REFERENCE_LINK.exec(source);
    if (!match || /[\p{L}\p{N}\])]$/u.test(before.at(-1)?.raw ?? "")) return undefined;
    const text = match[1] ?? "";
    return { type: "link", raw: match[0], text, tokens: this.lexer.inlineTokens(text) };
  },
};

const options = {
  ...new Marked({
    extensions: [
      blockRule("unspokenElement", (source) => unspokenElementLength(source)),
      blockRule("data", (source) => dataLength(source, { toEndIfOpen: true })),
      blockRule("linkDefinition", (source, before) =>
        isParagraph(before.at(-1)) ? 0 : (LINK_DEFINITION.exec(source)?.[0].length ?? 0),
      ),
      inlineRule("unspokenTag", "[", (source) => UNSPOKEN_TAG.exec(source)?.[0].length ?? 0),
      inlineRule("unspokenElementInLine", "<", (source) => unspokenElementLength(source)),
      inlineRule("dataInLine", "{", (source) => dataLength(source)),
      inlineRule("listInLine", "[", (source) => dataLength(source)),
      REFERENCE_LINKS,
    ],
  }).defaults,
  tokenizer: new PhoneTokenizer(),
};

/**
 * The blocks of a markdown text that hold words, in order. Code blocks, rules, JSON and comments are left out.
 *
 * @param markdown Line breaks are `\n`.
 */
export function wordBlocks(markdown: string): WordBlock[] {
  const blocks: WordBlock[] = [];
  let start = 0;
  for (const token of new Lexer(options).blockTokens(markdown, [])) {
    if (token.type === "list") collectTopLevelItems((token as Tokens.List).items, start, blocks);
    else collect(token, { start, isSentence: false }, blocks);
    start += token.raw.length;
  }
  return blocks;
}

/** The words of inline markdown, before symbols are cleared up: links as their text, code and tags left out. */
export function inlineWords(markdown: string): string {
  return new Lexer(options).inlineTokens(markdown, []).map(wordsOf).join("");
}

function collect(token: Token, place: Pick<WordBlock, "start" | "isSentence">, blocks: WordBlock[]): void {
  const known = token as
    | Tokens.Paragraph
    | Tokens.Text
    | Tokens.Heading
    | Tokens.Blockquote
    | Tokens.List
    | Tokens.Table;
  switch (known.type) {
    case "paragraph":
    case "text":
      blocks.push({ ...place, ordinal: "", cells: [known.text] });
      break;
    case "heading":
      blocks.push({ ...place, ordinal: "", cells: [known.text], isSentence: true });
      break;
    case "blockquote":
      for (const inner of known.tokens) collect(inner, place, blocks);
      break;
    case "list":
      for (const item of known.items) collectItem(item, place.start, blocks);
      break;
    case "table":
      for (const row of [known.header, ...known.rows])
        blocks.push({ ...place, ordinal: "", cells: row.map((cell) => cell.text), isSentence: true });
      break;
  }
}

function collectTopLevelItems(items: Tokens.ListItem[], listStart: number, blocks: WordBlock[]): void {
  let start = listStart;
  for (const item of items) {
    collectItem(item, start, blocks);
    start += item.raw.length;
  }
}

function collectItem(item: Tokens.ListItem, start: number, blocks: WordBlock[]): void {
  const own: WordBlock[] = [];
  for (const inner of item.tokens) collect(inner, { start, isSentence: true }, own);
  const ordinal = /^\s*(\d+[.)])/.exec(item.raw)?.[1] ?? "";
  const [unchecked, ...others] = own;
  const first = unchecked && {
    ...unchecked,
    cells: unchecked.cells.map((cell) => cell.replace(TASK_BOX, "")),
  };
  // An item can open with something unspoken, or be empty still; its number is said all the same.
  if (ordinal !== "" && (first === undefined || first.ordinal !== ""))
    blocks.push({ start, ordinal, cells: [""], isSentence: true }, ...own);
  else if (first) blocks.push({ ...first, ordinal: first.ordinal || ordinal }, ...others);
}

function wordsOf(token: Token): string {
  switch (token.type) {
    case "text":
    case "escape":
      return decodeEntities((token as Tokens.Text).text);
    case "codespan":
      return spokenCode((token as Tokens.Codespan).text);
    case "link": {
      const words = (token.tokens ?? []).map(wordsOf).join("");
      return hostOf(words) ?? words;
    }
    case "image":
      return (token as Tokens.Image).text;
    case "br":
      return " ";
    case "html":
      // A tag inside a word only formats it; a tag of layout sets words apart.
      return /^<\/?(?:a|abbr|b|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)\b/i.test(
        token.raw,
      )
        ? ""
        : " ";
    default:
      return "";
  }
}

/** Length of an element that is not to be spoken; one that never closes takes all that follows. */
function unspokenElementLength(source: string): number {
  const opening = UNSPOKEN_ELEMENT.exec(source);
  if (opening === null) return 0;
  const closing = opening[1] === undefined ? "-->" : `</${opening[1].toLowerCase()}>`;
  const end = source.toLowerCase().indexOf(closing);
  return end < 0 ? source.length : end + closing.length;
}

/** Before a block without a blank line between: the block's lines go on with a paragraph. */
function isParagraph(token: Token | undefined): boolean {
  return token?.type === "paragraph" || token?.type === "text";
}

function blockRule(name: string, length: (source: string, before: Token[]) => number) {
  return {
    name,
    level: "block" as const,
    tokenizer: (source: string, before: Token[]) => unspoken(source, (rest) => length(rest, before)),
  };
}

function inlineRule(name: string, first: string, length: (source: string) => number) {
  return {
    name,
    level: "inline" as const,
    tokenizer: (source: string) => (source.startsWith(first) ? unspoken(source, length) : undefined),
  };
}

function unspoken(source: string, length: (source: string) => number): Tokens.Generic | undefined {
  const raw = source.slice(0, length(source));
  return raw === "" ? undefined : { type: "unspoken", raw };
}
