/**
 * Owns following a conversation of StepOne as it is spoken (wire page, `stream_chat_history`): from bytes, cut
 * anywhere, to what was said. Assumed, since the service does not document it: a conversation is told from its beginning
 * each time it is asked for. So a stream that broke off is taken up again by counting: what was told before is left out,
 * whatever it says.
 */
import { createParser } from "eventsource-parser";
import * as z from "zod/mini";
import { jsonIn } from "../../json-text.ts";
import { CarrierError, CarrierRefused, CarrierUnreachable } from "../carrier-errors.ts";
import type { StepOneLine } from "./rest.ts";

/** A piece of the stream, as soon as it is whole: one event, or a comment line. */
export type StreamPiece = {
  /** Exactly as it came. */
  readonly raw: Uint8Array;
} & (
  | { readonly kind: "nothing" }
  | ({ readonly kind: "line" } & StepOneLine)
  /** An event that is no line. */
  | { readonly kind: "unreadable"; readonly data: string }
  | {
      readonly kind: "end";
      readonly end: StreamEnd;
      /** The end came before all that had been told was told again: lines may be missing. */
      readonly isShort: boolean;
    }
);

/** The call is over, or nobody answered within 30 s. */
export type StreamEnd = "done" | "timeout";

const ENDS: Readonly<Record<string, StreamEnd>> = { "[DONE]": "done", "[TIMEOUT]": "timeout" };

const said = z.object({ role: z.string(), content: z.string() });

export interface FollowOptions {
  /** Opens the stream from the conversation's beginning. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  /** Ends it at once: its reason is thrown. */
  readonly signal: AbortSignal;
  /** Rejects when the signal says so. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** The stream broke off and is opened again. */
  readonly onBroken?: () => void;
  readonly limits?: Partial<FollowLimits>;
}

export interface FollowLimits {
  /** How many streams in a row may bring nothing new, */
  readonly fruitless: number;
  /** and how many when none could be opened yet. */
  readonly unopened: number;
  /** Before a stream is opened again; doubled each time nothing new came, up to {@link longestDelayMs}. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /**
   * After how long without a byte a stream counts as broken. While the phone rings a comment comes twice a second;
   * whether any come in a conversation's silences is not documented, and opening it again costs nothing.
   */
  readonly silenceMs: number;
  /**
   * After how long without any event, comments or not, a stream counts as broken: the phone rings for 30 s, and what
   * was said before comes at once.
   */
  readonly eventlessMs: number;
  /** How long the end of the bytes is waited for when the conversation is over. */
  readonly graceMs: number;
}

const LIMITS: FollowLimits = {
  fruitless: 6,
  unopened: 3,
  firstDelayMs: 500,
  longestDelayMs: 8_000,
  silenceMs: 60_000,
  eventlessMs: 90_000,
  graceMs: 1_000,
};

/**
 * The pieces of a conversation, each once, up to its end; then what bytes there still are.
 *
 * @throws CarrierRefused
 * @throws CarrierUnreachable also when the stream broke off for good before its end
 */
export async function* followConversation(options: FollowOptions): AsyncGenerator<StreamPiece, void> {
  const { signal, wait, onBroken } = options;
  const limits = { ...LIMITS, ...options.limits };
  let told = 0;
  let hasOpened = false;
  const open = async (until: AbortSignal) => {
    const stream = await options.open(until);
    hasOpened = true;
    return stream;
  };
  for (let fruitless = 0; ; ) {
    const toldBefore = told;
    let position = 0;
    let isOver = false;
    let failure: unknown;
    try {
      for await (const piece of piecesOf(open, signal, limits)) {
        if (piece.kind === "end") {
          isOver = true;
          yield { ...piece, isShort: position < told };
          continue;
        }
        if (piece.kind !== "nothing") position += 1;
        if (piece.kind === "nothing" || position > told) {
          told = Math.max(told, position);
          yield piece;
        }
      }
    } catch (error) {
      failure = error;
    }
    if (isOver) return;
    signal.throwIfAborted();
    if (failure instanceof CarrierRefused && !failure.isTransient) throw failure;
    fruitless = told > toldBefore ? 0 : fruitless + 1;
    if (fruitless >= (hasOpened ? limits.fruitless : limits.unopened)) {
      throw failure instanceof CarrierError
        ? failure
        : new CarrierUnreachable(BROKEN, { mayHaveHappened: false });
    }
    onBroken?.();
    await wait(Math.min(limits.firstDelayMs * 2 ** fruitless, limits.longestDelayMs), signal);
  }
}

