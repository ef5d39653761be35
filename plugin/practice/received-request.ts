// Owns what a practice server makes of an HTTP request before it looks for the route: what is written down of it,
// and the key, which is not.
import type { IncomingMessage } from "node:http";
import type { RequestRecord } from "./practice-record.ts";

/**
 * What was received, not yet answered, and what the header that carries the key held.
 *
 * @param text The whole body.
 * @param at The clock's time in milliseconds.
 */
export function receivedRequest(
  request: IncomingMessage,
  text: string,
  at: number,
  keyHeader = "authorization",
): { readonly record: RequestRecord; readonly secret: string | undefined } {
  const url = new URL(request.url ?? "/", "http://practice.invalid");
  const { [keyHeader]: secret, ...headers } = request.headers;
  const record = {
    at,
    method: request.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: parsedBody(text),
    status: undefined,
  };
  return { record, secret: secret === undefined ? undefined : String(secret) };
}

/** The key in an `authorization` header; `""` without one. */
export function bearerKey(authorization: string | undefined): string {
  return /^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? "";
}

function parsedBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
