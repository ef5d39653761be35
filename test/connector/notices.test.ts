/** What the owner's session is told along with the owner's next words. */
import { expect, it } from "vitest";
import type { AgentAnswer, AgentPort, AgentTurn } from "../../plugin/agent/port.ts";
import { Notices } from "../../plugin/connector/notices.ts";
import { guestSession, type SpeakerSession } from "../../plugin/trust/sessions.ts";

const MAIN = "agent:main:main";
const owner = { tier: "owner", agentId: "main", sessionKey: MAIN } as const;

function stub(answers: readonly AgentAnswer[]) {
  const heard: string[] = [];
  const agent: AgentPort = {
    run: async (turn) => {
      heard.push(turn.words);
      return answers[heard.length - 1] ?? { kind: "answered", text: "" };
    },
  };
  return { heard, notices: new Notices(agent) };
}

function say(notices: Notices, words: string, session: SpeakerSession = owner) {
  const turn: AgentTurn = {
    session,
    line: "clawdtalk",
    words,
    callId: "call",
    runId: "run",
    voiceContext: "",
    timeoutMs: 1_000,
  };
  const listener = { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} };
  return notices.run(turn, listener, new AbortController().signal);
}

it("go along once, with the next words of their session's owner and nobody else's", async () => {
  const { heard, notices } = stub([]);
  notices.leave(MAIN, "A call ended.");
  notices.leave(MAIN, "Another one too.");
  await say(notices, "Hello", guestSession("main", "+15550002222"));
  await say(notices, "Hi", { ...owner, sessionKey: "agent:other:main" });
  await say(notices, "Good morning");
  await say(notices, "And now?");
  expect(heard).toEqual([
    "Hello",
    "Hi",
    "[Since then: A call ended. Another one too.]\n\nGood morning",
    "And now?",
  ]);
});

it("wait for the turn after one that failed", async () => {
  const { heard, notices } = stub([{ kind: "failed", reason: "The gateway is down." }]);
  notices.leave(MAIN, "A call ended.");
  await say(notices, "Hello");
  await say(notices, "Hello again");
  expect(heard.at(-1)).toBe("[Since then: A call ended.]\n\nHello again");
});

it("are bounded: the newest twenty", async () => {
  const { heard, notices } = stub([]);
  for (let index = 0; index < 30; index += 1) notices.leave(MAIN, `Line ${index}.`);
  await say(notices, "Hello");
  expect(heard[0]).not.toContain("Line 9.");
  expect(heard[0]).toContain("Line 10.");
  expect(heard[0]).toContain("Line 29.");
});
