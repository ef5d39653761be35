// Proves how approvals are answered, against the practice line: every answer and every failure, told by the socket and
// found by asking, twice, late, crossed and lost.
import type { RequestListener } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClawdTalkCarrier } from "../../plugin/carriers/clawdtalk/carrier.ts";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { DEFAULT_TIMINGS } from "../../plugin/carriers/clawdtalk/socket.ts";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import type { ApprovalDecision } from "../../plugin/practice/clawdtalk-wire.ts";
import {
  approvalAsked,
  decideApproval,
  findApproval,
  intendApproval,
  type KnownApproval,
} from "../../plugin/store/approvals.ts";
import { closeStore } from "../../plugin/store/database.ts";
import {
  type ApprovalUsing,
  type ApprovalWish,
  approvalHeard,
  awaitApproval,
  refreshApproval,
  requestApproval,
  sendApproval,
} from "../../plugin/trust/approvals.ts";
import { type KeptLine, keepLines, soon, state } from "../carriers/kept-lines.ts";
import { answering, serveAt } from "../carriers/told-service.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

/** Our seconds are that much shorter than the practice line's. */
const SPEED = 20;
const time = {
  now: () => performance.now() * SPEED,
  sleep: (milliseconds: number, signal: AbortSignal) => delay(milliseconds / SPEED, undefined, { signal }),
};
const DECISIONS = [
  "approved",
  "denied",
  "timeout",
  "expired",
  "no_devices",
  "no_devices_reached",
] as const satisfies readonly ApprovalDecision[];
const LONG = { biometric: false, timeoutSeconds: 300 };
/** 0.4 s here, and a little more for a late answer. */
const SHORT = { biometric: false, timeoutSeconds: 8 };

const here = storeInFolder();
const { servers, start } = keepLines(PRACTICE_API_KEY);
let service: ClawdTalkPractice;
let rest: ClawdTalkRest;

beforeEach(async () => {
  service = await startClawdTalkPractice({ timings: { reorderHoldMs: 50 } });
  servers.push(service);
  rest = restAt(service.apiUrl);
});

function restAt(apiUrl: string, timeoutMs = 5_000): ClawdTalkRest {
  return new ClawdTalkRest({
    apiUrl,
    apiKey: PRACTICE_API_KEY,
    timeoutMs,
    retry: { times: 0, firstDelayMs: 1 },
  });
}

const using = (given: Partial<ApprovalUsing> = {}): ApprovalUsing => ({
  line: { name: "home", apiKey: PRACTICE_API_KEY },
  rest,
  store: here.store,
  ...time,
  ...given,
});
const ask = (wish: Partial<ApprovalWish> = {}, given: Partial<ApprovalUsing> = {}) =>
  requestApproval({ action: "Delete the repository test-repo", ...LONG, ...wish }, using(given));

const gets = () => service.rest.filter(({ method }) => method === "GET").length;
const posts = () => service.rest.filter(({ method }) => method === "POST").length;
/** Nothing but an event can answer. */
const noAsking = {
  method: "GET",
  path: /^\/v1\/approvals\//,
  kind: "status",
  status: 503,
  times: 9_999,
} as const;

