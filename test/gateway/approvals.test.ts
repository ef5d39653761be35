/**
 * Approvals on a real gateway: the agent's tool inside a turn, a script beside it, both answered by what the running line
 * hears, and by asking when the gateway was killed meanwhile.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { OWNER, type PhoneLine, startPhoneLine } from "./phone-line.ts";

const wait = { timeoutMs: 30_000 };
/** Nothing but what the line hears can answer. */
const noAsking = {
  method: "GET",
  path: /^\/v1\/approvals\//,
  kind: "status",
  status: 503,
  times: 9_999,
} as const;
let line: PhoneLine;

beforeAll(async () => {
  line = await startPhoneLine({
    model: {
      script: [
        {
          when: /Ask whether/,
          answer: "",
          toolCall: {
            name: "tool_call",
            arguments: { id: "phone_approve", args: { action: "Delete “test-repo”", biometric: true } },
          },
        },
        { role: "tool", when: /Approved: do it now/, answer: "It is deleted." },
        { role: "tool", when: /Denied: do not do it/, answer: "I left it alone." },
      ],
    },
  });
});
afterAll(async () => await line?.close());
beforeEach(() => line.server.behave());

/** Runs the script as a person in a shell does. */
async function approval(...words: string[]): Promise<{ code: number; stdout: string }> {
  const { stateDir } = line.gateway;
  const script = join(stateDir, "linked-plugin", "dist", "scripts", "approval.js");
  const env = {
    OPENCLAW_STATE_DIR: stateDir,
    HOME: join(stateDir, "home"),
    SystemRoot: process.env.SystemRoot,
  };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], { env });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}

/** Waits until somebody waits for this very question. */
async function untilAsked(requestId: string): Promise<void> {
  const store = await openStore(line.gateway.stateDir);
  try {
    await vi.waitFor(async () => {
      const rows = await store.db
        .selectFrom("approvals")
        .select("id")
        .where("carrier_request_id", "=", requestId)
        .execute();
      expect(rows).toHaveLength(1);
    }, 10_000);
  } finally {
    await closeStore(store);
  }
}

describe("answered by what the line hears", () => {
  it.each([
    ["approved", "It is deleted."],
    ["denied", "I left it alone."],
  ] as const)("the agent's tool, %s", async (decision, reply) => {
    line.server.faults.rest = [{ ...noAsking }];
    const text = line.server.text({ from: OWNER, body: "Ask whether test-repo may go" });
    const asked = await line.server.nextApproval(wait);
    expect(asked).toMatchObject({ action: "Delete “test-repo”", require_biometric: true });
    await untilAsked(asked.request_id);
    line.server.pressApproval(asked.request_id, decision);
    expect((await text.reply(wait)).map(({ body }) => body)).toEqual([reply]);
  });

  it("a script beside the gateway", async () => {
    line.server.faults.rest = [{ ...noAsking }];
    const asking = approval("request", "Post the picture");
    const asked = await line.server.nextApproval(wait);
    await untilAsked(asked.request_id);
    line.server.pressApproval(asked.request_id, "approved");
    expect(await asking).toMatchObject({ code: 0, stdout: expect.stringMatching(/^approved\n/) });
  });
});

describe("a gateway that was killed", () => {
  it("loses neither the question nor its answer", async () => {
    line.server.text({ from: OWNER, body: "Ask whether test-repo may go, please" });
    const asked = await line.server.nextApproval(wait);
    await untilAsked(asked.request_id);
    await line.gateway.stop({ keepState: true, signal: "SIGKILL" });
    line.server.pressApproval(asked.request_id, "approved");
    expect(await approval("status", asked.request_id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^approved\n/),
    });
  });
});
