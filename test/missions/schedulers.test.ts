import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { E164 } from "../../plugin/config/phone-number.ts";
import type { MissionClass, MissionPlan } from "../../plugin/missions/plan.ts";
import { type MissionView, type Move, nextChange, SCHEDULERS } from "../../plugin/missions/schedulers.ts";
import type { Decision, MissionTarget, TargetState } from "../../plugin/store/mission-work.ts";

const NOW = new Date("2026-12-03T15:00:00Z");

function plan(missionClass: MissionClass, given: Partial<MissionPlan> = {}): MissionPlan {
  const round = (name: string) => ({ name, instructions: name, questions: [] });
  return {
    name: "Test",
    class: missionClass,
    instructions: "Ask.",
    request: "Ask.",
    channel: "call",
    targets: [],
    questions: [],
    rubric: missionClass === "screening" ? [{ name: "price", weight: 1 }] : [],
    rounds: missionClass === "rounds" ? [round("first"), round("second")] : [],
    limits: { attempts: 3, batch: 2, staggerSeconds: 90 },
    window: { from: 540, to: 1_020, days: [1, 2, 3, 4, 5] },
    assistant: {},
    ...(missionClass === "gather" ? { goal: "a table" } : {}),
    ...given,
  };
}

type Given = Partial<MissionTarget>;

function target(id: number, state: TargetState, given: Given = {}): MissionTarget {
  return {
    id,
    mission: "m",
    position: id,
    round: 1,
    name: `Target ${id}`,
    number: `+1212555010${id}` as E164,
    kind: "service",
    facts: {},
    channel: "call",
    state,
    attempts: state === "waiting" ? 0 : 1,
    failures: 0,
    transcript: [],
    ...given,
  };
}

function decision(kind: Decision["kind"], given: Partial<Decision> = {}): Decision {
  return { id: 1, mission: "m", kind, round: 1, state: "answered", tries: 1, ...given };
}

function next(missionClass: MissionClass, given: Partial<MissionView>): readonly Move[] {
  return SCHEDULERS[missionClass]({
    plan: plan(missionClass),
    round: 1,
    targets: [],
    decisions: [],
    hasAgent: false,
    now: NOW,
    ...given,
  });
}

const waiting = [target(1, "waiting"), target(2, "waiting"), target(3, "waiting")];
const SUMMARY = decision("summary", { answer: { summary: "…" } });

describe("who is called first", () => {
  test.each<[MissionClass, Move[]]>([
    [
      "sweep",
      [
        { do: "schedule", targets: [1, 2] },
        { do: "schedule", targets: [3] },
      ],
    ],
    [
      "screening",
      [
        { do: "schedule", targets: [1, 2] },
        { do: "schedule", targets: [3] },
      ],
    ],
    [
      "rounds",
      [
        { do: "schedule", targets: [1, 2] },
        { do: "schedule", targets: [3] },
      ],
    ],
    ["negotiation", [{ do: "schedule", targets: [1] }]],
    // What is not needed once the goal is met is not asked for.
    ["gather", [{ do: "schedule", targets: [1, 2] }]],
  ])("%s", (missionClass, moves) => {
    expect(next(missionClass, { targets: waiting })).toEqual(moves);
    expect(next(missionClass, { targets: waiting, hasAgent: true })).toEqual(moves);
  });
});

