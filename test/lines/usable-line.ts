// Owns how the tests of routes and of what lines can do make a line of any carrier.
import type { UsableLine } from "../../plugin/config/choose-line.ts";
import { type CarrierName, lineDefaults } from "../../plugin/config/schema.ts";
import { PRACTICE_CLAWCALL_KEY } from "../../plugin/practice/clawcall-server.ts";
import { PRACTICE_API_KEY } from "../../plugin/practice/clawdtalk-server.ts";
import { PRACTICE_STEPONE_KEY } from "../../plugin/practice/stepone-server.ts";

const KEYS = {
  clawdtalk: PRACTICE_API_KEY,
  clawcall: PRACTICE_CLAWCALL_KEY,
  stepone: PRACTICE_STEPONE_KEY,
} satisfies Readonly<Record<CarrierName, string>>;

/** Nobody listens there. */
export const NOWHERE = "http://127.0.0.1:9";

/** A line of this carrier with the practice line's key. */
export function usableLine(
  carrier: CarrierName,
  given: { readonly name?: string; readonly apiUrl?: string; readonly enabled?: boolean } = {},
): UsableLine {
  const apiUrl = given.apiUrl ?? NOWHERE;
  return {
    ...lineDefaults,
    name: given.name ?? carrier,
    carrier,
    enabled: given.enabled ?? true,
    apiKey: KEYS[carrier],
    server: apiUrl,
    apiUrl,
    turnTimeoutMs: 25_000,
    inboundCallers: "unknown",
  };
}
