/** Turns of calls whose carrier takes one whole answer for each request: in time, in order, and nothing lost. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AgentAnswer, AgentPort, AgentTurn, AgentTurnListener } from "../../plugin/agent/port.ts";
import { type CallSpeaker, Calls, type CallsParameters } from "../../plugin/calls/calls.ts";
import { CheckedVoice } from "../../plugin/calls/checked-voice.ts";
import type { Carrier, CarrierTurn, TurnContent } from "../../plugin/carriers/carrier.ts";
import { PHRASES } from "../../plugin/speech/phrase-tables.ts";
import { phrase } from "../../plugin/speech/phrases.ts";

interface Answer {
  readonly requestId: string;
  readonly text: string;
  readonly endCall: boolean;
  readonly atMs: number;
}

/** A carrier that takes the newest request's answer only, as ClawCall does, and records what is heard. */
function slotCarrier() {
  const answers: Answer[] = [];
  const newest = new Map<string, string>();
  const carrier: Carrier = {
    name: "slot",
    capabilities: {
      partialSpeech: false,
      callEnd: false,
      siblingWindowMs: 0,
      texts: false,
      outboundCalls: true,
      newestRequestOnly: true,
      endsCallWithAnswer: true,
    },
    start() {},
    async stop() {},
    status: () => ({ state: "connected", detail: "", since: "", counters: {} }),
    speak: () => {
      throw new Error("nothing is spoken before the answer on this carrier");
    },
    answer: ({ callId, requestId }, text, how) => {
      if (text.trim() === "") throw new Error("empty answer");
      if (newest.get(callId) !== requestId) return;
      newest.delete(callId);
      answers.push({ requestId, text, endCall: how?.endCall ?? false, atMs: Date.now() });
    },
    sendContext() {},
    greet: () => false,
    answerWalkie() {},
  };
  return { carrier, answers, newest };
}

interface Run {
  readonly turn: AgentTurn;
  readonly listener: AgentTurnListener;
  readonly signal: AbortSignal;
  end(answer: AgentAnswer): void;
}

const STRANGER: CallSpeaker = {
  known: true,
  kind: "thirdParty",
  session: { tier: "stranger", agentId: "main", sessionKey: "agent:main:switchboard:stranger:line:call" },
  voiceContext: "stranger",
  firstWords: "Hello, an AI assistant is calling.",
};
const OWNER: CallSpeaker = {
  known: true,
  kind: "conversation",
  session: { tier: "owner", agentId: "main", sessionKey: "agent:main:main" },
  voiceContext: "owner",
};
const BRIEFING: CallSpeaker = { ...OWNER, kind: "briefing" };
const answered = (text: string, endCall = false): AgentAnswer => ({ kind: "answered", text, endCall });

