/**
 * Owns asking a gateway over its HTTP interface from another process: one request, one tool call, and what went
 * wrong as a sentence for people. What is asked for is the ports' business.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { jsonIn } from "../json-text.ts";

export interface GatewayAddress {
  /** "http://127.0.0.1:18789" */
  readonly url: string;
  /** The gateway's token or password. Secret. None where the gateway asks for none. */
  readonly token?: string | undefined;
}

export type GatewayProblemKind =
  /** Nothing answers at its address. */
  | "unreachable"
  /** It is still starting and takes nothing yet; nothing was begun. */
  | "starting"
  | "token"
  /** The endpoint or the tool is not open to us. */
  | "notAllowed"
  /** It understood and refused, or something went wrong while it worked. */
  | "refused"
  | "tookTooLong";

/** The gateway could not do what it was asked. The message is one sentence for people. */
export class GatewayProblem extends Error {
  override readonly name = "GatewayProblem";
  readonly kind: GatewayProblemKind;

  constructor(kind: GatewayProblemKind, sentence: string) {
    super(sentence);
    this.kind = kind;
  }
}

export interface GatewayRequest {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** How long a gateway that says it is starting is waited for. Measured: 0.5 s after it answers at all. */
const STARTING_PATIENCE_MS = 10_000;
const STARTING_PAUSE_MS = 250;

/**
 * Posts JSON and returns the answer whatever its status, but for those that mean the same everywhere.
 *
 * @throws GatewayProblem `unreachable`, `token` or `starting`; the signal's reason when it is aborted.
 */
async function post(gateway: GatewayAddress, request: GatewayRequest): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`${gateway.url}${request.path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(gateway.token === undefined ? {} : { authorization: `Bearer ${gateway.token}` }),
        ...request.headers,
      },
      body: JSON.stringify(request.body),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new GatewayProblem("unreachable", `${nothingAnswers(gateway)} (${networkCode(error)}).`);
  }
  const problem = commonProblem(gateway, answer.status);
  if (problem === undefined) return answer;
  await answer.body?.cancel();
  throw problem;
}

/** The same, and waits for a gateway that is still starting. */
export async function postWithPatience(gateway: GatewayAddress, request: GatewayRequest): Promise<Response> {
  return await whileStarting(() => post(gateway, request), request.signal);
}

/**
 * Makes sure that the gateway takes its token: asks for no tool at all, which comes to nothing.
 *
 * @throws GatewayProblem as {@link post}.
 */
export async function checkToken(gateway: GatewayAddress, signal: AbortSignal): Promise<void> {
  const answer = await postWithPatience(gateway, { path: "/tools/invoke", body: {}, signal });
  await answer.body?.cancel();
}

/**
 * Does `ask` again while the gateway says that it is starting.
 *
 * @throws what `ask` throws last; the signal's reason when it is aborted.
 */
export async function whileStarting<Answer>(
  ask: () => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const giveUpAt = performance.now() + STARTING_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isStarting = error instanceof GatewayProblem && error.kind === "starting";
      if (!isStarting || performance.now() > giveUpAt) throw error;
      await sleep(STARTING_PAUSE_MS, undefined, signal === undefined ? {} : { signal });
    }
  }
}

const toolAnswer = z.union([
  z.object({
    ok: z.literal(true),
    result: z.object({
      details: z.unknown(),
      content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
    }),
  }),
  z.object({ ok: z.literal(false), error: z.object({ message: z.string() }) }),
]);

export interface ToolCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** The session in whose name the tool is called. */
  readonly sessionKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls one tool (`POST /tools/invoke`; gateway docs, "Tools invoke API") and returns what it found: its details,
 * or where it gave none the JSON, else the text, it wrote.
 *
 * @throws GatewayProblem of any kind but `tookTooLong`; the signal's reason when it is aborted.
 */
export async function callTool(gateway: GatewayAddress, call: ToolCall): Promise<unknown> {
  const { tool, args, sessionKey, headers, signal } = call;
  const answer = await post(gateway, {
    path: "/tools/invoke",
    body: { tool, args, ...(sessionKey === undefined ? {} : { sessionKey }) },
    ...(headers === undefined ? {} : { headers }),
    signal,
  });
  const parsed = toolAnswer.safeParse(await readJson(answer));
  if (!parsed.success) {
    throw new GatewayProblem(
      "refused",
      `${gateway.url} answers like no gateway does (HTTP ${answer.status}).`,
    );
  }
  if (answer.status === 404) {
    throw new GatewayProblem(
      "notAllowed",
      `The gateway does not let the tool ${tool} be called over HTTP: allow it in gateway.tools.allow.`,
    );
  }
  if (!parsed.data.ok) throw new GatewayProblem("refused", `The gateway says: ${parsed.data.error.message}`);
  const { details, content } = parsed.data.result;
  const written = content?.find(({ text }) => text !== undefined)?.text;
  return details ?? jsonIn(written ?? "") ?? written;
}

/** What an answer's body says in JSON; undefined when it is none. */
export async function readJson(answer: Response): Promise<unknown> {
  return jsonIn(await answer.text());
}

function nothingAnswers(gateway: GatewayAddress): string {
  return `No gateway answers at ${gateway.url}: start it, or correct gateway_url`;
}

function commonProblem(gateway: GatewayAddress, status: number): GatewayProblem | undefined {
  switch (status) {
    case 401:
      return new GatewayProblem(
        "token",
        gateway.token === undefined
          ? "The gateway wants a token and none is set: set OPENCLAW_GATEWAY_TOKEN or gateway_token."
          : "The gateway does not accept the token it was given: correct OPENCLAW_GATEWAY_TOKEN or gateway_token.",
      );
    case 429:
      return new GatewayProblem(
        "token",
        "The gateway refuses requests for a while after too many wrong tokens: correct the token and wait a minute.",
      );
    case 503:
      return new GatewayProblem("starting", `The gateway at ${gateway.url} is not ready yet.`);
    default:
      return undefined;
  }
}

function networkCode(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown; errors?: { code?: unknown }[] } };
  const code = cause?.code ?? cause?.errors?.[0]?.code;
  return typeof code === "string" ? code : "network error";
}
