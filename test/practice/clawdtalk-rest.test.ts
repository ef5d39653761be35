// Proves the REST half of the ClawdTalk practice line: every call's answer, and what it refuses.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import { rulesBroken } from "./observed.ts";
import { RawClient } from "./raw-client.ts";

let server: ClawdTalkPractice;
const noon = Date.UTC(2026, 0, 1, 12);

async function start(options: ClawdTalkOptions = {}): Promise<void> {
  server = await startClawdTalkPractice({ now: () => noon, ...options });
}

beforeEach(() => start());
afterEach(() => server.close());

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${PRACTICE_API_KEY}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

const errorOf = (code: string) => ({ error: { code, message: expect.any(String) } });

describe("who asks", () => {
  it("needs the key, for everything", async () => {
    for (const authorization of ["", "Bearer cc_live_wrong", PRACTICE_API_KEY]) {
      expect(await ask("GET", "/me", undefined, { authorization })).toEqual({
        status: 401,
        body: errorOf("unauthorized"),
      });
    }
    expect((await ask("POST", "/calls", {}, { authorization: "" })).status).toBe(401);
    expect(server.calls.size).toBe(0);
  });

  it("is recorded without the key", async () => {
    await ask("POST", "/calls?", { greeting: "Hi" }, { "x-client-version": "2.1" });
    expect(server.rest).toMatchObject([
      {
        at: noon,
        method: "POST",
        path: "/v1/calls",
        query: {},
        body: { greeting: "Hi" },
        status: 202,
        headers: { "x-client-version": "2.1" },
      },
    ]);
    expect(JSON.stringify(server.rest)).not.toContain(PRACTICE_API_KEY);
  });
});

describe("GET /me", () => {
  it("tells the account", async () => {
    const { status, body } = await ask("GET", "/me");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      phone: "+15550001111",
      phone_verified: true,
      subscription_tier: "free",
      effective_tier: "free",
      system_number: "+15550009999",
      dedicated_number: null,
      paranoid_mode: false,
    });
    expect(Object.keys(body as object)).toEqual(
      expect.arrayContaining([
        "user_id",
        "email",
        "voice_preference",
        "quota",
        "usage_today",
        "usage_this_month",
      ]),
    );
  });

  it("tells the numbers and the tier it was started with", async () => {
    await server.close();
    await start({
      ownerNumber: "+8613800000000",
      systemNumber: "+15550007000",
      dedicatedNumber: "+15550008888",
    });
    expect((await ask("GET", "/me")).body).toMatchObject({
      phone: "+8613800000000",
      system_number: "+15550007000",
      dedicated_number: "+15550008888",
      effective_tier: "pro",
    });
  });
});

