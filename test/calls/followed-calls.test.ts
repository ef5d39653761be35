/**
 * Calls that the carrier leads itself are followed to their end, on a real store and StepOne's practice line: what is
 * said is written down while it is said, once, whoever placed the call and however often the following starts again.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FollowedCalls, type FollowedCallsParameters } from "../../plugin/calls/followed-calls.ts";
import type { CallFollowing, CallOutcome } from "../../plugin/carriers/carrier.ts";
import { stepOnePlacer } from "../../plugin/carriers/stepone/call-placer.ts";
import { stepOneFollowing } from "../../plugin/carriers/stepone/conversation.ts";
import { StepOneRest } from "../../plugin/carriers/stepone/rest.ts";
import type { StepOnePracticeCall } from "../../plugin/practice/stepone-calls.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { linesOf } from "../../plugin/store/call-lines.ts";
import { callPlaced, findCall, intendCall, noteCallEnded } from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

const LINE = "china";
const NUMBER = "+8613800138000";

let stateFolder: string;
let store: Store;
let service: StepOnePractice;
let rest: StepOneRest;
let ended: CallOutcome[];
let warned: string[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-followed-calls-"));
  store = await openStore(stateFolder);
  // A second of the service takes 10 ms.
  service = await startStepOnePractice({ timeScale: 0.01 });
  rest = new StepOneRest({
    baseUrl: service.url,
    apiKey: service.key,
    timeoutMs: 1_000,
    retry: { times: 0, firstDelayMs: 1 },
  });
  ended = [];
  warned = [];
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  expect(service.violations).toEqual([]);
  await service.close();
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

/** Places a call as any process does. */
async function place(using = store, line = LINE): Promise<StepOnePracticeCall> {
  const id = await intendCall(using, { line, carrier: "stepone", callee: NUMBER, purpose: "您好" });
  const { callId } = await stepOnePlacer(rest, {}).placeCall({
    to: NUMBER,
    isToOwner: false,
    greeting: "您好",
    purpose: "您好",
  });
  await callPlaced(using, id, { carrierCallId: callId });
  const call = service.calls.find((placed) => placed.id === callId);
  if (call === undefined) throw new Error("no such call");
  return call;
}

const following = (): CallFollowing =>
  stepOneFollowing(rest, {
    recordEveryMs: 20,
    looks: 10,
    limits: { firstDelayMs: 1, longestDelayMs: 4, fruitless: 3, unopened: 2 },
  });

function follow(more: Partial<FollowedCallsParameters> = {}): FollowedCalls {
  const followed = new FollowedCalls({
    line: LINE,
    store,
    following: following(),
    onEnded: (outcome) => {
      ended.push(outcome);
      const { callId, ...end } = outcome;
      void noteCallEnded(store, { line: LINE, carrierCallId: callId, ...end });
    },
    log: { debug() {}, info() {}, warn: (message) => warned.push(message), error() {} },
    everyMs: 10,
    againAfterMs: 30,
    ...more,
  });
  stops.push(() => followed.stop());
  followed.start();
  return followed;
}

const untilEnded = (count = 1) =>
  vi.waitFor(() => expect(ended).toHaveLength(count), { timeout: 8_000, interval: 5 });
const wordsOf = async ({ id }: { readonly id: string }) =>
  (await linesOf(store, { line: LINE, carrierCallId: id })).map(({ position, speaker, words }) => [
    position,
    speaker,
    words,
  ]);
const untilWritten = (call: StepOnePracticeCall, count: number) =>
  vi.waitFor(async () => expect(await wordsOf(call)).toHaveLength(count), { timeout: 8_000, interval: 5 });
const untilPickedUp = (call: StepOnePracticeCall) =>
  service.until(() => call.answeredAt, "somebody to pick up");

