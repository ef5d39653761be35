import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { identifyCall, type SpeakerFacts } from "../../plugin/trust/speakers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function facts(changes: Partial<SpeakerFacts> = {}): SpeakerFacts {
  return {
    line: "home",
    inboundCallers: "owner",
    ownerNumbers: ["+15550001111"],
    ownerSession: () => ({ tier: "owner", agentId: "main", sessionKey: "agent:main:main" }),
    writtenCall: async () => undefined,
    placingCall: async () => false,
    askDirection: async () => "inbound",
    sleep: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
    ...changes,
  };
}

/** A carrier that says "inbound", after this long. */
const saysInboundAfter = (milliseconds: number) => ({
  askDirection: () =>
    new Promise<"inbound">((resolve) => void setTimeout(() => resolve("inbound"), milliseconds)),
});

test.each([
  [2_900, "owner"],
  [3_100, "stranger"],
] as const)("a carrier that tells the direction after %i ms makes a %s", async (milliseconds, tier) => {
  const identity = identifyCall("call", undefined, facts(saysInboundAfter(milliseconds)));
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await identity).tier).toBe(tier);
});

test("a carrier that never answers is not waited for", async () => {
  const identity = identifyCall(
    "call",
    undefined,
    facts({ inboundCallers: "unknown", askDirection: () => new Promise(() => {}) }),
  );
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await identity).tier).toBe("stranger");
});

const placed = { direction: "outbound", placedHere: true } as const;

test.each([
  ["a call we placed to the account's owner", undefined, { ...placed, callee: null }, "owner"],
  ["a call we placed to the owner's number", undefined, { ...placed, callee: "+15550001111" }, "owner"],
  [
    "a call we placed to somebody, whatever the events say",
    "inbound",
    { ...placed, callee: "+1" },
    "stranger",
  ],
  ["a call that goes out and is not ours", "outbound", undefined, "stranger"],
  ["a call that comes in", "inbound", undefined, "owner"],
] as const)("%s", async (_name, direction, call, tier) => {
  const identity = await identifyCall("call", direction, facts({ writtenCall: async () => call }));
  expect(identity.tier).toBe(tier);
});

test("a call that comes in on a line whose callers are unknown", async () => {
  expect(await identifyCall("call", "inbound", facts({ inboundCallers: "unknown" }))).toEqual({
    tier: "unknown",
  });
});