describe("what every class does", () => {
  const CLASSES = Object.keys(SCHEDULERS) as MissionClass[];

  test.each(CLASSES)("%s: nothing while calls go on", (missionClass) => {
    for (const state of ["scheduling", "scheduled", "collecting", "deciding"] as const) {
      const targets = [target(1, state), target(2, "failed")];
      expect(next(missionClass, { targets })).toEqual([]);
      expect(next(missionClass, { targets, hasAgent: true })).toEqual([]);
    }
  });

  test.each(CLASSES)("%s: when nobody was reached it has failed", (missionClass) => {
    const targets = [target(1, "failed"), target(2, "dropped"), target(3, "unsettled")];
    expect(next(missionClass, { targets })).toEqual([
      expect.objectContaining({ do: "close", outcome: "failed", reason: expect.any(String) }),
    ]);
  });

  test.each(CLASSES)("%s: the agent sums up before it ends, once", (missionClass) => {
    const targets = [target(1, "failed")];
    expect(next(missionClass, { targets, hasAgent: true })).toEqual([{ do: "ask", kind: "summary" }]);
    for (const state of ["open", "asked"] as const) {
      const decisions = [decision("summary", { state })];
      expect(next(missionClass, { targets, decisions, hasAgent: true })).toEqual([]);
    }
    // Answered, or not: it went on without one.
    for (const decisions of [[SUMMARY], [decision("summary")]]) {
      expect(next(missionClass, { targets, decisions, hasAgent: true })).toEqual([
        expect.objectContaining({ do: "close" }),
      ]);
    }
  });

  test.each(CLASSES)("%s: nobody is called once its time is over", (missionClass) => {
    const limits = { attempts: 3, batch: 2, staggerSeconds: 90, endsAt: NOW };
    expect(next(missionClass, { plan: plan(missionClass, { limits }), targets: waiting })).toEqual([
      { do: "drop", targets: [1, 2, 3], why: "The mission's time was over." },
    ]);
    const later = { ...limits, endsAt: new Date(NOW.getTime() + 1) };
    expect(next(missionClass, { plan: plan(missionClass, { limits: later }), targets: waiting })).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ do: "drop" })]),
    );
  });

  test.each(CLASSES)("%s: not more calls than the plan lets it make", (missionClass) => {
    const limits = { attempts: 3, batch: 5, staggerSeconds: 90, maxCalls: 3 };
    const targets = [
      target(1, "done", { attempts: 2 }),
      target(2, "waiting"),
      target(3, "waiting", { attempts: 1 }),
    ];
    expect(next(missionClass, { plan: plan(missionClass, { limits }), targets })).toEqual([
      { do: "drop", targets: [2, 3], why: "The mission makes 3 calls at most." },
    ]);
    const one = next(missionClass, {
      plan: plan(missionClass, { limits: { ...limits, maxCalls: 4 } }),
      targets,
    });
    expect(one.flatMap(scheduled)).toHaveLength(1);
  });

  test.each(CLASSES)("%s: the agent looks at calls that went strangely, once", (missionClass) => {
    const other = (content: string) => ({
      transcript: [
        { role: "assistant", content: "Hello, call me back any time!" },
        { role: "user", content },
      ],
    });
    const strange: readonly Given[] = [
      { durationSeconds: 4 },
      { transcript: [{ role: "assistant", content: "Hello?" }] },
      other("Sorry, wrong number."),
      other("Can you call back tomorrow?"),
      other("Please leave your message after the tone."),
      other("您好，您打错了。"),
      other("我现在不方便，改天再说"),
    ];
    for (const given of strange) {
      const targets = [target(1, "done", given), target(2, "scheduled")];
      const ask = [{ do: "ask", kind: "unusual", target: 1 }];
      expect(next(missionClass, { targets, hasAgent: true })).toEqual(ask);
      expect(next(missionClass, { targets })).toEqual([]);
      expect(
        next(missionClass, { targets, hasAgent: true, decisions: [decision("unusual", { target: 1 })] }),
      ).not.toEqual(expect.arrayContaining(ask));
      const tried = [target(1, "done", { ...given, attempts: 3 }), target(2, "scheduled")];
      expect(next(missionClass, { targets: tried, hasAgent: true })).not.toEqual(expect.arrayContaining(ask));
    }
    for (const given of [
      { durationSeconds: 60 },
      other("Yes, a window costs ten dollars."),
      { channel: "sms" } as const,
    ]) {
      const targets = [target(1, "done", given), target(2, "scheduled")];
      expect(next(missionClass, { targets, hasAgent: true })).not.toEqual(
        expect.arrayContaining([expect.objectContaining({ kind: "unusual" })]),
      );
    }
  });
});

describe("a sweep", () => {
  test("asks nobody about anything, and ends when everybody was tried", () => {
    const targets = [target(1, "done"), target(2, "failed")];
    expect(next("sweep", { targets })).toEqual([{ do: "close", outcome: "succeeded" }]);
    expect(next("sweep", { targets, hasAgent: true, decisions: [SUMMARY] })).toEqual([
      { do: "close", outcome: "succeeded" },
    ]);
  });

  test("goes on with those who are to be called again", () => {
    const targets = [
      target(1, "done"),
      target(2, "waiting", { attempts: 1, nextAt: new Date("2026-12-04T00:00:00Z") }),
    ];
    expect(next("sweep", { targets })).toEqual([{ do: "schedule", targets: [2] }]);
  });
});

