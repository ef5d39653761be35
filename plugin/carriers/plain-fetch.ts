/**
 * Owns asking over HTTP in a process that lives for one request: on node:http, since loading the platform's `fetch`
 * takes about as long as the rest of such a script. Where more than scripts run, `fetch` itself is used.
 */
import type { IncomingMessage } from "node:http";
import type { Fetch } from "./http.ts";

/** As `fetch` for what {@link Fetch} names: throws the signal's reason, or the system's error with its `code`. */
export const plainFetch: Fetch = async (url, { method, headers, body, signal }) => {
  // An import would look at everything node:http exports, its WebSocket among it, and load `fetch` all the same.
  const { request } = process.getBuiltinModule(/^https:/i.test(url) ? "node:https" : "node:http");
  signal.throwIfAborted();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { method, headers, signal }, resolve);
    sent.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(body);
  });
  const status = response.statusCode ?? 0;
  const chunks = chunksOf(response, signal);
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => [response.headers[name.toLowerCase()] ?? []].flat()[0] ?? null },
    body: chunks,
    text: async () => {
      const received: Uint8Array[] = [];
      for await (const chunk of chunks) received.push(chunk);
      return new TextDecoder().decode(Buffer.concat(received));
    },
  };
};

async function* chunksOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
