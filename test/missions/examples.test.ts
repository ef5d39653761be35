/**
 * The plans that the page on missions shows, each read from its file and carried out to its end on the practice line:
 * with an agent, and without one where that makes a difference.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import type { MissionAgent } from "../../plugin/missions/mission-agent.ts";
import { readPlan } from "../../plugin/missions/plan.ts";
import type { DecisionAnswers } from "../../plugin/missions/schedulers.ts";
import type { Fate } from "../../plugin/practice/clawdtalk-scheduled.ts";
import { answerDecision, decisionsOf } from "../../plugin/store/mission-work.ts";
import { config, START } from "./mission-plans.ts";
import { runningMissions } from "./running-missions.ts";

const all = runningMissions();
const FOLDER = path.join(import.meta.dirname, "plans");

type Answers = {
  readonly [Kind in Exclude<keyof DecisionAnswers, "approval">]?: (name: string) => DecisionAnswers[Kind];
};

/** An agent that answers so, and what it was asked. */
function agentSaying(answers: Answers): MissionAgent & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    async decide({ kind, target }) {
      asked.push(target === undefined ? kind : `${kind} ${target.name}`);
      return answers[kind]?.(target?.name ?? "");
    },
  };
}

/** Starts an example; each number does what is said of its last four digits, call by call, the last thing again and again. */
async function started(file: string, fates: Readonly<Record<string, Fate | readonly Fate[]>>) {
  const plan = await readPlan(await readFile(path.join(FOLDER, file), "utf8"), {
    folder: FOLDER,
    file,
    region: "US",
  });
  const calls = new Map<string, number>();
  all.service.missions.scheduled.onDue = ({ to }) => {
    const end = to.slice(-4);
    const made = calls.get(end) ?? 0;
    calls.set(end, made + 1);
    const list = [fates[end] ?? []].flat();
    const fate = list[Math.min(made, list.length - 1)];
    if (fate === undefined) throw new Error(`Nobody should have called ${to}.`);
    return fate;
  };
  return { plan, id: (await all.start(plan)).mission.id };
}

const says = (words: string, insight = words): Fate => ({
  does: "answer",
  insight,
  transcript: [
    { role: "assistant", content: "Hello." },
    { role: "user", content: words },
  ],
});

/** What the assistant was told, each time. */
function told(): string[] {
  return all.service.rest.flatMap(({ method, path: at, body }) =>
    (method === "POST" && at === "/v1/assistants") || (method === "PATCH" && at.startsWith("/v1/assistants/"))
      ? [(body as { instructions: string }).instructions]
      : [],
  );
}

function callsTo(end: string): Date[] {
  return (all.calls()[requirePhoneNumber(`+1 312 555 ${end}`)] ?? []).map((time) => new Date(time));
}

const MINUTE = 60_000;

test("sweep.yaml: who is not reached is called again as the table says", async () => {
  const { id } = await started("sweep.yaml", {
    "0141": [{ does: "no_answer" }, { does: "busy" }, says("Forty dollars.")],
    "0142": { does: "voicemail" },
    "0143": says("每次三十块。"),
  });
  await all.run(all.engine(), { hears: true });
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([
    { name: "ABC Windows", state: "done", attempts: 3, insight: "Forty dollars." },
    { name: "Bright & Sons", state: "failed", attempts: 1, outcome: "voicemail" },
    { name: "明亮清洁", state: "done", attempts: 1, insight: "每次三十块。" },
  ]);
  const [first, second, third] = callsTo("0141").map(Number);
  // 75 minutes after no answer, and behind lunch in Chicago, which it then is; 12 and a half after a busy line.
  expect(first).toBe(START + 90_000);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(75 * MINUTE);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(12 * MINUTE);
  expect((third ?? 0) - (second ?? 0)).toBeLessThan(16 * MINUTE);
  const [instructions] = told();
  expect(instructions).toContain("- What does a visit cost for a shop of four windows?");
  expect(instructions).toContain("A machine that offers choices is such a menu");
});

test("what the owner knows of the service's answering machines goes with the calls it is for", async () => {
  const { id } = await started("sweep.yaml", {
    "0141": says("Forty dollars."),
    "0142": says("Fifty dollars."),
    "0143": says("每次三十块。"),
  });
  const professional = { answering: { action: "leave_message" }, to: "+15550000000" };
  await all.run(all.engine({ config: { ...config, answeringMachineFields: { professional } } }));
  await all.expectOver(id, "succeeded");
  const bodies = all.service.rest
    .filter(({ method, path: at }) => method === "POST" && /^\/v1\/assistants\/[^/]+\/events$/.test(at))
    .map(({ body }) => body as Record<string, unknown>);
  expect(bodies.map(({ to, answering }) => [to, answering])).toEqual([
    ["+13125550141", undefined],
    ["+13125550142", { action: "leave_message" }],
    ["+13125550143", undefined],
  ]);
});

