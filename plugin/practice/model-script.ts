// Owns what the scripted model says: the rules of a script, how one is chosen for a request, and the default
// answers for the demo's conversation.

/** One chat-completions request, as the scripted model sees and records it. */
export interface ModelRequest {
  /** The clock's time in milliseconds. */
  readonly at: number;
  readonly model: string;
  /** The whole messages array, as sent. */
  readonly messages: readonly ModelMessage[];
  /** All of the request, tools and their descriptions too, as one JSON text. */
  readonly asSent: string;
  /** Names of the tools offered. */
  readonly tools: readonly string[];
  readonly stream: boolean;
  /** Headers that hint at a session or a client (`x-…`, `…session…`); never `authorization`. */
  readonly hints: Readonly<Record<string, string>>;
  /** The role of the last message that is the user's or a tool's. */
  readonly lastRole: "user" | "tool";
  /** The text of that message. */
  readonly lastText: string;
  /** The text of the last user message, also when a tool's result follows it. */
  readonly lastUserText: string;
  /** When the answer's first word was sent. */
  firstTokenAt: number | undefined;
  /** When the answer was complete. */
  doneAt: number | undefined;
  /** Whether the client went away before. */
  aborted: boolean;
}

export interface ModelMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

export interface ModelRule {
  /** Tested against the last user message's text (for `role: "tool"`: the tool result's text). */
  readonly when: RegExp | ((request: ModelRequest) => boolean);
  /** Which kind of last message it answers; default `user`. */
  readonly role?: "user" | "tool";
  /** The text; with a tool call it is said before the call and may be empty. */
  readonly answer: string | ((request: ModelRequest) => string);
  readonly toolCall?: {
    readonly name: string;
    readonly arguments:
      | Readonly<Record<string, unknown>>
      | ((request: ModelRequest) => Readonly<Record<string, unknown>>);
  };
  /** Several calls in one answer; in place of `toolCall`. */
  readonly toolCalls?: (
    request: ModelRequest,
  ) => readonly { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }[];
  readonly firstTokenMs?: number;
  readonly perWordMs?: number;
  /** `http500`: an error answer. `hang`: no answer at all. `drop`: the connection breaks halfway. */
  readonly fail?: "http500" | "hang" | "drop";
  /** Cut or repeat the answer to exactly this many words. */
  readonly words?: number;
}

/** 45 words in four sentences; the first has seven. */
export const FALLBACK_ANSWER =
  "Here is what I can tell you. I looked through everything you asked about, and nothing there needs your " +
  "attention today. The next appointment is at half past nine tomorrow morning. Just say the word if you " +
  "want me to move it or cancel it.";

/** Answers for the demo's conversation. Tried after a script's own rules. */
const DEFAULT_SCRIPT: readonly ModelRule[] = [
  // A turn that nobody's words began, and that has nothing to tell.
  { when: /\bheartbeat\b/i, answer: "HEARTBEAT_OK" },
  {
    when: /weather/i,
    answer:
      "It is sunny and 21 degrees right now. Clouds come in after four, and there may be a light shower in the " +
      "evening. You will not need a coat before dinner.",
  },
  {
    when: /\bon my list\b|\bto-?do\b/i,
    answer:
      "You have three things on your list. Call the dentist before noon, send Maria the contract, and buy oat " +
      "milk. The dentist is the only one with a deadline.",
  },
  {
    when: /天气/,
    answer: "今天晴天，气温二十一度。下午四点以后会转多云，晚上可能有小雨。晚饭前不用带外套。",
  },
  {
    when: /\p{Script=Han}/u,
    answer: "好的，我听到了。你明天上午九点半有一个会议。需要我改时间的话，直接告诉我就行。",
  },
  {
    when: /\btell me a (long )?story\b/i,
    answer:
      "Once there was a lighthouse keeper who answered every letter. The letters came by boat, on Tuesdays, in " +
      "a blue canvas bag. One Tuesday the bag held a single envelope with no name on it. Inside was a drawing " +
      "of the lighthouse, seen from a place nobody had ever stood. The keeper hung it above the stairs. From " +
      "that day on he left one window lit, facing the empty side of the sea.",
  },
  { when: /\b(thanks|thank you|good ?bye)\b/i, answer: "You are welcome. Talk to you soon." },
  { role: "tool", when: () => true, answer: "That is done. Is there anything else you need?" },
];

/** Said by somebody now: not what the owner's session is told of another call, which quotes what was said on it. */
export function saidNow(words: RegExp): (request: ModelRequest) => boolean {
  return ({ lastText }) => words.test(lastText) && !lastText.includes("quoted as data");
}

/** The first rule that fits: the script's own, then the default ones, then the fallback. */
export function chooseRule(script: readonly ModelRule[], request: ModelRequest): ModelRule {
  const fitting = [...script, ...DEFAULT_SCRIPT].find(
    ({ role = "user", when }) =>
      role === request.lastRole &&
      (typeof when === "function" ? when(request) : request.lastText.search(when) !== -1),
  );
  return fitting ?? { when: () => true, answer: FALLBACK_ANSWER };
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/**
 * A text in pieces of one word each, in any script. Joined, they are the text. What is no word goes with a
 * word the way model tokens do: spaces before the next one, punctuation after the last one.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let pending = "";
  let begun = false;
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike || /^\s/u.test(segment)) {
      // A space or a word opens the next piece, unless the one before has no word yet.
      if (begun) {
        words.push(pending);
        pending = "";
        begun = false;
      }
    }
    pending += segment;
    if (isWordLike) begun = true;
  }
  if (begun || words.length === 0) return pending === "" ? words : [...words, pending];
  return [...words.slice(0, -1), (words.at(-1) ?? "") + pending];
}

/** The text cut, or repeated, to exactly `count` words. */
export function withWordCount(text: string, count: number): string {
  const words = wordsOf(text);
  if (words.length === 0) return "";
  const spaced = [/^\s/u.test(words[1] ?? " ") ? ` ${words[0]}` : words[0], ...words.slice(1)];
  return Array.from({ length: count }, (_, index) =>
    index < words.length ? words[index] : spaced[index % words.length],
  ).join("");
}
