// Owns the HTTP half of the ClawCall practice server: routes, strict input, keys, tiers, error shapes and faults.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as textOf } from "node:stream/consumers";
import type { z } from "zod";
import { type Accounts, type ClawCallAgent, minutesOf } from "./clawcall-accounts.ts";
import type { Billing } from "./clawcall-billing.ts";
import { asDate, type Calls } from "./clawcall-calls.ts";
import type { PracticeLine } from "./clawcall-line.ts";
import type { Listening } from "./clawcall-listening.ts";
import type { ClawCallMessage } from "./clawcall-record.ts";
import type { Schedules } from "./clawcall-schedules.ts";
import type { Slots } from "./clawcall-slots.ts";
import { restInput, TIERS, type Tier, VOICES } from "./clawcall-wire.ts";
import type { RequestRecord } from "./practice-record.ts";
import { bearerKey, receivedRequest } from "./received-request.ts";
import { takeRouteFault } from "./route-faults.ts";

/** What the HTTP half needs beyond what all parts share. */
interface RestLine extends PracticeLine {
  readonly accounts: Accounts;
  readonly billing: Billing;
  readonly listening: Listening;
  readonly slots: Slots;
  readonly calls: Calls;
  readonly schedules: Schedules;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  /** A message that this answer takes out of the queue. */
  readonly message?: ClawCallMessage;
}

/** A request the service would not carry out. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  get answer(): Answer {
    return { status: this.status, body: { ok: false, error: this.message } };
  }
}

/** A request that may be carried out, its input parsed. */
interface Asked<Body, Query> {
  readonly line: RestLine;
  readonly body: Body;
  readonly query: Query;
  /** The id in the path, for paths that have one. */
  readonly id: string;
  readonly agent: ClawCallAgent;
  /** `gone` runs when the client leaves before it is answered, or has been answered. */
  readonly whenGone: (gone: () => void) => void;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly tiers: readonly Tier[];
  run(asked: Asked<unknown, unknown>): Answer | Promise<Answer>;
}

const EVERYBODY: readonly Tier[] = ["free", "pro", "team"];
const PAID: readonly Tier[] = ["pro", "team"];
const TEAM: readonly Tier[] = ["team"];
const REGISTER = "/api/v1/register";

/** A route whose tier is checked and whose input is parsed before it runs. `:id` stands for one path segment. */
function route<Body extends z.ZodType, Query extends z.ZodType>(
  method: string,
  path: string,
  { tiers = EVERYBODY, body, query }: { tiers?: readonly Tier[]; body?: Body; query?: Query },
  run: (asked: Asked<z.infer<Body>, z.infer<Query>>) => Answer | Promise<Answer>,
): Route {
  return {
    method,
    tiers,
    path: new RegExp(`^/api/v1${path.replace(":id", "(?<id>[^/]+)")}$`),
    run: (asked) =>
      run({
        ...asked,
        body: strictly(body ?? restInput.nothing, asked.body) as z.infer<Body>,
        query: strictly(query ?? restInput.nothing, asked.query) as z.infer<Query>,
      }),
  };
}

function strictly<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, [issue?.path.join("."), issue?.message].filter(Boolean).join(": "));
}

const ok = (body: object = {}): Answer => ({ status: 200, body: { ok: true, ...body } });