test("a call is followed live to its end", async () => {
  service.onRing = () => ({ does: "answer" });
  service.timings.recordDelayMs = 4_000;
  const call = await place();
  follow();
  await untilPickedUp(call);
  call.say("assistant", "喂");
  await untilWritten(call, 1);
  call.say("user", "喂");
  call.say("user", "喂");
  await untilWritten(call, 3);
  expect(ended).toEqual([]);
  call.hangUp();
  await untilEnded();
  const transcript = [
    { speaker: "agent", words: "喂" },
    { speaker: "other", words: "喂" },
    { speaker: "other", words: "喂" },
  ];
  expect(ended).toEqual([
    {
      callId: call.id,
      direction: "outbound",
      outcome: "completed",
      durationSeconds: expect.any(Number),
      cost: expect.any(String),
      transcript,
    },
  ]);
  expect(await wordsOf(call)).toEqual(
    transcript.map(({ speaker, words }, index) => [index + 1, speaker, words]),
  );
});

test("the end is told once, also as long as nobody has written it down", async () => {
  follow({ onEnded: (outcome) => ended.push(outcome) });
  await place();
  await untilEnded();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ended).toHaveLength(1);
});

test("everything that was said is written down, in order, before the end is told", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  const positions = Array.from({ length: 40 }, (_, index) => index + 1);
  let writtenByThen: Promise<unknown[][]> | undefined;
  follow({
    following: {
      follow: async (_, { onLine }) => {
        for (const position of positions) onLine({ position, speaker: "other", words: `${position}` });
        return { outcome: "completed" };
      },
    },
    onEnded: () => {
      writtenByThen ??= wordsOf(call);
    },
  });
  await vi.waitFor(() => expect(writtenByThen).toBeDefined());
  expect(await writtenByThen).toEqual(positions.map((position) => [position, "other", `${position}`]));
});

test("nobody answers: told at once", async () => {
  service.timings.noAnswerMs = 500;
  service.timings.recordDelayMs = Number.POSITIVE_INFINITY;
  service.onRing = () => ({ does: "no_answer" });
  const call = await place();
  follow();
  await untilEnded();
  expect(ended).toEqual([{ callId: call.id, direction: "outbound", outcome: "no_answer" }]);
});

test("the record appears late", async () => {
  service.timings.recordDelayMs = 10_000;
  const call = await place();
  follow();
  await untilEnded();
  expect(ended[0]).toMatchObject({
    callId: call.id,
    outcome: "completed",
    durationSeconds: expect.any(Number),
  });
});

test("a stream that breaks off: every line once, in its place", async () => {
  service.faults.streams.push({ times: 2, cutAfterBytes: 100 }, { times: 2, cutAfterBytes: 250, cut: "end" });
  const call = await place();
  follow();
  await untilEnded();
  expect(service.streams.length).toBeGreaterThan(4);
  expect(await wordsOf(call)).toEqual(
    call.lines.map(({ role, content }, index) => [
      index + 1,
      role === "assistant" ? "agent" : "other",
      content,
    ]),
  );
});

test("a restart in the middle of a call: no line twice, none lost, one end", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  const before = follow();
  await untilPickedUp(call);
  call.say("assistant", "喂");
  call.say("user", "喂");
  await untilWritten(call, 2);
  await before.stop();
  await service.until(() => service.streams[0]?.endedBy, "the stream to be left");
  call.say("user", "喂");
  const [first] = await linesOf(store, { line: LINE, carrierCallId: call.id });
  follow();
  await untilWritten(call, 3);
  call.say("assistant", "再见");
  call.hangUp();
  await untilEnded();
  expect(await wordsOf(call)).toEqual([
    [1, "agent", "喂"],
    [2, "other", "喂"],
    [3, "other", "喂"],
    [4, "agent", "再见"],
  ]);
  expect((await linesOf(store, { line: LINE, carrierCallId: call.id }))[0]).toEqual(first);
  expect(ended).toHaveLength(1);
});

