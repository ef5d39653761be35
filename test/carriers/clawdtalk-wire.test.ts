// Proves how ClawdTalk's frames are read (leniently, never throwing) and what exactly is sent.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  authMessage,
  contextMessage,
  logsMessage,
  progressMessage,
  readServerMessage,
  restartMessage,
  resultMessage,
  spokenMessage,
  walkieMessage,
} from "../../plugin/carriers/clawdtalk/wire.ts";
import { sampleEvent } from "../../plugin/practice/clawdtalk-wire.ts";

const readEvent = (event: string, fields: object) =>
  readServerMessage(JSON.stringify({ type: "event", event, ...fields }));

describe("reading", () => {
  it.each([
    [{ type: "auth_ok" }, { kind: "authenticated" }],
    [
      { type: "auth_error", message: "invalid key" },
      { kind: "refused", reason: "invalid key" },
    ],
    [{ type: "auth_error" }, { kind: "refused", reason: "" }],
    [
      { type: "request_logs", request_id: "r1" },
      { kind: "logsWanted", requestId: "r1" },
    ],
    [
      { type: "event", event: "context_request", call_id: "c1" },
      { kind: "callSetup", callId: "c1" },
    ],
    [
      { type: "event", event: "call.started", call_id: "c1", direction: "inbound" },
      { kind: "callStarted", callId: "c1", direction: "inbound" },
    ],
    [
      { type: "event", event: "deep_tool_request", call_id: "c1", request_id: "r1", query: "现在几点?" },
      { kind: "turn", callId: "c1", requestId: "r1", words: "现在几点?" },
    ],
    [
      {
        type: "event",
        event: "call.ended",
        call_id: "c1",
        direction: "outbound",
        duration_seconds: 12.5,
        reason: "amd_silence",
        outcome: "voicemail",
        to_number: "+15550002222",
        purpose: "a table",
        greeting: "Hello",
        voicemail_message: "Call me",
      },
      {
        kind: "callEnded",
        outcome: {
          callId: "c1",
          direction: "outbound",
          durationSeconds: 12.5,
          reason: "amd_silence",
          outcome: "voicemail",
          toNumber: "+15550002222",
          purpose: "a table",
          greeting: "Hello",
          voicemailMessage: "Call me",
        },
      },
    ],
    [
      { type: "event", event: "sms.received", from: "+15550001111", body: "", message_id: "m1" },
      { kind: "text", text: { messageId: "m1", from: "+15550001111", body: "" } },
    ],
    [
      { type: "event", event: "approval.responded", request_id: "a1", decision: "no_devices" },
      { kind: "approval", requestId: "a1", decision: "no_devices" },
    ],
    [
      {
        type: "event",
        event: "walkie_request",
        request_id: "w1",
        transcript: "Over",
        session_key: "agent:x",
      },
      { kind: "walkie", requestId: "w1", words: "Over", sessionKey: "agent:x" },
    ],
  ])("reads %o", (frame, message) => {
    expect(readServerMessage(JSON.stringify(frame))).toStrictEqual({
      kind: "message",
      message,
      unknownFields: 0,
    });
  });

  it("takes call_control_id for a missing or blank call_id, and never for a given one", () => {
    const fields = { request_id: "r1", query: "Hi", call_control_id: "v3:abc" };
    const callId = (reading: ReturnType<typeof readEvent>) =>
      reading.kind === "message" && reading.message.kind === "turn" ? reading.message.callId : undefined;
    expect(callId(readEvent("deep_tool_request", fields))).toBe("v3:abc");
    expect(callId(readEvent("deep_tool_request", { ...fields, call_id: "" }))).toBe("v3:abc");
    expect(callId(readEvent("deep_tool_request", { ...fields, call_id: null }))).toBe("v3:abc");
    expect(callId(readEvent("deep_tool_request", { ...fields, call_id: "c1" }))).toBe("c1");
  });

  it("takes a number for an id, as far as numbers are exact", () => {
    expect(readEvent("deep_tool_request", { call_id: 7, request_id: 0, query: "Hi" })).toMatchObject({
      message: { kind: "turn", callId: "7", requestId: "0" },
    });
    expect(readEvent("call.started", { call_id: 7, call_control_id: "v3:abc" })).toMatchObject({
      message: { callId: "7" },
    });
    expect(readEvent("call.started", { call_control_id: 8 })).toMatchObject({ message: { callId: "8" } });
    expect(readEvent("sms.received", { from: "+15550001111", body: "x", message_id: 9 })).toMatchObject({
      message: { text: { messageId: "9" } },
    });
    expect(readEvent("call.started", { call_id: 2 ** 60 })).toMatchObject({ kind: "unreadable" });
  });

  it.each([{}, { body: null }])("reads a text of a picture alone: %o", (body) => {
    expect(readEvent("sms.received", { from: "+15550001111", message_id: "m1", ...body })).toMatchObject({
      message: { kind: "text", text: { messageId: "m1", from: "+15550001111", body: "" } },
    });
  });

  it.each([{}, { query: null }, { query: 5 }])("reads a request without words: %o", (query) => {
    expect(readEvent("deep_tool_request", { call_id: "c1", request_id: "r1", ...query })).toMatchObject({
      message: { kind: "turn", callId: "c1", requestId: "r1", words: "" },
    });
  });

  it("treats an optional field of the wrong type as absent", () => {
    const fields = {
      call_id: "c1",
      direction: "sideways",
      duration_seconds: "long",
      reason: null,
      greeting: 7,
    };
    expect(readEvent("call.ended", fields)).toStrictEqual({
      kind: "message",
      message: { kind: "callEnded", outcome: { callId: "c1" } },
      unknownFields: 0,
    });
  });

  it("counts fields the wire page does not know", () => {
    const fields = { call_id: "c1", direction: "inbound", caller_verified: true, from: "+15550001111" };
    expect(readEvent("call.started", fields)).toMatchObject({ kind: "message", unknownFields: 2 });
    const known = {
      call_id: "c",
      request_id: "r",
      query: "q",
      urgency: "high",
      context: {},
      call_control_id: "v",
    };
    expect(readEvent("deep_tool_request", known)).toMatchObject({ unknownFields: 0 });
  });

  it.each([
    ["context_request", {}, "context_request without a usable call_id"],
    ["call.started", { call_id: " " }, "call.started without a usable call_id"],
    ["deep_tool_request", { call_id: "c" }, "deep_tool_request without a usable request_id"],
    ["call.ended", { duration_seconds: 3 }, "call.ended without a usable call_id"],
    ["sms.received", { body: "secret words" }, "sms.received without a usable from, message_id"],
    [
      "approval.responded",
      { request_id: true, decision: "x" },
      "approval.responded without a usable request_id",
    ],
    ["walkie_request", { request_id: "w" }, "walkie_request without a usable transcript"],
  ])("names the missing fields of %s, and no value", (event, fields, problem) => {
    expect(readEvent(event, fields)).toStrictEqual({ kind: "unreadable", problem });
  });

  it.each([
    ["{broken", "a frame that is not JSON"],
    ["", "a frame that is not JSON"],
    ["[]", "a frame that is not a JSON object"],
    ["null", "a frame that is not a JSON object"],
    ['"auth_ok"', "a frame that is not a JSON object"],
    ["{}", "a message without a type"],
    ['{"type":"event"}', "an event without a name"],
    ['{"type":"event","event":7}', "an event without a name"],
  ])("says what is wrong with %s", (frame, problem) => {
    expect(readServerMessage(frame)).toStrictEqual({ kind: "unreadable", problem });
  });

  it("does not know what it was not told of", () => {
    expect(readEvent("call.dream", {})).toStrictEqual({ kind: "unknown", name: "call.dream" });
    expect(readEvent("constructor", {})).toStrictEqual({ kind: "unknown", name: "constructor" });
    expect(readEvent("auth_ok", {})).toStrictEqual({ kind: "unknown", name: "auth_ok" });
    expect(readServerMessage('{"type":"call.started","call_id":"c"}')).toMatchObject({ kind: "unknown" });
  });

  it("reads every event of a mission, with whatever of it can be read", () => {
    for (const [name, further] of [
      ["mission.call_started", {}],
      ["mission.call_completed", { durationSec: 31, reason: "user_hangup", transcript: expect.any(Array) }],
      ["mission.call_failed", { reason: "no_answer" }],
      ["mission.sms_delivered", { reason: "delivered" }],
      ["mission.sms_received", { text: "Eight is fine." }],
    ] as const) {
      expect(readEvent(name, sampleEvent(name))).toMatchObject({
        kind: "message",
        message: {
          kind: "missionNews",
          news: {
            name,
            missionId: "mission_sample",
            stepId: "step_sample",
            from: "+15550009999",
            to: "+15550002222",
            ...further,
          },
        },
        unknownFields: 0,
      });
    }
    expect(readEvent("mission.insights_ready", sampleEvent("mission.insights_ready"))).toStrictEqual({
      kind: "message",
      message: {
        kind: "missionNews",
        news: {
          name: "mission.insights_ready",
          missionId: "mission_sample",
          stepId: "step_sample",
          conversationId: "conversation_sample",
          summary: "They have a table at eight.",
        },
      },
      unknownFields: 0,
    });
    expect(
      readEvent("mission.call_completed", {
        mission_id: 7,
        step_id: "",
        conversation_id: null,
        duration_sec: "long",
        transcript: [{ role: "user", content: "Ja, 好的" }, { role: "user" }, null, "words"],
      }),
    ).toMatchObject({
      message: {
        news: {
          name: "mission.call_completed",
          missionId: "7",
          transcript: [{ role: "user", content: "Ja, 好的" }],
        },
      },
    });
    expect(readEvent("mission.call_failed", {})).toStrictEqual({
      kind: "unreadable",
      problem: "mission.call_failed without a usable mission_id",
    });
  });

  it("throws for no frame at all", () => {
    const anyFrame = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom("event", "auth_ok", "auth_error", "request_logs"),
          event: fc.constantFrom(
            "call.started",
            "call.ended",
            "deep_tool_request",
            "sms.received",
            "__proto__",
          ),
          call_id: fc.jsonValue(),
          request_id: fc.jsonValue(),
          query: fc.jsonValue(),
        })
        .map((fields) => JSON.stringify(fields)),
    );
    fc.assert(fc.property(anyFrame, (frame) => typeof readServerMessage(frame).kind === "string"));
  });
});

