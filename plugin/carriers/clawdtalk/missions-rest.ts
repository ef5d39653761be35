/**
 * Owns ClawdTalk's REST interface for missions (wire page, "REST"): missions, runs, plans, events, assistants, numbers,
 * what is scheduled, and what was learned on a call. What only reads is tried again when the network fails; what acts is
 * sent exactly once, and without keys: assistants say what they are told, and others read what is sent to them.
 */
import { z } from "zod";
import { count, id, text } from "../answer-fields.ts";
import type { CarrierHttp, HttpMethod } from "../http.ts";
import { withoutKeys } from "../without-keys.ts";
import { type ClawdTalkRestOptions, clawdTalkHttp, fieldOf } from "./rest.ts";

/** Something as the service describes it, with fields nobody here knows. */
export type Described = Readonly<Record<string, unknown>>;

export interface ListedMission {
  readonly id: string;
  readonly name: string | undefined;
  readonly instructions: string | undefined;
  /** UTC ISO 8601. */
  readonly createdAt: string | undefined;
}

export interface MissionRun {
  readonly id: string;
  readonly status: string | undefined;
  readonly input: unknown;
  readonly described: Described;
}

/** A step of a plan as it is sent. The service names no further fields; what else is given is passed on. */
export type PlanStep = Readonly<Record<string, unknown>>;

export interface MissionEvent {
  readonly type: string | undefined;
  readonly summary: string | undefined;
  readonly described: Described;
}

export interface ListedAssistant {
  readonly id: string;
  readonly name: string | undefined;
  readonly instructions: string | undefined;
  readonly greeting: string | undefined;
  readonly model: string | undefined;
  readonly features: readonly string[];
  /** UTC ISO 8601. */
  readonly createdAt: string | undefined;
}

export interface AssistantPage {
  readonly assistants: readonly ListedAssistant[];
  readonly page: number;
  /** Undefined where the service does not say. */
  readonly pages: number | undefined;
  readonly total: number | undefined;
}

export interface AccountPhone {
  readonly id: string;
  /** E.164. */
  readonly number: string;
  /** Of the assistant it rings at; undefined for a free one. */
  readonly connectionId: string | undefined;
}

/** A call or text to be made at a time, in the names of the wire. */
export interface EventRequest {
  readonly channel: "call" | "sms";
  /** E.164. */
  readonly to: string;
  /** E.164. */
  readonly from: string;
  /** ISO 8601. */
  readonly scheduled_at: string;
  readonly mission_id?: string | undefined;
  readonly run_id?: string | undefined;
  readonly step_id?: string | undefined;
  readonly text_body?: string | undefined;
}

export interface CarrierEvent {
  readonly id: string;
  readonly status: string | undefined;
  readonly callStatus: string | undefined;
  readonly conversationId: string | undefined;
  readonly retryCount: number | undefined;
  readonly described: Described;
}

/** What was learned on a conversation. */
export interface Insights {
  readonly isComplete: boolean;
  /** In the service's words: "pending", "completed". */
  readonly status: string | undefined;
  /** Other people's words. */
  readonly results: readonly string[];
  readonly described: unknown;
}

export type ConnectionFeature = "telephony" | "messaging";

const list = z.array(z.unknown());

/** What stands under one of these names, or the value itself. */
function inside(value: unknown, ...names: readonly string[]): unknown {
  const found = fieldOf(value, ...names);
  return typeof found === "object" && found !== null ? found : value;
}

/** An answer as it is, or under one of these names. */
function one<Schema extends z.ZodType>(names: readonly string[], schema: Schema) {
  return z.preprocess((value) => inside(value, ...names), schema);
}

/** A list as it is, or under one of these names; what in it cannot be read is left out. */
function many<Schema extends z.ZodType>(names: readonly string[], schema: Schema) {
  return z.preprocess(
    (value) => inside(value, ...names),
    list.transform((found) =>
      found.flatMap((entry) => {
        const parsed = schema.safeParse(entry);
        return parsed.success ? [parsed.data] : [];
      }),
    ),
  );
}

const described = z.looseObject({});
const anything = z.unknown();

/** An id under one of these names. */
function identified<Shape extends z.ZodRawShape>(names: readonly string[], shape: Shape) {
  return z.preprocess(
    (value) =>
      typeof value === "object" && value !== null ? { ...value, id: fieldOf(value, ...names) } : value,
    z.looseObject({ id, ...shape }),
  );
}

