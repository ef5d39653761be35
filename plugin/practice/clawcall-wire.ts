// Owns the practice line's own reading of the ClawCall wire: what a client may send (strictly), how messages
// begin, and what each tier has. It shares nothing with the carrier on purpose, so that a test sees them disagree.
import { z } from "zod";

const words = z.string().trim().min(1, "must not be empty");
const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be an E.164 number such as +15550001111");
const count = z.coerce.number().int();

/** The service's voices, and what its answer calls them. */
export const VOICES = {
  aria: "Polly.Aria-Neural",
  joanna: "Polly.Joanna-Neural",
  matthew: "Polly.Matthew-Neural",
  amy: "Polly.Amy-Neural",
  brian: "Polly.Brian-Neural",
  emma: "Polly.Emma-Neural",
  olivia: "Polly.Olivia-Neural",
} as const;

export type Tier = "free" | "pro" | "team";

/** Minutes a month, agents, and the price in raw USDC units (6 decimals). */
export const TIERS: Readonly<Record<Tier, { minutes: number; agents: number; priceRaw: number }>> = {
  free: { minutes: 10, agents: 1, priceRaw: 0 },
  pro: { minutes: 120, agents: 1, priceRaw: 9_000_000 },
  team: { minutes: 500, agents: 5, priceRaw: 29_000_000 },
};

/** $0.05 a minute. */
export const OVERAGE_RATE_RAW = 50_000;

/** A paid tier may go this many minutes over its limit before it is stopped. From the public server code. */
export const OVERAGE_MINUTES = 5;

/** How messages begin. */
export const message = {
  scheduled: (task: string) => `[SCHEDULED] ${task}`,
  thirdPartyCall: (objective: string, context: string) =>
    `[THIRD PARTY CALL]\nObjective: ${objective}\nContext: ${context}`,
  thirdPartySays: (speech: string) => `[THIRD PARTY SAYS]: ${speech}`,
  thirdPartyComplete: (notice: { job_id: string; status: "completed"; transcript: readonly object[] }) =>
    `[THIRD PARTY COMPLETE]\n${JSON.stringify(notice)}`,
};

const paidTier = z.enum(["pro", "team"]);

/** What the REST calls accept; an unknown field breaks the rule "send strictly". */
export const restInput = {
  nothing: z.strictObject({}),
  register: z.strictObject({ phone_number: phoneNumber, agent_name: words, email: z.email().optional() }),
  phone: z.strictObject({ phone_number: phoneNumber }),
  voice: z.strictObject({ voice: z.enum(Object.keys(VOICES) as (keyof typeof VOICES)[]) }),
  webhook: z.strictObject({ webhook_push_url: z.union([z.literal(""), z.url()]) }),
  listen: z.strictObject({ timeout: z.coerce.number().nonnegative().default(25) }),
  respond: z.strictObject({ response: words, end_call: z.boolean().default(false) }),
  callback: z.strictObject({ message: words, allow_followup: z.boolean().default(true) }),
  thirdParty: z.strictObject({ to_number: phoneNumber, objective: words, context: z.string().default("") }),
  schedule: z.strictObject({ cron: words, label: words, task_context: words, timezone: words }),
  history: z.strictObject({
    limit: count.min(1).default(20),
    transcripts: z.enum(["true", "false"]).default("false"),
  }),
  checkout: z.strictObject({ tier: paidTier }),
  verify: z.strictObject({ tx_signature: words, tier: paidTier }),
  addAgent: z.strictObject({ agent_name: words.optional(), agent_webhook_url: z.url() }),
  changeAgent: z
    .strictObject({ agent_name: words.optional(), agent_webhook_url: z.url().optional() })
    .refine((body) => Object.keys(body).length > 0, "needs a name or a URL"),
};

/** The rules a client can break; each breach is recorded with one of these. */
export type ClawCallRule =
  /** Refused with 400. */
  | "bad_request"
  | "unknown_route"
  /** An answer was taken for a message nobody had been given yet: it was written for an older turn. */
  | "late_answer"
  | "answered_twice"
  /** Somebody answered a `notify-…` message. */
  | "notification_answered"
  /** Two polls of one key were open side by side, and both clients were there. */
  | "two_listeners";
