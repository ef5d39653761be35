/**
 * Owns how a carrier's REST interface is asked: one request, its time limit, and what its failure means for
 * people. What only reads is tried again when the network fails; what acts is sent exactly once. Which paths there
 * are and what they answer is each carrier's own business.
 */
import pRetry from "p-retry";
// The small build: scripts that must start fast come through here. Schemas of the full one are as good.
import * as z from "zod/mini";
import { quoteOutside } from "../config/redaction.ts";
import { jsonIn } from "../json-text.ts";
import { text } from "./answer-fields.ts";
import { CarrierRefused, CarrierUnreachable } from "./carrier-errors.ts";

export interface HttpOptions {
  /** Secret. Without one no `Authorization` is sent. */
  readonly apiKey?: string | undefined;
  /** Ours, for the service's statistics. */
  readonly version?: string | undefined;
  /** The platform's own unless given. */
  readonly fetch?: Fetch | undefined;
  /** How long one request may take. Default 15000. */
  readonly timeoutMs?: number | undefined;
  /** How often a request that only reads is tried again, and how long before the first time. */
  readonly retry?: { readonly times: number; readonly firstDelayMs: number } | undefined;
}

/** What is used of the platform's `fetch`. */
export type Fetch = (
  url: string,
  request: {
    readonly method: HttpMethod;
    readonly headers: Record<string, string>;
    readonly body?: string;
    /** A redirect would turn a POST into a GET; an address that has moved is for people to see. */
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<FetchAnswer>;

export interface FetchAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  text(): Promise<string>;
}

/** What differs between the services. */
export interface HttpService {
  /** As people know it; every sentence begins with it. */
  readonly name: string;
  /** `https://host/path`; a slash at its end counts for nothing. */
  readonly baseUrl: string;
  /** Where the address is set, to end a sentence with: `the line's "server"`. */
  readonly addressSetting: string;
  /** The header the key is sent in, as it is; `Authorization: Bearer <key>` unless given. */
  readonly keyHeader?: string;
  /** The header the version is sent in; `X-Client-Version` unless given. */
  readonly versionHeader?: string;
  /** Whether an answer of good status says no all the same. Without it, none does. */
  isRefusal?(answer: unknown): boolean;
  /** What a refusal means here and what to do next; undefined where the service has nothing special to say. */
  advise(refusal: Refusal): Advice | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly path: string;
  /** The parsed JSON of the answer; undefined when it was none. */
  readonly answer: unknown;
  /** From the `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined;
  /** The service's own words. */
  readonly said: string | undefined;
}

export interface Advice {
  readonly sentence: string;
  /** This refusal says for certain that nothing was done, whatever its status. */
  readonly nothingHappened?: boolean;
}

export type HttpMethod = "GET" | "POST" | "PATCH" | "DELETE";

export interface HttpRequest<Schema extends z.core.$ZodType> extends HttpQuestion {
  /** What a good answer looks like. */
  readonly schema: Schema;
}

/** A request without what its answer has to be. */
export interface HttpQuestion {
  readonly method: HttpMethod;
  /** From the base address on, its parts already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object | undefined;
  /** Where this request's limit is another than the service's. */
  readonly timeoutMs?: number;
  /** Gives the request up. What has been sent stays sent. */
  readonly signal?: AbortSignal | undefined;
  /** What to say when it may have been carried out all the same; by default, to look before trying again. */
  readonly doubt?: string;
}

const DEFAULT_DOUBT = "It may have been carried out all the same: look before trying again.";
const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_RETRY = { times: 2, firstDelayMs: 300 };

const refusalBody = z.object({
  error: z.optional(z.union([z.string(), z.object({ code: text, message: text })])),
  message: text,
  code: text,
});

/** All methods throw {@link CarrierRefused} or {@link CarrierUnreachable}, and nothing else. */
export class CarrierHttp {
  readonly #service: HttpService;
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #version: string | undefined;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #retry: { readonly times: number; readonly firstDelayMs: number };

  constructor(service: HttpService, options: HttpOptions) {
    this.#service = service;
    this.#baseUrl = service.baseUrl.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
    this.#version = options.version;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#retry = options.retry ?? DEFAULT_RETRY;
  }

  /** A GET that only reads: safe to make again. */
  async read<Schema extends z.core.$ZodType>(
    path: string,
    schema: Schema,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<z.output<Schema>> {
    return await this.lookUp({ method: "GET", path, query, schema });
  }

  /** A request that only reads, whatever its method: safe to make again. */
  async lookUp<Schema extends z.core.$ZodType>(request: HttpRequest<Schema>): Promise<z.output<Schema>> {
    return await pRetry(() => this.#request(request, false), {
      retries: this.#retry.times,
      minTimeout: this.#retry.firstDelayMs,
      randomize: true,
      shouldRetry: ({ error }) =>
        request.signal?.aborted !== true &&
        (error instanceof CarrierUnreachable || (error instanceof CarrierRefused && error.status >= 500)),
    });
  }

  /** A request that does something, whatever its method: made once, whatever comes of it. */
  async act<Schema extends z.core.$ZodType>(request: HttpRequest<Schema>): Promise<z.output<Schema>> {
    return await this.#request(request, true);
  }

  /**
   * Opens a stream of this media type, once; the request only reads. The time limit is for its beginning. What the
   * stream itself throws is the platform's: that it broke off, or the reason of `request.signal`.
   */
  async openStream(request: HttpQuestion, mediaType: string): Promise<AsyncIterable<Uint8Array>> {
    const stream = await this.#ask(request, mediaType, false, async (response) => {
      const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
      if (response.ok && type === mediaType) return response.body;
      this.#answerIn(response, await response.text(), { acts: false, request });
      return null;
    });
    if (stream === null) throw this.#notUnderstood(request, false);
    return stream;
  }

  async #request<Schema extends z.core.$ZodType>(
    request: HttpRequest<Schema>,
    acts: boolean,
  ): Promise<z.output<Schema>> {
    const answer = await this.#ask(request, "application/json", acts, async (response) =>
      this.#answerIn(response, await response.text(), { acts, request }),
    );
    const parsed = z.safeParse(request.schema, answer);
    if (parsed.success) return parsed.data;
    throw this.#notUnderstood(request, acts);
  }

  /** Sends the request and has the answer read within the time limit. */
  async #ask<Read>(
    request: HttpQuestion,
    accept: string,
    acts: boolean,
    read: (response: FetchAnswer) => Promise<Read>,
  ): Promise<Read> {
    const { method, path, query = {}, body, signal } = request;
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new DOMException("", "TimeoutError")), timeoutMs);
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    try {
      const response = await this.#fetch(`${this.#baseUrl}${path}${search}`, {
        method,
        headers: {
          accept,
          ...this.#keyHeader(),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#version === undefined
            ? {}
            : { [this.#service.versionHeader ?? "x-client-version"]: this.#version }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
      });
      return await read(response);
    } catch (error) {
      if (error instanceof CarrierRefused) throw error;
      const mayHaveHappened = acts && !wasNeverSent(error);
      const sentence = `${this.#place} ${failure(error, timeoutMs)}: check the network and ${this.#service.addressSetting}.`;
      // Without the cause: what a client says about a request may quote its headers.
      throw new CarrierUnreachable(`${sentence}${doubt(request, mayHaveHappened)}`, { mayHaveHappened });
    } finally {
      clearTimeout(timer);
    }
  }

  #keyHeader(): Record<string, string> {
    if (this.#apiKey === undefined) return {};
    const { keyHeader } = this.#service;
    return keyHeader === undefined
      ? { authorization: `Bearer ${this.#apiKey}` }
      : { [keyHeader]: this.#apiKey };
  }

  /** The parsed answer; undefined when it is no JSON. @throws CarrierRefused */
  #answerIn(
    response: FetchAnswer,
    received: string,
    asked: { readonly acts: boolean; readonly request: HttpQuestion },
  ): unknown {
    const answer = jsonIn(received);
    if (response.ok && this.#service.isRefusal?.(answer) !== true) return answer;
    throw this.#refused(response, received, asked);
  }

  #notUnderstood(request: HttpQuestion, acts: boolean): CarrierUnreachable {
    return new CarrierUnreachable(
      `${this.#place} gave an answer that cannot be understood: check ${this.#service.addressSetting}.${doubt(request, acts)}`,
      { mayHaveHappened: acts },
    );
  }

  #refused(
    response: FetchAnswer,
    received: string,
    { acts, request }: { readonly acts: boolean; readonly request: HttpQuestion },
  ): CarrierRefused {
    const { status } = response;
    const secrets = this.#apiKey === undefined ? [] : [this.#apiKey];
    const { code, message } = refusalIn(received);
    const said = message === undefined ? "" : ` It says: ${quoteOutside(message, secrets)}`;
    const wait = Number(response.headers.get("retry-after"));
    const advice = this.#service.advise({
      status,
      path: request.path,
      answer: jsonIn(received),
      retryAfterSeconds: wait > 0 ? wait : undefined,
      said: message,
    });
    const mayHaveHappened = acts && (status === 408 || status >= 500) && advice?.nothingHappened !== true;
    return new CarrierRefused(
      `${advice?.sentence ?? this.#refusal(status)}${said}${doubt(request, mayHaveHappened)}`,
      {
        status,
        code: code === undefined ? undefined : quoteOutside(code, secrets).slice(1, -1),
        mayHaveHappened,
      },
    );
  }

  #refusal(status: number): string {
    const { name, addressSetting } = this.#service;
    if (status >= 500) return `${name} has trouble of its own (${status}): try again later.`;
    if (status >= 300 && status < 400) {
      return `${this.#place} has moved (${status}): check ${addressSetting}.`;
    }
    return `${name} refused the request (${status}).`;
  }

  get #place(): string {
    return `${this.#service.name} at ${URL.parse(this.#baseUrl)?.host ?? "its address"}`;
  }
}

