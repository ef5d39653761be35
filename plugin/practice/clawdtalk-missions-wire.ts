// Owns the practice line's own reading of what a client may send for missions (wire page, "REST"): body by body, query by
// query, strictly. It shares nothing with the carrier on purpose.
import { z } from "zod";

const name = z.string().min(1);
const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be an E.164 number such as +15550001111");

export const RUN_STATUSES = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
export const STEP_STATUSES = ["pending", "in_progress", "completed", "skipped", "failed"] as const;
const EVENT_TYPES = ["tool_call", "custom", "message", "error", "step_started", "step_completed"] as const;
const FEATURES = ["telephony", "messaging"] as const;
const TOOLS = [
  "hangup",
  "send_dtmf",
  "webhook",
  "transfer",
  "handoff",
  "retrieval",
  "refer",
  "send_message",
] as const;

const assistant = z.strictObject({
  name,
  instructions: name,
  greeting: z.string(),
  model: name,
  voice: name.optional(),
  tools: z.array(z.looseObject({ type: z.enum(TOOLS) })),
  enabled_features: z.array(z.enum(FEATURES)),
  description: z.string().optional(),
});

const anyEvent = {
  to: phoneNumber,
  from: phoneNumber,
  scheduled_at: z.iso.datetime({ offset: true }),
  mission_id: name.optional(),
  run_id: name.optional(),
  step_id: name.optional(),
};

/** What the REST calls for missions accept. */
export const missionInput = {
  createMission: z.strictObject({ name, instructions: z.string() }),
  listMissions: z.strictObject({ "page[size]": z.coerce.number().int().min(1).max(100).default(20) }),
  createRun: z.strictObject({ input: z.record(z.string(), z.unknown()) }),
  updateRun: z
    .strictObject({
      status: z.enum(RUN_STATUSES).optional(),
      result_summary: z.string().optional(),
      result_payload: z.unknown().optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), "changes nothing"),
  createPlan: z.strictObject({
    steps: z
      .array(
        z.strictObject({
          step_id: name,
          description: z.string(),
          sequence: z.number().int(),
          title: z.string().optional(),
        }),
      )
      .min(1),
  }),
  updateStep: z.strictObject({ status: z.enum(STEP_STATUSES) }),
  logEvent: z.strictObject({
    type: z.enum(EVENT_TYPES),
    summary: name,
    agent_id: name.optional(),
    step_id: name.optional(),
    payload: z.unknown().optional(),
  }),
  linkAgent: z.strictObject({ telnyx_agent_id: name }),
  createAssistant: assistant,
  updateAssistant: assistant.partial().refine((body) => Object.keys(body).length > 0, "changes nothing"),
  listAssistants: z.strictObject({
    pageSize: z.coerce.number().int().min(1).max(100).default(25),
    page: z.coerce.number().int().min(1).default(1),
    name: name.optional(),
  }),
  connectionId: z.strictObject({ feature: z.enum(FEATURES) }),
  assignPhone: z.strictObject({ connection_id: name, type: z.enum(["voice", "sms"]) }),
  scheduleEvent: z.discriminatedUnion("channel", [
    z.strictObject({ channel: z.literal("call"), ...anyEvent }),
    z.strictObject({ channel: z.literal("sms"), ...anyEvent, text_body: name }),
  ]),
};

export type RunStatus = (typeof RUN_STATUSES)[number];
export type StepStatus = (typeof STEP_STATUSES)[number];
export type AssistantInput = z.infer<typeof assistant>;
export type ScheduledInput = z.infer<typeof missionInput.scheduleEvent>;
