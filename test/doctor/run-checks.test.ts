// Proves that no check can end the others: each has its time, one that throws is a finding, and what measures is alone.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Check, Finding } from "../../plugin/doctor/check.ts";
import { allChecks } from "../../plugin/doctor/checks.ts";
import { entriesOf, reportInWords } from "../../plugin/doctor/report.ts";
import { runChecks } from "../../plugin/doctor/run-checks.ts";
import { Examined } from "./examined.ts";

let examined: Examined;
beforeEach(() => {
  examined = new Examined();
});
afterEach(() => examined.remove());

const check = (id: string, look: () => Promise<readonly Finding[]>, more: Partial<Check> = {}): Check => ({
  id,
  group: "Gateway",
  looksAt: "",
  why: `Why ${id} matters.`,
  mend: "",
  look,
  ...more,
});
const fine = async (): Promise<readonly Finding[]> => [{ level: "ok", found: "Fine." }];

test("one throws, one hangs, the others are made all the same, in their order", async () => {
  const looked = await runChecks(
    [
      check("throws", () => Promise.reject(new Error("It broke."))),
      check("hangs", () => new Promise(() => {}), { limitMs: 50 }),
      check("fine", fine),
      check("silent", async () => []),
    ],
    examined.examination(),
  );
  expect(looked.map(({ check: { id }, findings }) => [id, findings])).toEqual([
    ["throws", [{ level: "problem", found: 'The check "throws" could not be made: It broke.' }]],
    [
      "hangs",
      [
        {
          level: "warning",
          found: 'The check "hangs" could not be made: It took longer than 0.05 s and was not waited for.',
        },
      ],
    ],
    ["fine", [{ level: "ok", found: "Fine." }]],
    ["silent", []],
  ]);
});

test("they are made side by side, and one that measures when the others have ended", async () => {
  const order: string[] = [];
  const noting = (id: string, ms: number) =>
    check(
      id,
      async () => {
        order.push(`${id} begins`);
        await sleep(ms);
        order.push(`${id} ends`);
        return [];
      },
      { isAlone: id === "alone" },
    );
  await runChecks([noting("alone", 0), noting("slow", 60), noting("quick", 5)], examined.examination());
  expect(order).toEqual([
    "slow begins",
    "quick begins",
    "quick ends",
    "slow ends",
    "alone begins",
    "alone ends",
  ]);
});

test("whoever stops it waits for nothing", async () => {
  const stopping = new AbortController();
  examined.more = { signal: stopping.signal };
  const running = runChecks([check("hangs", () => new Promise(() => {}))], examined.examination());
  stopping.abort(new Error("Stopped."));
  await expect(running).rejects.toThrow("Stopped.");
});

test("the report: what is well by group, then warnings, then problems; no secret whoever wrote it", () => {
  const looked = [
    {
      check: check("a", fine),
      findings: [
        { level: "problem", found: "It\nbroke with key-1234.", command: "mend key-1234" },
        { level: "ok", found: "This is well." },
        { level: "warning", found: "Mind this." },
      ] as const,
    },
  ];
  const entries = entriesOf(looked, ["key-1234"]);
  expect(reportInWords(entries)).toBe(
    [
      "Gateway\n  ok  This is well.",
      "Warning: Mind this.\n  Why it matters: Why a matters.",
      "Problem: It broke with [redacted].\n  Why it matters: Why a matters.\n  To mend it: mend [redacted]",
      "1 problem, 1 warning.",
    ].join("\n\n"),
  );
  expect(reportInWords(entries.filter(({ level }) => level === "ok"))).toMatch(/\n\nNothing is wrong\.$/);
});

test("every check has a name of its own, and says what it is for", () => {
  expect(new Set(allChecks.map(({ id }) => id)).size).toBe(allChecks.length);
  for (const { id, looksAt, why, mend } of allChecks) {
    expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(looksAt).not.toBe("");
    expect(mend).not.toBe("");
    expect(why).toMatch(/\.$/);
  }
});
