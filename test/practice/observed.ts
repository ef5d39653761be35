// Owns how the practice lines' own tests look at what happened: as soon as it did, and whether it was allowed.
import { vi } from "vitest";

/** What `look` finds (anything but `undefined` and `false`), as soon as it finds it. */
export function soon<Found>(look: () => Found | undefined): Promise<Found> {
  return vi.waitFor(
    () => {
      const found = look();
      if (found === undefined || found === false) throw new Error("Not found in time.");
      return found;
    },
    { timeout: 3_000, interval: 2 },
  );
}

/** The rules of the wire page that clients broke, in order. */
export function rulesBroken<Rule>({
  violations,
}: {
  readonly violations: readonly { readonly rule: Rule }[];
}): Rule[] {
  return violations.map(({ rule }) => rule);
}
