/**
 * Each of the five classes to its end, on the practice line; and that what is proven of each is proven: with the scheduler
 * of any other class in its place, it does not hold. The plan says everything that any class looks at, so that nothing
 * but the scheduler makes the difference.
 */
import { describe, expect, test } from "vitest";
import type { MissionAgent } from "../../plugin/missions/mission-agent.ts";
import { MISSION_CLASSES, type MissionClass, type MissionPlan } from "../../plugin/missions/plan.ts";
import { SCHEDULERS } from "../../plugin/missions/schedulers.ts";
import { answerDecision, decisionsOf } from "../../plugin/store/mission-work.ts";
import { number, plan, START, target } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();

const FREE = "We have a slot on Friday";

const everything: Partial<MissionPlan> = {
  rubric: [
    { name: "price", weight: 2 },
    { name: "manner", weight: 1 },
  ],
  rounds: [
    { name: "First round", instructions: "Ask for an offer.", questions: ["What do you charge?"] },
    { name: "Second round", instructions: "Ask for the last price.", questions: ["Can you do better?"] },
  ],
  goal: "A slot this week",
  metWhen: "slot on Friday",
  action: { channel: "sms", instructions: "Confirm.", text: "We take it, {name}." },
  limits: { attempts: 3, batch: 2, staggerSeconds: 90 },
};

const targets = [target(1), target(2), target(3), target(4)];

/** What an agent was asked, and about whom. */
let asked: string[] = [];

const agent: MissionAgent = {
  async decide({ kind, target: about }) {
    asked.push(about === undefined ? kind : `${kind} ${about.name}`);
    const answers = {
      "next-move": { advice: `Say that ${about?.name} wants less.` },
      unusual: { callAgain: false },
      scores: { scores: { price: about?.position ?? 0, manner: 5 }, quote: FREE },
      goal: { met: false },
      summary: { summary: "All is said." },
    };
    return answers[kind] as never;
  },
};

/** When two calls were going on at once, or were to come at once. */
function overlaps(): number {
  const times = Object.values(all.calls())
    .flat()
    .toSorted((one, other) => one - other);
  // Each of the calls takes 35 seconds and is looked at two minutes after its time.
  return times.filter((time, index) => time - (times[index - 1] ?? Number.NEGATIVE_INFINITY) < 120_000)
    .length;
}

/** Runs a mission of a class to its end, with the scheduler of a class. */
async function run(
  of: MissionClass,
  by: MissionClass,
  insightOf: (to: string) => string = () => "A price.",
): Promise<string> {
  asked = [];
  all.service.missions.scheduled.onDue = ({ channel, to }) =>
    channel === "sms" ? { does: "deliver" } : { does: "answer", insight: insightOf(to) };
  const { mission } = await all.start(plan({ ...everything, class: of, targets }));
  const engine = all.engine({ agent, schedulers: { ...SCHEDULERS, [of]: SCHEDULERS[by] } });
  await all.run(engine, { days: 20, hears: of === "gather" });
  return mission.id;
}

const parallel = [START + 90_000, START + 180_000, START + 270_000, START + 360_000];