function setUp(speaker: CallSpeaker, changes: Partial<CallsParameters> = {}) {
  const line = slotCarrier();
  const runs: Run[] = [];
  const agent: AgentPort = {
    run: (turn, listener, signal) =>
      new Promise((resolve) => {
        runs.push({ turn, listener, signal, end: resolve });
        signal.addEventListener("abort", () => resolve({ kind: "aborted" }));
      }),
  };
  let id = 0;
  const calls = new Calls({
    line: "test",
    carrier: new CheckedVoice({ secrets: [], ownerNumbers: [] }).speakingWith(line.carrier),
    agent,
    settings: { speech: "sentences", progressAfterMs: 4000, timeoutMs: 25_000 },
    greeting: undefined,
    context: { memory: "", systemPrompt: "" },
    noteCall: async () => ({ greet: true }),
    speakerOf: async () => speaker,
    preparedBriefing: () => undefined,
    endCall: async () => {
      throw new Error("this carrier ends calls with an answer");
    },
    noteEnded: async () => {},
    noteHeard() {},
    newRunId: () => `run-${++id}`,
    now: () => Date.now(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...changes,
  });
  let request = 0;
  const turn = async (content: TurnContent, asWritten: string, callId = "call") => {
    const requestId = `r${++request}`;
    line.newest.set(callId, requestId);
    calls.onTurn({ callId, requestId, asWritten, ...content } as CarrierTurn);
    await settle();
    return requestId;
  };
  return {
    ...line,
    calls,
    runs,
    turn,
    opens: (objective: string, context = "") =>
      turn({ kind: "thirdPartyOpening", objective, context }, `[THIRD PARTY CALL]\nObjective: ${objective}`),
    theySay: (words: string, callId?: string) =>
      turn({ kind: "thirdPartySpeech", words }, `[THIRD PARTY SAYS]: ${words}`, callId),
    says: (words: string, callId?: string) => turn({ kind: "speech", words }, words, callId),
    rings: (task: string) => turn({ kind: "briefing", task }, `[SCHEDULED] ${task}`),
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const texts = (answers: readonly Answer[]) => answers.map(({ text }) => text);
const isHolding = (text: string | undefined) => PHRASES.en.holding.includes(text ?? "");

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe("a call to a third party", () => {
  it("opens with who calls and for whom, and goes on with why", async () => {
    const { opens, runs, answers } = setUp(STRANGER);
    await opens("Book a table");
    expect(runs).toHaveLength(1);
    expect(runs[0]?.turn.words).not.toContain("Book a table");
    expect(runs[0]?.turn).toMatchObject({ canEndCall: true, quickAnswers: false, voiceContext: "stranger" });
    runs[0]?.end(answered("I would like a table for two. Is tomorrow possible?"));
    await settle();
    expect(answers).toMatchObject([
      {
        text: "Hello, an AI assistant is calling. I would like a table for two. Is tomorrow possible?",
        endCall: false,
      },
    ]);
  });

  it("opens with the greeting alone when the model is slow, and says the rest at the next turn", async () => {
    const { opens, theySay, runs, answers } = setUp(STRANGER);
    await opens("Book a table");
    await pass(11_000);
    expect(answers).toMatchObject([{ text: "Hello, an AI assistant is calling.", atMs: 11_000 }]);
    await theySay("Uh-huh.");
    runs[0]?.end(answered("Is a table free tomorrow?"));
    await settle();
    expect(texts(answers)).toEqual(["Hello, an AI assistant is calling.", "Is a table free tomorrow?"]);
    expect(runs).toHaveLength(1);
  });

  it("is answered within 11 s: with what is ready, the rest at the next turn", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("What time?");
    await pass(9_000);
    runs[0]?.listener.onText("Seven would be good. And");
    await pass(2_000);
    expect(answers).toMatchObject([{ requestId: "r1", text: "Seven would be good.", atMs: 11_000 }]);
    runs[0]?.end(answered("Seven would be good. And a window table, if you have one?"));
    await settle();
    expect(answers).toHaveLength(1);
    await theySay("Okay.");
    expect(texts(answers)).toEqual(["Seven would be good.", "And a window table, if you have one?"]);
    expect(runs, "a listener's noise is not asked about").toHaveLength(1);
  });

  it("is held with a question, another one each time, and given up at last", async () => {
    const { theySay, answers, runs } = setUp(STRANGER);
    await theySay("What time?");
    for (let count = 0; count < 3; count++) {
      await pass(11_000);
      expect(isHolding(answers.at(-1)?.text)).toBe(true);
      await theySay("Yes.");
    }
    expect(answers[0]?.text).not.toBe(answers[1]?.text);
    expect(runs, "yes to a holding question is no news").toHaveLength(1);
    await pass(11_000);
    expect(answers.at(-1)).toMatchObject({ text: phrase("givingUp", "en"), endCall: true });
    expect(runs[0]?.signal.aborted).toBe(true);
  });

  it("asks the agent everything that was said while it worked, together", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("What time?");
    await pass(11_000);
    await theySay("For how many people?");
    runs[0]?.end(answered("Seven o'clock."));
    await settle();
    expect(runs[1]?.turn.words).toBe("For how many people?");
    runs[1]?.end(answered("For two."));
    await settle();
    expect(answers.at(-1)).toMatchObject({ requestId: "r2", text: "Seven o'clock. For two." });
  });

  it("takes 'yes' as an answer when the agent asked", async () => {
    const { theySay, runs } = setUp(STRANGER);
    await theySay("Hello?");
    await pass(10_000);
    runs[0]?.listener.onText("Is seven possible? I would");
    await pass(1_000);
    await theySay("Yes.");
    runs[0]?.end(answered("Is seven possible? I would like a window."));
    await settle();
    expect(runs[1]?.turn.words).toBe("Yes.");
  });

  it("ends with the answer when the agent hangs up or says goodbye, and then says only goodbye", async () => {
    for (const answer of [
      answered("Thank you. See you then.", true),
      answered("Thank you very much, goodbye!"),
    ]) {
      const { theySay, runs, answers } = setUp(STRANGER);
      await theySay("It is booked.");
      runs[0]?.end(answer);
      await settle();
      expect(answers).toMatchObject([{ endCall: true }]);
      // It did not get through: nobody is left waiting, and nothing begins anew.
      await theySay("Wait");
      expect(answers[1]).toMatchObject({ requestId: "r2", text: phrase("goodbye", "en"), endCall: true });
      expect(runs).toHaveLength(1);
    }
  });

  it("adds nothing where everything was said before the agent was done", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("What time?");
    runs[0]?.listener.onText("At seven.");
    runs[0]?.listener.onMessageEnd();
    await pass(11_000);
    runs[0]?.end(answered(""));
    await settle();
    await theySay("Which day?");
    runs[1]?.end(answered("On Tuesday."));
    await settle();
    expect(texts(answers)).toEqual(["At seven.", "On Tuesday."]);
  });

  it("takes a farewell back that nobody has heard when they go on, and ends by none of it", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("What time?");
    await pass(11_000);
    runs[0]?.end(answered("Thank you very much, goodbye."));
    await settle();
    await theySay("We have Tuesday.");
    runs[1]?.end(answered("May I book Tuesday?"));
    await settle();
    expect(answers.at(-1)).toMatchObject({ text: "May I book Tuesday?", endCall: false });
  });

  it("does not end with an apology because a run before wanted to end it", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("What time?");
    runs[0]?.listener.onText("Goodbye.");
    runs[0]?.listener.onMessageEnd();
    await pass(11_000);
    await theySay("Hello? Are you there?");
    runs[0]?.end(answered("", true));
    await settle();
    runs[1]?.end({ kind: "failed", reason: "model" });
    await settle();
    expect(answers.at(-1)).toMatchObject({ text: phrase("failed", "en"), endCall: false });
  });

  it("keeps what they said before they ask for a moment", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("Let me see.");
    await pass(11_000);
    await theySay("We have Tuesday at three.");
    await theySay("One moment please.");
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.end(answered("Of course."));
    await settle();
    expect(runs[1]?.turn.words).toBe("We have Tuesday at three.");
    runs[1]?.end(answered("Tuesday at three is good. May I book it?"));
    await settle();
    expect(answers.at(-1)?.text).toBe("Of course. Tuesday at three is good. May I book it?");
  });

  it("never ends because they say goodbye", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("Goodbye!");
    runs[0]?.end(answered("One more thing: is parking free?"));
    await settle();
    expect(answers).toMatchObject([{ endCall: false }]);
  });

  it("apologises once for a failure, and gives up after the second", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    await theySay("One");
    runs[0]?.end({ kind: "failed", reason: "model" });
    await settle();
    expect(answers.at(-1)).toMatchObject({ text: phrase("failed", "en"), endCall: false });
    await theySay("Two");
    runs[1]?.end({ kind: "failed", reason: "model" });
    await settle();
    expect(answers.at(-1)).toMatchObject({ text: phrase("givingUp", "en"), endCall: true });
  });

  it("is not given up because the gateway restarts", async () => {
    const { theySay, runs, answers } = setUp(STRANGER);
    for (const [index, words] of ["One", "Two", "Three"].entries()) {
      await theySay(words);
      runs[index]?.end({ kind: "failed", reason: "draining", isRestarting: true });
      await settle();
      expect(answers.at(-1)).toMatchObject({ text: phrase("failed", "en"), endCall: false });
    }
  });

  it("takes whatever comes as the third party's words, in every spelling of every prefix", async () => {
    const prefix = fc.constantFrom(
      "[SCHEDULED]",
      "[THIRD PARTY CALL]",
      "[THIRD PARTY SAYS]:",
      "[THIRD PARTY COMPLETE]",
    );
    const speech = fc
      .tuple(fc.string({ unit: "grapheme" }), prefix, fc.string({ unit: "grapheme" }))
      .map(([before, said, after]) => `${before}${said} ${after}`);
    const content = fc.oneof(
      speech.map((words): [TurnContent, string] => [
        { kind: "thirdPartySpeech", words },
        `[THIRD PARTY SAYS]: ${words}`,
      ]),
      speech.map((words): [TurnContent, string] => [{ kind: "speech", words }, words]),
      speech.map((task): [TurnContent, string] => [{ kind: "briefing", task }, `[SCHEDULED] ${task}`]),
      speech.map((objective): [TurnContent, string] => [
        { kind: "thirdPartyOpening", objective, context: objective },
        `[THIRD PARTY CALL]\nObjective: ${objective}`,
      ]),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 6 }), async (messages) => {
        const { turn, runs, theySay } = setUp(STRANGER, {
          preparedBriefing: () => Promise.resolve("the owner's briefing"),
        });
        await theySay("Hello, who is there?");
        runs.at(-1)?.end(answered("What time is good?"));
        await settle();
        for (const [said, asWritten] of messages) {
          const before = runs.length;
          await turn(said, asWritten);
          const run = runs.at(-1);
          expect(runs.length).toBe(before + 1);
          expect(run?.turn.session).toEqual(STRANGER.known && STRANGER.session);
          expect(run?.turn.quickAnswers).toBe(false);
          const spoken = said.kind === "thirdPartySpeech" ? said.words : asWritten;
          expect(run?.turn.words).toBe(spoken);
          run?.end(answered("And what else?"));
          await settle();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a call with the owner", () => {
  it("is answered whole, at its end", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("What is on my list?");
    runs[0]?.listener.onText("Three things. The first");
    await pass(5_000);
    expect(answers).toEqual([]);
    runs[0]?.end(answered("Three things. The first is milk."));
    await settle();
    expect(answers).toMatchObject([{ text: "Three things. The first is milk.", endCall: false }]);
    expect(runs[0]?.turn).toMatchObject({ quickAnswers: true, words: "What is on my list?" });
  });

  it("hears at its limit that the work goes on, and the result at the next words", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("Research hotels");
    await pass(25_000);
    expect(answers).toMatchObject([{ text: phrase("stillWorking", "en"), atMs: 25_000 }]);
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.end(answered("The Grand is best."));
    await settle();
    await says("Okay");
    expect(answers.at(-1)?.text).toBe("The Grand is best.");
  });

  it("hears at once that they are asked for a yes elsewhere, and what came of it at the next words", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("Post the picture");
    runs[0]?.listener.onText("I will post it.");
    runs[0]?.listener.onMessageEnd();
    runs[0]?.listener.onTool("exec");
    runs[0]?.listener.onAskingOwner?.();
    const told = `I will post it. ${phrase("askingOwner", "en")} ${phrase("stillWorking", "en")}`;
    expect(answers).toMatchObject([{ text: told, endCall: false, atMs: 0 }]);
    await pass(30_000);
    runs[0]?.end(answered("It is posted."));
    await settle();
    await says("Okay");
    expect(texts(answers)).toEqual([told, "It is posted."]);
    expect(runs).toHaveLength(1);
  });

  it("is not deaf for long behind work that does not end", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("Research hotels");
    await pass(25_000);
    await says("What is the weather?");
    await pass(25_000);
    expect(texts(answers)).toEqual([phrase("stillWorking", "en"), phrase("stillWorking", "en")]);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(runs[1]?.turn.words).toBe("What is the weather?");
    runs[1]?.end(answered("Sunny."));
    await settle();
    await says("Okay");
    expect(answers.at(-1)?.text).toBe("Sunny.");
  });

  it("lets a newer question replace an unanswered one", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("What is the weather?");
    await says("No, in Paris?");
    expect(runs[0]?.signal.aborted).toBe(true);
    runs[1]?.end(answered("Sunny."));
    await settle();
    expect(answers).toMatchObject([{ requestId: "r2", text: "Sunny." }]);
  });

  it("keeps the answer of a question that was only accompanied by a noise", async () => {
    const { says, runs, answers } = setUp(OWNER);
    await says("What is the weather?");
    await says("Mm-hm");
    runs[0]?.end(answered("Sunny."));
    await settle();
    expect(answers).toMatchObject([{ requestId: "r2", text: "Sunny." }]);
    expect(runs).toHaveLength(1);
  });

  it("is nobody's as long as it is not known who speaks: nothing is run and nothing said before", async () => {
    let know: (speaker: CallSpeaker) => void = () => {};
    const asked = vi.fn(() => new Promise<CallSpeaker>((resolve) => (know = resolve)));
    const { says, runs, answers } = setUp(OWNER, { speakerOf: asked });
    await says("Read me my mail");
    await pass(3_000);
    expect([runs.length, answers.length, asked.mock.calls.length]).toEqual([0, 0, 1]);
    know({ known: false });
    await settle();
    expect(answers).toMatchObject([{ text: phrase("unverified", "en"), endCall: true }]);
    expect(runs).toEqual([]);
  });

  it("asks who speaks once for a call, and again while it could not be told", async () => {
    const asked = vi.fn(async (): Promise<CallSpeaker> => ({ known: false }));
    const { says, runs } = setUp(OWNER, { speakerOf: asked });
    await says("One");
    asked.mockResolvedValue(OWNER);
    await says("Two");
    await says("Three");
    expect(asked).toHaveBeenCalledTimes(2);
    expect(runs.length).toBeGreaterThan(0);
  });

  it("takes prefixes as words", async () => {
    const { rings, runs } = setUp(OWNER);
    await rings("read my mail");
    expect(runs[0]?.turn.words).toBe("[SCHEDULED] read my mail");
  });

  it("says what to do when the line stops, also while it is not known who speaks", async () => {
    const slow = setUp(OWNER);
    await slow.says("What is the weather?");
    slow.calls.stop();
    expect(slow.answers).toMatchObject([{ text: phrase("failed", "en") }]);
    const unknown = setUp(OWNER, { speakerOf: () => new Promise(() => {}) });
    await unknown.says("What is the weather?");
    unknown.calls.stop();
    expect(unknown.answers).toMatchObject([{ text: phrase("failed", "en") }]);
    expect(unknown.runs).toEqual([]);
    // What the last poll brings afterwards.
    await unknown.says("Hello?", "another call");
    expect(unknown.answers.at(-1)).toMatchObject({ requestId: "r2", text: phrase("failed", "en") });
    expect(unknown.runs).toEqual([]);
  });
});

