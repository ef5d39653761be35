import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { decideApproval, findApproval, intendApproval } from "../../plugin/store/approvals.ts";
import { linesOf, noteLine } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  callUnsettled,
  intendCall,
  noteCallEnded,
  planCall,
  searchCalls,
  untoldCalls,
} from "../../plugin/store/calls.ts";
import { addDoNotCall, findDoNotCall } from "../../plugin/store/do-not-call.ts";
import { markText, pendingTexts, receiveText } from "../../plugin/store/inbox.ts";
import { intendText, markSending, markSent, unfinishedTexts } from "../../plugin/store/outbox.ts";
import { callsDone, messagesDone } from "../../plugin/store/outreach.ts";
import { forgetPerson } from "../../plugin/store/people.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();
const them = requirePhoneNumber("+15550002222");
const somebody = requirePhoneNumber("+15550003333");
/** In everything they said, and everything said about them. */
const SECRET = "Rosebud 玫瑰";
const HOUR_MS = 60 * 60_000;

async function placed(
  callee: typeof them,
  carrierCallId: string,
): Promise<{ line: string; carrierCallId: string }> {
  const id = await intendCall(here.store, {
    line: "home",
    carrier: "clawdtalk",
    callee,
    purpose: `Ask for ${SECRET}`,
    greeting: SECRET,
    context: SECRET,
  });
  await callPlaced(here.store, id, { carrierCallId, jobId: `job-${carrierCallId}` });
  return { line: "home", carrierCallId };
}

async function talked(callee: typeof them, carrierCallId: string): Promise<void> {
  const call = await placed(callee, carrierCallId);
  await noteLine(here.store, { ...call, speaker: "other", words: SECRET });
  await noteCallEnded(here.store, {
    ...call,
    durationSeconds: 90,
    cost: "0.3",
    voicemailMessage: SECRET,
    reason: SECRET,
    transcript: [{ speaker: "other", words: SECRET }],
  });
}

async function texted(to: typeof them): Promise<void> {
  const [text] = await intendText(here.store, {
    line: "home",
    to,
    parts: [{ body: SECRET, mediaUrls: [`https://a.example/${encodeURIComponent(SECRET)}`] }],
    inReplyTo: `from-${to}`,
    resend: false,
  });
  if (text === undefined) throw new Error("nothing was written");
  await markSending(here.store, text);
  await markSent(here.store, text.id, { carrierMessageId: `to-${to}` });
}

async function received(from: string, messageId: string): Promise<void> {
  await receiveText(here.store, { line: "home", messageId, from, body: SECRET });
  for (const state of ["answering", "answered"] as const) {
    await markText(here.store, { line: "home", messageId }, state);
  }
}

const since = new Date(0);
const done = async () => ({
  ...(await callsDone(here.store, { line: "home", number: them, since })),
  messages: await messagesDone(here.store, { line: "home", since }),
});

/** All that is in the file and beside it. */
function onDisk(): string {
  const folder = path.join(here.stateFolder, "switchboard");
  return readdirSync(folder)
    .map((name) => readFileSync(path.join(folder, name), "utf8"))
    .join("\n");
}

describe("a person who is forgotten", () => {
  beforeEach(async () => {
    await talked(them, "call-1");
    await texted(them);
    await received(them, "from-1");
    await received("+1 (555) 000-2222", "from-2");
    await intendText(here.store, {
      line: "home",
      to: them,
      parts: [{ body: SECRET, mediaUrls: [] }],
      resend: true,
    });
    await planCall(here.store, {
      line: "home",
      carrier: "clawdtalk",
      callee: them,
      purpose: SECRET,
      dueAt: new Date(here.clock + HOUR_MS),
    });
    await addDoNotCall(here.store, { number: them, source: "text", words: `STOP ${SECRET}` });
    const approval = { id: "a1", line: "home", action: `Text ${them}`, details: SECRET, isBiometric: false };
    await intendApproval(here.store, { ...approval, expiresAt: new Date(here.clock + HOUR_MS) });
    await decideApproval(here.store, { id: "a1" }, { answer: "approved", by: "event" });
  });

  test("is nowhere in the store any more, nor in its files", async () => {
    const before = onDisk();
    expect(before).toContain("Rosebud");
    expect(before).toContain(them);
    expect(await forgetPerson(here.store, them)).toEqual({
      calls: 2,
      texts: 4,
      mentions: 1,
      openCalls: 0,
      scheduledEvents: 0,
      isDoNotCall: true,
      isErased: true,
    });
    const after = onDisk();
    expect(after).not.toContain("Rosebud");
    expect(after).not.toContain("玫瑰");
    expect(after).not.toContain("call-1");
    expect(await searchCalls(here.store, { search: them, limit: 9 })).toEqual([]);
    expect(await linesOf(here.store, { line: "home", carrierCallId: "call-1" })).toEqual([]);
    expect(await unfinishedTexts(here.store, "home", new Date(here.clock + 1))).toEqual([]);
    expect(await findApproval(here.store, "a1")).toBeUndefined();
    expect(await untoldCalls(here.store, "home"), "the owner's session is told no more of them").toEqual([]);
  });

  test("stays on the do-not-call list, as a number alone", async () => {
    await forgetPerson(here.store, them);
    expect(await findDoNotCall(here.store, them)).toEqual({
      number: them,
      source: "text",
      addedAt: new Date(here.clock),
    });
    expect(onDisk().split(them), "in the list and its index").toHaveLength(3);
  });

  test("leaves behind what the limits count: that there was a call and a message, and how long", async () => {
    expect(await done()).toMatchObject({ onLine: 1, secondsOnLine: 90, toNumber: 1, messages: 2 });
    await forgetPerson(here.store, them);
    expect(await done()).toMatchObject({ onLine: 1, secondsOnLine: 90, toNumber: 0, messages: 1 });
    expect(await searchCalls(here.store, { limit: 9 })).toMatchObject([
      { state: "ended", callee: undefined, durationSeconds: 90, cost: "0.3" },
    ]);
  });

  test("is forgotten once: doing it again finds nothing", async () => {
    await forgetPerson(here.store, them);
    expect(await forgetPerson(here.store, them)).toEqual({
      calls: 0,
      texts: 0,
      mentions: 0,
      openCalls: 0,
      scheduledEvents: 0,
      isDoNotCall: true,
      isErased: true,
    });
  });
});

