import path from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../plugin/config/loader.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { registerPhoneApproveTool } from "../../plugin/trust/phone-approve-tool.ts";
import { guestSession, strangerSession } from "../../plugin/trust/sessions.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

interface Tool {
  readonly name: string;
  readonly parameters: { readonly required?: readonly string[] };
  execute(
    id: string,
    given: unknown,
    signal?: AbortSignal,
  ): Promise<{ content: { text: string }[]; details: unknown }>;
}

const here = storeInFolder();
let service: ClawdTalkPractice;
let env: Record<string, string>;

beforeEach(async () => {
  service = await startClawdTalkPractice();
  env = { CLAWDTALK_API_KEY: service.key, CLAWDTALK_SERVER: service.url };
});
afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
});

/** The tool as a session gets it. */
function toolIn(sessionKey: string | undefined): Tool | undefined {
  const tools: ((context: { sessionKey: string | undefined }) => Tool | null)[] = [];
  const api = { registerTool: (make: (typeof tools)[0]) => void tools.push(make) };
  registerPhoneApproveTool(api as unknown as OpenClawPluginApi, () => {
    const { stateFolder } = here;
    const configFile = path.join(stateFolder, "none");
    return { config: loadConfig({ env, stateFolder, configFile }).config, stateFolder };
  });
  return tools[0]?.({ sessionKey }) ?? undefined;
}

async function asked(given: object, signal?: AbortSignal): Promise<Awaited<ReturnType<Tool["execute"]>>> {
  const tool = toolIn("agent:main:main");
  if (tool === undefined) throw new Error("There is no tool.");
  return await tool.execute("t1", given, signal);
}

describe("who has it", () => {
  test("the owner's sessions, and nobody else's", () => {
    expect(toolIn("agent:main:main")).toMatchObject({
      name: "phone_approve",
      parameters: { required: ["action"] },
    });
    expect(toolIn("agent:main:phone:direct:+15550001111")).toBeDefined();
    expect(toolIn(guestSession("main", "+15550002222").sessionKey)).toBeUndefined();
    expect(toolIn(strangerSession("main", "clawdtalk", "call_1").sessionKey)).toBeUndefined();
  });

  test("nobody without a ClawdTalk line", () => {
    env = { CLAWCALL_API_KEY: "12345678-0000-4000-8000-00000000abcd" };
    expect(toolIn("agent:main:main")).toBeUndefined();
    env = {};
    expect(toolIn("agent:main:main")).toBeUndefined();
  });
});

test("asks, waits and says what to do", async () => {
  const asking = asked({
    action: "Send $500 to John",
    details: "给 John",
    biometric: true,
    timeoutSeconds: 60,
  });
  const { request_id } = await service.nextApproval();
  expect(service.rest[0]?.body).toEqual({
    action: "Send $500 to John",
    details: "给 John",
    require_biometric: true,
    expires_in: 60,
  });
  service.pressApproval(request_id, "approved");
  expect(await asking).toEqual({
    content: [{ type: "text", text: "approved\nApproved: do it now, and say when it is done." }],
    details: { approval: { id: expect.any(String), answer: "approved" } },
  });
});

test("as long as the owner's settings say, without biometrics, unless it is asked for", async () => {
  const asking = asked({ action: "Post" });
  service.pressApproval((await service.nextApproval()).request_id, "denied");
  expect((await asking).content[0]?.text).toBe("denied\nDenied: do not do it, and say that you will not.");
  expect(service.rest[0]?.body).toEqual({ action: "Post", require_biometric: false, expires_in: 300 });
});

test("a failure is an answer too, with its reason", async () => {
  service.faults.rest = [{ path: "/v1/approvals", kind: "status", status: 401, times: 1 }];
  const { content, details } = await asked({ action: "Post" });
  expect(content[0]?.text).toMatch(
    /^error\nIt could not be found out: do not do it, and say why\.\nClawdTalk does not accept the key cc_live_…0000/,
  );
  expect(details).toMatchObject({ approval: { answer: "error" } });
});

test("a run that is stopped does not wait", async () => {
  const stopping = new AbortController();
  const asking = asked({ action: "Post" }, stopping.signal);
  await service.nextApproval();
  stopping.abort();
  expect((await asking).details).toMatchObject({ approval: { answer: "error" } });
});

test.each([
  [{}],
  [{ action: "" }],
  [{ action: "Post", timeoutSeconds: 1 }],
  [{ action: "Post", biometric: "no" }],
])("%j is not understood, and nobody is asked", async (given) => {
  await expect(asked(given)).rejects.toThrow();
  expect(service.rest).toEqual([]);
});

test("a line by name", async () => {
  await expect(asked({ action: "Post", line: "work" })).rejects.toThrow('There is no line "work"');
});
