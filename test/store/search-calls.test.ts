import { describe, expect, test } from "vitest";
import { noteLine } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  callRefused,
  findCallsById,
  intendCall,
  noteCall,
  noteCallEnded,
  planCall,
  searchCalls,
} from "../../plugin/store/calls.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();

const wanted = { line: "work", carrier: "stepone", callee: "+8613800138000" };

async function found(search: string, limit = 10): Promise<string[]> {
  return (await searchCalls(here.store, { search, limit })).map(({ id }) => id);
}

/** A call with this purpose and another without. */
async function callAbout(purpose: string): Promise<string> {
  await intendCall(here.store, { ...wanted, purpose: "something else" });
  return await intendCall(here.store, { ...wanted, purpose });
}

describe("a search", () => {
  test.each([
    ["Chinese", "给王先生打电话，预订两位", "王先生"],
    ["Chinese of another width", "会议在１２：３０，ＡＢＣ大厦", "12:30,abc大厦"],
    ["half-width Japanese", "ﾃｰﾌﾞﾙ席", "テーブル"],
    ["Latin with accents", "RÉSERVER À L'HÔTEL", "réserver à l'hôtel"],
    ["accents written apart", "cafe\u0301", "CAFÉ"],
    ["German", "Straße 5", "STRASSE"],
    ["German, the other way", "STRASSE 5", "straße"],
    ["Greek", "Καλέστε την οδό ΣΤΑΔΙΟΥ", "σταδιου"],
    ["a Greek word that ends in sigma", "στην οδος", "ΟΔΟΣ"],
    ["the beginning of a longer Greek word", "Μαρία ΓΙΩΡΓΟΣΑΚΗ", "γιωργος"],
    ["Greek with two marks on a letter", "15 Μα\u0390ου", "ΜΑ\u03aa\u0301ΟΥ"],
    ["a unit in one character", "2 ㎏", "2 KG"],
    ["Turkish with a dot", "İstanbul'u ara", "istanbul"],
    ["Turkish without a dot", "ISPARTA'yı ara", "ısparta"],
    ["Turkish typed with a dot", "izmir", "İZMİR"],
    ["Cyrillic", "ПОЗВОНИТЬ в ресторан", "позвонить В РЕСТОРАН"],
    ["an emoji", "party 🎉 at 8", "🎉"],
    ["what SQL patterns are made of", "100% sure_thing", "100% sure_"],
    ["quotes", `say "it's" fine`, `"it's"`],
  ])("finds %s", async (_, purpose, search) => {
    const id = await callAbout(purpose);
    expect(await found(search)).toEqual([id]);
  });

  test.each(["王女士", "%", "_", "*", "istanbulx", "()"])("does not find %j", async (search) => {
    await callAbout("给王先生打电话 İstanbul");
    expect(await found(search)).toEqual([]);
  });

  test.each([
    "138 0013 8000",
    "+86 138-0013-8000",
    "+8613800138000",
    "(138) 0013.8000",
    "１３８００１３",
    "8000",
  ])("finds the number %s", async (search) => {
    const id = await intendCall(here.store, wanted);
    await intendCall(here.store, { ...wanted, callee: "+15550002222" });
    expect(await found(search)).toEqual([id]);
  });

  test("looks at all that is known of a call", async () => {
    const { store } = here;
    const id = await intendCall(store, {
      ...wanted,
      purpose: "the-purpose",
      greeting: "the-greeting",
      context: "the-context",
    });
    const carrierCallId = "call-1";
    await callPlaced(store, id, { carrierCallId });
    await noteLine(store, { line: "work", carrierCallId, speaker: "other", words: "heard LIVE: 喂" });
    await noteCallEnded(store, {
      line: "work",
      carrierCallId,
      outcome: "no_answer",
      reason: "the-detail",
      transcript: [
        { speaker: "agent", words: "您好" },
        { speaker: "other", words: "The “Last” Line" },
      ],
    });
    await noteCall(store, { line: "other", carrierCallId });
    for (const search of [
      id,
      "THE-PURPOSE",
      "The-Greeting",
      "the-context",
      "StepOne",
      "WORK",
      "No_Answer",
      "the-detail",
      "“last” line",
      "您好",
      "Heard live",
      "喂",
    ]) {
      expect(await found(search), search).toEqual([id]);
    }
    // How a transcript is kept is nothing that was said.
    for (const search of ["speaker", "words", "agent", '","'])
      expect(await found(search), search).toEqual([]);
  });

  test("finds planned and refused calls too, the newest first, and as many as are wanted", async () => {
    const { store } = here;
    const first = await planCall(store, { ...wanted, purpose: "订位", dueAt: new Date(here.clock + 1000) });
    here.clock += 1;
    const second = await intendCall(store, { ...wanted, purpose: "订位" });
    await callRefused(store, second, "余额不足");
    const third = await intendCall(store, { ...wanted, callee: null, purpose: "取消订位" });
    expect(await found("订位")).toEqual([third, second, first]);
    expect(await found(" 订位 ", 2)).toEqual([third, second]);
    expect(await found("余额")).toEqual([second]);
    expect(await found("owner")).toEqual([third]);
  });

  test("for nothing gives all calls", async () => {
    const { store } = here;
    const first = await intendCall(store, wanted);
    const second = await intendCall(store, wanted);
    expect(await found("  ")).toEqual([second, first]);
    expect((await searchCalls(store, { limit: 1 })).map(({ id }) => id)).toEqual([second]);
  });
});

