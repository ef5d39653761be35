import { expect, test } from "vitest";
import { defaultGreeting, strangerContext, voiceContext } from "../../plugin/calls/voice-context.ts";
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
