/** Who carries missions out: one process at a time, at once when there is news, and the owner hears everything once. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Notice } from "../../plugin/lines/telling.ts";
import { EngineHost, type EngineHostParameters } from "../../plugin/missions/engine-host.ts";
import { isHosted, takeEngineLock } from "../../plugin/missions/engine-lock.ts";
import { newUpdateStatement, untoldUpdates } from "../../plugin/store/mission-updates.ts";
import { startMission } from "../../plugin/store/mission-work.ts";
import { storeInFolder } from "../store/store-in-folder.ts";
import { aPlan } from "./mission-facts.ts";

const here = storeInFolder();
const hosts: EngineHost[] = [];
let told: Notice[] = [];
let complaints: string[] = [];

beforeEach(() => {
  told = [];
  complaints = [];
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

/** The host of one process, with an engine that keeps count. */
function open(given: Partial<EngineHostParameters> = {}) {
  const passes: number[] = [];
  const engine = {
    work: vi.fn(async (): Promise<Date | undefined> => {
      passes.push(performance.now());
      return undefined;
    }),
    news: vi.fn(async () => {}),
  };
  const complain = (message: string) => void complaints.push(message);
  const host = new EngineHost({
    stateFolder: here.stateFolder,
    store: here.store,
    engine,
    tell: async (notice) => {
      told.push(notice);
      return { told: Promise.resolve(), takeBack() {} };
    },
    log: { debug() {}, info() {}, warn: complain, error: complain },
    lookEveryMs: 10,
    ...given,
  });
  hosts.push(host);
  return { host, engine, passes };
}

/** A mission with something for its owner to hear. */
async function toldOf(sentence: string, askedIn?: string): Promise<void> {
  const plan = aPlan({ name: sentence });
  const work = await startMission(here.store, { plan, line: "home", askedIn, slug: sentence });
  const body = { kind: "summary", sentence };
  await here.store.together({
    all: [newUpdateStatement(here.store, { mission: work?.mission.id ?? "", what: "tell-owner", body })],
  });
}

const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 3_000, interval: 5 });

test("one at a time; the next one takes over as soon as it ends", async () => {
  expect(isHosted(here.stateFolder)).toBe(false);
  const first = open();
  const second = open();
  first.host.start();
  await soon(() => expect(first.passes.length).toBeGreaterThan(2));
  second.host.start();
  await sleep(60);
  expect(isHosted(here.stateFolder)).toBe(true);
  expect(second.passes).toEqual([]);
  // A command that would do what is due once is told, too.
  expect(await open().host.once(new AbortController().signal)).toBe(false);
  await first.host.stop();
  const passes = first.passes.length;
  await soon(() => expect(second.passes.length).toBeGreaterThan(0));
  expect(first.passes).toHaveLength(passes);
  await second.host.stop();
  expect(isHosted(here.stateFolder)).toBe(false);
});

test("news is written down by every process, and looked at at once", async () => {
  const { host, engine, passes } = open({ lookEveryMs: 60_000 });
  host.start();
  await soon(() => expect(passes).toHaveLength(1));
  const other = takeEngineLock(here.stateFolder, 0);
  expect(other).toBeUndefined();
  await host.news({ name: "mission.call_completed", missionId: "m" });
  await soon(() => expect(passes).toHaveLength(2));
  expect(engine.news).toHaveBeenCalledTimes(1);
  const waiting = open();
  await waiting.host.news({ name: "mission.call_failed", missionId: "m" });
  expect(waiting.engine.news).toHaveBeenCalledTimes(1);
});

test("what is due sooner than the next look is done then", async () => {
  const { host, engine, passes } = open({ lookEveryMs: 60_000 });
  engine.work.mockImplementationOnce(async () => {
    passes.push(performance.now());
    return new Date(here.clock + 30);
  });
  host.start();
  await soon(() => expect(passes).toHaveLength(2));
  expect((passes[1] ?? 0) - (passes[0] ?? 0)).toBeGreaterThan(20);
});

test("the owner hears everything once, what another process left too, in the session that asked", async () => {
  await toldOf("old", "agent:main:asking");
  here.clock += 1_000;
  const { host } = open();
  host.start();
  await soon(() => expect(told).toHaveLength(1));
  here.clock += 1_000;
  await toldOf("new");
  await soon(() => expect(told).toHaveLength(2));
  await sleep(60);
  expect(told).toMatchObject([
    {
      sentence: "old",
      askedIn: "agent:main:asking",
      isOld: true,
      passOn: expect.stringContaining("what came of it"),
    },
    { sentence: "new", askedIn: undefined, isOld: false },
  ]);
  expect(await untoldUpdates(here.store)).toEqual([]);
});

test("what no turn has had yet is told by the next process", async () => {
  await toldOf("waiting");
  const takeBack = vi.fn();
  const first = open({ tell: async () => ({ told: new Promise(() => {}), takeBack }) });
  first.host.start();
  await soon(() => expect(first.passes.length).toBeGreaterThan(3));
  await first.host.stop();
  expect(takeBack).toHaveBeenCalledTimes(1);
  open().host.start();
  await soon(() => expect(told.map(({ sentence }) => sentence)).toEqual(["waiting"]));
});

test("a session that cannot take it now does not keep missions from going on", async () => {
  await toldOf("refused");
  const { host, passes } = open({
    tell: async () => {
      throw new Error("too much waits there");
    },
  });
  host.start();
  await soon(() => expect(passes.length).toBeGreaterThan(3));
  // Said once, not at every look.
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toMatch(/could not be told of mission .*: too much waits there/);
  expect(await untoldUpdates(here.store)).toHaveLength(1);
});

test("an engine that fails is left alone for a while, and stops at once", async () => {
  const { host, engine } = open();
  engine.work.mockRejectedValue(new Error("the disk is full"));
  host.start();
  await soon(() => expect(complaints).toEqual(["Carrying out missions failed: the disk is full"]));
  const began = performance.now();
  await host.stop();
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(engine.work).toHaveBeenCalledTimes(1);
  expect(isHosted(here.stateFolder)).toBe(false);
});
