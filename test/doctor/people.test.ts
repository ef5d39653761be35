// Proves what the doctor says of people: whether the owner is known, who is believed, and what stands open.
import { afterEach, beforeEach, expect, test } from "vitest";
import { Examined } from "./examined.ts";

let examined: Examined;
beforeEach(() => {
  examined = new Examined();
  examined.env = { CLAWDTALK_API_KEY: "cc_live_some_key" };
});
afterEach(() => examined.remove());

const settings = (config: object) =>
  examined.write("openclaw.json", { plugins: { entries: { switchboard: { config } } } });

test("whether one of the owner's numbers is known", async () => {
  expect(await examined.look("owner-number")).toEqual([
    {
      level: "warning",
      found: "None of your phone numbers is known.",
      command: "node dist/scripts/setup.js --owner-number <your number>",
    },
  ]);
  settings({ ownerNumbers: ["+15550001111"] });
  expect(await examined.found("owner-number")).toEqual(["ok: Your phone number is known."]);
  examined.env = {};
  expect(await examined.found("owner-number")).toEqual([]);
});

test.each([
  [
    {},
    /^ok: clawdtalk: who calls in counts as you, known by .*\. More: node dist\/scripts\/phone\.js trust$/,
  ],
  [{ inboundCallers: "unknown" }, /^ok: clawdtalk: nobody who calls in is believed\.$/],
])("who is believed with %j", async (config, said) => {
  settings(config);
  const found = await examined.found("callers");
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(said);
});

test("nobody calls in on a StepOne line", async () => {
  examined.env = { STEPONEAI_API_KEY: "sk_some_key" };
  expect(await examined.found("callers")).toEqual(["ok: stepone: nobody calls in."]);
});

test("nothing stands open", async () => {
  expect(await examined.found("open-doors")).toEqual([
    "ok: Nobody else's texts, tools or programs are let in.",
  ]);
  examined.env = {};
  expect(await examined.found("open-doors")).toEqual([]);
});

test("what stands open", async () => {
  examined.env.CLAWCALL_API_KEY = "ck_some_key";
  examined.write("openclaw.json", {
    channels: { phone: { dmPolicy: "open", allowFrom: ["*"] } },
    plugins: {
      entries: {
        switchboard: {
          config: {
            guestTools: ["weather"],
            toolRules: { exec: "allow" },
            lines: { clawcall: { bridge: true } },
          },
        },
      },
    },
  });
  const found = await examined.look("open-doors");
  expect(found.map(({ level }) => level)).toEqual(["problem", "warning", "warning"]);
  for (const { command } of found) expect(command).toBeTruthy();
});
