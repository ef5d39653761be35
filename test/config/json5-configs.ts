/** Makes JSON5 texts of gateway configs in every way people write them: for tests of what changes such files. */
import fc from "fast-check";

export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

const TEXTS = [
  "",
  "it's",
  'say "hi"',
  "a\\b",
  "😀𝒳",
  "变 数",
  "line\nbreak",
  "// no comment",
  "/* nor this */",
  "},",
  "$HOME",
];
const KEYS = [
  "port",
  "x-y",
  "null",
  "true",
  "日本",
  "𝒳",
  "a b",
  "sessions_send",
  "allow",
  "1st",
  "$include2",
  "😀",
  "it's",
];

const text = fc.constantFrom(...TEXTS);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.constantFrom<Value>(null, true, false, 0, -1.5, 18_789, 1e21),
);
const noise = fc.letrec<{ value: Value; object: Value }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 3 }),
}));
const list = fc.array(fc.constantFrom("cron", "gateway", "it's", "工具", "SESSIONS"), { maxLength: 4 });

/** An object with a member somewhere among others, or without it. */
function holding(key: string, value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc
    .record({
      others: fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), noise.value), {
        maxLength: 3,
        selector: ([name]) => name,
      }),
      value: fc.option(value, { nil: undefined, freq: 3 }),
      place: fc.nat(3),
    })
    .map(({ others, value: inner, place }) => {
      const members = others.filter(([name]) => name !== key);
      if (inner !== undefined) members.splice(place, 0, [key, inner]);
      return Object.fromEntries(members);
    });
}

/** How somebody writes: the same manner always makes the same text of a value. */
const manners = fc.record({ seed: fc.integer(), lineBreak: fc.constantFrom("\n", "\r\n", "\n", "\r") });

/** Values and a manner, as texts. */
export function writtenBySomebody(values: fc.Arbitrary<Value>): fc.Arbitrary<string> {
  return fc
    .record({ value: values, manner: manners })
    .map(({ value, manner: { seed, lineBreak } }) => new Scribe(seed, lineBreak).config(value));
}

/** Configs with everything that is in the way of an edit of `gateway.tools.allow`: any shape of it, or none. */
export const allowConfigs = writtenBySomebody(holding("gateway", holding("tools", holding("allow", list))));

/** The same of the plugin's entry. */
export const entryConfigs = writtenBySomebody(
  holding("plugins", holding("entries", holding("switchboard", holding("config", noise.object)))),
);

/** Configs that the gateway takes, in which `sessions_send` is not allowed yet. */
export const validConfigs = writtenBySomebody(
  fc.record(
    {
      gateway: fc.record(
        {
          mode: fc.constant("local"),
          port: fc.constantFrom(18_789, 18_790),
          tools: fc.record(
            { allow: fc.constantFrom<Value>([], ["cron"], ["cron", "nodes"]) },
            { requiredKeys: [] },
          ),
          auth: fc.constant({ mode: "token", token: "a'b\"c 😀 // no comment" }),
        },
        { requiredKeys: ["mode"] },
      ),
      agents: fc.constant({ defaults: { workspace: "~/日本 𝒳" } }),
      tools: fc.constant({ deny: ["sessions_spawn"] }),
      env: fc.constant({ vars: { A_B: "it's /* no comment */" } }),
    },
    { requiredKeys: ["gateway"] },
  ),
);

/** Writes values with the whims of a person, which one number decides. */
class Scribe {
  #state: number;
  readonly #lineBreak: string;
  readonly #comments: number;
  readonly #quotes: readonly string[];
  readonly #spread: number;
  readonly #trailing: number;
  readonly #unit: string;

  constructor(seed: number, lineBreak: string) {
    this.#state = seed >>> 0;
    this.#lineBreak = lineBreak;
    this.#comments = this.#one([0, 0, 0.2, 0.7]);
    this.#quotes = this.#one([['"'], ["'"], ["", '"'], ["", "'", '"']]);
    this.#spread = this.#one([0, 1, 0.5]);
    this.#trailing = this.#one([0, 1, 0.5]);
    this.#unit = this.#one(["  ", "\t", "    ", ""]);
  }

  config(value: Value): string {
    const mark = this.#chance(0.2) ? "\ufeff" : "";
    return `${mark}${this.#gap("")}${this.#value(value, "")}${this.#gap("")}${this.#one(["", this.#lineBreak])}`;
  }

  /** xorshift: the same number always makes the same text. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #one<Option>(options: readonly Option[]): Option {
    return options[Math.floor(this.#random() * options.length)] as Option;
  }

  /** What may stand between any two tokens. */
  #gap(usual: string): string {
    if (!this.#chance(this.#comments)) return usual;
    return this.#one([
      ` // ${this.#one(["why", "{ [ ' \" `", "😀, 备注 */", "sessions_send"])}${this.#lineBreak}`,
      ` /* ${this.#one(["c", `two${this.#lineBreak}lines`, "] } // ,", "𝒳"])} */ `,
      `${this.#lineBreak}${this.#lineBreak}`,
      "\u00a0\t",
    ]);
  }

  #value(value: Value, indent: string): string {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return this.#scalar(value);
    const isList = Array.isArray(value);
    const isSpread = this.#chance(this.#spread);
    const deeper = indent + this.#unit;
    const items = isList
      ? value.map((item: Value) => this.#value(item, deeper))
      : Object.entries(value).map(
          ([key, inner]) =>
            `${this.#key(key)}${this.#gap("")}:${this.#gap(" ")}${this.#value(inner, deeper)}`,
        );
    const before = isSpread ? this.#lineBreak + deeper : this.#one(["", " "]);
    const after = isSpread ? this.#lineBreak + indent : this.#one(["", " "]);
    const [open, close] = isList ? "[]" : "{}";
    if (items.length === 0) return `${open}${this.#gap(this.#one(["", after]))}${close}`;
    const end = this.#chance(this.#trailing) ? `${this.#gap("")},` : "";
    const joined = items.join(
      `${this.#gap("")},${this.#gap("")}${isSpread ? this.#lineBreak + deeper : " "}`,
    );
    return `${open}${this.#gap("")}${before}${joined}${end}${this.#gap("")}${after}${close}`;
  }

  #scalar(value: null | boolean | number): string {
    if (value === 18_789) return this.#one(["18789", "+18789", "0x4965", "18789.", "1.8789e4"]);
    if (value === -1.5) return this.#one(["-1.5", "-01.5".replace("0", ""), "-15e-1"]);
    return String(value);
  }

  #key(key: string): string {
    const quote = this.#one(this.#quotes);
    if (quote !== "" || !/^(?!\d)[\p{L}_$][\p{L}\d_$]*$/u.test(key)) return this.#quoted(key, quote || '"');
    return this.#chance(0.1) && /^[a-z]/.test(key)
      ? `\\u${key.charCodeAt(0).toString(16).padStart(4, "0")}${key.slice(1)}`
      : key;
  }

  #text(value: string): string {
    return this.#quoted(value, this.#one(this.#quotes) || "'");
  }

  #quoted(value: string, quote: string): string {
    const inside = value
      .replace(/[\\\n\r]/g, (mark) => ({ "\n": "\\n", "\r": "\\r" })[mark] ?? "\\\\")
      .replaceAll(quote, `\\${quote}`)
      .replace(/a/g, () => (this.#chance(0.05) ? "\\x61" : "a"));
    const continued = this.#chance(0.05) ? `\\${this.#lineBreak}` : "";
    return `${quote}${continued}${inside}${quote}`;
  }
}
