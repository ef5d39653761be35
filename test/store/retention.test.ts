import { expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { findApproval, intendApproval } from "../../plugin/store/approvals.ts";
import { linesOf, noteLine } from "../../plugin/store/call-lines.ts";
import { intendCall, noteCallEnded, planCall, plannedCalls, searchCalls } from "../../plugin/store/calls.ts";
import { addDoNotCall, listDoNotCall } from "../../plugin/store/do-not-call.ts";
import { pendingTexts, receiveText } from "../../plugin/store/inbox.ts";
import { intendText } from "../../plugin/store/outbox.ts";
import { messagesDone } from "../../plugin/store/outreach.ts";
import { pruneStore } from "../../plugin/store/retention.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();
const DAY_MS = 24 * 60 * 60_000;
const number = requirePhoneNumber("+15550002222");

/** One of everything, now; `name` tells them apart. */
async function happened(name: string): Promise<void> {
  const { store } = here;
  const call = { line: "a", carrierCallId: name };
  await noteLine(store, { ...call, speaker: "other", words: name });
  await noteCallEnded(store, { ...call, direction: "outbound" });
  await receiveText(store, { line: "a", messageId: name, from: number, body: name });
  await intendText(store, { line: "a", to: number, parts: [{ body: name, mediaUrls: [] }], resend: false });
  const expiresAt = new Date(store.now().getTime() + 60_000);
  await intendApproval(store, { id: name, line: "a", action: name, isBiometric: false, expiresAt });
}

const left = async () => ({
  calls: (await searchCalls(here.store, { limit: 99 }))
    .flatMap(({ carrierCallId }) => carrierCallId ?? [])
    .sort(),
  lines: (await linesOf(here.store, { line: "a", carrierCallId: "old" })).length,
  received: (await pendingTexts(here.store, "a")).map(({ messageId }) => messageId),
  sent: await messagesDone(here.store, { line: "a", since: new Date(0) }),
  approvals: (await Promise.all(["new", "old"].map((id) => findApproval(here.store, id)))).flatMap(
    (approval) => approval?.id ?? [],
  ),
});

test("what is older than the owner wants it kept is deleted, and nothing else", async () => {
  await happened("old");
  here.clock += 10 * DAY_MS;
  await happened("new");
  const { clock } = here;
  here.clock = clock + 20 * DAY_MS + 59_999;
  const everything = {
    calls: ["new", "old"],
    lines: 1,
    received: ["old", "new"],
    sent: 2,
    approvals: ["new", "old"],
  };
  expect(await pruneStore(here.store, { retentionDays: 0 })).toEqual({ calls: 0, texts: 0, approvals: 0 });
  expect(await pruneStore(here.store, { retentionDays: 31 })).toEqual({ calls: 0, texts: 0, approvals: 0 });
  expect(await left()).toEqual(everything);
  here.clock += 2;
  expect(await pruneStore(here.store, { retentionDays: 30 })).toEqual({ calls: 1, texts: 2, approvals: 1 });
  expect(await left()).toEqual({ calls: ["new"], lines: 0, received: ["new"], sent: 1, approvals: ["new"] });
  expect(await pruneStore(here.store, { retentionDays: 30 })).toEqual({ calls: 0, texts: 0, approvals: 0 });
});

test("calls still to be placed stay, calls that were never settled go", async () => {
  const wanted = { line: "a", carrier: "clawdtalk", callee: number };
  await intendCall(here.store, wanted);
  const planned = await planCall(here.store, { ...wanted, dueAt: new Date(here.clock + 300 * DAY_MS) });
  here.clock += 200 * DAY_MS;
  expect(await pruneStore(here.store, { retentionDays: 100 })).toMatchObject({ calls: 1 });
  expect(await plannedCalls(here.store)).toMatchObject([{ id: planned }]);
});

test("numbers stay on the do-not-call list, without the words", async () => {
  await addDoNotCall(here.store, { number, source: "text", words: "STOP it, it's me, Ada" });
  here.clock += 2 * DAY_MS;
  await pruneStore(here.store, { retentionDays: 1 });
  const [entry, ...others] = await listDoNotCall(here.store);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ number, source: "text" });
  expect(entry).not.toHaveProperty("words");
});
