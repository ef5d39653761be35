// Proves what the doctor says of a whole turn.
import { afterEach, beforeEach, expect, test } from "vitest";
import { NoTestCall, TestCallFailed } from "../../plugin/wizard/test-call.ts";
import { Examined, ToldGateway } from "./examined.ts";

let examined: Examined;
let gateway: ToldGateway;
beforeEach(async () => {
  examined = new Examined();
  gateway = await ToldGateway.start();
  examined.env = { OPENCLAW_GATEWAY_URL: gateway.url };
});
afterEach(async () => {
  examined.remove();
  await gateway.close();
});

test.each([
  [
    { heard: ["Hello.", "Yes."], firstWordMs: 480, wholeMs: 1_420 },
    "ok: A test call was answered: first word after 0.5 s, all of it after 1.4 s.",
  ],
  [
    { heard: ["Hello."], firstWordMs: 6_000, wholeMs: 9_000 },
    "warning: A test call was answered slowly: first word after 6.0 s, all of it after 9.0 s.",
  ],
  [{ heard: [], firstWordMs: 0, wholeMs: 0 }, "problem: Nothing was heard on a test call."],
  [new TestCallFailed("The model has no credit."), "problem: The model has no credit."],
  [new NoTestCall("No test call is made."), "ok: No test call is made."],
])("%j", async (answer, said) => {
  examined.more = {
    testCall: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  expect(await examined.found("test-call")).toEqual([said]);
});

test("none is made where none is wanted, or no gateway answers", async () => {
  expect(await examined.found("test-call")).toEqual([]);
  await gateway.close();
  examined.more = { testCall: () => Promise.reject(new Error("It was made.")) };
  expect(await examined.found("test-call")).toEqual([]);
});
