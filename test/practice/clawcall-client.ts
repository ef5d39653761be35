// A bare ClawCall client for the practice line's own tests: it sends what it is told, and knows nothing else.
import { onTestFinished } from "vitest";
import {
  type ClawCallOptions,
  type ClawCallPractice,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a poll brings: a message, or neither of both after its timeout. */
export interface Given {
  readonly call_sid: string;
  readonly message: string;
}

export class ClawCallClient {
  readonly #server: Pick<ClawCallPractice, "url">;
  key: string;

  constructor(server: Pick<ClawCallPractice, "url" | "key">, key = server.key) {
    this.#server = server;
    this.key = key;
  }

  async send(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Reply> {
    const response = await fetch(`${this.#server.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
    });
    return { status: response.status, body: (await response.json()) as Reply["body"] };
  }

  get(path: string, signal?: AbortSignal): Promise<Reply> {
    return this.send("GET", path, undefined, signal);
  }

  post(path: string, body: object = {}): Promise<Reply> {
    return this.send("POST", path, body);
  }

  /** One poll, in seconds. */
  async listen(timeout = 1, signal?: AbortSignal): Promise<Given> {
    return (await this.get(`/calls/listen?timeout=${timeout}`, signal)).body as unknown as Given;
  }

  respond(callSid: string, response: string, end_call = false): Promise<Reply> {
    return this.post(`/calls/respond/${callSid}`, { response, end_call });
  }

  /** Takes the next message and answers it. */
  async answer(response: string, end_call = false): Promise<string> {
    const { call_sid, message } = await this.listen();
    await this.respond(call_sid, response, end_call);
    return message;
  }
}

/** A server with a client, until the test that starts it has finished. */
export async function practice(options?: ClawCallOptions) {
  const server = await startClawCallPractice(options);
  onTestFinished(() => server.close());
  return { server, client: new ClawCallClient(server) };
}
