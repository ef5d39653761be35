import { describe, expect, test } from "vitest";
import {
  askAfterOpenCalls,
  callStatus,
  callTranscript,
  endCall,
  followCall,
  lookUpCall,
  waitForEnd,
} from "../../plugin/calls/call-information.ts";
import type { TranscriptLine } from "../../plugin/carriers/carrier.ts";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { settingsDefaults } from "../../plugin/config/schema.ts";
import { type LineCalls, NotListed, type ShownCall } from "../../plugin/lines/line-calls.ts";
import { noteLine } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  claimPlannedCall,
  findCallsById,
  intendCall,
  noteCallEnded,
  planCall,
} from "../../plugin/store/calls.ts";
import { usableLine } from "../lines/usable-line.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

const here = storeInFolder();
const line = usableLine("clawdtalk", { name: "home" });
const config = { ...settingsDefaults, ownerNumbers: [], lines: [line] };
const address = { line: "home", carrierCallId: "call-1" };
const SHOWN = { callId: "call-1", direction: "outbound", startedAt: undefined, cost: undefined } as const;
const GOING_ON: ShownCall = { ...SHOWN, status: "in-progress", durationSeconds: undefined, isOver: false };
const OVER: ShownCall = { ...SHOWN, status: "completed", durationSeconds: 9, isOver: true };
const NOT_LISTED = new NotListed("It is not in the list.");
const MINUTE_MS = 60_000;
const unreachable = new CarrierUnreachable("Nobody answers.", { mayHaveHappened: false });
const refused = (status: number) => new CarrierRefused("No.", { status, mayHaveHappened: false });

/** What the carrier says, one after the other; the last one from then on. */
function using(
  answers: readonly (ShownCall | Error)[],
  given: {
    readonly isFollowed?: boolean;
    readonly transcript?: LineCalls["transcript"];
    readonly end?: LineCalls["end"];
    /** Told how much time has passed, before it does. */
    onPause?(passedMs: number): Promise<void>;
  } = {},
) {
  let asked = 0;
  let passedMs = 0;
  const waitedFor: (Date | string)[] = [];
  const unused = () => Promise.reject(new Error("Nobody asks for this."));
  const calls: LineCalls = {
    placer: { placeCall: unused },
    isLedByPurpose: false,
    account: unused,
    end: given.end ?? unused,
    async show() {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("Not asked for.");
      return answer;
    },
    ...(given.transcript === undefined ? {} : { transcript: given.transcript }),
  };
  return {
    store: here.store,
    config,
    open: async () => calls,
    isFollowed: async () => given.isFollowed ?? false,
    async sleep(milliseconds: number) {
      await given.onPause?.(passedMs);
      passedMs += milliseconds;
      here.clock += milliseconds;
    },
    onWaiting: (until: Date | string) => void waitedFor.push(until),
    waitedFor,
    passed: () => passedMs,
    asked: () => asked,
  };
}

async function placedCall(): Promise<string> {
  const id = await intendCall(here.store, { line: "home", carrier: "clawdtalk", callee: "+15550002222" });
  await callPlaced(here.store, id, { carrierCallId: "call-1" });
  return id;
}

const stateOf = async (id: string) => (await findCallsById(here.store, id))[0];

