// Proves the fence of the ClawCall carrier: whatever the order of messages, answers and failures, an answer is
// posted only while its message is the newest that was heard on its call. The real carrier, over a service with the
// one place per call that the real one has.
import { setTimeout as pause, setImmediate as turnOfTheLoop } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CarrierListener, CarrierTurn } from "../../plugin/carriers/carrier.ts";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { createClawCallCarrier } from "../../plugin/carriers/clawcall/carrier.ts";
import { SLOT_LIFE_MS } from "../../plugin/carriers/clawcall/requests.ts";
import type { ClawCallMessage } from "../../plugin/carriers/clawcall/rest.ts";

const nothing = () => {};
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const lost = () => new CarrierUnreachable("the network failed", { mayHaveHappened: true });

interface Post {
  readonly callSid: string;
  readonly response: string;
  /** What had been handed to the client on this call when it was posted. */
  readonly knownThen: string | undefined;
  readonly end: PromiseWithResolvers<void>;
}

/** The service's rules: a queue, and per call one place for an answer, which a newer message takes over. */
class Service {
  now = 1_000_000;
  readonly queue: ClawCallMessage[] = [];
  readonly slots = new Map<string, { message: string; at: number; answer: string | undefined }>();
  /** The newest message of each call that was handed to the client. */
  readonly known = new Map<string, string>();
  readonly posts: Post[] = [];
  readonly tried = new Map<string, number>();
  readonly problems: string[] = [];
  #poll: PromiseWithResolvers<ClawCallMessage | undefined> | undefined;
  #deaf = false;

  say(callSid: string, message: string): void {
    this.slots.set(callSid, { message, at: this.now, answer: undefined });
    this.queue.push({ callSid, message });
  }

