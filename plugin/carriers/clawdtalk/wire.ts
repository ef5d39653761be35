/**
 * Owns ClawdTalk's WebSocket words: one schema per server message, one function per client message. Beyond
 * this file nothing is named as the vendor names it.
 *
 * What comes in is read leniently, since the vendor promises nothing: unknown fields and events are told to
 * the caller for counting, an optional field of the wrong type counts as absent, and nothing throws. What
 * goes out has exactly the fields of the wire page.
 */

import { z } from "zod";
import type { CallDirection, CallOutcome, InboundText, MissionNews } from "../carrier.ts";

/** What the server can tell us, in Switchboard's words. */
export type ServerMessage =
  | { readonly kind: "authenticated" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "callSetup"; readonly callId: string }
  | { readonly kind: "callStarted"; readonly callId: string; readonly direction?: CallDirection }
  | { readonly kind: "turn"; readonly callId: string; readonly requestId: string; readonly words: string }
  | { readonly kind: "callEnded"; readonly outcome: CallOutcome }
  | { readonly kind: "text"; readonly text: InboundText }
  | { readonly kind: "approval"; readonly requestId: string; readonly decision: string }
  | { readonly kind: "missionNews"; readonly news: MissionNews }
  | {
      readonly kind: "walkie";
      readonly requestId: string;
      readonly words: string;
      readonly sessionKey?: string;
    }
  | { readonly kind: "logsWanted"; readonly requestId: string };

/** What one frame turned out to be. */
export type Reading =
  | { readonly kind: "message"; readonly message: ServerMessage; readonly unknownFields: number }
  /** A message this client does not know; `name` is the server's and not to be trusted. */
  | { readonly kind: "unknown"; readonly name: string }
  /** Broken JSON or required fields missing; `problem` names them, without any value from the wire. */
  | { readonly kind: "unreadable"; readonly problem: string };

type Reader = (raw: Record<string, unknown>) => Reading;

const needed = z.string().refine((text) => text.trim() !== "");
/** A string on the wire page. A number says the same, as long as JavaScript can tell it from its neighbours. */
function asId(value: unknown): unknown {
  return Number.isSafeInteger(value) ? String(value) : value;
}
const id = z.preprocess(asId, needed);
const optionalText = z.string().optional().catch(undefined);
const optionalDirection = z.enum(["inbound", "outbound"]).optional().catch(undefined);
const optionalSeconds = z.number().nonnegative().optional().catch(undefined);
/** On the wire page, read by nobody here. */
const unused = z.unknown().optional();

/** The fields every message may carry beside its own. */
const ENVELOPE: ReadonlySet<string> = new Set(["type", "event"]);

function reader<Shape extends z.ZodRawShape>(
  name: string,
  shape: Shape,
  toMessage: (fields: z.output<z.ZodObject<Shape>>) => ServerMessage,
): Reader {
  const schema = z.object(shape);
  return (raw) => {
    const parsed = schema.safeParse(raw);
    if (!parsed.success) {
      const fields = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
      return { kind: "unreadable", problem: `${name} without a usable ${[...fields].join(", ")}` };
    }
    const unknownFields = Object.keys(raw).filter((key) => !ENVELOPE.has(key) && !(key in shape)).length;
    return { kind: "message", message: toMessage(parsed.data), unknownFields };
  };
}

/** Leaves out what the wire did not say, so that an absent field is absent. */
function said<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}

/** `call_control_id` stands in for `call_id` (see `withCallId`), so every message of a call may carry it. */
const ofCall = { call_id: id, call_control_id: unused };

const messagesByType: ReadonlyMap<string, Reader> = new Map([
  ["auth_ok", reader("auth_ok", {}, () => ({ kind: "authenticated" }))],
  [
    "auth_error",
    reader("auth_error", { message: optionalText }, ({ message }) => ({
      kind: "refused",
      reason: message ?? "",
    })),
  ],
  [
    "request_logs",
    reader("request_logs", { request_id: id }, ({ request_id }) => ({
      kind: "logsWanted",
      requestId: request_id,
    })),
  ],
]);

const optionalId = z.preprocess(asId, optionalText);
const optionalWords = z
  .array(z.unknown())
  .transform((lines) => lines.flatMap((line) => wordsOfOne.safeParse(line).data ?? []))
  .optional()
  .catch(undefined);
