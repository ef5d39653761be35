/**
 * Owns ClawCall's whole interface, which is REST (wire page, "ClawCall on the wire"): the long poll for messages
 * and their answers, calls, schedules, the account, billing, agents. What only reads is tried again when the
 * network fails; what acts is sent exactly once, and the long poll acts: a message is gone once it was given out.
 */
import { z } from "zod";
import { nameKey } from "../../config/redaction.ts";
import { count, direction, id, text } from "../answer-fields.ts";
import type { CallDirection } from "../carrier.ts";
import { type Advice, CarrierHttp, type HttpOptions, type Refusal, tooManyRequests } from "../http.ts";
import { type TierFeature, tierRefusal, tiers } from "./terms.ts";
import { writtenTranscript } from "./transcript.ts";

export interface ClawCallRestOptions extends HttpOptions {
  /** Without its version: "https://api.clawcall.online". */
  readonly baseUrl: string;
}

const LISTEN = "/api/v1/calls/listen";
/** The longest poll the service grants; a longer one is cut to this without a word. */
export const LONGEST_POLL_MS = 25_000;
/** How much longer than the poll itself its answer may be on its way. */
const POLL_GRACE_MS = 5_000;
/**
 * How long an answer may take to be handed over. The service only puts it in its place, and while this one is on
 * its way none to the same call can follow.
 */
const RESPOND_TIMEOUT_MS = 5_000;
/** An agent needs some address of its own to be made; nothing is ever sent to this one. */
const NO_WEBHOOK = "https://switchboard.invalid/";

/** Every good answer says so itself: a page of another server is none. */
function answer<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object({ ok: z.literal(true), ...shape });
}

const done = answer({});
const optionalBoolean = z
  .boolean()
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);

/**
 * A time in the web's form ("Wed, 20 Nov 2030 08:00:00 GMT", what the service's server makes of its times) or in
 * ISO 8601, there also without its zone, which is UTC. Becomes UTC ISO 8601; anything else counts as absent.
 */
const time = z
  .string()
  .nullish()
  .catch(undefined)
  .transform((value) => {
    if (value === null || value === undefined) return undefined;
    const withoutZone = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(value);
    const milliseconds = Date.parse(withoutZone ? `${value.replace(" ", "T")}Z` : value);
    return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
  });

const registration = answer({ api_key: z.string().min(1), email: text, phone_number: text, tier: text });

const account = answer({
  email: text,
  tier: text,
  phone_number: text,
  is_dedicated: optionalBoolean,
  minutes_used: count,
  minutes_limit: count,
  minutes_remaining: count,
  agent_id: text,
  agent_name: text,
  webhook_url: text,
});

const poll = z.union([
  answer({ call_sid: z.string().min(1), message: z.string() }),
  answer({ timeout: z.literal(true) }),
]);

const placedCallback = answer({ call_sid: id, callback_id: text });
const placedOrder = answer({ call_sid: id, job_id: id });

const newSchedule = answer({ id, label: text, cron: text, timezone: text });
const listedSchedules = answer({
  schedules: z.array(
    z.object({
      id,
      label: text,
      cron_expression: text,
      task_context: text,
      timezone: text,
      is_active: optionalBoolean,
      last_run_at: time,
      created_at: time,
    }),
  ),
});

const history = answer({
  calls: z.array(
    z.object({
      // Empty where the service did not write it down; such a row can be found by nobody.
      twilio_call_sid: text,
      direction,
      call_type: text,
      from_number: text,
      to_number: text,
      duration_seconds: count,
      status: text,
      started_at: time,
      ended_at: time,
      recording_url: text,
      transcript: writtenTranscript,
    }),
  ),
});

const checkout = answer({
  tier: text,
  payment: z.object({
    chain: z.string(),
    wallet: z.string(),
    token: z.string(),
    mint: text,
    amount: z.coerce.number(),
    amount_raw: count,
    decimals: count,
  }),
  instructions: text,
  overage: z.object({ minutes: count, rate_per_min: count, amount: count }).nullish().catch(undefined),
});

