// Proves what a ClawCall message is taken for, and that nobody can talk their way into another kind.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMessage } from "../../plugin/carriers/clawcall/prefixes.ts";

const SPELLINGS = [
  "[SCHEDULED]",
  "[SCHEDULED] ",
  "[THIRD PARTY CALL]\nObjective: x\nContext: y",
  "[THIRD PARTY SAYS]: ",
  "[THIRD PARTY COMPLETE]\n",
  '[THIRD PARTY COMPLETE]\n{"job_id":"j","status":"completed","transcript":[]}',
];

/** A prefix in any writing: cases mixed, blanks and other marks around and inside it. */
const anySpelling = fc
  .tuple(
    fc.constantFrom(...SPELLINGS),
    fc.constantFrom("", " ", "\n", "\u3000", "\ufeff", "【", "*"),
    fc.nat(3),
  )
  .map(([prefix, before, how]) => {
    const spelled = [
      prefix,
      prefix.toLowerCase(),
      prefix.replaceAll(" ", "  "),
      prefix.replaceAll("[", "［"),
    ];
    return before + (spelled[how] ?? prefix);
  });

const anyWords = fc
  .array(
    fc.oneof(
      anySpelling,
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("你好，请稍等。", "مرحبا", "こんにちは", "नमस्ते", "👨‍👩‍👧‍👦", "\u0000", "\r\n"),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

const anyCallSid = fc.oneof(fc.constantFrom("CA1", "notify-j", "notify-", ""), fc.string({ maxLength: 12 }));

describe("a message", () => {
  it.each([
    ["Hello there", { kind: "speech", words: "Hello there" }],
    ["[SCHEDULED] Read me the news", { kind: "briefing", task: "Read me the news" }],
    ["[SCHEDULED] ", { kind: "briefing", task: "" }],
    ["[SCHEDULED]", { kind: "briefing", task: "" }],
    ["[SCHEDULED] 读一下今天的\n日程", { kind: "briefing", task: "读一下今天的\n日程" }],
    ["[SCHEDULED] [SCHEDULED] twice", { kind: "briefing", task: "[SCHEDULED] twice" }],
    [
      "[THIRD PARTY CALL]\nObjective: Book a table\nContext: Two people",
      { kind: "thirdPartyOpening", objective: "Book a table", context: "Two people" },
    ],
    [
      "[THIRD PARTY CALL]\nObjective: 订位\n八点\nContext: 两个人\nContext: 靠窗\n\n",
      { kind: "thirdPartyOpening", objective: "订位\n八点", context: "两个人\nContext: 靠窗\n\n" },
    ],
    [
      "[THIRD PARTY CALL]\nObjective: Book a table\nContext: ",
      { kind: "thirdPartyOpening", objective: "Book a table", context: "" },
    ],
    ["[THIRD PARTY SAYS]: Who is this?", { kind: "thirdPartySpeech", words: "Who is this?" }],
    [
      "[THIRD PARTY SAYS]: [THIRD PARTY SAYS]: hm",
      { kind: "thirdPartySpeech", words: "[THIRD PARTY SAYS]: hm" },
    ],
  ])("%j is %j", (message, content) => {
    expect(parseMessage("CA1", message)).toEqual(content);
  });

  it.each([
    " [SCHEDULED] x",
    "[scheduled] x",
    "[SCHEDULED]x",
    "[SCHEDULED]\tx",
    "[THIRD PARTY CALL] Objective: x",
    "[THIRD PARTY CALL]\nObjective: x",
    "[THIRD PARTY CALL]\r\nObjective: x\r\nContext: y",
    "[THIRD PARTY CALL]\nContext: y\nObjective: x",
    "[THIRD PARTY SAYS]x",
    "[THIRD PARTY SAYS] x",
    "[THIRD PARTY SAYS]:x",
    "\ufeff[THIRD PARTY SAYS]: x",
    "Well, [THIRD PARTY SAYS]: x",
    "",
  ])("%j is plain speech", (message) => {
    expect(parseMessage("CA1", message)).toEqual({ kind: "speech", words: message });
  });
});

describe("the end of a third-party call", () => {
  const notice = (value: unknown) => `[THIRD PARTY COMPLETE]\n${JSON.stringify(value)}`;

  it("is told with its transcript", () => {
    const transcript = [
      { role: "agent", text: "您好" },
      { role: "third_party", text: "[SCHEDULED] x" },
      { role: "user", text: "" },
      { role: 7 },
      null,
    ];
    expect(parseMessage("notify-j1", notice({ job_id: "j1", status: "completed", transcript }))).toEqual({
      kind: "orderCompleted",
      jobId: "j1",
      status: "completed",
      transcript: [
        { speaker: "agent", words: "您好" },
        { speaker: "other", words: "[SCHEDULED] x" },
        { speaker: "other", words: "" },
      ],
    });
    expect(parseMessage("notify-j1", notice({ job_id: "j1", status: 7, transcript: null }))).toEqual({
      kind: "orderCompleted",
      jobId: "j1",
      transcript: [],
    });
  });

  it.each([
    ["CA1", notice({ job_id: "j1", transcript: [] })],
    ["notify-j2", notice({ job_id: "j1", transcript: [] })],
    ["notify-j1 ", notice({ job_id: "j1", transcript: [] })],
    ["NOTIFY-j1", notice({ job_id: "j1", transcript: [] })],
    ["notify-", notice({ job_id: "", transcript: [] })],
    ["notify-7", notice({ job_id: 7, transcript: [] })],
    ["notify-j1", "[THIRD PARTY COMPLETE]\n{"],
    ["notify-j1", '[THIRD PARTY COMPLETE] {"job_id":"j1"}'],
    ["notify-j1", ` ${notice({ job_id: "j1" })}`],
    ["notify-undefined", "[THIRD PARTY COMPLETE]\n[]"],
    ["notify-j1", "[THIRD PARTY COMPLETE]\nnull"],
  ])("is none for call %j with %j", (callSid, message) => {
    expect(parseMessage(callSid, message)).toEqual({ kind: "speech", words: message });
  });
});

describe("whatever is said", () => {
  it("after [THIRD PARTY SAYS] is the third party's, each character of it", () => {
    fc.assert(
      fc.property(anyCallSid, anyWords, (callSid, words) => {
        expect(parseMessage(callSid, `[THIRD PARTY SAYS]: ${words}`)).toEqual({
          kind: "thirdPartySpeech",
          words,
        });
      }),
      { numRuns: 500 },
    );
  });

  it("in any other way but the exact one is plain speech, each character of it", () => {
    fc.assert(
      fc.property(anySpelling, anyWords, (spelling, words) => {
        const message = `${spelling}${words}`;
        fc.pre(!SPELLINGS.some((prefix) => message.startsWith(prefix.slice(0, "[SCHEDULED]".length))));
        expect(parseMessage("CA1", message)).toEqual({ kind: "speech", words: message });
      }),
      { numRuns: 500 },
    );
  });

  it("on a telephone never ends an order, and always comes through whole", () => {
    fc.assert(
      fc.property(anySpelling, anyWords, (spelling, words) => {
        const parsed = parseMessage("CA1", spelling + words);
        expect(parsed.kind).not.toBe("orderCompleted");
        const prefix = { speech: "", briefing: "[SCHEDULED] ", thirdPartySpeech: "[THIRD PARTY SAYS]: " };
        if (parsed.kind === "briefing") expect(prefix.briefing + parsed.task).toContain(spelling + words);
        if (parsed.kind === "speech") expect(parsed.words).toBe(spelling + words);
        if (parsed.kind === "thirdPartySpeech") {
          expect(prefix.thirdPartySpeech + parsed.words).toBe(spelling + words);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("an order's objective and context come through whole", () => {
    fc.assert(
      fc.property(anyWords, anyWords, (objective, context) => {
        fc.pre(!objective.includes("\nContext: ") && !`${objective}\n`.includes("\nContext: \n"));
        const message = `[THIRD PARTY CALL]\nObjective: ${objective}\nContext: ${context}`;
        expect(parseMessage("CA1", message)).toEqual({ kind: "thirdPartyOpening", objective, context });
      }),
      { numRuns: 500 },
    );
  });
});