const wordsOfOne = z.object({ role: z.string(), content: z.string() });

/** All of them are read alike: which fields an event of a mission has is only as sure as the vendor's word. */
function missionNews(name: MissionNews["name"]): [string, Reader] {
  const fields = {
    mission_id: id,
    step_id: optionalId,
    conversation_id: optionalId,
    from: optionalText,
    to: optionalText,
    duration_sec: optionalSeconds,
    reason: optionalText,
    transcript: optionalWords,
    summary: optionalText,
    status: optionalText,
    errors: unused,
    text: optionalText,
    message_id: unused,
    thread_context: unused,
  };
  return [
    name,
    reader(name, fields, (read) => ({
      kind: "missionNews",
      news: {
        name,
        missionId: read.mission_id,
        ...said({
          stepId: read.step_id || undefined,
          conversationId: read.conversation_id || undefined,
          from: read.from,
          to: read.to,
          transcript: read.transcript,
          text: read.text,
          summary: read.summary,
          reason: read.reason ?? read.status,
          durationSec: read.duration_sec,
        }),
      },
    })),
  ];
}

const messagesByEvent: ReadonlyMap<string, Reader> = new Map([
  missionNews("mission.call_started"),
  missionNews("mission.call_completed"),
  missionNews("mission.call_failed"),
  missionNews("mission.insights_ready"),
  missionNews("mission.sms_delivered"),
  missionNews("mission.sms_received"),
  [
    "context_request",
    reader("context_request", ofCall, ({ call_id }) => ({ kind: "callSetup", callId: call_id })),
  ],
  [
    "call.started",
    reader("call.started", { ...ofCall, direction: optionalDirection }, ({ call_id, direction }) => ({
      kind: "callStarted",
      callId: call_id,
      ...said({ direction }),
    })),
  ],
  [
    "deep_tool_request",
    reader(
      "deep_tool_request",
      // Blank words, and none, are words too: the request waits for its one answer.
      { ...ofCall, request_id: id, query: optionalText, urgency: unused, context: unused },
      ({ call_id, request_id, query }) => ({
        kind: "turn",
        callId: call_id,
        requestId: request_id,
        words: query ?? "",
      }),
    ),
  ],
  [
    "call.ended",
    reader(
      "call.ended",
      {
        ...ofCall,
        direction: optionalDirection,
        duration_seconds: optionalSeconds,
        reason: optionalText,
        outcome: optionalText,
        to_number: optionalText,
        purpose: optionalText,
        greeting: optionalText,
        voicemail_message: optionalText,
      },
      (fields) => ({
        kind: "callEnded",
        outcome: {
          callId: fields.call_id,
          ...said({
            direction: fields.direction,
            durationSeconds: fields.duration_seconds,
            reason: fields.reason,
            outcome: fields.outcome,
            toNumber: fields.to_number,
            purpose: fields.purpose,
            greeting: fields.greeting,
            voicemailMessage: fields.voicemail_message,
          }),
        },
      }),
    ),
  ],
  [
    "sms.received",
    // The body may be empty or missing: a picture without words is a text too.
    reader(
      "sms.received",
      { from: needed, body: z.string().nullish(), message_id: id },
      ({ from, body, message_id }) => ({
        kind: "text",
        text: { messageId: message_id, from, body: body ?? "" },
      }),
    ),
  ],
  [
    "approval.responded",
    reader("approval.responded", { request_id: id, decision: needed }, ({ request_id, decision }) => ({
      kind: "approval",
      requestId: request_id,
      decision,
    })),
  ],
  [
    "walkie_request",
    reader(
      "walkie_request",
      { request_id: id, transcript: needed, session_key: optionalText },
      ({ request_id, transcript, session_key }) => ({
        kind: "walkie",
        requestId: request_id,
        words: transcript,
        ...said({ sessionKey: session_key }),
      }),
    ),
  ],
]);

function isBlank(value: unknown): boolean {
  return typeof value !== "string" || value.trim() === "";
}

/** Some events name their call only by the telephone network's id; that id then is the call's id. */
function withCallId(raw: Record<string, unknown>): Record<string, unknown> {
  if (!isBlank(asId(raw.call_id)) || isBlank(asId(raw.call_control_id))) return raw;
  return { ...raw, call_id: raw.call_control_id };
}