describe("a call is found", () => {
  const newCall = async (line: string, carrierCallId: string) => {
    const id = await intendCall(here.store, { ...wanted, line });
    await callPlaced(here.store, id, { carrierCallId });
    here.clock += 1;
    return id;
  };
  const byId = async (id: string) => (await findCallsById(here.store, id)).map((call) => call.id);

  test("by our id, the carrier's, or how ours begins", async () => {
    const one = await newCall("a", "call-1");
    const other = await newCall("a", "call-2");
    expect(await byId(one)).toEqual([one]);
    expect(await byId("call-2")).toEqual([other]);
    expect(await byId(one.slice(0, 6))).toEqual([one]);
    expect(await byId(one.slice(0, -1))).toEqual([one]);
  });

  test("by nothing less", async () => {
    const one = await newCall("a", "call-1");
    for (const id of ["", one.slice(0, 5), "call-", one.slice(1), `${one}0`, "%", "______", "none-at-all"]) {
      expect(await byId(id), id).toEqual([]);
    }
  });

  test("on every line that has the carrier's id, the newest first", async () => {
    const one = await newCall("a", "call-1");
    const other = await newCall("b", "call-1");
    expect(await byId("call-1")).toEqual([other, one]);
  });

  test("more than once when several ids begin alike", async () => {
    const ids = ["abcdef1-x", "abcdef2-x"];
    const alike = { ...here.store, newId: () => ids.shift() ?? "none" };
    const first = await intendCall(alike, wanted);
    here.clock += 1;
    const second = await intendCall(alike, wanted);
    expect(await byId("abcdef")).toEqual([second, first]);
    expect(await byId("abcdef1")).toEqual([first]);
  });

  test("by our id rather than by the same id of a carrier's, and by that rather than by a beginning", async () => {
    const ids = ["abcdef", "abcdef-longer", "third"];
    const given = { ...here.store, newId: () => ids.shift() ?? "fourth" };
    for (const carrierCallId of ["call-1", "call-2", "abcdef"]) {
      await callPlaced(given, await intendCall(given, wanted), { carrierCallId });
    }
    expect(await byId("abcdef")).toEqual(["abcdef"]);
    await callPlaced(given, await intendCall(given, wanted), { carrierCallId: "abcdef-long" });
    expect(await byId("abcdef-long")).toEqual(["fourth"]);
    expect(await byId("abcdef-lo")).toEqual(["abcdef-longer"]);
  });
});
