import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallRecord } from "../../plugin/carriers/carrier.ts";
import { callerNumber } from "../../plugin/config/phone-number.ts";
import { identifyCall, type SpeakerFacts } from "../../plugin/trust/speakers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function facts(changes: Partial<SpeakerFacts> = {}): SpeakerFacts {
  return {
    line: { name: "home", carrier: "clawdtalk", inboundCallers: "owner" },
    ownerNumbers: ["+15550001111"],
    ownerSession: () => ({ tier: "owner", agentId: "main", sessionKey: "agent:main:main" }),
    writtenCall: async () => undefined,
    placingCall: async () => false,
    askDirection: async () => "inbound",
    sleep: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
    ...changes,
  };
}

/** A line where nobody who calls in is believed. */
const BELIEVES_NOBODY = { name: "home", carrier: "clawdtalk", inboundCallers: "unknown" } as const;
/** Its calls are told apart by the carrier's records. */
const WITH_RECORDS = { name: "home", carrier: "clawcall", inboundCallers: "owner" } as const;

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
    facts({ line: BELIEVES_NOBODY, askDirection: () => new Promise(() => {}) }),
  );
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await identity).tier).toBe("stranger");
});

const placed = { direction: "outbound", placedHere: true, state: "placed" } as const;

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
  expect(await identifyCall("call", "inbound", facts({ line: BELIEVES_NOBODY }))).toEqual({
    tier: "unknown",
  });
});

test.each([
  ["a call we placed to the owner", undefined, { ...placed, callee: null }, undefined, "dialled"],
  ["a call that comes in", "inbound", undefined, undefined, "pin (vendor's word)"],
  ["a call to somebody else", undefined, { ...placed, callee: "+15550002222" }, undefined, "none"],
  ["a callback", undefined, undefined, { direction: "outbound", purpose: "callback" }, "dialled"],
  ["a scheduled call", undefined, undefined, { direction: "outbound", purpose: "briefing" }, "dialled"],
  [
    "an inbound call by its record",
    undefined,
    undefined,
    { direction: "inbound", from: "+15550001111" },
    "caller id",
  ],
  ["a third-party call by its record", undefined, undefined, { purpose: "thirdParty" }, "none"],
] as const)("how sure it is who speaks: %s", async (_name, direction, call, changes, strength) => {
  const askRecord = changes === undefined ? undefined : async () => record(changes);
  const line = askRecord === undefined ? {} : { line: WITH_RECORDS };
  const identity = await identifyCall(
    "call",
    direction,
    facts({ writtenCall: async () => call, askRecord, ...line }),
  );
  expect(identity).toMatchObject({ strength });
});

const record = (changes: Partial<CallRecord>): CallRecord => ({ callId: "call", isOver: false, ...changes });

test.each<[string, Partial<CallRecord> | undefined, string, string | undefined]>([
  [
    "an inbound call from the owner's number",
    { direction: "inbound", from: "+1 555 000 1111" },
    "owner",
    undefined,
  ],
  [
    "an inbound call from another number",
    { direction: "inbound", from: "+15550002222" },
    "unknown",
    undefined,
  ],
  [
    "an inbound call whose number ends like the owner's",
    { direction: "inbound", from: "0001111" },
    "unknown",
    undefined,
  ],
  ["an inbound call with an empty number", { direction: "inbound", from: "" }, "unknown", undefined],
  [
    "an inbound call with a withheld number",
    { direction: "inbound", from: "anonymous" },
    "unknown",
    undefined,
  ],
  ["an inbound call without a number", { direction: "inbound" }, "unknown", undefined],
  ["an outbound callback", { direction: "outbound", purpose: "callback" }, "owner", "callback"],
  ["a scheduled call", { direction: "outbound", purpose: "briefing" }, "owner", "briefing"],
  ["a third-party call", { direction: "outbound", purpose: "thirdParty" }, "stranger", "thirdParty"],
  [
    "a third-party call from the owner's number",
    { direction: "inbound", from: "+15550001111", purpose: "thirdParty" },
    "stranger",
    "thirdParty",
  ],
  ["an outbound call of no known purpose", { direction: "outbound" }, "unknown", undefined],
  ["a record that says nothing", {}, "unknown", undefined],
  ["no record", undefined, "unknown", undefined],
  [
    "the owner's call that is over",
    { direction: "inbound", from: "+15550001111", isOver: true },
    "unknown",
    undefined,
  ],
  [
    "a callback that is over",
    { direction: "outbound", purpose: "callback", isOver: true },
    "unknown",
    undefined,
  ],
  ["a third-party call that is over", { purpose: "thirdParty", isOver: true }, "stranger", "thirdParty"],
])("%s, by its record", async (_what, changes, tier, recordedAs) => {
  const identity = await identifyCall(
    "call",
    undefined,
    // What events say counts for nothing here.
    facts({ line: WITH_RECORDS, askRecord: async () => changes && record(changes) }),
  );
  expect(identity.tier).toBe(tier);
  expect("recordedAs" in identity ? identity.recordedAs : undefined).toBe(recordedAs);
});