/** Reads one frame from the server. Never throws. Source: the wire page, "Server → client". */
export function readServerMessage(frame: string): Reading {
  let raw: unknown;
  try {
    raw = JSON.parse(frame);
  } catch {
    return { kind: "unreadable", problem: "a frame that is not JSON" };
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { kind: "unreadable", problem: "a frame that is not a JSON object" };
  }
  const fields = raw as Record<string, unknown>;
  const isEvent = fields.type === "event";
  const name = isEvent ? fields.event : fields.type;
  if (typeof name !== "string" || name === "") {
    return { kind: "unreadable", problem: isEvent ? "an event without a name" : "a message without a type" };
  }
  const read = (isEvent ? messagesByEvent : messagesByType).get(name);
  if (read) return read(withCallId(fields));
  return { kind: "unknown", name };
}

/** What this client says, exactly as the wire page has it ("Client → server"). */
export type ClientMessage =
  | {
      type: "auth";
      api_key: string;
      client_version?: string;
      owner_name?: string;
      agent_name?: string;
    }
  | { type: "context_response"; call_id: string; context: { memory: string; system_prompt: string } }
  | { type: "response"; call_id: string; text: string }
  | { type: "deep_tool_progress"; request_id: string; call_id: string; text: string }
  | { type: "deep_tool_result"; request_id: string; call_id: string; text: string }
  | { type: "walkie_response"; request_id: string; reply: string; error?: string }
  | { type: "client_restart"; version: string; reason: "reconnect" }
  | { type: "logs_response"; request_id: string; lines: string[]; error?: string };

/** A `response` stays under this many characters. */
const RESPONSE_LIMIT = 2_000;

/** The first frame after the connection opens. */
export function authMessage(client: {
  apiKey: string;
  version: string;
  ownerName?: string | undefined;
  agentName?: string | undefined;
}): ClientMessage {
  return {
    type: "auth",
    api_key: client.apiKey,
    client_version: client.version,
    ...said({ owner_name: client.ownerName, agent_name: client.agentName }),
  };
}

export function contextMessage(
  callId: string,
  context: { memory: string; systemPrompt: string },
): ClientMessage {
  return {
    type: "context_response",
    call_id: callId,
    context: { memory: context.memory, system_prompt: context.systemPrompt },
  };
}

/** Words spoken on the call outside any request (the greeting), cut to what the service takes. */
export function spokenMessage(callId: string, text: string): ClientMessage {
  return { type: "response", call_id: callId, text: cutBelow(text, RESPONSE_LIMIT) };
}

export function progressMessage(callId: string, requestId: string, text: string): ClientMessage {
  return { type: "deep_tool_progress", request_id: requestId, call_id: callId, text };
}

/** @throws RangeError when `text` is blank: what an empty result does is not known, so none is ever sent. */
export function resultMessage(callId: string, requestId: string, text: string): ClientMessage {
  if (isBlank(text)) throw new RangeError("The answer to a caller's request must not be empty.");
  return { type: "deep_tool_result", request_id: requestId, call_id: callId, text };
}

export function walkieMessage(requestId: string, reply: { text: string } | { error: string }): ClientMessage {
  return "error" in reply
    ? { type: "walkie_response", request_id: requestId, reply: "", error: reply.error }
    : { type: "walkie_response", request_id: requestId, reply: reply.text };
}

export function restartMessage(version: string): ClientMessage {
  return { type: "client_restart", version, reason: "reconnect" };
}

/** `lines` must be free of secrets already. */
export function logsMessage(requestId: string, lines: string[], error?: string): ClientMessage {
  return { type: "logs_response", request_id: requestId, lines, ...said({ error }) };
}

/**
 * Cuts `text` to fewer than `limit` UTF-16 units: after its last whole sentence that fits, in any script, or,
 * when even the first is too long, after the last whole character.
 */
function cutBelow(text: string, limit: number): string {
  if (text.length < limit) return text;
  for (const granularity of ["sentence", "grapheme"] as const) {
    let end = 0;
    for (const { index, segment } of new Intl.Segmenter(undefined, { granularity }).segment(text)) {
      if (index + segment.length >= limit) break;
      end = index + segment.length;
    }
    const kept = text.slice(0, end).trimEnd();
    if (kept !== "") return kept;
  }
  return text.slice(0, limit - 1);
}