describe("a screening", () => {
  test("has each call scored, while the others go on, and ends when all are", () => {
    const targets = [target(1, "done"), target(2, "scheduled"), target(3, "waiting")];
    expect(next("screening", { targets, hasAgent: true })).toEqual([
      { do: "ask", kind: "scores", target: 1 },
      { do: "schedule", targets: [3] },
    ]);
    const over = [target(1, "done"), target(2, "failed")];
    const open = [decision("scores", { target: 1, state: "asked" })];
    expect(next("screening", { targets: over, hasAgent: true, decisions: open })).toEqual([]);
    const scored = [decision("scores", { target: 1, answer: { scores: { price: 7 } } }), SUMMARY];
    expect(next("screening", { targets: over, hasAgent: true, decisions: scored })).toEqual([
      { do: "close", outcome: "succeeded" },
    ]);
  });

  test("of a strange call waits until somebody has looked at it", () => {
    const targets = [target(1, "done", { durationSeconds: 3 })];
    expect(next("screening", { targets, hasAgent: true })).toEqual([
      { do: "ask", kind: "unusual", target: 1 },
    ]);
    const open = [decision("unusual", { target: 1, state: "asked" })];
    expect(next("screening", { targets, hasAgent: true, decisions: open })).toEqual([]);
    const looked = [decision("unusual", { target: 1, answer: { callAgain: false } })];
    expect(next("screening", { targets, hasAgent: true, decisions: looked })).toEqual([
      { do: "ask", kind: "scores", target: 1 },
    ]);
  });

  test("without an agent ends without scores", () => {
    expect(next("screening", { targets: [target(1, "done")] })).toEqual([
      { do: "close", outcome: "succeeded" },
    ]);
  });
});

describe("a negotiation", () => {
  test("tells each call what was learned, in the plan's order", () => {
    expect(
      next("negotiation", { targets: [target(1, "done"), target(3, "waiting"), target(2, "waiting")] }),
    ).toEqual([{ do: "brief", target: 2 }]);
  });

  test("has the agent say how to go on after each call that was answered", () => {
    const targets = [target(1, "done"), target(2, "waiting")];
    expect(next("negotiation", { targets, hasAgent: true })).toEqual([
      { do: "ask", kind: "next-move", target: 1 },
    ]);
    const decisions = (given: Partial<Decision>) => [decision("next-move", { target: 1, ...given })];
    const view = { targets, hasAgent: true };
    expect(next("negotiation", { ...view, decisions: decisions({ state: "asked" }) })).toEqual([]);
    const brief = [{ do: "brief", target: 2 }];
    expect(
      next("negotiation", { ...view, decisions: decisions({ answer: { advice: "Say 100." } }) }),
    ).toEqual(brief);
    expect(next("negotiation", { ...view, decisions: decisions({}) })).toEqual(brief);
    expect(
      next("negotiation", { ...view, decisions: decisions({ answer: { advice: "", stop: true } }) }),
    ).toEqual([{ do: "drop", targets: [2], why: "There was nothing more to be had." }]);
  });

  test("has nothing to say to the next one when nobody answered", () => {
    const targets = [target(1, "failed"), target(2, "waiting")];
    expect(next("negotiation", { targets, hasAgent: true })).toEqual([{ do: "schedule", targets: [2] }]);
  });

  test("does not ask for a next move when nobody is left", () => {
    expect(next("negotiation", { targets: [target(1, "done")], hasAgent: true })).toEqual([
      { do: "ask", kind: "summary" },
    ]);
  });

  test("goes on with the next one while somebody is to be called again later", () => {
    const later = target(1, "waiting", { attempts: 1, nextAt: new Date("2026-12-04T00:00:00Z") });
    expect(next("negotiation", { targets: [later, target(2, "waiting")] })).toEqual([
      { do: "schedule", targets: [2] },
    ]);
    expect(next("negotiation", { targets: [later, target(2, "done")] })).toEqual([
      { do: "brief", target: 1 },
    ]);
  });

  test("tells what is known of one to that one only, so each call is prepared", () => {
    const targets = [target(1, "waiting", { facts: { size: "12" } }), target(2, "waiting")];
    expect(next("negotiation", { targets })).toEqual([{ do: "brief", target: 1 }]);
  });

  test("waits out a call of which nobody knows whether it was placed", () => {
    const unsettled = target(1, "unsettled", { scheduledAt: NOW });
    const targets = [unsettled, target(2, "waiting")];
    expect(next("negotiation", { targets })).toEqual([]);
    expect(next("negotiation", { targets, now: new Date(NOW.getTime() + 59 * 60_000) })).toEqual([]);
    expect(next("negotiation", { targets, now: new Date(NOW.getTime() + 60 * 60_000) })).toEqual([
      { do: "schedule", targets: [2] },
    ]);
  });
});

