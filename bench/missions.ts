/**
 * What a mission costs as it grows. First the store: does adding one more item take longer the more there are, beside a
 * script that writes its whole file each time? And an engine's whole change of a target? Then the engine: what memory it
 * takes, and how long it keeps the process from everything else, while it follows 1,000 scheduled calls on the practice
 * line, whose days pass in seconds.
 *
 * npm run bench:missions
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { ClawdTalkMissions } from "../plugin/carriers/clawdtalk/missions-rest.ts";
import { requirePhoneNumber } from "../plugin/config/phone-number.ts";
import { lineDefaults, type SwitchboardConfig, settingsDefaults } from "../plugin/config/schema.ts";
import { MissionEngine } from "../plugin/missions/engine.ts";
import type { MissionPlan } from "../plugin/missions/plan.ts";
import { startClawdTalkPractice } from "../plugin/practice/clawdtalk-server.ts";
import { DrivenClock } from "../plugin/practice/driven-clock.ts";
import { closeStore, openStore, type Store } from "../plugin/store/database.ts";
import { appendMemory, appendStatements, type MemoryValue } from "../plugin/store/mission-memory.ts";
import { newUpdateStatement } from "../plugin/store/mission-updates.ts";
import {
  dueStatement,
  startMission,
  targetStatement,
  targetsIn,
  targetsOf,
  workOf,
} from "../plugin/store/mission-work.ts";
import { median, percentile, printTable } from "./statistics.ts";

const LINE = "clawdtalk";
const SIZES = [100, 1_000, 10_000];
const TIMES = 60;

function item(index: number): Record<string, MemoryValue> {
  return {
    target: `Target ${index}`,
    number: numberOf(index),
    outcome: "completed",
    insight: "They charge 120 dollars.",
  };
}

function numberOf(index: number) {
  return requirePhoneNumber(`+1212${String(2_000_000 + index)}`);
}

function planOf(size: number): MissionPlan {
  return {
    name: `Mission of ${size}`,
    class: "sweep",
    instructions: "Ask what they charge.",
    request: "Find somebody.",
    channel: "call",
    targets: Array.from({ length: size }, (_, index) => ({
      name: `Target ${index}`,
      number: numberOf(index),
      kind: "service",
      timezone: "America/New_York",
      facts: {},
    })),
    questions: ["What do you charge?"],
    rubric: [],
    rounds: [],
    limits: { attempts: 3, batch: 8, staggerSeconds: 60 },
    window: { from: 0, to: 1440, days: [1, 2, 3, 4, 5, 6, 7] },
    assistant: {},
  };
}

/** The median of the times that something takes, in milliseconds. */
async function timed(action: (index: number) => unknown): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < TIMES; index += 1) {
    const before = performance.now();
    await action(index);
    times.push(performance.now() - before);
  }
  return median(times);
}

/** An engine's change of a target: seen, changed, remembered, and written down to be told. */
async function changeOne(store: Store, mission: string): Promise<void> {
  const [target] = await targetsIn(store, mission, { states: ["waiting"], most: 1 });
  if (target === undefined) throw new Error("There is nobody left.");
  await store.together({
    onlyIf: targetStatement(store, target, { state: "scheduling", nextAt: store.now() }),
    all: [
      ...appendStatements(store, { mission, key: "calls" }, item(target.position)),
      newUpdateStatement(store, {
        mission,
        what: "log-event",
        target: target.id,
        body: { type: "custom", summary: "Called" },
      }),
      dueStatement(store, mission, store.now()),
    ],
  });
}

async function storing(folder: string): Promise<void> {
  const rows = [];
  for (const size of SIZES) {
    const store = await openStore(path.join(folder, String(size)));
    try {
      const work = await startMission(store, { plan: planOf(size), line: LINE, slug: "bench" });
      if (work === undefined) throw new Error("The mission is there already.");
      const { id } = work.mission;
      const place = { mission: id, key: "items" };
      for (let index = 0; index < size; index += 1) await appendMemory(store, place, item(index));
      const append = await timed((index) => appendMemory(store, place, item(size + index)));
      const change = await timed(() => changeOne(store, id));
      const file = path.join(folder, `${size}.json`);
      writeFileSync(
        file,
        JSON.stringify({ bench: { memory: { items: Array.from({ length: size }, (_, n) => item(n)) } } }),
      );
      const rewrite = await timed((index) => {
        const state = JSON.parse(readFileSync(file, "utf8")) as { bench: { memory: { items: unknown[] } } };
        state.bench.memory.items.push(item(size + index));
        writeFileSync(file, JSON.stringify(state, null, 2));
      });
      rows.push({ items: size, append, change, rewrite });
    } finally {
      await closeStore(store);
    }
  }
  const [first] = rows;
  const ratio = (value: number, base: number | undefined) => (value / (base ?? value)).toFixed(2);
  printTable(
    "One more item, and one change of a target (p50; wanted: as long at 10,000 as at 100)",
    rows.map(({ items, append, change, rewrite }) => ({
      items,
      "append (ms)": append.toFixed(3),
      "against 100": ratio(append, first?.append),
      "engine's change (ms)": change.toFixed(3),
      "against 100 ": ratio(change, first?.change),
      "whole file (ms)": rewrite.toFixed(3),
      "against 100  ": ratio(rewrite, first?.rewrite),
      "whole file / append": ratio(rewrite, append),
    })),
  );
}