const verified = answer({
  tier: text,
  amount_paid: count,
  minutes_limit: count,
  valid_until: time,
  message: text,
});

const billing = answer({
  tier: text,
  minutes_used: count,
  minutes_limit: count,
  minutes_remaining: count,
  subscription_valid_until: time,
  days_remaining: count,
  overage_minutes: count,
  overage_owed_usdc: count,
  payments: z
    .array(
      z.object({
        tier: text,
        amount: count,
        status: text,
        confirmed_at: time,
        valid_until: time,
        tx: text,
      }),
    )
    .nullish()
    .catch(undefined),
});

const cancelled = answer({ message: text });

const listedAgents = answer({
  agents: z.array(
    z.object({
      id,
      name: text,
      voice: text,
      phone_number: text,
      is_dedicated: optionalBoolean,
      webhook_url: text,
      created_at: time,
    }),
  ),
});
const newAgent = answer({ agent_id: id, api_key: z.string().min(1), phone_number: text, name: text });

/** What `register` gives: the key is shown this once. */
export interface ClawCallRegistration {
  /** Secret. */
  readonly apiKey: string;
  /** What a lost key is replaced with; made up by the service when none was given, left out by a recovery. */
  readonly email?: string | undefined;
  /** The number the agent is reached at; not the owner's. */
  readonly agentNumber?: string | undefined;
  readonly tier?: string | undefined;
}

export interface ClawCallAccount {
  readonly email?: string | undefined;
  /** "free", "pro" or "team". */
  readonly tier?: string | undefined;
  /** The number the agent is reached at. The owner's own number is told by nothing. */
  readonly agentNumber?: string | undefined;
  /** False: the number of all free accounts, where the service checks who calls. True: anyone can ring it. */
  readonly isDedicated?: boolean | undefined;
  readonly minutesUsed?: number | undefined;
  readonly minutesLimit?: number | undefined;
  readonly minutesRemaining?: number | undefined;
  readonly agentId?: string | undefined;
  readonly agentName?: string | undefined;
  readonly webhookUrl?: string | undefined;
}

/** One message of a call, as it was written; what it is about is told by prefixes.ts. */
export interface ClawCallMessage {
  readonly callSid: string;
  readonly message: string;
}

export interface Schedule {
  readonly id: string;
  readonly label?: string | undefined;
  readonly cron?: string | undefined;
  readonly taskContext?: string | undefined;
  /** An IANA name. */
  readonly timezone?: string | undefined;
  readonly isActive?: boolean | undefined;
  /** UTC ISO 8601. */
  readonly lastRunAt?: string | undefined;
  /** UTC ISO 8601. */
  readonly createdAt?: string | undefined;
}

/** A call as the service lists it. */
export interface HistoryCall {
  readonly callSid: string;
  readonly direction?: CallDirection | undefined;
  /** "user_initiated", "task_callback", "scheduled" or "third_party". */
  readonly callType?: string | undefined;
  /** Only of calls that came in. */
  readonly from?: string | undefined;
  /** Only of calls that came in. */
  readonly to?: string | undefined;
  readonly durationSeconds?: number | undefined;
  /** "in-progress", "completed", "failed", "busy", "no-answer" or "canceled". */
  readonly status?: string | undefined;
  /** UTC ISO 8601. */
  readonly startedAt?: string | undefined;
  /** UTC ISO 8601. */
  readonly endedAt?: string | undefined;
  readonly recordingUrl?: string | undefined;
  /** Only of completed calls, and only when asked for. `role` is "agent", "user", "third_party" or another word. */
  readonly transcript?: readonly { readonly role: string; readonly text: string }[] | undefined;
}

export type PaidTier = "pro" | "team";

/** What to pay, and where. */
export interface Checkout {
  readonly tier?: string | undefined;
  readonly payment: {
    readonly chain: string;
    readonly wallet: string;
    readonly token: string;
    readonly mint?: string | undefined;
    /** In whole tokens: 9 is nine USDC. */
    readonly amount: number;
    /** In the token's smallest unit. */
    readonly amountRaw?: number | undefined;
    readonly decimals?: number | undefined;
  };
  readonly instructions?: string | undefined;
  /** What minutes beyond the tier's have cost so far; in the amount already. */
  readonly overage?:
    | {
        readonly minutes?: number | undefined;
        readonly ratePerMinute?: number | undefined;
        readonly amount?: number | undefined;
      }
    | undefined;
}