describe("rounds", () => {
  const first = [target(1, "done"), target(2, "done"), target(3, "failed")];
  const approval = (given: Partial<Decision>) => [decision("approval", given)];

  test("ask a human when the first is over, also where there is an agent", () => {
    expect(next("rounds", { targets: first })).toEqual([{ do: "ask", kind: "approval" }]);
    expect(next("rounds", { targets: first, hasAgent: true })).toEqual([{ do: "ask", kind: "approval" }]);
  });

  test("wait for the answer as long as it takes", () => {
    for (const state of ["open", "asked"] as const) {
      expect(next("rounds", { targets: first, decisions: approval({ state }) })).toEqual([]);
    }
  });

  test("but not beyond the mission's time", () => {
    const limits = { attempts: 3, batch: 2, staggerSeconds: 90, endsAt: NOW };
    const view = {
      plan: plan("rounds", { limits }),
      targets: first,
      decisions: approval({ state: "asked" }),
    };
    expect(next("rounds", view)).toEqual([
      {
        do: "close",
        outcome: "succeeded",
        reason: "The mission's time was over before round 2 was approved.",
      },
    ]);
  });

  test.each<[string, unknown, number[]]>([
    ["all that were reached", { approved: true }, [1, 2]],
    ["those who are named", { approved: true, targets: [2] }, [2]],
    ["also one who was not reached, when a human says so", { approved: true, targets: [3, 99] }, [3]],
  ])("go on with %s", (_, answer, targets) => {
    expect(next("rounds", { targets: first, decisions: approval({ answer }) })).toEqual([
      { do: "next-round", targets },
    ]);
  });

  test.each<[string, unknown]>([
    ["no", { approved: false }],
    ["no, with names", { approved: false, targets: [1] }],
    ["nobody", { approved: true, targets: [] }],
    ["somebody who is not there", { approved: true, targets: [99] }],
    ["something else", { targets: [1] }],
    ["a word", "yes"],
    ["nothing", undefined],
  ])("end when the answer is %s", (_, answer) => {
    expect(next("rounds", { targets: first, decisions: approval({ answer }) })).toEqual([
      { do: "close", outcome: "succeeded", reason: "Round 2 was not approved." },
    ]);
  });

  test("call those of the second, and end after it without asking again", () => {
    const second = [...first, target(4, "waiting", { round: 2 })];
    const decisions = approval({ answer: { approved: true } });
    expect(next("rounds", { targets: second, round: 2, decisions })).toEqual([
      { do: "schedule", targets: [4] },
    ]);
    const over = [...first, target(4, "done", { round: 2 })];
    expect(next("rounds", { targets: over, round: 2, decisions })).toEqual([
      { do: "close", outcome: "succeeded" },
    ]);
  });

  test("an approval of the first round is none of the second", () => {
    const round = { name: "r", instructions: "r", questions: [] };
    const three = plan("rounds", { rounds: [round, round, round] });
    const targets = [...first, target(4, "done", { round: 2 })];
    const decisions = approval({ answer: { approved: true } });
    expect(next("rounds", { plan: three, targets, round: 2, decisions })).toEqual([
      { do: "ask", kind: "approval" },
    ]);
  });
});

