/**
 * Owns carrying missions out. Everything that is due is done, one thing after another within a mission, the missions side
 * by side; what comes next is in the store alone, so whoever goes on after a crash does exactly what would have been done.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { MissionNews } from "../carriers/carrier.ts";
import type { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import { NoUsableLine } from "../config/choose-line.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import type { Log } from "../log.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import { nextUpdates } from "../store/mission-updates.ts";
import {
  ENDED_STATES,
  FOLLOWED_STATES,
  listOpenWork,
  type MissionOutcome,
  type MissionWork,
  nextLookOf,
  nextQuestionOf,
  targetsIn,
  workOf,
} from "../store/mission-work.ts";
import { finish, withoutLine } from "./closing.ts";
import { decide } from "./deciding.ts";
import type { Engine, SchedulerTable } from "./engine-parts.ts";
import { collect, hear, look } from "./following.ts";
import { KnownTargets } from "./known-targets.ts";
import type { MissionAgent } from "./mission-agent.ts";
import { move } from "./moving.ts";
import { close, fulfil, isThere, spareUnwanted } from "./pausing.ts";
import { SCHEDULERS } from "./schedulers.ts";
import { tellCarrier } from "./scheduling.ts";
import { sendUpdates } from "./server-updates.ts";
import { checkServer } from "./server-view.ts";
import { prepare } from "./starting.ts";

export interface MissionEngineOptions {
  readonly store: Store;
  /** The service's interface for a line. @throws NoUsableLine */
  rest(line: string): ClawdTalkMissions;
  readonly config: SwitchboardConfig;
  readonly agent?: MissionAgent | undefined;
  /** Default: the store's clock. */
  now?(): Date;
  /** From 0 to below 1. */
  random?(): number;
  readonly log: Log;
  readonly schedulers?: SchedulerTable;
  /** While some missions are busy, the others are looked at so often (milliseconds). Default two seconds. */
  readonly lookEveryMs?: number;
  /** Does something that no other process does at the same time. Default: there is no other. */
  alone?<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** After something nobody expected, a mission is left alone for so long. */
const AFTER_TROUBLE_MS = 60_000;
const LOOK_EVERY_MS = 2_000;

/** One per state folder at a time: see engine-host.ts. */
export class MissionEngine {
  readonly #parts: Engine;
  readonly #lookEveryMs: number;
  /** Missions in which something unexpected has happened, and until when they are left alone. */
  readonly #troubled = new Map<string, Date>();
  /** Until what is done alone has been done. */
  #lastAlone: Promise<void> = Promise.resolve();