export interface Verification {
  readonly tier?: string | undefined;
  readonly amountPaid?: number | undefined;
  readonly minutesLimit?: number | undefined;
  /** UTC ISO 8601. */
  readonly validUntil?: string | undefined;
  readonly message?: string | undefined;
}

export interface BillingStatus {
  readonly tier?: string | undefined;
  readonly minutesUsed?: number | undefined;
  readonly minutesLimit?: number | undefined;
  readonly minutesRemaining?: number | undefined;
  /** UTC ISO 8601. */
  readonly validUntil?: string | undefined;
  readonly daysRemaining?: number | undefined;
  readonly overageMinutes?: number | undefined;
  /** In USDC. */
  readonly overageOwed?: number | undefined;
  readonly payments: readonly {
    readonly tier?: string | undefined;
    readonly amount?: number | undefined;
    readonly status?: string | undefined;
    readonly confirmedAt?: string | undefined;
    readonly validUntil?: string | undefined;
    readonly txSignature?: string | undefined;
  }[];
}

export interface ClawCallAgent {
  readonly id: string;
  readonly name?: string | undefined;
  readonly voice?: string | undefined;
  readonly agentNumber?: string | undefined;
  readonly isDedicated?: boolean | undefined;
  readonly webhookUrl?: string | undefined;
  /** UTC ISO 8601. */
  readonly createdAt?: string | undefined;
}

export interface NewAgent {
  readonly id: string;
  /** Secret, shown this once: the new agent listens with a key of its own. */
  readonly apiKey: string;
  readonly agentNumber?: string | undefined;
  readonly name?: string | undefined;
}

/** All methods throw `CarrierRefused` or `CarrierUnreachable`, and nothing else. */
export class ClawCallRest {
  readonly #http: CarrierHttp;
  readonly #respondTimeoutMs: number;

