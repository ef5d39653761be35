/** The background process's log: lines people can read, and a size that stays bounded. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLogFile } from "../../plugin/connector/log-file.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name: string) => readFileSync(path.join(folder, name), "utf8");

it("writes one line per event, with its time and level, and appends to what is there", async () => {
  const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
  const first = openLogFile({ folder, debug: false, now });
  first.info("Hello.");
  first.warn("Two\nlines: 你好");
  first.debug("Not written.");
  await first.close();
  const second = openLogFile({ folder, debug: true, now });
  second.debug("Written.");
  second.error("Bad.");
  await second.close();
  expect(read(".connect.log")).toBe(
    [
      "2026-01-02T03:04:05.000Z info Hello.",
      "2026-01-02T03:04:05.000Z warn Two | lines: 你好",
      "2026-01-02T03:04:05.000Z debug Written.",
      "2026-01-02T03:04:05.000Z error Bad.",
      "",
    ].join("\n"),
  );
});

it("is rotated when it is full: two files, the newest lines in the first, none lost between", async () => {
  const log = openLogFile({ folder, debug: false, size: "1K" });
  for (let index = 0; index < 100; index += 1) {
    log.info(`line ${index} ${"x".repeat(20)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await log.close();
  expect(readdirSync(folder).sort()).toEqual([".connect.log", ".connect.log.1"]);
  const lines = `${read(".connect.log.1")}${read(".connect.log")}`.trim().split("\n");
  const numbers = lines.map((line) => Number(/line (\d+)/.exec(line)?.[1]));
  expect(numbers.at(-1)).toBe(99);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).size).toBeLessThan(1_200);
});

it("has a limit of 1 MB unless told otherwise", async () => {
  const log = openLogFile({ folder, debug: false });
  const line = "y".repeat(1_000);
  for (let index = 0; index < 1_100; index += 1) log.info(line);
  await log.close();
  const next = openLogFile({ folder, debug: false });
  next.info("after");
  await next.close();
  expect(statSync(path.join(folder, ".connect.log.1")).size).toBeGreaterThan(1_000_000);
  expect(statSync(path.join(folder, ".connect.log")).size).toBeLessThan(1_100_000);
});
