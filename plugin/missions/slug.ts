/** Owns the names by which people and agents speak of missions: short, typed, and never two missions' at once. */
import { NoSuchMission } from "./mission-errors.ts";

/**
 * The slug of a mission's name: lower case, whatever is neither letter nor digit becomes one hyphen, none at the ends.
 * Letters of every script are kept. (For ASCII names as the seeds' command line makes it.)
 *
 * @returns never empty: a name without any letter or digit gives "mission".
 */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "mission" : slug;
}

/** Whether two names are one, whatever their case, width and spaces. */
export function isSameName(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(name: string): string {
  return name.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
}

/** How many slugs are offered for one that is not there. */
const OFFERED = 3;

/** The slugs most like this one, the likest first. */
export function nearestSlugs(slug: string, known: readonly string[]): string[] {
  const wanted = slugOf(slug);
  return known
    .map((candidate) => ({ candidate, likeness: likeness(wanted, candidate) }))
    .sort((one, other) => other.likeness - one.likeness)
    .slice(0, OFFERED)
    .map(({ candidate }) => candidate);
}

/**
 * From 0 to 1: how much of their pairs of neighbouring characters two texts share (Dice's coefficient). It finds what is
 * cut short and what is typed wrong, in any script.
 */
function likeness(one: string, other: string): number {
  const left = pairs(one);
  const right = pairs(other);
  let shared = 0;
  const free = new Map<string, number>();
  for (const pair of right) free.set(pair, (free.get(pair) ?? 0) + 1);
  for (const pair of left) {
    const times = free.get(pair) ?? 0;
    if (times === 0) continue;
    free.set(pair, times - 1);
    shared += 1;
  }
  return (2 * shared) / (left.length + right.length);
}

/** With the ends marked, so that a single character has pairs too. */
function pairs(text: string): string[] {
  const characters = ["^", ...text, "$"];
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

/** @returns the error for a slug no mission has. */
export function noSuchMission(slug: string, known: readonly string[]): NoSuchMission {
  const near = nearestSlugs(slug, known);
  const offer =
    near.length === 0
      ? 'there is none yet: "init" makes one and prints its slug.'
      : `did you mean ${near.map((each) => JSON.stringify(each)).join(" or ")}? "list-state" shows all.`;
  return new NoSuchMission(`No mission has the slug ${JSON.stringify(slug)}; ${offer}`, near);
}