const OWNER = "+15550001111";

/** What a service may say of where a call comes from, and nobody's number is. */
const NOBODY = [
  null,
  "",
  " ",
  "+",
  "anonymous",
  "Anonymous",
  "unknown",
  "withheld",
  "restricted",
  "Private Number",
  "null",
  "undefined",
  "+1",
  "+1555",
  "+155500011",
  "+1555000111",
  "+155500011111",
  "0001111",
  "5550001111",
  "15550001111",
  "0015550001111",
  "01115550001111",
  "++15550001111",
  "-15550001111",
  `sip:${OWNER}`,
  `sip:${OWNER}@example.com`,
  `tel:${OWNER}`,
  `"Sam" <${OWNER}>`,
  `${OWNER}@example.com`,
  `${OWNER} ext. 5`,
  `${OWNER};ext=5`,
  `${OWNER}x5`,
  `${OWNER},5`,
  `${OWNER}#5`,
  `${OWNER}${OWNER}`,
  `${OWNER},+15550002222`,
  `+15550002222 ${OWNER}`,
  `${OWNER}\n`,
  `\n${OWNER}`,
  `${OWNER}\u0000`,
  "+1555000\u200b1111",
  "\u202a+15550001111\u202c",
  "＋１５５５０００１１１１",
  "+１５５５０００１１１１",
  "+١٥٥٥٠٠٠١١١١",
  "+१५५५०००११११",
  "+一五五五零零零一一一一",
  "+1555000IIII",
  "+1555ooollll",
  "+1-555-CALL-ME1",
  "+1555000111O",
] as const;

test.each(NOBODY.map((from) => [from]))("a caller id of %j is nobody's, over both services", async (from) => {
  // ClawCall says the number in its list of calls, which is all there is to go by.
  const byRecord = await identifyCall(
    "call",
    "inbound",
    facts({ askRecord: async () => ({ ...record({ direction: "inbound" }), from: from as string }) }),
  );
  expect(byRecord).toEqual({ tier: "unknown" });
  // ClawdTalk names no caller of a call; a text's sender is read like this.
  expect(callerNumber(from)).toBeUndefined();
  // Nor is it somebody the owner knows by a setting that is none.
  const careless = facts({
    ownerNumbers: ["", "+", String(from)],
    askRecord: async () => ({ ...record({ direction: "inbound" }), from: from as string }),
  });
  expect(await identifyCall("call", "inbound", careless)).toEqual({ tier: "unknown" });
});

test.each([OWNER, "+1 555 000 1111", "+1 (555) 000-1111", "+1.555.000.1111"])(
  "%s is the owner's, however it is spaced",
  async (from) => {
    expect(callerNumber(from)).toBe(OWNER);
    const askRecord = async () => record({ direction: "inbound", from });
    expect(await identifyCall("call", undefined, facts({ askRecord }))).toMatchObject({ tier: "owner" });
  },
);

test("ClawdTalk's calls, which name nobody, are what the line's setting says, and never the owner's where it says unknown", async () => {
  for (const direction of ["inbound", undefined] as const) {
    const known = await identifyCall("call", direction, facts());
    expect(known).toMatchObject({ tier: "owner", strength: "pin (vendor's word)" });
    const refused = await identifyCall("call", direction, facts({ line: BELIEVES_NOBODY }));
    expect(refused).toEqual({ tier: "unknown" });
  }
});

test("a call we wrote down needs no record, and stays what it was when the service cannot be asked", async () => {
  const identity = await identifyCall(
    "call",
    undefined,
    facts({
      writtenCall: async () => ({ ...placed, callee: "+15550002222" }),
      askRecord: () => new Promise(() => {}),
    }),
  );
  expect(identity.tier).toBe("stranger");
});

test("a line that turns inbound callers away turns the owner's number away too", async () => {
  const identity = await identifyCall(
    "call",
    undefined,
    facts({
      line: { ...WITH_RECORDS, inboundCallers: "unknown" },
      askRecord: async () => record({ direction: "inbound", from: "+15550001111" }),
    }),
  );
  expect(identity.tier).toBe("unknown");
});

test("an ended call of ours to the owner is nobody's, one to somebody else stays theirs", async () => {
  for (const [callee, tier] of [
    [null, "unknown"],
    ["+15550002222", "stranger"],
  ] as const) {
    const writtenCall = async () => ({ ...placed, state: "ended" as const, callee });
    expect((await identifyCall("call", undefined, facts({ writtenCall }))).tier).toBe(tier);
  }
});