/** A line that hears what the service tells, and writes it down. */
async function connect(): Promise<KeptLine<ReturnType<typeof createClawdTalkCarrier>>> {
  const line = start(
    (log) =>
      createClawdTalkCarrier({
        line: { name: "home", apiKey: PRACTICE_API_KEY, server: service.url },
        version: "1.2.3",
        log,
        logLines: () => [],
        timings: { ...DEFAULT_TIMINGS, backoffMinMs: 10, backoffMaxMs: 20 },
      }),
    { onApproval: (answer) => void heard(answer) },
  );
  const heard = (answer: { requestId: string; decision: string }) =>
    approvalHeard({ line: "home", ...answer }, { store: here.store, log: silent });
  await state(line, "connected");
  return line;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function stored(id: string): Promise<KnownApproval> {
  const found = await findApproval(here.store, id);
  if (found === undefined) throw new Error("It is not in the store.");
  return found;
}

/** The one question that was written down. */
async function onlyOne(): Promise<KnownApproval> {
  const rows = await here.store.db.selectFrom("approvals").select("id").execute();
  expect(rows).toHaveLength(1);
  return await stored(rows[0]?.id ?? "");
}

describe("every answer", () => {
  test.each(DECISIONS)("%s, told by the socket while nobody can be asked", async (decision) => {
    await connect();
    service.faults.rest = [{ ...noAsking }];
    const asking = ask({ details: "“全部” \nwords", biometric: true });
    const { request_id, ...approval } = await service.nextApproval();
    expect(approval).toMatchObject({
      action: "Delete the repository test-repo",
      details: "“全部” \nwords",
      require_biometric: true,
    });
    expect(service.rest[0]?.body).toMatchObject({ expires_in: 300 });
    await soon(async () => expect((await onlyOne()).carrierRequestId).toBe(request_id));
    service.pressApproval(request_id, decision);
    const { id, answer, problem } = await asking;
    expect([answer, problem]).toEqual([decision, undefined]);
    expect(await stored(id)).toMatchObject({
      status: decision,
      decidedBy: "event",
      carrierRequestId: request_id,
    });
  });

  test.each(DECISIONS)("%s, found by asking while nobody listens", async (decision) => {
    const asking = ask();
    const { request_id } = await service.nextApproval();
    service.pressApproval(request_id, decision);
    const { id, answer, problem } = await asking;
    expect([answer, problem]).toEqual([decision, undefined]);
    expect(await stored(id)).toMatchObject({ status: decision, decidedBy: "carrier" });
    expect(service.undelivered).toHaveLength(1);
  });

  test.each([
    ["no_devices", { registered: 0, failing: 0 }],
    ["no_devices_reached", { registered: 2, failing: 2 }],
  ] as const)("%s at once, without waiting", async (decision, devices) => {
    Object.assign(service.devices, devices);
    expect(await ask()).toMatchObject({ answer: decision });
    expect([posts(), gets()]).toEqual([1, 0]);
  });

  test("expired, by the service's own clock", async () => {
    expect(
      await ask({ timeoutSeconds: 1 }, { now: () => performance.now(), sleep: realSleep }),
    ).toMatchObject({
      answer: "expired",
    });
  });

  test("timeout, when nobody answers and the service does not say so", async () => {
    const { id, answer } = await ask(SHORT);
    expect(answer).toBe("timeout");
    expect(await stored(id)).toMatchObject({ status: "timeout", decidedBy: "here" });
    expect(service.approvals[0]?.status).toBe("pending");
  });

  test("at once: the line's own look is not waited for", async () => {
    await connect();
    const never = {
      sleep: async (milliseconds: number, signal: AbortSignal) => {
        // The carrier is not asked a second time; the store is looked into.
        await delay(milliseconds > 1_000 ? 1e8 : milliseconds, undefined, { signal });
      },
    };
    const asking = ask({}, never);
    const { request_id } = await service.nextApproval();
    await soon(() => expect(gets()).toBe(1));
    const pressedAt = performance.now();
    service.pressApproval(request_id, "approved");
    expect((await asking).answer).toBe("approved");
    expect(performance.now() - pressedAt).toBeLessThan(500);
    expect(gets()).toBe(1);
  });

  test("once it is there, nothing goes on", async () => {
    service.faults.rest = [{ ...noAsking }];
    const asking = ask();
    const { request_id: requestId } = await service.nextApproval();
    await soon(() => expect(gets()).toBeGreaterThan(1));
    await approvalHeard({ line: "home", requestId, decision: "denied" }, { store: here.store, log: silent });
    expect((await asking).answer).toBe("denied");
    const before = service.rest.length;
    await delay(300);
    expect(service.rest).toHaveLength(before);
  });
});

const realSleep = (milliseconds: number, signal: AbortSignal) => delay(milliseconds, undefined, { signal });

describe("asking fails", () => {
  test.each([
    [400, /refused the request \(400\)/],
    [401, /does not accept the key cc_live_…0000: make a new one/],
    [402, /does not allow this: see at clawdtalk\.com whether your account has approvals/],
    [403, /does not allow this: see at clawdtalk\.com whether your account has approvals/],
    [404, /does not know this/],
    [409, /refused/],
    [429, /too many requests/],
    [500, /trouble of its own \(500\).*an answer to it counts for nothing/],
    [503, /trouble of its own/],
  ])("%i: an error with its sentence, nobody was asked twice", async (status, sentence) => {
    service.faults.rest = [{ path: "/v1/approvals", kind: "status", status, times: 9 }];
    const { id, answer, problem } = await ask();
    expect(answer).toBe("error");
    expect(problem).toMatch(sentence);
    expect(await stored(id)).toMatchObject({ status: "error", decidedBy: "here" });
    expect([posts(), gets()]).toEqual([1, 0]);
  });

  test.each(["drop_after_processing", "timeout"] as const)("the answer is lost (%s)", async (kind) => {
    await connect();
    service.faults.rest = [{ path: "/v1/approvals", kind, times: 9 }];
    const { id, answer, problem } = await ask({}, { rest: restAt(service.apiUrl, 300) });
    expect(answer).toBe("error");
    expect(problem).toMatch(/may be on your phone all the same; an answer to it counts for nothing/);
    expect(posts()).toBe(1);
    // It is on the phone, and the owner says yes: to a question nobody can tell from another.
    for (const { request_id } of service.approvals) service.pressApproval(request_id, "approved");
    expect(service.approvals).toHaveLength(kind === "timeout" ? 0 : 1);
    await delay(50);
    expect(await stored(id)).toMatchObject({ status: "error" });
  });

  test("nobody is there", async () => {
    const nowhere = restAt("http://127.0.0.1:9/v1");
    const { answer, problem } = await ask({}, { rest: nowhere });
    expect([answer, problem]).toEqual(["error", expect.stringMatching(/could not be reached/)]);
    expect(problem).not.toMatch(/may be on your phone/);
  });

  test.each([["<html>"], ["{}"], ['{"status":"approved"}'], ['{"request_id":""}'], ["[]"], ["null"]])(
    "an answer that cannot be understood: %s",
    async (body) => {
      await serveAt(answering(200, body), async (url) => {
        expect(await ask({}, { rest: restAt(url) })).toMatchObject({
          answer: "error",
          problem: expect.stringMatching(/cannot be understood/),
        });
      });
    },
  );

  test.each([[""], ["  "], ["\u202e\u0007"]])("there is nothing to ask about: %j", async (action) => {
    expect(await ask({ action })).toMatchObject({ answer: "error" });
    expect(service.rest).toEqual([]);
  });

  test("the store cannot be written: nobody is asked", async () => {
    const store = await here.another();
    await findApproval(store, "used once, else closing leaves it open");
    await closeStore(store);
    expect(await ask({}, { store })).toMatchObject({ answer: "error" });
    expect(service.rest).toEqual([]);
  });

  test("the store breaks while it is waited for", async () => {
    const store = await here.another();
    const asking = ask({}, { store });
    await service.nextApproval();
    await soon(() => expect(gets()).toBeGreaterThan(0));
    await closeStore(store);
    expect(await asking).toMatchObject({ answer: "error" });
  });
});

describe("asking how it stands fails", () => {
  const fault = { method: "GET", path: /^\/v1\/approvals\// } as const;

  test.each([
    ["trouble", { kind: "status", status: 500 }],
    ["too many requests", { kind: "status", status: 429 }],
    ["not known yet", { kind: "status", status: 404 }],
    ["cut", { kind: "drop_after_processing" }],
    ["silent", { kind: "timeout" }],
  ] as const)("%s for a while: the answer is found after it", async (_name, what) => {
    service.faults.rest = [{ ...fault, ...what, times: 2 }];
    const asking = ask({}, { rest: restAt(service.apiUrl, 500) });
    service.pressApproval((await service.nextApproval()).request_id, "approved");
    expect(await asking).toMatchObject({ answer: "approved" });
    expect(gets()).toBeGreaterThanOrEqual(3);
  });

  test("to the end: an error, not a time-out", async () => {
    service.faults.rest = [{ ...noAsking }];
    const asking = ask(SHORT);
    service.pressApproval((await service.nextApproval()).request_id, "approved");
    expect(await asking).toMatchObject({
      answer: "error",
      problem: expect.stringMatching(/trouble of its own/),
    });
    expect(gets()).toBeGreaterThan(1);
  });

  test("never answered at all: an error", async () => {
    service.faults.rest = [{ ...fault, kind: "timeout", times: 9 }];
    const patient = new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: PRACTICE_API_KEY });
    const { answer, problem } = await ask(SHORT, { rest: patient });
    expect(answer).toBe("error");
    expect(problem).toMatch(/did not say in time/);
  });

  test.each([401, 403])("for good (%i): an error at once", async (status) => {
    service.faults.rest = [{ ...fault, kind: "status", status, times: 9 }];
    // Longer than any test may take.
    const { answer, problem } = await ask({ timeoutSeconds: 3_600 });
    expect([answer, problem]).toEqual(["error", expect.any(String)]);
    expect(gets()).toBe(1);
  });

  test("an answer about another request is none", async () => {
    const about =
      (id: string): RequestListener =>
      (request, response) =>
        void response.end(
          JSON.stringify({
            request_id: request.method === "POST" ? "mine" : id,
            status: request.method === "POST" ? "pending" : "approved",
          }),
        );
    await serveAt(about("another"), async (url) => {
      expect(await ask(SHORT, { rest: restAt(url) })).toMatchObject({
        answer: "error",
        problem: expect.stringMatching(/about another approval/),
      });
    });
    await here.store.db.deleteFrom("approvals").execute();
    await serveAt(about("mine"), async (url) => {
      expect(await ask(SHORT, { rest: restAt(url) })).toMatchObject({ answer: "approved" });
    });
  });

  test.each([["delivered"], ["APPROVED"], ["approve"], [" approved"], ["yes"], [null], [undefined]])(
    "status %j is no answer",
    async (status) => {
      const listener: RequestListener = (_request, response) =>
        void response.end(JSON.stringify({ request_id: "r1", status }));
      await serveAt(listener, async (url) => {
        expect(await ask(SHORT, { rest: restAt(url) })).toMatchObject({ answer: "timeout" });
      });
    },
  );
});

