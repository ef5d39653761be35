// Owns one client's WebSocket on the practice server: what leaves through it, with the faults that apply on
// the way (silence, delay, duplicates, swapped pairs, a cut at the worst moment), and its keep-alive.
import type { RawData, WebSocket } from "ws";
import type { ClawdTalkFaults } from "./clawdtalk-faults.ts";
import type { ClawdTalkRecord } from "./clawdtalk-record.ts";
import type { Waiting } from "./waiting.ts";

interface ConnectionHost {
  readonly faults: ClawdTalkFaults;
  readonly waiting: Waiting;
  readonly timings: {
    readonly pingEveryMs: number;
    readonly pongWithinMs: number;
    readonly reorderHoldMs: number;
  };
  readonly record: ClawdTalkRecord;
  received(connection: Connection, data: RawData, isBinary: boolean): void;
  pinged(): void;
  closed(connection: Connection): void;
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
  /** What is to be done with the socket, in order; delayed as the faults say. */
  readonly #queue: (() => void)[] = [];
  #held: (() => void)[] | undefined;
  #pings = 0;
  /** Number of the last ping that was answered. */
  #answered = 0;

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
    socket.on("pong", (data) => {
      this.#answered = Number(data.toString());
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
    const raw = JSON.stringify(message);
    const one = () => this.#transmit(raw, message);
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

  /** Sends a text that need not be a message. */
  sendRaw(raw: string): void {
    this.#enqueue([() => this.#transmit(raw, raw)]);
  }

  /** Closes it, after what was sent before. Nothing that still comes from the client counts. */
  close(code: number, reason: string): void {
    this.dismissed = true;
    this.#release();
    this.#enqueue([() => this.#socket.close(code, reason)]);
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

  #enqueue(batch: readonly (() => void)[]): void {
    const { faults, waiting } = this.#host;
    for (const action of batch) {
      this.#queue.push(action);
      if (faults.latencyMs === 0 && this.#queue.length === 1) this.#queue.shift()?.();
      else waiting.later(faults.latencyMs, () => this.#queue.shift()?.());
    }
  }

  #transmit(raw: string, message: unknown): void {
    const { faults, record } = this.#host;
    if (faults.silent || this.#socket.readyState !== this.#socket.OPEN) {
      record.notDelivered(message);
      return;
    }
    const cut = faults.dropSocket === "after_request" && isRequest(message);
    if (cut) faults.dropSocket = undefined;
    this.#socket.send(raw, cut ? () => this.drop() : undefined);
    record.frameSent(this.number, message);
  }

  #keepAlive(): void {
    const { waiting, timings, faults } = this.#host;
    waiting.later(timings.pingEveryMs, () => {
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#keepAlive();
      if (faults.silent) return;
      this.#pings += 1;
      const ping = this.#pings;
      this.#socket.ping(String(ping));
      waiting.later(timings.pongWithinMs, () => {
        if (this.#answered < ping) this.drop();
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