describe("waiting for the end of a call", () => {
  test("nothing else runs: the carrier is asked ever less often, its answer is written down", async () => {
    const id = await placedCall();
    const world = using([GOING_ON, unreachable, refused(503), refused(404), OVER], {
      transcript: async () => ({ lines: [{ speaker: "other", words: "Bye" }], cost: "0.3" }),
    });
    const status = await waitForEnd(await lookUpCall({ id }, world), world);
    expect(status).toMatchObject({
      id,
      state: "ended",
      isOver: true,
      outcome: "completed",
      durationSeconds: 9,
    });
    expect(world.passed()).toBe(1_000 + 2_000 + 3_000 + 5_000);
    expect(await stateOf(id)).toMatchObject({
      state: "ended",
      cost: "0.3",
      isTold: false,
      transcript: [{ speaker: "other", words: "Bye" }],
    });
  });

  test.each([
    [{ ...OVER, status: "no-answer" }, "no_answer"],
    [{ ...OVER, status: "busy" }, "busy"],
    [{ ...OVER, status: undefined, durationSeconds: 0 }, "no_answer"],
    [{ ...OVER, status: undefined }, "completed"],
  ])("%j is written down as %s", async (shown, outcome) => {
    const id = await placedCall();
    const world = using([shown]);
    await waitForEnd(await lookUpCall({ id }, world), world);
    expect(await stateOf(id)).toMatchObject({ state: "ended", outcome });
  });

  test("who hears the call knows more of its end, and is waited for a moment", async () => {
    const id = await placedCall();
    const world = using([OVER], {
      isFollowed: true,
      onPause: async (passedMs) => {
        if (passedMs === 2_000) {
          await noteCallEnded(here.store, { ...address, outcome: "voicemail", voicemailMessage: "Hi" });
        }
      },
    });
    const status = await waitForEnd(await lookUpCall({ id }, world), world);
    expect(status).toMatchObject({ outcome: "voicemail", voicemailMessage: "Hi" });
    expect(world.asked()).toBe(1);
  });

  test("and not for ever; then nothing is written for them", async () => {
    const id = await placedCall();
    const world = using([OVER], { isFollowed: true });
    const status = await waitForEnd(await lookUpCall({ id }, world), world);
    expect(status).toMatchObject({ state: "placed", isOver: true, status: "completed", durationSeconds: 9 });
    expect(world.passed()).toBe(5_000);
    expect(await stateOf(id)).toMatchObject({ state: "placed" });
  });

  test("a carrier that does not let us ask ends it", async () => {
    const id = await placedCall();
    const world = using([GOING_ON, refused(401)]);
    await expect(waitForEnd(await lookUpCall({ id }, world), world)).rejects.toMatchObject({ status: 401 });
  });

  test("a call without an end, after four hours", async () => {
    const id = await placedCall();
    const world = using([GOING_ON]);
    await expect(waitForEnd(await lookUpCall({ id }, world), world)).rejects.toThrow(
      "The call call-1 has no known end.",
    );
    expect(world.passed()).toBe(4 * 60 * 60_000);
    expect(await stateOf(id)).toMatchObject({ state: "placed" });
  }, 60_000);

  test("the process that was placing it is gone", async () => {
    const id = await intendCall(here.store, { line: "home", carrier: "clawdtalk", callee: null });
    const world = using([]);
    await expect(waitForEnd(await lookUpCall({ id }, world), world)).rejects.toThrow(
      `Nobody knows whether the call ${id} was placed: look at its carrier's own list.`,
    );
    expect(world.passed()).toBeLessThanOrEqual(2 * 60_000 + 500);
  });

  test("stopped while it waits", async () => {
    const id = await placedCall();
    const stopping = new AbortController();
    const { sleep: _, ...world } = using([GOING_ON]);
    const stoppable = { ...world, signal: stopping.signal };
    const waiting = waitForEnd(await lookUpCall({ id }, stoppable), stoppable);
    stopping.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a call whose carrier lists answered ones alone", () => {
  test("was not answered when it is not listed after three minutes", async () => {
    const id = await placedCall();
    const world = using([NOT_LISTED]);
    const status = await waitForEnd(await lookUpCall({ id }, world), world);
    expect(status).toMatchObject({ id, state: "ended", isOver: true, outcome: "no_answer" });
    expect(world.passed()).toBeGreaterThan(3 * MINUTE_MS);
    expect(world.passed()).toBeLessThan(4 * MINUTE_MS);
    expect(world.waitedFor).toEqual(["answer"]);
    expect(await stateOf(id)).toMatchObject({ state: "ended", outcome: "no_answer" });
  });

  test("is waited for as long as it may be ringing, and when it was answered", async () => {
    const id = await placedCall();
    const world = using([NOT_LISTED]);
    const early = await callStatus(await lookUpCall({ id }, world), world);
    expect(early).toMatchObject({ state: "placed", problem: NOT_LISTED.message });
    const answered = using([NOT_LISTED, ...Array<ShownCall>(30).fill(GOING_ON), OVER]);
    expect(await waitForEnd(await lookUpCall({ id }, answered), answered)).toMatchObject({
      outcome: "completed",
    });
    expect(answered.passed()).toBeGreaterThan(4 * MINUTE_MS);
  });
});

describe("what is waited for is said once", () => {
  test("the time of a planned call, then its answer", async () => {
    const dueAt = new Date(here.clock + 60 * MINUTE_MS);
    const wanted = { line: "home", carrier: "clawdtalk", callee: null };
    const id = await planCall(here.store, { ...wanted, dueAt });
    const ringing: ShownCall = { ...GOING_ON, status: "ringing" };
    const world = using([ringing, ringing, GOING_ON, OVER], {
      async onPause(passedMs) {
        if (passedMs !== 1_000) return;
        await claimPlannedCall(here.store, id);
        await callPlaced(here.store, id, { carrierCallId: "call-1" });
      },
    });
    await waitForEnd(await lookUpCall({ id }, world), world);
    expect(world.waitedFor).toEqual([dueAt, "answer"]);
  });

  test.each([
    [GOING_ON, []],
    [{ ...SHOWN, status: undefined, durationSeconds: undefined, isOver: undefined }, ["end"]],
  ] as const)("%j", async (first, said) => {
    const id = await placedCall();
    const world = using([first, first, OVER]);
    await waitForEnd(await lookUpCall({ id }, world), world);
    expect(world.waitedFor).toEqual(said);
  });
});

describe("a call that ended unheard", () => {
  test("is written down, also where something runs that should have heard it long ago", async () => {
    const id = await placedCall();
    const world = using([OVER], { isFollowed: true });
    const found = await lookUpCall({ id }, world);
    expect(await callStatus(found, world)).toMatchObject({ isOver: true, state: "placed" });
    here.clock += 11 * MINUTE_MS;
    expect(await callStatus(found, world)).toMatchObject({ isOver: true, state: "ended" });
    expect(await stateOf(id)).toMatchObject({ state: "ended", outcome: "completed" });
  });

  test("of the last day: each carrier is asked, where nothing is running", async () => {
    const id = await placedCall();
    const followed = using([OVER], { isFollowed: true });
    expect(await askAfterOpenCalls(followed)).toBeUndefined();
    expect(followed.asked()).toBe(0);
    expect(await askAfterOpenCalls(using([unreachable]))).toEqual(new Set());
    expect(await askAfterOpenCalls(using([GOING_ON]))).toEqual(new Set([id]));
    expect(await askAfterOpenCalls(using([OVER]))).toEqual(new Set());
    expect(await stateOf(id)).toMatchObject({ state: "ended" });
  });

  test("longer ago: nobody is asked", async () => {
    await placedCall();
    here.clock += 25 * 60 * MINUTE_MS;
    const world = using([OVER]);
    await askAfterOpenCalls(world);
    expect(world.asked()).toBe(0);
  });
});

test("ending a call that is over is refused as that; another refusal is the carrier's own", async () => {
  const id = await placedCall();
  const end = () => Promise.reject(refused(409));
  const still = using([GOING_ON], { end });
  await expect(endCall(await lookUpCall({ id }, still), "enough", still)).rejects.toThrow("No.");
  const over = using([OVER], { end });
  const sentence = `The call ${id} is over already: there is nothing to end.`;
  await expect(endCall(await lookUpCall({ id }, over), "enough", over)).rejects.toThrow(sentence);
  // It is in the store now.
  await expect(endCall(await lookUpCall({ id }, over), "enough", over)).rejects.toThrow(sentence);
});

describe("following a call", () => {
  async function followed(world: ReturnType<typeof using>, id: string) {
    const lines: TranscriptLine[] = [];
    const said = followCall(await lookUpCall({ id }, world), world);
    for (;;) {
      const next = await said.next();
      if (next.done) return { lines, status: next.value };
      lines.push(next.value);
    }
  }

  test("each line once, the last ones with the end too", async () => {
    const id = await placedCall();
    const say = (words: string) => noteLine(here.store, { ...address, speaker: "other", words });
    await say("喂");
    const world = using([GOING_ON], {
      onPause: async (passedMs) => {
        if (passedMs === 500) await say("喂");
        if (passedMs === 1_500) {
          await say("Bye");
          await noteCallEnded(here.store, { ...address, outcome: "completed" });
        }
      },
    });
    const { lines, status } = await followed(world, id);
    expect(lines.map(({ words }) => words)).toEqual(["喂", "喂", "Bye"]);
    expect(status).toMatchObject({ state: "ended", outcome: "completed" });
  });

  test("of a call that is over: what was said", async () => {
    const id = await placedCall();
    await noteCallEnded(here.store, {
      ...address,
      outcome: "completed",
      transcript: [{ speaker: "agent", words: "Hi" }],
    });
    const world = using([]);
    expect(await followed(world, id)).toMatchObject({ lines: [{ speaker: "agent", words: "Hi" }] });
    expect(world.asked()).toBe(0);
  });
});

describe("what is known of a call", () => {
  test("on a line that is not there any more", async () => {
    const id = await placedCall();
    const world = { ...using([]), config: { ...config, lines: [] } };
    const found = await lookUpCall({ id }, world);
    expect(await callStatus(found, world)).toMatchObject({
      state: "placed",
      problem: 'The line "home" cannot be used any more: it is not set up, not enabled, or without its key.',
    });
    expect(await callTranscript(found, world)).toEqual({ lines: [], source: "heard", isOver: false });
  });

  test("the carrier's transcript, else what was heard", async () => {
    const id = await placedCall();
    await noteLine(here.store, { ...address, speaker: "other", words: "Heard" });
    const written = using([GOING_ON], {
      transcript: async () => ({ lines: [{ speaker: "other", words: "Written" }], cost: undefined }),
    });
    const notYet = using([GOING_ON], { transcript: async () => undefined });
    const gone = using([GOING_ON], { transcript: () => Promise.reject(unreachable) });
    const words = async (world: ReturnType<typeof using>) => {
      const { lines, source } = await callTranscript(await lookUpCall({ id }, world), world);
      return [source, ...lines.map((said) => said.words)];
    };
    expect(await words(written)).toEqual(["carrier", "Written"]);
    expect(await words(notYet)).toEqual(["heard", "Heard"]);
    expect(await words(gone)).toEqual(["heard", "Heard"]);
  });

  test("a call nobody wrote down, on the only line; never one of several", async () => {
    const world = using([OVER]);
    const found = await lookUpCall({ id: " call-9 " }, world);
    expect(found).toMatchObject({ known: undefined, carrierCallId: "call-9", lineName: "home" });
    expect(await callStatus(found, world)).toMatchObject({ id: undefined, callId: "call-9", isOver: true });
    await expect(callStatus(found, using([unreachable]))).rejects.toBe(unreachable);
    await expect(lookUpCall({ id: "" }, world)).rejects.toMatchObject({ name: "CallNotFound" });
    await expect(lookUpCall({ id: "call9" }, world)).rejects.toThrow(
      '"call9" is too short: of an id, at least the first 6 characters are needed.',
    );
    const two = { ...world, config: { ...config, lines: [line, usableLine("stepone")] } };
    await expect(lookUpCall({ id: "call-9" }, two)).rejects.toMatchObject({ name: "CallNotFound" });
    expect(await lookUpCall({ id: "call-9", carrier: "stepone", line: "stepone" }, two)).toMatchObject({
      lineName: "stepone",
    });
    await expect(lookUpCall({ id: "call-9", line: "work" }, two)).rejects.toMatchObject({
      name: "NoSuchLine",
    });
  });
});
