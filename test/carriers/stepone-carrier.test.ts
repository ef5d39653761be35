// Proves what a StepOne line tells of itself (key, version, network), and how calls are placed over it.
import { expect, test } from "vitest";
import type { Carrier } from "../../plugin/carriers/carrier.ts";
import { CarrierRefused } from "../../plugin/carriers/carrier-errors.ts";
import { stepOnePlacer } from "../../plugin/carriers/stepone/call-placer.ts";
import { createStepOneCarrier } from "../../plugin/carriers/stepone/carrier.ts";
import { StepOneRest } from "../../plugin/carriers/stepone/rest.ts";
import { lineDefaults } from "../../plugin/config/schema.ts";
import { openLineCarrier } from "../../plugin/lines/line-carrier.ts";
import { createRingLog } from "../../plugin/log.ts";
import {
  PRACTICE_STEPONE_KEY,
  type StepOnePractice,
  startStepOnePractice,
} from "../../plugin/practice/stepone-server.ts";
import { keepLines, soon, state } from "./kept-lines.ts";
import { errorOf } from "./told-service.ts";

const { servers, start } = keepLines<Carrier>(PRACTICE_STEPONE_KEY);
const VERSION_PATH = "/api/v1/callinfo/skill_version";

async function serve(port = 0): Promise<StepOnePractice> {
  const timings = { ringMs: 1, lineMs: 1, recordDelayMs: 0 };
  const service = await startStepOnePractice({ port, timings });
  servers.push(service);
  return service;
}

function startLine(apiUrl: string, lookEveryMs = 1_000_000) {
  return start((log) =>
    createStepOneCarrier({
      line: { name: "china", apiKey: PRACTICE_STEPONE_KEY, apiUrl },
      log,
      timings: { backoffMinMs: 5, backoffMaxMs: 20, lookEveryMs },
    }),
  );
}

test("a key that is taken: ready, told once, and nothing more is asked for a while", async () => {
  const service = await serve();
  const line = startLine(service.url);
  const { carrier, heard, said } = line;
  await state(line, "connected");
  expect(heard.onStatus.map(({ state }) => state)).toEqual(["connected"]);
  expect(said("info")).toEqual(['StepOne line "china" is ready: its key is accepted.']);
  expect(carrier.status().detail).toBe("Ready: its key is accepted; nobody calls in on this line.");
  await carrier.stop();
  expect(carrier.status()).toMatchObject({ state: "stopped" });
  expect(service.requests.map(({ path }) => path)).toEqual([VERSION_PATH]);
});

test("it never has turns: words find nobody", async () => {
  const { carrier, heard } = startLine((await serve()).url);
  expect(carrier.capabilities).toEqual({
    partialSpeech: false,
    callEnd: false,
    siblingWindowMs: 0,
    texts: false,
    outboundCalls: true,
    newestRequestOnly: false,
    endsCallWithAnswer: false,
  });
  expect(carrier.speak({ callId: "a", requestId: "b" }, "Hello")).toBe(false);
  expect(carrier.greet("a", "Hello")).toBe(false);
  carrier.answer({ callId: "a", requestId: "b" }, "Hello");
  expect(heard.onTurn).toEqual([]);
});

test.each([
  [
    (service: StepOnePractice) => {
      service.faults.refuseKey = true;
    },
    /^StepOne line "china" is off until it is restarted: StepOne does not accept the key sk_practice_…0000: set STEPONEAI_API_KEY to one made at /,
  ],
  [
    (service: StepOnePractice) => {
      service.faults.newVersion = { version: "2.1.0" };
    },
    /^StepOne line "china" is off until it is restarted: StepOne wants version 2\.1\.0 of its interface, and this speaks 1\.0\.0: update Switchboard/,
  ],
  [
    (service: StepOnePractice) => {
      service.faults.newVersion = { version: "2.1.0", named: false };
    },
    /StepOne wants another version of its interface, and this speaks 1\.0\.0: update Switchboard/,
  ],
])("what would only be refused again is not asked again: %#", async (spoil, sentence) => {
  const service = await serve();
  spoil(service);
  const line = startLine(service.url);
  const { carrier, said } = line;
  await state(line, "refused");
  expect(carrier.status().detail).toMatch(sentence);
  expect(said("error")).toEqual([carrier.status().detail]);
  const asked = service.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(service.requests).toHaveLength(asked);
});