describe("told twice, late, crossed, lost", () => {
  test("twice: the second changes nothing", async () => {
    const line = await connect();
    service.faults.duplicateEvents = true;
    service.faults.rest = [{ ...noAsking }];
    const asking = ask();
    const { request_id } = await service.nextApproval();
    await soon(async () => expect((await onlyOne()).carrierRequestId).toBe(request_id));
    service.pressApproval(request_id, "approved");
    const { id } = await asking;
    const settled = await stored(id);
    here.clock += 1_000;
    await soon(() => expect(line.heard.onApproval).toHaveLength(2));
    await delay(20);
    expect(await stored(id)).toEqual(settled);
  });

  test.each([
    ["denied", "approved"],
    ["approved", "denied"],
  ] as const)("%s, and then %s: the first counts", async (first, second) => {
    const line = await connect();
    service.faults.rest = [{ ...noAsking }];
    const asking = ask();
    const { request_id } = await service.nextApproval();
    await soon(async () => expect((await onlyOne()).carrierRequestId).toBe(request_id));
    service.emit("approval.responded", { request_id, decision: first });
    service.emit("approval.responded", { request_id, decision: second });
    const { id, answer } = await asking;
    expect(answer).toBe(first);
    await soon(() => expect(line.heard.onApproval).toHaveLength(2));
    await delay(20);
    expect((await stored(id)).status).toBe(first);
  });

  test("late: after the time is over a yes changes nothing", async () => {
    const line = await connect();
    const { id, answer } = await ask(SHORT);
    expect(answer).toBe("timeout");
    service.pressApproval(service.approvals[0]?.request_id ?? "", "approved");
    await soon(() => expect(line.heard.onApproval).toHaveLength(1));
    await delay(20);
    expect((await stored(id)).status).toBe("timeout");
    expect((await refreshApproval(await stored(id), using())).approval.status).toBe("timeout");
  });

  test("an event that overtakes the answer to the request", async () => {
    const line = await connect();
    service.faults.restLatencyMs = 100;
    const asking = ask();
    service.pressApproval((await service.nextApproval()).request_id, "approved");
    await soon(() => expect(line.heard.onApproval).toHaveLength(1));
    expect((await onlyOne()).carrierRequestId).toBeUndefined();
    expect(await asking).toMatchObject({ answer: "approved" });
  });

  test("an event that is late is not waited for", async () => {
    const line = await connect();
    service.faults.latencyMs = 400;
    const asking = ask();
    service.pressApproval((await service.nextApproval()).request_id, "approved");
    const { id, answer } = await asking;
    expect(answer).toBe("approved");
    expect((await stored(id)).decidedBy).toBe("carrier");
    await soon(() => expect(line.heard.onApproval).toHaveLength(1));
  });

  test.each([
    ["the socket is cut", () => service.dropClients()],
    ["the event is lost on its way", () => Object.assign(service.faults, { silent: true })],
    ["another client took over", () => service.closeClients()],
  ])("%s: asking finds it", async (_name, lose) => {
    const line = await connect();
    const asking = ask();
    const { request_id } = await service.nextApproval();
    lose();
    service.pressApproval(request_id, "approved");
    expect(await asking).toMatchObject({ answer: "approved" });
    expect(line.heard.onApproval).toEqual([]);
    expect(service.undelivered).toHaveLength(1);
  });

  test("a yes for nobody, for another request and for another line answers nothing", async () => {
    const line = await connect();
    const asking = ask(SHORT);
    const { request_id } = await service.nextApproval();
    service.emit("approval.responded", { request_id: "approval_unknown", decision: "approved" });
    service.emit("approval.responded", { request_id: `${request_id} `, decision: "approved" });
    service.emit("approval.responded", { request_id: request_id.toUpperCase(), decision: "approved" });
    service.sendIncomplete("approval.responded", ["request_id"]);
    await approvalHeard(
      { line: "work", requestId: request_id, decision: "approved" },
      { store: here.store, log: silent },
    );
    expect((await asking).answer).toBe("timeout");
    expect(line.heard.onApproval).toHaveLength(3);
  });

  test.each(["APPROVED", "approve", " approved", "yes", "已批准"])(
    "answered with %j, which nobody understands: an error",
    async (decision) => {
      await connect();
      service.faults.rest = [{ ...noAsking }];
      const asking = ask();
      const { request_id } = await service.nextApproval();
      await soon(async () => expect((await onlyOne()).carrierRequestId).toBe(request_id));
      service.send({ type: "event", event: "approval.responded", request_id, decision });
      expect((await asking).answer).toBe("error");
      service.emit("approval.responded", { request_id, decision: "approved" });
      await delay(20);
      expect((await onlyOne()).status).toBe("error");
    },
  );
});

