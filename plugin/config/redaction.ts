/**
 * Owns what may be said of a secret: text is freed of secrets before it reaches a log, an error or a carrier,
 * and a key is named by its ends only.
 */

const REDACTED = "[redacted]";

/** What looks like a secret although nobody told us about it. Each pattern is linear in the text's length. */
const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  // Keys that carry their kind in front: cc_live_…, sk_test_…, sk-…
  [/(?<![A-Za-z0-9])[a-z]{2,4}_(?:live|test)_[\w-]+/g, REDACTED],
  [/(?<![\w-])sk-[\w-]{8,}/g, REDACTED],
  // JSON Web Tokens.
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  [
    /\b(authorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:bearer|basic|token)\s+)?)[^\s"'\\,;]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(bearer\s+)[^\s"'\\,;]+/gi, `$1${REDACTED}`],
  // `token=…`, `"api_key": "…"`, also inside escaped JSON; "tokens: 12" is left alone.
  [
    /((?:api[_-]?key|token|secret|password)\\*["']?\s*[:=]\s*)(?!\[redacted\])(?:\\*"[^"\\]*\\*"|'[^']*'|[^\s"',;&}\]]+)/gi,
    `$1${REDACTED}`,
  ],
  // https://user:password@host
  [/(\/\/)[^/\s:@]+:[^/\s@]+(?=@)/g, `$1${REDACTED}`],
];

/**
 * Returns `text` without secrets: every given secret (as it is, and as it looks inside a URL or a JSON
 * string) and everything shaped like one is replaced by `[redacted]`.
 *
 * @param secrets the secrets known to the caller; empty ones are ignored
 */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret !== "")
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  // The longest first: a secret that contains another one must not leave its rest behind.
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length);
  let safe = text;
  for (const form of longestFirst) safe = safe.replaceAll(form, REDACTED);
  for (const [shape, replacement] of SECRET_SHAPES) safe = safe.replaceAll(shape, replacement);
  return safe;
}

/** Names a key so that its owner recognises it and nobody can use it: `cc_live_…9f3a`. */
export function nameKey(key: string): string {
  const prefix = /^(?:[a-z]{2,8}_){1,2}/.exec(key)?.[0] ?? "";
  // Of a short key, four characters would be too much to tell.
  const end = key.length - prefix.length >= 12 ? key.slice(-4) : "";
  return `${prefix}…${end}`;
}

/** Quotes words from outside for one log line or sentence: redacted, control characters escaped, cut. */
export function quoteOutside(text: string, secrets: readonly string[], limit = 200): string {
  const safe = redact(text, secrets);
  return JSON.stringify(safe.length > limit ? `${safe.slice(0, limit)}…` : safe);
}