const BROKEN =
  "StepOne's stream breaks off again and again before the conversation is over: its record tells all of it when the call has ended.";

/** The pieces of one stream. Throws when it breaks; ends when it ends, with or without an end of the conversation. */
async function* piecesOf(
  open: FollowOptions["open"],
  stopped: AbortSignal,
  limits: FollowLimits,
): AsyncGenerator<StreamPiece, void> {
  const silence = new AbortController();
  const pieces = new Pieces();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let eventless: NodeJS.Timeout | undefined;
  let isEnding = false;
  const listen = () => {
    // However much comes after the end, it is waited for once.
    if (isEnding) return;
    isEnding = isOver;
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), isOver ? limits.graceMs : limits.silenceMs);
  };
  let failure: unknown;
  try {
    const stream = await open(AbortSignal.any([stopped, silence.signal]));
    listen();
    eventless = setTimeout(() => silence.abort(), limits.eventlessMs);
    for await (const chunk of stream) {
      for (const piece of pieces.push(chunk)) {
        if (piece.kind !== "nothing") clearTimeout(eventless);
        isOver ||= piece.kind === "end";
        yield piece;
      }
      listen();
    }
  } catch (error) {
    failure = error;
  } finally {
    clearTimeout(timer);
    clearTimeout(eventless);
  }
  for (const piece of pieces.rest()) {
    // Half an event is told again by the next stream; after the end there is none.
    if (piece.kind === "end" || isOver) yield piece;
  }
  if (failure !== undefined) throw failure;
}

const NEWLINE = 0x0a;

/** Puts the bytes of an event stream together again. Lines end where a newline is, whatever is before it. */
class Pieces {
  /** The beginning of a line. */
  #line: Uint8Array[] = [];
  /** The lines of an event that has not ended. */
  #event: Uint8Array[] = [];
  #data: string | undefined;
  readonly #parser = createParser({
    onEvent: ({ data }) => {
      this.#data = data;
    },
  });

  *push(chunk: Uint8Array): Generator<StreamPiece, void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...this.#line, chunk.subarray(start, end + 1)]);
      this.#line = [];
      start = end + 1;
      const piece = this.#read(line);
      if (piece !== undefined) yield piece;
    }
    if (start < chunk.length) this.#line.push(chunk.slice(start));
  }

  /** What the stream ended in the middle of. */
  *rest(): Generator<StreamPiece, void> {
    const raw = Buffer.concat([...this.#event, ...this.#line]);
    if (raw.length === 0) return;
    this.#parser.feed(`${new TextDecoder().decode(Buffer.concat(this.#line))}\n\n`);
    yield pieceOf(raw, this.#data);
  }

  #read(line: Uint8Array): StreamPiece | undefined {
    this.#event.push(line);
    this.#parser.feed(new TextDecoder().decode(line));
    const isComment = this.#event.length === 1 && line[0] === 0x3a;
    const isBlank = line.length === 1 || (line.length === 2 && line[0] === 0x0d);
    if (!isComment && !isBlank) return undefined;
    const piece = pieceOf(Buffer.concat(this.#event), this.#data);
    this.#event = [];
    this.#data = undefined;
    return piece;
  }
}

function pieceOf(raw: Uint8Array, data: string | undefined): StreamPiece {
  if (data === undefined) return { raw, kind: "nothing" };
  const parsed = said.safeParse(jsonIn(data));
  if (!parsed.success) return { raw, kind: "unreadable", data };
  const { role, content } = parsed.data;
  const end = role === "system" ? ENDS[content.trim()] : undefined;
  return end === undefined ? { raw, kind: "line", role, content } : { raw, kind: "end", end, isShort: false };
}
