import { expect, test } from "vitest";
import { briefingPrompt, unpreparedWords } from "../../plugin/briefings/words.ts";

test("the task is quoted line by line as the owner's own, in any script", () => {
  const prompt = briefingPrompt({ label: " 早间\n简报 ", task: '总结我的日历\r\n\r\n"Top" emails ' });
  expect(prompt).toContain('phone briefing "早间 简报"');
  expect(prompt).toContain('\n> 总结我的日历\n>\n> "Top" emails\n');
  expect(prompt).toMatch(/owner's own standing order/);
  expect(prompt).toMatch(/No markup/);
});

test("a briefing without a label", () => {
  expect(briefingPrompt({ task: "News" })).toMatch(/^It is time for the owner's phone briefing\. /);
  expect(unpreparedWords(undefined, "en")).toMatch(/^This is your briefing\. I could not prepare it/);
});

test("the honest sentence is spoken in the listener's language where there is one", () => {
  expect(unpreparedWords("Mail", "zh-CN")).toMatch(/^这是您的定时简报“Mail”。/);
  expect(unpreparedWords("Mail", "fr")).toMatch(/^This is your briefing, Mail\./);
});
