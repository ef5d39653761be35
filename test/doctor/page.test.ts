// Proves that references/troubleshooting.md is what the checks say, and names no check that there is not.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { allChecks } from "../../plugin/doctor/checks.ts";
import { SYMPTOMS, troubleshootingPage } from "../../plugin/doctor/page.ts";

test("the page is that of the checks: npm run build writes it", () => {
  const file = path.join(import.meta.dirname, "../../references/troubleshooting.md");
  expect(readFileSync(file, "utf8")).toBe(troubleshootingPage(allChecks));
});

test("every check has its row, and what people notice leads to checks that there are", () => {
  const page = troubleshootingPage(allChecks);
  const ids = allChecks.map(({ id }) => id);
  for (const id of ids) expect(page).toMatch(new RegExp(`^\\| \`${id}\` \\|`, "m"));
  for (const { checks } of SYMPTOMS) for (const id of checks) expect(ids).toContain(id);
});
