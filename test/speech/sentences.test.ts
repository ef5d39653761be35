import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinSentences, LONGEST_PIECE, LONGEST_PIECE_CJK, sentences } from "../../plugin/speech/sentences.ts";

describe("sentences of every script", () => {
  it.each<[string, string[]]>([
    ["English", ["It rains.", "Does it?", "Yes!", 'He said "Go."', "Then he left."]],
    ["Chinese", ["你好。", "今天天气很好！", "你要去吗？", "“好的。”", "他说。"]],
    ["Japanese", ["こんにちは。", "「はい。」と言った。", "元気ですか？", "うん"]],
    ["Korean", ["안녕하세요.", "오늘은 좋아요!", "그래요?"]],
    ["Arabic", ["مرحبا.", "كيف حالك؟", "أنا بخير؛ شكرا."]],
    ["Urdu", ["وہ گیا۔", "میں آیا۔"]],
    ["Russian", ["Привет.", "Как дела?", "Хорошо!"]],
    ["Hindi", ["यह अच्छा है।", "वह गया।"]],
    ["Greek", ["Τι κάνεις;", "Είμαι καλά."]],
    ["Armenian", ["Բարև։", "Լավ եմ։"]],
    ["mixed", ["Hello 王先生.", "你好。", "Привет!", "OK."]],
  ])("%s", (name, pieces) => {
    const isSpaced = !["Chinese", "Japanese"].includes(name);
    expect(sentences(pieces.join(isSpaced ? " " : ""))).toEqual(pieces);
  });

  it("end at a line break", () => {
    expect(sentences("Buy milk\nand eggs\n\nNow")).toEqual(["Buy milk", "and eggs", "Now"]);
  });

  it("are none where there are no words", () => {
    expect(sentences("")).toEqual([]);
    expect(sentences(" \n ")).toEqual([]);
    expect(sentences("Hello... (!)")).toEqual(["Hello... (!)"]);
  });
});

describe("a full stop that ends no sentence", () => {
  it.each([
    "Dr. Smith and Mrs. Jones met J. R. R. Tolkien at St. Mary's.",
    "Take fruit, e.g. Apples, i.e. The red ones.",
    "The U.S. Army met at 5 p.m. Monday.",
    "No. 5 is on p. 3 of vol. 2.",
    "It is 3.5 miles at 10.30 or 10:30 with v1.2.3 of a.b.example.com/x.y?z=1.",
    "Das ist z. B. Peter, d. h. Dr. Müller usw. und Nr. 5.",
    "Am 3. Mai und am 12. Juni kommt er mit uns nach Hause.",
    "Ayer el Sr. García fue a EE. UU. y p. ej. a París.",
    "Это г. Москва, ул. Ленина, т. е. центр.",
    "M. Dupont est là.",
    "Wait... what is it?",
    '"Stop!" he said.',
    "版本3.5发布了。",
    "1. Open the app.",
  ])("%s", (text) => {
    expect(sentences(text)).toEqual([text]);
  });

  it("may end one all the same", () => {
    expect(sentences("We met at 5 p.m. The shop was closed.")).toHaveLength(2);
    expect(sentences("He said no. We left.")).toHaveLength(2);
    expect(sentences("He lives in the U.S. It is big.")).toHaveLength(2);
  });

  it("does not when the next word is not complete yet", () => {
    expect(sentences("We saw the U.S. A")).toHaveLength(1);
  });
});

describe("a long sentence", () => {
  const clause = "and there was a small house at the end of the road with 1,000 windows at 10:30";

  it("is cut at a clause", () => {
    const pieces = sentences(`${Array(5).fill(clause).join(", ")}.`);
    expect(pieces).toEqual([`${clause}, ${clause},`, `${clause}, ${clause},`, `${clause}.`]);
  });

  it("is cut earlier where a character is about a syllable", () => {
    const pieces = sentences(`${Array(8).fill("我们今天要讨论的内容非常多，包括项目进度").join("，")}。`);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(LONGEST_PIECE_CJK);
      expect(piece).toMatch(/[，。]$/u);
    }
  });

  it("is cut at an Arabic comma", () => {
    const pieces = sentences(`${Array(8).fill("وكان هناك بيت صغير في نهاية الطريق الطويل").join("، ")}.`);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) expect(piece).toMatch(/[،.]$/u);
  });

  it("is cut between words where it has no clauses, even if they are not spaced", () => {
    const thai = "สวัสดีครับวันนี้อากาศดีมากเราไปเที่ยวทะเลกันเถอะ".repeat(8);
    const words = new Set(
      [...new Intl.Segmenter("th", { granularity: "word" }).segment(thai)].map(({ segment }) => segment),
    );
    for (const piece of sentences(thai)) {
      const first = [...new Intl.Segmenter("th", { granularity: "word" }).segment(piece)][0]?.segment;
      expect(words.has(first ?? "")).toBe(true);
    }
  });

  it("is never cut inside a grapheme, and loses nothing", () => {
    const units = fc.constantFrom(
      "👨‍👩‍👧",
      "e\u0301",
      "𠮷",
      "क्ष",
      "a",
      "字",
      "한",
      ", ",
      " ",
      "。",
      ". ",
      "、",
    );
    fc.assert(
      fc.property(fc.string({ unit: units, minLength: 200, maxLength: 500 }), (text) => {
        const graphemes = new Set([...new Intl.Segmenter("en").segment(text)].map(({ segment }) => segment));
        const pieces = sentences(text);
        expect(pieces.join("").replace(/\s/gu, "")).toBe(text.replace(/\s/gu, ""));
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(LONGEST_PIECE);
          for (const { segment } of new Intl.Segmenter("en").segment(piece))
            expect(graphemes).toContain(segment);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("sentences put together again", () => {
  it.each([
    [["One.", "Two!"], "One. Two!"],
    [["好的，我听到了。", "你明天有会。", "Bye."], "好的，我听到了。你明天有会。Bye."],
    [["「はい。」", "そうです。"], "「はい。」そうです。"],
    [["", "One."], "One."],
    [[], ""],
  ])("%j", (pieces, text) => {
    expect(joinSentences(pieces)).toBe(text);
  });
});
