/**
 * Owns the targets of the missions that go on, as the engine knows them: only those that have changed are read again, so
 * that a look at a whole mission costs what has happened since the last one.
 */
import type { Store } from "../store/database.ts";
import { type MissionTarget, targetsSince } from "../store/mission-work.ts";

interface Known {
  readonly byId: Map<number, MissionTarget>;
  revision: number;
}

export class KnownTargets {
  readonly #store: Store;
  readonly #missions = new Map<string, Known>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The targets of a mission as they stand now: round after round, in the plan's order. */
  async of(missionId: string): Promise<MissionTarget[]> {
    const known = this.#missions.get(missionId) ?? { byId: new Map(), revision: 0 };
    this.#missions.set(missionId, known);
    const { targets, revision } = await targetsSince(this.#store, missionId, known.revision);
    for (const target of targets) known.byId.set(target.id, target);
    known.revision = revision;
    return [...known.byId.values()].sort(
      (one, other) => one.round - other.round || one.position - other.position,
    );
  }

  /** A mission is over. */
  forget(missionId: string): void {
    this.#missions.delete(missionId);
  }
}
