import { afterEach, beforeEach, expect, test } from "vitest";
import { BriefingPreparer, type KnownSchedule } from "../../plugin/briefings/preparer.ts";

/** Time that passes when it is told to. */
class Clock {
  nowMs = Date.parse("2026-11-23T07:00:00Z");
  #timers: { atMs: number; work: () => void }[] = [];

  readonly after = (work: () => void, delayMs: number): (() => void) => {
    const timer = { atMs: this.nowMs + delayMs, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  };

  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets time pass up to this hour and minute (UTC), with everything that is due on the way. */
  async until(time: string): Promise<void> {
    const endMs = Date.parse(`2026-11-23T${time}Z`);
    for (;;) {
      await settled();
      const next = this.#timers.toSorted((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.work();
    }
    this.nowMs = endMs;
  }
}

/** Until everything that waits for nothing but promises is done. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const schedule = (over: Partial<KnownSchedule> = {}): KnownSchedule => ({
  id: "morning",
  label: "Morning briefing",
  cron: "0 8 * * mon-fri",
  timezone: "UTC",
  task: "Summarise my calendar",
  ...over,
});

let clock: Clock;
let schedules: KnownSchedule[];
let asks: number;
let isAway: boolean;
let prepared: string[];
let prepare: (schedule: KnownSchedule) => Promise<string | undefined>;
let warnings: string[];
let preparer: BriefingPreparer;

beforeEach(() => {
  clock = new Clock();
  schedules = [schedule()];
  asks = 0;
  isAway = false;
  prepared = [];
  warnings = [];
  prepare = async ({ id }) => `Words for ${id}.`;
  preparer = new BriefingPreparer({
    schedules: async () => {
      asks++;
      if (isAway) throw new Error("no answer");
      return schedules;
    },
    prepare: (one) => {
      prepared.push(`${one.id} ${new Date(clock.nowMs).toISOString().slice(11, 19)}`);
      return prepare(one);
    },
    now: () => new Date(clock.nowMs),
    after: clock.after,
    log: { debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} },
  });
});
afterEach(() => preparer.stop());

test("asks for the words three minutes before, and hands them out once", async () => {
  preparer.start();
  await clock.until("07:56:59");
  expect(prepared).toEqual([]);
  await clock.until("08:00:05");
  expect(prepared).toEqual(["morning 07:57:00"]);
  expect(preparer.take("Something else")).toBeUndefined();
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
  await clock.until("09:00:00");
  expect(prepared).toHaveLength(1);
});

test("a task is found again whatever its way did to its spaces", async () => {
  schedules = [schedule({ task: " Première tâche:\r\n  早上好   " })];
  preparer.start();
  await clock.until("08:00:05");
  expect(preparer.take("Premie\u0300re ta\u0302che: 早上好")).toBe("Words for morning.");
});

test("words whose call does not come are dropped after a quarter of an hour", async () => {
  preparer.start();
  await clock.until("08:15:00");
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
  preparer.stop();
  clock.nowMs = Date.parse("2026-11-23T08:30:00Z");
  schedules = [schedule({ cron: "0 9 * * *" })];
  preparer.start();
  await clock.until("09:15:01");
  expect(prepared).toContain("morning 08:57:00");
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
});

test("two schedules of the same task: each call gets its own words, the nearest first", async () => {
  schedules = [schedule({ id: "second", cron: "2 8 * * *" }), schedule({ id: "first" })];
  preparer.start();
  await clock.until("08:00:05");
  expect(prepared).toEqual(["first 07:57:00", "second 07:59:00"]);
  expect(preparer.take("Summarise my calendar")).toBe("Words for first.");
  await clock.until("08:02:03");
  expect(preparer.take("Summarise my calendar")).toBe("Words for second.");
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
});

test("one that is cancelled before its time leaves no words behind, and one that is changed is prepared anew", async () => {
  schedules = [
    schedule({ id: "kept" }),
    schedule({ id: "cancelled", task: "News" }),
    schedule({ id: "changed", task: "Mail" }),
  ];
  preparer.start();
  await clock.until("07:58:30");
  expect(prepared).toHaveLength(3);
  schedules = [schedule({ id: "kept" }), schedule({ id: "changed", task: "Mail of today" })];
  await clock.until("08:00:05");
  expect(preparer.take("News")).toBeUndefined();
  expect(preparer.take("Mail")).toBeUndefined();
  expect(prepared.at(-1)).toBe("changed 07:59:00");
  expect(preparer.take("Mail of today")).toBe("Words for changed.");
  expect(preparer.take("Summarise my calendar")).toBe("Words for kept.");
});

test("one that is cancelled while its call comes in still has its words", async () => {
  preparer.start();
  await clock.until("08:00:05");
  schedules = [];
  await clock.until("08:02:00");
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
});

test("a failure is logged, tried once, and leaves the briefing unprepared", async () => {
  prepare = async () => {
    throw new Error("the model is away");
  };
  preparer.start();
  await clock.until("08:00:05");
  expect(prepared).toHaveLength(1);
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
  expect(preparer.preparing("Summarise my calendar")).toBeUndefined();
  expect(warnings).toEqual(['The briefing "Morning briefing" could not be prepared: the model is away']);
});

test("an answer without words leaves it unprepared", async () => {
  prepare = async () => " \n ";
  preparer.start();
  await clock.until("08:00:05");
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
});

test("a schedule made shortly before its time is prepared as soon as it is seen", async () => {
  schedules = [];
  preparer.start();
  await clock.until("07:58:10");
  schedules = [schedule()];
  await clock.until("08:00:05");
  expect(prepared).toEqual(["morning 07:59:00"]);
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
});

test("words that are still being prepared when the call comes are waited for, and not handed out again", async () => {
  let finish: (words: string) => void = () => {};
  prepare = () => new Promise((resolve) => (finish = resolve));
  preparer.start();
  await clock.until("08:00:05");
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
  const coming = preparer.preparing("Summarise my calendar");
  expect(preparer.preparing("Summarise my calendar")).toBeUndefined();
  finish("Late words.");
  await expect(coming).resolves.toBe("Late words.");
  await settled();
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
});

test("every day anew", async () => {
  schedules = [schedule({ cron: "0,20 8 * * *" })];
  preparer.start();
  await clock.until("08:20:05");
  expect(prepared).toEqual(["morning 07:57:00", "morning 08:17:00"]);
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
  // The first call never came; its words are too old by now.
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
});

test("a service that does not answer: what was known holds, and it is said once", async () => {
  preparer.start();
  await clock.until("07:30:00");
  isAway = true;
  await clock.until("08:00:05");
  expect(warnings).toEqual(["The scheduled calls could not be asked for: no answer"]);
  expect(preparer.take("Summarise my calendar")).toBe("Words for morning.");
});

test("a stop ends the looking, and what is being prepared then is not kept", async () => {
  let finish: (words: string) => void = () => {};
  prepare = () => new Promise((resolve) => (finish = resolve));
  preparer.start();
  await clock.until("07:58:00");
  preparer.stop();
  expect(clock.waiting).toBe(0);
  finish("Too late.");
  await settled();
  expect(preparer.take("Summarise my calendar")).toBeUndefined();
  const before = asks;
  await clock.until("09:00:00");
  expect(asks).toBe(before);
});

test("stopped and started again while the schedules are asked for, it looks once at a time", async () => {
  preparer.start();
  preparer.stop();
  preparer.start();
  await clock.until("07:01:00");
  expect(clock.waiting).toBe(1);
});