describe("gathering", () => {
  const metWhen = plan("gather", { metWhen: "Tuesday at eight" });
  const action = { channel: "sms", instructions: "Confirm.", text: "See you." } as const;
  const theirs = (content: string): Given => ({ transcript: [{ role: "user", content }] });

  test("has at most a batch of calls under way", () => {
    const targets = [target(1, "scheduled"), ...waiting.slice(1)];
    expect(next("gather", { targets })).toEqual([{ do: "schedule", targets: [2] }]);
    expect(
      next("gather", { targets: [target(1, "scheduled"), target(2, "collecting"), target(3, "waiting")] }),
    ).toEqual([]);
  });

  test.each<[string, Given, boolean]>([
    ["the other side says the words", theirs("Yes - TUESDAY,  at eight works."), true],
    ["the service learned them", { insight: "Free on Tuesday at eight." }, true],
    ["a text has them", { reply: "tuesday at eight!" }, true],
    ["the assistant says them", { transcript: [{ role: "assistant", content: "Tuesday at eight?" }] }, false],
    ["nobody does", theirs("Wednesday."), false],
  ])("without an agent, the goal is met when %s", (_, given, isMet) => {
    const targets = [target(1, "done", given), target(2, "scheduled"), target(3, "waiting")];
    expect(next("gather", { plan: metWhen, targets })).toEqual(
      isMet
        ? [{ do: "drop", targets: [2, 3], why: "The goal was met." }]
        : [{ do: "schedule", targets: [3] }],
    );
  });

  test("in Chinese too, whatever the width", () => {
    const targets = [target(1, "done", theirs("可以，周二晚上８点有位。")), target(2, "waiting")];
    expect(next("gather", { plan: plan("gather", { metWhen: "周二晚上8点有位" }), targets })).toEqual([
      { do: "drop", targets: [2], why: "The goal was met." },
    ]);
  });

  test("has the agent judge each call, and goes on meanwhile", () => {
    const targets = [target(1, "done"), target(2, "waiting")];
    expect(next("gather", { targets, hasAgent: true })).toEqual([
      { do: "ask", kind: "goal", target: 1 },
      { do: "schedule", targets: [2] },
    ]);
    const answered = (met: boolean) => [decision("goal", { target: 1, answer: { met } })];
    expect(next("gather", { targets, hasAgent: true, decisions: answered(true) })).toEqual([
      { do: "drop", targets: [2], why: "The goal was met." },
    ]);
    expect(next("gather", { targets, hasAgent: true, decisions: answered(false) })).toEqual([
      { do: "schedule", targets: [2] },
    ]);
  });

  test("acts at once when the goal is met, and drops the rest", () => {
    const targets = [target(1, "done", theirs("Tuesday at eight")), target(2, "scheduled")];
    expect(next("gather", { plan: { ...metWhen, action }, targets })).toEqual([
      { do: "drop", targets: [2], why: "The goal was met." },
      { do: "act", target: 1 },
    ]);
  });

  describe("then the action", () => {
    const met = target(1, "done", theirs("Tuesday at eight"));
    const acting = (state: TargetState, channel: "call" | "sms" = "sms") =>
      target(9, state, { round: 2, channel });
    const then = (targets: readonly MissionTarget[]) =>
      next("gather", { plan: { ...metWhen, action }, round: 2, targets });

    test.each(["sms", "call"] as const)("by %s, once nobody else is on the phone", (channel) => {
      const waiting = acting("waiting", channel);
      const brief = [{ do: "brief", target: 9 }];
      expect(then([met, waiting])).toEqual(brief);
      expect(then([met, target(2, "collecting"), waiting])).toEqual(brief);
      expect(then([met, target(2, "scheduling"), waiting])).toEqual([]);
      for (const state of ["scheduled", "unsettled"] as const) {
        const at = (minutesAgo: number) =>
          target(2, state, { scheduledAt: new Date(NOW.getTime() - minutesAgo * 60_000) });
        const drop = state === "scheduled" ? [{ do: "drop", targets: [2], why: "The goal was met." }] : [];
        expect(then([met, at(0), waiting])).toEqual(drop);
        expect(then([met, at(59), waiting])).toEqual(drop);
        expect(then([met, at(60), waiting])).toEqual([...drop, ...brief]);
      }
    });

    test("is done whatever the plan's number of calls", () => {
      const limits = { attempts: 3, batch: 2, staggerSeconds: 90, maxCalls: 1 };
      const view = { plan: { ...metWhen, action, limits }, round: 2, targets: [met, acting("waiting")] };
      expect(next("gather", view)).toEqual([{ do: "brief", target: 9 }]);
    });

    test("who was being scheduled meanwhile is dropped too", () => {
      expect(then([met, target(2, "scheduled"), acting("scheduled")])).toEqual([
        { do: "drop", targets: [2], why: "The goal was met." },
      ]);
    });

    test("decides how it ends", () => {
      expect(then([met, acting("scheduled")])).toEqual([]);
      expect(then([met, target(2, "dropped"), acting("done")])).toEqual([
        { do: "close", outcome: "succeeded" },
      ]);
      expect(then([met, acting("failed")])).toEqual([
        {
          do: "close",
          outcome: "failed",
          reason: "The goal was met, but what was to be done then did not succeed.",
        },
      ]);
    });

    test("goes on though the one who met the goal was forgotten", () => {
      const forgotten = target(1, "done");
      expect(then([forgotten, acting("waiting")])).toEqual([{ do: "brief", target: 9 }]);
      expect(then([forgotten, acting("done")])).toEqual([{ do: "close", outcome: "succeeded" }]);
    });
  });

  test("without an action the goal is all", () => {
    const targets = [target(1, "done", theirs("Tuesday at eight")), target(2, "dropped")];
    expect(next("gather", { plan: metWhen, targets })).toEqual([{ do: "close", outcome: "succeeded" }]);
  });

  test("fails when nobody met it, or nobody could say", () => {
    const targets = [target(1, "done", theirs("No."))];
    expect(next("gather", { plan: metWhen, targets })).toEqual([
      { do: "close", outcome: "failed", reason: "Nobody met the goal." },
    ]);
    expect(next("gather", { targets })).toEqual([
      { do: "close", outcome: "failed", reason: expect.stringContaining("there is no agent to judge it") },
    ]);
  });
});

