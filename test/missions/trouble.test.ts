/** Missions while the service is in trouble: it fails, is late, says things twice or in another order, and closes by itself. */
import { describe, expect, test, vi } from "vitest";
import type { MissionAgent } from "../../plugin/missions/mission-agent.ts";
import { SetUpBusy } from "../../plugin/missions/mission-errors.ts";
import type { RestFault } from "../../plugin/practice/clawdtalk-faults.ts";
import { updatesOf } from "../../plugin/store/mission-updates.ts";
import { requestCancel } from "../../plugin/store/mission-work.ts";
import { number, plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();

/** The first target answers; the second one the second time. */
function oneRetry(): void {
  all.service.missions.scheduled.onDue = ({ to, id }) =>
    to === number(2) && id === all.service.missions.scheduled.all.find((event) => event.to === to)?.id
      ? { does: "busy" }
      : { does: "answer", insight: `Spoken with ${to}.` };
}

const small = () => plan({ targets: [target(1), target(2)] });

/** As often as has to be, and nothing twice. */
async function expectAllDone(id: string): Promise<void> {
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([
    { state: "done", attempts: 1, insight: `Spoken with ${number(1)}.` },
    { state: "done", attempts: 2, insight: `Spoken with ${number(2)}.` },
  ]);
  expect([1, 2].map((index) => all.calls()[number(index)]?.length)).toEqual([1, 2]);
  const { missions } = all.service;
  expect([missions.all, missions.runs, missions.assistants.all].map(({ length }) => length)).toEqual([
    1, 1, 1,
  ]);
  const told = (await updatesOf(all.here.store, id)).filter(({ what }) => what === "log-event");
  const logged = missions.runs[0]?.events ?? [];
  expect(logged.map(({ summary }) => summary)).toEqual(
    told.map(({ body }) => (body as { summary: string }).summary),
  );
  expect(told.every(({ state }) => state === "done")).toBe(true);
}

const requests: [what: string, Pick<RestFault, "method" | "path">][] = [
  ["setting up", { method: "POST", path: /\/(missions|runs|plan|assistants|agents)$/ }],
  ["scheduling", { method: "POST", path: /\/assistants\/[^/]+\/events$/ }],
  ["looking", { method: "GET", path: /\/events\/[^/]+$/ }],
  ["insights", { method: "GET", path: /insights$/ }],
  ["the log", { method: "POST", path: /\/runs\/[^/]+\/events$/ }],
  ["the steps", { method: "PATCH", path: /\/steps\// }],
  ["the run", { method: "PATCH", path: /\/runs\/[^/]+$/ }],
  ["anything", { path: /./ }],
];
const faults: [how: string, Pick<RestFault, "kind" | "status">][] = [
  ["429", { kind: "status", status: 429 }],
  ["500 and nothing done", { kind: "status", status: 500 }],
  ["500 and done", { kind: "status_after_processing", status: 500 }],
  ["an answer that is lost", { kind: "drop_after_processing" }],
];

describe.each(requests)("%s", (_what, request) => {
  test.each(faults)("%s, three times: the same end", async (_how, fault) => {
    oneRetry();
    all.service.faults.rest = [0, 1, 2].map((after) => ({
      ...request,
      ...fault,
      times: 1,
      after: after * 2,
    }));
    const { mission } = await all.start(small());
    await all.run(all.engine());
    await expectAllDone(mission.id);
    // It did happen.
    expect(all.service.faults.rest.reduce((sum, { times }) => sum + times, 0)).toBeLessThan(3);
  });
});

test("a service that hardly ever says what it has done", async () => {
  oneRetry();
  all.service.faults.rest = Array.from({ length: 60 }, (_, index) => ({
    path: /./,
    kind: index % 2 === 0 ? ("drop_after_processing" as const) : ("status" as const),
    times: 1,
    after: index % 3,
  }));
  const { mission } = await all.start(small());
  await all.run(all.engine());
  await expectAllDone(mission.id);
});

test("a service that does not answer in time", async () => {
  oneRetry();
  all.service.faults.rest = [
    { method: "POST", path: /\/assistants\/[^/]+\/events$/, kind: "timeout_after_processing", times: 1 },
    { method: "POST", path: /\/runs\/[^/]+\/events$/, kind: "timeout", times: 1 },
  ];
  const rest = all.rest({ timeoutMs: 600 });
  const { mission } = await all.start(small());
  await all.run(all.engine({ rest: () => rest }));
  await expectAllDone(mission.id);
});

test("429 slows the calls down: they lie farther apart afterwards", async () => {
  all.service.missions.scheduled.onDue = () => ({ does: "answer" });
  all.service.faults.rest = [
    { method: "POST", path: /\/assistants\/[^/]+\/events$/, kind: "status", status: 429, times: 3, after: 1 },
  ];
  const { mission } = await all.start(plan({ targets: [1, 2, 3, 4].map((index) => target(index)) }));
  await all.run(all.engine());
  await all.expectOver(mission.id, "succeeded");
  const times = Object.values(all.calls())
    .flat()
    .toSorted((one, other) => one - other);
  expect(times[0]).toBe(START + 90_000);
  for (const [index, time] of times.entries()) {
    if (index > 0) expect(time - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(90_000);
  }
  expect(await all.work(mission.id)).toMatchObject({ slowdown: 3 });
});

describe("what the service says by itself", () => {
  test.each([
    ["as it happens", (events: unknown[]) => events],
    ["twice", (events: unknown[]) => events.flatMap((event) => [event, event])],
    ["in another order", (events: unknown[]) => events.toReversed()],
  ])("%s: the same end, only sooner; a machine is known by it", async (_how, said) => {
    all.service.missions.scheduled.onDue = ({ to, id }) =>
      to === number(2) && id === all.service.missions.scheduled.all.find((event) => event.to === to)?.id
        ? { does: "voicemail" }
        : {
            does: "answer",
            insight: `Spoken with ${to}.`,
            transcript: [{ role: "user", content: "A hundred." }],
          };
    const { mission } = await all.start(small());
    const engine = all.engine();
    const hear = all.news.bind(all);
    all.news = () => said(hear()) as ReturnType<typeof hear>;
    await all.run(engine, { hears: true });
    all.news = hear;
    await expectAllDone(mission.id);
    const [first] = await all.targets(mission.id);
    expect(first).toMatchObject({
      transcript: [{ role: "user", content: "A hundred." }],
      durationSeconds: 30,
    });
  });
});

test.each([true, false])("the service closes steps and the run by itself: %s", async (closesByItself) => {
  oneRetry();
  all.service.missions.closesByItself = closesByItself;
  const { mission } = await all.start(small());
  const stands: string[] = [];
  const engine = all.engine();
  await all.run(engine, {
    until: async () => {
      const [known] = all.service.missions.runs;
      const retries = (await all.targets(mission.id)).some(
        (each) => each.attempts === 2 && each.state === "scheduled",
      );
      if (retries) stands.push(`${known?.run.status} ${known?.plan[1]?.status}`);
      return false;
    },
  });
  await expectAllDone(mission.id);
  // While somebody was still to be called again, it was not over at the service either.
  expect(new Set(stands)).toEqual(new Set(["running in_progress"]));
});

test("a run that was cancelled at the service is cancelled here", async () => {
  oneRetry();
  const { mission } = await all.start(plan({ targets: [1, 2, 3].map((index) => target(index)) }));
  const engine = all.engine();
  await all.run(engine, {
    until: () => all.service.missions.scheduled.all.some(({ status }) => status === "completed"),
  });
  all.service.missions.cancel(all.service.missions.all[0]?.id ?? "");
  await all.run(engine);
  await all.expectOver(mission.id, "cancelled");
});

test("two missions at once, each to its own end", async () => {
  oneRetry();
  const other = plan({ name: "Another one", class: "negotiation", targets: [target(11), target(12)] });
  const [one, two] = [await all.start(small()), await all.start(other)];
  await all.run(all.engine());
  await all.expectOver(one.mission.id, "succeeded");
  await all.expectOver(two.mission.id, "succeeded");
  expect(
    Object.values(all.calls())
      .map((times) => times.length)
      .toSorted(),
  ).toEqual([1, 1, 1, 2]);
  const assistants = new Set(all.service.missions.scheduled.all.map(({ assistant_id }) => assistant_id));
  expect(assistants.size).toBe(2);
});

test("an agent that thinks about one mission for long keeps no other one waiting", async () => {
  oneRetry();
  const rubric = [{ name: "price", weight: 1 }];
  const one = await all.start(plan({ class: "screening", rubric, targets: [target(1)] }));
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const agent: MissionAgent = {
    async decide({ kind }) {
      asked.resolve();
      await answer.promise;
      return (kind === "summary" ? { summary: "Done." } : { scores: { price: 5 } }) as never;
    },
  };
  const engine = all.engine({ agent, lookEveryMs: 5 });
  const running = all.run(engine);
  await asked.promise;
  const two = await all.start(plan({ name: "Another one", targets: [target(11)] }));
  await vi.waitFor(async () => expect((await all.work(two.mission.id)).state).toBe("running"), 5_000);
  await requestCancel(all.here.store, two.mission.id);
  await vi.waitFor(async () => expect((await all.work(two.mission.id)).outcome).toBe("cancelled"), 5_000);
  answer.resolve();
  await running;
  await all.expectOver(one.mission.id, "succeeded");
  await all.expectOver(two.mission.id, "cancelled");
});

test("another process that sets up a mission for minutes does not pause this one", async () => {
  oneRetry();
  const { mission } = await all.start(small());
  let busy = 2;
  const engine = all.engine({
    alone: async (work) => {
      busy -= 1;
      if (busy >= 0) throw new SetUpBusy("Another mission is being set up just now.");
      return await work();
    },
  });
  await all.run(engine);
  await expectAllDone(mission.id);
});

test("a call of which nothing is ever heard is given up after a day, and said", async () => {
  all.service.missions.scheduled.onDue = ({ to }) =>
    to === number(1) ? { does: "hang" } : { does: "answer" };
  const { mission } = await all.start(small());
  await all.run(all.engine());
  expect(await all.targets(mission.id)).toMatchObject([
    { state: "unsettled", detail: "The service never said what came of it." },
    { state: "done" },
  ]);
  expect((await all.work(mission.id)).state).toBe("succeeded");
});

test("nobody was there for three days: what the service has to say of that time counts", async () => {
  oneRetry();
  const { mission } = await all.start(plan({ targets: [target(1)] }));
  await all.run(all.engine(), { until: () => all.service.missions.scheduled.all.length === 1 });
  all.goOn(START + 3 * 24 * 60 * 60_000);
  await all.run(all.engine());
  await all.expectOver(mission.id, "succeeded");
  expect(await all.targets(mission.id)).toMatchObject([
    { state: "done", attempts: 1, insight: `Spoken with ${number(1)}.` },
  ]);
});

test("what cannot be asked for is given up some time after it is a day old", async () => {
  oneRetry();
  all.service.faults.rest = [
    { method: "GET", path: /\/events\/[^/]+$/, kind: "status", status: 500, times: 1_000 },
  ];
  const { mission } = await all.start(plan({ targets: [target(1)] }));
  await all.run(all.engine(), { days: 3 });
  expect(await all.targets(mission.id)).toMatchObject([
    { state: "unsettled", detail: "The service never said what came of it." },
  ]);
});
