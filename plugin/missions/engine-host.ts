/**
 * Owns carrying missions out in this process, as soon and as long as no other one does, and when it looks. What commands write into the store is seen within two seconds; everything
 * else has its time in the store, so that whoever holds the lock next goes on where this one ended.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { MissionNews } from "../carriers/carrier.ts";
import { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import { chooseLine } from "../config/choose-line.ts";
import { secretsOf } from "../config/redaction.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { type HandedOver, type Notice, Telling } from "../lines/telling.ts";
import { type Log, messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import { type MissionUpdate, untoldUpdates, updateTold } from "../store/mission-updates.ts";
import { workOf } from "../store/mission-work.ts";
import { MissionEngine } from "./engine.ts";
import { takeEngineLock } from "./engine-lock.ts";
import type { MissionAgent } from "./mission-agent.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface EngineHostParameters {
  readonly stateFolder: string;
  readonly store: Store;
  readonly engine: Pick<MissionEngine, "work" | "news">;
  /** Tells the owner's agent. Throws when it cannot be told now. */
  tell(notice: Notice, line: string): Promise<HandedOver>;
  /** This process is the one from now on: what another one left behind can be cleared away. Never rejects. */
  onHosting?(): Promise<void>;
  readonly log: Log;
  /** Milliseconds between two looks into the store. Default two seconds. */
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 2_000;
/** After an error of our own, the next look is this long away. */
const PAUSE_MS = 30_000;

export class EngineHost {
  readonly #p: EngineHostParameters;
  readonly #stopped = new AbortController();
  readonly #startedAt: Date;
  #running: Promise<void> | undefined;
  /** There is something to do before the next look would be. */
  #isWoken = false;
  #sleeping: AbortController | undefined;
  /** The newest of what the owner was to hear at the last look. */
  #newest = 0;

  constructor(parameters: EngineHostParameters) {
    this.#p = parameters;
    this.#startedAt = parameters.store.now();
  }

  /** Carries missions out until {@link stop}, as soon as no other process does. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing of it goes on any more, and another process may take over. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#sleeping?.abort();
    await this.#running;
  }

  /** What the carrier says of a mission by itself: the next look is now. Never rejects. */
  async news(news: MissionNews): Promise<void> {
    try {
      // Also where another process is the one: it sees it in the store.
      await this.#p.engine.news(news);
      this.#wake();
    } catch (error) {
      this.#p.log.warn(`News of a mission (${news.name}) could not be written down: ${messageOf(error)}`);
    }
  }

  /**
   * Does what is due, once, and tells the owner what is to be told.
   *
   * @returns false when another process does it.
   */
  async once(signal: AbortSignal): Promise<boolean> {
    const lock = takeEngineLock(this.#p.stateFolder);
    if (lock === undefined) return false;
    const telling = this.#telling();
    try {
      await this.#p.engine.work(signal);
      await telling.tellAll();
      return true;
    } finally {
      await telling.stop();
      lock.release();
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const lock = takeEngineLock(this.#p.stateFolder, 0);
        if (lock === undefined) {
          await this.#pause(this.#lookEveryMs);
          continue;
        }
        try {
          await this.#host();
        } finally {
          lock.release();
        }
      } catch (error) {
        this.#p.log.error(`Missions are not carried out just now: ${messageOf(error)}`);
        await this.#pause(PAUSE_MS);
      }
    }
  }

  async #host(): Promise<void> {
    const { engine, store, log } = this.#p;
    const { signal } = this.#stopped;
    const telling = this.#telling();
    await this.#p.onHosting?.();
    this.#newest = await this.#newestUntold();
    telling.start();
    try {
      while (!signal.aborted) {
        this.#isWoken = false;
        let waitMs = this.#lookEveryMs;
        try {
          const next = await engine.work(signal);
          await this.#tellNew(telling);
          if (next !== undefined) waitMs = Math.min(waitMs, next.getTime() - store.now().getTime());
        } catch (error) {
          if (signal.aborted) return;
          log.error(`Carrying out missions failed: ${messageOf(error)}`);
          waitMs = PAUSE_MS;
        }
        await this.#pause(Math.max(waitMs, 0));
      }
    } finally {
      await telling.stop();
    }
  }

  /** What is new is told at once; what could not be told is tried again by itself. */
  async #tellNew(telling: Telling<MissionUpdate>): Promise<void> {
    const newest = await this.#newestUntold();
    if (newest <= this.#newest) return;
    this.#newest = newest;
    await telling.tellAll();
  }

  async #newestUntold(): Promise<number> {
    return Math.max(0, ...(await untoldUpdates(this.#p.store)).map(({ id }) => id));
  }

  #wake(): void {
    this.#isWoken = true;
    this.#sleeping?.abort();
  }

  async #pause(waitMs: number): Promise<void> {
    if (this.#isWoken || this.#stopped.signal.aborted) return;
    this.#sleeping = new AbortController();
    await sleep(waitMs, undefined, { signal: this.#sleeping.signal, ref: false }).catch(() => {});
    this.#sleeping = undefined;
  }

  get #lookEveryMs(): number {
    return this.#p.lookEveryMs ?? LOOK_EVERY_MS;
  }

  #telling(): Telling<MissionUpdate> {
    const { store, log } = this.#p;
    return new Telling({
      untold: () => untoldUpdates(store),
      keyOf: ({ id }) => String(id),
      stateOf: () => "new",
      nameOf: ({ mission }) => `mission ${mission}`,
      hand: (update) => this.#tell(update),
      markTold: async ({ id }) => void (await updateTold(store, id)),
      log,
    });
  }

  async #tell({ id, mission, body, nextAt }: MissionUpdate): Promise<HandedOver | undefined> {
    const work = await workOf(this.#p.store, mission);
    if (work === undefined) return undefined;
    const { kind, sentence } = body as { readonly kind: keyof typeof PASS_ON; readonly sentence: string };
    const notice: Notice = {
      sentence,
      about: `mission:${mission}:${id}`,
      passOn: PASS_ON[kind],
      askedIn: work.askedIn,
      // Never put off: as old as it is.
      isOld: nextAt < this.#startedAt,
    };
    return await this.#p.tell(notice, work.line);
  }
}

/** A host with the engine, for the lines of these settings. */
export function openEngineHost(
  parameters: Omit<EngineHostParameters, "engine"> & {
    readonly config: SwitchboardConfig;
    /** Undefined where no agent can be asked. */
    readonly agent: MissionAgent | undefined;
  },
): EngineHost {
  const { config, agent, stateFolder, store, log } = parameters;
  const engine = new MissionEngine({
    store,
    config,
    agent,
    rest: (name) => {
      const { apiUrl, apiKey } = chooseLine(config, name, ["clawdtalk"]);
      return new ClawdTalkMissions({ apiUrl, apiKey, secrets: secretsOf(config) });
    },
    now: store.now,
    random: Math.random,
    log,
    alone: (work) => oneAtATime(stateFolder, work),
  });
  return new EngineHost({ ...parameters, engine });
}

/** For the session that asked for the mission. */
const PASS_ON = {
  approval:
    "You started this mission from this conversation: put this to whoever asked for it, now, and do what they say when they have answered.",
  summary:
    "You started this mission from this conversation: tell whoever asked for it what came of it, in a few sentences, now.",
  problem:
    "You started this mission from this conversation: tell whoever asked for it, in a sentence or two, now.",
} as const;