describe("several at once", () => {
  test("two, answered in the other order, told in the other order, twice", async () => {
    await connect();
    Object.assign(service.faults, { reorderEvents: true, duplicateEvents: true, rest: [{ ...noAsking }] });
    const one = ask({ action: "one" });
    const first = await service.nextApproval();
    const two = ask({ action: "two" });
    const second = await service.nextApproval();
    await soon(async () => {
      const rows = await here.store.db.selectFrom("approvals").selectAll().execute();
      expect(rows.filter((row) => row.carrier_request_id !== null)).toHaveLength(2);
    });
    service.pressApproval(second.request_id, "approved");
    service.pressApproval(first.request_id, "denied");
    expect([(await one).answer, (await two).answer]).toEqual(["denied", "approved"]);
  });

  test("the same question twice is two questions", async () => {
    const [one, two] = [ask(SHORT), ask(SHORT)];
    const { request_id } = await service.nextApproval();
    await service.nextApproval();
    service.pressApproval(request_id, "approved");
    const answers = [(await one).answer, (await two).answer].sort();
    expect(answers).toEqual(["approved", "timeout"]);
  });

  test("whatever is pressed, in whatever order: each has its own answer", async () => {
    await connect();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...DECISIONS), fc.nat()), { minLength: 2, maxLength: 8 }),
        fc.record({ reorderEvents: fc.boolean(), duplicateEvents: fc.boolean(), silent: fc.boolean() }),
        async (pressed, faults) => {
          Object.assign(service.faults, faults);
          const asking = pressed.map(([decision], index) => ask({ action: `${index} ${decision}` }));
          const approvals = await Promise.all(pressed.map(() => service.nextApproval()));
          const order = approvals
            .map((approval, index) => ({ approval, key: pressed[index]?.[1] ?? 0 }))
            .sort((first, second) => first.key - second.key);
          for (const { approval } of order) {
            const [, decision] = approval.action.split(" ");
            service.pressApproval(approval.request_id, decision as ApprovalDecision);
          }
          const answers = await Promise.all(asking);
          expect(answers.map(({ answer }) => answer)).toEqual(pressed.map(([decision]) => decision));
        },
      ),
      { numRuns: 15 },
    );
  });

  test("a service that gives two questions one id: the second is never answered by the first's yes", async () => {
    const same = await startClawdTalkPractice({
      newId: (kind) => (kind === "approval" ? "approval_same" : `${kind}_${Math.random()}`),
    });
    servers.push(same);
    const given = { rest: restAt(same.apiUrl) };
    const one = ask({ action: "Water the plants" }, given);
    await same.nextApproval();
    await soon(async () => expect((await onlyOne()).carrierRequestId).toBe("approval_same"));
    const two = await ask({ action: "Delete everything" }, given);
    expect(two).toMatchObject({
      answer: "error",
      problem: expect.stringMatching(/took this question for another/),
    });
    same.pressApproval("approval_same", "approved");
    expect((await one).answer).toBe("approved");
    expect((await stored(two.id)).status).toBe("error");
    // Nor is a third, once the first is settled.
    expect((await ask({ action: "Delete everything" }, given)).answer).toBe("error");
  });
});