  constructor(options: ClawCallRestOptions) {
    this.#respondTimeoutMs = Math.min(options.timeoutMs ?? RESPOND_TIMEOUT_MS, RESPOND_TIMEOUT_MS);
    this.#http = new CarrierHttp(
      {
        name: "ClawCall",
        baseUrl: options.baseUrl,
        addressSetting: "CLAWCALL_BASE_URL",
        advise: (refusal) => advise(refusal, options.apiKey),
      },
      options,
    );
  }

  /**
   * Makes an account, or, with the email of one that exists, gives that one a new key: the old key is dead at once.
   * Needs no key. `phoneNumber` (E.164) is the owner's phone.
   */
  async register(owner: {
    readonly phoneNumber: string;
    readonly agentName: string;
    readonly email?: string | undefined;
  }): Promise<ClawCallRegistration> {
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/register",
      body: { phone_number: owner.phoneNumber, agent_name: owner.agentName, email: owner.email || undefined },
      schema: registration,
    });
    return {
      apiKey: found.api_key,
      email: found.email,
      agentNumber: found.phone_number,
      tier: found.tier,
    };
  }

  async account(): Promise<ClawCallAccount> {
    const found = await this.#http.read("/api/v1/account", account);
    return {
      email: found.email,
      tier: found.tier,
      agentNumber: found.phone_number,
      isDedicated: found.is_dedicated,
      minutesUsed: found.minutes_used,
      minutesLimit: found.minutes_limit,
      minutesRemaining: found.minutes_remaining,
      agentId: found.agent_id,
      agentName: found.agent_name,
      webhookUrl: found.webhook_url || undefined,
    };
  }

  /** The owner's phone (E.164): who may ring on the shared number, and who is rung. */
  async setPhone(phoneNumber: string): Promise<void> {
    await this.#post("/api/v1/account/phone", { phone_number: phoneNumber });
  }

  /** "aria", "joanna", "matthew", "amy", "brian", "emma" or "olivia"; another one is refused (400). */
  async setVoice(voice: string): Promise<void> {
    await this.#post("/api/v1/account/voice", { voice });
  }

  /** Where the service posts what happens to calls; "" turns it off. Team only (403). */
  async setWebhook(url: string): Promise<void> {
    await this.#post("/api/v1/account/webhook", { webhook_push_url: url });
  }

  /**
   * One long poll: the next message of any call, or undefined when none came within `timeoutMs` (25 s at most).
   * A message is given out once. When this throws with `mayHaveHappened`, one may have been given out and lost;
   * the same holds for a poll cut by `signal`, which the service goes on with to its end.
   */
  async listen(wanted: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<ClawCallMessage | undefined> {
    const found = await this.#http.act({
      method: "GET",
      path: LISTEN,
      query: { timeout: String(wanted.timeoutMs / 1_000) },
      schema: poll,
      timeoutMs: Math.min(wanted.timeoutMs, LONGEST_POLL_MS) + POLL_GRACE_MS,
      signal: wanted.signal,
      doubt: "A caller's words may be lost with it.",
    });
    return "timeout" in found ? undefined : { callSid: found.call_sid, message: found.message };
  }

  /**
   * Answers the newest message of a call, whichever that is by then: an answer to an older one must not be sent.
   * `response` must not be blank (400). Refused with 404 when the call has no open place for an answer: it was
   * hung up, or 300 s have passed.
   */
  async respond(
    callSid: string,
    spoken: { readonly response: string; readonly endCall: boolean },
  ): Promise<void> {
    await this.#http.act({
      method: "POST",
      path: `/api/v1/calls/respond/${encodeURIComponent(callSid)}`,
      body: { response: spoken.response, end_call: spoken.endCall },
      schema: done,
      timeoutMs: this.#respondTimeoutMs,
    });
  }

  /** Rings the owner and says `message`; then hangs up, unless follow-up questions are allowed. Pro and Team (403). */
  async callBack(wanted: {
    readonly message: string;
    readonly allowFollowup: boolean;
  }): Promise<{ readonly callSid: string; readonly callbackId?: string | undefined }> {
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/calls/outbound/callback",
      body: { message: wanted.message, allow_followup: wanted.allowFollowup },
      schema: placedCallback,
    });
    return { callSid: found.call_sid, callbackId: found.callback_id };
  }

  /** Rings somebody else (E.164) on the owner's behalf; the agent speaks first. Pro and Team (403). */
  async callThirdParty(wanted: {
    readonly toNumber: string;
    readonly objective: string;
    readonly context?: string | undefined;
  }): Promise<{ readonly callSid: string; readonly jobId: string }> {
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/calls/outbound/third-party",
      body: { to_number: wanted.toNumber, objective: wanted.objective, context: wanted.context ?? "" },
      schema: placedOrder,
    });
    return { callSid: found.call_sid, jobId: found.job_id };
  }

  /**
   * Rings the owner at each time of a cron expression of five fields. The service counts weekdays from Monday = 0,
   * so they should be named; a time zone it does not know silently becomes UTC. Pro and Team (403).
   */
  async schedule(wanted: {
    readonly cron: string;
    readonly label: string;
    readonly taskContext: string;
    /** An IANA name. */
    readonly timezone: string;
  }): Promise<Required<Pick<Schedule, "id" | "label" | "cron" | "timezone">>> {
    const { cron, label, taskContext, timezone } = wanted;
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/calls/schedule",
      body: { cron, label, task_context: taskContext, timezone },
      schema: newSchedule,
    });
    return {
      id: found.id,
      label: found.label ?? label,
      cron: found.cron ?? cron,
      timezone: found.timezone ?? timezone,
    };
  }

  async schedules(): Promise<Schedule[]> {
    const found = await this.#http.read("/api/v1/calls/schedule", listedSchedules);
    return found.schedules.map((schedule) => ({
      id: schedule.id,
      label: schedule.label,
      cron: schedule.cron_expression,
      taskContext: schedule.task_context,
      timezone: schedule.timezone,
      isActive: schedule.is_active,
      lastRunAt: schedule.last_run_at,
      createdAt: schedule.created_at,
    }));
  }

  /** Refused with 404 when there is no such schedule. */
  async cancelSchedule(scheduleId: string): Promise<void> {
    await this.#http.act({
      method: "DELETE",
      path: `/api/v1/calls/schedule/${encodeURIComponent(scheduleId)}`,
      schema: done,
    });
  }

  /** The newest calls first, 100 at most. Calls out are listed only once they were answered. */
  async history(
    wanted: { readonly limit?: number; readonly transcripts?: boolean } = {},
  ): Promise<HistoryCall[]> {
    const found = await this.#http.read("/api/v1/calls/history", history, {
      limit: String(wanted.limit ?? 20),
      transcripts: wanted.transcripts ? "true" : undefined,
    });
    return found.calls.flatMap((call) =>
      call.twilio_call_sid === undefined || call.twilio_call_sid === ""
        ? []
        : {
            callSid: call.twilio_call_sid,
            direction: call.direction,
            callType: call.call_type,
            from: call.from_number,
            to: call.to_number,
            durationSeconds: call.duration_seconds,
            status: call.status,
            startedAt: call.started_at,
            endedAt: call.ended_at,
            recordingUrl: call.recording_url,
            transcript: call.transcript,
          },
    );
  }

  /** What to pay for a tier, and where. Pays nothing. */
  async checkout(tier: PaidTier): Promise<Checkout> {
    const { payment, overage, ...found } = await this.#http.act({
      method: "POST",
      path: "/api/v1/billing/checkout",
      body: { tier },
      schema: checkout,
    });
    return {
      tier: found.tier,
      payment: {
        chain: payment.chain,
        wallet: payment.wallet,
        token: payment.token,
        mint: payment.mint,
        amount: payment.amount,
        amountRaw: payment.amount_raw,
        decimals: payment.decimals,
      },
      instructions: found.instructions,
      overage: overage
        ? { minutes: overage.minutes, ratePerMinute: overage.rate_per_min, amount: overage.amount }
        : undefined,
    };
  }

  /** Shows the service a payment. Refused with 402 until it is confirmed, with 409 when it was used before. */
  async verify(paid: { readonly txSignature: string; readonly tier: PaidTier }): Promise<Verification> {
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/billing/verify",
      body: { tx_signature: paid.txSignature, tier: paid.tier },
      schema: verified,
    });
    return {
      tier: found.tier,
      amountPaid: found.amount_paid,
      minutesLimit: found.minutes_limit,
      validUntil: found.valid_until,
      message: found.message,
    };
  }

  async billingStatus(): Promise<BillingStatus> {
    const found = await this.#http.read("/api/v1/billing/status", billing);
    return {
      tier: found.tier,
      minutesUsed: found.minutes_used,
      minutesLimit: found.minutes_limit,
      minutesRemaining: found.minutes_remaining,
      validUntil: found.subscription_valid_until,
      daysRemaining: found.days_remaining,
      overageMinutes: found.overage_minutes,
      overageOwed: found.overage_owed_usdc,
      payments: (found.payments ?? []).map((payment) => ({
        tier: payment.tier,
        amount: payment.amount,
        status: payment.status,
        confirmedAt: payment.confirmed_at,
        validUntil: payment.valid_until,
        txSignature: payment.tx,
      })),
    };
  }

  /** Ends the renewal; the tier stays until its time is over. */
  async cancelBilling(): Promise<{ readonly message?: string | undefined }> {
    const { message } = await this.#http.act({
      method: "POST",
      path: "/api/v1/billing/cancel",
      body: {},
      schema: cancelled,
    });
    return { message };
  }

  /** The account's agents, the first one first. */
  async agents(): Promise<ClawCallAgent[]> {
    const found = await this.#http.read("/api/v1/agents", listedAgents);
    return found.agents.map((agent) => ({
      id: agent.id,
      name: agent.name,
      voice: agent.voice,
      agentNumber: agent.phone_number,
      isDedicated: agent.is_dedicated,
      webhookUrl: agent.webhook_url === NO_WEBHOOK ? undefined : agent.webhook_url || undefined,
      createdAt: agent.created_at,
    }));
  }

  /** Team only, five agents at most (403). */
  async addAgent({ name }: { readonly name: string }): Promise<NewAgent> {
    const found = await this.#http.act({
      method: "POST",
      path: "/api/v1/agents",
      body: { agent_name: name, agent_webhook_url: NO_WEBHOOK },
      schema: newAgent,
    });
    return {
      id: found.agent_id,
      apiKey: found.api_key,
      agentNumber: found.phone_number,
      name: found.name ?? name,
    };
  }

  async renameAgent(agentId: string, name: string): Promise<void> {
    await this.#http.act({
      method: "PATCH",
      path: `/api/v1/agents/${encodeURIComponent(agentId)}`,
      body: { agent_name: name },
      schema: done,
    });
  }

  /** Gives its number back too. The first agent cannot be removed (400). */
  async removeAgent(agentId: string): Promise<void> {
    await this.#http.act({
      method: "DELETE",
      path: `/api/v1/agents/${encodeURIComponent(agentId)}`,
      schema: done,
    });
  }

  async #post(path: string, body: object): Promise<void> {
    await this.#http.act({ method: "POST", path, body, schema: done });
  }
}

