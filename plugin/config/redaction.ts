/**
 * Owns what may be said of a secret: text is freed of secrets before it reaches a log, an error or a carrier,
 * and a key is named by its ends only.
 */
import { asData } from "../trust/quotation.ts";

export const REDACTED = "[redacted]";

/** Where secrets stand in the settings. */
export interface SecretSettings {
  readonly lines: readonly {
    readonly name: string;
    readonly apiKey?: string | undefined;
    readonly email?: string | undefined;
  }[];
  readonly gatewayToken?: string | undefined;
}

/** Everything configured that must never be spoken, sent or logged. An account's email gets a new key of it. */
export function secretsOf({ lines, gatewayToken }: SecretSettings): string[] {
  const ofLines = lines.flatMap(({ apiKey, email }) => [apiKey, email]);
  return [...ofLines, gatewayToken].filter((secret) => secret !== undefined);
}

type Shapes = readonly (readonly [RegExp, string])[];

/**
 * What is a key by its own look, whoever wrote it. Each pattern here and below is linear in the text's length.
 */
const KEY_SHAPES: Shapes = [
  // Keys that carry their kind in front: cc_live_…, sk_test_…, sk-…
  [/(?<![A-Za-z0-9])[a-z]{2,4}_(?:live|test)_[\w-]+/g, REDACTED],
  [/(?<![\w-])sk[-_][\w-]{8,}/g, REDACTED],
  // JSON Web Tokens.
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  // "the bearer of good news" is none: a key is long and has a digit.
  [/\b(bearer\s+)(?=[A-Za-z_.~+/-]{0,200}\d)[\w.~+/-]{16,}=*/gi, `$1${REDACTED}`],
];

/** What is named a secret. In a log nothing is lost by it; a person may be writing of their Wi-Fi. */
const NAMED_SHAPES: Shapes = [
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
 * For logs and errors: returns `text` without what {@link withoutSecrets} replaces, and without everything that
 * is named a secret or stands where one does: `token=…`, `Authorization: …`, `https://user:password@…`.
 *
 * @param secrets the secrets known to the caller; empty ones are ignored
 */
export function redact(text: string, secrets: readonly string[]): string {
  return withoutShapes(withoutSecrets(text, secrets), NAMED_SHAPES);
}

/**
 * For words to people: returns `text` with every given secret (as it is, and as it looks inside a URL or a JSON
 * string) and every key (`cc_live_…`, `sk-…`, a JSON Web Token, `Bearer …`) replaced by `[redacted]`. The rest
 * stays, also "password: sunflower". No markup is read.
 *
 * @param secrets the secrets known to the caller; empty ones are ignored
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret !== "")
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  // The longest first: a secret that contains another one must not leave its rest behind.
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length);
  let safe = text;
  for (const form of longestFirst) safe = safe.replaceAll(form, REDACTED);
  return withoutShapes(safe, KEY_SHAPES);
}

function withoutShapes(text: string, shapes: Shapes): string {
  let safe = text;
  for (const [shape, replacement] of shapes) safe = safe.replaceAll(shape, replacement);
  return safe;
}

/** Names a key so that its owner recognises it and nobody can use it: `cc_live_…9f3a`. */
export function nameKey(key: string): string {
  const prefix = /^(?:[a-z]{2,8}_){1,2}/.exec(key)?.[0] ?? "";
  // Of a short key, four characters would be too much to tell.
  const end = key.length - prefix.length >= 12 ? key.slice(-4) : "";
  return `${prefix}…${end}`;
}

/**
 * Names an account's email address where knowing the whole of it is enough to take the account over (ClawCall gives a
 * new key to whoever names it): `a…@clawcall.app`.
 */
export function nameEmail(email: string): string {
  const at = email.lastIndexOf("@");
  return `${email.slice(0, Math.min(1, at))}…${email.slice(at)}`;
}

/** Quotes words from outside for one log line or sentence: redacted, control characters escaped, cut. */
export function quoteOutside(text: string, secrets: readonly string[], limit = 200): string {
  const safe = redact(text, secrets);
  return asData(safe.length > limit ? `${safe.slice(0, limit)}…` : safe);
}