describe("not waited for", () => {
  test("before it is asked: nobody is", async () => {
    const { answer } = await ask({}, { signal: AbortSignal.abort() });
    expect(answer).toBe("error");
    expect(service.rest).toEqual([]);
  });

  test("while it is asked", async () => {
    service.faults.restLatencyMs = 100;
    const stopping = new AbortController();
    const asking = ask({}, { signal: stopping.signal });
    const { request_id } = await service.nextApproval();
    stopping.abort();
    const { id, answer } = await asking;
    expect(answer).toBe("error");
    service.pressApproval(request_id, "approved");
    await delay(120);
    expect((await stored(id)).status).toBe("error");
  });

  test("while it is waited for: a yes that comes then changes nothing", async () => {
    const line = await connect();
    const stopping = new AbortController();
    const asking = ask({}, { signal: stopping.signal });
    const { request_id } = await service.nextApproval();
    await soon(() => expect(gets()).toBeGreaterThan(0));
    stopping.abort();
    const { id, answer } = await asking;
    expect(answer).toBe("error");
    service.pressApproval(request_id, "approved");
    await soon(() => expect(line.heard.onApproval).toHaveLength(1));
    await delay(20);
    expect((await stored(id)).status).toBe("error");
  });

  test("asked without waiting: its answer is written down when it comes", async () => {
    await connect();
    const wish = { action: "Post", ...LONG };
    const { id, status, devicesNotified } = await sendApproval(wish, using());
    expect([status, devicesNotified]).toEqual(["pending", 1]);
    const { request_id } = await service.nextApproval();
    const stopping = new AbortController();
    const waiting = awaitApproval(id, wish, using({ signal: stopping.signal }));
    stopping.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect((await stored(id)).status).toBe("pending");
    service.pressApproval(request_id, "approved");
    await soon(async () => expect((await stored(id)).status).toBe("approved"));
    expect(await awaitApproval(id, wish, using())).toEqual({ id, answer: "approved" });
  });
});

