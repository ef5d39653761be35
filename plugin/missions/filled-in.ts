/** Owns the places in a text message that are filled in for each target: `{name}`, `{number}`, and the names of facts. */
import type { PlanTarget } from "./plan.ts";

const PLACE = /\{([^{}\n]{1,80})\}/g;

type Filled = Pick<PlanTarget, "name" | "number" | "facts">;

/** The text as this target gets it. What nothing is known of stays as it is. */
export function filledIn(text: string, target: Filled): string {
  return text.replaceAll(PLACE, (whole, name: string) => wordsOf(name, target) ?? whole);
}

/** The names in a text of which nothing is known of this target. */
export function missingWords(text: string, target: Filled): string[] {
  return Array.from(text.matchAll(PLACE), ([, name = ""]) => name).filter(
    (name) => wordsOf(name, target) === undefined,
  );
}

function wordsOf(name: string, target: Filled): string | undefined {
  const wanted = folded(name);
  if (wanted === "name") return target.name;
  if (wanted === "number") return target.number;
  const [, fact] = Object.entries(target.facts).find(([known]) => folded(known) === wanted) ?? [];
  return fact;
}

/** Names of columns are one whatever their case, width, spaces and hyphens. */
export function folded(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{Z}\p{Cf}\p{P}\s_]+/gu, "");
}
