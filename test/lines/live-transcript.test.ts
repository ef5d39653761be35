/** What is said on a call is written down while it goes on, in order, by whoever speaks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallVoice } from "../../plugin/carriers/carrier.ts";
import { LiveTranscript } from "../../plugin/lines/live-transcript.ts";
import { linesOf } from "../../plugin/store/call-lines.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

let stateFolder: string;
let store: Store;
let isConnected: boolean;
let spoken: string[];
const address = { line: "claw", carrierCallId: "c1" };
const turn = { callId: "c1", requestId: "r1" };
const voice: CallVoice = {
  capabilities: {
    partialSpeech: true,
    callEnd: true,
    siblingWindowMs: 0,
    texts: false,
    outboundCalls: true,
    newestRequestOnly: false,
    endsCallWithAnswer: false,
  },
  speak: (_turn, text) => {
    if (isConnected) spoken.push(text);
    return isConnected;
  },
  answer: (_turn, text) => void spoken.push(text),
  sendContext() {},
  greet: (_callId, text) => {
    if (isConnected) spoken.push(text);
    return isConnected;
  },
};

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-transcript-"));
  store = await openStore(stateFolder);
  isConnected = true;
  spoken = [];
});
afterEach(async () => {
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

function open(): LiveTranscript {
  return new LiveTranscript({
    line: "claw",
    store,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

test("everything that is spoken and heard stands in order, and is spoken all the same", async () => {
  const transcript = open();
  const recording = transcript.recording(voice);
  recording.greet("c1", "您好");
  transcript.heard("c1", "喂");
  transcript.heard("c1", "喂");
  recording.speak(turn, "One moment.");
  recording.answer(turn, "It is three o'clock. 👍");
  transcript.heard("other call", "hello");
  await vi.waitFor(async () => expect(await linesOf(store, address)).toHaveLength(5));
  expect((await linesOf(store, address)).map(({ speaker, words }) => [speaker, words])).toEqual([
    ["agent", "您好"],
    ["other", "喂"],
    ["other", "喂"],
    ["agent", "One moment."],
    ["agent", "It is three o'clock. 👍"],
  ]);
  expect(spoken).toEqual(["您好", "One moment.", "It is three o'clock. 👍"]);
});

test("what could not be handed to the carrier was not said", async () => {
  const transcript = open();
  const recording = transcript.recording(voice);
  isConnected = false;
  expect([recording.speak(turn, "lost"), recording.greet("c1", "lost")]).toEqual([false, false]);
  transcript.heard("c1", "hello?");
  await vi.waitFor(async () => expect(await linesOf(store, address)).toHaveLength(1));
  expect((await linesOf(store, address))[0]?.words).toBe("hello?");
});