describe("looked up later", () => {
  const intended = async (id: string, requestId?: string) => {
    await intendApproval(here.store, {
      id,
      line: "home",
      action: "Post",
      isBiometric: false,
      expiresAt: new Date(here.clock + 300_000),
    });
    if (requestId !== undefined) await approvalAsked(here.store, id, { requestId });
    return await stored(id);
  };
  const refreshed = async (known: KnownApproval) => await refreshApproval(known, using());

  test("the process that waited has died: the service is asked", async () => {
    const { id } = await sendApproval({ action: "Post", ...LONG }, using());
    expect((await refreshed(await stored(id))).approval.status).toBe("pending");
    service.pressApproval(service.approvals[0]?.request_id ?? "", "denied");
    expect((await refreshed(await stored(id))).approval).toMatchObject({
      status: "denied",
      decidedBy: "carrier",
    });
    expect(gets()).toBe(2);
    expect((await refreshed(await stored(id))).approval.status).toBe("denied");
    expect(gets()).toBe(2);
  });

  test("it died while it asked: nobody knows which question it was", async () => {
    const known = await intended("one");
    expect((await refreshed(known)).approval.status).toBe("pending");
    here.clock += 61_000;
    expect((await refreshed(known)).approval).toMatchObject({ status: "error", decidedBy: "here" });
    expect(service.rest).toEqual([]);
  });

  test.each([503, 403])("the service cannot be asked (%i): it stays open", async (status) => {
    const known = await intended("one", "r1");
    service.faults.rest = [{ ...noAsking, status }];
    here.clock += 3_600_000;
    expect(await refreshed(known)).toMatchObject({
      approval: { status: "pending" },
      problem: expect.stringMatching(/trouble of its own|does not allow this/),
    });
  });

  test("the service never ends it: it is over all the same", async () => {
    const { id } = await sendApproval({ action: "Post", ...LONG }, using());
    // The practice line's clock is not the store's.
    const expiresAt = (await stored(id)).expiresAt.getTime();
    here.clock = expiresAt + 59_000;
    expect((await refreshed(await stored(id))).approval.status).toBe("pending");
    here.clock = expiresAt + 61_000;
    expect((await refreshed(await stored(id))).approval).toMatchObject({
      status: "timeout",
      decidedBy: "here",
    });
  });

  test("somebody else has settled it meanwhile", async () => {
    const known = await intended("one", "r1");
    await decideApproval(here.store, { id: "one" }, { answer: "approved", by: "event" });
    service.faults.rest = [{ ...noAsking, status: 401 }];
    expect((await refreshed(known)).approval.status).toBe("approved");
  });
});

