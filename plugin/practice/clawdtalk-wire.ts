// Owns the practice line's own reading of the ClawdTalk wire: what a client may send (strictly), what the
// server sends. It shares nothing with the carrier on purpose, so that the two can disagree and a test sees it.
import { z } from "zod";

const name = z.string().min(1);
const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be an E.164 number such as +15550001111");

/** Everything a client may send over the WebSocket; an unknown field breaks the rule "send strictly". */
export const clientMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("auth"),
    api_key: name,
    client_version: z.string().optional(),
    owner_name: z.string().optional(),
    agent_name: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("context_response"),
    call_id: name,
    context: z.strictObject({ memory: z.string(), system_prompt: z.string() }),
  }),
  z.strictObject({ type: z.literal("response"), call_id: name, text: z.string() }),
  z.strictObject({
    type: z.literal("deep_tool_progress"),
    request_id: name,
    call_id: name.optional(),
    text: z.string(),
  }),
  z.strictObject({
    type: z.literal("deep_tool_result"),
    request_id: name,
    call_id: name.optional(),
    text: z.string(),
  }),
  z.strictObject({
    type: z.literal("walkie_response"),
    request_id: name,
    reply: z.string(),
    error: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("client_restart"), version: name, reason: z.literal("reconnect") }),
  z.strictObject({
    type: z.literal("logs_response"),
    request_id: name,
    lines: z.array(z.string()),
    error: z.string().optional(),
  }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type ClientMessageOf<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

export const clientMessageTypes: ReadonlySet<string> = new Set(
  clientMessage.options.map((option) => option.shape.type.value),
);

/** "Keep under 2,000 characters". */
export const RESPONSE_LIMIT = 2_000;

export type Direction = "inbound" | "outbound";

export type ApprovalDecision =
  | "approved"
  | "denied"
  | "timeout"
  | "expired"
  | "no_devices"
  | "no_devices_reached";

interface MissionCall {
  mission_id: string;
  step_id: string;
  conversation_id: string;
  from: string;
  to: string;
}

interface MissionMessage {
  mission_id?: string;
  step_id?: string;
  conversation_id?: string;
  from?: string;
  to?: string;
}

/** The server's events, each sent as `{type:"event", event, …fields}`. */
export interface ServerEvents {
  context_request: { call_id: string; [extra: string]: unknown };
  "call.started": { call_id: string; direction: Direction };
  deep_tool_request: {
    call_id: string;
    request_id: string;
    query: string;
    call_control_id?: string;
    urgency?: string;
    context?: unknown;
  };
  "call.ended": {
    call_id: string;
    direction?: Direction;
    duration_seconds?: number;
    reason?: string;
    outcome?: string;
    to_number?: string;
    purpose?: string;
    greeting?: string;
    voicemail_message?: string;
  };
  "sms.received": { from: string; body: string; message_id: string };
  "approval.responded": { request_id: string; decision: ApprovalDecision };
  walkie_request: { request_id: string; transcript: string; session_key?: string };
  "mission.call_started": MissionCall;
  "mission.call_completed": MissionCall & {
    duration_sec: number;
    reason: string;
    transcript: { role: string; content: string; timestamp: string }[];
  };
  "mission.call_failed": MissionCall & { reason: string };
  "mission.insights_ready": { mission_id: string; step_id: string; conversation_id: string; summary: string };
  "mission.sms_delivered": MissionMessage & { status: string; errors: unknown[] };
  "mission.sms_received": MissionMessage & { text: string; message_id: string; thread_context: unknown[] };
}

export type EventName = keyof ServerEvents;

/** One full example of each event; incomplete ones are made from these. */
export function sampleEvent<Name extends EventName>(event: Name): ServerEvents[Name] {
  return structuredClone(samples[event]);
}

const missionCall: MissionCall = {
  mission_id: "mission_sample",
  step_id: "step_sample",
  conversation_id: "conversation_sample",
  from: "+15550009999",
  to: "+15550002222",
};

const samples: { [Name in EventName]: ServerEvents[Name] } = {
  context_request: { call_id: "call_sample" },
  "call.started": { call_id: "call_sample", direction: "inbound" },
  deep_tool_request: { call_id: "call_sample", request_id: "request_sample", query: "What time is it?" },
  "call.ended": {
    call_id: "call_sample",
    direction: "inbound",
    duration_seconds: 12,
    reason: "user_hangup",
  },
  "sms.received": { from: "+15550001111", body: "Hello", message_id: "message_sample" },
  "approval.responded": { request_id: "approval_sample", decision: "denied" },
  walkie_request: { request_id: "walkie_sample", transcript: "Over." },
  "mission.call_started": missionCall,
  "mission.call_completed": {
    ...missionCall,
    duration_sec: 31,
    reason: "user_hangup",
    transcript: [
      { role: "user", content: "We have a table at eight.", timestamp: "2026-01-01T18:00:00.000Z" },
    ],
  },
  "mission.call_failed": { ...missionCall, reason: "no_answer" },
  "mission.insights_ready": {
    mission_id: "mission_sample",
    step_id: "step_sample",
    conversation_id: "conversation_sample",
    summary: "They have a table at eight.",
  },
  "mission.sms_delivered": { ...missionCall, status: "delivered", errors: [] },
  "mission.sms_received": {
    ...missionCall,
    text: "Eight is fine.",
    message_id: "message_sample",
    thread_context: [],
  },
};

/** What the REST calls accept, body by body and query by query. */
export const restInput = {
  nothing: z.strictObject({}),
  placeCall: z.strictObject({
    to: phoneNumber.optional(),
    greeting: z.string().min(1).optional(),
    context: z.strictObject({ purpose: z.string() }).optional(),
  }),
  endCall: z.strictObject({ reason: z.string().min(1) }),
  sendMessage: z
    .strictObject({ to: phoneNumber, message: z.string(), media_urls: z.array(z.url()).optional() })
    .refine((body) => body.message !== "" || (body.media_urls?.length ?? 0) > 0, "needs a text or a medium"),
  listMessages: z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    page: z.coerce.number().int().min(1).default(1),
    contact: phoneNumber.optional(),
    direction: z.enum(["inbound", "outbound"]).optional(),
  }),
  requestApproval: z.strictObject({
    action: z.string().min(1),
    details: z.string().optional(),
    require_biometric: z.boolean(),
    expires_in: z.number().int().positive(),
  }),
  listApprovals: z.strictObject({
    status: z
      .enum(["pending", "approved", "denied", "timeout", "expired", "no_devices", "no_devices_reached"])
      .optional(),
  }),
};

/** The rules a client can break; each breach is recorded with one of these. */
export type Rule =
  | "not_json"
  | "not_text"
  | "unknown_type"
  | "bad_shape"
  | "not_authenticated"
  | "authenticated_twice"
  | "secret_in_frame"
  | "unknown_call"
  | "unknown_request"
  | "wrong_call"
  | "context_twice"
  | "greeting_before_context"
  | "greeted_twice"
  | "empty_text"
  | "too_long"
  | "progress_after_result"
  | "second_result"
  | "restart_on_first_connect"
  | "rest_bad_request"
  | "rest_unknown_route";