/** "ClawdTalk has had too many requests: try again in 17 s." */
export function tooManyRequests(name: string, { retryAfterSeconds }: Refusal): string {
  const wait = retryAfterSeconds === undefined ? "a minute" : `${retryAfterSeconds} s`;
  return `${name} has had too many requests: try again in ${wait}.`;
}

function doubt(request: HttpQuestion, mayHaveHappened: boolean): string {
  return mayHaveHappened ? ` ${request.doubt ?? DEFAULT_DOUBT}` : "";
}

function failure(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `did not answer within ${timeoutMs / 1000} s`;
  }
  if (error instanceof DOMException && error.name === "AbortError") return "was not waited for any longer";
  return `could not be reached (${errorCodes(error)[0] ?? (isForbiddenPort(error) ? "bad port" : "network error")})`;
}

/** `{error:{code,message}}`, `{error:"…"}`, `{message}` or plain text; a web page says nothing useful. */
function refusalIn(received: string): { code: string | undefined; message: string | undefined } {
  const parsed = z.safeParse(refusalBody, jsonIn(received));
  if (!parsed.success) {
    const plain = received.trim();
    return { code: undefined, message: plain === "" || plain.startsWith("<") ? undefined : plain };
  }
  const { error, message, code } = parsed.data;
  if (typeof error === "object") return { code: error.code ?? code, message: error.message ?? message };
  return { code, message: message ?? error };
}

