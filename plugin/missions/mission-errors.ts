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