test("screening.yaml: each is scored by the plan's criteria", async () => {
  const scores = { price: 4, "begins in May": 9, friendliness: 7 };
  const agent = agentSaying({
    scores: () => ({ scores, quote: "Ninety an hour" }),
    summary: () => ({ summary: "Lakeside is best." }),
  });
  const { id } = await started("screening.yaml", {
    "0151": says("Ninety an hour, from 4 May."),
    "0152": { does: "failed" },
    "0153": says("We are full."),
  });
  await all.run(all.engine({ agent }));
  await all.expectOver(id, "succeeded");
  expect(agent.asked).toEqual(["scores Lakeside Plumbing", "scores Third Coast Water", "summary"]);
  expect(await all.targets(id)).toMatchObject([
    { scores, quote: "Ninety an hour" },
    { state: "failed", attempts: 3, outcome: "failed", detail: "It could not be connected (tried 3 times)." },
    { scores },
  ]);
  expect((await all.work(id)).summary).toBe("Lakeside is best.");
  expect(told()[0]).toContain("- price: 10 for 60 dollars an hour or less, 0 for 150 or more");
});

test("screening.yaml without an agent ends without scores, and says what was learned", async () => {
  const { id } = await started("screening.yaml", {
    "0151": says("Ninety."),
    "0152": says("Eighty."),
    "0153": says("We are full."),
  });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  expect((await all.targets(id)).map(({ insight, scores }) => ({ insight, scores }))).toEqual(
    ["Ninety.", "Eighty.", "We are full."].map((insight) => ({ insight, scores: undefined })),
  );
});

test("negotiation.yaml without an agent: each hears what the others said, and nothing that is known of them", async () => {
  const { id } = await started("negotiation.yaml", {
    "0161": says("Four hundred."),
    "0162": [{ does: "no_answer" }, says("Three hundred and ninety.")],
    "0163": says("Three hundred and eighty."),
  });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  const briefings = told().slice(1);
  const facts = briefings.map((text) => /\d{3} dollars a week/.exec(text)?.[0]);
  const names = briefings.map((text) => /You are calling "([^"]*)"/.exec(text)?.[1]);
  // Who did not answer comes again behind the one after it.
  expect(names).toEqual(["City Vans", "Movers United", "Van Go", "Movers United"]);
  expect(facts).toEqual(["420 dollars a week", "399 dollars a week", undefined, "399 dollars a week"]);
  const heard = ["Four hundred.", "Three hundred and eighty."].map((words) =>
    briefings.map((text) => text.includes(words)),
  );
  expect(heard).toEqual([
    [false, true, true, true],
    [false, false, false, true],
  ]);
  const times = Object.values(all.calls())
    .flat()
    .toSorted((one, other) => one - other);
  expect(times).toHaveLength(4);
  for (const [index, time] of times.entries()) {
    if (index > 0) expect(time - (times[index - 1] ?? 0)).toBeGreaterThan(2 * MINUTE);
  }
});

test("negotiation.yaml: the agent says how to go on, and when there is nothing more to be had", async () => {
  const agent = agentSaying({
    "next-move": (name) =>
      name === "City Vans" ? { advice: "Say that City Vans wants 400." } : { advice: "", stop: true },
  });
  const { id } = await started("negotiation.yaml", {
    "0161": says("Four hundred."),
    "0162": says("Three hundred."),
  });
  await all.run(all.engine({ agent }));
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([
    { state: "done" },
    { state: "done" },
    { state: "dropped", detail: "There was nothing more to be had." },
  ]);
  expect(told().at(-1)).toContain('How to go about this call: "Say that City Vans wants 400."');
  // It has no summary to give, is asked for it three times, and the mission ends all the same.
  expect(agent.asked.filter((kind) => kind === "summary")).toHaveLength(3);
});

test("rounds.yaml: a human's no ends it with what the first round brought", async () => {
  const { id } = await started("rounds.yaml", {
    "0171": says("With pleasure."),
    "0172": says("In June, yes."),
  });
  await all.run(all.engine());
  expect(await all.work(id)).toMatchObject({ state: "deciding", round: 1 });
  const [approval] = await decisionsOf(all.here.store, id);
  await answerDecision(all.here.store, approval?.id ?? 0, { approved: false });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  expect((await all.work(id)).reason).toBe("Round 2 was not approved.");
  expect(Object.values(all.calls()).map((times) => times.length)).toEqual([1, 1]);
  // From ten in the morning in Chicago, where they are.
  expect(callsTo("0171")).toEqual([new Date("2026-01-07T16:00:00Z")]);
});