const mission = identified(["id", "mission_id"], { name: text, instructions: text, created_at: text });

const run = described.transform((fields, context) => {
  const read = z.object({ id, status: text }).safeParse({ ...fields, id: fieldOf(fields, "run_id", "id") });
  if (read.success) return { ...read.data, input: fields.input, described: fields };
  context.addIssue("no run");
  return z.NEVER;
});

const missionEvent = described.transform((fields) => ({
  type: typeof fields.type === "string" ? fields.type : undefined,
  summary: typeof fields.summary === "string" ? fields.summary : undefined,
  described: fields,
}));

const assistant = identified(["id", "assistant_id"], {
  name: text,
  instructions: text,
  greeting: text,
  model: text,
  enabled_features: z.array(z.string()).nullish().catch(undefined),
  created_at: text,
});

const pageFacts = z
  .object({ total: count, total_results: count, pages: count, total_pages: count })
  .nullish()
  .catch(undefined);

const assistantPage = z.unknown().transform((answer, context) => {
  const read = many(["assistants", "data"], assistant).safeParse(answer);
  if (read.success) {
    return { found: read.data, facts: pageFacts.parse(fieldOf(answer, "meta", "pagination")) };
  }
  context.addIssue("no assistants");
  return z.NEVER;
});

const phone = z.object({ id, phone_number: z.string().min(1), connection_id: z.nullish(id) });

const carrierEvent = described.transform((fields, context): CarrierEvent => {
  const read = z
    .object({ id, status: text, call_status: text, conversation_id: text, retry_count: count })
    .safeParse({ ...fields, id: fieldOf(fields, "id", "event_id") });
  if (!read.success) {
    context.addIssue("no event");
    return z.NEVER;
  }
  const { status, call_status, conversation_id, retry_count } = read.data;
  return {
    id: read.data.id,
    status,
    callStatus: call_status,
    conversationId: conversation_id,
    retryCount: retry_count,
    described: fields,
  };
});

const templateInsights = z.array(
  z.object({
    status: text,
    conversation_insights: z
      .array(z.object({ result: z.unknown() }))
      .nullish()
      .catch(undefined),
  }),
);
const summedUp = z.object({ summary: z.string() });

/** Who logs an event: this client. */
const AGENT_ID = "switchboard";

/** All methods throw `CarrierRefused` or `CarrierUnreachable`, `NotAnId` before anything is sent, and nothing else. */
export class ClawdTalkMissions {
  readonly #http: CarrierHttp;
  readonly #doubt: string | undefined;
  readonly #secrets: readonly string[];

  /**
   * @param options.secrets what no request may hold beside keys that look like keys.
   * @param options.doubt what to do when a request may have been carried out all the same; by default, to look.
   */
  constructor(
    options: ClawdTalkRestOptions & {
      readonly secrets: readonly string[];
      readonly doubt?: string | undefined;
    },
  ) {
    this.#doubt = options.doubt;
    this.#secrets = options.secrets;
    this.#http = clawdTalkHttp(options);
  }

