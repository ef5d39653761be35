/** A parallel sweep from its start to its end, on the practice line. */
import { expect, test } from "vitest";
import { memoryAt } from "../../plugin/store/mission-memory.ts";
import { updatesOf } from "../../plugin/store/mission-updates.ts";
import { number, plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();

test("two targets, one of whom answers the second time", async () => {
  all.service.missions.scheduled.onDue = ({ to, id }) =>
    to === number(2) && id === all.service.missions.scheduled.all.find((event) => event.to === to)?.id
      ? { does: "no_answer" }
      : { does: "answer", insight: `120 dollars, says ${to}` };
  const { mission } = await all.start(plan({ targets: [target(1), target(2)] }));
  await all.run(all.engine());
  await all.expectOver(mission.id, "succeeded");
  expect(await all.targets(mission.id)).toMatchObject([
    { state: "done", outcome: "completed", attempts: 1, insight: `120 dollars, says ${number(1)}` },
    { state: "done", outcome: "completed", attempts: 2, insight: `120 dollars, says ${number(2)}` },
  ]);
  const made = all.calls();
  expect(made[number(1)]).toEqual([START + 90_000]);
  // The retry comes half an hour to two hours later.
  const [first = 0, second = 0, ...more] = made[number(2)] ?? [];
  expect(more).toEqual([]);
  expect(second - first).toBeGreaterThanOrEqual(30 * 60_000);
  expect(second - first).toBeLessThanOrEqual(3 * 60 * 60_000);
  expect(await memoryAt(all.here.store, { mission: mission.id, key: "calls" })).toMatchObject([
    { target: "Target 1", outcome: "completed" },
    { target: "Target 2", outcome: "no-answer" },
    { target: "Target 2", outcome: "completed" },
  ]);
  expect(
    (await updatesOf(all.here.store, mission.id)).filter(
      ({ lane, state }) => lane !== "owner" && state !== "done",
    ),
  ).toEqual([]);
  expect(all.service.violations).toEqual([]);
  const [run] = all.service.missions.runs;
  expect(run?.run).toMatchObject({
    result_summary: "2 of 2 reached.",
    result_payload: { outcome: "succeeded" },
  });
});
