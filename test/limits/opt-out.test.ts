import { expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { noteOptIn, noteOptOut } from "../../plugin/limits/opt-out.ts";
import { addDoNotCall, listDoNotCall } from "../../plugin/store/do-not-call.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

const here = storeInFolder();

test("who asks for it is on the list, once, with their first words", async () => {
  const { store } = here;
  const number = "+15550002222";
  expect(await noteOptOut(store, { number, words: "See you at five", where: "text" })).toBe("no");
  expect(await listDoNotCall(store)).toEqual([]);
  expect(await noteOptOut(store, { number: "+1 (555) 000-2222", words: "STOP", where: "text" })).toBe("new");
  const first = { number, source: "text", words: "STOP", addedAt: new Date(here.clock) };
  here.clock += 60_000;
  expect(await noteOptOut(store, { number, words: "别再打电话来了", where: "call" })).toBe("known");
  expect(await listDoNotCall(store)).toEqual([first]);
  await noteOptOut(store, { number: "+8613800138000", words: "别再打电话来了", where: "call" });
  expect(await listDoNotCall(store)).toMatchObject([
    { number: "+8613800138000", source: "call", words: "别再打电话来了" },
    first,
  ]);
});

test("on a call one word interrupts, and puts nobody on the list", async () => {
  expect(await noteOptOut(here.store, { number: "+15550002222", words: "Stop.", where: "call" })).toBe("no");
});

test.each(["", "anonymous", "12345", "Restricted"])("%j cannot be put on a list", async (number) => {
  expect(await noteOptOut(here.store, { number, words: "STOP", where: "text" })).toBe("no");
  expect(await listDoNotCall(here.store)).toEqual([]);
});

test("of a long text only the beginning is kept, whole characters", async () => {
  const words = `Stop calling me! ${"👋🏽".repeat(500)}`;
  await noteOptOut(here.store, { number: "+15550002222", words, where: "text" });
  const [entry] = await listDoNotCall(here.store);
  expect([...(entry?.words ?? "")]).toHaveLength(300);
  expect(entry?.words?.isWellFormed()).toBe(true);
});

test("who has asked for it can take it back; what the owner has put there stays", async () => {
  const { store } = here;
  const [asked, said, both] = ["+15550002222", "+15550003333", "+15550004444"].map(requirePhoneNumber);
  if (asked === undefined || said === undefined || both === undefined) throw new Error("no numbers");
  await noteOptOut(store, { number: asked, words: "STOP", where: "text" });
  await addDoNotCall(store, { number: said, source: "owner" });
  await noteOptOut(store, { number: both, words: "Don't call me again", where: "call" });
  expect(await addDoNotCall(store, { number: both, source: "owner" }), "on the list already").toBe(false);
  expect(await noteOptIn(store, { number: asked, words: "I will start on Monday" })).toBe(false);
  expect(await noteOptIn(store, { number: "anonymous", words: "START" })).toBe(false);
  expect(await noteOptIn(store, { number: "+1 (555) 000-2222", words: "Start" })).toBe(true);
  expect(await noteOptIn(store, { number: asked, words: "START" }), "it is off already").toBe(false);
  expect(await noteOptIn(store, { number: said, words: "UNSTOP" })).toBe(false);
  expect(await noteOptIn(store, { number: both, words: "UNSTOP" })).toBe(false);
  expect((await listDoNotCall(store)).map(({ number, source }) => [number, source])).toEqual([
    [said, "owner"],
    [both, "owner"],
  ]);
});
