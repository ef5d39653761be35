import { expect, test } from "vitest";
import {
  defaultGreeting,
  resultContext,
  strangerContext,
  voiceContext,
} from "../../plugin/calls/voice-context.ts";
import { guestSession } from "../../plugin/trust/sessions.ts";

const names = { ownerName: "Ada", agentName: "Bo" };
const SILENT_ABOUT_THE_COMPUTER = /Say nothing about the computer you run on: not its name/;

test("strangers and guests are told nothing about the computer; the owner may ask", () => {
  expect(strangerContext(names, { purpose: "Book a table" })).toMatch(SILENT_ABOUT_THE_COMPUTER);
  expect(voiceContext(guestSession("main", "+15550002222"), names)).toMatch(SILENT_ABOUT_THE_COMPUTER);
  const owner = { tier: "owner", agentId: "main", sessionKey: "agent:main:main" } as const;
  expect(voiceContext(owner, names)).not.toMatch(SILENT_ABOUT_THE_COMPUTER);
});

test.each([
  [names, undefined, "Hello, this is Bo. What can I do for you?"],
  [{}, "en-GB", "Hello, what can I do for you?"],
  [{ agentName: "小助" }, "zh-CN", "您好，我是小助，有什么可以帮您？"],
  [{}, "zh", "您好，有什么可以帮您？"],
])("the greeting of %j in %s", (who, language, greeting) => {
  expect(defaultGreeting(who, language)).toBe(greeting);
});

test("the owner's turn on a call we placed knows how it began, also where the prompt was replaced", () => {
  const owner = { tier: "owner", agentId: "main", sessionKey: "agent:main:main" } as const;
  const beginning = { purpose: "The deployment", greeting: "部署完成了。" };
  for (const replacement of [undefined, "Speak like a pirate."]) {
    const context = voiceContext(owner, names, { replacement, beginning });
    expect(context).toMatch(/The deployment/);
    expect(context).toMatch(/began with you saying: 部署完成了。/);
  }
  expect(voiceContext(owner, names, { replacement: "Speak like a pirate." })).toBe("Speak like a pirate.");
});

test("a stranger's turn knows objective, context and first words", () => {
  const context = strangerContext(names, { purpose: "Book a table", context: "For two", greeting: "Hello." });
  expect(context).toMatch(/Book a table[\s\S]*For two[\s\S]*begins with you saying: Hello\./);
  expect(context).toMatch(/phone_end_call/);
});

test("who writes a call's result is told what it was for, and whose words are data", () => {
  const context = resultContext(names, { purpose: "Book a table", context: "For two" });
  expect(context).toMatch(/somebody else.*\nThe purpose of the call: Book a table\n.*For two\n.*data/s);
  expect(resultContext(names, {})).toMatch(/No purpose was given/);
});
