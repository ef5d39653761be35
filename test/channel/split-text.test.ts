import fc from "fast-check";
import { expect, test } from "vitest";
import { MESSAGE_LIMIT, splitText } from "../../plugin/channel/split-text.ts";

const sentence = (length: number, end = ".") => `${"a".repeat(length - end.length)}${end}`;

test("what fits is one message, what is empty is none", () => {
  expect(splitText("")).toEqual([]);
  expect(splitText(" \n ")).toEqual([]);
  expect(splitText("  你好  ")).toEqual(["你好"]);
  expect(splitText("a".repeat(MESSAGE_LIMIT))).toHaveLength(1);
  expect(splitText("a".repeat(MESSAGE_LIMIT + 1))).toHaveLength(2);
});

test("paragraphs come before sentences, sentences before words", () => {
  const paragraph = `${sentence(50)} ${sentence(20)}`;
  expect(splitText(`${paragraph}\n\n${sentence(40)} tail`, 100)).toEqual([paragraph, `${sentence(40)} tail`]);
  expect(splitText(`${sentence(70)} ${sentence(50)}`, 100)).toEqual([sentence(70), sentence(50)]);
  expect(splitText(`${"ab ".repeat(40)}end`, 100)).toEqual([
    "ab ".repeat(33).trim(),
    `${"ab ".repeat(7)}end`,
  ]);
});

test("Chinese is cut after its full stop", () => {
  const one = `${"今天天气很好".repeat(10)}。`;
  expect(splitText(`${one}${"明天也是".repeat(15)}。`, 100)).toEqual([one, `${"明天也是".repeat(15)}。`]);
});

test("a link is not cut at its question mark", () => {
  const link = "https://example.org/find?query=something+rather+long&page=2";
  const before = "word ".repeat(11).trim();
  expect(splitText(`${before} ${link} and more`, 100)).toEqual([before, `${link} and more`]);
});

test("families, flags and accents stay whole", () => {
  for (const character of ["👨‍👩‍👧‍👦", "🇨🇳", "👋🏽", "e\u0301", "한", "นี้"]) {
    for (const message of splitText(character.repeat(60), 100)) {
      expect(message.length).toBeLessThanOrEqual(100);
      expect(message).toBe(character.repeat(message.length / character.length));
    }
  }
});

test("even one endless character ends", () => {
  const messages = splitText(`a${"\u0301".repeat(500)}`, 100);
  expect(messages.every((message) => message.length <= 100)).toBe(true);
  expect(messages.join("")).toBe(`a${"\u0301".repeat(500)}`);
});

test("nothing is lost, nothing is too long, whatever the text", () => {
  const word = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom("你好。", "Hello. ", "\n\n", "\n", " ", "👨‍👩‍👧‍👦", "مرحبا ", "https://a.example/x.Y "),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 20, max: 200 }), (words, limit) => {
      const text = words.join("");
      const messages = splitText(text, limit);
      for (const message of messages) {
        expect(message.length).toBeLessThanOrEqual(limit);
        expect(message.isWellFormed()).toBe(text.isWellFormed());
        expect(message).not.toBe("");
      }
      expect(messages.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
    }),
    { numRuns: 300 },
  );
});
