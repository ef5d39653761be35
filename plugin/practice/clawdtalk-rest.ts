// Owns the REST half of the ClawdTalk practice server: the routes for calls, texts and approvals, bearer keys, faults.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { PracticeCall } from "./caller.ts";
import { missionRoutes } from "./clawdtalk-missions-rest.ts";
import {
  type Answer,
  ok,
  type PathNames,
  Refusal,
  type RestLine,
  type Route,
  route,
} from "./clawdtalk-routes.ts";
import { restInput } from "./clawdtalk-wire.ts";
import type { RequestRecord } from "./practice-record.ts";
import { bearerKey, receivedRequest } from "./received-request.ts";
import { takeRouteFault } from "./route-faults.ts";
import type { TextMessage } from "./text-messages.ts";

const nothing = restInput.nothing;

const routes: readonly Route[] = [
  route("GET", "/me", { body: nothing, query: nothing }, ({ line }) => ok(profile(line))),

  ...["critical", "warnings", "recommended", "infra"].map((kind) =>
    route("GET", `/doctor/${kind}`, { body: nothing, query: nothing }, ({ line }) => {
      const found = line.doctor[kind];
      if (found === undefined) throw new Refusal(404, "not_found", "There is no such check.");
      return ok(found);
    }),
  ),

  route("POST", "/calls", { body: restInput.placeCall, query: nothing }, ({ line, body, key }) => {
    const { ownerNumber, dedicatedNumber } = line.account;
    if (body.to !== undefined && body.to !== ownerNumber && dedicatedNumber === undefined) {
      throw new Refusal(
        403,
        "dedicated_number_required",
        "Calls to others need a paid account with a dedicated number.",
      );
    }
    const call = line.calls.place(
      { to: body.to, greeting: body.greeting, purpose: body.context?.purpose },
      key,
    );
    return { status: 202, body: { call_id: call.callId, status: call.status, direction: call.direction } };
  }),

  route("GET", "/calls/:id", { body: nothing, query: nothing }, ({ line, id }) => {
    const call = callById(line, id);
    return ok({
      call_id: call.callId,
      direction: call.direction,
      status: call.status,
      started_at: call.startedAt === undefined ? null : new Date(call.startedAt).toISOString(),
      duration_seconds: call.durationSeconds,
    });
  }),

  route("POST", "/calls/:id/end", { body: restInput.endCall, query: nothing }, ({ line, id, body }) => {
    const call = callById(line, id);
    if (call.end) throw new Refusal(409, "call_ended", `Call ${id} has already ended.`);
    call.progressTo("ending");
    line.waiting.later(0, () => call.hangUp({ reason: body.reason }));
    return ok({ call_id: call.callId, status: call.status, duration_seconds: call.durationSeconds });
  }),

  route("POST", "/messages/send", { body: restInput.sendMessage, query: nothing }, ({ line, body }) => {
    const message: TextMessage = {
      id: line.newId("message"),
      direction: "outbound",
      from: line.account.dedicatedNumber ?? line.account.systemNumber,
      to: body.to,
      body: body.message,
      media_urls: body.media_urls ?? [],
      status: "queued",
      created_at: new Date(line.now()).toISOString(),
    };
    line.messages.add(message);
    line.waiting.changed();
    return ok({ id: message.id, status: message.status, from: message.from, to: message.to });
  }),

  route("GET", "/messages", { body: nothing, query: restInput.listMessages }, ({ line, query }) =>
    ok(line.messages.list(query)),
  ),

  route("GET", "/messages/conversations", { body: nothing, query: nothing }, ({ line }) =>
    ok(line.messages.conversations()),
  ),

  route("POST", "/approvals", { body: restInput.requestApproval, query: nothing }, ({ line, body, key }) => {
    const approval = line.approvals.request(body, key);
    const { request_id, status, expires_at, devices_notified, devices_failed } = approval;
    return ok({ request_id, status, expires_at, devices_notified, devices_failed });
  }),

  route("GET", "/approvals", { body: nothing, query: restInput.listApprovals }, ({ line, query }) =>
    ok({
      approvals: line.approvals.all.filter(
        (approval) => query.status === undefined || approval.status === query.status,
      ),
    }),
  ),

  route("GET", "/approvals/:id", { body: nothing, query: nothing }, ({ line, id }) => {
    const approval = line.approvals.find(id);
    if (!approval) throw new Refusal(404, "not_found", `There is no approval request ${id}.`);
    return ok(approval);
  }),

  ...missionRoutes,
];

