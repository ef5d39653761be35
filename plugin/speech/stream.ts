// Owns turning the text an agent is still writing into pieces a phone can speak at once, and what is left of
// it into the answer's end. Nothing is said twice, nothing is lost, nothing is spoken before it is certain.
import { detectLanguage } from "./language.ts";
import { joinSentences, sentences } from "./sentences.ts";
import { type SpokenText, spokenText } from "./speakable.ts";
import { restAfter, unsaid } from "./unsaid.ts";

/** How much is spoken early: every sentence, the answer's first sentence, or nothing. */
export type SpeechMode = "sentences" | "first" | "off";

/** A mark that may end a sentence or a line. */
const SENTENCE_MARK = /[\p{Sentence_Terminal}\n;…]/u;
const WORDY = /[\p{L}\p{N}]/u;
/** A sentence may have ended before the last word: a model that answers in bursts ends one with each. */
const MARK_THEN_WORD = /[\p{Sentence_Terminal}\n;…][^\p{L}\p{N}]*[\p{L}\p{N}]/u;
/** A mark that may end what was held back. */
const CLOSING_MARK = /[\])}>`\n]/u;
/** A construct held back this close to the end is a beginning that the next characters decide. */
const UNDECIDED_LENGTH = 16;
/** A sentence without an end is looked at again whenever this many characters came: it may need cutting. */
const LOOK_AGAIN_LENGTH = 80;
/** Enough characters of a message to know its language for good. */
const LANGUAGE_SAMPLE_LENGTH = 120;

/** One assistant message and what was said of it. */
interface Message {
  /** Its text so far, line breaks as `\n`. */
  source: string;
  /** The beginning of `source` whose blocks are finished and said; it is not read again. */
  settled: string;
  /** What was said of the spoken text of the rest of `source`, to the letter. */
  saidOfRest: string;
  /** Every piece said, for when the text is rewritten. */
  said: string[];
  isRewritten: boolean;
  language: string | undefined;
  /** Length of `source` when it was last read, and what was held back then. */
  readLength: number;
  heldBack: number;
  /** A mark came since the last reading that may have ended a sentence. */
  hasMark: boolean;
}

/**
 * Turns the growing text of an answer, which may be several messages with tool calls between them, into
 * spoken pieces.
 *
 * A piece is released as soon as the words after it prove that it is complete, so the last sentence of an
 * answer is never released by `push`: it comes out of `finish`, for the result that must not be empty.
 */
export class SpeechStream {
  readonly #mode: SpeechMode;
  readonly #fallbackLanguage: string | undefined;
  #message = emptyMessage();
  /** The message that ended last, as long as nothing of the next one came. */
  #ended: Message | undefined;
  /** What is to be said before anything else: pieces that could not be delivered. */
  #restored: string[] = [];
  /** Words of earlier messages that wait for `finish`. */
  #kept: string[] = [];
  /** Every piece of earlier messages, said or kept. */
  #earlier: string[] = [];
  #hasReleased = false;

  constructor({ mode, fallbackLanguage }: { mode: SpeechMode; fallbackLanguage?: string }) {
    this.#mode = mode;
    this.#fallbackLanguage = fallbackLanguage;
  }

  /**
   * Takes the text of the current message so far and returns the pieces that can be spoken now.
   *
   * Cheap enough to be called for every token: the text is read only when a sentence may have ended.
   *
   * @param cumulativeText The whole message so far, as markdown; may have been rewritten.
   */
  push(cumulativeText: string): string[] {
    if (cumulativeText === "") return [];
    this.#ended = undefined;
    const message = this.#message;
    const isWorthReading = noticeGrowth(message, withPlainLineBreaks(cumulativeText));
    if (!this.#releases() || !isWorthReading) return [];
    const { text, lastBlock, heldBack } = spokenText(message.source.slice(message.settled.length), true);
    noteReading(message, heldBack);
    // More is held back than before: what was said had been certain, so it comes back with the rest.
    if (!message.isRewritten && message.saidOfRest.startsWith(text)) return [];
    message.isRewritten ||= !text.startsWith(message.saidOfRest);
    const rest = message.isRewritten
      ? unsaid(spokenText(message.source, true).text, message.said, message.language)
      : text.slice(message.saidOfRest.length);
    const pieces = this.#allowed(sentences(rest, this.#languageOf(message, rest)).slice(0, -1));
    if (!message.isRewritten) settle(message, text, pieces, lastBlock);
    return this.#release(pieces, message);
  }

  /**
   * The current message has ended and another one follows (after a tool call): returns what is left of it.
   * Where the mode does not allow it to be spoken, it waits for `finish`.
   */
  boundary(): string[] {
    const message = this.#message;
    const rest = this.#unsaidOf(message, message.source);
    const pieces = sentences(rest, this.#languageOf(message, rest));
    const spoken = this.#releases() ? this.#allowed(pieces) : [];
    const waiting = pieces.slice(spoken.length);
    const released = this.#release(spoken, message);
    if (waiting.length > 0) this.#kept.push(joinSentences(waiting));
    if (message.source !== "") {
      this.#ended = { ...message, said: [...message.said, ...waiting], isRewritten: true };
      this.#earlier.push(...this.#ended.said);
      this.#message = emptyMessage();
    }
    return released;
  }

  /**
   * The answer has ended: returns what was not released yet, as one speakable text. Empty only if there is
   * nothing left to say.
   *
   * @param finalText The whole last message (or all messages joined), where known; it is believed over what
   *   was pushed.
   */
  finish(finalText?: string): string {
    const rest =
      finalText === undefined
        ? this.#unsaidOf(this.#message, this.#message.source)
        : this.#unsaidAtEnd(finalText);
    const words = [...this.#restored, ...this.#kept, rest].filter((part) => part !== "");
    this.#restored = [];
    this.#kept = [];
    return joinSentences(words).replaceAll("\n", " ");
  }

  /** Takes back released pieces that could not be delivered; they come before the next piece, or in `finish`. */
  restore(pieces: readonly string[]): void {
    this.#restored.push(...pieces);
  }

  /** May anything (more) be spoken before the answer's end? */
  #releases(): boolean {
    return this.#mode === "sentences" || (this.#mode === "first" && !this.#hasReleased);
  }

  #allowed(pieces: string[]): string[] {
    return this.#mode === "first" ? pieces.slice(0, 1) : pieces;
  }

  /** Hands out pieces of a message and remembers them as said. */
  #release(pieces: string[], message: Message): string[] {
    if (pieces.length === 0) return [];
    this.#hasReleased = true;
    message.said.push(...pieces);
    return [...this.#restored.splice(0), ...pieces];
  }

  /** The spoken text of a message that was not said yet; `source` is its text as far as it is known now. */
  #unsaidOf(message: Message, source: string): string {
    if (!message.isRewritten && continues(source, message.settled)) {
      const { text } = spokenText(source.slice(message.settled.length));
      if (text.startsWith(message.saidOfRest)) return text.slice(message.saidOfRest.length).trim();
    }
    return unsaid(spokenText(source).text, message.said, message.language);
  }

  /** What was not said of the answer's final text, which can be of the last message or of all of them. */
  #unsaidAtEnd(finalText: string): string {
    const source = withPlainLineBreaks(finalText);
    const message = this.#ended ?? this.#message;
    if (this.#earlier.length > 0) {
      const pieces = [...this.#earlier, ...this.#message.said];
      const rest = restAfter(spokenText(source).text, pieces);
      if (rest !== undefined) return rest;
    }
    return this.#unsaidOf(message, source);
  }

  #languageOf(message: Message, text: string): string {
    if (message.language !== undefined) return message.language;
    const language = detectLanguage(text, this.#fallbackLanguage);
    if (message.source.length >= LANGUAGE_SAMPLE_LENGTH) message.language = language;
    return language;
  }
}

/** Takes over a message's new text; tells whether it is worth reading. */
function noticeGrowth(message: Message, text: string): boolean {
  const before = message.source;
  message.source = text;
  if (!continues(text, before)) {
    if (!continues(text, message.settled)) message.isRewritten = true;
    return true;
  }
  const added = text.slice(before.length);
  const mayBeComplete = message.hasMark ? WORDY.test(added) : MARK_THEN_WORD.test(added);
  message.hasMark ||= SENTENCE_MARK.test(added);
  const mayBeDecided =
    message.heldBack > 0 && (message.heldBack < UNDECIDED_LENGTH || CLOSING_MARK.test(added));
  return mayBeComplete || mayBeDecided || text.length - message.readLength >= LOOK_AGAIN_LENGTH;
}

/** `text.startsWith(beginning)`, but in one comparison of memory: it is made for every token. */
function continues(text: string, beginning: string): boolean {
  return text.slice(0, beginning.length) === beginning;
}

function noteReading(message: Message, heldBack: number): void {
  const tail = afterLastMark(message.source);
  message.hasMark = tail !== message.source && !WORDY.test(tail);
  message.heldBack = heldBack;
  message.readLength = message.source.length;
}

function afterLastMark(text: string): string {
  let index = text.length;
  while (index > 0 && !SENTENCE_MARK.test(text[index - 1] ?? "")) index--;
  return text.slice(index);
}

/** Remembers what is about to be said; once all before the last block is, only that block is read again. */
function settle(message: Message, text: string, pieces: string[], lastBlock: SpokenText["lastBlock"]): void {
  let end = message.saidOfRest.length;
  for (const piece of pieces) end = text.indexOf(piece, end) + piece.length;
  const isBlockReached = lastBlock.source > 0 && end >= lastBlock.text - 1;
  const from = isBlockReached ? lastBlock.text : 0;
  message.saidOfRest = text.slice(from, Math.max(from, end));
  if (isBlockReached) message.settled = message.source.slice(0, message.settled.length + lastBlock.source);
}

function emptyMessage(): Message {
  return {
    source: "",
    settled: "",
    saidOfRest: "",
    said: [],
    isRewritten: false,
    language: undefined,
    readLength: 0,
    heldBack: 0,
    hasMark: false,
  };
}

/** A lone carriage return at the end may be half of a line break; it is one either way. */
function withPlainLineBreaks(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/gu, "\n") : text;
}
