import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { speakable } from "../../plugin/speech/speakable.ts";
import { markSoup } from "./spoken-markdown.ts";

describe("every script is kept", () => {
  it.each([
    ["Chinese", "今天天气很好，我们去公园吧！价格是３元。"],
    ["Chinese, traditional", "請問您找哪一位？我幫您轉接。"],
    ["Japanese", "こんにちは。東京タワーへ行きましょう！"],
    ["Korean", "안녕하세요? 내일 만나요."],
    ["Arabic", "مرحبًا، كيف حالك؟ السعر ٣ دنانير."],
    ["Persian, with its joiner", "می‌خواهم بروم."],
    ["Hebrew", "שלום, מה שלומך?"],
    ["Russian", "Привет! Как дела? Всё хорошо."],
    ["Hindi", "नमस्ते, आप कैसे हैं? क्षमा करें।"],
    ["Sinhala, with its joiner", "ශ්‍රී ලංකාව"],
    ["Thai", "สวัสดีครับ วันนี้อากาศดีมาก"],
    ["Greek", "Τι κάνεις; Καλά."],
    ["mixed", "我用 OpenClaw 给 Анна 打电话, حسنًا."],
  ])("%s", (_name, text) => {
    expect(speakable(text)).toBe(text);
  });

  it("in any mixture, every letter of it", () => {
    const letters = fc.constantFrom(..."aßéøñ中文字鬱あア한글яжغپשखกΩბաᐃ𠮷ሀ ");
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 60 }), (text) => {
        expect(speakable(text)).toBe(text.replace(/ +/gu, " ").trim());
      }),
    );
  });
});

describe("markdown", () => {
  it.each([
    [
      "emphasis",
      "This is **very** *nice* and __so__ _on_, ~~not~~ ***so***.",
      "This is very nice and so on, not so.",
    ],
    ["emphasis in Chinese", "这是**重点**，请*注意*。", "这是重点，请注意。"],
    [
      "an emphasis mark that is none",
      "5 * 3 is 15, 2*3 is 6, snake_case stays",
      "5 * 3 is 15, 2*3 is 6, snake_case stays",
    ],
    ["headings", "# Weather\n\nIt rains.\n\nTomorrow\n===\nSun.", "Weather. It rains. Tomorrow. Sun."],
    ["a list", "Buy:\n\n- milk\n- two eggs!\n- bread", "Buy: milk. two eggs! bread."],
    ["a list in Chinese", "请买：\n- 牛奶\n- 鸡蛋！", "请买： 牛奶。 鸡蛋！"],
    ["a list in Hindi", "- दूध\n- रोटी", "दूध। रोटी।"],
    ["a list in Arabic", "- حليب\n- خبز؟", "حليب. خبز؟"],
    ["a numbered list", "1. Open it\n2. Close it", "1. Open it. 2. Close it."],
    ["a nested list", "- fruit\n  - apples\n  - pears\n- bread", "fruit. apples. pears. bread."],
    ["tasks", "- [ ] call Anna\n- [x] pay", "call Anna. pay."],
    ["a year that looks like a list", "2026. What a year!", "2026. What a year!"],
    ["a table", "| Name | Age |\n|:--|--:|\n| **Anna** | 30 |\n| Ben | |", "Name, Age. Anna, 30. Ben."],
    ["quotes and rules", "> To be\n> or not.\n\n---\n\nHe said.", "To be or not. He said."],
    ["a bold line as a heading", "**Plan**\n\nWe go.", "Plan. We go."],
    ["line breaks", "one  \ntwo\r\nthree\\\nfour", "one two three four"],
    ["entities", "Tom &amp; Jerry &#20320; &lt;3&nbsp;x", "Tom & Jerry 你 <3 x"],
    [
      "HTML",
      'A <b>bo</b>ld <span class="x">word</span><br/>and <div>a block</div>',
      "A bold word and a block",
    ],
  ])("%s", (_name, text, spoken) => {
    expect(speakable(text)).toBe(spoken);
  });
});