describe("answers to texts", () => {
  const limits = { attempts: 3, batch: 2, staggerSeconds: 90, replyHours: 2 };
  const texted = (id: number, minutesAgo: number, given: Given = {}) =>
    target(id, "done", {
      channel: "sms",
      scheduledAt: new Date(NOW.getTime() - minutesAgo * 60_000),
      ...given,
    });
  const close = [{ do: "close", outcome: "succeeded" }];

  test("are waited for as long as the plan says", () => {
    const view = (minutesAgo: number, given: Given = {}) => ({
      plan: plan("sweep", { limits, channel: "sms" }),
      targets: [texted(1, minutesAgo, given)],
    });
    expect(next("sweep", view(119))).toEqual([]);
    expect(next("sweep", view(120))).toEqual(close);
    expect(next("sweep", view(1, { reply: "Yes." }))).toEqual(close);
    expect(next("sweep", { targets: [texted(1, 1)] })).toEqual(close);
    const endsAt = { ...limits, endsAt: NOW };
    expect(next("sweep", { ...view(1), plan: plan("sweep", { limits: endsAt }) })).toEqual(close);
  });

  test("are what is scored and judged", () => {
    const screening = { plan: plan("screening", { limits }), hasAgent: true };
    expect(next("screening", { ...screening, targets: [texted(1, 1)] })).toEqual([]);
    const ask = [{ do: "ask", kind: "scores", target: 1 }];
    expect(next("screening", { ...screening, targets: [texted(1, 1, { reply: "Ten." })] })).toEqual(ask);
    expect(next("screening", { ...screening, targets: [texted(1, 120)] })).toEqual(ask);
  });

  test("keep a place in the batch of those who gather", () => {
    const targets = [
      texted(1, 1),
      texted(2, 1, { reply: "No." }),
      target(3, "waiting"),
      target(4, "waiting"),
    ];
    expect(next("gather", { plan: plan("gather", { limits, metWhen: "yes" }), targets })).toEqual([
      { do: "schedule", targets: [3] },
    ]);
  });
});

