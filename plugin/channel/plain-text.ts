/** Owns what a text looks like on a phone: the agent's words without markup, every script kept, no secret in them. */
import { Marked, type RendererObject, type Token } from "marked";
import { withoutSecrets } from "../config/redaction.ts";

/** Told to the agent in a turn that answers a text. */
export const TEXT_CONTEXT = [
  "You are answering a text message (SMS). Your reply is sent as one, as plain text.",
  "Be brief: a few sentences, no markup, no tables. Write links out in full. Write in the sender's language.",
].join("\n");

/** Words an agent says to the gateway alone. */
const SILENT_LINE = /^\s*(?:MEDIA:.*|NO_REPLY|HEARTBEAT_OK)\s*$/gmu;

const renderer: RendererObject = {
  space: () => "\n",
  code: ({ text }) => `${text}\n`,
  blockquote({ tokens }) {
    return this.parser.parse(tokens);
  },
  html: ({ text }) => text.replaceAll(/<[^>]*>/g, ""),
  heading({ tokens }) {
    return `${this.parser.parseInline(tokens)}\n`;
  },
  hr: () => "\n",
  list({ items, ordered, start }) {
    const first = Number(start) || 1;
    const words = (tokens: Token[]) =>
      tokens
        .map((token) => (token.type === "list" ? "\n" : "") + this.parser.parse([token]))
        .join("")
        .trim()
        .replaceAll(/\n+/g, "\n  ");
    return items
      .map((item, index) => `${ordered ? `${first + index}.` : "-"} ${words(item.tokens)}\n`)
      .join("");
  },
  checkbox: ({ checked }) => (checked ? "[x] " : "[ ] "),
  paragraph({ tokens }) {
    return `${this.parser.parseInline(tokens)}\n`;
  },
  table({ header, rows }) {
    return [header, ...rows]
      .map((row) => `${row.map((cell) => this.parser.parseInline(cell.tokens)).join(", ")}\n`)
      .join("");
  },
  strong({ tokens }) {
    return this.parser.parseInline(tokens);
  },
  em({ tokens }) {
    return this.parser.parseInline(tokens);
  },
  codespan: ({ text }) => text,
  br: () => "\n",
  del({ tokens }) {
    return this.parser.parseInline(tokens);
  },
  link({ href, tokens }) {
    const words = this.parser.parseInline(tokens);
    return words === href || href === `mailto:${words}` ? words : `${words} (${href})`;
  },
  image: ({ href, text }) => (text === "" ? href : `${text} (${href})`),
  text(token) {
    return "tokens" in token && token.tokens ? this.parser.parseInline(token.tokens) : token.text;
  },
};

const plain = new Marked({ renderer, gfm: true, breaks: true });

/**
 * The agent's markdown as a person would write it on a phone; empty when there is nothing to send. `secrets` are
 * replaced wherever they stand. To be done once: words in backticks would be taken for markup the second time.
 */
export function plainText(markdown: string, secrets: Iterable<string> = []): string {
  const text = plain.parse(markdown.replaceAll(SILENT_LINE, ""), { async: false });
  return withoutSecrets(text.replaceAll(/\n{3,}/g, "\n\n").trim(), [...secrets]);
}