test("calls placed by another process meanwhile are followed, each at once; other lines' are not", async () => {
  service.onRing = () => ({ does: "answer" });
  const elsewhere = await openStore(stateFolder);
  try {
    follow();
    const others = await place(elsewhere, "other");
    const calls = [await place(elsewhere), await place(elsewhere)];
    for (const call of [others, ...calls]) await untilPickedUp(call);
    for (const call of calls) call.say("user", call.id);
    for (const call of calls) await untilWritten(call, 1);
    for (const call of [others, ...calls]) call.hangUp();
    await untilEnded(2);
    expect(new Set(ended.map(({ callId }) => callId))).toEqual(new Set(calls.map(({ id }) => id)));
    expect(service.streams.map(({ callId }) => callId)).not.toContain(others.id);
  } finally {
    await closeStore(elsewhere);
  }
});

test("two processes follow the same call: no line twice", async () => {
  const elsewhere = await openStore(stateFolder);
  try {
    follow();
    follow({ store: elsewhere });
    const call = await place();
    await vi.waitFor(async () =>
      expect((await findCall(store, { line: LINE, carrierCallId: call.id }))?.state).toBe("ended"),
    );
    expect((await wordsOf(call)).map(([position]) => position)).toEqual(
      call.lines.map((_, index) => index + 1),
    );
    for (const stop of stops.splice(0)) await stop();
  } finally {
    await closeStore(elsewhere);
  }
});

test("a call that cannot be followed is tried again, and said so once", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  service.faults.refuseKey = true;
  follow();
  await service.until(
    () => service.requests.filter(({ status }) => status === 401).length >= 4 || undefined,
    "refusals",
  );
  service.behave();
  await untilPickedUp(call);
  call.say("user", "喂");
  call.hangUp();
  await untilEnded();
  expect(ended[0]).toMatchObject({ outcome: "completed" });
  expect(warned).toEqual([
    expect.stringMatching(
      new RegExp(
        `^Call ${call.id.replace("^", "\\^")} cannot be followed now: StepOne does not accept the key`,
      ),
    ),
  ]);
});

test("a call whose end somebody else has told is left", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  follow();
  await service.until(() => service.streams[0], "the stream");
  await noteCallEnded(store, { line: LINE, carrierCallId: call.id, outcome: "completed" });
  await service.until(() => service.streams[0]?.endedBy, "the stream to be left");
  expect(service.streams[0]?.endedBy).toBe("client");
  expect(ended).toEqual([]);
});

test("a call without an end is given up after its time, with what was said until then", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  follow({ forgottenAfterMs: 200, triedForMs: 0 });
  await untilPickedUp(call);
  call.say("user", "喂");
  await untilWritten(call, 1);
  await untilEnded();
  expect(ended).toEqual([{ callId: call.id, direction: "outbound", outcome: "unknown" }]);
  await service.until(() => service.streams[0]?.endedBy, "the stream to be left");
  expect(await wordsOf(call)).toHaveLength(1);
});

test("a call that ended while nothing was running for days is settled, with its transcript", async () => {
  const { now } = store;
  store.now = () => new Date(Date.now() - 5 * 24 * 60 * 60_000);
  const call = await place();
  store.now = now;
  await service.until(() => call.recorded || undefined, "the record");
  follow();
  await untilEnded();
  expect(ended[0]).toMatchObject({ outcome: "completed", transcript: expect.any(Array) });
  expect(await wordsOf(call)).toHaveLength(call.lines.length);
});

test("a line that cannot be written does not end the following", async () => {
  service.onRing = () => ({ does: "answer" });
  const call = await place();
  follow();
  await untilPickedUp(call);
  await store.db.schema.alterTable("call_lines").renameTo("lost_lines").execute();
  call.say("user", "喂");
  await vi.waitFor(() =>
    expect(warned).toEqual([expect.stringMatching(/^What was said on call .* could not be written down/)]),
  );
  call.hangUp();
  await untilEnded();
  expect(ended[0]?.transcript).toEqual([{ speaker: "other", words: "喂" }]);
});
