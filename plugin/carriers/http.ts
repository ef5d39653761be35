/**
 * Owns how a carrier's REST interface is asked: one request, its time limit, and what its failure means for
 * people. What only reads is tried again when the network fails; what acts is sent exactly once. Which paths there
 * are and what they answer is each carrier's own business.
 */
import pRetry from "p-retry";
import { z } from "zod";
import { quoteOutside } from "../config/redaction.ts";
import { text } from "./answer-fields.ts";
import { CarrierRefused, CarrierUnreachable } from "./carrier-errors.ts";

export interface HttpOptions {
  /** Secret. Without one no `Authorization` is sent. */
  readonly apiKey?: string | undefined;
  /** Ours, for the service's statistics. */
  readonly version?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long one request may take. Default 15000. */
  readonly timeoutMs?: number | undefined;
  /** How often a request that only reads is tried again, and how long before the first time. */
  readonly retry?: { readonly times: number; readonly firstDelayMs: number } | undefined;
}

/** What differs between the services. */
export interface HttpService {
  /** As people know it; every sentence begins with it. */
  readonly name: string;
  /** `https://host/path`; a slash at its end counts for nothing. */
  readonly baseUrl: string;
  /** Where the address is set, to end a sentence with: `the line's "server"`. */
  readonly addressSetting: string;
  /** What a refusal means here and what to do next; undefined where the service has nothing special to say. */
  advise(refusal: Refusal): Advice | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly path: string;
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

export interface HttpRequest<Schema extends z.ZodType> {
  readonly method: HttpMethod;
  /** From the base address on, its parts already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object | undefined;
  /** What a good answer looks like. */
  readonly schema: Schema;
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
  error: z.union([z.string(), z.object({ code: text, message: text })]).optional(),
  message: text,
  code: text,
});

/** Both methods throw {@link CarrierRefused} or {@link CarrierUnreachable}, and nothing else. */
export class CarrierHttp {
  readonly #service: HttpService;
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #version: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
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

  /** A request that only reads: safe to make again. */
  async read<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<z.output<Schema>> {
    return await pRetry(() => this.#request({ method: "GET", path, query, schema }, false), {
      retries: this.#retry.times,
      minTimeout: this.#retry.firstDelayMs,
      randomize: true,
      shouldRetry: ({ error }) =>
        error instanceof CarrierUnreachable || (error instanceof CarrierRefused && error.status >= 500),
    });
  }

  /** A request that does something, whatever its method: made once, whatever comes of it. */
  async act<Schema extends z.ZodType>(request: HttpRequest<Schema>): Promise<z.output<Schema>> {
    return await this.#request(request, true);
  }

  async #request<Schema extends z.ZodType>(
    request: HttpRequest<Schema>,
    acts: boolean,
  ): Promise<z.output<Schema>> {
    const { method, path, query = {}, body, schema, signal } = request;
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    const doubt = (mayHaveHappened: boolean) => (mayHaveHappened ? ` ${request.doubt ?? DEFAULT_DOUBT}` : "");
    let response: Response;
    let received: string;
    try {
      response = await this.#fetch(`${this.#baseUrl}${path}${search}`, {
        method,
        headers: {
          accept: "application/json",
          ...(this.#apiKey === undefined ? {} : { authorization: `Bearer ${this.#apiKey}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.#version === undefined ? {} : { "x-client-version": this.#version }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would turn a POST into a GET; an address that has moved is for people to see.
        redirect: "manual",
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      received = await response.text();
    } catch (error) {
      const mayHaveHappened = acts && !wasNeverSent(error);
      const sentence = `${this.#place} ${failure(error, timeoutMs)}: check the network and ${this.#service.addressSetting}.`;
      // Without the cause: what a client says about a request may quote its headers.
      throw new CarrierUnreachable(`${sentence}${doubt(mayHaveHappened)}`, { mayHaveHappened });
    }
    if (!response.ok) throw this.#refused(response, received, { acts, path, doubt });
    const parsed = schema.safeParse(parseJson(received));
    if (parsed.success) return parsed.data;
    throw new CarrierUnreachable(
      `${this.#place} gave an answer that cannot be understood: check ${this.#service.addressSetting}.${doubt(acts)}`,
      { mayHaveHappened: acts },
    );
  }

  #refused(
    response: Response,
    received: string,
    { acts, path, doubt }: { acts: boolean; path: string; doubt: (mayHaveHappened: boolean) => string },
  ): CarrierRefused {
    const { status } = response;
    const secrets = this.#apiKey === undefined ? [] : [this.#apiKey];
    const { code, message } = refusalIn(received);
    const said = message === undefined ? "" : ` It says: ${quoteOutside(message, secrets)}`;
    const wait = Number(response.headers.get("retry-after"));
    const advice = this.#service.advise({
      status,
      path,
      retryAfterSeconds: wait > 0 ? wait : undefined,
      said: message,
    });
    const mayHaveHappened = acts && (status === 408 || status >= 500) && advice?.nothingHappened !== true;
    return new CarrierRefused(
      `${advice?.sentence ?? this.#refusal(status)}${said}${doubt(mayHaveHappened)}`,
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

function failure(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `did not answer within ${timeoutMs / 1000} s`;
  }
  if (error instanceof DOMException && error.name === "AbortError") return "was not waited for any longer";
  return `could not be reached (${errorCodes(error)[0] ?? (isForbiddenPort(error) ? "bad port" : "network error")})`;
}

/** `{error:{code,message}}`, `{error:"…"}`, `{message}` or plain text; a web page says nothing useful. */
function refusalIn(received: string): { code: string | undefined; message: string | undefined } {
  const parsed = refusalBody.safeParse(parseJson(received));
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