const HOW_TO_CHANGE_THE_TIER = 'to change it: "clawcall billing checkout pro" (or team)';

/** Which paths are for which tiers (wire page, "Tiers"). */
const TIER_PATHS: readonly (readonly [RegExp, TierFeature])[] = [
  [/^\/api\/v1\/agents(?:\/|$)/, "agents"],
  [/^\/api\/v1\/account\/webhook$/, "webhook"],
  [/^\/api\/v1\/calls\/(?:outbound|schedule)(?:\/|$)/, "callsOut"],
];

/** The service refuses an agent too many as it refuses a tier too small: only its words tell them apart. */
function notOnThisTier({ path, said }: Refusal): string {
  const feature = TIER_PATHS.find(([pattern]) => pattern.test(path))?.[1];
  if (feature === undefined)
    return `ClawCall does not allow this on the account's tier: ${HOW_TO_CHANGE_THE_TIER}.`;
  if (feature === "agents" && /\b(?:up to|at most|maximum|limit)\b/i.test(said ?? "")) {
    const { title, agents } = tiers.team;
    return `${title} has ${agents} agents at most: remove one.`;
  }
  return tierRefusal(feature);
}

/** What a refusal means on this service (wire page: the statuses, "Tiers"). */
function advise(refusal: Refusal, apiKey: string | undefined): Advice | undefined {
  switch (refusal.status) {
    case 401:
      return {
        sentence:
          `ClawCall ${apiKey ? `does not accept the key ${nameKey(apiKey)}` : "wants a key and was given none"}: ` +
          'set CLAWCALL_API_KEY; a lost key is replaced with "clawcall recover --email <the account\'s email>".',
      };
    case 402:
      return {
        sentence:
          "ClawCall has not seen this payment confirmed yet: wait a minute and verify the same transaction again.",
      };
    case 403:
      return { sentence: notOnThisTier(refusal) };
    case 404:
      if (refusal.path === LISTEN) {
        return { sentence: "There is no ClawCall service at this address: check CLAWCALL_BASE_URL." };
      }
      return { sentence: "ClawCall does not know this: check the id." };
    case 409:
      return {
        sentence:
          'ClawCall has counted this transaction before: see "clawcall billing status" before paying again.',
      };
    case 429:
      // The service itself uses it for the month's minutes only; what stands before a service asks for patience.
      if (refusal.retryAfterSeconds !== undefined) return { sentence: tooManyRequests("ClawCall", refusal) };
      return {
        sentence:
          "The account's minutes of this month at ClawCall are used up: they start again on the first of the month; " +
          `more come with another tier, ${HOW_TO_CHANGE_THE_TIER}.`,
      };
    case 503:
      if (!refusal.path.startsWith("/api/v1/billing/")) return undefined;
      return {
        sentence: "ClawCall takes no payments at the moment: try again later.",
        nothingHappened: true,
      };
    default:
      return undefined;
  }
}
