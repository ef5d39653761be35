// Proves that a JSON5 text is changed by exactly what was asked, in the manner of its surroundings, and that everything
// else stays byte for byte.
import fc from "fast-check";
import JSON5 from "json5";
import { describe, expect, test } from "vitest";
import {
  type ConfigEdit,
  type EditedText,
  editedValue,
  editJson5,
  type JsonValue,
  NotEditable,
  takeBack,
} from "../../plugin/config/json5-edit.ts";
import { allowConfigs, entryConfigs, writtenBySomebody } from "./json5-configs.ts";

const ALLOW = {
  change: "unite",
  path: ["gateway", "tools", "allow"],
  items: ["sessions_send"],
} as const satisfies ConfigEdit;

/** Above the 2,000 that were asked for, and below what a test may take. */
const RUNS = 2_500;

function patched(text: string): string {
  return editJson5(text, [ALLOW]).text;
}

/** The text before, made of the text after by undoing the changes of one step: what they do not name did not change. */
function undone(after: EditedText): string {
  return after.changes.reduce((text, { offset, added, removed }) => {
    expect(text.slice(offset, offset + added.length)).toBe(added);
    return text.slice(0, offset) + removed + text.slice(offset + added.length);
  }, after.text);
}

describe("what is written looks like what is there", () => {
  test.each<[string, string, string]>([
    [
      "plain JSON",
      '{\n  "a": 1\n}\n',
      '{\n  "a": 1,\n  "gateway": {\n    "tools": {\n      "allow": ["sessions_send"]\n    }\n  }\n}\n',
    ],
    [
      "minified",
      '{"gateway":{"tools":{"deny":[]}}}',
      '{"gateway":{"tools":{"deny":[],"allow":["sessions_send"]}}}',
    ],
    [
      "minified, with nothing of it",
      '{"a":[1]}',
      '{"a":[1],"gateway":{"tools":{"allow":["sessions_send"]}}}',
    ],
    ["nothing", "{}", '{\n  "gateway": {\n    "tools": {\n      "allow": ["sessions_send"]\n    }\n  }\n}'],
    [
      "single quotes and a trailing comma",
      "{gateway: {tools: {allow: ['a',]}}}",
      "{gateway: {tools: {allow: ['a', 'sessions_send',]}}}",
    ],
    [
      "keys without quotes",
      "{\n\tgateway: {\n\t\ttools: { // x\n\t\t},\n\t},\n}",
      '{\n\tgateway: {\n\t\ttools: { // x\n\t\t\tallow: ["sessions_send"],\n\t\t},\n\t},\n}',
    ],
    [
      "quoted keys keep their quote",
      "{'gateway': {'tools': {'deny': []}}}",
      "{'gateway': {'tools': {'deny': [], 'allow': ['sessions_send']}}}",
    ],
    [
      "a list over several lines",
      '{gateway: {tools: {allow: [\n  "a",\n  "b"\n]}}}',
      '{gateway: {tools: {allow: [\n  "a",\n  "b",\n  "sessions_send"\n]}}}',
    ],
    [
      "CRLF",
      '{\r\n  gateway: {\r\n    tools: {allow: [\r\n      "a" // why\r\n    ]}\r\n  }\r\n}\r\n',
      '{\r\n  gateway: {\r\n    tools: {allow: [\r\n      "a", // why\r\n      "sessions_send"\r\n    ]}\r\n  }\r\n}\r\n',
    ],
    [
      "a mark at the beginning",
      '\ufeff{"gateway":{"tools":{"allow":["😀"]}}}',
      '\ufeff{"gateway":{"tools":{"allow":["😀","sessions_send"]}}}',
    ],
    [
      "a comment where the comma goes",
      "{gateway: {tools: {allow: ['a' /* x, ] */ // y\n]}}}",
      "{gateway: {tools: {allow: ['a', /* x, ] */ // y\n  'sessions_send'\n]}}}",
    ],
    [
      "a comment in an empty list",
      "{gateway: {tools: {allow: [ // none yet\n]}}}",
      '{gateway: {tools: {allow: [ // none yet\n  "sessions_send"\n]}}}',
    ],
    [
      "a key written in another way",
      '{"g\\u0061teway": {t\\u006fols: {allow: []}}}',
      '{"g\\u0061teway": {t\\u006fols: {allow: ["sessions_send"]}}}',
    ],
    [
      "a key that stands there twice: the later one counts",
      "{gateway: {tools: 1}, gateway: {tools: {allow: []}}}",
      '{gateway: {tools: 1}, gateway: {tools: {allow: ["sessions_send"]}}}',
    ],
    [
      "keys and numbers that only JSON5 has",
      "{null: +.5, 𝒳: -Infinity, // \u2028 gateway: {tools: {allow: [0xF]}}}",
      '{null: +.5, 𝒳: -Infinity, // \u2028 gateway: {tools: {allow: [0xF, "sessions_send"]}}}',
    ],
  ])("%s", (_, before, after) => {
    expect(patched(before)).toBe(after);
    expect(patched(after)).toBe(after);
    expect(takeBack(after, ALLOW).text).toBe(before);
  });

  test("what others wrote into the objects that were made stays when it is taken back", () => {
    const later = patched("{\n}").replace('["sessions_send"]', '["sessions_send"] // mine');
    expect(takeBack(later, ALLOW).text).toBe(later.replace('["sessions_send"]', "[]"));
  });

  test.each([
    ["{gateway: {tools: {allow: ['sessions_send', 'a']}}}", "{gateway: {tools: {allow: ['a']}}}"],
    ["{gateway: {tools: {allow: ['a', 'sessions_send', 'b']}}}", "{gateway: {tools: {allow: ['a', 'b']}}}"],
    [
      "{gateway: {tools: {allow: ['sessions_send', 'a', 'sessions_send']}}}",
      "{gateway: {tools: {allow: ['a']}}}",
    ],
    [
      "{gateway: {tools: {allow: [\n 'sessions_send', // c\n 'a'\n]}}}",
      "{gateway: {tools: {allow: [ // c\n 'a'\n]}}}",
    ],
    [
      "{gateway: {tools: {allow: [ // c\n 'sessions_send', 'a']}}}",
      "{gateway: {tools: {allow: [ // c\n 'a']}}}",
    ],
    [
      "{gateway: {tools: {allow: ['a', 'sessions_send' /* c */,]}}}",
      "{gateway: {tools: {allow: ['a', /* c */]}}}",
    ],
    ["{gateway: {tools: {allow: ['a']}}}", "{gateway: {tools: {allow: ['a']}}}"],
    ["{}", "{}"],
  ])("taken out of %j", (before, after) => {
    expect(editJson5(before, [{ ...ALLOW, change: "take" }]).text.replace(/,\s+\/\*/, ", /*")).toBe(after);
  });
});

