/** What the agent's markdown looks like as a text message. */
import { expect, it } from "vitest";
import { plainText } from "../../plugin/channel/plain-text.ts";

it.each([
  ["**Hello** _you_, ~~not~~ `code`.", "Hello you, not code."],
  [
    "See [the page](https://a.b/c?x=1&y=2) or https://x.y/z.",
    "See the page (https://a.b/c?x=1&y=2) or https://x.y/z.",
  ],
  [
    "# Today\n\nTwo things:\n\n1. one\n2. **two**\n   - and more",
    "Today\n\nTwo things:\n\n1. one\n2. two\n  - and more",
  ],
  ["- [ ] milk\n- [x] eggs", "- [ ] milk\n- [x] eggs"],
  ["明天**十点**开会。\n- 带上合同", "明天十点开会。\n- 带上合同"],
  ["مرحبا **بك** في البيت", "مرحبا بك في البيت"],
  ["| a | b |\n|---|---|\n| 1 | 2 |", "a, b\n1, 2"],
  ['2 < 3 & 4 > 1, "quoted" snake_case_name', '2 < 3 & 4 > 1, "quoted" snake_case_name'],
  ["> said\n\n```sh\nls -l\n```", "said\n\nls -l"],
  ["Done.\nNO_REPLY", "Done."],
  ["NO_REPLY", ""],
  ["One line\nand another", "One line\nand another"],
])("%j", (markdown, text) => {
  expect(plainText(markdown)).toBe(text);
});

it("keeps a password the owner asked for, and no secret of ours", () => {
  expect(plainText("The **Wi-Fi** password: sunflower. Your token = 482913.", ["hunter-2"])).toBe(
    "The Wi-Fi password: sunflower. Your token = 482913.",
  );
  expect(plainText("`hunter-2` and *cc_live_abcdefgh*", ["hunter-2"])).toBe("[redacted] and [redacted]");
});
