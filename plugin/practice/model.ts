// Owns the scripted model: an OpenAI-compatible chat-completions server on loopback whose answers, and whose
// speed, are known beforehand. It needs no key and keeps every request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { closeAtOnce } from "./loopback.ts";
import {
  chooseRule,
  type ModelMessage,
  type ModelRequest,
  type ModelRule,
  withWordCount,
  wordsOf,
} from "./model-script.ts";
import { PracticeError, Waiting, type WaitOptions } from "./waiting.ts";

export type { ModelRequest } from "./model-script.ts";

export interface ModelOptions {
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Default `practice-model`. Requests for any other name are answered as well. */
  readonly modelId?: string;
  /** Time to the first word, in milliseconds; default 200. */
  readonly firstTokenMs?: number;
  /** Time from word to word, in milliseconds; default 25. */
  readonly perWordMs?: number;
  /** Tried in order, before the default answers. Settable later. */
  readonly script?: readonly ModelRule[];
  /** The clock, in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
}

export interface PracticeModel {
  readonly port: number;
  /** `http://127.0.0.1:<port>/v1`: what a provider takes as its base URL. */
  readonly url: string;
  readonly modelId: string;
  /** Every chat-completions request, in order. */
  readonly requests: readonly ModelRequest[];
  /** Rules tried before the default answers; set it at any time. */
  script: readonly ModelRule[];
  /**
   * Waits until `count` requests have come since the start.
   *
   * @throws PracticeTimeout
   */
  waitForRequests(count: number, options?: WaitOptions): Promise<readonly ModelRequest[]>;
  /**
   * Waits until `look` finds something (anything but `undefined`); it looks after everything that happens.
   *
   * @param what Named in the error.
   * @throws PracticeTimeout
   */
  until<Found>(look: () => Found | undefined, what: string, options?: WaitOptions): Promise<Found>;
  /** Ends every socket and answer. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const completionRequest = z.object({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  stream: z.boolean().optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
});

type CompletionRequest = z.infer<typeof completionRequest>;

/** The longest pause Node knows, 24 days. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Starts a scripted model on 127.0.0.1.
 *
 * @throws PracticeError when the port is taken.
 */
export async function startPracticeModel(options: ModelOptions = {}): Promise<PracticeModel> {
  const server = new ModelServer(options);
  await server.listen(options.port ?? 0);
  return server;
}

class ModelServer implements PracticeModel {
  readonly modelId: string;
  readonly requests: ModelRequest[] = [];
  script: readonly ModelRule[];
  port = 0;
  readonly #firstTokenMs: number;
  readonly #perWordMs: number;
  readonly #now: () => number;
  readonly #waiting = new Waiting();
  readonly #http: Server;

