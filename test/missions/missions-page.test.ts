import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { MISSION_CLASSES, PLAN_KEYS, RECIPIENT_KINDS, readPlan } from "../../plugin/missions/plan.ts";
import { RETRIES } from "../../plugin/missions/retries.ts";

const FOLDER = path.join(import.meta.dirname, "plans");
const PAGE = readFileSync(path.join(import.meta.dirname, "../../references/missions.md"), "utf8");

/** The cells of the page's tables, by their first one. */
const rows = new Map(
  PAGE.split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .map((cells) => [cells.join(" | "), cells] as const),
);

describe.each(Object.entries(PLAN_KEYS))("the keys of %s", (_, { shape }) => {
  test.each(Object.entries(shape))("%s stand in a table, as the schema describes them", (key, schema) => {
    expect(schema.description).toBeTruthy();
    expect([...rows.keys()]).toContain(`\`${key}\` | ${schema.description}`);
  });
});

test("no table has a key that the schema has not", () => {
  const keys = Object.values(PLAN_KEYS).flatMap(({ shape }) => Object.keys(shape));
  const [, tables = ""] = PAGE.split("### Keys");
  const [section = ""] = tables.split("### CSV files");
  const written = Array.from(section.matchAll(/^\| `(\w+)`/gm), ([, key]) => key);
  expect(written.toSorted()).toEqual(keys.toSorted());
});

test("what comes again when is the code's table", () => {
  const words = { "no-answer": "no answer", canceled: "called off" } as Readonly<Record<string, string>>;
  for (const [outcome, byKind] of Object.entries(RETRIES)) {
    const row = [...rows.values()].find(([first]) => first === (words[outcome] ?? outcome));
    const said = row?.slice(1).map((cell) => cell.split(/[,:]/)[0]);
    const expected = RECIPIENT_KINDS.map((kind) => {
      const again = byKind[kind];
      if (again === "over") return "no more";
      if (again === "next business day") return "the next business day";
      const [from = 0, to = 0] = again;
      if (from < 60 && to >= 60) return `${from} min - ${to / 60} h`;
      return from >= 60 ? `${from / 60} - ${to / 60} h` : `${from} - ${to} min`;
    });
    expect(said).toEqual(expected);
  }
});

describe("the page's examples", () => {
  const examples = Array.from(
    PAGE.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g),
    ([, name = "", text = ""]) => ({
      name,
      text,
    }),
  );

  test("are the plans beside the tests, all of them", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".yaml"));
    expect(examples.map(({ name }) => name).toSorted()).toEqual(files.toSorted());
    for (const { name, text } of examples) expect(text).toBe(readFileSync(path.join(FOLDER, name), "utf8"));
  });

  test.each(examples)("$name can be read", async ({ name, text }) => {
    const plan = await readPlan(text, { folder: FOLDER, file: name, region: "US" });
    expect(plan.targets.length).toBeGreaterThan(1);
    const stem = path.basename(name, ".yaml");
    expect(plan.class).toBe(stem === "text" ? "sweep" : stem);
  });

  test("show every class, and texts", async () => {
    const plans = await Promise.all(
      examples.map(
        async ({ name, text }) => await readPlan(text, { folder: FOLDER, file: name, region: "US" }),
      ),
    );
    expect(new Set(plans.map((plan) => plan.class))).toEqual(new Set(MISSION_CLASSES));
    expect(plans.map((plan) => plan.channel)).toContain("sms");
  });

  test("the CSV file is the one that the sweep names", () => {
    const [, csv] = /```csv\n([\s\S]*?)```/.exec(PAGE) ?? [];
    expect(csv).toBe(readFileSync(path.join(FOLDER, "window-cleaners.csv"), "utf8"));
  });
});
