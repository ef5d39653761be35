/**
 * Owns how soon a mission is looked at as a whole after something has changed. Its scheduler sees all targets: it looks
 * at many less often, so that what happens to one of them never costs in proportion to all.
 */
import type { CompiledQuery } from "kysely";
import { dueStatement, type MissionWork } from "../store/mission-work.ts";
import type { Engine } from "./engine-parts.ts";

/** A mission so small is looked at whenever something has changed. */
const SMALL = 100;
/** So much time between two looks is worth each target of a larger one. */
const PER_TARGET_MS = 10;

/** When the scheduler looks at what has changed now. */
export function soon({ now }: Pick<Engine, "now">, { size }: Pick<MissionWork, "size">): Date {
  return new Date(now().getTime() + (size <= SMALL ? 0 : size * PER_TARGET_MS));
}

/** That something has changed. For `store.together`. */
export function changed(engine: Engine, work: MissionWork): CompiledQuery {
  return dueStatement(engine.store, work.mission.id, soon(engine, work));
}
