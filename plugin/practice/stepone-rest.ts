// Owns the HTTP half of the StepOne practice server: routes, keys and versions, strict input, answers and faults.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as textOf } from "node:stream/consumers";
import type { z } from "zod";
import type { RequestRecord } from "./practice-record.ts";
import { receivedRequest } from "./received-request.ts";
import { takeRouteFault } from "./route-faults.ts";
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import { CUT_STREAM_BYTES, takeStreamFault } from "./stepone-faults.ts";
import type { StepOneHost } from "./stepone-record.ts";
import { LiveStream } from "./stepone-stream.ts";
import { ruleBroken, STEPONE_PATH, type StepOneRule, stepOneInput } from "./stepone-wire.ts";

/** What the HTTP half needs beyond what all parts share. */
export interface StepOneRestHost extends StepOneHost {
  readonly key: string;
  readonly skillVersion: string;
  readonly answerShape: () => "call_ids" | "provider_call_id";
  readonly calls: readonly StepOnePracticeCall[];
  call(number: string, requirement: string): StepOnePracticeCall;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  /** Streamed instead of the body. */
  readonly stream?: StepOnePracticeCall;
}

/** A request the service would not carry out. */
class Refusal extends Error {
  readonly status: number;
  readonly rule: StepOneRule | undefined;
  /** What the answer says besides. */
  readonly more: object;

  constructor(status: number, message: string, rule?: StepOneRule, more: object = {}) {
    super(message);
    this.status = status;
    this.rule = rule;
    this.more = more;
  }

  get answer(): Answer {
    return { status: this.status, body: { success: false, message: this.message, ...this.more } };
  }
}

type Headers = Readonly<Record<string, string>>;

type Run = (host: StepOneRestHost, body: unknown) => Answer;

const SKILL_VERSION = `GET ${STEPONE_PATH}/skill_version`;

const routes: Readonly<Record<string, Run>> = {
  [`POST ${STEPONE_PATH}/initiate_call`]: (host, body) => {
    const { phones, user_requirement } = strictly(stepOneInput.initiateCall, body);
    if (host.faults.refuseCalls) return ok({ success: false, ...host.faults.refuseCalls });
    const ids = phones.map((number) => host.call(number, user_requirement).id);
    if (host.answerShape() === "call_ids") return ok({ success: true, call_ids: ids });
    return ok({ success: true, provider_call_id: ids[0] });
  },
  [`POST ${STEPONE_PATH}/search_callinfo`]: (host, body) => ok(callNamed(host, body).answer),
  [`POST ${STEPONE_PATH}/stream_chat_history`]: (host, body) => ({
    ...ok({}),
    stream: callNamed(host, body),
  }),
  [SKILL_VERSION]: (host, body) => {
    strictly(stepOneInput.nothing, body ?? {});
    return ok({ skill_version: host.faults.newVersion?.version ?? host.skillVersion });
  },
};

function ok(body: object): Answer {
  return { status: 200, body };
}

function strictly<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(
    400,
    [issue?.path.join("."), issue?.message].filter(Boolean).join(": "),
    ruleBroken(issue),
  );
}

function callNamed(host: StepOneRestHost, body: unknown): StepOnePracticeCall {
  const { call_id } = strictly(stepOneInput.callId, body);
  const call = host.calls.find(({ id }) => id === call_id);
  if (!call) throw new Refusal(404, "There is no such call.");
  return call;
}

/** Serves one request, faults included. */
export async function serveStepOne(
  host: StepOneRestHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { record, faults, waiting } = host;
  const text = await textOf(request).catch(() => undefined);
  if (text === undefined) return;
  const { record: received, secret: key } = receivedRequest(request, text, host.now(), "x-api-key");
  record.requests.push(received);
  const sent = (status: number) => {
    received.status = status;
    waiting.changed();
  };
  waiting.changed();

  const fault = takeRouteFault(faults.routes, received);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "garbage") {
    sent(200);
    response.writeHead(200, { "content-type": "text/html" }).end("<html><body>Bad gateway");
    return;
  }
  const answer =
    fault?.kind === "status"
      ? new Refusal(fault.status ?? 500, "The practice line was told to fail.").answer
      : carryOut(host, received, key);

  const finish = () => {
    if (response.destroyed) return;
    if (fault?.kind === "drop") {
      response.destroy();
      return;
    }
    if (answer.stream) {
      sent(answer.status);
      const cut = fault?.kind === "cut" ? { cutAfterBytes: CUT_STREAM_BYTES } : undefined;
      new LiveStream(host, answer.stream, response, cut ?? takeStreamFault(faults, answer.stream.id)).open();
      return;
    }
    const body = Buffer.from(JSON.stringify(answer.body));
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "content-length": body.length,
    });
    if (fault?.kind === "cut") {
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
      return;
    }
    sent(answer.status);
    response.end(body);
  };
  if (faults.latencyMs > 0) waiting.later(faults.latencyMs, finish);
  else finish();
}

function carryOut(host: StepOneRestHost, received: RequestRecord, key: string | undefined): Answer {
  const { method, path, query, headers, body } = received;
  try {
    const name = `${method} ${path}`;
    const run = routes[name];
    if (!run) throw new Refusal(404, `There is no ${name}.`, "unknown_route");
    checkKey(host, key);
    checkVersion(host, name, headers);
    if (body !== undefined && !/^application\/json\b/.test(headers["content-type"] ?? "")) {
      throw new Refusal(400, "The body is not declared as application/json.", "missing_header");
    }
    strictly(stepOneInput.nothing, query);
    return run(host, body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { rule } = error;
    const message = `${method} ${path} was refused: ${error.message}`;
    if (rule) host.record.violations.push({ at: host.now(), rule, message, input: body });
    return error.answer;
  }
}

function checkKey({ key, faults }: StepOneRestHost, given: string | undefined): void {
  if (given === undefined) throw new Refusal(401, "X-API-Key is missing.", "missing_header");
  if (given !== key || faults.refuseKey) throw new Refusal(401, "Invalid API key");
}

function checkVersion(host: StepOneRestHost, route: string, headers: Headers): void {
  const { version, named = true, askable = false } = host.faults.newVersion ?? { version: host.skillVersion };
  const given = headers["x-skill-version"];
  if (given === version || (given !== undefined && askable && route === SKILL_VERSION)) return;
  const rule = given === undefined ? "missing_header" : undefined;
  throw named
    ? new Refusal(426, `Update to skill version ${version}.`, rule, { skill_version: version })
    : new Refusal(426, "Upgrade Required", rule);
}