test("another version that takes this one still: ready, and it is told", async () => {
  const service = await serve();
  service.faults.newVersion = { version: "1.1.0", askable: true };
  const line = startLine(service.url);
  const { carrier, said } = line;
  await state(line, "connected");
  expect(carrier.status().detail).toMatch(/^Ready: its key is accepted;.* update Switchboard when calls/);
  expect(said("warn")).toEqual([
    'StepOne line "china" is ready. StepOne\'s interface has the version "1.1.0", and this speaks 1.0.0: update Switchboard when calls are refused.',
  ]);
});

test("a service that cannot be reached at the start is reached later", async () => {
  const gone = await startStepOnePractice();
  const { port, url } = gone;
  await gone.close();
  const line = startLine(url);
  const { carrier, said, heard } = line;
  await state(line, "reconnecting");
  expect(carrier.status().detail).toMatch(
    /^StepOne line "china" cannot reach its service, next try at \S+: StepOne at 127\.0\.0\.1:\d+ could not be reached/,
  );
  await serve(port);
  await state(line, "connected");
  expect(said("warn")).toHaveLength(1);
  expect(heard.onStatus.map(({ state }) => state)).toEqual(["reconnecting", "connected"]);
});

test("a service that goes away later is told once, and so is its return", async () => {
  const service = await startStepOnePractice();
  const { port, url } = service;
  const line = startLine(url, 10);
  const { said, heard } = line;
  await state(line, "connected");
  await service.close();
  await state(line, "reconnecting");
  const debugged = said("debug").length;
  await soon(() => expect(said("debug").length).toBeGreaterThan(debugged + 1));
  const back = await serve(port);
  await state(line, "connected");
  await soon(() => expect(back.requests.length).toBeGreaterThan(3));
  expect(heard.onStatus.map(({ state }) => state)).toEqual(["connected", "reconnecting", "connected"]);
  expect(said("warn")).toEqual([expect.stringContaining("cannot reach its service")]);
  expect(said("info")).toHaveLength(2);
});

test("a single look that fails is no outage", async () => {
  const service = await serve();
  const line = startLine(service.url, 10);
  const { said, heard } = line;
  await state(line, "connected");
  service.faults.routes.push({ path: VERSION_PATH, times: 1, kind: "status", status: 503 });
  await soon(() => expect(said("debug")).toHaveLength(1));
  const asked = service.requests.length;
  await soon(() => expect(service.requests.length).toBeGreaterThan(asked + 1));
  expect(heard.onStatus.map(({ state }) => state)).toEqual(["connected"]);
  expect(said("warn")).toEqual([]);
});

test("a key that is taken back is told at the next look", async () => {
  const service = await serve();
  const line = startLine(service.url, 10);
  await state(line, "connected");
  service.faults.refuseKey = true;
  await state(line, "refused");
  expect(line.carrier.status().detail).toMatch(/does not accept the key sk_practice_…0000/);
});

test("trouble of the service passes", async () => {
  const service = await serve();
  service.faults.routes.push({ path: VERSION_PATH, times: 2, kind: "status", status: 503 });
  service.faults.routes.push({ path: VERSION_PATH, times: 1, kind: "garbage" });
  await state(startLine(service.url), "connected");
  expect(service.requests).toHaveLength(4);
});

test("a stop does not wait for an answer that never comes, nor for the next try", async () => {
  const service = await serve();
  service.faults.routes.push({ path: VERSION_PATH, times: 1, kind: "hang" });
  const { carrier } = startLine(service.url);
  await soon(() => expect(service.requests).toHaveLength(1));
  const startedAt = performance.now();
  await carrier.stop();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(carrier.status().state).toBe("stopped");
});

