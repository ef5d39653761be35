/**
 * Owns ClawdTalk's REST interface (wire page, "REST"): calls, texts, approvals, the account. What only reads is tried
 * again when the network fails; what acts is sent exactly once.
 */
import { z } from "zod";
import { nameKey } from "../../config/redaction.ts";
import { count, direction, id, text } from "../answer-fields.ts";
import type { CallDirection } from "../carrier.ts";
import { CarrierRefused, CarrierUnreachable } from "../carrier-errors.ts";
import { type Advice, CarrierHttp, type HttpOptions, type Refusal, tooManyRequests } from "../http.ts";
import { type ServiceDoctorAnswer, type ServiceDoctorKind, serviceDoctorAnswer } from "./service-doctor.ts";

export interface ClawdTalkRestOptions extends HttpOptions {
  /** With its version: "https://clawdtalk.com/v1". */
  readonly apiUrl: string;
  /** Secret. */
  readonly apiKey: string;
}

/** An answer as it is, or inside `data` or a key of its own: the service does both (wire page). */
function answer<Schema extends z.ZodType>(wrapper: string, schema: Schema) {
  return z.preprocess((value) => {
    if (typeof value !== "object" || value === null) return value;
    const wrapped: unknown =
      (value as Record<string, unknown>)[wrapper] ?? (value as Record<string, unknown>).data;
    return typeof wrapped === "object" && wrapped !== null ? wrapped : value;
  }, schema);
}

const account = answer(
  "user",
  z.object({
    phone: text,
    phone_verified: z.boolean().nullish(),
    subscription_tier: text,
    effective_tier: text,
    system_number: text,
    dedicated_number: z.string().nullish(),
  }),
);

const call = answer(
  "call",
  z.object({ call_id: id, status: text, direction, started_at: text, duration_seconds: count }),
);

const endedCall = answer("call", z.object({ status: text, duration_seconds: count }));

const sentText = answer("message", z.object({ id, status: text }));

const listedText = z.object({
  id,
  direction,
  from: text,
  to: text,
  body: text,
  message: text,
  text,
  status: text,
  created_at: text,
});

const listedTexts = z.object({
  messages: z.array(listedText),
  pagination: z.object({ page: count, pages: count, total: count }).nullish().catch(undefined),
});

const conversations = z.object({
  conversations: z.array(
    z.object({ contact: z.string(), last_message: text, last_message_at: text, unread_count: count }),
  ),
});

const approvalFields = {
  status: text,
  expires_at: text,
  devices_notified: count,
  devices_failed: count,
};

const approvalAnswer = answer("approval", z.object({ request_id: id, ...approvalFields }));

/** Asked for by its id, it need not name it again. */
const shownApproval = answer("approval", z.object({ request_id: z.nullish(id), ...approvalFields }));

const listedApproval = z.object({ request_id: id, ...approvalFields, action: text });

const listedApprovals = z.preprocess(
  (value) => (Array.isArray(value) ? value : fieldOf(value, "approvals", "data")),
  z.array(listedApproval),
);

/** The account behind the key. */
export interface ClawdTalkAccount {
  /** The owner's phone. */
  readonly phone: string | undefined;
  readonly phoneVerified: boolean | undefined;
  readonly tier: string | undefined;
  readonly systemNumber: string | undefined;
  /** The number others are called from. Null when the account has none: then only the owner can be called. */
  readonly dedicatedNumber: string | null | undefined;
}

export interface CallState {
  readonly callId: string;
  /** In the service's words: "initiating", "ringing", "in-progress", "completed", … */
  readonly status: string | undefined;
  readonly direction: CallDirection | undefined;
  /** UTC ISO 8601. */
  readonly startedAt: string | undefined;
  readonly durationSeconds: number | undefined;
}

/** A text as the service lists it. */
export interface ListedText {
  readonly messageId: string;
  readonly direction: CallDirection | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly body: string;
  readonly status: string | undefined;
  /** UTC ISO 8601. */
  readonly createdAt: string | undefined;
}

/** One page of texts, the newest first. */
export interface TextPage {
  readonly texts: readonly ListedText[];
  readonly page: number;
  /** How many pages there are; undefined when the service does not say. */
  readonly pages: number | undefined;
  readonly total: number | undefined;
}

export interface Conversation {
  readonly contact: string;
  readonly lastMessage: string | undefined;
  /** UTC ISO 8601. */
  readonly lastMessageAt: string | undefined;
  readonly unreadCount: number | undefined;
}