describe("calls", () => {
  it("to others need a dedicated number; to the owner none", async () => {
    expect(await ask("POST", "/calls", { to: "+15550002222" })).toEqual({
      status: 403,
      body: errorOf("dedicated_number_required"),
    });
    expect(server.calls.size).toBe(0);
    expect((await ask("POST", "/calls", { to: "+15550001111" })).status).toBe(202);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("are told by id, before, while and after they last", async () => {
    await server.close();
    await start({ timings: { outboundRingMs: 500 } });
    const { body } = await ask("POST", "/calls", {});
    const { call_id } = body as { call_id: string };
    expect((await ask("GET", `/calls/${call_id}`)).body).toEqual({
      call_id,
      direction: "outbound",
      status: expect.stringMatching(/initiating|ringing/),
      started_at: null,
      duration_seconds: 0,
    });
    const call = await server.nextOutbound();
    expect((await ask("GET", `/calls/${call_id}`)).body).toMatchObject({
      status: "in-progress",
      started_at: "2026-01-01T12:00:00.000Z",
    });
    call.hangUp();
    expect((await ask("GET", `/calls/${call_id}`)).body).toMatchObject({ status: "completed" });
    expect(await ask("GET", "/calls/call_unknown")).toEqual({ status: 404, body: errorOf("not_found") });
    expect((await ask("POST", "/calls/call_unknown/end", { reason: "user_ended" })).status).toBe(404);
  });
});

describe("messages", () => {
  it("are sent from the account's number", async () => {
    const sent = await ask("POST", "/messages/send", {
      to: "+15550002222",
      message: "你好",
      media_urls: ["https://example.com/a.png"],
    });
    expect(sent).toEqual({
      status: 200,
      body: { id: expect.any(String), status: "queued", from: "+15550009999", to: "+15550002222" },
    });
    expect(server.messages).toMatchObject([
      { direction: "outbound", body: "你好", media_urls: ["https://example.com/a.png"] },
    ]);
  });

  it("are listed newest first, by page, contact and direction", async () => {
    for (const number of [1, 2, 3]) server.text({ from: "+15550007777", body: `in ${number}` });
    await ask("POST", "/messages/send", { to: "+15550007777", message: "out 1" });
    server.text({ body: "from the owner" });
    const bodies = async (query: string) => {
      const { body } = await ask("GET", `/messages${query}`);
      const { messages, pagination } = body as { messages: { body: string }[]; pagination: unknown };
      return { messages: messages.map((message) => message.body), pagination };
    };
    expect(await bodies("")).toEqual({
      messages: ["from the owner", "out 1", "in 3", "in 2", "in 1"],
      pagination: { page: 1, limit: 20, total: 5, pages: 1 },
    });
    expect(await bodies("?limit=2&page=2")).toEqual({
      messages: ["in 3", "in 2"],
      pagination: { page: 2, limit: 2, total: 5, pages: 3 },
    });
    expect(await bodies("?contact=%2B15550007777&direction=inbound")).toEqual({
      messages: ["in 3", "in 2", "in 1"],
      pagination: { page: 1, limit: 20, total: 3, pages: 1 },
    });
    expect(rulesBroken(server)).toEqual([]);
  });

  it("are summed up by contact, the latest first", async () => {
    server.text({ from: "+15550007777", body: "one" });
    await ask("POST", "/messages/send", { to: "+15550007777", message: "answer" });
    server.text({ body: "hello" });
    server.text({ from: "+15550007777", body: "two" });
    server.text({ from: "+15550007777", body: "three" });
    expect((await ask("GET", "/messages/conversations")).body).toEqual({
      conversations: [
        {
          contact: "+15550007777",
          last_message: "three",
          last_message_at: "2026-01-01T12:00:00.000Z",
          unread_count: 2,
        },
        {
          contact: "+15550001111",
          last_message: "hello",
          last_message_at: "2026-01-01T12:00:00.000Z",
          unread_count: 1,
        },
      ],
    });
  });
});

describe("approvals", () => {
  it("are asked for, told and listed by status", async () => {
    const asked = await ask("POST", "/approvals", {
      action: "Delete the list",
      details: "All of it",
      require_biometric: true,
      expires_in: 300,
    });
    const approval = await server.nextApproval();
    const { request_id } = approval;
    expect(asked).toEqual({
      status: 200,
      body: {
        request_id,
        status: "pending",
        expires_at: "2026-01-01T12:05:00.000Z",
        devices_notified: 1,
        devices_failed: 0,
      },
    });
    expect(approval).toMatchObject({
      action: "Delete the list",
      details: "All of it",
      require_biometric: true,
    });
    const listed = async (status: string) =>
      ((await ask("GET", `/approvals?status=${status}`)).body as { approvals: unknown[] }).approvals;
    expect(await listed("pending")).toMatchObject([{ request_id }]);
    server.pressApproval(request_id, "approved");
    expect((await ask("GET", `/approvals/${request_id}`)).body).toMatchObject({ status: "approved" });
    expect(await listed("pending")).toEqual([]);
    expect(await listed("approved")).toHaveLength(1);
    expect((await ask("GET", "/approvals/approval_unknown")).status).toBe(404);
  });

  it("say so when there is no device", async () => {
    server.devices.registered = 0;
    const asked = await ask("POST", "/approvals", {
      action: "Delete",
      require_biometric: false,
      expires_in: 60,
    });
    expect(asked.body).toMatchObject({ status: "no_devices", devices_notified: 0 });
  });
});

describe("what is refused", () => {
  const badRequests: [string, string, unknown][] = [
    ["POST", "/calls", { to: "5550002222" }],
    ["POST", "/calls", { number: "+15550002222" }],
    ["POST", "/calls", { context: "book a table" }],
    ["POST", "/calls", "{"],
    ["POST", "/messages/send", { to: "+15550002222" }],
    ["POST", "/messages/send", { to: "+15550002222", message: "" }],
    ["POST", "/messages/send", { to: "+15550002222", message: "Hi", media_urls: ["not a link"] }],
    ["POST", "/approvals", { action: "Delete", expires_in: 60 }],
    ["GET", "/messages?limit=0", undefined],
    ["GET", "/messages?contact=+15550002222", undefined],
    ["GET", "/messages?since=yesterday", undefined],
    ["GET", "/approvals?status=maybe", undefined],
  ];
  it.each(badRequests)("%s %s %j", async (method, path, body) => {
    expect(await ask(method, path, body)).toEqual({ status: 400, body: errorOf("invalid_request") });
    expect(rulesBroken(server)).toEqual(["rest_bad_request"]);
    expect([server.calls.size, server.messages.length, server.approvals.length]).toEqual([0, 0, 0]);
  });

  it("a body that is not declared as JSON", async () => {
    const answer = await ask("POST", "/calls", "{}", { "content-type": "text/plain" });
    expect(answer).toEqual({ status: 400, body: errorOf("invalid_request") });
  });

  it("paths and methods the wire page does not have", async () => {
    expect((await ask("GET", "/nothing")).status).toBe(404);
    expect((await ask("DELETE", "/calls")).status).toBe(405);
    expect(rulesBroken(server)).toEqual(["rest_unknown_route", "rest_unknown_route"]);
  });

  it("a client that goes away while sending does no harm", async () => {
    const aborted = new AbortController();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"greeting":'));
        setTimeout(() => aborted.abort(), 10);
      },
    });
    const init = { method: "POST", body, duplex: "half", signal: aborted.signal } as const;
    await expect(fetch(`${server.apiUrl}/calls`, init)).rejects.toThrow();
    expect((await ask("GET", "/me")).status).toBe(200);
  });
});

it("tells the client with the key that placed the call", async () => {
  const client = await RawClient.connect(server);
  await ask("POST", "/calls", {});
  expect(await client.event("context_request")).toMatchObject({ call_id: [...server.calls.keys()][0] });
});
