// Owns what is written down about a ClawdTalk practice server: every request, frame and breach of the wire
// page, in order, with every API key taken out before anything is kept.
import type { Rule } from "./clawdtalk-wire.ts";
import { type PracticeEvent, PracticeRecord, type RequestRecord } from "./practice-record.ts";

/** A frame as it was received or sent. */
export interface FrameRecord {
  readonly at: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** The parsed JSON; the text itself (cut after 200 characters) when it was none. */
  readonly message: unknown;
}

/** One WebSocket handshake. */
export interface HandshakeRecord {
  readonly at: number;
  /** 101 when accepted; otherwise the status it was refused with; `hang` when it got no answer. */
  readonly answer: number | "hang";
}

/** A client that has authenticated. */
export interface PracticeClient {
  readonly connection: number;
  readonly at: number;
  readonly ownerName: string | undefined;
  readonly agentName: string | undefined;
  readonly clientVersion: string | undefined;
}

/** What can happen on the line. */
type ClawdTalkHappening =
  | {
      readonly kind: "client";
      readonly state: "connected" | "refused" | "gone";
      readonly connection: number;
    }
  | { readonly kind: "received" | "sent"; readonly connection: number; readonly message: unknown }
  | { readonly kind: "undelivered"; readonly message: unknown }
  | {
      readonly kind: "rest";
      readonly method: string;
      readonly path: string;
      readonly status: number | undefined;
    };

/** One thing that happened on the line, as `follow` tells it. */
export type ClawdTalkEvent = PracticeEvent<ClawdTalkHappening, Rule>;

const TEXT_LENGTH = 200;
const KEY_LENGTH = 8;

export class ClawdTalkRecord extends PracticeRecord<ClawdTalkHappening, Rule> {
  readonly frames: FrameRecord[] = [];
  readonly sent: FrameRecord[] = [];
  readonly undelivered: unknown[] = [];
  readonly handshakes: HandshakeRecord[] = [];
  readonly clients: PracticeClient[] = [];
  /** Every key seen, right or wrong. */
  readonly #secrets = new Set<string>();

  /** From now on this text is written down as `[key]`. Too short a text could be any word, and is no key. */
  hide(secret: string): void {
    if (secret.length >= KEY_LENGTH) this.#secrets.add(secret);
  }

  handshake(answer: number | "hang"): void {
    this.handshakes.push({ at: this.now(), answer });
    this.waiting.changed();
  }

  client(client: Omit<PracticeClient, "at">): void {
    this.clients.push({ ...client, at: this.now() });
    this.tell({ kind: "client", state: "connected", connection: client.connection });
  }

  clientRefused(connection: number): void {
    this.tell({ kind: "client", state: "refused", connection });
  }

  clientGone(connection: number): void {
    this.tell({ kind: "client", state: "gone", connection });
  }

  frameReceived(connection: number, message: unknown): void {
    const shown = this.#shown(message);
    this.frames.push({ at: this.now(), connection, message: shown });
    this.tell({ kind: "received", connection, message: shown });
  }

  frameSent(connection: number, message: unknown): void {
    const shown = this.#shown(message);
    this.sent.push({ at: this.now(), connection, message: shown });
    this.tell({ kind: "sent", connection, message: shown });
  }

  notDelivered(message: unknown): void {
    const shown = this.#shown(message);
    this.undelivered.push(shown);
    this.tell({ kind: "undelivered", message: shown });
  }

  requestAnswered({ method, path, status }: RequestRecord): void {
    this.tell({ kind: "rest", method, path, status });
  }

  override breach(rule: Rule, message: string, input?: unknown): void {
    super.breach(rule, message, input === undefined ? undefined : this.#shown(input));
  }

  /** A copy fit to be kept: no key in it, and a text that is no message cut short. */
  #shown(message: unknown): unknown {
    const short =
      typeof message === "string" && message.length > TEXT_LENGTH
        ? `${message.slice(0, TEXT_LENGTH)}…`
        : message;
    let text = JSON.stringify(short);
    for (const secret of this.#secrets) {
      text = text.replaceAll(JSON.stringify(secret).slice(1, -1), "[key]");
    }
    return JSON.parse(text);
  }
}