const routes: readonly Route[] = [
  route("GET", "/account", {}, ({ line, agent }) => {
    const { email, tier, minutesUsed } = agent.account;
    const { limit, remaining } = minutesOf(agent.account);
    return ok({
      email,
      tier,
      // The agent's number, not the owner's.
      phone_number: agent.dedicatedNumber ?? line.sharedNumber,
      is_dedicated: agent.dedicatedNumber !== undefined,
      minutes_used: minutesUsed,
      minutes_limit: limit,
      minutes_remaining: remaining,
      agent_id: agent.id,
      agent_name: agent.name,
      webhook_url: agent.webhookUrl,
    });
  }),

  route("POST", "/account/phone", { body: restInput.phone }, ({ agent, body }) => {
    agent.account.phoneNumber = body.phone_number;
    return ok(body);
  }),

  route("POST", "/account/voice", { body: restInput.voice }, ({ agent, body }) => {
    agent.voice = VOICES[body.voice];
    return ok({ voice: agent.voice });
  }),

  route("POST", "/account/webhook", { tiers: TEAM, body: restInput.webhook }, ({ agent, body }) => {
    agent.webhookPushUrl = body.webhook_push_url || undefined;
    return ok({ webhook_push_url: agent.webhookPushUrl ?? null });
  }),

  route("GET", "/calls/listen", { query: restInput.listen }, async ({ line, agent, query, whenGone }) => {
    const { listen, message } = line.listening.listen(agent.id, query.timeout);
    whenGone(() => {
      listen.abandoned = listen.endedAt === undefined;
    });
    const taken = await message;
    if (!taken) return ok({ timeout: true });
    return { ...ok({ call_sid: taken.callSid, message: taken.text }), message: taken };
  }),

  route("POST", "/calls/respond/:id", { body: restInput.respond }, ({ line, id, body }) => {
    if (!line.slots.answer(id, { response: body.response, endCall: body.end_call })) {
      throw new Refusal(404, "Unknown or expired call_sid");
    }
    return ok();
  }),

  route(
    "POST",
    "/calls/outbound/callback",
    { tiers: PAID, body: restInput.callback },
    ({ line, agent, body }) => {
      withinMinutes(line, agent);
      const { facts } = line.calls.callBack(agent, body.message, body.allow_followup);
      return ok({ call_sid: facts.callSid, callback_id: facts.callbackId });
    },
  ),

  route(
    "POST",
    "/calls/outbound/third-party",
    { tiers: PAID, body: restInput.thirdParty },
    ({ line, agent, body: { to_number, objective, context } }) => {
      withinMinutes(line, agent);
      const { facts } = line.calls.callThirdParty(agent, to_number, objective, context);
      return ok({ job_id: facts.jobId, call_sid: facts.callSid });
    },
  ),

  // The public server code asks for the tier only to create one; the wire page says Pro for all three.
  route("POST", "/calls/schedule", { tiers: PAID, body: restInput.schedule }, ({ line, agent, body }) => {
    const { cron, label, task_context: taskContext, timezone } = body;
    try {
      const { id } = line.schedules.add(agent, { cron, label, taskContext, timezone });
      return ok({ id, label, cron, timezone });
    } catch (error) {
      throw new Refusal(400, error instanceof Error ? error.message : String(error));
    }
  }),

  route("GET", "/calls/schedule", { tiers: PAID }, ({ line, agent }) =>
    ok({
      schedules: line.schedules.all
        .filter((schedule) => schedule.agent === agent)
        .reverse()
        .map(({ id, label, cron, taskContext, timezone, lastRunAt, createdAt }) => ({
          id,
          label,
          cron_expression: cron,
          task_context: taskContext,
          timezone,
          is_active: true,
          last_run_at: lastRunAt === undefined ? null : asDate(lastRunAt),
          created_at: asDate(createdAt),
        })),
    }),
  ),

  route("DELETE", "/calls/schedule/:id", { tiers: PAID }, ({ line, agent, id }) => {
    const schedule = line.schedules.all.find((one) => one.id === id && one.agent === agent);
    if (!schedule) throw new Refusal(404, "Schedule not found");
    line.schedules.remove(schedule);
    return ok();
  }),

  route("GET", "/calls/history", { query: restInput.history }, ({ line, agent, query }) =>
    ok({
      calls: line.calls.history(agent, Math.min(query.limit, 100), query.transcripts === "true"),
    }),
  ),

  route("POST", "/billing/checkout", { body: restInput.checkout }, ({ line, agent, body }) => {
    if (line.billing.wallet === "") throw new Refusal(503, "Payments not configured on this server");
    return ok(line.billing.checkout(agent.account, body.tier));
  }),

  route("POST", "/billing/verify", { body: restInput.verify }, ({ line, agent, body }) => {
    const bought = line.billing.verify(agent.account, body.tx_signature, body.tier);
    if (bought === "used") throw new Refusal(409, "Transaction already used");
    if (bought === "unconfirmed") throw new Refusal(402, "Transaction not found, not confirmed or too small");
    return ok(bought as object);
  }),

  route("GET", "/billing/status", {}, ({ line, agent }) => ok(line.billing.status(agent.account))),

  route("POST", "/billing/cancel", {}, ({ line, agent }) => ok(line.billing.cancel(agent.account))),

  route("GET", "/agents", { tiers: TEAM }, ({ line, agent }) =>
    ok({
      agents: agent.account.agents.map((one) => ({
        id: one.id,
        name: one.name,
        webhook_url: one.webhookUrl,
        voice: one.voice,
        webhook_push_url: one.webhookPushUrl ?? null,
        created_at: asDate(one.createdAt),
        phone_number: one.dedicatedNumber ?? line.sharedNumber,
        is_dedicated: one.dedicatedNumber !== undefined,
      })),
    }),
  ),

  route("POST", "/agents", { tiers: TEAM, body: restInput.addAgent }, ({ line, agent, body }) => {
    const { agents: most } = TIERS.team;
    if (agent.account.agents.length >= most) throw new Refusal(403, `Team tier allows up to ${most} agents`);
    const added = line.accounts.addAgent(agent.account, body.agent_name ?? "Agent", body.agent_webhook_url);
    const { id: agent_id, key: api_key, dedicatedNumber: phone_number, name } = added;
    return { ...ok({ agent_id, api_key, phone_number, name }), status: 201 };
  }),

  route("PATCH", "/agents/:id", { tiers: TEAM, body: restInput.changeAgent }, ({ agent, id, body }) => {
    const target = siblingOf(agent, id);
    target.name = body.agent_name ?? target.name;
    target.webhookUrl = body.agent_webhook_url ?? target.webhookUrl;
    return ok();
  }),

  route("DELETE", "/agents/:id", { tiers: TEAM }, ({ line, agent, id }) => {
    const target = siblingOf(agent, id);
    if (target === agent.account.agents[0]) throw new Refusal(400, "Cannot remove the primary agent");
    line.accounts.removeAgent(target);
    return ok();
  }),
];

