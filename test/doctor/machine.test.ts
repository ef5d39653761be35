// Proves what the doctor says of Node, the gateway's version and the clock.
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  isOlder,
  oldestGateway,
  oldestNode,
  testedGateway,
  testedNode,
} from "../../plugin/doctor/tested-with.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { Examined, ToldGateway } from "./examined.ts";

let examined: Examined;
let gateway: ToldGateway;
let service: ClawdTalkPractice;

beforeEach(async () => {
  examined = new Examined();
  [gateway, service] = await Promise.all([ToldGateway.start(), startClawdTalkPractice()]);
  examined.env = { OPENCLAW_GATEWAY_URL: gateway.url };
});
afterEach(async () => {
  examined.remove();
  await Promise.all([gateway.close(), service.close()]);
});

const machine = (more: object) => ({
  machine: { nodeVersion: "24.21.0", platform: "linux" as const, userId: undefined, now: Date.now, ...more },
});

test.each([
  ["24.16.0", `ok: Node 24.16.0 (tested with ${testedNode}).`],
  ["99.0.0", `ok: Node 99.0.0 (tested with ${testedNode}).`],
  ["24.9.0", `problem: This is Node 24.9.0; ${oldestNode} or newer is needed (tested with ${testedNode}).`],
])("Node %s", async (nodeVersion, said) => {
  examined.more = machine({ nodeVersion });
  expect(await examined.found("node")).toEqual([said]);
});

test("the gateway these tests run with is the tested one; versions are compared part by part", () => {
  const file = findPackageJSON("openclaw", import.meta.url) ?? "";
  const installed = JSON.parse(readFileSync(file, "utf8"));
  expect(testedGateway).toBe(installed.version);
  expect([isOlder("2026.9.6", "2026.10.1"), isOlder("2026.10.1", "2026.9.6"), isOlder("1.0", "1.0")]).toEqual(
    [true, false, false],
  );
});

const TESTED = `ok: OpenClaw ${testedGateway} (tested with ${testedGateway}).`;
test.each([
  [testedGateway, testedGateway, [TESTED]],
  [
    "9999.1.1",
    "9999.1.1",
    [`ok: OpenClaw 9999.1.1 (newer than what this was tested with: ${testedGateway}).`],
  ],
  [
    testedGateway,
    "9999.1.1",
    [
      `warning: The gateway that runs is OpenClaw ${testedGateway}, the one that is installed 9999.1.1.`,
      TESTED,
    ],
  ],
  [
    "2026.1.1",
    "2026.1.1",
    [
      `problem: OpenClaw 2026.1.1 is older than the plugin needs (${oldestGateway}; tested with ${testedGateway}).`,
    ],
  ],
])("a gateway of version %s, installed %s", async (running, installed, said) => {
  examined.commands = {};
  examined.write("package.json", { name: "openclaw", version: installed });
  gateway.runsPlugin({ gatewayVersion: running });
  expect(await examined.found("gateway-version")).toEqual(said);
});

test("without the gateway's command it says how to name it, and what it knows all the same", async () => {
  gateway.runsPlugin({ gatewayVersion: testedGateway });
  expect(await examined.look("gateway-version")).toEqual([
    {
      level: "warning",
      found:
        'The gateway\'s command "openclaw" is not on the PATH: briefings cannot be scheduled, and not everything could be looked at.',
      command: "name its file in SWITCHBOARD_OPENCLAW, or: npm install --global openclaw",
    },
    { level: "ok", found: TESTED.slice("ok: ".length) },
  ]);
});

test.each([
  [0, "ok: The clock agrees with the phone services'."],
  [2_000, "ok: The clock agrees with the phone services'."],
  [-90_000, /^warning: The clock is (?:89|90|91) s behind the phone services'\.$/],
  [3_600_000, /^problem: The clock is 3(?:599|600|601) s ahead of the phone services'\.$/],
])("a clock that is %i ms ahead", async (ahead, said) => {
  examined.env = { CLAWDTALK_API_KEY: service.keys[0] ?? "", CLAWDTALK_SERVER: service.url };
  examined.more = machine({ now: () => Date.now() + ahead });
  const [found, ...others] = await examined.look("clock");
  expect(others).toEqual([]);
  expect(`${found?.level}: ${found?.found}`).toMatch(said);
  expect(found?.command).toBe(found?.level === "ok" ? undefined : "sudo timedatectl set-ntp true");
});

test("where no service answers, nothing is said of the clock", async () => {
  expect(await examined.found("clock")).toEqual([]);
  await service.close();
  examined.env = { CLAWDTALK_API_KEY: service.keys[0] ?? "", CLAWDTALK_SERVER: service.url };
  expect(await examined.found("clock")).toEqual([]);
});