const config: SwitchboardConfig = {
  ...settingsDefaults,
  hours: {
    ...settingsDefaults.hours,
    timezone: "America/New_York",
    callingHours: undefined,
    quietHours: undefined,
  },
  ownerNumbers: [],
  lines: [
    {
      ...lineDefaults,
      carrier: "clawdtalk",
      name: LINE,
      enabled: true,
      server: "http://127.0.0.1",
      apiUrl: "http://127.0.0.1/v1",
      turnTimeoutMs: 1_000,
      callsPerDay: 100_000,
      minutesPerDay: 100_000,
    },
  ],
};

async function following(folder: string, size: number): Promise<void> {
  const clock = new DrivenClock(Date.UTC(2026, 0, 7, 15));
  const service = await startClawdTalkPractice({ dedicatedNumber: "+15559990000", clock });
  const store = await openStore(path.join(folder, `following-${size}`), { now: () => new Date(clock.now()) });
  const rest = new ClawdTalkMissions({ apiUrl: service.apiUrl, apiKey: service.key, secrets: [] });
  const engine = new MissionEngine({
    store,
    rest: () => rest,
    config,
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
  });
  const memory = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed / 1_048_576;
  };
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const { signal } = new AbortController();
  try {
    const work = await startMission(store, { plan: planOf(size), line: LINE, slug: "bench" });
    if (work === undefined) throw new Error("The mission is there already.");
    const idleMb = memory();
    let peakMb = 0;
    let requests = 0;
    const perPass: number[] = [];
    const beganAt = performance.now();
    const step = async () => {
      const before = performance.now();
      const next = await engine.work(signal);
      perPass.push(performance.now() - before);
      if (perPass.length % 100 === 1) {
        // Collecting garbage for this is no delay of the engine's.
        const isMeasured = delay.disable();
        peakMb = Math.max(peakMb, memory());
        if (isMeasured) delay.enable();
      }
      return next;
    };
    let next = await step();
    const scheduledMs = performance.now() - beganAt;
    requests = service.rest.length;
    delay.enable();
    while (next !== undefined) {
      clock.advanceTo(next.getTime());
      next = await step();
    }
    delay.disable();
    peakMb = Math.max(peakMb, memory());
    const targets = await targetsOf(store, work.mission.id);
    const reached = targets.filter(({ state }) => state === "done").length;
    const days = (clock.now() - Date.UTC(2026, 0, 7, 15)) / 86_400_000;
    printTable(`Following ${size} scheduled calls, ${days.toFixed(1)} days of them, to their end`, [
      {
        reached: reached,
        state: (await workOf(store, work.mission.id))?.state ?? "gone",
        "to schedule all (s)": (scheduledMs / 1_000).toFixed(1),
        "to follow all (s)": ((performance.now() - beganAt - scheduledMs) / 1_000).toFixed(1),
        "requests to follow": service.rest.length - requests,
        "per look p50 (ms)": median(perPass.slice(1)).toFixed(1),
        "per look p95 (ms)": percentile(perPass.slice(1), 0.95).toFixed(1),
        "heap above idle (MB)": Math.round(peakMb - idleMb),
        "loop delay p50 (ms)": (delay.percentile(50) / 1e6).toFixed(1),
        "loop delay p99 (ms)": (delay.percentile(99) / 1e6).toFixed(1),
        "loop delay max (ms)": (delay.max / 1e6).toFixed(1),
      },
    ]);
  } finally {
    await closeStore(store);
    await service.close();
  }
}

/** How late timers are on this machine just now, with nothing to do. */
async function idleDelay(): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  await sleep(3_000);
  delay.disable();
  console.log(
    `An idle process's loop delay on this machine just now: p50 ${(delay.percentile(50) / 1e6).toFixed(1)} ms, p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms (10 ms of it is the timer's).`,
  );
}

const folder = mkdtempSync(path.join(tmpdir(), "switchboard-bench-"));
try {
  await storing(folder);
  console.log(
    "\nThe practice service runs in the same process: its memory and its work count as the engine's.",
  );
  await idleDelay();
  for (const size of [100, 1_000]) await following(folder, size);
} finally {
  rmSync(folder, { recursive: true });
}
