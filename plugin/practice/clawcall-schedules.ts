// Owns the schedules of the ClawCall practice server, and rings when one is due.
import type { ClawCallAgent } from "./clawcall-accounts.ts";
import { type DueTimes, dueTimes } from "./clawcall-cron.ts";
import type { PracticeLine } from "./clawcall-line.ts";

export interface ClawCallSchedule {
  readonly id: string;
  readonly agent: ClawCallAgent;
  readonly cron: string;
  readonly label: string;
  readonly taskContext: string;
  readonly timezone: string;
  readonly createdAt: number;
  lastRunAt: number | undefined;
  readonly dueTimes: DueTimes;
  /** When it rings next, on the server's clock; `undefined`: never. */
  dueAt: number | undefined;
}

export class Schedules {
  readonly all: ClawCallSchedule[] = [];
  readonly #line: PracticeLine;
  readonly #ring: (schedule: ClawCallSchedule) => void;

  /** @param ring rings the owner for a schedule. */
  constructor(line: PracticeLine, ring: (schedule: ClawCallSchedule) => void) {
    this.#line = line;
    this.#ring = ring;
    this.#checkLater();
  }

  /** @throws Error with one sentence when the pattern cannot be read. */
  add(
    agent: ClawCallAgent,
    given: Pick<ClawCallSchedule, "cron" | "label" | "taskContext" | "timezone">,
  ): ClawCallSchedule {
    const { now, newId } = this.#line;
    const due = dueTimes(given.cron, given.timezone);
    const schedule: ClawCallSchedule = {
      ...given,
      agent,
      id: newId("schedule"),
      createdAt: now(),
      lastRunAt: undefined,
      dueTimes: due,
      dueAt: due(now()),
    };
    this.all.push(schedule);
    return schedule;
  }

  remove(schedule: ClawCallSchedule): void {
    this.all.splice(this.all.indexOf(schedule), 1);
  }

  run(schedule: ClawCallSchedule): void {
    schedule.lastRunAt = this.#line.now();
    this.#ring(schedule);
  }

  #checkLater(): void {
    const { waiting, timings, now } = this.#line;
    waiting.later(timings.scheduleCheckMs, () => {
      for (const schedule of [...this.all]) {
        if (schedule.dueAt === undefined || now() < schedule.dueAt) continue;
        schedule.dueAt = schedule.dueTimes(now());
        this.run(schedule);
      }
      this.#checkLater();
    });
  }
}
