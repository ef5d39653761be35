// Owns the markdown that the speech tests are run over: pieces of real answers, glued together at random.
import fc from "fast-check";

/** What models write, by kind; every one of them also as the start or end of something else. */
const SNIPPETS = [
  // Sentences
  "Hello there. How are you?",
  "Dr. Smith has 3.5 apples, e.g. red ones.",
  "The U.S. is big. It costs $5.",
  "No. 5 ... (see p. 3)",
  "Wait... what?! Yes.",
  "2026. What a year",
  "你好。今天天气很好！你要去吗？",
  "“好的。”他说。",
  "こんにちは。元気ですか？うん",
  "안녕하세요. 오늘은 좋아요.",
  "مرحبا. كيف حالك؟ أنا بخير",
  "Привет. Как дела?",
  "नमस्ते। आप कैसे हैं?",
  "สวัสดีครับ วันนี้อากาศดี",
  "Τι κάνεις; Καλά.",
  "x",
  "3.",
  "end.",
  // Inside a line
  "**bold** and *it* and __init__ snake_case",
  "**Unclosed bold. And",
  "a * b. 2*3*4",
  "~~gone~~ ~5 min",
  "`code` and `foo()` and `rm -rf /`",
  "`unclosed code. Then",
  "[link](https://x.example/z_a)",
  "[link. With stop](https://x.example)",
  "[open. Bracket",
  "[1] and [2].",
  "[text][ref]",
  "![alt. text](a.png)",
  "https://www.example.com/path?x=1. Next",
  "见https://a.example/路。然后",
  "<b>bold</b>",
  "<br>",
  "a < b. And c > d",
  "<!-- comment. More -->",
  "<think>secret. thing</think>",
  "AT&amp;T &copy; 5",
  "R&D. Now",
  "😀",
  "👨‍👩‍👧 family.",
  "1️⃣ first",
  "🇩🇪 ok.",
  "©️ 2024.",
  '{"a": 1, "b": ["x. Y"]}',
  "{name} is. Here",
  '["a", "b. C"]',
  "A | B",
  // For the gateway
  "NO_REPLY",
  "HEARTBEAT_OK",
  "MEDIA:/tmp/x.png",
  "[[reply_to_current]]",
  "[[reply_to:abc]] Hi.",
  // Blocks
  "\n# Heading\n",
  "\n## 标题。二\n",
  "\n- one\n- two. Three\n",
  "\n* star. Item\n",
  "\n1. first\n2. second. More\n",
  "\n   - nested\n",
  "\n- [ ] task. One\n- [x] done\n",
  "\n> quote. Here\n",
  "\n---\n",
  "\n===\n",
  "\n```js\nlet a = 1; // x. Y\n\nb\n```\n",
  "\n```\nopen fence. Text\n",
  "\n~~~\ncode. X\n~~~\n",
  "\n    indented code. X\n",
  "\n| Name | Age |\n|---|---|\n| Anna. B | 30 |\n| Ben | 25 |\n",
  "\na | b. C\n--|--\n1 | 2\n",
  "[ref]: https://ref.example/x",
  "<div>block. Text</div>",
  "\n\n",
  "\n",
];

const GLUE = fc.constantFrom("", " ", " ", "\n", "\n\n");

/** Text of realistic pieces, and here and there anything at all. */
export const markdown = glued(
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...SNIPPETS) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  ),
);

/** Text of realistic pieces among heaps of the marks that markdown gives a meaning. */
export const markSoup = glued(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...SNIPPETS) },
    {
      weight: 1,
      arbitrary: fc.string({
        unit: fc.constantFrom(...'[]()`*_~<>{}|#-+1. \n"\\&!:ab。，字=;?'),
        maxLength: 12,
      }),
    },
  ),
);

/** How many characters come at a time, again and again. */
export const chunkLengths = fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 40 });

/** The beginnings of a text as it arrives in these chunks, the last of which is the whole. */
export function* growing(text: string, lengths: readonly number[]): Generator<string> {
  let end = 0;
  for (let turn = 0; end < text.length; turn++) {
    end = Math.min(text.length, end + (lengths[turn % lengths.length] ?? 1));
    yield text.slice(0, end);
  }
}

function glued(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(fc.tuple(piece, GLUE), { maxLength: 9 }).map((pieces) => pieces.flat().join(""));
}