describe("when it has to be looked at although nothing happens", () => {
  const view = (given: Partial<MissionView>): MissionView => ({
    plan: plan("sweep"),
    round: 1,
    targets: [],
    decisions: [],
    hasAgent: false,
    now: NOW,
    ...given,
  });
  const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

  test("never, where only calls and answers change something", () => {
    expect(nextChange(view({ targets: waiting }))).toBeUndefined();
    expect(nextChange(view({ targets: [target(1, "unsettled", { scheduledAt: ago(60) })] }))).toBeUndefined();
  });

  test("when its time is over, and when nobody can be on the phone any more", () => {
    const limits = { attempts: 3, batch: 2, staggerSeconds: 90, endsAt: ago(-90) };
    expect(nextChange(view({ plan: plan("sweep", { limits }) }))).toEqual(ago(-90));
    const targets = [
      target(1, "unsettled", { scheduledAt: ago(10) }),
      target(2, "scheduled", { scheduledAt: ago(20) }),
    ];
    expect(nextChange(view({ plan: plan("sweep", { limits }), targets }))).toEqual(ago(-50));
    expect(nextChange(view({ plan: plan("gather", { limits }), targets }))).toEqual(ago(-50));
    const waited = { ...limits, endsAt: ago(-900), replyHours: 1 };
    const texts = [target(1, "done", { channel: "sms", scheduledAt: ago(15) })];
    expect(nextChange(view({ plan: plan("sweep", { limits: waited }), targets: texts }))).toEqual(ago(-45));
    // The action waits for both.
    expect(nextChange(view({ plan: plan("gather"), round: 2, targets }))).toEqual(ago(-40));
  });
});

function scheduled(move: Move): readonly number[] {
  if (move.do === "schedule") return move.targets;
  return move.do === "brief" ? [move.target] : [];
}

const STATES: readonly TargetState[] = [
  "waiting",
  "scheduling",
  "scheduled",
  "collecting",
  "deciding",
  "done",
  "failed",
  "dropped",
  "unsettled",
];
const KINDS: readonly Decision["kind"][] = ["next-move", "unusual", "approval", "scores", "goal", "summary"];

const anyTarget = fc.record({
  state: fc.constantFrom(...STATES),
  round: fc.constantFrom(1, 1, 1, 2),
  attempts: fc.integer({ min: 0, max: 4 }),
  minutesAgo: fc.option(fc.integer({ min: -600, max: 600 })),
  durationSeconds: fc.option(fc.constantFrom(3, 60)),
  words: fc.constantFrom("", "a table", "wrong number", "no"),
});
const anyDecision = fc.record({
  kind: fc.constantFrom(...KINDS),
  target: fc.option(fc.integer({ min: 1, max: 6 })),
  round: fc.constantFrom(1, 2),
  state: fc.constantFrom("open" as const, "asked" as const, "answered" as const, "answered" as const),
  answer: fc.constantFrom<unknown>(
    undefined,
    null,
    "yes",
    { approved: true },
    { approved: true, targets: [1, 2] },
    { approved: false },
    { met: true },
    { met: false },
    { callAgain: true },
    { advice: "more", stop: true },
    { advice: "more" },
    { scores: { price: 3 } },
  ),
});
const anyView = fc
  .record({
    targets: fc.array(anyTarget, { maxLength: 6 }),
    decisions: fc.array(anyDecision, { maxLength: 6 }),
    round: fc.constantFrom(1, 1, 2),
    hasAgent: fc.boolean(),
    maxCalls: fc.option(fc.integer({ min: 1, max: 8 })),
    endsIn: fc.option(fc.integer({ min: -60, max: 60 })),
    hasAction: fc.boolean(),
    metWhen: fc.option(fc.constant("a table")),
  })
  .map((drawn) => (missionClass: MissionClass): MissionView => {
    const { maxCalls, endsIn, hasAction, metWhen } = drawn;
    const limits = {
      ...plan(missionClass).limits,
      ...(maxCalls === null ? {} : { maxCalls }),
      ...(endsIn === null ? {} : { endsAt: new Date(NOW.getTime() + endsIn * 60_000) }),
    };
    const action = { channel: "call", instructions: "Book it." } as const;
    return {
      plan: plan(missionClass, {
        limits,
        ...(hasAction ? { action } : {}),
        ...(metWhen === null ? {} : { metWhen }),
      }),
      round: drawn.round,
      hasAgent: drawn.hasAgent,
      now: NOW,
      targets: drawn.targets.map(({ state, round, attempts, minutesAgo, durationSeconds, words }, index) =>
        target(index + 1, state, {
          round,
          attempts,
          transcript: words === "" ? [] : [{ role: "user", content: words }],
          ...(minutesAgo === null ? {} : { scheduledAt: new Date(NOW.getTime() - minutesAgo * 60_000) }),
          ...(durationSeconds === null ? {} : { durationSeconds }),
        }),
      ),
      decisions: drawn.decisions.map(({ target: about, ...each }, index) =>
        decision(each.kind, { id: index + 1, ...each, ...(about === null ? {} : { target: about }) }),
      ),
    };
  });