  listen(): Promise<ClawCallMessage | undefined> {
    if (this.#poll) this.problems.push("two polls side by side");
    this.#poll = Promise.withResolvers();
    return this.#poll.promise;
  }

  /** Ends the open poll: with the next message, empty, or lost (then a message is lost with it). */
  endPoll(how: "well" | "lost"): void {
    const poll = this.#poll;
    if (!poll) return;
    this.#poll = undefined;
    const message = this.queue.shift();
    this.#deaf = how === "lost";
    if (how === "lost") {
      poll.reject(lost());
      return;
    }
    if (message) this.known.set(message.callSid, message.message);
    poll.resolve(message);
  }

  respond(callSid: string, { response }: { response: string }): Promise<void> {
    const tried = this.tried.get(response) ?? 0;
    this.tried.set(response, tried + 1);
    const knownThen = this.known.get(callSid);
    if (response !== `answer to ${knownThen}`) {
      this.problems.push(`"${response}" was posted when "${knownThen}" was the newest known`);
    }
    if (tried > 0 && this.#deaf) this.problems.push(`"${response}" was tried again while nothing was heard`);
    if (this.posts.some((post) => post.callSid === callSid)) {
      this.problems.push(`"${response}" was posted beside another answer of the same call`);
    }
    const post = { callSid, response, knownThen, end: Promise.withResolvers<void>() };
    this.posts.push(post);
    return post.end.promise;
  }

  /** Ends the oldest open post: taken, failed on its way, or taken with its answer lost. */
  endPost(how: "taken" | "failed" | "takenAndLost"): void {
    const post = this.posts.shift();
    if (!post) return;
    const slot = this.slots.get(post.callSid);
    if (how === "failed") {
      post.end.reject(lost());
    } else if (!slot || this.now - slot.at > SLOT_LIFE_MS) {
      post.end.reject(new CarrierRefused("no place", { status: 404, mayHaveHappened: false }));
    } else {
      // Only what nobody had been told when it was posted may be in its way; no client can do better.
      if (post.response !== `answer to ${slot.message}` && slot.message === post.knownThen) {
        this.problems.push(`"${post.response}" was taken for "${slot.message}"`);
      }
      slot.answer = post.response;
      if (how === "taken") post.end.resolve();
      else post.end.reject(lost());
    }
  }
}

function open(service: Service) {
  const turns: CarrierTurn[] = [];
  const carrier = createClawCallCarrier({
    line: { name: "home", apiKey: "key", apiUrl: "https://service.invalid" },
    version: "1.2.3",
    log: quiet,
    rest: {
      listen: () => service.listen(),
      respond: (callSid, spoken) => service.respond(callSid, spoken),
    },
    now: () => service.now,
    timings: {
      firstPollMs: 1,
      pollMs: 1,
      backoffMinMs: 0,
      backoffMaxMs: 0,
      answerRetryMs: 0,
      answerRetryMaxMs: 0,
      lastPollMs: 0,
      lastAnswersMs: 20,
      stopMs: 20,
    },
  });
  const listener: CarrierListener = {
    onCallSetup: nothing,
    onCallStarted: nothing,
    onTurn: (turn) => turns.push(turn),
    onCallEnded: nothing,
    onOrderCompleted: nothing,
    onText: nothing,
    onWalkie: nothing,
    onApproval: nothing,
    onMissionNews: nothing,
    onStatus: nothing,
  };
  carrier.start(listener);
  const answer = (turn: CarrierTurn) => carrier.answer(turn, `answer to ${turn.asWritten}`);
  const stop = async () => {
    const stopped = carrier.stop();
    service.endPoll("well");
    while (service.posts.length > 0) service.endPost("taken");
    await stopped;
  };
  return { carrier, turns, answer, stop };
}

/** Until everything that needs no timer has happened. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await turnOfTheLoop();
}

type Step =
  | { readonly do: "say"; readonly call: number; readonly again: boolean }
  | { readonly do: "poll"; readonly how: "well" | "lost" }
  | { readonly do: "answer"; readonly which: number }
  | { readonly do: "post"; readonly how: "taken" | "failed" | "takenAndLost" }
  | { readonly do: "hangUp"; readonly call: number }
  | { readonly do: "wait"; readonly milliseconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("say"), call: fc.nat(1), again: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("poll"), how: fc.constant("well") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("poll"), how: fc.constant("lost") }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("answer"), which: fc.nat(3) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("post"),
      how: fc.constantFrom("taken", "failed", "failed", "takenAndLost"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hangUp"), call: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait"), milliseconds: fc.nat(200_000) }) },
) as fc.Arbitrary<Step>;

describe("an answer", () => {
  it("is never posted once a newer message of its call was heard, and reaches its own otherwise", async () => {
    let takenWell = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const service = new Service();
        const { turns, answer, stop } = open(service);
        const spoken = new Map<string, string>();
        for (const [index, now] of steps.entries()) {
          switch (now.do) {
            case "say": {
              const callSid = `CA${now.call}`;
              const before = spoken.get(callSid);
              const words = now.again && before !== undefined ? before : `words ${index}`;
              spoken.set(callSid, words);
              service.say(callSid, words);
              break;
            }
            case "poll":
              service.endPoll(now.how);
              // The wait before the next poll is a timer of a millisecond.
              if (now.how === "lost" || service.queue.length === 0) await pause(3);
              break;
            case "answer": {
              const turn = turns.at(-1 - now.which);
              if (turn) answer(turn);
              break;
            }
            case "post":
              service.endPost(now.how);
              break;
            case "hangUp":
              service.slots.delete(`CA${now.call}`);
              break;
            case "wait":
              service.now += now.milliseconds;
              break;
          }
          await settle();
        }
        // From here on all goes well: the last words of each call get their answer.
        const last = ["CA0", "CA1"].map((callSid) => ({ callSid, words: `last words on ${callSid}` }));
        for (const { callSid, words } of last) service.say(callSid, words);
        const isAnswered = () =>
          last.every(({ callSid, words }) => service.slots.get(callSid)?.answer === `answer to ${words}`);
        const giveUpAt = performance.now() + 10_000;
        // Timers of a millisecond stand between polls and retries: as many rounds as a busy machine needs.
        while (!isAnswered() && performance.now() < giveUpAt) {
          service.endPoll("well");
          await settle();
          for (const turn of turns) answer(turn);
          service.endPost("taken");
          await pause(1);
        }
        const answers = last.map(({ callSid }) => service.slots.get(callSid)?.answer);
        await stop();
        expect(service.problems).toEqual([]);
        expect(answers).toEqual(["answer to last words on CA0", "answer to last words on CA1"]);
        takenWell += 1;
      }),
      { numRuns: 120 },
    );
    expect(takenWell).toBeGreaterThan(100);
  });

  const hear = async (service: Service, callSid: string, words: string) => {
    service.say(callSid, words);
    service.endPoll("well");
    await settle();
  };

  it("is tried again as long as its place can be there, and not a moment longer", async () => {
    const service = new Service();
    const { carrier, turns, answer, stop } = open(service);
    await hear(service, "CA1", "Hello");
    const [turn] = turns;
    if (!turn) throw new Error("no turn");
    answer(turn);
    await settle();
    for (let tries = 1; tries < 5; tries += 1) {
      expect(service.tried.get("answer to Hello")).toBe(tries);
      service.endPost("failed");
      await settle();
    }
    service.now += SLOT_LIFE_MS - 1;
    service.endPost("failed");
    await settle();
    expect(service.posts).toHaveLength(1);
    service.now += 1;
    service.endPost("failed");
    await settle();
    expect(service.posts).toHaveLength(0);
    expect(carrier.status().counters).toMatchObject({ undelivered: 1, retriedAnswers: 5, lateAnswers: 0 });
    await stop();
  });

  it("is not begun once its place cannot be there any more", async () => {
    const service = new Service();
    const { carrier, turns, answer, stop } = open(service);
    await hear(service, "CA1", "Hello");
    service.now += SLOT_LIFE_MS;
    for (const turn of turns) answer(turn);
    await settle();
    expect(service.posts).toEqual([]);
    expect(carrier.status().counters.lateAnswers).toBe(1);
    await stop();
  });

  it("that is on its way holds back the next one of its call, and none of other calls", async () => {
    const service = new Service();
    const { turns, answer, stop } = open(service);
    await hear(service, "CA1", "one");
    for (const turn of turns) answer(turn);
    await settle();
    await hear(service, "CA1", "two");
    await hear(service, "CA2", "three");
    for (const turn of turns) answer(turn);
    await settle();
    expect(service.posts.map(({ response }) => response)).toEqual(["answer to one", "answer to three"]);
    service.endPost("failed");
    await settle();
    expect(service.posts.map(({ response }) => response)).toEqual(["answer to three", "answer to two"]);
    await stop();
    expect(service.problems).toEqual([]);
  });

  it("is not tried again while nothing is heard, and is as soon as something is", async () => {
    const service = new Service();
    const { turns, answer, stop } = open(service);
    await hear(service, "CA1", "one");
    for (const turn of turns) answer(turn);
    await settle();
    service.endPoll("lost");
    await pause(5);
    service.endPost("failed");
    await pause(5);
    expect(service.posts).toEqual([]);
    service.endPoll("well");
    await pause(5);
    expect(service.posts).toHaveLength(1);
    await stop();
    expect(service.slots.get("CA1")?.answer).toBe("answer to one");
  });
});