function siblingOf(agent: ClawCallAgent, id: string): ClawCallAgent {
  const target = agent.account.agents.find((one) => one.id === id);
  if (!target) throw new Refusal(404, "Agent not found");
  return target;
}

function withinMinutes(line: RestLine, agent: ClawCallAgent): void {
  if (line.calls.minutesUsedUp(agent)) throw new Refusal(429, "Monthly minute limit reached");
}

function register({ accounts, sharedNumber }: RestLine, body: unknown): Answer {
  const { phone_number: phoneNumber, agent_name: agentName, email } = strictly(restInput.register, body);
  const { agent, recovered } = accounts.register({ phoneNumber, agentName, email });
  return ok({
    api_key: agent.key,
    // The answer to a recovery does not repeat it. From the public server code.
    ...(recovered ? {} : { email: agent.account.email }),
    phone_number: agent.dedicatedNumber ?? sharedNumber,
    tier: agent.account.tier,
    agent_id: agent.id,
  });
}

/** Serves one request, faults included. */
export async function serveClawCall(
  line: RestLine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await textOf(request).catch(() => undefined);
  if (text === undefined) return;
  const { record, secret } = receivedRequest(request, text, line.now());
  const key = bearerKey(secret);
  line.record.requestReceived(record);

  const fault = takeRouteFault(line.faults.routes, record);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "garbage") {
    record.status = 200;
    line.record.requestAnswered(record);
    response.writeHead(200, { "content-type": "text/html" }).end("<html><body>Bad gateway");
    return;
  }
  const answer =
    fault?.kind === "status"
      ? new Refusal(fault.status ?? 500, "The practice line was told to fail.").answer
      : await carryOut(line, record, key, (gone) => response.once("close", gone));

  const finish = () => {
    const dropped = answer.message !== undefined && line.faults.dropListenResponses > 0;
    if (dropped) line.faults.dropListenResponses -= 1;
    const arrives = !dropped && !response.destroyed && fault === undefined;
    if (answer.message) line.listening.delivered(answer.message, arrives);
    if (response.destroyed) return;
    if (dropped || fault?.kind === "drop") {
      response.destroy();
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
    record.status = answer.status;
    line.record.requestAnswered(record);
    response.end(body);
  };
  if (line.faults.latencyMs > 0) line.waiting.later(line.faults.latencyMs, finish);
  else finish();
}

async function carryOut(
  line: RestLine,
  { method, path, query, headers, body }: RequestRecord,
  key: string,
  whenGone: (gone: () => void) => void,
): Promise<Answer> {
  try {
    if (body !== undefined && !/^application\/json\b/.test(headers["content-type"] ?? "")) {
      throw new Refusal(400, "The body is not declared as application/json.");
    }
    if (method === "POST" && path === REGISTER) return register(line, body ?? {});
    const found = routes.find((candidate) => candidate.method === method && candidate.path.test(path));
    if (!found) {
      line.record.breach("unknown_route", `The wire page has no ${method} ${path}.`);
      throw new Refusal(404, `There is no ${method} ${path}.`);
    }
    const agent = line.accounts.byKey(key);
    if (!agent || line.faults.refuseKey) throw new Refusal(401, "Invalid API key");
    if (!found.tiers.includes(agent.account.tier)) {
      throw new Refusal(403, `This requires the ${found.tiers[0]} tier.`);
    }
    const id = found.path.exec(path)?.groups?.id ?? "";
    return await found.run({ line, body: body ?? {}, query, id, agent, whenGone });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 400) {
      line.record.breach("bad_request", `${method} ${path} was refused: ${error.message}.`, body);
    }
    return error.answer;
  }
}
