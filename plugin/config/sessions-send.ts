/**
 * Owns where the gateway's config speaks of `sessions_send`, the tool by which an install without the plugin speaks to the
 * agent: what allows it over HTTP, what forbids it there, and where it is put by mistake.
 */
import type { ConfigWish } from "./gateway-config-file.ts";

export const TOOL = "sessions_send";
/** What may be called over HTTP although the gateway forbids it there by default. */
export const ALLOWED_OVER_HTTP = ["gateway", "tools", "allow"] as const;
/** What is never allowed over HTTP: counts before the other. */
export const DENIED_OVER_HTTP = ["gateway", "tools", "deny"] as const;
/** All that the agent itself may use. The tool is put here by mistake. */
export const AGENTS_OWN = ["tools", "allow"] as const;

/** Names are compared as the gateway compares them. */
export function isTool(item: unknown): boolean {
  return typeof item === "string" && item.trim().toLowerCase() === TOOL;
}

export interface Misplaced {
  /** A sentence. */
  readonly meaning: string;
  /** A question. */
  readonly question: string;
  readonly repair: ConfigWish;
}

/**
 * The tool where it was put by mistake; undefined when it is not there.
 *
 * @param agentsOwn the list at {@link AGENTS_OWN}.
 */
export function misplacedTool(agentsOwn: readonly unknown[]): Misplaced | undefined {
  const misplaced = agentsOwn.filter(isTool);
  if (misplaced.length === 0) return undefined;
  const isAlone = misplaced.length === agentsOwn.length;
  return {
    meaning: `"tools.allow" has ${TOOL}: that is not what lets it be called over HTTP, but the list of what your agent may use${isAlone ? ", which leaves it with this one tool" : ""}.`,
    question: isAlone ? "Take the list away, so that it may use everything again?" : "Take it out there?",
    repair: isAlone
      ? { change: "remove", path: AGENTS_OWN }
      : { change: "take", path: AGENTS_OWN, items: misplaced.map(String) },
  };
}
