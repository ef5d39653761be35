// Owns the practice line's clocks: the machine's, and one that stands still until it is driven on, so that what takes
// days takes no time.
import type { Waiting } from "./waiting.ts";

/** What tells the time, and does something at a time. In milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Does something at that time, at once when it is past. The returned function calls it off. */
  at(timeMs: number, action: () => void): () => void;
}

/** The machine's clock. */
export function machineClock(waiting: Waiting, now: () => number): Clock {
  return {
    now,
    at: (timeMs, action) => {
      let cancel = () => {};
      // A timer can be shorter than what it is asked for: months are waited for in several.
      const wait = () => {
        cancel = waiting.later(Math.max(0, timeMs - now()), () => (now() < timeMs ? wait() : action()));
      };
      wait();
      return () => cancel();
    },
  };
}

interface Appointment {
  readonly timeMs: number;
  readonly action: () => void;
}

/** A clock that is driven by {@link advance}. */
export class DrivenClock implements Clock {
  #now: number;
  /** The earliest first; of the same time, in the order they were made in. */
  readonly #appointments: Appointment[] = [];

  /** @param startMs default: now. */
  constructor(startMs: number = Date.now()) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  at(timeMs: number, action: () => void): () => void {
    const made = { timeMs: Math.max(timeMs, this.#now), action };
    const later = this.#appointments.findIndex((other) => other.timeMs > made.timeMs);
    this.#appointments.splice(later === -1 ? this.#appointments.length : later, 0, made);
    return () => {
      const place = this.#appointments.indexOf(made);
      if (place !== -1) this.#appointments.splice(place, 1);
    };
  }

  /** When the next thing happens; undefined when nothing is to come. */
  get next(): number | undefined {
    return this.#appointments[0]?.timeMs;
  }

  /** Lets so much time pass: everything that falls into it happens, in order, each at its time. */
  advance(durationMs: number): void {
    this.advanceTo(this.#now + durationMs);
  }

  /** Lets time pass until then. */
  advanceTo(timeMs: number): void {
    for (let next = this.#appointments[0]; next && next.timeMs <= timeMs; next = this.#appointments[0]) {
      this.#appointments.shift();
      this.#now = Math.max(this.#now, next.timeMs);
      next.action();
    }
    this.#now = Math.max(this.#now, timeMs);
  }
}
