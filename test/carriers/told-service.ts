/**
 * Owns what the tests of every carrier's REST interface share: a service that answers what it is told to, limits
 * that are soon reached, and the error that a request ends with.
 */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { CarrierError } from "../../plugin/carriers/carrier-errors.ts";

/** For a client that soon gives up. */
export const fast = { timeoutMs: 2_000, retry: { times: 2, firstDelayMs: 5 } };

export async function errorOf(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CarrierError) return error;
  throw new Error(`a carrier error was expected, not ${inspect(error)}`);
}

/** Serves on 127.0.0.1 as long as `use` lasts. */
export async function serveAt(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Gives every request the same answer: a text as it is, anything else as JSON. */
export const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