/** A question on the owner's phones, as the service has it. */
export interface ApprovalState {
  readonly requestId: string;
  /** In the service's words: "pending", "approved", … */
  readonly status: string | undefined;
  /** UTC ISO 8601. */
  readonly expiresAt: string | undefined;
  /** How many phones were told. */
  readonly devicesNotified: number | undefined;
  readonly devicesFailed: number | undefined;
}

export interface ListedApproval extends ApprovalState {
  readonly action: string | undefined;
}

/** What carries the requests to the service, for this client and that of missions. */
export function clawdTalkHttp(options: ClawdTalkRestOptions): CarrierHttp {
  return new CarrierHttp(
    {
      name: "ClawdTalk",
      baseUrl: options.apiUrl,
      addressSetting: 'the line\'s "server" and "apiUrl"',
      advise: (refusal) => advise(refusal, options.apiKey),
    },
    options,
  );
}

/** All methods throw `CarrierRefused` or `CarrierUnreachable`, and nothing else. */
export class ClawdTalkRest {
  readonly #http: CarrierHttp;
  readonly #approvalLookMs: number;

  constructor(options: ClawdTalkRestOptions) {
    this.#approvalLookMs = Math.min(options.timeoutMs ?? APPROVAL_LOOK_MS, APPROVAL_LOOK_MS);
    this.#http = clawdTalkHttp(options);
  }

  async me(): Promise<ClawdTalkAccount> {
    const found = await this.#http.read("/me", account);
    return {
      phone: found.phone,
      phoneVerified: found.phone_verified ?? undefined,
      tier: found.effective_tier ?? found.subscription_tier,
      systemNumber: found.system_number,
      dedicatedNumber: found.dedicated_number,
    };
  }

  /**
   * What the service itself finds wrong with the account, of one kind; undefined where it does not offer that.
   */
  async serviceDoctor(kind: ServiceDoctorKind): Promise<ServiceDoctorAnswer | undefined> {
    try {
      return serviceDoctorAnswer(await this.#http.read(`/doctor/${kind}`, z.unknown()));
    } catch (error) {
      const isOffered = !(error instanceof CarrierRefused) || ![404, 405, 410, 501].includes(error.status);
      if (isOffered) throw error;
      return undefined;
    }
  }

  /** Rings `to` (E.164), or the account's owner when it is undefined. */
  async placeCall(placed: {
    readonly to?: string | undefined;
    readonly greeting?: string | undefined;
    readonly purpose?: string | undefined;
  }): Promise<CallState> {
    const body = {
      to: placed.to,
      greeting: placed.greeting || undefined,
      context: placed.purpose ? { purpose: placed.purpose } : undefined,
    };
    return callState(await this.#http.act({ method: "POST", path: "/calls", body, schema: call }));
  }

  async getCall(callId: string): Promise<CallState> {
    return callState(await this.#http.read(`/calls/${encodeURIComponent(callId)}`, call));
  }

  async endCall(callId: string, reason: string): Promise<Pick<CallState, "status" | "durationSeconds">> {
    const ended = await this.#http.act({
      method: "POST",
      path: `/calls/${encodeURIComponent(callId)}/end`,
      body: { reason },
      schema: endedCall,
    });
    return { status: ended.status, durationSeconds: ended.duration_seconds };
  }

  async sendText(sent: {
    /** E.164. */
    readonly to: string;
    readonly body: string;
    readonly mediaUrls?: readonly string[];
  }): Promise<{ readonly messageId: string; readonly status: string | undefined }> {
    const body = {
      to: sent.to,
      message: sent.body,
      media_urls: sent.mediaUrls?.length ? sent.mediaUrls : undefined,
    };
    const found = await this.#http.act({ method: "POST", path: "/messages/send", body, schema: sentText });
    return { messageId: found.id, status: found.status };
  }

  async listTexts(
    wanted: {
      /** How many on a page. Default 20, as the service's own command line. */
      readonly limit?: number;
      /** E.164. */
      readonly contact?: string | undefined;
      readonly direction?: CallDirection | undefined;
      /** From 1. */
      readonly page?: number | undefined;
    } = {},
  ): Promise<TextPage> {
    const page = wanted.page ?? 1;
    const found = await this.#http.read("/messages", listedTexts, {
      limit: String(wanted.limit ?? 20),
      contact: wanted.contact,
      direction: wanted.direction,
      page: page === 1 ? undefined : String(page),
    });
    return {
      texts: found.messages.map((message) => ({
        messageId: message.id,
        direction: message.direction,
        from: message.from,
        to: message.to,
        body: message.body ?? message.message ?? message.text ?? "",
        status: message.status,
        createdAt: message.created_at,
      })),
      page: found.pagination?.page ?? page,
      pages: found.pagination?.pages,
      total: found.pagination?.total,
    };
  }

  async listConversations(): Promise<Conversation[]> {
    const found = await this.#http.read("/messages/conversations", conversations);
    return found.conversations.map((conversation) => ({
      contact: conversation.contact,
      lastMessage: conversation.last_message,
      lastMessageAt: conversation.last_message_at,
      unreadCount: conversation.unread_count,
    }));
  }

  /** Asks the owner on their phones. */
  async requestApproval(
    asked: {
      readonly action: string;
      readonly details?: string | undefined;
      /** A fingerprint or face is needed to say yes. */
      readonly isBiometric: boolean;
      readonly expiresInSeconds: number;
    },
    signal?: AbortSignal,
  ): Promise<ApprovalState> {
    const body = {
      action: asked.action,
      details: asked.details || undefined,
      require_biometric: asked.isBiometric,
      expires_in: asked.expiresInSeconds,
    };
    return approvalState(
      await this.#http.act({
        method: "POST",
        path: APPROVALS,
        body,
        schema: approvalAnswer,
        signal,
        doubt: "The question may be on your phone all the same; an answer to it counts for nothing.",
      }),
    );
  }

  /**
   * How a question stands.
   *
   * @throws CarrierUnreachable also when the service answers about another one.
   */
  async getApproval(requestId: string, signal?: AbortSignal): Promise<ApprovalState> {
    const found = await this.#http.lookUp({
      method: "GET",
      path: `${APPROVALS}/${encodeURIComponent(requestId)}`,
      schema: shownApproval,
      timeoutMs: this.#approvalLookMs,
      signal,
    });
    if (found.request_id !== undefined && found.request_id !== null && found.request_id !== requestId) {
      throw new CarrierUnreachable("ClawdTalk answered about another approval than it was asked about.", {
        mayHaveHappened: false,
      });
    }
    return approvalState({ ...found, request_id: requestId });
  }

  /** The questions that stand like this, in the service's words. */
  async listApprovals(status: string): Promise<ListedApproval[]> {
    const found = await this.#http.read(APPROVALS, listedApprovals, { status });
    return found.map((approval) => ({ ...approvalState(approval), action: approval.action }));
  }
}

