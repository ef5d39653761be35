/** Owns what the parts of the engine work with: everything they need of the world comes in through here. */
import type { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/database.ts";
import type { KnownTargets } from "./known-targets.ts";
import type { MissionAgent } from "./mission-agent.ts";
import type { MissionClass } from "./plan.ts";
import type { Scheduler } from "./schedulers.ts";

/** What each class does next. */
export type SchedulerTable = Readonly<Record<MissionClass, Scheduler>>;

export interface Engine {
  readonly store: Store;
  readonly targets: KnownTargets;
  /** The service's interface for a line. @throws when there is no such line. */
  rest(line: string): ClawdTalkMissions;
  readonly config: SwitchboardConfig;
  /** None where nobody can be asked: the engine goes on mechanically. */
  readonly agent: MissionAgent | undefined;
  now(): Date;
  /** From 0 to below 1. */
  random(): number;
  readonly log: Log;
  readonly schedulers: SchedulerTable;
  /** Does something that no other process does at the same time: setting up, scheduling. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}