test("what is shown to the owner has no key in it and nothing hidden", async () => {
  const asking = ask(
    {
      action: ` Post \u202eecivda\u202c with ${PRACTICE_API_KEY}\r\n`,
      details: "token gateway-secret-42\u0000, cc_live_0123456789\r\n第二行 👨‍👩‍👧‍👦",
    },
    { secrets: ["gateway-secret-42"] },
  );
  const approval = await service.nextApproval();
  expect([approval.action, approval.details]).toEqual([
    "Post  ecivda  with [redacted]",
    "token [redacted] , [redacted]\n第二行 👨‍👩‍👧‍👦",
  ]);
  service.pressApproval(approval.request_id, "denied");
  const { id } = await asking;
  expect(JSON.stringify(await stored(id))).not.toMatch(/secret-42|cc_live_/);
});

describe("a line that hears an answer", () => {
  test("says in the log what came of it, and never fails", async () => {
    const written: string[] = [];
    const at = (level: string) => (message: string) => void written.push(`${level} ${message}`);
    const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    const store = await here.another();
    const hear = (requestId: string, decision: string) =>
      approvalHeard({ line: "home", requestId, decision }, { store, log });
    await intendApproval(store, {
      id: "one",
      line: "home",
      action: "Post",
      isBiometric: false,
      expiresAt: new Date(here.clock),
    });
    await approvalAsked(store, "one", { requestId: "r1" });
    await hear("r1", "denied");
    await hear("r1", "approved");
    await hear("r2\n", "\u001b[2J");
    await closeStore(store);
    await hear("r1", "approved");
    expect(written).toEqual([
      'info Approval "r1": denied.',
      'debug Approval "r1": approved, which changes nothing: not ours, or settled before.',
      'warn Approval "r2\\n" was answered with "\\u001b[2J", which is taken as an error.',
      'debug Approval "r2\\n": error, which changes nothing: not ours, or settled before.',
      expect.stringMatching(/^error The answer to approval "r1" could not be written down: /),
    ]);
  });
});

afterEach(() => {
  // Keys are nowhere but in the header.
  expect(JSON.stringify(service.rest.map(({ body, path }) => [body, path]))).not.toContain(PRACTICE_API_KEY);
});
