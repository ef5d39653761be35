// Owns the live streams of a StepOne practice server: everything said so far, then each line as it is said, and
// every way in which such a stream can be slow or broken.
import type { ServerResponse } from "node:http";
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import type { StepOneStreamFault } from "./stepone-faults.ts";
import type { StepOneHost, StepOneStream } from "./stepone-record.ts";
import { dataLine, KEEP_ALIVE, STREAM_END } from "./stepone-wire.ts";

const NEWLINE = 0x0a;

/** One call on its way into one response, in the pieces and at the pace its fault wants. */
export class LiveStream {
  readonly #host: StepOneHost;
  readonly #call: StepOnePracticeCall;
  readonly #response: ServerResponse;
  readonly #fault: Omit<StepOneStreamFault, "times">;
  readonly #stream: StepOneStream;
  /** How many of the call's lines have been written. */
  #told = 0;
  #stop = () => {};
  readonly #pieces: Buffer[] = [];
  /** The end of a line that waits for the next one; only with `chunks: "lines"`. */
  #held: Buffer = Buffer.alloc(0);
  /** How many bytes may still be written. */
  #left: number;
  /** What is done when all is sent; nothing is written after it. */
  #last: (() => void) | undefined;
  #resting = false;

  constructor(
    host: StepOneHost,
    call: StepOnePracticeCall,
    response: ServerResponse,
    fault: Omit<StepOneStreamFault, "times"> = {},
  ) {
    this.#host = host;
    this.#call = call;
    this.#response = response;
    this.#fault = fault;
    this.#left = fault.cutAfterBytes ?? Number.POSITIVE_INFINITY;
    this.#stream = { at: host.now(), callId: call.id, bytes: 0, endedAt: undefined, endedBy: undefined };
  }

  /** Writes the head and everything said so far, and follows the call from there. */
  open(): void {
    this.#host.record.streams.push(this.#stream);
    this.#host.waiting.changed();
    this.#response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    this.#response.flushHeaders();
    const unfollow = this.#call.follow(() => this.#tell());
    const stopKeepAlive = this.#keepAlive();
    this.#stop = () => {
      unfollow();
      stopKeepAlive();
    };
    this.#response.once("close", () => {
      this.#stop();
      this.#ended("client");
    });
    // A stream that is to be cut after no bytes at all is cut here.
    this.#write("");
    this.#tell();
  }

  #tell(): void {
    const { keepAliveOnly, asciiOnly = false, withoutEnd } = this.#fault;
    if (keepAliveOnly) return;
    const { lines, end } = this.#call;
    for (const line of lines.slice(this.#told)) this.#write(dataLine(line, asciiOnly));
    this.#told = lines.length;
    if (end === undefined) return;
    this.#stop();
    if (!withoutEnd) this.#write(dataLine({ role: "system", content: STREAM_END[end] }, asciiOnly));
    this.#finish(() => {
      this.#ended(withoutEnd ? "fault" : "service");
      this.#response.end();
    });
  }

  /** Writes a comment line every now and then; the returned function stops it. */
  #keepAlive(): () => void {
    let cancel = () => {};
    const wait = () => {
      cancel = this.#host.later(this.#host.timings.keepAliveMs, () => {
        this.#write(KEEP_ALIVE);
        wait();
      });
    };
    wait();
    return () => cancel();
  }

  #write(text: string): void {
    if (this.#last) return;
    const whole = Buffer.from(text.replaceAll("\n", this.#fault.lineEnd ?? "\n"));
    const bytes = whole.subarray(0, this.#left);
    this.#left -= bytes.length;
    this.#split(bytes);
    if (this.#left === 0) this.#finish(() => this.#cut());
    else this.#send();
  }

  #finish(last: () => void): void {
    if (this.#last) return;
    this.#last = last;
    if (this.#held.length > 0) this.#pieces.push(this.#held);
    this.#send();
  }

  #cut(): void {
    const { cut } = this.#fault;
    if (cut === "hang") return;
    this.#ended("fault");
    if (cut === "end") this.#response.end();
    // What was written still arrives; the end of the body never does.
    else this.#response.socket?.destroySoon();
  }

  #ended(by: NonNullable<StepOneStream["endedBy"]>): void {
    this.#stream.endedAt ??= this.#host.now();
    this.#stream.endedBy ??= by;
    this.#host.waiting.changed();
  }

  /** Adds these bytes to the pieces that are to be sent. */
  #split(bytes: Buffer): void {
    const { chunks } = this.#fault;
    let start = 0;
    for (const end of chunks === undefined ? [] : BREAKS[chunks](bytes)) {
      this.#pieces.push(Buffer.concat([this.#held, bytes.subarray(start, end)]));
      this.#held = Buffer.alloc(0);
      start = end;
    }
    const rest = bytes.subarray(start);
    if (chunks === "lines") this.#held = Buffer.concat([this.#held, rest]);
    else if (rest.length > 0) this.#pieces.push(rest);
  }

  #send(): void {
    const { chunkGapMs = 0 } = this.#fault;
    while (!this.#resting) {
      const piece = this.#pieces.shift();
      if (!piece) {
        this.#last?.();
        return;
      }
      this.#stream.bytes += piece.length;
      this.#response.write(piece);
      this.#host.waiting.changed();
      if (chunkGapMs === 0) continue;
      this.#resting = true;
      this.#host.waiting.later(chunkGapMs, () => {
        this.#resting = false;
        if (!this.#response.destroyed) this.#send();
      });
    }
  }
}

/** Where a chunk ends within these bytes, in ascending order. */
const BREAKS: Readonly<Record<NonNullable<StepOneStreamFault["chunks"]>, (text: Buffer) => number[]>> = {
  bytes: (text) => positions(text, () => true),
  // Before the second byte of a character: 10xxxxxx after 11xxxxxx.
  characters: (text) =>
    positions(text, (at) => ((text[at] ?? 0) & 0xc0) === 0x80 && (text[at - 1] ?? 0) >= 0xc0),
  lines: (text) => {
    const middles: number[] = [];
    let start = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
      const middle = Math.floor((start + end + 1) / 2);
      if (middle > start) middles.push(middle);
      start = end + 1;
    }
    return middles;
  },
};

function positions(text: Buffer, fits: (at: number) => boolean): number[] {
  return [...text.keys()].slice(1).filter(fits);
}
