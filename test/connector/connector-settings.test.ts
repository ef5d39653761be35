/** What the connector is told, and how `--server` and the gateway's session settings count. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConnectorSettings } from "../../plugin/connector/connector-settings.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-settings-"));
  mkdirSync(path.join(folder, "switchboard"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(env: Record<string, string> = {}, server?: string) {
  return readConnectorSettings({
    env: { OPENCLAW_STATE_DIR: folder, HOME: folder, ...env },
    startFolders: [],
    packageFolder: undefined,
    server,
  });
}

describe("--server", () => {
  it("takes the place of every address of the implicit line, and of no other's", () => {
    writeFileSync(
      path.join(folder, "switchboard", "skill-config.json"),
      JSON.stringify({
        api_key: "cc_live_a",
        lines: { second: { apiKey: "cc_live_b", server: "https://two.example" } },
      }),
    );
    const env = { CLAWDTALK_SERVER: "https://one.example", CLAWDTALK_API_URL: "https://rest.example/v1" };
    const { config, problems } = read(env, "http://127.0.0.1:8000/");
    expect(problems).toEqual([]);
    expect(config.lines.map(({ name, server, apiUrl }) => [name, server, apiUrl])).toEqual([
      ["clawdtalk", "http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"],
      ["second", "https://two.example", "https://two.example/v1"],
    ]);
  });

  it("is said to have no effect where there is no such line", () => {
    writeFileSync(
      path.join(folder, "switchboard", "skill-config.json"),
      JSON.stringify({ lines: { second: { apiKey: "cc_live_b" } } }),
    );
    expect(read({}, "http://127.0.0.1:8000").problems).toEqual([
      expect.stringContaining("--server has no effect"),
    ]);
  });
});

describe("whether the owner's direct chats share the main session", () => {
  it.each([
    [{}, true],
    [{ session: { dmScope: "main" } }, true],
    [{ session: { dmScope: "per-channel-peer" } }, false],
    [{ session: { scope: "global" } }, false],
    [{ bindings: [{ agentId: "main", match: { channel: "telegram" } }] }, false],
  ])("%j", (config, share) => {
    writeFileSync(path.join(folder, "openclaw.json"), JSON.stringify(config));
    expect(read().directChatsShareMain).toBe(share);
  });
});
