/**
 * A small mission (two targets, one of whom is called twice) whose engine is killed, as `kill -9` does, after every single
 * thing it does to the world: each write to the store, each request that changes something at the service. Whoever goes on
 * then comes to the same end: nothing is sent twice, nothing forgotten, each target called exactly as often.
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryOf } from "../../plugin/store/mission-memory.ts";
import { updatesOf } from "../../plugin/store/mission-updates.ts";
import { stepsOf, targetsOf } from "../../plugin/store/mission-work.ts";
import { eventsOf } from "../../plugin/store/scheduled-events.ts";
import { number, plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();
let folder = "";
/** In one file, which starts in a moment. */
let program = "";

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-killed-"));
  program = path.join(folder, "killed-engine.mjs");
  await build({
    entryPoints: [path.join(import.meta.dirname, "killed-engine.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Begins a mission here, and has an engine of its own work on it until it is killed or the mission is over. */
async function begin(
  killAt: number,
): Promise<{ readonly id: string; readonly count: number; readonly wasKilled: boolean }> {
  const { service, here } = all;
  service.missions.scheduled.onDue = ({ to, id }) =>
    to === number(2) && id === service.missions.scheduled.all.find((event) => event.to === to)?.id
      ? { does: "busy" }
      : { does: "answer", insight: `Spoken with ${to}.` };
  const { mission } = await all.start(plan({ targets: [target(1), target(2)] }));
  const child = fork(program, {
    env: {
      ...process.env,
      STATE_FOLDER: here.stateFolder,
      API_URL: service.apiUrl,
      API_KEY: service.key,
      KILL_AT: String(killAt),
      START: String(START),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let count = 0;
  child.on("message", (said: { next?: number; count: number }) => {
    ({ count } = said);
    if (said.next === undefined) {
      child.disconnect();
      return;
    }
    all.goOn(Math.max(all.clock.now(), said.next));
    child.send({ now: all.clock.now() });
  });
  const [, signal] = await once(child, "exit");
  return { id: mission.id, count, wasKilled: signal === "SIGKILL" };
}

/** Everything there is of the mission in the end, without ids and times, and so in no order: who was away calls others first. */
async function endOf(id: string) {
  const { store } = all.here;
  const { missions } = all.service;
  const [known] = missions.runs;
  // How often the service has to be told that it is not over depends on when it is looked at.
  const logged = (known?.events ?? []).filter(({ summary }) => !summary.startsWith("Not over yet"));
  const keys = logged.map(({ payload }) => (payload as { update: string }).update);
  return {
    state: (await all.work(id)).state,
    targets: (await targetsOf(store, id)).map(({ name, state, attempts, outcome, insight }) => ({
      name,
      state,
      attempts,
      outcome,
      insight,
    })),
    steps: (await stepsOf(store, id)).map(({ stepId, status }) => [stepId, status]),
    memory: Object.values(await memoryOf(store, id)).map((items) =>
      (items as { target: string; outcome: string; attempt: number }[])
        .map((item) => [item.target, item.attempt, item.outcome])
        .toSorted(byText),
    ),
    scheduled: (await eventsOf(store, id))
      .filter(({ state }) => state === "scheduled")
      .map(({ to, status }) => [to, status])
      .toSorted(byText),
    open: (await updatesOf(store, id)).filter(({ lane, state }) => lane !== "owner" && state !== "done"),
    owner: (await updatesOf(store, id)).filter(({ lane }) => lane === "owner").map(({ body }) => body),
    there: {
      missions: missions.all.length,
      assistants: missions.assistants.all.length,
      numbers: missions.numbers.all.filter(({ connection_id }) => connection_id !== null).length,
      runs: missions.runs.map(({ run, plan: steps, agents }) => [
        run.status,
        run.result_summary,
        steps.map(({ status }) => status),
        agents.length,
      ]),
      calls: missions.scheduled.all.map(({ to, status }) => [to, status]).toSorted(byText),
      // What is logged says when the calls are: a crash may move them.
      logged: logged
        .map(({ type, summary, step_id }) => [type, summary.replace(/ for \S+$/, ""), step_id])
        .toSorted(byText),
      loggedTwice: keys.length - new Set(keys).size,
    },
    violations: all.service.violations,
  };
}

function byText(one: readonly unknown[], other: readonly unknown[]): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

/** More things than the mission does. */
const MOST = 130;

let whole: Awaited<ReturnType<typeof endOf>> | undefined;
let steps = 0;

test("nobody is killed", async () => {
  const { id, count, wasKilled } = await begin(0);
  expect(wasKilled).toBe(false);
  whole = await endOf(id);
  steps = count;
  expect(whole).toMatchObject({
    state: "succeeded",
    targets: [
      { name: "Target 1", state: "done", attempts: 1 },
      { name: "Target 2", state: "done", attempts: 2 },
    ],
    open: [],
    there: { missions: 1, assistants: 1, numbers: 1, loggedTwice: 0 },
  });
  expect(whole?.there.calls).toHaveLength(3);
  // Beyond it nobody would be killed any more.
  expect(steps).toBeGreaterThan(100);
  expect(steps).toBeLessThan(MOST);
});

test.each(Array.from({ length: MOST }, (_, index) => index + 1))("killed after step %i", async (killAt) => {
  if (killAt > steps) return;
  const { id, wasKilled } = await begin(killAt);
  expect(wasKilled).toBe(true);
  // Whoever goes on may have been away for a while.
  all.goOn(all.clock.now() + (killAt % 3) * 45_000);
  await all.run(all.engine());
  expect(await endOf(id)).toEqual(whole);
});
