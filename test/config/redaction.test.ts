// Proves that no secret passes redaction, in the forms in which secrets travel, and that plain words do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameEmail, nameKey, quoteOutside, redact, withoutSecrets } from "../../plugin/config/redaction.ts";

describe("redact", () => {
  it.each([
    ["the key cc_live_abcDEF123-456_x is old", "the key [redacted] is old"],
    ["Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"],
    ['{"Authorization":"Basic dXNlcjpw"}', '{"Authorization":"Basic [redacted]"}'],
    ["authorization=abc123 next", "authorization=[redacted] next"],
    ["sent bearer eyJhbGciOi.eyJzdWIi.c2ln now", "sent bearer [redacted] now"],
    ["jwt eyJhbGciOi.eyJzdWIi.c2ln now", "jwt [redacted] now"],
    ['{"api_key": "abc def", "a": 1}', '{"api_key": [redacted], "a": 1}'],
    ['"{\\"token\\":\\"abc\\",\\"a\\":1}"', '"{\\"token\\":[redacted],\\"a\\":1}"'],
    ["ws://host/?token=abc&x=1", "ws://host/?token=[redacted]&x=1"],
    ["CLAWDTALK_API_KEY=abc", "CLAWDTALK_API_KEY=[redacted]"],
    ["CLAWDTALK_API_KEY=cc_live_abc, a=1", "CLAWDTALK_API_KEY=[redacted], a=1"],
    ["https://ada:pass@host/path", "https://[redacted]@host/path"],
    ["OpenAI sk-proj-abcdefgh1234", "OpenAI [redacted]"],
  ])("%s", (text, safe) => {
    expect(redact(text, [])).toBe(safe);
  });

  it.each([
    "12 tokens: 4 of them new",
    "a token of love",
    "密码学很有趣",
    "task-force-alphabet",
    "call v3:abc ended",
  ])("leaves %j alone", (text) => {
    expect(redact(text, [])).toBe(text);
  });

  it("removes given secrets raw, in URLs and in JSON strings, the longest first", () => {
    expect(redact('a p/"w b p%2F%22w c p/\\"w d', ['p/"w'])).toBe("a [redacted] b [redacted] c [redacted] d");
    expect(redact("x abcdef y abc z", ["abc", "abcdef", ""])).toBe("x [redacted] y [redacted] z");
  });

  it("leaves no given secret in any text", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_/+=-]{12,40}$/);
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, key, after) => {
        expect(redact(`${before}${key}${after}`, [key])).not.toContain(key);
      }),
    );
  });

  it("takes linear time on a long hostile line", () => {
    const startedAt = performance.now();
    for (const piece of ["eyJ-", "token ", "//a:", "sk-", 'token\\"', "bearer "])
      redact(piece.repeat(50_000), []);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe("withoutSecrets", () => {
  it.each([
    ["the key cc_live_abcDEF123-456_x is old", "the key [redacted] is old"],
    ["use sk_0123456789abcdef, or sk-proj-abcdefgh1234", "use [redacted], or [redacted]"],
    ["Authorization: Bearer 0123456789.abcDEF-~==", "Authorization: Bearer [redacted]"],
    ["jwt eyJhbGciOi.eyJzdWIi.c2ln now", "jwt [redacted] now"],
    ["the gateway's is hunter-2.", "the gateway's is [redacted]."],
  ])("takes keys and given secrets out of %j", (text, safe) => {
    expect(withoutSecrets(text, ["hunter-2"])).toBe(safe);
    expect(withoutSecrets(safe, ["hunter-2"])).toBe(safe);
  });

  it.each([
    "The Wi-Fi password: sunflower. Your token = 482913.",
    "密码 password=向日葵88",
    "A bearer of good news: the bearer responsibilities-of-all are 5.",
    "At http://host:80/a@b it says `secret`: none.",
  ])("leaves %j alone", (text) => {
    expect(withoutSecrets(text, ["hunter-2"])).toBe(text);
  });
});

describe("nameKey", () => {
  it.each([
    ["cc_live_0123456789abcdef9f3a", "cc_live_…9f3a"],
    ["0123456789abcdef", "…cdef"],
    ["cc_live_short", "cc_live_…"],
    ["", "…"],
  ])("%j → %s", (key, name) => {
    expect(nameKey(key)).toBe(name);
  });
});

describe("nameEmail", () => {
  it.each([
    ["agent-0123456789ab@clawcall.app", "a…@clawcall.app"],
    ["a@b@phone.example", "a…@phone.example"],
    ["@phone.example", "…@phone.example"],
  ])("%s → %s", (email, name) => {
    expect(nameEmail(email)).toBe(name);
  });
});

describe("quoteOutside", () => {
  it("stays on one line, short, without secrets", () => {
    expect(quoteOutside("bad\nkey cc_live_abcdefgh \u001b[31m", [])).toBe(
      '"bad\\nkey [redacted] \\u001b[31m"',
    );
    expect(quoteOutside("x".repeat(500), [], 10)).toBe('"xxxxxxxxxx…"');
  });
});
