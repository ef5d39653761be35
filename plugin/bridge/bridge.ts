/**
 * Owns the local bridge: what software that already speaks to ClawCall's documented bridge finds on this machine
 * (seed, "The bridge exposes"). `GET /health` says how the line is; `POST /clawcall/message` with
 * `{call_sid, message}` is answered `{response, end_call}`. Everything else is refused with `{error}`, one sentence.
 *
 * It listens on this machine alone, and no web page can use it: a page of another origin cannot send JSON without being
 * allowed to, which nobody is, and one whose name was pointed here afterwards still sends its own name as the host.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, BlockList, isIPv4, isIPv6 } from "node:net";
import { z } from "zod";
import { jsonIn } from "../json-text.ts";
import { type Log, messageOf } from "../log.ts";

export interface BridgeParameters {
  /** A loopback address, or "localhost". */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly log: Log;
  /** What `GET /health` says beside `ok: true`. */
  health(): Readonly<Record<string, unknown>>;
  /** One request for words. What it throws is for the log; the other side is told that it failed. */
  receive(request: {
    readonly callSid: string;
    readonly message: string;
  }): Promise<{ readonly response: string; readonly endCall: boolean }>;
}

export interface Bridge {
  /** "http://127.0.0.1:4747" */
  readonly url: string;
  /** Takes no more requests; what is being answered may be finished for a moment. */
  close(): Promise<void>;
}

/** Far more than anybody says in one turn. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** What is still being answered when the bridge closes has this long. */
const FINISHING_MS = 1_000;

const messageSchema = z.object({
  call_sid: z.string().trim().min(1).max(200),
  message: z.string().trim().min(1),
});

/** A request that is not answered with words. The message is one sentence for whoever wrote the other side. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** @throws Error with one sentence for people when the place is not loopback or cannot be listened on. */
export async function startBridge(parameters: BridgeParameters): Promise<Bridge> {
  const { host, port, log } = parameters;
  if (!isLoopback(host)) {
    throw new Error(
      `The ClawCall bridge listens on this machine alone, and ${host} is more than that: set CLAWCALL_AGENT_HOST to 127.0.0.1.`,
    );
  }
  const server = createServer((request, response) => {
    void answer(parameters, request).then(({ status, body, isLast }) => {
      send(response, status, body, isLast || !server.listening);
    });
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  try {
    await listening;
  } catch (error) {
    throw new Error(cannotListen(host, port, error));
  }
  server.off("error", reject);
  server.on("error", (error) => log.warn(`The ClawCall bridge: ${error.message}`));
  const url = urlOf(server.address() as AddressInfo);
  log.info(`The ClawCall bridge listens on ${url}.`);
  return {
    url,
    close: async () => {
      const { promise: closed, resolve: markClosed } = Promise.withResolvers<void>();
      server.close(() => markClosed());
      const timer = setTimeout(() => server.closeAllConnections(), FINISHING_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: object;
  /** Nothing more is taken on this connection. */
  readonly isLast: boolean;
}

/** Never rejects. */
async function answer(parameters: BridgeParameters, request: IncomingMessage): Promise<Answer> {
  try {
    return { status: 200, body: await route(parameters, request), isLast: false };
  } catch (error) {
    if (error instanceof Refusal) {
      // What is left of a body nobody reads must not be taken for the next request.
      return { status: error.status, body: { error: error.message }, isLast: true };
    }
    parameters.log.warn(`The ClawCall bridge could not answer: ${messageOf(error)}`);
    const sentence = "The message could not be answered; the phone's log says why.";
    return { status: 500, body: { error: sentence }, isLast: false };
  }
}

/** @throws Refusal; what `receive` throws. */
async function route(parameters: BridgeParameters, request: IncomingMessage): Promise<object> {
  if (!isLoopback(hostnameOf(request.headers.host))) {
    throw new Refusal(403, "This bridge is used under this machine's own address: call it as 127.0.0.1.");
  }
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/health") {
    demandMethod(request, "GET");
    return { ok: true, ...parameters.health() };
  }
  if (path === "/clawcall/message") {
    demandMethod(request, "POST");
    const { call_sid: callSid, message } = await readMessage(request);
    const { response, endCall } = await parameters.receive({ callSid, message });
    return { response, end_call: endCall };
  }
  throw new Refusal(404, "There is nothing here: this bridge has GET /health and POST /clawcall/message.");
}

function demandMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method) throw new Refusal(405, `This address takes ${method} only.`);
}

async function readMessage(request: IncomingMessage): Promise<z.infer<typeof messageSchema>> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Refusal(415, "Send the message as JSON, with the header content-type: application/json.");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) {
      throw new Refusal(413, `The message is too long: at most ${BODY_LIMIT_BYTES} bytes are taken.`);
    }
    chunks.push(chunk);
  }
  const parsed = messageSchema.safeParse(jsonIn(Buffer.concat(chunks).toString("utf8")));
  if (!parsed.success) {
    throw new Refusal(
      400,
      'Send {"call_sid": "…", "message": "…"}: both are needed, and neither may be empty.',
    );
  }
  return parsed.data;
}

function send(response: ServerResponse, status: number, body: object, isLast: boolean): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    ...(isLast ? { connection: "close" } : {}),
  });
  response.end(JSON.stringify(body));
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  if (host.toLowerCase() === "localhost") return true;
  return (isIPv4(host) && loopback.check(host, "ipv4")) || (isIPv6(host) && loopback.check(host, "ipv6"));
}

/** The name in a `Host` header, without its port and brackets. */
function hostnameOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header ?? "");
  return match?.[1] ?? match?.[2];
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function cannotListen(host: string, port: number, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EADDRINUSE"
    ? `The ClawCall bridge cannot use port ${port} on ${host}, another program does: end that program, or set CLAWCALL_AGENT_PORT to another port.`
    : `The ClawCall bridge cannot listen on ${host}, port ${port} (${code ?? messageOf(error)}): set CLAWCALL_AGENT_HOST and CLAWCALL_AGENT_PORT to a place it may use.`;
}