/** What each class has to do; rejects when it does not. */
const proofs: Readonly<Record<MissionClass, (by: MissionClass) => Promise<void>>> = {
  // Everybody is called, in one go and apart from each other, and nobody is asked in between.
  async sweep(by) {
    const id = await run("sweep", by, () => FREE);
    await all.expectOver(id, "succeeded");
    expect(Object.values(all.calls())).toEqual(parallel.map((time) => [time]));
    expect(asked).toEqual(["summary"]);
    expect((await all.work(id)).summary).toBe("All is said.");
  },

  // The same, and each is scored as soon as it was spoken with.
  async screening(by) {
    const id = await run("screening", by);
    await all.expectOver(id, "succeeded");
    expect(Object.values(all.calls())).toEqual(parallel.map((time) => [time]));
    expect(asked).toEqual([...targets.map(({ name }) => `scores ${name}`), "summary"]);
    expect(await all.targets(id)).toMatchObject(
      targets.map((_, index) => ({ scores: { price: index + 1, manner: 5 }, quote: FREE })),
    );
    const [known] = all.service.missions.runs;
    expect(known?.run.result_payload).toMatchObject({ targets: [{ scores: { price: 1 } }, {}, {}, {}] });
  },

  // One after the other; who comes later is asked with what was learned before.
  async negotiation(by) {
    const id = await run("negotiation", by, (to) => `${to} wants 120 dollars.`);
    await all.expectOver(id, "succeeded");
    expect(overlaps()).toBe(0);
    expect(Object.keys(all.calls())).toHaveLength(4);
    expect(asked.filter((one) => one.startsWith("next-move"))).toEqual(
      targets.map(({ name }) => `next-move ${name}`).slice(0, asked.length - 1),
    );
    const briefings = all.service.rest
      .filter(({ method, path }) => method === "PATCH" && path.startsWith("/v1/assistants/"))
      .map(({ body }) => (body as { instructions: string }).instructions);
    expect(briefings).toHaveLength(3);
    for (const [index, briefing] of briefings.entries()) {
      for (const [other, { name, number: to }] of targets.entries()) {
        expect(briefing.includes(`${to} wants 120 dollars.`)).toBe(other <= index);
        expect(briefing.includes(`Say that ${name} wants less.`)).toBe(other === index);
      }
    }
  },

  // Everybody, then a human says who goes on, and only those are called again, with the second round's questions.
  async rounds(by) {
    const proving = run("rounds", by);
    const id = await proving;
    expect(await all.work(id)).toMatchObject({ state: "deciding", round: 1 });
    expect(Object.values(all.calls())).toEqual(parallel.map((time) => [time]));
    const [approval] = (await decisionsOf(all.here.store, id)).filter(({ kind }) => kind === "approval");
    const chosen = (await all.targets(id)).filter(({ position }) => position === 2 || position === 4);
    expect(
      await answerDecision(all.here.store, approval?.id ?? 0, {
        approved: true,
        targets: chosen.map((one) => one.id),
      }),
    ).toBe(true);
    await all.run(all.engine({ agent, schedulers: { ...SCHEDULERS, rounds: SCHEDULERS[by] } }));
    await all.expectOver(id, "succeeded");
    expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 2, 1, 2]);
    expect(await all.targets(id)).toMatchObject([
      { round: 1, position: 1 },
      { round: 1, position: 2, isChosen: true },
      { round: 1, position: 3 },
      { round: 1, position: 4, isChosen: true },
      { round: 2, position: 2, state: "done" },
      { round: 2, position: 4, state: "done" },
    ]);
    const [assistant] = all.service.missions.assistants.all;
    expect(assistant?.instructions).toContain("Ask for the last price.");
    expect(all.service.missions.scheduled.all.map(({ step_id }) => step_id)).toEqual([
      ...targets.map(() => "round-1"),
      "round-2",
      "round-2",
    ]);
  },

  // A few at a time, until somebody has what is looked for: nobody else is called, and it is acted on.
  async gather(by) {
    const id = await run("gather", by, (to) => (to === number(2) ? FREE : "No, sorry."));
    await all.expectOver(id, "succeeded");
    expect(await all.targets(id)).toMatchObject([
      { position: 1, state: "done" },
      { position: 2, state: "done", isChosen: true },
      { position: 3, state: "dropped", detail: "The goal was met." },
      { position: 4, state: "dropped", detail: "The goal was met." },
      { round: 2, channel: "sms", number: number(2), state: "done", outcome: "delivered" },
    ]);
    expect(Object.keys(all.calls())).toEqual([number(1), number(2)]);
    expect(all.service.missions.scheduled.all.at(-1)).toMatchObject({
      channel: "sms",
      to: number(2),
      text_body: "We take it, Target 2.",
      step_id: "act",
    });
  },
};

describe.each(MISSION_CLASSES)("%s", (of) => {
  test("does what it is for, to its end", async () => {
    await proofs[of](of);
    expect(all.service.violations).toEqual([]);
  });

  test.each(MISSION_CLASSES.filter((by) => by !== of))("does not with the scheduler of %s", async (by) => {
    await expect(proofs[of](by)).rejects.toThrow();
  });
});
