// Owns the text messages of a practice account: what was sent and received, listed the way the service lists.
import type { Direction } from "./clawdtalk-wire.ts";
import type { WaitOptions } from "./waiting.ts";

/** One text message. The wire page does not say how a listed message looks; the names are those it uses elsewhere. */
export interface TextMessage {
  readonly id: string;
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly media_urls: readonly string[];
  readonly status: "queued" | "received";
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

interface ReplyOptions extends WaitOptions {
  /** How long it must stay quiet after the last part of a reply, in milliseconds; default 150. */
  readonly settleMs?: number;
}

/** A text somebody sent to the agent. */
export interface PracticeText {
  readonly messageId: string;
  readonly from: string;
  readonly body: string;
  /**
   * The messages sent to this number since: resolves when one has come and no further part follows.
   *
   * @throws PracticeTimeout when none comes.
   */
  reply(options?: ReplyOptions): Promise<TextMessage[]>;
}

interface ListOptions {
  readonly limit: number;
  readonly page: number;
  readonly contact?: string | undefined;
  readonly direction?: Direction | undefined;
}

export class TextMessages {
  readonly all: TextMessage[] = [];

  /** Keeps a message; one with the same id is the same message and is kept once. */
  add(message: TextMessage): void {
    if (!this.all.some((kept) => kept.id === message.id)) this.all.push(message);
  }

  /** One page, newest first, as `GET /messages` answers. */
  list({ limit, page, contact, direction }: ListOptions) {
    const fitting = this.all
      .filter((message) => contact === undefined || contactOf(message) === contact)
      .filter((message) => direction === undefined || message.direction === direction)
      .reverse();
    return {
      messages: fitting.slice((page - 1) * limit, page * limit),
      pagination: { page, limit, total: fitting.length, pages: Math.ceil(fitting.length / limit) },
    };
  }

  /** One row for each contact, the latest first, as `GET /messages/conversations` answers. */
  conversations() {
    const newestFirst = Map.groupBy(this.all.toReversed(), contactOf);
    return {
      conversations: [...newestFirst].map(([contact, messages]) => {
        const lastAnswer = messages.findIndex((message) => message.direction === "outbound");
        return {
          contact,
          last_message: messages[0]?.body ?? "",
          last_message_at: messages[0]?.created_at ?? "",
          unread_count: lastAnswer === -1 ? messages.length : lastAnswer,
        };
      }),
    };
  }
}

function contactOf(message: TextMessage): string {
  return message.direction === "inbound" ? message.from : message.to;
}