  constructor(options: MissionEngineOptions) {
    const { store, config, agent, log } = options;
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.#parts = {
      store,
      targets: new KnownTargets(store),
      config,
      agent,
      log,
      rest: (line) => options.rest(line),
      now: () => options.now?.() ?? store.now(),
      random: () => options.random?.() ?? Math.random(),
      schedulers: options.schedulers ?? SCHEDULERS,
      alone: async (work) => {
        // Two missions side by side would both take the number that is free.
        const before = this.#lastAlone;
        const result = before.then(() => options.alone?.(work) ?? work());
        this.#lastAlone = result.then(
          () => {},
          () => {},
        );
        return await result;
      },
    };
  }

  /**
   * Does everything that is due now, of all missions.
   *
   * @returns when the next thing is due; undefined when nothing is to come.
   * @throws StoreError, or the store's own errors: nothing can go on without it.
   */
  async work(signal: AbortSignal): Promise<Date | undefined> {
    const busy = new Map<string, Promise<void>>();
    const next = new Map<string, Date | undefined>();
    try {
      for (;;) {
        for (const id of await listOpenWork(this.#parts.store)) {
          if (busy.has(id)) continue;
          const done = this.#workOn(id, signal).then((at) => {
            next.set(id, at);
            busy.delete(id);
          });
          busy.set(id, done);
        }
        // One that waits for its agent, or has much to do, keeps nobody else waiting.
        if (await areDone([...busy.values()], this.#lookEveryMs)) break;
      }
    } finally {
      await Promise.allSettled(busy.values());
    }
    const times = [...next.values()].flatMap((time) => (time === undefined ? [] : [time.getTime()]));
    return times.length === 0 ? undefined : new Date(Math.min(...times));
  }

  /** What the carrier says by itself: only makes the engine look, and keeps words. */
  async news(event: MissionNews): Promise<void> {
    await hear(this.#parts, event);
  }

  async #workOn(missionId: string, signal: AbortSignal): Promise<Date | undefined> {
    const { store, now, log } = this.#parts;
    const until = this.#troubled.get(missionId);
    if (until !== undefined && until > now()) return until;
    this.#troubled.delete(missionId);
    let slug = missionId;
    let isFirst = true;
    try {
      for (;;) {
        const work = await workOf(store, missionId);
        if (signal.aborted) return undefined;
        if (work === undefined || ENDED_STATES.includes(work.state)) {
          this.#parts.targets.forget(missionId);
          return undefined;
        }
        slug = work.mission.slug;
        if (isFirst) await spareUnwanted(this.#parts, work);
        isFirst = false;
        const goesOn = await this.#step(work, signal).catch(async (error: unknown) => {
          if (error instanceof NoUsableLine) return await withoutLine(this.#parts, work, error.message);
          throw error;
        });
        if (!goesOn) return await this.#nextOf(work);
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      const again = new Date(now().getTime() + AFTER_TROUBLE_MS);
      log.error(`The mission ${slug} is left alone for a minute: ${messageOf(error)}`);
      this.#troubled.set(missionId, again);
      return again;
    }
  }

  /** Does the next thing that is due. @returns false when nothing is. */
  async #step(work: MissionWork, signal: AbortSignal): Promise<boolean> {
    const parts = this.#parts;
    const { store, now } = parts;
    const { mission, state } = work;
    const isDue = (at: Date | undefined) => at !== undefined && at <= now();
    if (work.wish !== undefined) {
      await fulfil(parts, work);
      return true;
    }
    if (mission.closedAt !== undefined && state !== "closing") {
      await close(parts, work, { outcome: outcomeOfRun(mission.runStatus), reason: "Closed by command." });
      return true;
    }
    if (isThere(work) && (await sendUpdates(parts, work, signal))) return true;
    if (signal.aborted) return false;
    if (state === "preparing") {
      if (!isDue(work.dueAt)) return false;
      await prepare(parts, work);
      return true;
    }
    const [target] = await targetsIn(store, mission.id, { states: FOLLOWED_STATES, dueBy: now(), most: 1 });
    if (target !== undefined) {
      if (target.state === "scheduling") await tellCarrier(parts, work, target);
      else if (target.state === "scheduled") await look(parts, work, target);
      else await collect(parts, work, target);
      return true;
    }
    if (state === "running" || state === "deciding") {
      if (isDue(work.dueAt)) {
        await move(parts, work);
        return true;
      }
      if (isDue(work.checkedAt)) {
        await checkServer(parts, work);
        return true;
      }
    }
    if (state !== "paused" && (await decide(parts, work, signal))) return true;
    if (state === "closing" && (isDue(work.dueAt) || work.summary !== undefined)) {
      if (await this.#isTelling(work)) return false;
      await finish(parts, work);
      return true;
    }
    return false;
  }

  /** Whether nothing but what the server has not heard yet keeps a mission from its end. */
  async #isTelling(work: MissionWork): Promise<boolean> {
    if (work.summary === undefined || !isThere(work)) return false;
    return (await nextUpdates(this.#parts.store, work.mission.id)).length > 0;
  }

  /** When something of a mission is due next. */
  async #nextOf(work: MissionWork): Promise<Date | undefined> {
    const { store } = this.#parts;
    const { id } = work.mission;
    const isActive = work.state === "running" || work.state === "deciding";
    const updates = isThere(work) ? await nextUpdates(store, id) : [];
    const times = [
      work.state === "paused" || (await this.#isTelling(work)) ? undefined : work.dueAt,
      isActive ? work.checkedAt : undefined,
      ...updates.map(({ nextAt }) => nextAt),
      await nextLookOf(store, id),
      work.state === "paused" ? undefined : await nextQuestionOf(store, id),
    ].flatMap((time) => (time === undefined ? [] : [time.getTime()]));
    return times.length === 0 ? undefined : new Date(Math.min(...times));
  }
}

function outcomeOfRun(status: string | undefined): MissionOutcome {
  return status === "succeeded" || status === "failed" ? status : "cancelled";
}

/** Whether all of these are over by then. */
async function areDone(all: readonly Promise<void>[], withinMs: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(withinMs, false, { signal: over.signal, ref: false }).catch(() => false);
  const isOver = await Promise.race([Promise.all(all).then(() => true), late]);
  over.abort();
  return isOver;
}