describe("a scheduled call", () => {
  it("speaks the prepared words at once, without a run", async () => {
    const { rings, says, runs, answers } = setUp(BRIEFING, {
      preparedBriefing: (task) => (task === "my day" ? Promise.resolve("Two meetings today.") : undefined),
    });
    await rings("my day");
    expect(answers).toMatchObject([{ text: "Two meetings today.", atMs: 0 }]);
    expect(runs).toEqual([]);
    await says("Tell me more");
    expect(runs[0]?.turn.words).toBe("Tell me more");
  });

  it("waits for words that are being prepared, and says them at the next words when they are late", async () => {
    let ready: (words: string | undefined) => void = () => {};
    const preparedBriefing = () => new Promise<string | undefined>((resolve) => (ready = resolve));
    const { rings, says, runs, answers } = setUp(BRIEFING, { preparedBriefing });
    await rings("my day");
    await pass(11_000);
    expect(answers).toMatchObject([{ text: phrase("stillWorking", "en") }]);
    ready("Two meetings today.");
    await settle();
    await says("Okay");
    expect(answers.at(-1)?.text).toBe("Two meetings today.");
    expect(runs).toEqual([]);
  });

  it("asks the agent when nothing came of preparing", async () => {
    const { rings, runs } = setUp(BRIEFING, { preparedBriefing: async () => undefined });
    await rings("my day");
    expect(runs).toHaveLength(1);
  });

  it("is answered within 11 s with what there is, the rest at the next words", async () => {
    const { rings, says, runs, answers } = setUp(BRIEFING);
    await rings("my day");
    expect(runs[0]?.turn.words).toContain("my day");
    expect(runs[0]?.turn.quickAnswers).toBe(false);
    await pass(10_000);
    runs[0]?.listener.onText("Two meetings today. The first");
    await pass(1_000);
    expect(answers).toMatchObject([{ text: "Two meetings today.", atMs: 11_000 }]);
    runs[0]?.end(answered("Two meetings today. The first is at nine."));
    await settle();
    await says("Okay");
    expect(answers.at(-1)?.text).toBe("The first is at nine.");
  });

  it("says honestly that it is not ready when there is nothing after 11 s", async () => {
    const { rings, answers } = setUp(BRIEFING);
    await rings("my day");
    await pass(11_000);
    expect(answers).toMatchObject([{ text: phrase("stillWorking", "en") }]);
  });
});

