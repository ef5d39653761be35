/** Owns taking keys out of what a carrier gets to say, to text or to keep: whoever wrote it, no key goes out with it. */
import { withoutOwnersData } from "../trust/last-check.ts";

/**
 * The same value without a key in any of its texts, not spelled either.
 *
 * @param value a text, or anything JSON can hold.
 * @param secrets as `secretsOf` of config/redaction.ts gives them.
 * @param allowed the account's addresses in it stay. By default those of each text itself: what is asked for is its own
 * to say.
 */
export function withoutKeys<Value>(value: Value, secrets: readonly string[], allowed?: string): Value {
  return cleaned(value, secrets, allowed) as Value;
}

function cleaned(value: unknown, secrets: readonly string[], allowed: string | undefined): unknown {
  if (typeof value === "string") {
    return withoutOwnersData(value, { secrets, ownerNumbers: [], allowed: allowed ?? value });
  }
  if (Array.isArray(value)) return value.map((each) => cleaned(each, secrets, allowed));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, cleaned(each, secrets, allowed)]),
  );
}
