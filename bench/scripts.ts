/**
 * Owns `npm run bench:scripts`: how long the built scripts take from their start to their end, beside a Node that
 * does nothing. All are run in turn in one go, so that what slows the machine down slows all of them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { startStepOnePractice } from "../plugin/practice/stepone-server.ts";
import { median, percentile, printTable } from "./statistics.ts";

const ROUNDS = 41;
const script = (name: string) => join(import.meta.dirname, "..", "dist", "scripts", `${name}.js`);

const service = await startStepOnePractice({
  timings: { ringMs: 0, lineMs: 0, recordDelayMs: 0 },
  newId: () => "bench",
});
// The folder is the whole world of these runs, the compiled form of the scripts included.
const home = mkdtempSync(join(tmpdir(), "switchboard-bench-"));
mkdirSync(join(home, "switchboard"));
// At whatever hour this is run.
writeFileSync(
  join(home, "switchboard", "skill-config.json"),
  JSON.stringify({ quietHours: "off", callingHours: "always" }),
);
const env = {
  HOME: home,
  USERPROFILE: home,
  OPENCLAW_STATE_DIR: home,
  STEPONEAI_API_BASE: service.url,
  STEPONEAI_API_KEY: service.key,
  ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
};

const CASES: Readonly<Record<string, readonly string[]>> = {
  "node -e 0": ["-e", "0"],
  "callinfo --help": [script("callinfo"), "--help"],
  "stepone --help": [script("stepone"), "--help"],
  "call --help": [script("call"), "--help"],
  "phone --help": [script("phone"), "--help"],
  "callinfo, loopback": [script("callinfo"), "bench"],
  "stream_chat, loopback": [script("stream_chat"), "bench"],
};

/** Milliseconds from start to end. */
async function run(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}.`);
  return performance.now() - began;
}

try {
  await run([script("callout"), "13800138000", "通知张总明天上午9点在三楼会议室开会"]);
  await service.until(() => service.calls[0]?.recorded || undefined, "the record");
  const samples = Object.entries(CASES).map(([name, args]) => ({ name, args, times: [] as number[] }));
  // The first round fills caches and does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { args, times } of samples) {
      const time = await run(args);
      if (round > 0) times.push(time);
    }
  }
  const bare = median(samples[0]?.times ?? []);
  printTable(
    `${ROUNDS} runs each, in turn`,
    samples.map(({ name, times }) => ({
      script: name,
      "median ms": Number(median(times).toFixed(1)),
      "p95 ms": Number(percentile(times, 0.95).toFixed(1)),
      "median / bare node": Number((median(times) / bare).toFixed(2)),
    })),
  );
} finally {
  await service.close();
  rmSync(home, { recursive: true });
}
