/** Callers whose words were lost are asked again, and nobody else: against ClawCall's practice server. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CarrierListener, CarrierTurn } from "../../plugin/carriers/carrier.ts";
import { type ClawCallCarrier, createClawCallCarrier } from "../../plugin/carriers/clawcall/carrier.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";

const wait = { timeoutMs: 10_000 };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let server: ClawCallPractice;
let carrier: ClawCallCarrier;
let turns: CarrierTurn[];

beforeEach(async () => {
  turns = [];
  server = await startClawCallPractice();
  carrier = createClawCallCarrier({
    line: { name: "claw", apiKey: server.key, apiUrl: server.url },
    version: "test",
    log: silent,
    timings: { firstPollMs: 200, pollMs: 300 },
  });
  const listener: CarrierListener = {
    onCallSetup() {},
    onCallStarted() {},
    onTurn: (turn) => void turns.push(turn),
    onCallEnded() {},
    onOrderCompleted() {},
    onText() {},
    onWalkie() {},
    onApproval() {},
    onMissionNews() {},
    onStatus() {},
  };
  carrier.start(listener);
  await server.waitForListener(wait);
});
afterEach(async () => {
  await carrier.stop();
  await server.close();
});

const arrived = (count: number) =>
  server.until(() => (turns.length >= count ? turns.at(-1) : undefined), `message ${count}`, wait);

test("words that were lost on the way are asked for again, and the next ones are answered", async () => {
  const call = await server.ring();
  server.faults.dropListenResponses = 1;
  const lost = call.say("Are you there?");
  await server.until(() => server.lostMessages[0], "the loss", wait);
  expect(await carrier.askAgain(call.callSid, "Please say that again.", Date.now())).toBe(true);
  expect((await lost.result(wait)).text).toBe("Please say that again.");
  const again = call.say("Are you there, please?");
  carrier.answer(await arrived(1), "I am.");
  expect((await again.result(wait)).text).toBe("I am.");
});

test("a request that is being worked on keeps its answer", async () => {
  const call = await server.ring();
  const turn = call.say("What is the weather?");
  const request = await arrived(1);
  expect(await carrier.askAgain(call.callSid, "Please say that again.", Date.now())).toBe(false);
  carrier.answer(request, "Sunny.");
  expect((await turn.result(wait)).text).toBe("Sunny.");
});

test("an answer that was given meanwhile is not written over", async () => {
  const connectedAtMs = Date.now();
  const call = await server.ring();
  const turn = call.say("What is the weather?");
  carrier.answer(await arrived(1), "Sunny.");
  await turn.result(wait);
  expect(await carrier.askAgain(call.callSid, "Please say that again.", connectedAtMs)).toBe(false);
  expect(server.answers).toHaveLength(1);
});

test("a call that is over is left alone", async () => {
  const call = await server.ring();
  call.hangUp();
  expect(await carrier.askAgain(call.callSid, "Please say that again.", Date.now())).toBe(false);
});