test("a configured line has its carrier and what follows its calls", async () => {
  const service = await serve();
  const log = createRingLog({ debug() {}, info() {}, warn() {}, error() {} }, 10);
  const line = {
    ...lineDefaults,
    name: "china",
    carrier: "stepone" as const,
    enabled: true,
    apiKey: service.key,
    server: service.url,
    apiUrl: service.url,
    turnTimeoutMs: 120_000,
    inboundCallers: "owner" as const,
  };
  const parts = openLineCarrier(line, { config: {}, version: "0.0.0", log });
  expect(parts.carrier.name).toBe("stepone");
  expect(parts.records).toBeUndefined();
  const [callId = ""] = await restOf(service).placeCalls({ numbers: ["13800138000"], requirement: "您好" });
  const words: string[] = [];
  const outcome = await parts.following?.follow(callId, {
    signal: AbortSignal.timeout(5_000),
    onLine: (said) => words.push(said.words),
  });
  expect(outcome).toMatchObject({ outcome: "completed" });
  expect(words).toContain("您好");
});

// --- placing calls --------------------------------------------------------------------------------------

const restOf = (service: StepOnePractice) =>
  new StepOneRest({ baseUrl: service.url, apiKey: service.key, timeoutMs: 500 });

const WANTED = {
  to: "+8613800138000",
  isToOwner: false,
  greeting: "您好，我是一个人工智能助理，代表王芳给您打电话。",
  purpose: '告诉张总："9点"开会\n😀',
  context: undefined,
};

test("a call is placed with the requirement put together from what is wanted", async () => {
  const service = await serve();
  const placer = stepOnePlacer(restOf(service), { ownerName: "王芳" });
  const placed = await placer.placeCall({ ...WANTED, context: "地址：\\路 1 号" });
  expect(placed).toEqual({ callId: service.calls[0]?.id, status: undefined });
  expect(service.calls).toHaveLength(1);
  const { number, requirement } = service.calls[0] ?? {};
  expect(number).toBe("13800138000");
  expect(requirement).toMatch(/^你是人工智能助理，代表王芳打这个电话/);
  for (const text of [WANTED.greeting, WANTED.purpose, "地址：\\路 1 号"])
    expect(requirement).toContain(text);
});

test("to the owner no purpose is needed", async () => {
  const service = await serve();
  const wanted = { ...WANTED, isToOwner: true, purpose: undefined, greeting: "Time to go." };
  await stepOnePlacer(restOf(service), {}).placeCall(wanted);
  expect(service.calls[0]?.requirement).toBe(
    "You are an AI assistant, calling the person you work for.\n\nSay first:\nTime to go.",
  );
});

test.each([
  [{ to: undefined }, /^StepOne calls a number, and none of yours is known: name the number, or set/],
  [{ to: "+15551234567" }, /^StepOne calls mobile numbers of mainland China alone .*\+15551234567 is none/],
  [{ to: "+861012345678" }, /\+861012345678 is none: use another line\.$/],
  [{ to: "+85291234567" }, /is none: use another line\.$/],
  [{ purpose: undefined }, /^StepOne calls somebody else only with a purpose: say what the call is for\.$/],
])("%j is refused before anything is asked", async (wrong, sentence) => {
  const service = await serve();
  const error = await errorOf(stepOnePlacer(restOf(service), {}).placeCall({ ...WANTED, ...wrong }));
  expect(error).toBeInstanceOf(CarrierRefused);
  expect(error.message).toMatch(sentence);
  expect(error.mayHaveHappened).toBe(false);
  expect(service.requests).toEqual([]);
});

test("what the service refuses was not done; what got lost may have been", async () => {
  const service = await serve();
  const placer = stepOnePlacer(restOf(service), {});
  service.faults.refuseCalls = { message: "余额不足" };
  expect(await errorOf(placer.placeCall(WANTED))).toMatchObject({
    message: 'StepOne did not place the call. It says: "余额不足"',
    mayHaveHappened: false,
  });
  service.behave();
  service.faults.routes.push({ path: /initiate_call$/, times: 1, kind: "drop" });
  expect(await errorOf(placer.placeCall(WANTED))).toMatchObject({ mayHaveHappened: true });
  expect(service.calls).toHaveLength(1);
});