describe("sending", () => {
  it("has exactly the fields of the wire page", () => {
    expect(authMessage({ apiKey: "k", version: "1.2.3", ownerName: "Ada", agentName: "Mo" })).toStrictEqual({
      type: "auth",
      api_key: "k",
      client_version: "1.2.3",
      owner_name: "Ada",
      agent_name: "Mo",
    });
    expect(authMessage({ apiKey: "k", version: "1.2.3" })).toStrictEqual({
      type: "auth",
      api_key: "k",
      client_version: "1.2.3",
    });
    expect(contextMessage("c", { memory: "m", systemPrompt: "s" })).toStrictEqual({
      type: "context_response",
      call_id: "c",
      context: { memory: "m", system_prompt: "s" },
    });
    expect(spokenMessage("c", "Hello")).toStrictEqual({ type: "response", call_id: "c", text: "Hello" });
    expect(progressMessage("c", "r", "One.")).toStrictEqual({
      type: "deep_tool_progress",
      request_id: "r",
      call_id: "c",
      text: "One.",
    });
    expect(resultMessage("c", "r", "Two.")).toStrictEqual({
      type: "deep_tool_result",
      request_id: "r",
      call_id: "c",
      text: "Two.",
    });
    expect(walkieMessage("w", { text: "Roger" })).toStrictEqual({
      type: "walkie_response",
      request_id: "w",
      reply: "Roger",
    });
    expect(walkieMessage("w", { error: "busy" })).toStrictEqual({
      type: "walkie_response",
      request_id: "w",
      reply: "",
      error: "busy",
    });
    expect(restartMessage("1.2.3")).toStrictEqual({
      type: "client_restart",
      version: "1.2.3",
      reason: "reconnect",
    });
    expect(logsMessage("l", ["a"])).toStrictEqual({ type: "logs_response", request_id: "l", lines: ["a"] });
    expect(logsMessage("l", [], "no")).toStrictEqual({
      type: "logs_response",
      request_id: "l",
      lines: [],
      error: "no",
    });
  });

  it.each(["", "  ", "\n"])("refuses the empty result %j", (text) => {
    expect(() => resultMessage("c", "r", text)).toThrow(RangeError);
  });

  it.each([
    ["English", "This is one sentence of a greeting. ", "."],
    ["Chinese", "这是问候语里的一句话。", "。"],
  ])("cuts a long greeting after a whole sentence: %s", (_language, sentence, end) => {
    const message = spokenMessage("c", sentence.repeat(400));
    const text = "text" in message ? message.text : "";
    expect(text.length).toBeLessThan(2_000);
    expect(text.length).toBeGreaterThan(1_900);
    expect(text.endsWith(end)).toBe(true);
  });

  it("keeps any greeting under 2,000 characters, a beginning of the original, with no character broken", () => {
    const anyText = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .chain((piece) => fc.integer({ min: 1, max: 3_000 }).map((times) => piece.repeat(times)));
    fc.assert(
      fc.property(anyText, (original) => {
        const message = spokenMessage("c", original);
        const text = "text" in message ? message.text : "";
        expect(text.length).toBeLessThan(2_000);
        expect(original.startsWith(text)).toBe(true);
        expect(text.isWellFormed()).toBe(true);
        if (original.length < 2_000) expect(text).toBe(original);
      }),
      { numRuns: 50 },
    );
  });
});
