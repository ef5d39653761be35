/** Owns the errors of missions. All messages are for people: what is wrong and what to do. */

/** No mission has this slug. */
export class NoSuchMission extends Error {
  override readonly name = "NoSuchMission";
  /** For programs. */
  readonly facts: { readonly nearest: readonly string[] };

  constructor(message: string, nearest: readonly string[]) {
    super(message);
    this.facts = { nearest };
  }
}

/** What was asked for does not fit the mission as it stands. */
export class MissionNotReady extends Error {
  override readonly name = "MissionNotReady";
}

/** Somebody else sets a mission up, and takes long: it goes on by itself. */
export class SetUpBusy extends MissionNotReady {}

/** A request may or may not have been carried out, and the carrier's lists do not tell. */
export class NotSettled extends Error {
  override readonly name = "NotSettled";
  /** The carrier's ids it may be. */
  readonly candidates: readonly string[];

  constructor(message: string, candidates: readonly string[] = []) {
    super(message);
    this.candidates = candidates;
  }
}

/** A plan cannot be followed as it is written. */
export class BadPlan extends Error {
  override readonly name = "BadPlan";

  /** @param problems one sentence each, beginning with file and line. */
  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, SHOWN_PROBLEMS);
    const more = problems.length - shown.length;
    super([...shown, ...(more > 0 ? [`… and ${more} more.`] : [])].join("\n"));
  }
}

/** So many can be mended before the plan is read again. */
const SHOWN_PROBLEMS = 10;
