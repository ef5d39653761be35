// A bare StepOne client for the practice line's own tests: it sends what it is told, and knows nothing else.
import { request } from "node:http";
import type { StepOneCallee } from "../../plugin/practice/stepone-calls.ts";
import type { StepOnePractice } from "../../plugin/practice/stepone-server.ts";

export const ZHANG = "13800138000";
export const LI = "13900139000";

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a stream brought, chunk by chunk as the network gave it out. */
export interface Streamed {
  readonly status: number | undefined;
  readonly chunks: readonly Buffer[];
  readonly text: string;
  readonly data: readonly { role: string; content: string }[];
  readonly keepAlives: number;
  /** Whether the body came to its end in good order. */
  readonly whole: boolean;
}

export class StepOneClient {
  readonly #url: string;
  /** What every request carries; `undefined` takes a header out. */
  headers: Record<string, string | undefined>;

  constructor({ url, key }: Pick<StepOnePractice, "url" | "key">) {
    this.#url = url;
    this.headers = { "x-api-key": key, "x-skill-version": "1.0.0" };
  }

  async send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Reply> {
    const response = await fetch(`${this.#url}/api/v1/callinfo/${path}`, {
      method,
      headers: this.#sent(body !== undefined),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    return { status: response.status, body: (await response.json()) as Reply["body"] };
  }

  post(path: string, body: unknown, signal?: AbortSignal): Promise<Reply> {
    return this.send("POST", path, body, signal);
  }

  initiate(phones = ZHANG, user_requirement = "通知张总明天上午9点开会"): Promise<Reply> {
    return this.post("initiate_call", { phones, user_requirement });
  }

  /** Calls one number; returns the call's id. */
  async call(number = ZHANG): Promise<string> {
    const { body } = await this.initiate(number);
    return (body.call_ids as [string])[0];
  }

  info(call_id: string): Promise<Reply> {
    return this.post("search_callinfo", { call_id });
  }

  /** Reads a stream to its end, good or bad, or until `signal` says to leave. */
  stream(call_id: string, signal?: AbortSignal): Promise<Streamed> {
    return new Promise((resolve, reject) => {
      const url = `${this.#url}/api/v1/callinfo/stream_chat_history`;
      const options = { method: "POST", headers: this.#sent(true), ...(signal ? { signal } : {}) };
      // Once there is an answer, its end tells everything.
      const sent = request(url, options, (response) => {
        sent.off("error", reject).on("error", () => {});
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => {});
        response.on("close", () => resolve(streamed(response.statusCode, chunks, response.complete)));
      });
      sent.on("error", reject);
      sent.end(JSON.stringify({ call_id }));
    });
  }

  #sent(hasBody: boolean): Record<string, string> {
    const headers = { ...this.headers, ...(hasBody ? { "content-type": "application/json" } : {}) };
    const given = Object.entries({ ...headers, ...this.headers }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Record<string, string>;
  }
}

function streamed(status: number | undefined, chunks: readonly Buffer[], whole: boolean): Streamed {
  const text = Buffer.concat(chunks).toString();
  const lines = text.split(/\r?\n/).slice(0, -1);
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)));
  const keepAlives = lines.filter((line) => line === ": keep-alive").length;
  return { status, chunks, text, data, keepAlives, whole };
}

export const said = (role: "assistant" | "user", content: string, afterMs = 5) => ({
  role,
  content,
  afterMs,
});

/** Somebody who hears two lines and says two. */
export const TALKS: StepOneCallee = {
  does: "talk",
  lines: [
    said("assistant", "喂，您好，请问是张总吗？"),
    said("user", "喂"),
    said("user", "喂"),
    said("user", "对，是我👍"),
  ],
};

export const rulesBroken = (server: StepOnePractice) => server.violations.map(({ rule }) => rule);

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