describe("an object is taken out of a list by its id", () => {
  const edit: ConfigEdit = { change: "takeEntry", path: ["agents", "list"], id: "voice" };
  test.each([
    [
      "{agents: {list: [\n  {id: 'main'}, // mine\n  {id: 'voice', name: 'Bo Voice'},\n]}}",
      "{agents: {list: [\n  {id: 'main'}, // mine\n]}}",
    ],
    ["{agents: {list: [{id: 'voice'}, {id: 'main'}]}}", "{agents: {list: [{id: 'main'}]}}"],
    ["{agents: {list: [{id: 'voice'}, {id: 'a'}, {id: 'voice'}]}}", "{agents: {list: [{id: 'a'}]}}"],
    [
      "{agents: {list: [{'id': 'main', id: 'voice'}, 'voice', null, 7]}}",
      "{agents: {list: ['voice', null, 7]}}",
    ],
    ["{agents: {list: [{id: 'main', name: 'voice'}]}}", "{agents: {list: [{id: 'main', name: 'voice'}]}}"],
    ["{agents: {}}", "{agents: {}}"],
    ["{}", "{}"],
  ])("%j", (before, after) => {
    expect(editJson5(before, [edit]).text).toBe(after);
  });
});

describe("what is refused", () => {
  test.each<[string, string]>([
    ["{gateway: {tools: {allow: 'sessions_send'}}}", 'has a "gateway.tools.allow" that is not a list: [ … ]'],
    ["{gateway: {tools: {allow: {}}}}", 'has a "gateway.tools.allow" that is not a list: [ … ]'],
    ["{gateway: {tools: null}}", 'has a "gateway.tools" that is not an object: { … }'],
    ["[]", "must hold an object: { … }"],
    ["{a: 'secret\n'}", "is not valid JSON5: look at line 2, column 0"],
    ["{a: 1", "is not valid JSON5: look at line 1, column 6"],
    ["{a: `1`}", "is not valid JSON5: look at line 1, column 5"],
    ["{a: 1} // c \u2028 x", "is not valid JSON5: look at line 1, column 15"],
    ["", "is not valid JSON5: look at line 1, column 1"],
    ["{__proto__: 1, __proto__: 2}", "has something at line 1, column 16 that cannot be changed safely"],
  ])("%j", (text, message) => {
    expect(() => patched(text)).toThrow(new NotEditable(message));
  });
});

