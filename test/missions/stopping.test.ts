/** Pausing a mission, going on with it, and ending it before its time, whatever it is doing just then. */
import { describe, expect, test } from "vitest";
import { NoUsableLine } from "../../plugin/config/choose-line.ts";
import type { MissionAgent } from "../../plugin/missions/mission-agent.ts";
import { approve } from "../../plugin/missions/mission-desk.ts";
import { addDoNotCall } from "../../plugin/store/do-not-call.ts";
import { updatesOf } from "../../plugin/store/mission-updates.ts";
import {
  answerDecision,
  decisionsOf,
  requestCancel,
  requestPause,
  requestResume,
  stepsOf,
  workStatement,
} from "../../plugin/store/mission-work.ts";
import { closeMission } from "../../plugin/store/missions.ts";
import { config, number, plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();

const four = [1, 2, 3, 4].map((index) => target(index));

/** How many calls have been made, or are being made. */
function begun(): number {
  return all.service.missions.scheduled.all.filter(({ status }) => status !== "pending").length;
}

/** What the owner is to hear. */
async function told(id: string): Promise<unknown[]> {
  return (await updatesOf(all.here.store, id)).filter(({ lane }) => lane === "owner").map(({ body }) => body);
}

test("paused: nobody else is called, who is on the phone finishes; then it goes on, and everybody is called once", async () => {
  const { mission } = await all.start(plan({ targets: four }));
  const engine = all.engine();
  await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
  all.goOn(START + 92_000);
  expect(await requestPause(all.here.store, mission.id)).toBe(true);
  await all.run(engine);
  expect(await all.work(mission.id)).toMatchObject({ state: "paused", reason: "Paused by command." });
  expect(begun()).toBe(1);
  expect(all.service.missions.scheduled.all).toHaveLength(1);
  expect((await all.targets(mission.id)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ["done", 1],
    ["waiting", 0],
    ["waiting", 0],
    ["waiting", 0],
  ]);
  all.goOn(all.clock.now() + 3 * 60 * 60_000);
  await all.run(engine);
  expect(begun()).toBe(1);
  expect(await requestResume(all.here.store, mission.id)).toBe(true);
  await all.run(engine);
  await all.expectOver(mission.id, "succeeded");
  expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 1, 1, 1]);
});

test("paused before anything was made, it goes on from there", async () => {
  const { mission } = await all.start(plan({ targets: four }));
  await requestPause(all.here.store, mission.id);
  const engine = all.engine();
  await all.run(engine);
  expect(all.service.missions.all).toEqual([]);
  await requestResume(all.here.store, mission.id);
  await all.run(engine);
  await all.expectOver(mission.id, "succeeded");
});

describe("cancelled", () => {
  test("before anything was made: nothing is", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    expect(await requestCancel(all.here.store, mission.id)).toBe(true);
    await all.run(all.engine());
    expect(all.service.missions.all).toEqual([]);
    expect(await all.work(mission.id)).toMatchObject({ state: "cancelled" });
    expect(await requestResume(all.here.store, mission.id)).toBe(false);
  });

  test("while somebody is on the phone: they finish, nobody else is called, nothing is left anywhere", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    const engine = all.engine();
    await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
    all.goOn(START + 92_000);
    await requestCancel(all.here.store, mission.id);
    await all.run(engine);
    await all.expectOver(mission.id, "cancelled");
    expect(begun()).toBe(1);
    expect((await all.targets(mission.id)).map(({ state }) => state)).toEqual([
      "done",
      "dropped",
      "dropped",
      "dropped",
    ]);
    expect((await stepsOf(all.here.store, mission.id)).map(({ status }) => status)).toEqual([
      "completed",
      "failed",
      "skipped",
    ]);
    expect(await told(mission.id)).toMatchObject([
      { kind: "summary", sentence: expect.stringContaining("was cancelled. 1 of 4 reached, 3 not called.") },
    ]);
  });

  test("while the service fails: it ends once the service knows", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    const engine = all.engine();
    await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
    all.service.faults.rest = [
      { method: "DELETE", path: /./, kind: "status", times: 2 },
      { method: "DELETE", path: /./, kind: "drop_after_processing", times: 2 },
      { method: "PATCH", path: /./, kind: "status", times: 3 },
    ];
    all.goOn(START + 10_000);
    await requestCancel(all.here.store, mission.id);
    await all.run(engine);
    await all.expectOver(mission.id, "cancelled");
    expect(
      all.service.missions.scheduled.all.filter(({ status }) => status === "completed").length,
    ).toBeLessThan(4);
  });

  test("while the service takes no news of the mission: what is scheduled is taken back all the same", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    const engine = all.engine();
    all.service.faults.rest = [
      { method: "POST", path: /\/runs\/[^/]+\/events$/, kind: "status", status: 500, times: 12 },
    ];
    await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
    await requestCancel(all.here.store, mission.id);
    await all.run(engine);
    await all.expectOver(mission.id, "cancelled");
    expect(all.calls()).toEqual({});
    expect(all.service.missions.runs[0]?.events.map(({ summary }) => summary)).toContain(
      "The mission cancelled: Cancelled by command.",
    );
  });

  test("while paused, and while a human is waited for", async () => {
    const rounds = [1, 2].map((index) => ({ name: `Round ${index}`, instructions: "Ask.", questions: [] }));
    const { mission } = await all.start(plan({ class: "rounds", rounds, targets: four }));
    const engine = all.engine();
    await all.run(engine);
    expect(await all.work(mission.id)).toMatchObject({ state: "deciding" });
    await requestPause(all.here.store, mission.id);
    await all.run(engine);
    expect(await all.work(mission.id)).toMatchObject({ state: "paused" });
    await requestCancel(all.here.store, mission.id);
    await all.run(engine);
    await all.expectOver(mission.id, "cancelled");
    expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 1, 1, 1]);
    expect(
      (await decisionsOf(all.here.store, mission.id)).filter(({ state }) => state !== "answered"),
    ).toEqual([]);
  });
});