test("other people are not touched", async () => {
  await talked(somebody, "call-2");
  await texted(somebody);
  await receiveText(here.store, { line: "home", messageId: "m", from: somebody, body: "Hi" });
  // What is no number of anybody's stays as well.
  await receiveText(here.store, { line: "home", messageId: "n", from: "anonymous", body: "Hi" });
  const forgotten = await forgetPerson(here.store, them);
  expect(forgotten).toEqual({
    calls: 0,
    texts: 0,
    mentions: 0,
    openCalls: 0,
    scheduledEvents: 0,
    isDoNotCall: false,
    isErased: true,
  });
  expect(await searchCalls(here.store, { search: somebody, limit: 9 })).toMatchObject([
    { purpose: `Ask for ${SECRET}`, transcript: [{ words: SECRET }] },
  ]);
  expect(await pendingTexts(here.store, "home")).toHaveLength(2);
  expect(await messagesDone(here.store, { line: "home", since })).toBe(1);
});

test("a call that may be going on is kept until it is over, and said so", async () => {
  const call = await placed(them, "call-3");
  await noteLine(here.store, { ...call, speaker: "other", words: SECRET });
  const lost = await intendCall(here.store, { line: "home", carrier: "clawdtalk", callee: them });
  await callUnsettled(here.store, lost, "nobody knows");
  expect(await forgetPerson(here.store, them)).toMatchObject({ calls: 0, openCalls: 2 });
  expect(await linesOf(here.store, call)).toHaveLength(1);
  here.clock += 5 * HOUR_MS;
  expect(await forgetPerson(here.store, them)).toMatchObject({ calls: 2, openCalls: 0 });
  expect(await linesOf(here.store, call)).toEqual([]);
  expect(onDisk()).not.toContain("Rosebud");
});

describe("in what was said and written with others", () => {
  const forms = [
    "+15550002222",
    "+1 (555) 000-2222",
    "001 555 000 2222",
    "555.000.2222",
    "555‑000‑2222",
    "0555 0002222",
  ];
  const others = ["+25550002222", "+155500022223", "5550002223", "15550002222777"];

  test.each(forms)("the number is taken out: %s", async (form) => {
    const call = await placed(somebody, "call-9");
    await noteLine(here.store, { ...call, speaker: "other", words: `Ask ${form}, they know.` });
    await noteCallEnded(here.store, {
      ...call,
      transcript: [{ speaker: "other", words: `Ask "${form}", they know.` }],
    });
    await receiveText(here.store, { line: "home", messageId: "m", from: somebody, body: `Call ${form}!` });
    expect(await forgetPerson(here.store, them)).toMatchObject({ calls: 0, texts: 0, mentions: 3 });
    expect(onDisk()).not.toContain(form);
    expect(await linesOf(here.store, call)).toMatchObject([{ words: "Ask [removed], they know." }]);
    expect(await searchCalls(here.store, { search: somebody, limit: 9 })).toMatchObject([
      { transcript: [{ words: 'Ask "[removed]", they know.' }] },
    ]);
    expect(await pendingTexts(here.store, "home")).toMatchObject([{ body: "Call [removed]!" }]);
  });

  test.each(others)("another number stays: %s", async (form) => {
    await receiveText(here.store, { line: "home", messageId: "m", from: somebody, body: `Call ${form}!` });
    expect(await forgetPerson(here.store, them)).toMatchObject({ mentions: 0 });
    expect(await pendingTexts(here.store, "home")).toMatchObject([{ body: `Call ${form}!` }]);
  });

  test("a number of mainland China, and a short one only with its country code", async () => {
    const [mainland, short] = ["+8613800138000", "+29012345"].map(requirePhoneNumber);
    if (mainland === undefined || short === undefined) throw new Error("no numbers");
    const body = "打 138 0013 8000 或 (+86) 138-0013-8000; code 12345, +290 12345";
    await receiveText(here.store, { line: "home", messageId: "m", from: somebody, body });
    expect(await forgetPerson(here.store, mainland)).toMatchObject({ mentions: 1 });
    expect(await forgetPerson(here.store, short)).toMatchObject({ mentions: 1 });
    const [text] = await pendingTexts(here.store, "home");
    expect(text?.body).toMatch(/^打 \[removed\] 或 \(?\[removed\]; code 12345, \[removed\]$/);
  });
});

test("another process that has the store open does not keep what is deleted", async () => {
  const another = await here.another();
  await received(them, "from-1");
  await pendingTexts(another, "home");
  expect(await forgetPerson(here.store, them)).toMatchObject({ isErased: true });
  expect(onDisk()).not.toContain("Rosebud");
});
