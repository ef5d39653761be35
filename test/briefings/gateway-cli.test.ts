import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findGatewayCli, openGatewayCli } from "../../plugin/briefings/gateway-cli.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "switchboard-cli-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content = ""): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const find = (env: Record<string, string>, script?: string, platform: NodeJS.Platform = "linux") =>
  findGatewayCli({ env, platform, script });

test("on the PATH, what a link leads to", () => {
  const file = write("lib/openclaw");
  symlinkSync(path.dirname(file), path.join(folder, "bin"), "junction");
  expect(find({ PATH: ["", "relative", "/none", path.join(folder, "bin")].join(path.delimiter) })).toBe(file);
});

test("on Windows, what lies beside the command: no shell reads its arguments", () => {
  const command = write("npm/openclaw.cmd");
  const env = { PATH: path.join(folder, "npm") };
  expect(find(env, undefined, "win32")).toBe(command);
  const packaged = write("npm/node_modules/openclaw/openclaw.mjs");
  expect(find(env, undefined, "win32")).toBe(packaged);
});

test("the one that is named comes first, then the one that runs us", () => {
  const onPath = write("bin/openclaw");
  const named = write("named/gateway.mjs");
  const running = write("running/openclaw.mjs");
  const PATH = path.dirname(onPath);
  expect(find({ PATH, SWITCHBOARD_OPENCLAW: named }, running)).toBe(named);
  expect(find({ PATH, SWITCHBOARD_OPENCLAW: path.join(folder, "gone") }, running)).toBe(running);
  expect(find({ PATH }, write("scripts/briefing.js"))).toBe(onPath);
});

test("none at all", () => {
  expect(() => find({ PATH: folder })).toThrow(
    /was not found on the PATH: name its file in SWITCHBOARD_OPENCLAW\.$/,
  );
});

test("arguments arrive as they are, and its answer is parsed", async () => {
  const file = write("echo.mjs", "console.log(JSON.stringify(process.argv.slice(2)));");
  const words = ["cron", "早上\n\"好\" '$HOME' %PATH% `x` & ^ |", ""];
  expect(await openGatewayCli(file, process.env).run(words)).toEqual(words);
});

test.each([
  ['console.log(\'{"ok":false,"error":{"message":"No such job."}}\'); process.exit(1)', "No such job."],
  ["console.error('first\\nThe gateway is away.'); process.exit(1)", "The gateway is away."],
  ["console.log('not JSON')", "it printed nothing that is understood."],
])("what failed is said in its own words: %s", async (script, reason) => {
  const cli = openGatewayCli(write("fails.mjs", script), process.env);
  await expect(cli.run(["cron", "rm", "--json"])).rejects.toThrow(`"openclaw cron rm" failed: ${reason}`);
});

test("one that hangs is ended", async () => {
  const cli = openGatewayCli(write("hangs.mjs", "setInterval(() => {}, 1000)"), process.env);
  await expect(cli.run(["agent", "--json"], { timeoutMs: 300 })).rejects.toThrow(
    '"openclaw agent" took longer than 0.3 s and was ended.',
  );
});