  constructor(options: ModelOptions) {
    this.modelId = options.modelId ?? "practice-model";
    this.script = options.script ?? [];
    this.#firstTokenMs = options.firstTokenMs ?? 200;
    this.#perWordMs = options.perWordMs ?? 25;
    this.#now = options.now ?? Date.now;
    this.#http = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", (error) =>
        reject(new PracticeError(`The scripted model cannot listen on port ${port}: ${error.message}.`)),
      );
      this.#http.listen(port, "127.0.0.1", resolve);
    });
    this.port = (this.#http.address() as AddressInfo).port;
  }

  waitForRequests(count: number, options?: WaitOptions): Promise<readonly ModelRequest[]> {
    return this.until(
      () => (this.requests.length >= count ? this.requests : undefined),
      `${count} model requests`,
      options,
    );
  }

  until<Found>(look: () => Found | undefined, what: string, options?: WaitOptions): Promise<Found> {
    return this.#waiting.until(look, what, options);
  }

  async close(): Promise<void> {
    this.#waiting.stop();
    await closeAtOnce(this.#http);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = this.#now();
    const started = performance.now();
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    // A client that goes away is no error of the server's.
    response.on("error", () => {});

    const path = new URL(request.url ?? "/", "http://practice.invalid").pathname;
    if (request.method === "GET" && path === "/v1/models") {
      const model = {
        id: this.modelId,
        object: "model",
        created: Math.floor(at / 1_000),
        owned_by: "practice",
      };
      sendJson(response, 200, { object: "list", data: [model] });
      return;
    }
    if (request.method !== "POST" || path !== "/v1/chat/completions") {
      sendError(response, 404, "not_found", `There is no ${request.method} ${path}.`);
      return;
    }
    const body = await readJson(request);
    const parsed = completionRequest.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      sendError(response, 400, "invalid_request_error", `${issue?.path.join(".")}: ${issue?.message}`);
      return;
    }
    const record = recordOf(parsed.data, request, at, JSON.stringify(body));
    this.requests.push(record);
    this.#waiting.changed();
    try {
      await this.#answer(record, parsed.data, response, started, gone.signal);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
    // Dropped on purpose, the client is not the one that went away.
    if (record.doneAt === undefined && gone.signal.aborted) record.aborted = true;
    this.#waiting.changed();
  }

  async #answer(
    record: ModelRequest,
    request: CompletionRequest,
    response: ServerResponse,
    started: number,
    signal: AbortSignal,
  ): Promise<void> {
    const rule = chooseRule(this.script, record);
    const { firstTokenMs = this.#firstTokenMs, perWordMs = this.#perWordMs } = rule;
    /** Words keep to a timetable, so that delays do not add up. */
    const untilWord = (index: number) => {
      const dueMs = started + firstTokenMs + index * perWordMs - performance.now();
      return dueMs > 0 ? pause(dueMs, undefined, { signal }) : undefined;
    };
    const begun = () => {
      if (record.firstTokenAt !== undefined) return;
      record.firstTokenAt = this.#now();
      this.#waiting.changed();
    };
    const done = () => {
      record.doneAt = this.#now();
    };
    if (rule.fail === "hang") {
      await pause(FOREVER_MS, undefined, { signal });
    } else if (rule.fail === "http500") {
      await untilWord(0);
      done();
      sendError(response, 500, "server_error", "The scripted model was told to fail.");
      return;
    }

    const answer = composeAnswer(rule, record, this.requests.indexOf(record) + 1);
    const { words, toolCalls, envelope, finish_reason, usage } = answer;
    if (!request.stream) {
      await untilWord(words.length);
      begun();
      done();
      if (rule.fail === "drop") {
        response.destroy();
        return;
      }
      const message = {
        role: "assistant",
        content: words.join("") || null,
        ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
      };
      const choices = [{ index: 0, message, finish_reason }];
      sendJson(response, 200, { ...envelope, object: "chat.completion", choices, usage });
      return;
    }

    const withUsage = request.stream_options?.include_usage === true;
    const send = (choices: unknown[], last = {}) => {
      // As the real thing: with usage asked for, every chunk has the field, and only the last one a value.
      const nothingYet = withUsage ? { usage: null } : {};
      const chunk = { ...envelope, object: "chat.completion.chunk", choices, ...nothingYet, ...last };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    const delta = (content: object, finish: string | null = null) =>
      send([{ index: 0, delta: content, finish_reason: finish }]);

    await untilWord(0);
    const type = "text/event-stream; charset=utf-8";
    response.writeHead(200, { "content-type": type, "cache-control": "no-cache" });
    delta({ role: "assistant", content: "" });
    for (const [index, word] of words.entries()) {
      await untilWord(index);
      signal.throwIfAborted();
      begun();
      delta({ content: word });
      if (rule.fail === "drop" && index + 1 >= words.length / 2) {
        done();
        // Once what was said has left: the client hears half an answer, then nothing.
        response.write("", () => response.destroy());
        return;
      }
    }
    for (const [index, toolCall] of toolCalls.entries()) {
      const { arguments: json, name } = toolCall.function;
      const half = Math.ceil(json.length / 2);
      begun();
      delta({ tool_calls: [{ index, ...toolCall, function: { name, arguments: "" } }] });
      delta({ tool_calls: [{ index, function: { arguments: json.slice(0, half) } }] });
      delta({ tool_calls: [{ index, function: { arguments: json.slice(half) } }] });
    }
    delta({}, finish_reason);
    if (withUsage) send([], { usage });
    done();
    response.end("data: [DONE]\n\n");
  }
}

/** What a rule says to a request: the words, the tool call if any, and what every answer carries. */
function composeAnswer(rule: ModelRule, record: ModelRequest, number: number) {
  const text = typeof rule.answer === "function" ? rule.answer(record) : rule.answer;
  const words = wordsOf(rule.words === undefined ? text : withWordCount(text, rule.words));
  const input = rule.toolCall?.arguments;
  const one = rule.toolCall && {
    name: rule.toolCall.name,
    arguments: typeof input === "function" ? input(record) : input,
  };
  const calls = rule.toolCalls?.(record) ?? (one === undefined ? [] : [one]);
  const toolCalls = calls.map((call, index) => ({
    id: `call_practice_${number}${index === 0 ? "" : `_${index}`}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  const prompt_tokens = Math.ceil(JSON.stringify(record.messages).length / 4);
  const completion_tokens = words.length;
  return {
    words,
    toolCalls,
    finish_reason: toolCalls.length > 0 ? "tool_calls" : "stop",
    envelope: {
      id: `chatcmpl-practice-${number}`,
      created: Math.floor(record.at / 1_000),
      model: record.model,
    },
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  };
}

function recordOf(
  request: CompletionRequest,
  { headers }: IncomingMessage,
  at: number,
  asSent: string,
): ModelRequest {
  const messages: readonly ModelMessage[] = request.messages;
  const spoken = messages.filter((message) => !isGatewayContext(message));
  const last = spoken.findLast(({ role }) => role === "user" || role === "tool");
  return {
    at,
    model: request.model,
    messages,
    asSent,
    tools: request.tools?.map((tool) => tool.function.name) ?? [],
    stream: request.stream ?? false,
    hints: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith("x-") || name.includes("session"))
        .map(([name, value]) => [name, String(value)]),
    ),
    lastRole: last?.role === "tool" ? "tool" : "user",
    lastText: last?.role === "user" ? spokenWords(textOf(last)) : textOf(last),
    lastUserText: spokenWords(textOf(spoken.findLast(({ role }) => role === "user"))),
    firstTokenAt: undefined,
    doneAt: undefined,
    aborted: false,
  };
}

/** The gateway ends each turn's messages with one of its own (running commands, subagents): nobody said it. */
function isGatewayContext(message: ModelMessage): boolean {
  return message.role === "user" && textOf(message).includes("<<<END_OPENCLAW_INTERNAL_CONTEXT>>>");
}

/**
 * What the person said, without what the gateway writes around it: the time in front, an interrupted message that
 * it keeps as context, and the line about its runtime at the end.
 */
function spokenWords(text: string): string {
  const words = text.replace(/^\[[^\]\n]*UTC\] /u, "").replace(/\n\nRuntime: agent=[^\n]*$/u, "");
  return words.startsWith("[Queued user message") ? words.slice(words.lastIndexOf("\n\n") + 2) : words;
}

/** A message's text, be its content a string or a list of parts. */
export function textOf(message: ModelMessage | undefined): string {
  const content = message?.content;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: unknown) =>
      typeof part === "object" && part !== null && "text" in part && typeof part.text === "string"
        ? part.text
        : "",
    )
    .join("");
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, type: string, message: string): void {
  sendJson(response, status, { error: { message, type, code: null } });
}
