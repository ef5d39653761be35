// Proves that the ring keeps the last lines, one line each, free of secrets.
import { expect, it } from "vitest";
import { createRingLog, type Log } from "../plugin/log.ts";

function collect(): { log: Log; written: string[] } {
  const written: string[] = [];
  const at = (level: string) => (message: string) => {
    written.push(`${level}: ${message}`);
  };
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, written };
}

it("keeps the last lines with time and level, redacted when written", () => {
  const { log, written } = collect();
  let secrets = ["hunter2"];
  const ring = createRingLog(log, 3, { secrets: () => secrets, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) });
  ring.info("first");
  ring.debug("the pass is hunter2");
  ring.warn("two\r\n  lines");
  ring.error("用 Bearer abc 失败");
  secrets = [];
  expect(ring.lines()).toEqual([
    "2026-01-02T03:04:05.006Z debug the pass is [redacted]",
    "2026-01-02T03:04:05.006Z warn two | lines",
    "2026-01-02T03:04:05.006Z error 用 Bearer [redacted] 失败",
  ]);
  expect(written).toEqual([
    "info: first",
    "debug: the pass is [redacted]",
    "warn: two\r\n  lines",
    "error: 用 Bearer [redacted] 失败",
  ]);
});

it("cuts a line that is too long", () => {
  const ring = createRingLog(collect().log, 3, { now: () => 0 });
  ring.info("x".repeat(10_000));
  expect(ring.lines()[0]?.length).toBe("1970-01-01T00:00:00.000Z info ".length + 2_000);
});