/** The codes of an error and its causes, the outermost first. */
function errorCodes(error: unknown): string[] {
  return causes(error).flatMap(({ code }) => (typeof code === "string" ? [code] : []));
}

/**
 * Whether a request that failed never left this machine: no request may go to the port, the name was not found, no
 * connection was made, or the other side's certificate was not accepted.
 */
function wasNeverSent(error: unknown): boolean {
  const found = causes(error);
  if (found.some(({ syscall }) => syscall === "connect" || syscall === "getaddrinfo")) return true;
  if (isForbiddenPort(error)) return true;
  if (found.some(({ message }) => /before secure TLS connection was established$/.test(String(message))))
    return true;
  return errorCodes(error).some((code) =>
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_INVALID_URL|ERR_TLS_.*|CERT_.*|.*_CERT.*|UNABLE_TO_.*|ERR_SSL_.*)$/.test(
      code,
    ),
  );
}

/** Fetch sends nothing to some ports (Fetch standard, "port blocking"), and says so without a code. */
function isForbiddenPort(error: unknown): boolean {
  return causes(error).some(({ message }) => message === "bad port");
}

interface Cause {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
}

function causes(error: unknown): Cause[] {
  const found: Cause[] = [];
  for (let inner = error; typeof inner === "object" && inner !== null && found.length < 10; ) {
    found.push(inner);
    if (inner instanceof AggregateError) found.push(...(inner.errors as object[]));
    inner = (inner as { cause?: unknown }).cause;
  }
  return found;
}