test("a wish that comes while the one before is fulfilled is not lost", async () => {
  const { mission } = await all.start(plan({ targets: four }));
  await requestPause(all.here.store, mission.id);
  const seen = await all.work(mission.id);
  await requestCancel(all.here.store, mission.id);
  const { store } = all.here;
  const paused = workStatement(store, seen, { state: "paused", wish: null });
  expect(await store.together({ onlyIf: paused, all: [] })).toBeUndefined();
  expect(await all.work(mission.id)).toMatchObject({ state: "preparing", wish: "cancel" });
});

test("cancelled while the agent is asked about one: about the others it is not", async () => {
  all.service.missions.scheduled.onDue = () => ({ does: "answer", insight: "A hundred." });
  const rubric = [{ name: "price", weight: 1 }];
  const { mission } = await all.start(plan({ class: "screening", rubric, targets: four }));
  const asked: string[] = [];
  const agent: MissionAgent = {
    async decide({ kind }) {
      asked.push(kind);
      await requestCancel(all.here.store, mission.id);
      return { scores: { price: 5 } } as never;
    },
  };
  // Nobody was there while all of them were called.
  await all.run(all.engine(), { until: () => all.service.missions.scheduled.all.length === 4 });
  all.goOn(START + 60 * 60_000);
  await all.run(all.engine({ agent }));
  await all.expectOver(mission.id, "cancelled");
  expect(asked).toEqual(["scores"]);
});

test("a human who says yes without naming anybody means those who were reached", async () => {
  all.service.missions.scheduled.onDue = ({ to }) => ({ does: to === number(2) ? "failed" : "answer" });
  const rounds = [1, 2].map((index) => ({ name: `Round ${index}`, instructions: "Ask.", questions: [] }));
  await addDoNotCall(all.here.store, { number: number(3), source: "owner" });
  const { mission } = await all.start(plan({ class: "rounds", rounds, targets: four }));
  const engine = all.engine();
  await all.run(engine);
  const before = all.calls()[number(2)]?.length;
  const { store } = all.here;
  await expect(approve(store, mission.slug, [1, 3])).rejects.toThrow("No. 3 is not called any more.");
  const { targets } = await approve(store, mission.slug, undefined);
  expect(targets.map(({ position }) => position)).toEqual([1, 4]);
  await all.run(engine);
  await all.expectOver(mission.id, "succeeded");
  expect([1, 2, 3, 4].map((index) => all.calls()[number(index)]?.length)).toEqual([2, before, undefined, 2]);
});

