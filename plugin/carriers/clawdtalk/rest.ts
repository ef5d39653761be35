/**
 * Owns ClawdTalk's REST interface (wire page, "REST"): calls, texts, the account. What only reads is tried
 * again when the network fails; what acts is sent exactly once.
 */
import pRetry from "p-retry";
import { z } from "zod";
import { nameKey, quoteOutside } from "../../config/redaction.ts";
import type { CallDirection } from "../carrier.ts";
import { CarrierRefused, CarrierUnreachable } from "../carrier-errors.ts";

export interface ClawdTalkRestOptions {
  /** With its version: "https://clawdtalk.com/v1". */
  readonly apiUrl: string;
  /** Secret. */
  readonly apiKey: string;
  /** Ours, for the service's statistics. */
  readonly version?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** How long one request may take. Default 15000. */
  readonly timeoutMs?: number;
  /** How often a request that only reads is tried again, and how long before the first time. */
  readonly retry?: { readonly times: number; readonly firstDelayMs: number };
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_RETRY = { times: 2, firstDelayMs: 300 };

const id = z.union([z.string().min(1), z.number().transform(String)]);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const count = z.coerce
  .number()
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);
const direction = z
  .enum(["inbound", "outbound"])
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);

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
    dedicated_number: text,
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

const refusal = z.object({
  error: z.union([z.string(), z.object({ code: text, message: text })]).optional(),
  message: text,
  code: text,
});

/** The account behind the key. */
export interface ClawdTalkAccount {
  /** The owner's phone. */
  readonly phone: string | undefined;
  readonly phoneVerified: boolean | undefined;
  readonly tier: string | undefined;
  readonly systemNumber: string | undefined;
  /** The number others are called from; without it only the owner can be called. */
  readonly dedicatedNumber: string | undefined;
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

/** All methods throw {@link CarrierRefused} or {@link CarrierUnreachable}, and nothing else. */
export class ClawdTalkRest {
  readonly #apiUrl: string;
  readonly #apiKey: string;
  readonly #version: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeoutMs: number;
  readonly #retry: { readonly times: number; readonly firstDelayMs: number };

  constructor(options: ClawdTalkRestOptions) {
    this.#apiUrl = options.apiUrl.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
    this.#version = options.version;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#retry = options.retry ?? DEFAULT_RETRY;
  }

  async me(): Promise<ClawdTalkAccount> {
    const found = await this.#read("/me", account);
    return {
      phone: found.phone,
      phoneVerified: found.phone_verified ?? undefined,
      tier: found.effective_tier ?? found.subscription_tier,
      systemNumber: found.system_number,
      dedicatedNumber: found.dedicated_number,
    };
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
    return callState(await this.#act("/calls", body, call));
  }

  async getCall(callId: string): Promise<CallState> {
    return callState(await this.#read(`/calls/${encodeURIComponent(callId)}`, call));
  }

  async endCall(callId: string, reason: string): Promise<Pick<CallState, "status" | "durationSeconds">> {
    const ended = await this.#act(`/calls/${encodeURIComponent(callId)}/end`, { reason }, endedCall);
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
    const found = await this.#act("/messages/send", body, sentText);
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
    const found = await this.#read("/messages", listedTexts, {
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
    const found = await this.#read("/messages/conversations", conversations);
    return found.conversations.map((conversation) => ({
      contact: conversation.contact,
      lastMessage: conversation.last_message,
      lastMessageAt: conversation.last_message_at,
      unreadCount: conversation.unread_count,
    }));
  }

  /** A request that only reads: safe to make again. */
  async #read<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<z.output<Schema>> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    return await pRetry(() => this.#request("GET", `${path}${search}`, undefined, schema), {
      retries: this.#retry.times,
      minTimeout: this.#retry.firstDelayMs,
      randomize: true,
      shouldRetry: ({ error }) =>
        error instanceof CarrierUnreachable || (error instanceof CarrierRefused && error.status >= 500),
    });
  }

