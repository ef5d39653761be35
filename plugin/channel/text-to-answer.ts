/** Owns what an inbound text is, and how a reply goes back, for whoever answers it: the channel or the connector. */
import type { E164 } from "../config/phone-number.ts";

export interface TextToAnswer {
  readonly messageId: string;
  readonly from: E164;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly receivedAtMs: number;
  /** Who asked the agent before, in vain: this process, or one that ended meanwhile. */
  readonly askedBefore?: "here" | "beforeRestart" | undefined;
}

/**
 * Sends a reply, intent first; rejects when it was not sent. `mediaUrls` are http(s) URLs. An aside is said meanwhile and
 * answers nothing: the text still waits for its reply.
 */
export type Reply = (
  text: string,
  mediaUrls?: readonly string[],
  how?: { readonly isAside: true },
) => Promise<void>;

/**
 * Commands that stop what is going on: they pass everything that waits, or there would be nothing left to stop.
 * (The gateway takes them apart itself; this only decides the order.)
 */
export function isStopCommand(body: string): boolean {
  return /^\s*\/(?:stop|abort)\s*$/i.test(body);
}