test(`${RUNS} configs: the tool is allowed afterwards, nothing else has changed, and it can be taken back`, () => {
  let exactlyAsBefore = 0;
  fc.assert(
    fc.property(allowConfigs, (text) => {
      const before = JSON5.parse(text);
      const after = editJson5(text, [ALLOW]);
      expect(undone(after)).toBe(text);
      expect(after.changes.every(({ removed }) => removed === "")).toBe(true);
      expect(JSON5.parse(after.text)).toEqual(withAllowed(before));
      expect(patched(after.text)).toBe(after.text);

      const back = takeBack(after.text, ALLOW);
      expect(withAllowed(JSON5.parse(back.text))).toEqual(withAllowed(before));
      expect(patched(back.text)).toBe(after.text);
      if (back.text === text) exactlyAsBefore++;
    }),
    { numRuns: RUNS, seed: 7 },
  );
  // The others had empty objects, which are as good as none.
  expect(exactlyAsBefore).toBeGreaterThan(RUNS * 0.9);
}, 60_000);

test("the plugin's entry: set, changed, taken back", () => {
  const enabled = {
    change: "set",
    path: ["plugins", "entries", "switchboard", "enabled"],
    value: true,
  } as const;
  const hooks = {
    change: "set",
    path: ["plugins", "entries", "switchboard", "hooks", "allowConversationAccess"],
    value: true,
  } as const;
  fc.assert(
    fc.property(
      entryConfigs,
      fc.constantFrom<JsonValue>('it\'s "so" \\ 😀\u2028\n', 5, null, { a: ["b", { c: false }] }),
      (text, value) => {
        const setting = {
          change: "set",
          path: ["plugins", "entries", "switchboard", "config", "greeting"],
          value,
        } as const;
        const edits = [enabled, hooks, setting];
        const after = editJson5(text, edits);
        const entry = JSON5.parse(after.text).plugins.entries.switchboard;
        expect(entry).toMatchObject({ enabled: true, hooks: { allowConversationAccess: true } });
        expect(entry.config.greeting).toEqual(value);
        expect(editJson5(after.text, edits)).toEqual({ text: after.text, changes: [] });
        const other = editJson5(after.text, [{ ...setting, value: "other" }]);
        expect(JSON5.parse(other.text).plugins.entries.switchboard.config.greeting).toBe("other");
        expect(editJson5(other.text, [setting]).text.length).toBeGreaterThan(0);
        const back = edits.reduceRight((now, edit) => takeBack(now, edit).text, after.text);
        expect(editJson5(back, edits).text).toBe(after.text);
        expect(editedValue(JSON5.parse(back), enabled)).toEqual(editedValue(JSON5.parse(text), enabled));
      },
    ),
    { numRuns: 150, seed: 7 },
  );
}, 60_000);

test("any text is parsed as the gateway's parser does, or refused", () => {
  const values = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }).map((text) => text.replace(/[\u2028\u2029]/g, "")),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string({ unit: "grapheme" }), tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(
      writtenBySomebody(fc.dictionary(fc.constantFrom("a", "b"), values, { maxKeys: 2 })),
      (text) => {
        expect(JSON5.parse(patched(text))).toEqual(withAllowed(JSON5.parse(text)));
      },
    ),
    { numRuns: 100, seed: 7 },
  );
});

/** What a config means once the tool is allowed, worked out without the editor. */
function withAllowed(config: { gateway?: { tools?: { allow?: string[] } } }): unknown {
  const { gateway = {} } = config;
  const { tools = {} } = gateway;
  const allow = [...(tools.allow ?? []).filter((name) => name !== "sessions_send"), "sessions_send"];
  return { ...config, gateway: { ...gateway, tools: { ...tools, allow } } };
}
