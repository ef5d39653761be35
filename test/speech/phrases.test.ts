import { describe, expect, it } from "vitest";
import { detectLanguage } from "../../plugin/speech/language.ts";
import { endsWithQuestion } from "../../plugin/speech/listener-noises.ts";
import { FIRST_WORDS, PHRASES, type PhraseKind } from "../../plugin/speech/phrase-tables.ts";
import {
  firstWords,
  holdingPhrase,
  phrase,
  progressFor,
  progressPhrase,
  toolKind,
} from "../../plugin/speech/phrases.ts";
import { speakable } from "../../plugin/speech/speakable.ts";

const LANGUAGES = ["en", "zh", "ja", "ko", "ru", "ar", "es", "fr", "de", "pt", "it"];
const TOOLS = [
  "web_search",
  "read",
  "exec",
  "google_calendar_list",
  "gmail_read",
  "message",
  "browser",
  "memory_get",
];

describe.each(LANGUAGES)("the phrases in %s", (language) => {
  const table = PHRASES[language];
  const fixed = Object.keys(PHRASES.en.fixed) as PhraseKind[];
  const all = [
    ...fixed.map((kind) => phrase(kind, language)),
    ...TOOLS.flatMap((tool) => progressFor(tool, language)),
    ...(table?.holding ?? []),
  ];

  it("are there, its own, and speakable as they are", () => {
    expect(table).toBeDefined();
    for (const words of all) {
      expect(words).not.toBe("");
      expect(speakable(words)).toBe(words);
    }
    expect(detectLanguage(all.join(" "), "xx")).toBe(language);
  });

  it("hold the line with a question, another one each time", () => {
    let previous: string | undefined;
    for (let count = 0; count < 4; count++) {
      const next = holdingPhrase({ language, ...(previous === undefined ? {} : { previous }) });
      expect(endsWithQuestion(next)).toBe(true);
      expect(next).not.toBe(previous);
      previous = next;
    }
  });

  it("never fill the silence with the same line twice in a row", () => {
    for (const toolName of [undefined, "unknown_thing", ...TOOLS]) {
      let previous = progressPhrase({ language, ...(toolName === undefined ? {} : { toolName }) });
      for (let count = 0; count < 10; count++) {
        const next = progressPhrase({ language, previous, ...(toolName === undefined ? {} : { toolName }) });
        expect(next).not.toBe(previous);
        previous = next;
      }
    }
  });
});

describe("phrases", () => {
  it("are English where there is no table", () => {
    expect(phrase("failed", "fi")).toBe(phrase("failed", "en"));
    expect(progressPhrase({ language: "xx" })).toBe(progressPhrase({ language: "en" }));
  });

  it("need no region of a language", () => {
    expect(phrase("failed", "zh-CN")).toBe(phrase("failed", "zh"));
    expect(phrase("failed", "DE-at")).toBe(phrase("failed", "de"));
  });

  it("name the work first that the tool does", () => {
    expect(progressPhrase({ language: "en", toolName: "web_search" })).toBe("Let me look that up.");
    expect(progressPhrase({ language: "zh", toolName: "memory_search" })).toBe("让我回想一下。");
    expect(progressPhrase({ language: "en", toolName: "web_search", previous: "Let me look that up." })).toBe(
      "One moment.",
    );
  });

  it.each([
    ["web_search", "search"],
    ["webSearch", "search"],
    ["web_fetch", "browse"],
    ["browser", "browse"],
    ["read", "files"],
    ["apply_patch", "files"],
    ["exec", "command"],
    ["code_execution", "command"],
    ["memory_search", "memory"],
    ["google_calendar_list_events", "calendar"],
    ["gmail.search", "mail"],
    ["message", "message"],
    ["tool_search", undefined],
    ["sessions_send", undefined],
    ["cron", undefined],
  ])("know what %s does", (toolName, kind) => {
    expect(toolKind(toolName)).toBe(kind);
  });
});

describe("a call's first words", () => {
  it.each(Object.keys(FIRST_WORDS))(
    "are there in %s, with and without names, speakable as they are",
    (language) => {
      for (const beginning of ["inbound", "toOwner", "toOther"] as const) {
        const bare = firstWords(beginning, {}, language);
        const named = firstWords(beginning, { agentName: "Bo", ownerName: "Ada" }, language);
        expect(bare).not.toMatch(/undefined/);
        expect(named).toContain("Bo");
        for (const words of [bare, named]) expect(speakable(words)).toBe(words);
      }
      expect(firstWords("toOther", { ownerName: "Ada" }, language)).toContain("Ada");
    },
  );

  it("are the language's whatever its region, and English where there is no table", () => {
    expect(firstWords("inbound", { agentName: "小助" }, "zh-Hans-CN")).toBe(
      "您好，我是小助，有什么可以帮您？",
    );
    expect(firstWords("inbound", {}, "fi")).toBe("Hello, what can I do for you?");
    expect(firstWords("inbound", {})).toBe("Hello, what can I do for you?");
  });
});