test("a human who says no between rounds: nobody is called again, and the mission is over", async () => {
  const rounds = [1, 2].map((index) => ({ name: `Round ${index}`, instructions: "Ask.", questions: [] }));
  const { mission } = await all.start(plan({ class: "rounds", rounds, targets: four }));
  const engine = all.engine();
  await all.run(engine);
  expect(await told(mission.id)).toMatchObject([{ kind: "approval" }]);
  const [approval] = await decisionsOf(all.here.store, mission.id);
  expect(await answerDecision(all.here.store, approval?.id ?? 0, { approved: false })).toBe(true);
  expect(await answerDecision(all.here.store, approval?.id ?? 0, { approved: true })).toBe(false);
  await all.run(engine);
  await all.expectOver(mission.id, "succeeded");
  expect((await all.work(mission.id)).reason).toBe("Round 2 was not approved.");
  expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 1, 1, 1]);
});

describe("what the owner does not allow", () => {
  test("a number on the do-not-call list is not called, the others are", async () => {
    await addDoNotCall(all.here.store, { number: number(2), source: "owner" });
    const { mission } = await all.start(plan({ targets: four }));
    await all.run(all.engine());
    await all.expectOver(mission.id, "succeeded");
    expect(Object.keys(all.calls())).toEqual([number(1), number(3), number(4)]);
    expect((await all.targets(mission.id))[1]).toMatchObject({
      state: "dropped",
      attempts: 0,
      detail: expect.stringContaining("do-not-call list"),
    });
  });

  test("somebody who asks on the first call not to be called again gets no second one", async () => {
    all.service.missions.scheduled.onDue = () => ({ does: "voicemail" });
    const { mission } = await all.start(plan({ targets: [target(1)] }));
    const hear = all.news.bind(all);
    const transcript = [{ role: "user", content: "Please don't call this number again." }];
    all.news = () =>
      hear().map((one) => ({ ...one, ...(one.transcript === undefined ? {} : { transcript }) }));
    await all.run(all.engine(), { hears: true });
    all.news = hear;
    await all.expectOver(mission.id, "failed");
    expect(all.calls()[number(1)]).toHaveLength(1);
  });

  test("who asks for it is not called by a call that is scheduled already", async () => {
    all.service.missions.scheduled.onDue = () => ({ does: "answer" });
    const { mission } = await all.start(plan({ targets: four }));
    const engine = all.engine();
    await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
    const [missionId = ""] = all.service.missions.all.map(({ id }) => id);
    await engine.news({
      name: "mission.call_completed",
      missionId,
      to: number(3),
      transcript: [{ role: "user", content: "Please don't call this number again." }],
    });
    await all.run(engine);
    await all.expectOver(mission.id, "succeeded");
    expect(Object.keys(all.calls())).toEqual([number(1), number(2), number(4)]);
    expect((await all.targets(mission.id))[2]).toMatchObject({
      state: "dropped",
      detail: "They asked not to be called again.",
    });
  });

  test("who comes on the do-not-call list in any way is not called by a call that is scheduled already", async () => {
    all.service.missions.scheduled.onDue = () => ({ does: "answer" });
    const { mission } = await all.start(plan({ targets: four }));
    const other = await all.start(plan({ name: "Another one", targets: [target(2), target(5)] }));
    const engine = all.engine();
    await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 6 });
    await addDoNotCall(all.here.store, { number: number(2), source: "text", words: "STOP" });
    await addDoNotCall(all.here.store, { number: number(3), source: "owner" });
    await all.run(engine);
    await all.expectOver(mission.id, "succeeded");
    await all.expectOver(other.mission.id, "succeeded");
    expect(Object.keys(all.calls()).toSorted()).toEqual([number(1), number(4), number(5)]);
    expect((await all.targets(mission.id)).map(({ state, detail }) => [state, detail])).toEqual([
      ["done", undefined],
      ["dropped", "They asked not to be called again."],
      ["dropped", "It is on the do-not-call list."],
      ["done", undefined],
    ]);
  });

  test("a line that may place two calls a day places two a day", async () => {
    const [line] = config.lines;
    if (line === undefined) throw new Error("There is a line.");
    const { mission } = await all.start(plan({ targets: four }));
    await all.run(all.engine({ config: { ...config, lines: [{ ...line, callsPerDay: 2 }] } }));
    await all.expectOver(mission.id, "succeeded");
    const days = Object.values(all.calls())
      .flat()
      .map((time) => new Date(time).toISOString().slice(0, 10));
    expect(days.toSorted()).toEqual(["2026-01-07", "2026-01-07", "2026-01-08", "2026-01-08"]);
  });

  test("a line that may place none: the mission is paused, and the owner hears why", async () => {
    const [line] = config.lines;
    if (line === undefined) throw new Error("There is a line.");
    const { mission } = await all.start(plan({ targets: four }));
    await all.run(all.engine({ config: { ...config, lines: [{ ...line, callsPerDay: 0 }] } }));
    expect(await all.work(mission.id)).toMatchObject({ state: "paused" });
    expect(await told(mission.id)).toMatchObject([
      { kind: "problem", sentence: expect.stringContaining('"callsPerDay"') },
    ]);
    expect(all.calls()).toEqual({});
  });
});

