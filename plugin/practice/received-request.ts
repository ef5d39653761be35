// Owns what a practice server makes of an HTTP request before it looks for the route: what is written down of it,
// and the key, which is not.
import type { IncomingMessage } from "node:http";
import type { RequestRecord } from "./practice-record.ts";

/**
 * What was received, not yet answered, and the bearer key that came with it (`""` without one).
 *
 * @param text The whole body.
 * @param at The clock's time in milliseconds.
 */
export function receivedRequest(
  request: IncomingMessage,
  text: string,
  at: number,
): { readonly record: RequestRecord; readonly key: string } {
  const url = new URL(request.url ?? "/", "http://practice.invalid");
  const { authorization, ...headers } = request.headers;
  const record = {
    at,
    method: request.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: parsedBody(text),
    status: undefined,
  };
  return { record, key: /^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? "" };
}

function parsedBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