describe("any order of requests, agent's words and time", () => {
  it("answers each request at most once, only the newest, in time, and loses and repeats nothing", async () => {
    type Event = { readonly does: "say" | "noise" | "more" | "end" | "wait"; readonly n: number };
    const event: fc.Arbitrary<Event> = fc.record({
      does: fc.constantFrom("say", "noise", "more", "end", "wait"),
      n: fc.integer({ min: 0, max: 12_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (events) => {
        const { theySay, runs, answers } = setUp(STRANGER);
        const askedAt = new Map<string, number>();
        const spoken: string[] = [];
        const text = new Map<Run, string>();
        const ended = new Set<Run>();
        let count = 0;
        for (const { does, n } of events) {
          const run = runs.at(-1);
          const isOpen = run !== undefined && !ended.has(run) && !run.signal.aborted;
          if (does === "say" || does === "noise") {
            const at = Date.now();
            askedAt.set(await theySay(does === "say" ? `Number ${++count} here.` : "Uh-huh."), at);
          } else if (does === "wait") await pass(n);
          else if (isOpen) {
            const sentence = `Answer ${++count}.`;
            const whole = `${text.get(run) ?? ""} ${sentence}`.trim();
            text.set(run, whole);
            spoken.push(sentence);
            if (does === "more") run.listener.onText(`${whole} And`);
            else {
              ended.add(run);
              run.end(answered(whole));
            }
            await settle();
          }
        }
        const last = runs.at(-1);
        if (last !== undefined && !ended.has(last)) last.end(answered(text.get(last) ?? "Answer 0."));
        await pass(120_000);
        askedAt.set(await theySay("Uh-huh."), Date.now());
        runs.at(-1)?.end(answered("Answer 0."));
        await settle();
        const heard = answers.filter(
          ({ text: said }) => !isHolding(said) && said !== phrase("givingUp", "en"),
        );
        expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(answers.length);
        for (const { requestId, atMs } of answers) {
          expect(atMs - (askedAt.get(requestId) ?? Number.NEGATIVE_INFINITY)).toBeLessThanOrEqual(11_000);
        }
        const sentences = heard.flatMap(({ text: said }) => said.match(/Answer \d+\./g) ?? []);
        // In the order they were made, each once.
        expect(sentences.filter((sentence) => sentence !== "Answer 0.")).toEqual(
          answers.some(({ endCall }) => endCall) ? spoken.slice(0, sentences.length) : spoken,
        );
      }),
      { numRuns: 150 },
    );
  });
});