  /** A request that does something: made once, whatever comes of it. */
  async #act<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    return await this.#request("POST", path, body, schema);
  }

  async #request<Schema extends z.ZodType>(
    method: "GET" | "POST",
    path: string,
    body: object | undefined,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    let response: Response;
    let received: string;
    try {
      response = await this.#fetch(`${this.#apiUrl}${path}`, {
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${this.#apiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#version === undefined ? {} : { "x-client-version": this.#version }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would turn a POST into a GET; an address that has moved is for people to see.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      received = await response.text();
    } catch (error) {
      throw this.#unreachable(method, error);
    }
    if (!response.ok) throw this.#refused(method, response, received);
    const parsed = schema.safeParse(parseJson(received));
    if (parsed.success) return parsed.data;
    throw new CarrierUnreachable(
      `ClawdTalk at ${this.#host} gave an answer that cannot be understood: check the line's "server" and "apiUrl".${afterwards(method === "POST")}`,
      { mayHaveHappened: method === "POST" },
    );
  }

  #unreachable(method: "GET" | "POST", error: unknown): CarrierUnreachable {
    const codes = errorCodes(error);
    const mayHaveHappened = method === "POST" && !wasNeverSent(error);
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    const what = timedOut
      ? `did not answer within ${this.#timeoutMs / 1000} s`
      : `could not be reached (${codes[0] ?? "network error"})`;
    return new CarrierUnreachable(
      `ClawdTalk at ${this.#host} ${what}: check the network and the line's "server".${afterwards(mayHaveHappened)}`,
      // Without the cause: what a client says about a request may quote its headers.
      { mayHaveHappened },
    );
  }

  #refused(method: "GET" | "POST", response: Response, received: string): CarrierRefused {
    const { status } = response;
    const { code, message } = refusalIn(received);
    const said = message === undefined ? "" : ` It says: ${quoteOutside(message, [this.#apiKey])}`;
    const mayHaveHappened = method === "POST" && (status === 408 || status >= 500);
    return new CarrierRefused(`${this.#advice(response)}${said}${afterwards(mayHaveHappened)}`, {
      status,
      code: code === undefined ? undefined : quoteOutside(code, [this.#apiKey]).slice(1, -1),
      mayHaveHappened,
    });
  }

  #advice({ status, headers }: Response): string {
    switch (status) {
      case 401:
        return `ClawdTalk does not accept the key ${nameKey(this.#apiKey)}: make a new one at clawdtalk.com and set CLAWDTALK_API_KEY.`;
      case 402:
      case 403:
        return "ClawdTalk does not allow this: calling and texting others needs a paid account with a dedicated number.";
      case 404:
        return "ClawdTalk does not know this: check the id.";
      case 429: {
        const wait = Number(headers.get("retry-after"));
        return `ClawdTalk has had too many requests: try again in ${wait > 0 ? `${wait} s` : "a minute"}.`;
      }
      default:
        if (status >= 500) return `ClawdTalk has trouble of its own (${status}): try again later.`;
        if (status >= 300 && status < 400) {
          return `ClawdTalk at ${this.#host} has moved (${status}): check the line's "server".`;
        }
        return `ClawdTalk refused the request (${status}).`;
    }
  }

  get #host(): string {
    return URL.parse(this.#apiUrl)?.host ?? "its address";
  }
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

function afterwards(mayHaveHappened: boolean): string {
  return mayHaveHappened ? " It may have been carried out all the same: look before trying again." : "";
}

/** `{error:{code,message}}`, `{error:"…"}`, `{message}` or plain text; a web page says nothing useful. */
function refusalIn(received: string): { code: string | undefined; message: string | undefined } {
  const parsed = refusal.safeParse(parseJson(received));
  if (!parsed.success) {
    const plain = received.trim();
    return { code: undefined, message: plain === "" || plain.startsWith("<") ? undefined : plain };
  }
  const { error, message, code } = parsed.data;
  if (typeof error === "object") return { code: error.code ?? code, message: error.message ?? message };
  return { code, message: message ?? error };
}

function parseJson(received: string): unknown {
  try {
    return JSON.parse(received);
  } catch {
    return undefined;
  }
}

/** The codes of an error and its causes, the outermost first. */
function errorCodes(error: unknown): string[] {
  return causes(error).flatMap(({ code }) => (typeof code === "string" ? [code] : []));
}

/**
 * Whether a request that failed never left this machine: the name was not found, no connection was made, or
 * the other side's certificate was not accepted.
 */
function wasNeverSent(error: unknown): boolean {
  const found = causes(error);
  if (found.some(({ syscall }) => syscall === "connect" || syscall === "getaddrinfo")) return true;
  return errorCodes(error).some((code) =>
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_INVALID_URL|ERR_TLS_.*|CERT_.*|.*_CERT.*|UNABLE_TO_.*|ERR_SSL_.*)$/.test(
      code,
    ),
  );
}

function causes(error: unknown): { code?: unknown; syscall?: unknown }[] {
  const found: { code?: unknown; syscall?: unknown }[] = [];
  for (let inner = error; typeof inner === "object" && inner !== null && found.length < 10; ) {
    found.push(inner);
    if (inner instanceof AggregateError) found.push(...(inner.errors as object[]));
    inner = (inner as { cause?: unknown }).cause;
  }
  return found;
}
