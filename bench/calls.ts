/**
 * Many calls at once. First on the real gateway, each call in a session of its own: when does the first, the median
 * and the last caller hear a word? Then with a stub agent over the real carrier and real sockets: does the plugin's
 * own time per turn grow with the number of calls, and what memory do 50 of them take?
 *
 * npm run bench:calls
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentPort } from "../plugin/agent/port.ts";
import { Calls } from "../plugin/calls/calls.ts";
import { CheckedVoice } from "../plugin/calls/checked-voice.ts";
import { createClawdTalkCarrier } from "../plugin/carriers/clawdtalk/carrier.ts";
import type { PracticeCall } from "../plugin/practice/caller.ts";
import { startClawdTalkPractice } from "../plugin/practice/clawdtalk-server.ts";
import { startPhoneLine } from "../test/gateway/phone-line.ts";
import { median, percentile, printTable } from "./statistics.ts";

const MODEL = { firstTokenMs: 200, perWordMs: 25 };
const QUESTION = "Please tell me how things stand.";
const wait = { timeoutMs: 60_000 };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function firstWords(calls: readonly PracticeCall[]): Promise<number[]> {
  const turns = calls.map((call) => call.say(QUESTION));
  const firsts = await Promise.all(turns.map((turn) => turn.firstSpeech(wait)));
  await Promise.all(turns.map((turn) => turn.result(wait)));
  return firsts.map((first) => first.atMs);
}

async function onTheGateway(): Promise<void> {
  const line = await startPhoneLine({ model: MODEL });
  try {
    const rows = [];
    for (const count of [1, 8, 16, 32]) {
      // A call nobody here placed is a stranger's: a session for each call, as with many callers.
      const ring = () => line.server.ring({ direction: "outbound" });
      const calls = await Promise.all(Array.from({ length: count }, ring));
      await firstWords(calls);
      const firsts = await firstWords(calls);
      for (const call of calls) call.hangUp();
      rows.push({
        calls: count,
        "first word p50 (ms)": Math.round(median(firsts)),
        "last caller (ms)": Math.round(Math.max(...firsts)),
      });
      await sleep(1_000);
    }
    printTable(
      "Real gateway, a session and a lane for each call (wanted: the last of 8 within 900 ms)",
      rows,
    );
  } finally {
    await line.close();
  }
}

/** Says four sentences, a word every 5 ms, and notes when its first sentence stood complete. */
function stubAgent(completeAt: Map<string, number>): AgentPort {
  const words = "Here is the answer. It has four sentences. This is the third. And that was it.".split(" ");
  return {
    run: async (turn, listener, signal) => {
      listener.onStarted();
      let text = "";
      for (const word of words) {
        await sleep(5);
        if (signal.aborted) return { kind: "aborted" };
        text += `${word} `;
        if (word === "It") completeAt.set(turn.callId, performance.now());
        listener.onText(text);
      }
      return { kind: "answered", text };
    },
  };
}

async function withAStubAgent(): Promise<void> {
  const server = await startClawdTalkPractice();
  const completeAt = new Map<string, number>();
  const carrier = createClawdTalkCarrier({
    line: { name: "bench", apiKey: server.key, server: server.url },
    version: "bench",
    log: silent,
    logLines: () => [],
  });
  let runs = 0;
  const voice = new CheckedVoice({ secrets: [server.key], ownerNumbers: ["+15550001111"] });
  const calls = new Calls({
    line: "bench",
    carrier: voice.speakingWith(carrier),
    agent: stubAgent(completeAt),
    settings: { speech: "sentences", progressAfterMs: 4_000, timeoutMs: 60_000 },
    greeting: "Hello.",
    context: { memory: "", systemPrompt: "bench" },
    noteCall: async () => ({ greet: true }),
    speakerOf: async ({ callId }) => {
      voice.somebodyElse(callId, []);
      return {
        known: true,
        kind: "conversation",
        session: { tier: "stranger", agentId: "main", sessionKey: callId },
        voiceContext: "",
      };
    },
    preparedBriefing: () => undefined,
    endCall: async () => {},
    noteEnded: async () => {},
    noteHeard() {},
    newRunId: () => `run-${++runs}`,
    now: () => performance.now(),
    log: silent,
  });
  carrier.start({
    onCallSetup: (call) => calls.onCallSetup(call),
    onCallStarted: (call) => calls.onCallStarted(call),
    onTurn: (turn) => calls.onTurn(turn),
    onCallEnded: (outcome) => calls.onCallEnded(outcome),
    onOrderCompleted() {},
    onText() {},
    onWalkie() {},
    onApproval() {},
    onMissionNews() {},
    onStatus() {},
  });
  await server.waitForClient(wait);
  const memory = () => {
    globalThis.gc?.();
    return process.memoryUsage().rss / 1_048_576;
  };
  const rows = [];
  const idleMb = memory();
  try {
    for (const count of [1, 10, 50]) {
      const live = await Promise.all(Array.from({ length: count }, () => server.ring()));
      const ownMs: number[] = [];
      let peakMb = 0;
      for (let round = 0; round < 6; round++) {
        const turns = live.map((call) => call.say(QUESTION));
        await Promise.all(
          turns.map(async (turn) => {
            await turn.firstSpeech(wait);
            const heardAt = performance.now();
            if (round > 0) ownMs.push(heardAt - (completeAt.get(turn.call.callId) ?? heardAt));
          }),
        );
        peakMb = Math.max(peakMb, memory());
        await Promise.all(turns.map((turn) => turn.result(wait)));
      }
      rows.push({
        calls: count,
        "own time p50 (ms)": median(ownMs).toFixed(2),
        "own time p95 (ms)": percentile(ownMs, 0.95).toFixed(2),
        "above idle (MB)": Math.round(peakMb - idleMb),
      });
      for (const call of live) call.hangUp();
    }
  } finally {
    calls.stop();
    await carrier.stop();
    await server.close();
  }
  const [one, , fifty] = rows;
  printTable(
    "Stub agent: from the first sentence standing to the caller hearing it (one process, wire included)",
    rows,
  );
  console.log(
    `own time at 50 calls / at 1 call: ${(Number(fifty?.["own time p50 (ms)"]) / Number(one?.["own time p50 (ms)"])).toFixed(2)}   memory wanted < 150 MB above idle`,
  );
}

await withAStubAgent();
await onTheGateway();
