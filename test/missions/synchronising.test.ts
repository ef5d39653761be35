/** What is written here about a mission compared with what the service has, and repaired. */
import { beforeEach, expect, test } from "vitest";
import { CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { type Difference, synchronise } from "../../plugin/missions/synchronising.ts";
import { plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();
let id = "";

beforeEach(async () => {
  ({
    mission: { id },
  } = await all.start(plan({ targets: [target(1), target(2)] })));
});

async function sync(repairs = true): Promise<Difference[]> {
  return await synchronise(await all.work(id), { store: all.here.store, rest: all.rest(), repairs });
}

/** Until both calls are scheduled and the service knows everything. */
async function scheduled(): Promise<void> {
  await all.run(all.engine(), { until: () => all.service.missions.scheduled.all.length === 2 });
}

test("all is the same, while it goes on and when it is over", async () => {
  expect(await sync()).toEqual([
    { what: "The mission window-washers has not been made at the service yet." },
  ]);
  await scheduled();
  expect(await sync()).toEqual([]);
  await all.run(all.engine());
  expect(await sync()).toEqual([]);
});

test("what somebody has changed at the service is set right by the engine", async () => {
  await scheduled();
  const [known] = all.service.missions.runs;
  if (known === undefined) throw new Error("There is a run.");
  known.run.status = "failed";
  for (const step of known.plan) step.status = "failed";
  expect(await sync(false)).toHaveLength(4);
  expect(known.run.status).toBe("failed");
  expect(await sync()).toContainEqual({
    what: 'The run is "failed" at the service and "running" here.',
    repair: 'It is set to "running" at the service.',
  });
  await all.engine().work(new AbortController().signal);
  expect([known.run.status, known.plan.map(({ status }) => status)]).toEqual([
    "running",
    ["completed", "in_progress", "pending"],
  ]);
  expect(await sync()).toEqual([]);
});

test("what is over is set right at once", async () => {
  await all.run(all.engine());
  const [known] = all.service.missions.runs;
  if (known === undefined) throw new Error("There is a run.");
  known.run.status = "running";
  for (const step of known.plan) step.status = "pending";
  expect(await sync()).toHaveLength(4);
  expect([known.run.status, known.plan.map(({ status }) => status)]).toEqual([
    "succeeded",
    ["completed", "completed", "completed"],
  ]);
});

test("an event that is gone at the service, and one that nobody here has scheduled", async () => {
  await scheduled();
  const { scheduled: events } = all.service.missions;
  const [event, other] = events.all;
  if (event === undefined || other === undefined) throw new Error("There are two events.");
  events.remove(event.assistant_id, event.id);
  const { id: strange } = events.schedule(
    other.assistant_id,
    {
      channel: "call",
      to: "+12125559999",
      from: other.from,
      scheduled_at: new Date(START + 3_600_000).toISOString(),
    },
    all.service.key,
  );
  expect(await sync()).toEqual([
    { what: "The service has no event with Target 1 any more.", repair: "The engine looks at it at once." },
    { what: expect.stringContaining(`an event ${strange} (+12125559999) that nobody here has scheduled`) },
  ]);
  await all.run(all.engine());
  expect((await all.targets(id))[0]).toMatchObject({ state: "failed", outcome: "canceled" });
});

/** Of the first call nobody knows whether the service has it. */
async function unsettled(kind: "timeout" | "drop_after_processing"): Promise<void> {
  all.service.faults.rest = [{ method: "POST", path: /assistants\/[^/]+\/events$/, kind, times: 1 }];
  const rest = all.rest({ timeoutMs: 600 });
  const engine = all.engine({ rest: () => rest });
  // Somebody has scheduled the same by hand, so that it cannot be told which is which.
  rest.listAssistantEvents = async () => {
    const [first] = await all.targets(id);
    const described = { to: first?.number, scheduled_at: first?.scheduledAt?.toISOString() };
    const event = {
      status: "pending",
      callStatus: undefined,
      conversationId: undefined,
      retryCount: undefined,
      described,
    };
    return ["a", "b"].map((name) => ({ ...event, id: name }));
  };
  await all.run(engine, {
    until: async () => (await all.targets(id)).some(({ state }) => state === "unsettled"),
  });
}

test("what was never settled: the service has it after all, and it is followed", async () => {
  await unsettled("drop_after_processing");
  expect((await all.targets(id))[0]).toMatchObject({ state: "unsettled" });
  const [event] = all.service.missions.scheduled.all;
  expect(await sync()).toContainEqual({
    what: `The call or text to Target 1, of which nobody knew, is ${event?.id} at the service.`,
    repair: "The engine follows it.",
  });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([{ state: "done", attempts: 1 }, { state: "done" }]);
  expect(all.service.missions.scheduled.all).toHaveLength(2);
});

test("what was never settled: the service never got it, and it is scheduled again", async () => {
  await unsettled("timeout");
  expect(await sync()).toContainEqual({
    what: "The service never got the call or text to Target 1, of which nobody knew.",
    repair: "It is scheduled again.",
  });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([{ state: "done", attempts: 1 }, { state: "done" }]);
  expect(all.service.missions.scheduled.all).toHaveLength(2);
});

test("a service that cannot be reached is an error, and nothing is changed", async () => {
  await scheduled();
  all.service.faults.rest = [{ path: /./, kind: "drop_after_processing", times: 10 }];
  await expect(sync()).rejects.toThrow(CarrierUnreachable);
});
