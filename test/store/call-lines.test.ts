import { expect, test } from "vitest";
import { linesOf, noteLine, transcriptOf } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  findCall,
  intendCall,
  noteCallEnded,
  noteCallStarted,
} from "../../plugin/store/calls.ts";
import type { Store } from "../../plugin/store/database.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();

const address = { line: "a", carrierCallId: "call-1" };
const said = (words: string) => ({ ...address, speaker: "other" as const, words });

async function wordsOf(store: Store): Promise<string[]> {
  return (await linesOf(store, address)).map(({ words }) => words);
}

test("Lines without a position come one after the other, also when the words are the same", async () => {
  await noteLine(here.store, said("喂"));
  here.clock += 1000;
  await noteLine(here.store, said("喂"));
  await noteLine(here.store, { ...address, speaker: "agent", words: "“您好”\n👋🏽 'ok'" });
  expect(await linesOf(await here.another(), address)).toEqual([
    { position: 1, at: new Date(here.clock - 1000), speaker: "other", words: "喂" },
    { position: 2, at: new Date(here.clock), speaker: "other", words: "喂" },
    { position: 3, at: new Date(here.clock), speaker: "agent", words: "“您好”\n👋🏽 'ok'" },
  ]);
});

test("A line with a position is written once, and stays as it is", async () => {
  for (const position of [1, 2, 1, 2, 3]) await noteLine(here.store, { ...said(`第${position}`), position });
  here.clock += 1000;
  await noteLine(await here.another(), { ...said("something else"), position: 2 });
  expect(await wordsOf(here.store)).toEqual(["第1", "第2", "第3"]);
  expect(await linesOf(here.store, address, 2)).toEqual([
    { position: 3, at: new Date(here.clock - 1000), speaker: "other", words: "第3" },
  ]);
});

test("Lines that came out of order are given in order, and those after a position only", async () => {
  for (const position of [12, 2, 1, 10]) await noteLine(here.store, { ...said(`${position}`), position });
  expect(await wordsOf(here.store)).toEqual(["1", "2", "10", "12"]);
  expect((await linesOf(here.store, address, 2)).map(({ position }) => position)).toEqual([10, 12]);
  expect(await linesOf(here.store, address, 12)).toEqual([]);
  await noteLine(here.store, said("after all of them"));
  expect(await linesOf(here.store, address, 12)).toMatchObject([
    { position: 13, words: "after all of them" },
  ]);
});

test("Each call of each line has its own", async () => {
  await noteLine(here.store, said("one"));
  await noteLine(here.store, { ...said("two"), carrierCallId: "call-2" });
  await noteLine(here.store, { ...said("three"), line: "b" });
  expect(await linesOf(here.store, address)).toMatchObject([{ position: 1, words: "one" }]);
  expect(await linesOf(here.store, { ...address, carrierCallId: "call-2" })).toMatchObject([
    { position: 1, words: "two" },
  ]);
  expect(await linesOf(here.store, { ...address, line: "b" })).toMatchObject([
    { position: 1, words: "three" },
  ]);
});

test("Two connections that write at the same time lose no line", async () => {
  const stores = [here.store, await here.another()];
  await Promise.all(
    stores.flatMap((store, name) =>
      Array.from({ length: 30 }, (_, index) => noteLine(store, said(`${name}-${index}`))),
    ),
  );
  const lines = await linesOf(here.store, address);
  expect(lines.map(({ position }) => position)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(new Set(lines.map(({ words }) => words)).size).toBe(60);
});

test("The transcript is the carrier's, and what was heard as long as there is none", async () => {
  const { store } = here;
  const current = async () => {
    const call = await findCall(store, address);
    if (call === undefined) throw new Error("the call is not known");
    return await transcriptOf(store, call);
  };
  await noteCallStarted(store, address);
  expect(await current()).toEqual([]);
  await noteLine(store, said("您好"));
  expect(await current()).toEqual([{ speaker: "other", words: "您好" }]);
  await noteCallEnded(store, { ...address, transcript: [{ speaker: "other", words: "您好。" }] });
  expect(await current()).toEqual([{ speaker: "other", words: "您好。" }]);
});

test("A carrier's empty transcript does not hide what was heard", async () => {
  await noteLine(here.store, said("您好"));
  await noteCallEnded(here.store, { ...address, transcript: [] });
  const call = await findCall(here.store, address);
  expect(call && (await transcriptOf(here.store, call))).toEqual([{ speaker: "other", words: "您好" }]);
});

test("A call that has no id of the carrier's yet has no lines; they are there when it gets one", async () => {
  const { store } = here;
  const wanted = { line: "a", carrier: "clawcall", callee: null };
  const id = await intendCall(store, wanted);
  await noteLine(store, said("early"));
  const call = {
    ...wanted,
    id,
    placedHere: true,
    isTold: false,
    state: "intended",
    createdAt: new Date(),
  } as const;
  expect(await transcriptOf(store, call)).toEqual([]);
  await callPlaced(store, id, { carrierCallId: "call-1" });
  const placed = await findCall(store, address);
  expect(placed && (await transcriptOf(store, placed))).toEqual([{ speaker: "other", words: "early" }]);
});
