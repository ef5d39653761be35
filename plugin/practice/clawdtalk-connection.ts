// Owns one client's WebSocket on the practice server: what leaves through it, with the faults that apply on
// the way (silence, delay, duplicates, swapped pairs, a cut at the worst moment), and its keep-alive.
import type { RawData, WebSocket } from "ws";
import type { ClawdTalkFaults } from "./clawdtalk-faults.ts";
import type { Waiting } from "./waiting.ts";

interface ConnectionHost {
  readonly faults: ClawdTalkFaults;
  readonly waiting: Waiting;
  readonly timings: {
    readonly pingEveryMs: number;
    readonly pongWithinMs: number;
    readonly reorderHoldMs: number;
  };
  sent(connection: Connection, message: unknown): void;
  undelivered(message: unknown): void;
  received(connection: Connection, data: RawData, isBinary: boolean): void;
  pinged(): void;
  closed(connection: Connection): void;
}

interface Outgoing {
  readonly raw: string;
  /** For the record: the message, or the beginning of a text that is none. */
  readonly message: unknown;
}

export class Connection {
  /** Counted from 1. */
  readonly number: number;
  /** Set once it has authenticated. */
  key: string | undefined;
  agentName = "agent";
  /** Whether a client with this key had been here before. */
  reconnected = false;
  /** Frames of a client that was told to go are ignored. */
  dismissed = false;
  readonly #socket: WebSocket;
  readonly #host: ConnectionHost;
  readonly #queue: Outgoing[] = [];
  #held: Outgoing[] | undefined;
  #ponged = true;

  constructor(socket: WebSocket, number: number, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.number = number;
    socket.on("message", (data, isBinary) => {
      if (!this.dismissed) host.received(this, data, isBinary);
    });
    socket.on("ping", (data) => {
      host.pinged();
      if (!host.faults.silent) socket.pong(data);
    });
    socket.on("pong", () => {
      this.#ponged = true;
    });
    // A frame over the limit or a broken one ends the connection; "close" follows.
    socket.on("error", () => {});
    socket.on("close", () => host.closed(this));
    if (host.timings.pingEveryMs > 0) this.#keepAlive();
  }

  /** Sends a message, through whatever faults are set. */
  send(message: object): void {
    const { faults, waiting, timings } = this.#host;
    const isEvent = "type" in message && message.type === "event";
    const one: Outgoing = { raw: JSON.stringify(message), message };
    const batch = isEvent && faults.duplicateEvents ? [one, one] : [one];

    if (!isEvent || !faults.reorderEvents) {
      this.#release();
      this.#enqueue(batch);
    } else if (this.#held) {
      this.#enqueue(batch);
      this.#release();
    } else {
      this.#held = batch;
      waiting.later(timings.reorderHoldMs, () => {
        if (this.#held === batch) this.#release();
      });
    }
  }

  /** Sends a text that need not be a message. `shown` is what is recorded of it. */
  sendRaw(raw: string, shown: unknown): void {
    this.#enqueue([{ raw, message: shown }]);
  }

  close(code: number, reason: string): void {
    this.dismissed = true;
    this.#socket.close(code, reason);
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.terminate();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#enqueue(held);
  }

  #enqueue(batch: readonly Outgoing[]): void {
    for (const outgoing of batch) {
      this.#queue.push(outgoing);
      if (this.#host.faults.latencyMs === 0 && this.#queue.length === 1) this.#transmitNext();
      else this.#host.waiting.later(this.#host.faults.latencyMs, () => this.#transmitNext());
    }
  }

  #transmitNext(): void {
    const next = this.#queue.shift();
    if (!next) return;
    const { faults } = this.#host;
    if (faults.silent || this.#socket.readyState !== this.#socket.OPEN) {
      this.#host.undelivered(next.message);
      return;
    }
    const cut = faults.dropSocket === "after_request" && isRequest(next.message);
    if (cut) faults.dropSocket = undefined;
    this.#socket.send(next.raw, cut ? () => this.drop() : undefined);
    this.#host.sent(this, next.message);
  }

  #keepAlive(): void {
    const { waiting, timings, faults } = this.#host;
    waiting.later(timings.pingEveryMs, () => {
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#keepAlive();
      if (faults.silent) return;
      this.#ponged = false;
      this.#socket.ping();
      waiting.later(timings.pongWithinMs, () => {
        if (!this.#ponged) this.drop();
      });
    });
  }
}

function isRequest(message: unknown): boolean {
  return (
    typeof message === "object" &&
    message !== null &&
    "event" in message &&
    message.event === "deep_tool_request"
  );
}
