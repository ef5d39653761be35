/** A person who is forgotten is forgotten by missions too; what is kept of others stays. */

import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { noteRunStatus } from "../../plugin/store/missions.ts";
import { forgetPerson } from "../../plugin/store/people.ts";
import { pruneStore } from "../../plugin/store/retention.ts";
import { number, plan, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();

const people = [
  target(1, { name: "Grete Bäcker", facts: { street: "Elm Street 4" } }),
  target(2, { name: "Somebody else", facts: { street: "Main Street 2" } }),
];

/** Everything that stands in the store's file. */
function everything(): string {
  const database = new DatabaseSync(path.join(all.here.stateFolder, "switchboard", "switchboard.sqlite"));
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${String(name)}"`).all());
  database.close();
  return JSON.stringify(rows);
}

test("after the mission nothing of them is left, and all of the others is", async () => {
  all.service.missions.scheduled.onDue = ({ to }) => ({
    does: "answer",
    insight: to === number(1) ? "She has three cats." : "He has a dog.",
    transcript: [
      { role: "user", content: to === number(1) ? "Come to the red house." : "I know 212 555 1001." },
    ],
  });
  await all.start(plan({ class: "negotiation", targets: people }));
  await all.run(all.engine(), { hears: true });
  const words = ["Grete", "Elm Street", "three cats", "red house", "2125551001", "212 555 1001"];
  const others = ["Somebody else", "Main Street", "a dog", "2125551002"];
  expect([...words, ...others].filter((word) => !everything().includes(word))).toEqual([]);
  await forgetPerson(all.here.store, number(1));
  expect(words.filter((word) => everything().includes(word))).toEqual([]);
  expect(others.filter((word) => !everything().includes(word))).toEqual([]);
});

test("who waits is not called any more; who is being called stays until that is over", async () => {
  all.service.missions.scheduled.onDue = ({ to }) => ({ does: to === number(1) ? "no_answer" : "answer" });
  const { mission } = await all.start(plan({ targets: people }));
  const engine = all.engine();
  await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 2 });
  expect(await forgetPerson(all.here.store, number(1))).toMatchObject({ scheduledEvents: 1 });
  expect((await all.targets(mission.id))[0]).toMatchObject({ name: "Grete Bäcker", state: "scheduled" });
  await all.run(engine, { until: async () => (await all.targets(mission.id))[0]?.attempts === 2 });
  await all.run(engine);
  await forgetPerson(all.here.store, number(1));
  expect(everything().includes("Grete")).toBe(false);
  expect((await all.work(mission.id)).state).toBe("succeeded");
});

test("a mission that goes on is not deleted for its age, whatever the service thinks of its run", async () => {
  const { mission } = await all.start(plan({ targets: people }));
  const engine = all.engine();
  await all.run(engine, { until: () => all.service.missions.scheduled.all.length === 2 });
  const { carrierMissionId = "", runId = "" } = (await all.work(mission.id)).mission;
  await noteRunStatus(all.here.store, { carrierMissionId, runId }, "succeeded");
  all.here.clock += 100 * 24 * 60 * 60_000;
  await pruneStore(all.here.store, { retentionDays: 30 });
  expect((await all.work(mission.id)).state).toBe("running");
  await all.run(engine);
  all.here.clock += 100 * 24 * 60 * 60_000;
  await pruneStore(all.here.store, { retentionDays: 30 });
  await expect(all.work(mission.id)).rejects.toThrow("gone");
  expect(everything().includes("Grete")).toBe(false);
});