const APPROVALS = "/approvals";
/** Somebody waits, and the question is put again soon. */
const APPROVAL_LOOK_MS = 5_000;

/** What a refusal of this service means. */
function advise(refusal: Refusal, apiKey: string): Advice | undefined {
  switch (refusal.status) {
    case 401:
      return {
        sentence: `ClawdTalk does not accept the key ${nameKey(apiKey)}: make a new one at clawdtalk.com and set CLAWDTALK_API_KEY.`,
      };
    case 402:
    case 403:
      if (refusal.path.startsWith(APPROVALS)) {
        return {
          sentence: "ClawdTalk does not allow this: see at clawdtalk.com whether your account has approvals.",
        };
      }
      return {
        sentence:
          "ClawdTalk does not allow this: calling and texting others needs a paid account with a dedicated number.",
      };
    case 404:
      return { sentence: "ClawdTalk does not know this: check the id." };
    case 429:
      return { sentence: tooManyRequests("ClawdTalk", refusal) };
    default:
      return undefined;
  }
}

function approvalState(found: {
  readonly request_id: string;
  readonly status: string | undefined;
  readonly expires_at: string | undefined;
  readonly devices_notified: number | undefined;
  readonly devices_failed: number | undefined;
}): ApprovalState {
  return {
    requestId: found.request_id,
    status: found.status,
    expiresAt: found.expires_at,
    devicesNotified: found.devices_notified,
    devicesFailed: found.devices_failed,
  };
}

/** The first of these fields that is there. */
export function fieldOf(value: unknown, ...names: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  return fields[names.find((name) => fields[name] !== undefined) ?? ""];
}

function callState(found: z.output<typeof call>): CallState {
  return {
    callId: found.call_id,
    status: found.status,
    direction: found.direction,
    startedAt: found.started_at,
    durationSeconds: found.duration_seconds,
  };
}