test("rounds.yaml: the second round is called with its own instructions, days later", async () => {
  const { id } = await started("rounds.yaml", {
    "0171": says("With pleasure."),
    "0172": says("In June, yes."),
  });
  await all.run(all.engine());
  const [approval] = await decisionsOf(all.here.store, id);
  all.goOn(all.clock.now() + 4 * 24 * 60 * MINUTE);
  await answerDecision(all.here.store, approval?.id ?? 0, { approved: true });
  await all.run(all.engine());
  await all.expectOver(id, "succeeded");
  expect(callsTo("0172")).toHaveLength(2);
  // Sunday is none of the plan's days.
  expect(callsTo("0171")[1]).toEqual(new Date("2026-01-12T16:00:00Z"));
  const [first, second] = told();
  expect(first).toContain("- Would you like to give a talk of half an hour?");
  expect(second).toContain("Agree on the topic");
  expect(second).toContain("- Do you need a projector?");
  expect(second).not.toContain("talk of half an hour");
  for (const text of [first, second]) expect(text).toContain("leave one short message after the tone");
});

test("gather.yaml without an agent: the plan's words meet the goal, and it is acted on by a call", async () => {
  const { id } = await started("gather.yaml", {
    // Still talking when the goal is met.
    "0181": { does: "answer", talkSeconds: 900, insight: "Perhaps." },
    "0182": [says("Yes, we have a table for ten at seven."), says("Reserved.")],
  });
  await all.run(all.engine(), { hears: true });
  await all.expectOver(id, "succeeded");
  expect(await all.targets(id)).toMatchObject([
    { round: 1, state: "done", insight: "Perhaps." },
    { round: 1, state: "done", isChosen: true },
    // It was scheduled, and taken back before its time.
    { round: 1, state: "dropped", detail: "The goal was met.", attempts: 0 },
    { round: 2, name: "蜀香园", state: "done", insight: "Reserved." },
  ]);
  expect(callsTo("0183")).toEqual([]);
  const [first, action] = told();
  expect(told()).toHaveLength(2);
  expect(first).toContain("When a voicemail or an answering machine answers: hang up without a word");
  expect(action).toContain("in the name of Sam Ortiz");
  expect(action).toContain("we have a table for ten at seven");
  expect(action).not.toContain("Perhaps");
  // The one who still talked was not disturbed by it.
  const [talking = 0] = callsTo("0181").map(Number);
  expect(callsTo("0182").map(Number)[1]).toBeGreaterThan(talking + 15 * MINUTE);
});

test("gather.yaml: nobody has what is looked for", async () => {
  const agent = agentSaying({ goal: () => ({ met: false }), summary: () => ({ summary: "No table." }) });
  const { id } = await started("gather.yaml", {
    "0181": says("Full."),
    "0182": says("Full too."),
    "0183": { does: "no_answer" },
  });
  await all.run(all.engine({ agent }));
  await all.expectOver(id, "failed");
  expect(await all.work(id)).toMatchObject({ reason: "Nobody met the goal.", summary: "No table." });
  expect(callsTo("0183")).toHaveLength(3);
});

test("text.yaml: each gets their own text, and the answers are waited for", async () => {
  const { id } = await started("text.yaml", {
    "0191": { does: "deliver", reply: "YES" },
    "0192": { does: "deliver" },
  });
  await all.run(all.engine(), { hears: true });
  await all.expectOver(id, "succeeded");
  expect(all.service.missions.scheduled.all.map(({ channel, text_body }) => [channel, text_body])).toEqual([
    ["sms", "Hi Ann, this week's practice is on Thursday at 18:00. Please answer YES or NO. Sam"],
    ["sms", "Hi 小明, this week's practice is on Thursday at 19:30. Please answer YES or NO. Sam"],
  ]);
  const targets = await all.targets(id);
  expect(targets.map(({ reply }) => reply)).toEqual(["YES", undefined]);
  // Two hours for the one who never answered.
  const texted = targets[1]?.scheduledAt?.getTime() ?? 0;
  expect((await all.work(id)).updatedAt.getTime()).toBeGreaterThanOrEqual(texted + 120 * MINUTE);
});

test("a strange call is made again when the agent says so, and looked at once", async () => {
  const agent = agentSaying({ unusual: () => ({ callAgain: true, why: "A bad time." }) });
  const { id } = await started("sweep.yaml", {
    "0141": says("Forty dollars."),
    "0142": [says("Sorry, can you call back later?", "They had no time."), says("Fifty dollars.")],
    "0143": [says("Sorry, wrong number."), says("Still the wrong number.")],
  });
  await all.run(all.engine({ agent }), { hears: true });
  await all.expectOver(id, "succeeded");
  expect(agent.asked.filter((asked) => asked.startsWith("unusual"))).toEqual([
    "unusual Bright & Sons",
    "unusual 明亮清洁",
  ]);
  expect(await all.targets(id)).toMatchObject([
    { attempts: 1, insight: "Forty dollars." },
    { attempts: 2, state: "done", insight: "Fifty dollars." },
    { attempts: 2, state: "done", insight: "Still the wrong number." },
  ]);
});
