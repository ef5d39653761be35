import { describe, expect, test } from "vitest";
import { chooseLine, NoUsableLine } from "../../plugin/config/choose-line.ts";
import { type LineConfig, lineDefaults } from "../../plugin/config/schema.ts";

type Given = { name: string; carrier: LineConfig["carrier"]; apiKey?: string; enabled?: boolean };

function line({ name, carrier, apiKey, enabled = true }: Given): LineConfig {
  return {
    ...lineDefaults,
    name,
    carrier,
    enabled,
    server: "https://phone.example",
    apiUrl: "https://phone.example",
    turnTimeoutMs: 25_000,
    inboundCallers: "unknown",
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

const both = [
  line({ name: "clawdtalk", carrier: "clawdtalk", apiKey: "a" }),
  line({ name: "clawcall", carrier: "clawcall", apiKey: "b" }),
  line({ name: "off", carrier: "clawcall", apiKey: "c", enabled: false }),
  line({ name: "keyless", carrier: "clawcall" }),
];

test("a StepOne line comes as any other: last of those the environment makes, and alone where it is alone", () => {
  const stepOne = line({ name: "stepone", carrier: "stepone", apiKey: "d" });
  expect(chooseLine({ lines: [...both, stepOne] }).name).toBe("clawdtalk");
  expect(chooseLine({ lines: [stepOne] }).name).toBe("stepone");
  expect(chooseLine({ lines: [...both, stepOne] }, undefined, ["stepone"]).name).toBe("stepone");
  expect(() => chooseLine({ lines: [stepOne] }, undefined, ["clawdtalk", "clawcall"])).toThrow(
    /^This works on lines of ClawdTalk and ClawCall alone, and none is set up/,
  );
  expect(() => chooseLine({ lines: both }, undefined, ["stepone"])).toThrow(
    "This works on lines of StepOne alone, and none is set up: make a key at https://open-skill.steponeai.com/keys and set STEPONEAI_API_KEY.",
  );
});

test.each([
  [undefined, undefined, "clawdtalk"],
  [undefined, ["clawcall"], "clawcall"],
  [undefined, ["clawcall", "clawdtalk"], "clawdtalk"],
  ["clawcall", undefined, "clawcall"],
  ["clawcall", ["clawcall"], "clawcall"],
] as const)("asked for %j of %j: %s", (name, carriers, expected) => {
  expect(chooseLine({ lines: both }, name, carriers).name).toBe(expected);
});

describe("says why there is none", () => {
  test.each([
    [
      both,
      "clawdtalk",
      ["clawcall"],
      /^The line "clawdtalk" is with ClawdTalk, and this works on lines of ClawCall/,
    ],
    [both, "off", ["clawcall"], /^The line "off" is not enabled\.$/],
    [both, "keyless", undefined, /^The line "keyless" has no key\.$/],
    [both, "home", undefined, /^There is no line "home", only clawdtalk, clawcall, off, keyless\.$/],
    [[], "home", undefined, /^There is no line "home": none is set up\.$/],
    [
      [],
      undefined,
      undefined,
      /^No phone line is set up: get an API key at clawdtalk\.com .*; or run "clawcall register"/,
    ],
    [[], undefined, ["clawcall"], /^No phone line is set up: run "clawcall register"/],
    [
      both.slice(0, 1),
      undefined,
      ["clawcall"],
      /^This works on lines of ClawCall alone, and none is set up: run/,
    ],
    [
      both.slice(1),
      undefined,
      ["clawdtalk"],
      /^This works on lines of ClawdTalk alone, and none is set up: get an API/,
    ],
    [
      both.slice(2),
      undefined,
      ["clawcall"],
      /^No ClawCall line can be used: each is without a key or not enabled/,
    ],
    [both.slice(2), undefined, undefined, /^No phone line can be used: each is without a key or not enabled/],
  ] as const)("%#", (lines, name, carriers, sentence) => {
    expect(() => chooseLine({ lines }, name, carriers)).toThrow(NoUsableLine);
    expect(() => chooseLine({ lines }, name, carriers)).toThrow(sentence);
  });
});