describe("links", () => {
  it.each([
    ["their text", "See [the **docs**](https://a.example/x_y_z).", "See the docs."],
    ["a reference", "See [the docs][1].\n\n[1]: https://a.example/x", "See the docs."],
    ["a bare address as its host", "See https://www.example.com/a/b?c=d#e.", "See example.com."],
    ["an address in angle brackets", "See <https://example.com:8080/a>, ok", "See example.com, ok"],
    ["an address as its own text", "[https://example.com/x](https://example.com/x)", "example.com"],
    [
      "an address inside Chinese, which no space ends",
      "详见https://example.com/a，然后回来。",
      "详见example.com，然后回来。",
    ],
    ["an image as what it shows", "![a cat](cat.png)", "a cat"],
    ["an e-mail address as it is", "Write to anna_b@example.com.", "Write to anna_b@example.com."],
  ])("%s", (_name, text, spoken) => {
    expect(speakable(text)).toBe(spoken);
  });
});

describe("what is not for the listener", () => {
  it.each([
    ["a code block", "Run this:\n\n```sh\nrm -rf /\n```\n\nThen wait.", "Run this: Then wait."],
    ["a code block that was cut off", "Run this:\n```\nls", "Run this:"],
    ["an indented code block", "Run this:\n\n    ls -la\n\nThen wait.", "Run this: Then wait."],
    ["an answer that begins like one, since silence is worse", "    It rains.", "It rains."],
    ["inline code", "Use `foo(bar)` or `config.json` or `a && b`.", "Use or config.json or."],
    ["a JSON answer", '{"ok": true, "items": [{"a": "x. y"}]}', ""],
    ["a JSON answer that was cut off", '{"ok": true, "items": [{"a": "x. y"', ""],
    ["JSON in a sentence", 'It said {"ok": true} and ["a", "b"] again.', "It said and again."],
    ["reasoning", "<think>He wants\n\ntea.</think>Tea is ready.", "Tea is ready."],
    ["a comment", "Hi <!-- not\nthis --> there.", "Hi there."],
    ["a delivery tag", "[[reply_to_current]] Fine. [[audio_as_voice]]", "Fine."],
    ["reasoning behind a backslash", "Hi \\<think>secret</think> there.", "Hi there."],
    ["a media line", "Here it is.\nMEDIA:/tmp/a.png", "Here it is."],
    ["silence", "NO_REPLY", ""],
    ["silence in bold", "**HEARTBEAT_OK**", ""],
    ["a stray silent word", "HEARTBEAT_OK\n\nAll is well. NO_REPLY", "All is well."],
    ["a footnote's mark", "It grew[^1].\n\n[^1]: By half.", "It grew. By half."],
  ])("%s", (_name, text, spoken) => {
    expect(speakable(text)).toBe(spoken);
  });

  it("braces and brackets of plain words stay words", () => {
    expect(speakable("Dear {name}, see [note] 1 and cells[0][1].")).toBe(
      "Dear {name}, see [note] 1 and cells[0][1].",
    );
  });
});

describe("emoji", () => {
  it.each([
    ["are dropped", "Great 👍🏽! Bye 👨‍👩‍👧‍👦🇩🇪❤️", "Great ! Bye"],
    ["leave words apart", "yes👍no", "yes no"],
    ["leave digits", "1️⃣ Open. 2️⃣ Close. 5⭐", "1 Open. 2 Close. 5"],
    ["are not the signs that are read", "©️ 2024 Acme™ ㊗", "© 2024 Acme™ ㊗"],
  ])("%s", (_name, text, spoken) => {
    expect(speakable(text)).toBe(spoken);
  });
});

describe("any text at all", () => {
  it("is spoken on one line, without code marks and emoji", () => {
    fc.assert(
      fc.property(markSoup, (text) => {
        const spoken = speakable(text);
        expect(spoken).not.toMatch(/[\n\r`😀👨🇩]|^\s|\s$| {2}|\[\[reply_to_current\]\]|<think>/u);
      }),
      { numRuns: 500 },
    );
  });

  it("is read in bounded time and memory, however deep or odd", () => {
    const startedAt = performance.now();
    for (const odd of [
      "> ",
      "- ",
      "[",
      "](",
      "*a",
      "_a",
      "`",
      "<a ",
      '{"a":',
      "&a",
      "| a ",
      "😀",
      "---   ",
    ]) {
      speakable(odd.repeat(5_000));
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
