import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadPlan } from "../../plugin/missions/mission-errors.ts";
import { type MissionPlan, type PlanSource, readPlan } from "../../plugin/missions/plan.ts";

const PLANS = path.join(import.meta.dirname, "plans");

type Source = Partial<PlanSource> & { readonly files?: Readonly<Record<string, string | Uint8Array>> };

async function read(text: string, { files = {}, ...given }: Source = {}): Promise<MissionPlan> {
  return await readPlan(text, {
    folder: "/plans",
    file: "plan.yaml",
    region: "US",
    readFile: async (name) => {
      const found = files[path.basename(name)];
      if (found === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return typeof found === "string" ? new TextEncoder().encode(found) : found;
    },
    ...given,
  });
}

/** What is wrong with it, line by line. */
async function problems(text: string, given?: Source): Promise<string[]> {
  try {
    await read(text, given);
  } catch (error) {
    if (error instanceof BadPlan) return error.message.split("\n");
    throw error;
  }
  return [];
}

const START = "name: Test\nclass: sweep\ninstructions: Ask.\n";
const ONE = "targets: [2125550101]\n";

describe("a plan", () => {
  test("with nothing but what is needed", async () => {
    expect(await read(START + ONE)).toEqual({
      name: "Test",
      class: "sweep",
      instructions: "Ask.",
      request: "Ask.",
      channel: "call",
      targets: [{ name: "+12125550101", number: "+12125550101", kind: "service", facts: {} }],
      questions: [],
      rubric: [],
      rounds: [],
      limits: { attempts: 3, batch: 8, staggerSeconds: 90 },
      window: { from: 540, to: 1_020, days: [1, 2, 3, 4, 5] },
      assistant: {},
    });
  });

  test("with everything", async () => {
    const plan = await read(`
name: Test
class: gather
instructions: Ask.
request: Find it.
channel: call
greeting: Good day.
kind: person
targets:
  - name: Ann
    number: tel:+1-212-555-0101
    kind: PROFESSIONAL
    timezone: America/Chicago
    facts: { size: 012, 大小: 十二 }
questions: [One?, Two?]
goal: a table
metWhen: we have one
action: { channel: sms, to: (212) 555-0102, instructions: Confirm., text: Yes. }
limits: { attempts: 2, batch: 5, staggerSeconds: 120, maxCalls: 7, endsAt: 2026-12-24T18:00-05:00 }
window: { hours: 10:00-12:30, days: [Mon, Wed-Fri], start: 2026-12-01T08:00Z }
answeringMachine: hang up
assistant: { name: Caller, model: openai/gpt-4o-mini, voice: Rime.X }
language: zh-CN
line: work
`);
    expect(plan).toEqual({
      name: "Test",
      class: "gather",
      instructions: "Ask.",
      request: "Find it.",
      channel: "call",
      greeting: "Good day.",
      targets: [
        {
          name: "Ann",
          number: "+12125550101",
          kind: "professional",
          timezone: "America/Chicago",
          facts: { size: "012", 大小: "十二" },
        },
      ],
      questions: ["One?", "Two?"],
      rubric: [],
      rounds: [],
      goal: "a table",
      metWhen: "we have one",
      action: { channel: "sms", to: "+12125550102", instructions: "Confirm.", text: "Yes." },
      limits: {
        attempts: 2,
        batch: 5,
        staggerSeconds: 120,
        maxCalls: 7,
        endsAt: new Date("2026-12-24T23:00:00Z"),
      },
      window: { from: 600, to: 750, days: [1, 3, 4, 5], start: new Date("2026-12-01T08:00:00Z") },
      answeringMachine: "hang up",
      assistant: { name: "Caller", model: "openai/gpt-4o-mini", voice: "Rime.X" },
      language: "zh-CN",
      line: "work",
    });
  });

  test("as JSON, in snake_case, with nulls where nothing is said", async () => {
    const json = {
      name: "Test",
      class: 5,
      instructions: "Ask.",
      met_when: "yes",
      answering_machine: null,
      goal: null,
      limits: { stagger_seconds: 60, max_calls: 3 },
      targets: [{ name: "Ann", number: "+12125550101", facts: { some_thing: "1", nothing: null } }],
      window: "08:30–18:00",
    };
    for (const text of [
      JSON.stringify(json),
      JSON.stringify(json, null, "\t"),
      `\ufeff${JSON.stringify(json)}`,
    ]) {
      const plan = await read(text);
      expect(plan).toMatchObject({
        class: "gather",
        metWhen: "yes",
        limits: { staggerSeconds: 60, maxCalls: 3 },
        window: { from: 510, to: 1_080, days: [1, 2, 3, 4, 5] },
      });
      expect(plan.targets[0]?.facts).toEqual({ some_thing: "1" });
      expect(plan).not.toHaveProperty("answeringMachine");
      expect(plan).not.toHaveProperty("goal");
    }
  });

  test("rounds take the plan's questions, and names by their number", async () => {
    const plan = await read(
      `name: T\nclass: 4\nquestions: [A?]\n${ONE}rounds:\n  - instructions: one\n  - { name: Last, instructions: two, questions: [B?] }\n`,
    );
    expect(plan.rounds).toEqual([
      { name: "Round 1", instructions: "one", questions: ["A?"] },
      { name: "Last", instructions: "two", questions: ["B?"] },
    ]);
    expect(plan.instructions).toBe("one");
  });

  test.each([
    ["1", "sweep"],
    ["Screening", "screening"],
    ["3", "negotiation"],
  ])("class %s is %s", async (written, expected) => {
    const more = expected === "screening" ? "rubric: [price]\n" : "";
    expect((await read(`name: T\nclass: ${written}\ninstructions: x\n${more}${ONE}`)).class).toBe(expected);
  });

  test.each<[string, number[]]>([
    ["Mon-Fri", [1, 2, 3, 4, 5]],
    ["Sat-Mon", [1, 6, 7]],
    ["monday, Thursday", [1, 4]],
    ["[Sat, Sun, Sat]", [6, 7]],
    ["周一至周五", [1, 2, 3, 4, 5]],
    ["周六、周日", [6, 7]],
    ["1-5", [1, 2, 3, 4, 5]],
    ["Tue – Wed", [2, 3]],
  ])("days %s", async (written, expected) => {
    expect((await read(`${START}${ONE}window:\n  days: ${written}`)).window.days).toEqual(expected);
  });

  test("answers to texts are waited for where something is asked by them", async () => {
    const by = async (missionClass: string, more = "") =>
      (await read(`name: T\nclass: ${missionClass}\nchannel: sms\ntext: Hi\n${ONE}${more}`)).limits
        .replyHours;
    expect(await by("sweep")).toBeUndefined();
    expect(await by("sweep", "limits: { replyHours: 2 }")).toBe(2);
    expect(await by("gather", "metWhen: yes")).toBe(24);
    expect(await by("screening", "rubric: [price]\nlimits: { replyHours: 0 }")).toBe(0);
  });

  test("a day ends it with its last hour, and begins it with its first", async () => {
    const { limits, window } = await read(
      `${START}${ONE}limits: {endsAt: 2026-12-24}\nwindow: {start: 2026-12-01}`,
    );
    expect(limits.endsAt).toEqual(new Date(2026, 11, 25));
    expect(window.start).toEqual(new Date(2026, 11, 1));
  });
});

describe("what is wrong is said, with its line", () => {
  test.each<[string, string, string[]]>([
    [
      "nothing",
      "",
      [
        'plan.yaml: a plan is a list of keys such as "name: …", "class: …" and "targets: …", and this has none.',
      ],
    ],
    ["a list", "- a", [expect.stringMatching(/^plan.yaml: a plan is a list of keys/)]],
    [
      "no YAML",
      "name: x\nlist: [1, 2",
      [expect.stringMatching(/^plan.yaml, line 2: this is neither YAML nor JSON: /)],
    ],
    [
      "a star",
      `${START}${ONE}greeting: *Hello*`,
      ['plan.yaml, line 5: a text that begins with * stands in quotes: "*…".'],
    ],
    [
      "a key twice",
      "name: x\nname: y",
      ["plan.yaml, line 2: this is neither YAML nor JSON: Map keys must be unique."],
    ],
    ["no name", `class: sweep\ninstructions: x\n${ONE}`, ['plan.yaml: "name" is missing.']],
    ["an empty name", `name:\nclass: sweep\ninstructions: x\n${ONE}`, ['plan.yaml: "name" is missing.']],
    [
      "no class there is",
      `name: T\nclass: swipe\ninstructions: x\n${ONE}`,
      [
        'plan.yaml, line 2: "class" must be one of sweep (1), screening (2), negotiation (3), rounds (4), gather (5).',
      ],
    ],
    ["no targets", START, ['plan.yaml: "targets" is missing: list who is called, or name a CSV file.']],
    ["an empty list", `${START}targets: []`, ['plan.yaml, line 4: "targets" is empty: name somebody.']],
    [
      "no instructions",
      `name: T\nclass: sweep\n${ONE}`,
      ['plan.yaml: "instructions" is missing: what the assistant is to do on the calls.'],
    ],
    [
      "an unknown key",
      `${START}${ONE}instruction: x`,
      ['plan.yaml, line 5: "instruction" is no key of a plan; did you mean "instructions"?'],
    ],
    [
      "a mistyped one in snake case",
      `${START}${ONE}anwsering_machine: x`,
      ['plan.yaml, line 5: "anwseringMachine" is no key of a plan; did you mean "answeringMachine"?'],
    ],
    [
      "an unknown key within",
      `${START}${ONE}limits:\n  attempts: 2\n  stagger: 90`,
      ['plan.yaml, line 7: "stagger" is no key of "limits"; did you mean "staggerSeconds"?'],
    ],
    [
      "an unknown key of a target",
      `${START}targets:\n  - name: A\n    number: 2125550101\n    phone: 1`,
      [expect.stringMatching(/^plan.yaml, line 7: "phone" is no key of a target; did you mean /)],
    ],
    [
      "no number",
      `${START}targets:\n  - name: A\n  - name: B\n    number: 2125550101`,
      ['plan.yaml, line 5: "targets" no. 1 "number" is missing.'],
    ],
    [
      "no amount",
      `${START}${ONE}limits:\n  attempts: many`,
      ['plan.yaml, line 6: "limits.attempts" must be a whole number from 1 to 10.'],
    ],
    [
      "too many",
      `${START}${ONE}limits: { batch: 11 }`,
      ['plan.yaml, line 5: "limits.batch" must be a whole number from 1 to 10.'],
    ],
    [
      "too quick",
      `${START}${ONE}limits: { staggerSeconds: 59 }`,
      ['plan.yaml, line 5: "limits.staggerSeconds" must be a whole number from 60 to 3600.'],
    ],
    [
      "no hours",
      `${START}${ONE}window: 9-5`,
      ['plan.yaml, line 5: "window" must be two times of one day, the earlier one first: "09:00-17:00".'],
    ],
    [
      "hours over midnight",
      `${START}${ONE}window:\n  hours: 22:00-06:00`,
      [
        'plan.yaml, line 6: "window.hours" must be two times of one day, the earlier one first: "09:00-17:00".',
      ],
    ],
    [
      "no days",
      `${START}${ONE}window: { days: [Mon, Someday] }`,
      ['plan.yaml, line 5: "window.days" must be days of the week, such as "Mon-Fri" or [Mon, Wed, Sat].'],
    ],
    [
      "no time",
      `${START}${ONE}limits: { endsAt: tomorrow }`,
      [expect.stringMatching(/^plan.yaml, line 5: "limits.endsAt" must be a time such as 2026-/)],
    ],
    [
      "a day that is none",
      `${START}${ONE}window: { start: 2026-02-30 }`,
      [expect.stringMatching(/^plan.yaml, line 5: "window.start" must be a time/)],
    ],
    [
      "no time zone",
      `${START}targets: [{ number: 2125550101, timezone: Mars }]`,
      ['plan.yaml, line 4: "targets" no. 1 "timezone" must be a time zone such as "Europe/Berlin".'],
    ],
    [
      "no language",
      `${START}${ONE}language: Chinese words`,
      ['plan.yaml, line 5: "language" must be a language such as "en" or "zh-CN".'],
    ],
    [
      "no kind",
      `${START}${ONE}kind: robot`,
      ['plan.yaml, line 5: "kind" must be automated, service, professional or person.'],
    ],
    ["a list for a text", `${START}${ONE}greeting: [a]`, ['plan.yaml, line 5: "greeting" must be a text.']],
    ["a text for a list", `${START}${ONE}questions: a?`, ['plan.yaml, line 5: "questions" must be a list.']],
    [
      "two lists of targets",
      `${START}${ONE}targetsFile: a.csv`,
      ['plan.yaml: "targets" and "targetsFile" both say who is called: leave one of them out.'],
    ],
    [
      "a screening without a rubric",
      `name: T\nclass: screening\ninstructions: x\n${ONE}`,
      ['plan.yaml: a screening needs a "rubric": what is scored on each call.'],
    ],
    [
      "a sweep with one",
      `${START}${ONE}rubric: [price]`,
      ['plan.yaml, line 5: "rubric" is for the class screening, and this is a sweep.'],
    ],
    [
      "rounds without rounds",
      `name: T\nclass: rounds\ninstructions: x\n${ONE}`,
      ['plan.yaml: the class rounds needs "rounds": two or more, with instructions.'],
    ],
    [
      "one round",
      `name: T\nclass: rounds\n${ONE}rounds: [{ instructions: x }]`,
      ['plan.yaml, line 4: "rounds" must be two rounds or more.'],
    ],
    [
      "a goal that nobody could see",
      `name: T\nclass: gather\ninstructions: x\n${ONE}metWhen: "!?"\n`,
      ['plan.yaml, line 5: "metWhen" must have letters or digits.'],
    ],
    [
      "gathering without a goal",
      `name: T\nclass: gather\ninstructions: x\n${ONE}`,
      [expect.stringMatching(/^plan.yaml: the class gather needs a "goal"/)],
    ],
    [
      "a text of calls",
      `${START}${ONE}text: Hi`,
      ['plan.yaml, line 5: "text" is for "channel: sms": calls follow the instructions.'],
    ],
    [
      "texts without a text",
      `${START}${ONE}channel: sms`,
      ['plan.yaml: "text" is missing: what the text messages say.'],
    ],
    [
      "a negotiation by text",
      `name: T\nclass: negotiation\n${ONE}channel: sms\ntext: Hi`,
      ["plan.yaml, line 4: a mission of the class negotiation is made of calls, not of texts."],
    ],
    [
      "an action without its text",
      `name: T\nclass: gather\ninstructions: x\ngoal: y\n${ONE}action: { channel: sms, instructions: z }`,
      ['plan.yaml, line 6: "action.text" is missing: what the text message says.'],
    ],
    [
      "a place in the text that nothing is known for",
      `name: T\nclass: sweep\nchannel: sms\ntext: Hi {Name} at {time}\ntargets:\n  - { number: 2125550101, facts: { Time: 8 } }\n  - 2125550102`,
      [
        "plan.yaml, line 7: the plan's text says {time}, and no such fact of +12125550102 is given: add it, or take it out of the text.",
      ],
    ],
  ])("%s", async (_, text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });

  test("all of it at once, but not more than anybody reads", async () => {
    const bad = `nme: T\nclass: 9\nlimits: { attempts: 0, batch: 0 }\nkind: x\n${ONE}`;
    expect(await problems(bad)).toHaveLength(6);
    const many = await problems(`${START}targets:\n${"  - 12\n".repeat(13)}`);
    expect(many).toHaveLength(11);
    expect(many.at(-1)).toBe("… and 3 more.");
  });
});

describe("numbers are those of people who may be called", () => {
  test.each<[string, string]>([
    ["+1 (212) 555-0101", "+12125550101"],
    ["212.555.0101", "+12125550101"],
    ["００１１ 44 20 7946 0018".normalize("NFKC").replace("0011", "011"), "+442079460018"],
    ["+86 138 0013 8000", "+8613800138000"],
    ['"tel:+12125550101"', "+12125550101"],
  ])("%s", async (written, expected) => {
    expect((await read(`${START}targets:\n  - number: ${written}`)).targets[0]?.number).toBe(expected);
  });

  test("of the owner's country, where none is written; a leading zero stays", async () => {
    expect((await read(`${START}targets: [0571 8888 1234]`, { region: "CN" })).targets[0]?.number).toBe(
      "+8657188881234",
    );
    expect((await read(`${START}targets: [13800138000]`, { region: "CN" })).targets[0]?.number).toBe(
      "+8613800138000",
    );
    expect(await problems(`${START}targets: [13800138000]`, { region: undefined })).toEqual([
      expect.stringMatching(/^plan.yaml, line 4: "13800138000" is not a phone number with its country code/),
    ]);
  });

  test.each<[string, RegExp]>([
    ["911", /emergency number/],
    ["+44 999", /emergency number/],
    ["12345", /too short/],
    ["+1 900 555 0101", /premium-rate/],
    ["Ann", /is not a phone number/],
  ])("%s is none of them", async (written, expected) => {
    expect(await problems(`${START}targets:\n  - 2125550101\n  - "${written}"`)).toEqual([
      expect.stringMatching(expected),
    ]);
    expect(await problems(`${START}targets:\n  - 2125550101\n  - "${written}"`)).toEqual([
      expect.stringMatching(/^plan.yaml, line 6: "/),
    ]);
  });

  test("premium numbers where the owner allows them, and the owner's own", async () => {
    const text = `${START}targets: ["+1 900 555 0101"]`;
    expect((await read(text, { allowPremiumNumbers: true })).targets).toHaveLength(1);
    expect((await read(text, { ownerNumbers: ["+19005550101"] })).targets).toHaveLength(1);
  });

  test("nobody twice, however they are written", async () => {
    expect(
      await problems(`${START}targets:\n  - 2125550101\n  - name: Ann\n    number: +1 (212) 555-0101`),
    ).toEqual([
      "plan.yaml, line 6: +12125550101 is there already (plan.yaml, line 5): leave one of them out.",
    ]);
  });

  test("also of the action", async () => {
    const text = `name: T\nclass: gather\ninstructions: x\ngoal: y\n${ONE}action:\n  to: 911\n  instructions: z`;
    expect(await problems(text)).toEqual([
      expect.stringMatching(/^plan.yaml, line 7: "911" is an emergency number/),
    ]);
  });
});

describe("targets in a CSV file", () => {
  const csv = async (content: string | Uint8Array, given: Source = {}) =>
    (await read(`${START}targetsFile: people.csv`, { files: { "people.csv": content }, ...given })).targets;
  const wrong = async (content: string | Uint8Array, given: Source = {}) =>
    await problems(`${START}targetsFile: people.csv`, { files: { "people.csv": content }, ...given });
  const ANN = { name: "Ann", number: "+12125550101", kind: "service", facts: {} };

  test.each<[string, string]>([
    ["plain", "name,number\nAnn,212 555 0101\n"],
    ["the other way round, in capitals", "PHONE NUMBER,Full Name\n212 555 0101,Ann\n"],
    ["semicolons", "Name;Tel.\nAnn;(212) 555-0101\n"],
    ["tabs", "contact\tMobile\nAnn\t+12125550101\n"],
    ["Windows lines, empty ones, quotes, a mark", '\ufeff"Name","Phone"\r\n\r\n"Ann","2125550101"\r\n,\r\n'],
    ["Chinese columns", "姓名,电话\nAnn,2125550101"],
    ["and commas", "手机号，姓名\n2125550101，Ann"],
    ["of the other script", "聯絡人,電話號碼\nAnn,2125550101"],
  ])("%s", async (_, content) => {
    expect(await csv(content)).toEqual([ANN]);
  });

  test("all columns that are nothing else are facts", async () => {
    expect(
      await csv("name,phone,Kind,time zone,备注,Price,\nAnn,2125550101,person,Europe/Berlin,老客户,,\n"),
    ).toEqual([{ ...ANN, kind: "person", timezone: "Europe/Berlin", facts: { 备注: "老客户" } }]);
  });

  test("a second column of numbers is a fact", async () => {
    expect(await csv("name,mobile,phone\nAnn,3125550101,2125550101\n")).toEqual([
      { ...ANN, facts: { mobile: "3125550101" } },
    ]);
  });

  test("who has no name is called by the number; the plan's kind counts", async () => {
    expect(
      (
        await read(`${START}kind: person\ntargets: people.csv`, {
          files: { "people.csv": "phone\n2125550101" },
        })
      ).targets,
    ).toEqual([{ ...ANN, name: "+12125550101", kind: "person" }]);
  });

  test("as Chinese spreadsheets save it, and as others do", async () => {
    // 姓名,电话 / 小明,13800138000 in GBK.
    const gbk = Uint8Array.from([
      0xd0,
      0xd5,
      0xc3,
      0xfb,
      0x2c,
      0xb5,
      0xe7,
      0xbb,
      0xb0,
      0x0a,
      0xd0,
      0xa1,
      0xc3,
      0xf7,
      ...new TextEncoder().encode(",13800138000\n"),
    ]);
    const expected = [{ ...ANN, name: "小明", number: "+8613800138000" }];
    expect(await csv(gbk, { region: "CN" })).toEqual(expected);
    const utf16 = Buffer.from("\ufeff姓名\t电话\n小明\t13800138000\n", "utf16le");
    expect(await csv(utf16, { region: "CN" })).toEqual(expected);
    const latin1 = Buffer.from("name,phone\nAndré,2125550101\n", "latin1");
    expect(await wrong(latin1)).toEqual([
      `people.csv: the file's text is not in UTF-8: save it as "CSV UTF-8".`,
    ]);
  });

  test.each<[string, string, string[]]>([
    ["an empty file", "", ["people.csv: the file is empty: its first line names the columns."]],
    ["no lines", "name,phone\n", ["people.csv: no line follows the names of the columns."]],
    [
      "no names of columns",
      "Ann,2125550101\n",
      [expect.stringMatching(/^people.csv, line 1: no column is called "number", "phone" or "电话"/)],
    ],
    [
      "two columns of a name",
      "name,phone,Name\nA,1,B\n",
      ['people.csv, line 1: two columns are called "name": name each differently.'],
    ],
    ["no number", "name,phone\nAnn,\n", ["people.csv, line 2: there is no number."]],
    [
      "what a spreadsheet made of it",
      "name,phone\nAnn,1.38E+10\n",
      [expect.stringMatching(/^people.csv, line 2: "1.38E\+10" is/)],
    ],
    [
      "a comma in a cell",
      "name,phone\nAnn,2125550101,x\n",
      [
        'people.csv, line 2: there are more cells than columns ("x"): put a cell with a comma in it into quotes.',
      ],
    ],
    [
      "a kind that is none",
      "phone,kind\n2125550101,robot\n",
      ['people.csv, line 2: the kind "robot" must be automated, service, professional, person, or nothing.'],
    ],
    [
      "a time zone that is none",
      "phone,tz\n2125550101,EST5\n",
      ['people.csv, line 2: "EST5" must be a time zone such as "Europe/Berlin", or nothing.'],
    ],
    [
      "open quotes",
      'name,phone\n"Ann,2125550101\n',
      [expect.stringMatching(/^people.csv, line \d: the quotes do not fit together/)],
    ],
    [
      "somebody twice",
      "name,phone\nAnn,2125550101\nBob,2125550102\n\nAnn Lee,+1 212 555 0101\n",
      ["people.csv, line 5: +12125550101 is there already (people.csv, line 2): leave one of them out."],
    ],
    [
      "several lines",
      "name,phone\nAnn,911\nBob,2125550102\nCy,12\n",
      [
        expect.stringMatching(/^people.csv, line 2: "911"/),
        expect.stringMatching(/^people.csv, line 4: "12"/),
      ],
    ],
  ])("%s", async (_, content, expected) => {
    expect(await wrong(content)).toEqual(expected);
  });

  test("a file that is not there is looked for beside the plan", async () => {
    expect(await problems(`${START}targets: nobody.csv`)).toEqual([
      'plan.yaml, line 4: the file "nobody.csv" is not there; it is looked for in /plans.',
    ]);
  });

  test("a real file", async () => {
    const text = await readFile(path.join(PLANS, "sweep.yaml"), "utf8");
    const { targets } = await readPlan(text, { folder: PLANS, file: "sweep.yaml", region: "US" });
    expect(targets).toEqual([
      { name: "ABC Windows", number: "+13125550141", kind: "service", facts: { "Found on": "a flyer" } },
      {
        name: "Bright & Sons",
        number: "+13125550142",
        kind: "professional",
        facts: { "Found on": "the web" },
      },
      { name: "明亮清洁", number: "+13125550143", kind: "service", facts: { "Found on": "the web" } },
    ]);
  });

  test("ten thousand of them in reasonable time, and not one more", async () => {
    const lines = (count: number) =>
      `phone\n${Array.from({ length: count }, (_, index) => `+1 212 ${200 + Math.floor(index / 10_000)} ${String(index % 10_000).padStart(4, "0")}`).join("\n")}`;
    expect(await csv(lines(10_000))).toHaveLength(10_000);
    expect(await wrong(lines(10_001))).toEqual([
      "plan.yaml: 10001 targets are more than a mission takes (10000): make several of it.",
    ]);
  });
});

test("whatever stands in it, a plan is read, or refused in words", async () => {
  const key = fc.constantFrom(
    "name",
    "class",
    "instructions",
    "targets",
    "limits",
    "window",
    "rounds",
    "rubric",
    "x",
  );
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("sweep", "[2125550101]", "{a: b}", "- 1", "null"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 8 }), async (lines) => {
      const text = lines.map(([name, written]) => `${name}: ${written}`).join("\n");
      for (const problem of await problems(text)) {
        expect(problem).toMatch(/^(?:plan\.yaml(?:, line \d+)?: .*\.|… and \d+ more\.|.*\?)$/s);
      }
    }),
    { numRuns: 2_000 },
  );
});