const RUNS = { numRuns: 3_000 };

describe("however a mission stands", () => {
  test("a negotiation never has two calls at once", () => {
    fc.assert(
      fc.property(anyView, (viewOf) => {
        const view = viewOf("negotiation");
        const moves = SCHEDULERS.negotiation(view);
        const called = moves.flatMap(scheduled);
        expect(called.length).toBeLessThanOrEqual(1);
        const inFlight = view.targets.some(({ state }) =>
          ["scheduling", "scheduled", "collecting", "deciding"].includes(state),
        );
        if (inFlight) expect(called).toEqual([]);
      }),
      RUNS,
    );
  });

  test("rounds are never crossed without a human's yes to that round", () => {
    fc.assert(
      fc.property(anyView, (viewOf) => {
        const view = viewOf("rounds");
        const crosses = SCHEDULERS.rounds(view).some((move) => move.do === "next-round");
        if (!crosses) return;
        const yes = view.decisions.find(({ kind, round }) => kind === "approval" && round === view.round);
        expect(yes?.state).toBe("answered");
        expect(yes?.answer).toMatchObject({ approved: true });
        expect(view.targets.some(({ state }) => state === "scheduled" || state === "waiting")).toBe(false);
      }),
      RUNS,
    );
  });

  test("gathering calls nobody new of the first round once its goal is met", () => {
    fc.assert(
      fc.property(anyView, (viewOf) => {
        const view = viewOf("gather");
        const isMet = view.targets.some(
          ({ id, round, state, transcript, durationSeconds }) =>
            round === 1 &&
            state === "done" &&
            view.plan.metWhen !== undefined &&
            durationSeconds !== 3 &&
            transcript.some(({ content }) => content === "a table") &&
            !view.decisions.some((each) => each.kind === "unusual" && each.target === id),
        );
        if (!isMet) return;
        const moves = SCHEDULERS.gather(view);
        const ofFirst = new Set(view.targets.filter(({ round }) => round === 1).map(({ id }) => id));
        expect(moves.flatMap(scheduled).filter((id) => ofFirst.has(id))).toEqual([]);
        const left = view.targets.filter(
          ({ round, state }) => round === 1 && (state === "waiting" || state === "scheduled"),
        );
        const dropped = moves.flatMap((move) => (move.do === "drop" ? move.targets : []));
        expect(dropped).toEqual(left.map(({ id }) => id));
      }),
      RUNS,
    );
  });

  test.each(Object.keys(SCHEDULERS) as MissionClass[])("%s: the moves can be made", (missionClass) => {
    fc.assert(
      fc.property(anyView, (viewOf) => {
        const view = viewOf(missionClass);
        const moves = SCHEDULERS[missionClass](view);
        const stateOf = (id: number) => view.targets.find((each) => each.id === id)?.state;
        const called = moves.flatMap(scheduled);
        // Nobody twice, and only who waits for it.
        expect(new Set(called).size).toBe(called.length);
        for (const id of called) expect(stateOf(id)).toBe("waiting");
        for (const move of moves) {
          if (move.do === "drop")
            for (const id of move.targets) expect(["waiting", "scheduled"]).toContain(stateOf(id));
          if (move.do === "schedule") expect(move.targets.length).toBeGreaterThan(0);
          if (move.do === "ask") {
            expect(view.hasAgent || move.kind === "approval").toBe(true);
            const { kind, target: about } = move;
            expect(
              view.decisions.some(
                (each) =>
                  each.kind === kind &&
                  each.target === about &&
                  (kind !== "approval" || each.round === view.round),
              ),
            ).toBe(false);
          }
          // Nothing comes after the end, and nothing goes on then.
          if (move.do === "close" || move.do === "next-round") {
            expect(moves).toHaveLength(1);
            for (const state of ["waiting", "scheduling", "scheduled", "collecting", "deciding"]) {
              if (move.do === "close") expect(view.targets.map((each) => each.state)).not.toContain(state);
            }
          }
        }
        // Looking at it does not change it.
        expect(SCHEDULERS[missionClass](view)).toEqual(moves);
      }),
      RUNS,
    );
  });
});
