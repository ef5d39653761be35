/** The background process from inside: what makes it end, and what it says of itself. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runBackground } from "../../plugin/connector/background.ts";
import { readConnectorSettings } from "../../plugin/connector/connector-settings.ts";
import { isHanging } from "../../plugin/connector/control.ts";
import { type ConnectorFiles, connectorFiles } from "../../plugin/connector/files.ts";
import { ANOTHER_RUNS } from "../../plugin/connector/lock.ts";
import { readStatus, removeWish, writeStatus } from "../../plugin/connector/status-file.ts";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";

let folder: string;
let files: ConnectorFiles;
let line: ClawdTalkPractice;
let gateway: Server;
let gatewayUrl: string;
let hasPlugin = false;
let end: AbortController;

beforeEach(async () => {
  hasPlugin = false;
  end = new AbortController();
  line = await startClawdTalkPractice();
  gateway = createServer((request, response) => {
    request.resume();
    if (request.url === "/switchboard/health" && hasPlugin) response.end('{"switchboard":true}');
    else if (request.url === "/switchboard/health") response.end("<!doctype html>");
    else if (request.url === "/v1/chat/completions")
      response.writeHead(400).end('{"error":{"message":"Missing"}}');
    else response.writeHead(404).end("Not Found");
  });
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-background-"));
  files = connectorFiles(folder);
  mkdirSync(files.folder, { recursive: true });
  writeFileSync(
    path.join(files.folder, "skill-config.json"),
    JSON.stringify({ api_key: PRACTICE_API_KEY, server: line.url, gateway_url: gatewayUrl }),
  );
});

afterEach(async () => {
  end.abort();
  gateway.closeAllConnections();
  gateway.close();
  await line.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function run(): Promise<number> {
  return runBackground({
    settings: readConnectorSettings({
      env: { OPENCLAW_STATE_DIR: folder, HOME: folder },
      startFolders: [],
      packageFolder: undefined,
    }),
    gateway: { url: gatewayUrl },
    wish: {},
    version: "1.2.3",
    debug: false,
    signal: end.signal,
    askEveryMs: 300,
  });
}

async function connected(): Promise<void> {
  await line.waitForClient({ timeoutMs: 5_000 });
  const giveUpAt = performance.now() + 5_000;
  while (readStatus(files.status)?.lines[0]?.state !== "connected") {
    if (performance.now() > giveUpAt)
      throw new Error("The status file does not say that the line is connected.");
    await sleep(20);
  }
}

it("keeps the line connected until it is told to end, and says so in its status", async () => {
  const running = run();
  await connected();
  await sleep(300);
  expect(readStatus(files.status)).toMatchObject({
    pid: process.pid,
    version: "1.2.3",
    state: "running",
    lines: [{ name: "clawdtalk", carrier: "clawdtalk", liveCalls: 0 }],
    agent: { way: "chat-completions", modelCallsPerTurn: 1 },
  });
  end.abort();
  expect(await running).toBe(0);
  expect(readStatus(files.status)).toMatchObject({ state: "ended" });
  expect(readStatus(files.status)?.gaveUp).toBeUndefined();
});

it("ends when it is not wanted any more", async () => {
  const running = run();
  await connected();
  removeWish(files.wish);
  expect(await running).toBe(0);
});

it("ends for good when the plugin takes over", async () => {
  const running = run();
  await connected();
  hasPlugin = true;
  expect(await running).toBe(1);
  expect(readStatus(files.status)?.gaveUp).toContain("The Switchboard plugin is active on the gateway");
});

it("ends for good when the service refuses the key", async () => {
  line.faults.refuseKey = "This key was revoked.";
  expect(await run()).toBe(1);
  expect(readStatus(files.status)?.gaveUp).toContain("refused the key");
});

it("does not run twice", async () => {
  const running = run();
  await connected();
  expect(await run()).toBe(ANOTHER_RUNS);
  end.abort();
  expect(await running).toBe(0);
});

it("is taken for hanging only when it stays without a word", async () => {
  const running = run();
  await connected();
  const status = readStatus(files.status);
  if (status === undefined) throw new Error("There is no status.");
  expect(await isHanging(files, status)).toBe(false);
  end.abort();
  await running;
  const old = { ...status, updatedAt: new Date(Date.now() - 600_000).toISOString() };
  writeStatus(files.status, old);
  expect(await isHanging(files, old, 50)).toBe(true);
});
