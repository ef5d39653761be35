/**
 * Owns how Switchboard writes its log: the narrow interface every part logs through, and the ring that keeps
 * the last lines in memory for a carrier's support request. Writing to the gateway's log or to a file is the
 * business of whoever makes the inner log.
 */

import { redact } from "./config/redaction.ts";

/** One message is one event, in one clear sentence. No secret belongs in it. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A log that also remembers its last lines. */
export interface RingLog extends Log {
  /** The last lines, oldest first, each `<UTC ISO 8601> <level> <message>` on one line. */
  lines(): string[];
}

/** A remembered line longer than this (UTF-16 units) is cut, so that the ring's memory stays bounded. */
const LINE_LIMIT = 2_000;

/**
 * Wraps `inner` so that every message is redacted once, when it is written, both for `inner` and for the last
 * `size` lines kept in memory.
 *
 * @param secrets the secrets known at this moment; asked at every write, since lines and keys can change
 * @param now milliseconds since the epoch
 */
export function createRingLog(
  inner: Log,
  size: number,
  { secrets = () => [], now = Date.now }: { secrets?: () => readonly string[]; now?: () => number } = {},
): RingLog {
  const kept: string[] = [];
  const at = (level: keyof Log) => (message: string) => {
    const safe = redact(message, secrets());
    const oneLine = safe.replaceAll(/\s*[\r\n]+\s*/g, " | ").slice(0, LINE_LIMIT);
    kept.push(`${new Date(now()).toISOString()} ${level} ${oneLine}`);
    if (kept.length > size) kept.shift();
    inner[level](safe);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    lines: () => [...kept],
  };
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
