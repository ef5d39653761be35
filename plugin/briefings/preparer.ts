/**
 * Owns having a briefing's words ready when its call comes. A call's first answer is waited for in seconds, and a
 * briefing takes tools and minutes: so its words are asked for shortly before the time that is known, and kept until
 * the call.
 */
import { type Log, messageOf } from "../log.ts";
import { nextRun } from "./schedule.ts";

/** A schedule as the carrier's service stores it. */
export interface KnownSchedule {
  readonly id: string;
  readonly label: string;
  readonly cron: string;
  readonly timezone: string;
  readonly task: string;
}

export interface PreparerParameters {
  /** Every schedule that is in force. */
  schedules(): Promise<readonly KnownSchedule[]>;
  /** The words of a briefing; undefined when there are none. */
  prepare(schedule: KnownSchedule): Promise<string | undefined>;
  /** How long before its time a briefing is prepared, in milliseconds. */
  readonly leadMs?: number;
  /** How often the schedules are asked for, in milliseconds. */
  readonly refreshMs?: number;
  readonly now?: () => Date;
  /** Runs `work` after so many milliseconds, unless what it returns is called before. */
  readonly after?: (work: () => void, delayMs: number) => () => void;
  readonly log: Log;
}

const LEAD_MS = 3 * 60_000;
const REFRESH_MS = 60_000;
/** A call that comes later than this after its time is not the one the words were made for. */
const KEPT_MS = 15 * 60_000;

interface Briefing {
  readonly schedule: KnownSchedule;
  readonly dueAtMs: number;
  /** Settles with the words, and never rejects. */
  readonly coming: Promise<string | undefined>;
  state: "preparing" | "ready" | "unprepared" | "taken";
  words: string | undefined;
}

export class BriefingPreparer {
  readonly #parameters: PreparerParameters;
  readonly #leadMs: number;
  readonly #refreshMs: number;
  readonly #now: () => Date;
  readonly #after: (work: () => void, delayMs: number) => () => void;
  /** What is known of the next time of each schedule, and of the last one as long as its call may come. */
  #briefings: Briefing[] = [];
  #known: readonly KnownSchedule[] = [];
  #couldAsk = true;
  /** Undefined while stopped. */
  #cancelTimer: (() => void) | undefined;

  constructor(parameters: PreparerParameters) {
    this.#parameters = parameters;
    this.#leadMs = parameters.leadMs ?? LEAD_MS;
    this.#refreshMs = parameters.refreshMs ?? REFRESH_MS;
    this.#now = parameters.now ?? (() => new Date());
    this.#after = parameters.after ?? afterDelay;
  }

  /** Looks at the schedules at once, and then again and again. */
  start(): void {
    if (this.#cancelTimer !== undefined) return;
    this.#look(0);
  }

  /** Forgets what was prepared; what is being prepared is not kept. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#briefings = [];
  }

  /**
   * The words for the scheduled call that has come, once. Where several have the same task, those whose time is nearest.
   *
   * @param task as the call's message says it.
   * @returns undefined when nothing is ready: see {@link preparing}.
   */
  take(task: string): string | undefined {
    const briefing = this.#nearest(task, "ready");
    if (briefing === undefined) return undefined;
    briefing.state = "taken";
    return briefing.words;
  }

  /**
   * The words that are being prepared for the scheduled call that has come: asking the agent once more would only
   * wait behind them. They are handed out here, once, and not by {@link take}.
   *
   * @returns undefined when nothing is being prepared for this task. The promise never rejects.
   */
  preparing(task: string): Promise<string | undefined> | undefined {
    const briefing = this.#nearest(task, "preparing");
    if (briefing === undefined) return undefined;
    briefing.state = "taken";
    return briefing.coming;
  }

  #nearest(task: string, state: Briefing["state"]): Briefing | undefined {
    const nowMs = this.#now().getTime();
    const wanted = comparable(task);
    return this.#briefings
      .filter(
        (briefing) =>
          briefing.state === state &&
          nowMs <= briefing.dueAtMs + KEPT_MS &&
          comparable(briefing.schedule.task) === wanted,
      )
      .sort((one, other) => Math.abs(one.dueAtMs - nowMs) - Math.abs(other.dueAtMs - nowMs))[0];
  }

  #look(delayMs: number): void {
    const cancel = this.#after(() => {
      void this.#refresh().then(() => {
        // A stop or another start may have come meanwhile.
        if (this.#cancelTimer === cancel) this.#look(this.#untilNextLook());
      });
    }, delayMs);
    this.#cancelTimer = cancel;
  }

  async #refresh(): Promise<void> {
    const own = this.#cancelTimer;
    try {
      const known = await this.#parameters.schedules();
      if (this.#cancelTimer !== own) return;
      this.#known = known;
      this.#couldAsk = true;
    } catch (error) {
      if (this.#cancelTimer !== own) return;
      // What was known before still holds. Said once, not every minute.
      if (this.#couldAsk) {
        this.#parameters.log.warn(`The scheduled calls could not be asked for: ${messageOf(error)}`);
      }
      this.#couldAsk = false;
    }
    const now = this.#now();
    this.#forget(now.getTime());
    for (const schedule of this.#known) {
      const dueAtMs = nextRun(schedule, now)?.getTime();
      if (dueAtMs === undefined || dueAtMs - now.getTime() > this.#leadMs) continue;
      const isKnown = this.#briefings.some(
        (one) => one.schedule.id === schedule.id && one.dueAtMs === dueAtMs,
      );
      if (!isKnown) this.#prepare(schedule, dueAtMs);
    }
  }

  /** Drops what came too late for its call, and what is to come of a schedule that was cancelled or changed. */
  #forget(nowMs: number): void {
    this.#briefings = this.#briefings.filter(
      ({ schedule, dueAtMs }) =>
        nowMs <= dueAtMs + KEPT_MS &&
        (dueAtMs <= nowMs || this.#known.some((one) => one.id === schedule.id && isSame(one, schedule))),
    );
  }

  #prepare(schedule: KnownSchedule, dueAtMs: number): void {
    const { log, prepare } = this.#parameters;
    const coming = Promise.resolve()
      .then(() => prepare(schedule))
      .then((words) => words?.trim() || undefined)
      .catch((error: unknown) => {
        log.warn(`The briefing "${schedule.label}" could not be prepared: ${messageOf(error)}`);
        return undefined;
      });
    const briefing: Briefing = { schedule, dueAtMs, coming, state: "preparing", words: undefined };
    this.#briefings.push(briefing);
    void coming.then((words) => {
      if (briefing.state !== "preparing") return;
      briefing.words = words;
      briefing.state = words === undefined ? "unprepared" : "ready";
    });
  }

  /** At the latest when the next briefing is to be prepared. */
  #untilNextLook(): number {
    const now = this.#now();
    const delays = this.#known.flatMap((schedule) => {
      const next = nextRun(schedule, now);
      const delayMs = next === undefined ? 0 : next.getTime() - this.#leadMs - now.getTime();
      return delayMs > 0 ? [delayMs] : [];
    });
    return Math.min(this.#refreshMs, ...delays);
  }
}

function isSame(one: KnownSchedule, other: KnownSchedule): boolean {
  return one.task === other.task && one.cron === other.cron && one.timezone === other.timezone;
}

/** A task as it can be compared: on its way through the service its spaces and line breaks may change. */
function comparable(task: string): string {
  return task.normalize("NFC").replace(/\s+/gu, " ").trim();
}

function afterDelay(work: () => void, delayMs: number): () => void {
  const timer = setTimeout(work, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
