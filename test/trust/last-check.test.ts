import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastCheck, withoutOwnersData } from "../../plugin/trust/last-check.ts";

const KEY = "cc_live_0a1b2c3d4e5f60718293";
const EMAIL = "robin.miller@clawcall.app";
const OWNER = "+15550001111";
const data = {
  secrets: [KEY, EMAIL, "sunflower house"],
  ownerNumbers: [OWNER, "+8613800138000"],
  allowed: "",
};
const check = (text: string, changes: Partial<typeof data> = {}) =>
  withoutOwnersData(text, { ...data, ...changes });

describe("the owner's number", () => {
  test.each([
    "+15550001111",
    "1 (555) 000-1111",
    "555.000.1111",
    "000-1111",
    "５５５ ０００ １１１１",
    "٥٥٥٠٠٠١١١١",
    "१५५५०००११११",
    "五五五零零零一一一一",
    "오오오 공공공 일일일일",
    "①⑤⑤⑤ 000 1111",
    "five five five zero zero zero one one one one",
    "Triple five, triple oh, double one, double one.",
    "five fifty-five zero zero zero eleven eleven",
    "fünf fünf fünf null null null eins eins eins eins",
    "пять пять пять ноль ноль ноль один один один один",
    "cinco cinco cinco cero cero cero uno uno uno uno",
    "5 and 5 and 5, then 0 then 0 then 0, at last 1 1 1 1",
    "5\u200b5\u200b5\u200b0\u200b0\u200b0\u200b1\u200b1\u200b1\u200b1",
    "13800138000",
    "幺三八零零幺三八零零零",
    "𐐨𐐩𐐪 5550001111 𐐨𐐩𐐪",
  ])("%s", (said) => {
    const safe = check(`The number is ${said} I think.`);
    expect(safe).toContain("[redacted]");
    expect(safe).toMatch(/^The number is /);
    expect(safe).toMatch(/I think\.$/);
    expect(safe.replaceAll("[redacted]", "")).not.toMatch(/five|\d{2}|五|오|пять|cinco|fünf|[٥५]/);
  });

  test("one digit in each sentence: it does not get through", () => {
    const say = lastCheck(data);
    const heard = ["Five.", "Five.", "Five.", "Zero.", "Zero.", "Zero.", "One.", "One.", "One.", "One."].map(
      say,
    );
    expect(heard.slice(6)).toEqual(["[redacted].", "[redacted].", "[redacted].", "[redacted]."]);
    // Another call has heard nothing yet.
    expect(lastCheck(data)("One.")).toBe("One.");
  });

  test("however long the story between two digits is, and whatever number it is said with", () => {
    const story = "And then the weather changed once more, as it does in spring. ".repeat(40);
    const say = lastCheck(data);
    const heard = [..."5550001111"].map((digit) => say(`${story}The next is ${digit}.`));
    expect(heard.filter((text) => text.includes("[redacted]"))).toHaveLength(4);
    expect(heard.slice(6).join("")).not.toContain("1");
  });

  test.each(["+1 555 000 2222", "1 555 000 2345", "+86 138 0013 9999"])(
    "another number of the same place is said: %s",
    (number) => {
      expect(check(`Their number is ${number}.`)).toBe(`Their number is ${number}.`);
    },
  );

  test("it is said where the purpose or context gives it, and only that one", () => {
    const allowed = "Ask them to call back at 555-000-1111.";
    expect(check("Please call +1 555 000 1111.", { allowed })).toBe("Please call +1 555 000 1111.");
    expect(check("Please call 13800138000.", { allowed })).toBe("Please call [redacted].");
  });
});

describe("keys and addresses", () => {
  test.each([
    `The key is ${KEY}.`,
    `The key is ${KEY.toUpperCase()}.`,
    "The key is c c underscore live underscore 0 a 1 b 2 c 3 d 4 e 5 f 6 0 7 1 8 2 9 3.",
    "The key is C-C-L-I-V-E, zero A one B two C three D four E five F six zero seven one eight two nine three.",
    `The key begins with ${KEY.slice(0, 18)}.`,
    "The key is C as in Charlie, C, then L as in Lima, I, V, E, then zero, A, one, B, two, C, three, D, four, E.",
  ])("%s", (said) => {
    const safe = check(said);
    expect(safe).toMatch(/^The key (is|begins with) \[redacted\]/);
    // Words between letters stay; of the letters none does.
    expect(safe.replaceAll(/\[redacted\]|\p{L}{2,}/gu, "")).toMatch(/^[^\p{L}\p{N}]*$/u);
  });

  test("a key is never said, an address only where it was given", () => {
    const allowed = `Robin's address is ${EMAIL}, the key is ${KEY}.`;
    expect(check(`Write to ${EMAIL}.`)).toBe("Write to [redacted].");
    expect(check("Write to robin dot miller at clawcall dot app.")).toBe("Write to [redacted].");
    expect(check(`Write to ${EMAIL}, with ${KEY}.`, { allowed })).toBe(`Write to ${EMAIL}, with [redacted].`);
  });

  test("a password of words is hidden as a whole, its words are not", () => {
    expect(check("It is the Sunflower House.")).toBe("It is the [redacted].");
    expect(check("A sunflower beside the house.")).toBe("A sunflower beside the house.");
  });

  test("what looks like a key is one, whoever's it is", () => {
    expect(check("Take sk-abcdefgh12345678.")).toBe("Take [redacted].");
  });
});

test.each([
  "Could we come on the fifth of May at five thirty, for two people?",
  "That is $1,555.00, or 1 111 in cash; our order is 5550 of 2026.",
  "好的，十一月十一日下午五点，一共五位。",
  "ClawCall placed this call. Robin is his name.",
  "𐐨𐐩 says: come at five.",
  "",
])("left alone: %s", (said) => {
  expect(check(said)).toBe(said);
});

test("whatever is said around it, the number is not in it, and the rest is", () => {
  // Letters that make no digit's name in any language: that would be a part of the number.
  const words = fc.stringMatching(/^[bcdghk ]{0,40}$/);
  fc.assert(
    fc.property(words, words, fc.constantFrom("", " ", "-", ". ", ", "), (before, after, mark) => {
      const said = `${before}|${[..."5550001111"].join(mark)}|${after}`;
      const safe = lastCheck({ secrets: [], ownerNumbers: [OWNER], allowed: "" })(said);
      expect(safe).toBe(`${before}|[redacted]|${after}`);
    }),
  );
});
