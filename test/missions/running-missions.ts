/**
 * Missions on the practice line: its real server over real sockets, a real store, and one clock for all of them that is
 * driven on as fast as things happen.
 */
import { afterEach, beforeEach, expect } from "vitest";
import type { MissionNews } from "../../plugin/carriers/carrier.ts";
import { ClawdTalkMissions } from "../../plugin/carriers/clawdtalk/missions-rest.ts";
import { MissionEngine, type MissionEngineOptions } from "../../plugin/missions/engine.ts";
import type { MissionPlan } from "../../plugin/missions/plan.ts";
import { slugOf } from "../../plugin/missions/slug.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { DrivenClock } from "../../plugin/practice/driven-clock.ts";
import {
  ENDED_STATES,
  type MissionTarget,
  type MissionWork,
  startMission,
  targetsOf,
  workOf,
} from "../../plugin/store/mission-work.ts";
import { storeInFolder } from "../store/store-in-folder.ts";
import { config, LINE, START } from "./mission-plans.ts";

/** Set up anew for each test. */
export function runningMissions() {
  const here = storeInFolder();
  let clock = new DrivenClock(START);
  let service: ClawdTalkPractice | undefined;
  /** How many of the server's events have been handed on. */
  let heard = 0;
  const stop = new AbortController();

  beforeEach(async () => {
    clock = new DrivenClock(START);
    heard = 0;
    here.clock = START;
    service = await startClawdTalkPractice({ dedicatedNumber: "+15559990000", clock });
    service.missions.numbers.add("+15559990001");
  });
  afterEach(async () => {
    await service?.close();
  });

  const all = {
    here,
    get service(): ClawdTalkPractice {
      if (service === undefined) throw new Error("The service is there during a test only.");
      return service;
    },
    get clock() {
      return clock;
    },
    rest(given: { readonly timeoutMs?: number } = {}) {
      return new ClawdTalkMissions({
        apiUrl: all.service.apiUrl,
        apiKey: all.service.key,
        secrets: [all.service.key],
        retry: { times: 0, firstDelayMs: 1 },
        ...given,
      });
    },
    engine(given: Partial<MissionEngineOptions> = {}): MissionEngine {
      const rest = all.rest();
      return new MissionEngine({
        store: here.store,
        rest: () => rest,
        config,
        random: () => 0.5,
        log: { debug() {}, info() {}, warn() {}, error: (message) => expect.unreachable(message) },
        ...given,
      });
    },
    /** Starts a mission of this plan. */
    async start(wanted: MissionPlan): Promise<MissionWork> {
      const work = await startMission(here.store, { plan: wanted, line: LINE, slug: slugOf(wanted.name) });
      if (work === undefined) throw new Error(`There is a mission ${wanted.name} already.`);
      return work;
    },
    /** The time goes on, for everybody. */
    goOn(to: number): void {
      clock.advanceTo(to);
      here.clock = clock.now();
    },
    /** What the server would have said over the WebSocket since the last time, if anybody had listened. */
    news(): MissionNews[] {
      const said = all.service.undelivered.slice(heard) as Record<string, never>[];
      heard += said.length;
      return said.map((message) => ({
        name: message.event ?? "mission.call_started",
        missionId: String(message.mission_id),
        stepId: String(message.step_id),
        ...(message.conversation_id === undefined ? {} : { conversationId: message.conversation_id }),
        ...(message.from === undefined ? {} : { from: message.from }),
        ...(message.to === undefined ? {} : { to: message.to }),
        ...(message.transcript === undefined ? {} : { transcript: message.transcript }),
        ...(message.text === undefined ? {} : { text: message.text }),
        ...(message.summary === undefined ? {} : { summary: message.summary }),
        ...(message.reason === undefined ? {} : { reason: message.reason }),
        ...(message.duration_sec === undefined ? {} : { durationSec: message.duration_sec }),
      }));
    },
    /**
     * Lets the engine work and the time go on until nothing is to come, or `until` says so.
     *
     * @param given.hears whether the engine hears what the server says by itself.
     * @param given.days how long at most.
     */
    async run(
      engine: MissionEngine,
      given: {
        readonly hears?: boolean;
        readonly days?: number;
        readonly until?: () => boolean | Promise<boolean>;
      } = {},
    ): Promise<void> {
      const { hears = false, days = 60 } = given;
      const end = clock.now() + days * 24 * 60 * 60_000;
      for (let round = 0; clock.now() < end; round += 1) {
        if (round > 5_000) throw new Error("The engine goes round in circles.");
        const next = await engine.work(stop.signal);
        if (await given.until?.()) return;
        if (next === undefined) return;
        const happens = hears ? clock.next : undefined;
        all.goOn(Math.max(clock.now(), Math.min(next.getTime(), happens ?? Number.POSITIVE_INFINITY)));
        if (!hears) continue;
        for (const one of all.news()) await engine.news(one);
      }
      throw new Error(`The mission goes on after ${days} days.`);
    },
    async work(id: string): Promise<MissionWork> {
      const work = await workOf(here.store, id);
      if (work === undefined) throw new Error("The mission is gone.");
      return work;
    },
    async targets(id: string): Promise<MissionTarget[]> {
      return await targetsOf(here.store, id);
    },
    /** The mission is over here and at the server, and nothing is left of it anywhere. */
    async expectOver(id: string, outcome: "succeeded" | "failed" | "cancelled"): Promise<void> {
      const work = await all.work(id);
      expect(ENDED_STATES).toContain(work.state);
      expect(work.state).toBe(outcome);
      expect(work.mission).toMatchObject({ runStatus: outcome, closedAt: expect.any(Date) });
      const run = all.service.missions.runs.find(({ run: { run_id } }) => run_id === work.mission.runId);
      expect(run?.run.status).toBe(outcome);
      expect(run?.plan.map(({ status }) => status)).not.toContain("in_progress");
      expect(run?.plan.map(({ status }) => status)).not.toContain("pending");
      expect(all.service.missions.scheduled.all.filter(({ status }) => status === "pending")).toEqual([]);
    },
    /** The calls and texts that were made, by number, each with its times. */
    calls(): Record<string, number[]> {
      const made: Record<string, number[]> = {};
      for (const { to, scheduled_at } of all.service.missions.scheduled.all) {
        made[to] = [...(made[to] ?? []), Date.parse(scheduled_at)];
      }
      return made;
    },
  };
  return all;
}
