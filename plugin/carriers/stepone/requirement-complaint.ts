/** Owns what people are told of a requirement that misses something. */
import type { RequirementPart } from "./requirement.ts";

const PARTS: Readonly<Record<RequirementPart, string>> = {
  name: "the name of the person called",
  time: "a time",
  place: "a place",
};

/** What is missing in a requirement, in a sentence without its end; undefined when nothing is. */
export function complaintAbout(missing: readonly RequirementPart[]): string | undefined {
  if (missing.length === 0) return undefined;
  const parts = missing.map((part) => PARTS[part]);
  const listed = parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  return `The requirement does not seem to say ${listed}`;
}
