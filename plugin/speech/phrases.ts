// Owns which short phrase the phone speaks on its own; the words themselves are in phrase-tables.ts.
import {
  type CallBeginning,
  FIRST_WORDS,
  type Names,
  PHRASES,
  type PhraseKind,
  type PhraseTable,
  type ToolKind,
} from "./phrase-tables.ts";

/** Words in a tool's name that tell what it does for the listener; the first kind that matches is taken. */
const TOOL_KINDS: readonly { kind: ToolKind; words: readonly string[] }[] = [
  { kind: "memory", words: ["memory", "memories", "remember", "recall"] },
  {
    kind: "calendar",
    words: ["calendar", "event", "events", "appointment", "appointments", "agenda", "gcal"],
  },
  {
    kind: "mail",
    words: ["mail", "mails", "email", "emails", "gmail", "inbox", "outlook", "imap", "himalaya"],
  },
  { kind: "browse", words: ["browser", "browse", "fetch", "navigate", "crawl", "scrape"] },
  {
    kind: "message",
    words: ["message", "sms", "whatsapp", "telegram", "slack", "discord", "signal", "imessage"],
  },
  { kind: "search", words: ["search", "websearch", "tavily", "exa", "brave", "perplexity", "google"] },
  {
    kind: "files",
    words: ["read", "write", "edit", "patch", "file", "files", "pdf", "document", "notes", "notion"],
  },
  { kind: "command", words: ["exec", "bash", "shell", "process", "terminal", "execution", "run"] },
];
/** Looking for a tool is not looking something up. */
const SAYS_NOTHING = /^tool_/u;

/**
 * A fixed phrase.
 *
 * @param language BCP 47 ("zh", "zh-CN"); English where there is no table for it.
 */
export function phrase(kind: PhraseKind, language: string): string {
  return tableOf(language).fixed[kind];
}

/** What kind of work a tool does, told from the words of its name; undefined where the name says nothing. */
export function toolKind(toolName: string): ToolKind | undefined {
  if (SAYS_NOTHING.test(toolName)) return undefined;
  const words = toolName
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return TOOL_KINDS.find(({ words: telling }) => words.some((word) => telling.includes(word)))?.kind;
}

/** What can be said while this tool works: its own line first, then lines that fit any work. */
export function progressFor(toolName: string | undefined, language: string): readonly string[] {
  const table = tableOf(language);
  const kind = toolName === undefined ? undefined : toolKind(toolName);
  return kind === undefined ? table.progress : [table.tools[kind], ...table.progress];
}

/**
 * A line that fills the silence while the agent works.
 *
 * @param previous The line spoken last; never returned again at once.
 */
export function progressPhrase({
  language,
  toolName,
  previous,
}: {
  language: string;
  toolName?: string;
  previous?: string;
}): string {
  const lines = progressFor(toolName, language);
  const next = previous === undefined ? 0 : (lines.indexOf(previous) + 1) % lines.length;
  return lines[next] ?? "";
}

/**
 * A question that keeps somebody else on the line while the agent works.
 *
 * @param previous The one asked last; never returned again at once.
 */
export function holdingPhrase({ language, previous }: { language: string; previous?: string }): string {
  const lines = tableOf(language).holding;
  const next = previous === undefined ? 0 : (lines.indexOf(previous) + 1) % lines.length;
  return lines[next] ?? "";
}

/**
 * What a call begins with when nobody said what.
 *
 * @param language The line's, BCP 47; English where there is no table for it.
 */
export function firstWords(beginning: CallBeginning, names: Names, language = "en"): string {
  return (FIRST_WORDS[primaryLanguage(language)] ?? FIRST_WORDS.en)[beginning](names);
}

function tableOf(language: string): PhraseTable {
  return PHRASES[primaryLanguage(language)] ?? PHRASES.en;
}

/** "zh" of "zh-CN": a line's language may name a region, the tables do not. */
function primaryLanguage(tag: string): string {
  return tag.toLowerCase().split("-", 1)[0] ?? tag;
}