  /** @returns the service's id of it. */
  async createMission(made: { readonly name: string; readonly instructions: string }): Promise<string> {
    const { name, instructions } = made;
    const found = await this.#act(
      "POST",
      "/missions",
      { name, instructions },
      one(["mission", "data"], mission),
    );
    return found.id;
  }

  async getMission(missionId: string): Promise<Described> {
    return await this.#http.read(place`/missions/${missionId}`, one(["mission", "data"], described));
  }

  /** @param pageSize how many at most; the service does not say in which order. */
  async listMissions(pageSize = 20): Promise<ListedMission[]> {
    const found = await this.#http.read("/missions", many(["missions", "data"], mission), {
      "page[size]": String(pageSize),
    });
    return found.map((each) => ({
      id: each.id,
      name: each.name,
      instructions: each.instructions,
      createdAt: each.created_at,
    }));
  }

  async createRun(missionId: string, input: unknown): Promise<MissionRun> {
    return await this.#act("POST", place`/missions/${missionId}/runs`, { input }, one(["run", "data"], run));
  }

  async getRun(missionId: string, runId: string): Promise<MissionRun> {
    return await this.#http.read(place`/missions/${missionId}/runs/${runId}`, one(["run", "data"], run));
  }

  async listRuns(missionId: string): Promise<MissionRun[]> {
    return await this.#http.read(place`/missions/${missionId}/runs`, many(["runs", "data"], run));
  }

  async updateRun(
    missionId: string,
    runId: string,
    changed: {
      readonly status?: string;
      readonly resultSummary?: string;
      readonly resultPayload?: unknown;
    },
  ): Promise<void> {
    const body = {
      status: changed.status,
      result_summary: changed.resultSummary || undefined,
      result_payload: changed.resultPayload,
    };
    await this.#act("PATCH", place`/missions/${missionId}/runs/${runId}`, body, anything);
  }

  async createPlan(missionId: string, runId: string, steps: readonly PlanStep[]): Promise<void> {
    await this.#act("POST", place`/missions/${missionId}/runs/${runId}/plan`, { steps }, anything);
  }

  /** The steps. Where there is no plan, the service lists none or says 404. */
  async getPlan(missionId: string, runId: string): Promise<Described[]> {
    return await this.#http.read(
      place`/missions/${missionId}/runs/${runId}/plan`,
      z.preprocess(
        (value) => inside(inside(value, "plan", "data"), "steps"),
        z.union([z.array(described), described.transform(() => [])]),
      ),
    );
  }

  async updateStep(missionId: string, runId: string, stepId: string, status: string): Promise<void> {
    const path = place`/missions/${missionId}/runs/${runId}/plan/steps/${stepId}`;
    await this.#act("PATCH", path, { status }, anything);
  }

  async logEvent(
    missionId: string,
    runId: string,
    logged: {
      readonly type: string;
      readonly summary: string;
      readonly stepId?: string | undefined;
      readonly payload?: unknown;
    },
  ): Promise<Described> {
    const { type, summary, stepId, payload } = logged;
    const body = { type, summary, agent_id: AGENT_ID, step_id: stepId, payload };
    const path = place`/missions/${missionId}/runs/${runId}/events`;
    return await this.#act("POST", path, body, one(["event", "data"], described));
  }

  async listEvents(missionId: string, runId: string): Promise<MissionEvent[]> {
    const path = place`/missions/${missionId}/runs/${runId}/events`;
    return await this.#http.read(path, many(["events", "data"], missionEvent));
  }

  /** @returns the service's id of it. */
  async createAssistant(made: object): Promise<string> {
    const found = await this.#act("POST", "/assistants", made, one(["assistant", "data"], assistant));
    return found.id;
  }

  async getAssistant(assistantId: string): Promise<Described> {
    return await this.#http.read(place`/assistants/${assistantId}`, one(["assistant", "data"], described));
  }

  async updateAssistant(assistantId: string, changed: object): Promise<Described> {
    const path = place`/assistants/${assistantId}`;
    return await this.#act("PATCH", path, changed, one(["assistant", "data"], described));
  }

  /** @param wanted.name a part of the name. */
  async listAssistants(
    wanted: { readonly name?: string | undefined; readonly page?: number; readonly size?: number } = {},
  ): Promise<AssistantPage> {
    const page = wanted.page ?? 1;
    const { found, facts } = await this.#http.read("/assistants", assistantPage, {
      pageSize: String(wanted.size ?? 25),
      page: String(page),
      name: wanted.name || undefined,
    });
    const assistants = found.map((each) => ({
      id: each.id,
      name: each.name,
      instructions: each.instructions,
      greeting: each.greeting,
      model: each.model,
      features: each.enabled_features ?? [],
      createdAt: each.created_at,
    }));
    return {
      assistants,
      page,
      pages: facts?.total_pages ?? facts?.pages,
      total: facts?.total_results ?? facts?.total,
    };
  }

  /** Where a number has to be connected to for this assistant; undefined when it has none of the kind. */
  async connectionId(assistantId: string, feature: ConnectionFeature): Promise<string | undefined> {
    const found = await this.#http.read(
      place`/assistants/${assistantId}/connection-id`,
      one(["data"], z.object({ connection_id: z.nullish(id) })),
      { feature },
    );
    return found.connection_id ?? undefined;
  }

  async listPhones(): Promise<AccountPhone[]> {
    const found = await this.#http.read(PHONES, many(["phones", "data"], phone));
    return found.map(accountPhone);
  }

  /** A number that is free; undefined when none is. */
  async availablePhone(): Promise<AccountPhone | undefined> {
    const found = await this.#http.read(
      `${PHONES}/available`,
      z.preprocess((value) => fieldOf(value, "phone", "data") ?? null, phone.nullable().catch(null)),
    );
    return found === null ? undefined : accountPhone(found);
  }

  async assignPhone(
    phoneId: string,
    assigned: { readonly connectionId: string; readonly type: "voice" | "sms" },
  ): Promise<void> {
    const body = { connection_id: assigned.connectionId, type: assigned.type };
    await this.#act("PATCH", place`/numbers/account-phones/${phoneId}`, body, anything);
  }

  /** @param further fields that the owner knows of; none of them replaces one of the event's. */
  async scheduleEvent(
    assistantId: string,
    event: EventRequest,
    further: Described = {},
  ): Promise<CarrierEvent> {
    const path = place`/assistants/${assistantId}/events`;
    return await this.#act("POST", path, { ...further, ...event }, one(["event", "data"], carrierEvent));
  }

  async getEvent(assistantId: string, eventId: string): Promise<CarrierEvent> {
    const path = place`/assistants/${assistantId}/events/${eventId}`;
    return await this.#http.read(path, one(["event", "data"], carrierEvent));
  }

  async cancelEvent(assistantId: string, eventId: string): Promise<void> {
    await this.#act("DELETE", place`/assistants/${assistantId}/events/${eventId}`, undefined, anything);
  }

  async listAssistantEvents(assistantId: string): Promise<CarrierEvent[]> {
    const path = place`/assistants/${assistantId}/events`;
    return await this.#http.read(path, many(["events", "data"], carrierEvent));
  }

  async insights(conversationId: string): Promise<Insights> {
    const found = await this.#http.read(
      place`/missions/conversations/${conversationId}/insights`,
      one(["data"], anything),
    );
    const templates = templateInsights.safeParse(found);
    if (templates.success) {
      const complete = templates.data.filter(({ status }) => status === "completed");
      return {
        isComplete: complete.length > 0 && complete.length === templates.data.length,
        status: templates.data.find(({ status }) => status !== "completed")?.status ?? complete[0]?.status,
        results: complete
          .flatMap(({ conversation_insights }) => conversation_insights ?? [])
          .map(({ result }) => (typeof result === "string" ? result : JSON.stringify(result))),
        described: found,
      };
    }
    const summary = summedUp.safeParse(found);
    return {
      isComplete: summary.success,
      status: summary.success ? "completed" : undefined,
      results: summary.success ? [summary.data.summary] : [],
      described: found,
    };
  }

  async linkAgent(missionId: string, runId: string, assistantId: string): Promise<void> {
    const body = { telnyx_agent_id: assistantId };
    await this.#act("POST", place`/missions/${missionId}/runs/${runId}/agents`, body, anything);
  }

  async listLinkedAgents(missionId: string, runId: string): Promise<string[]> {
    const agents = await this.#http.read(
      place`/missions/${missionId}/runs/${runId}/agents`,
      many(["agents", "data"], z.object({ telnyx_agent_id: id })),
    );
    return agents.map((agent) => agent.telnyx_agent_id);
  }

  async unlinkAgent(missionId: string, runId: string, assistantId: string): Promise<void> {
    const path = place`/missions/${missionId}/runs/${runId}/agents/${assistantId}`;
    await this.#act("DELETE", path, undefined, anything);
  }

  /** What is asked for as it is sent: what is kept of it, and looked for later, has to be the same. */
  asSent<Asked>(asked: Asked): Asked {
    return withoutKeys(asked, this.#secrets);
  }

  async #act<Schema extends z.ZodType>(
    method: HttpMethod,
    path: string,
    asked: object | undefined,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const doubt = this.#doubt;
    const body = this.asSent(asked);
    return await this.#http.act({ method, path, body, schema, ...(doubt === undefined ? {} : { doubt }) });
  }
}

const PHONES = "/numbers/account-phones";

function accountPhone(found: z.output<typeof phone>): AccountPhone {
  return {
    id: found.id,
    number: found.phone_number,
    connectionId: found.connection_id ?? undefined,
  };
}

/** What was given as an id is none, and would make the address another one's. The message is for people. */
export class NotAnId extends Error {
  override readonly name = "NotAnId";
}

/**
 * A path with its parts encoded. Dots cannot be: whoever sends it would fold them.
 *
 * @throws NotAnId
 */
function place(parts: TemplateStringsArray, ...names: readonly string[]): string {
  const wrong = names.find((name) => ["", ".", ".."].includes(name.trim()));
  if (wrong !== undefined) throw new NotAnId(`${JSON.stringify(wrong)} is no id: nothing was asked for.`);
  return String.raw({ raw: parts }, ...names.map(encodeURIComponent));
}
