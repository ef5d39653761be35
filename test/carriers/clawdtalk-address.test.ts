// Proves which address of a ClawdTalk server is tried.
import { describe, expect, it } from "vitest";
import { webSocketUrl } from "../../plugin/carriers/clawdtalk/socket.ts";

describe("webSocketUrl", () => {
  it.each([
    ["https://clawdtalk.com", "wss://clawdtalk.com/ws"],
    ["http://127.0.0.1:8123/", "ws://127.0.0.1:8123/ws"],
    ["https://example.test/phone//", "wss://example.test/phone/ws"],
    ["https://user:secret@example.test/?a=b#c", "wss://example.test/ws"],
  ])("%s → %s", (server, url) => {
    expect(webSocketUrl(server)).toBe(url);
  });

  it.each(["", "clawdtalk.com", "ftp://clawdtalk.com", "https://"])("refuses %j", (server) => {
    expect(() => webSocketUrl(server)).toThrow("not an http or https address");
  });
});