function callById(line: RestLine, id: string): PracticeCall {
  const call = line.calls.byId.get(id);
  if (!call) throw new Refusal(404, "not_found", `There is no call ${id}.`);
  return call;
}

function profile({ account, calls, messages }: RestLine) {
  const usage = {
    call_seconds: [...calls.byId.values()].reduce((sum, call) => sum + call.durationSeconds, 0),
    messages_sent: messages.all.filter((message) => message.direction === "outbound").length,
  };
  return {
    user_id: "user_practice",
    email: "owner@practice.invalid",
    phone: account.ownerNumber,
    phone_verified: account.phoneVerified,
    subscription_tier: account.tier,
    effective_tier: account.tier,
    paranoid_mode: false,
    voice_preference: null,
    system_number: account.systemNumber,
    dedicated_number: account.dedicatedNumber ?? null,
    quota: { call_seconds: 36_000, messages: 1_000 },
    usage_today: usage,
    usage_this_month: usage,
  };
}

const BODY_LIMIT_BYTES = 1_000_000;

/** Serves one REST request, faults included. */
export async function serveRest(
  line: RestLine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readBody(request);
  if (text === undefined) return;
  const { record, secret } = receivedRequest(request, text, line.now());
  const key = bearerKey(secret);
  line.record.requestReceived(record);

  const fault = takeRouteFault(line.faults.rest, record);
  if (fault?.kind === "timeout") return;

  const done = fault?.kind === "status" ? undefined : carryOut(line, record, key);
  const answer =
    done === undefined || fault?.kind === "status_after_processing"
      ? new Refusal(
          fault?.status ?? 500,
          fault?.code ?? "practice_fault",
          "The practice line was told to fail.",
        ).answer
      : done;

  if (fault?.kind === "timeout_after_processing") {
    line.waiting.changed();
    return;
  }

  const finish = () => {
    if (fault?.kind === "drop_after_processing") {
      response.destroy();
      return;
    }
    record.status = answer.status;
    line.record.requestAnswered(record);
    response.writeHead(answer.status, { "content-type": "application/json; charset=utf-8" });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  };
  if (line.faults.restLatencyMs > 0) line.waiting.later(line.faults.restLatencyMs, finish);
  else finish();
}

function carryOut(line: RestLine, record: RequestRecord, key: string): Answer {
  const { method, path } = record;
  try {
    if (!line.keys.includes(key)) {
      throw new Refusal(401, "unauthorized", "The API key is missing or not valid.");
    }
    const fitting = routes.filter((candidate) => candidate.path.test(path));
    const found = fitting.find((candidate) => candidate.method === method);
    if (!found) {
      line.record.breach("rest_unknown_route", `The wire page has no ${method} ${path}.`);
      throw new Refusal(fitting.length > 0 ? 405 : 404, "not_found", `There is no ${method} ${path}.`);
    }
    if (record.body !== undefined && !/^application\/json\b/.test(record.headers["content-type"] ?? "")) {
      throw new Refusal(400, "invalid_request", "The body is not declared as application/json.");
    }
    return found.run(line, {
      body: record.body ?? {},
      query: record.query,
      names: namesIn(found.path, path),
      key,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 400) {
      line.record.breach("rest_bad_request", `${method} ${path} was refused: ${error.message}.`, record.body);
    }
    return error.answer;
  }
}

function namesIn(pattern: RegExp, path: string): PathNames {
  const found = Object.entries(pattern.exec(path)?.groups ?? {});
  try {
    return Object.fromEntries(found.map(([name, written]) => [name, decodeURIComponent(written)]));
  } catch {
    throw new Refusal(400, "invalid_request", `The path ${path} is not encoded well.`);
  }
}

/** The body's text; `undefined` when the client went away while sending it. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      // What is over the limit is read and dropped; what is left no longer parses, and is refused as such.
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}