describe("a line that cannot be used any more", () => {
  const why = 'The line "clawdtalk" is switched off.';
  const without = (errors: string[] = []) =>
    all.engine({
      rest: () => {
        throw new NoUsableLine(why);
      },
      log: { debug() {}, info() {}, warn() {}, error: (message) => errors.push(message) },
    });

  test("pauses the mission, the owner hears why, and it goes on when it is back", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    await all.run(all.engine(), { until: () => all.service.missions.scheduled.all.length === 4 });
    all.goOn(START + 4 * 60_000);
    const errors: string[] = [];
    await without(errors).work(AbortSignal.timeout(5_000));
    expect(await all.work(mission.id)).toMatchObject({ state: "paused", reason: why });
    expect(await told(mission.id)).toEqual([
      { kind: "problem", sentence: expect.stringContaining(`is paused: ${why} Once that is put in order`) },
    ]);
    expect(errors).toHaveLength(1);
    expect(await requestResume(all.here.store, mission.id)).toBe(true);
    await all.run(all.engine());
    await all.expectOver(mission.id, "succeeded");
    expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 1, 1, 1]);
  });

  test("keeps no mission from being cancelled: what cannot be taken back is said", async () => {
    const { mission } = await all.start(plan({ targets: four }));
    await all.run(all.engine(), { until: () => all.service.missions.scheduled.all.length === 4 });
    await requestCancel(all.here.store, mission.id);
    const errors: string[] = [];
    await without(errors).work(AbortSignal.timeout(5_000));
    expect(errors).toEqual([]);
    expect(await all.work(mission.id)).toMatchObject({ state: "cancelled" });
    expect((await all.targets(mission.id)).map(({ state, detail }) => [state, detail])).toEqual(
      four.map(() => ["unsettled", why]),
    );
    expect((await updatesOf(all.here.store, mission.id)).filter(({ state }) => state === "sending")).toEqual(
      [],
    );
  });
});

describe("an account with one number", () => {
  const one = () => plan({ name: "First", targets: [target(1)] });
  const two = () => plan({ name: "Second", targets: [target(2)] });
  const single = () => all.service.missions.numbers.all.splice(1);

  test("goes from a mission that has ended to the next one", async () => {
    single();
    const engine = all.engine();
    const first = await all.start(one());
    await all.run(engine);
    await all.expectOver(first.mission.id, "succeeded");
    const second = await all.start(two());
    await all.run(engine);
    await all.expectOver(second.mission.id, "succeeded");
    expect(all.service.missions.scheduled.all.map(({ from }) => from)).toEqual([
      "+15559990000",
      "+15559990000",
    ]);
  });

  test("is waited for while another mission has it", async () => {
    single();
    const [first, second] = [await all.start(one()), await all.start(two())];
    await all.run(all.engine());
    await all.expectOver(first.mission.id, "succeeded");
    await all.expectOver(second.mission.id, "succeeded");
    expect(await told(second.mission.id)).toMatchObject([
      { kind: "problem", sentence: expect.stringContaining("first") },
      { kind: "summary" },
    ]);
  });

  test("that somebody else uses is not taken: the mission is paused, and the owner hears why", async () => {
    single();
    const [phone] = all.service.missions.numbers.all;
    all.service.missions.numbers.assign(phone?.id ?? "", "connection_of_somebody");
    const { mission } = await all.start(one());
    await all.run(all.engine());
    expect(await all.work(mission.id)).toMatchObject({ state: "paused" });
    expect(await told(mission.id)).toMatchObject([
      { kind: "problem", sentence: expect.stringContaining("no number that is free") },
    ]);
  });
});

test("a mission that somebody closes by hand: what is scheduled is taken back", async () => {
  const { mission } = await all.start(plan({ targets: four }));
  const engine = all.engine();
  await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 4 });
  await closeMission(all.here.store, mission.id, "succeeded");
  await all.run(engine);
  expect((await all.work(mission.id)).state).toBe("succeeded");
  expect(all.calls()).toEqual({});
});
