/**
 * Owns StepOne's interface (wire page, "StepOne on the wire"): placing calls, their records, the live conversation,
 * the version. What only reads is tried again when the network fails; placing calls is sent exactly once.
 */
import * as z from "zod/mini";
import { nameKey, quoteOutside, withoutSecrets } from "../../config/redaction.ts";
import { count, id, text } from "../answer-fields.ts";
import { CarrierRefused } from "../carrier-errors.ts";
import { type Advice, CarrierHttp, type HttpOptions, type Refusal, tooManyRequests } from "../http.ts";

export interface StepOneRestOptions extends Omit<HttpOptions, "version"> {
  /** "https://open-skill-api.steponeai.com". */
  readonly baseUrl: string;
  /** Secret. */
  readonly apiKey: string;
}

/** The version of the interface that this is written for, sent with every request. */
export const SKILL_VERSION = "1.0.0";

/** Where people sign in: keys, the balance, the list of calls. */
export const STEPONE_SITE = "https://open-skill.steponeai.com";

const PATH = "/api/v1/callinfo";
const PLACE = `${PATH}/initiate_call`;
const RECORD = `${PATH}/search_callinfo`;
const STREAM = `${PATH}/stream_chat_history`;
const VERSION = `${PATH}/skill_version`;

const CALL_ID = /^[A-Za-z0-9^_-]+$/;

/** Whether a text can be the id of a call. */
export function isCallId(given: string): boolean {
  return CALL_ID.test(given);
}

/** Undefined instead of what does not parse. */
function readableOr<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.catch(z.optional(schema), undefined);
}

const known = <Entry>() =>
  z.transform((entries: (Entry | undefined)[]) => entries.filter((entry) => entry !== undefined));

const callId = z.pipe(id, z.string().check(z.regex(CALL_ID)));

const placed = z.union([
  z.object({
    // One that cannot be read must not lose those that can: the calls are being made.
    call_ids: z.pipe(
      z.pipe(z.array(readableOr(callId)), known<string>()),
      z.array(z.string()).check(z.minLength(1)),
    ),
  }),
  z.pipe(
    z.object({ provider_call_id: callId }),
    z.transform(({ provider_call_id }) => ({ call_ids: [provider_call_id] })),
  ),
]);

const record = z.nullable(
  z.object({
    phones: z.catch(text, undefined),
    user_requirement: z.catch(text, undefined),
    duration_seconds: count,
    cost: z.catch(z.nullish(z.union([z.number(), z.string()])), undefined),
    billed: z.catch(z.nullish(z.boolean()), undefined),
    // What was said in a form of its own is lost; length and cost are not.
    call_content: z.catch(
      z.nullish(
        z.pipe(
          z.array(readableOr(z.object({ role: z.string(), content: z.string() }))),
          known<StepOneLine>(),
        ),
      ),
      undefined,
    ),
    provider_response: z.optional(z.unknown()),
  }),
);

const version = z.object({ skill_version: z.string() });

/** One thing said, in the service's words: "assistant" is the AI that calls, "user" the person called. */
export interface StepOneLine {
  readonly role: string;
  readonly content: string;
}

/** What is known of a call that is over. */
export interface StepOneRecord {
  readonly callId: string;
  readonly phones: string | undefined;
  readonly requirement: string | undefined;
  readonly durationSeconds: number;
  /** In the account's currency, as the service writes it. */
  readonly cost: number | string | undefined;
  readonly billed: boolean | undefined;
  readonly transcript: readonly StepOneLine[];
  /** The service's own answer from its telephone company, unread. */
  readonly providerResponse: unknown;
}

/** What is to be called about. */
export interface StepOneOrder {
  /** 11 digits each. */
  readonly numbers: readonly string[];
  readonly requirement: string;
  /** Fields beside these two, sent as they are. */
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** All methods throw `CarrierRefused` or `CarrierUnreachable`, and nothing else. */
export class StepOneRest {
  readonly #http: CarrierHttp;
  readonly #apiKey: string;
  /** As a refusal named it. */
  #wantedVersion: string | undefined;

  constructor(options: StepOneRestOptions) {
    this.#apiKey = options.apiKey;
    this.#http = new CarrierHttp(
      {
        name: "StepOne",
        baseUrl: options.baseUrl,
        addressSetting: "STEPONEAI_API_BASE",
        keyHeader: "x-api-key",
        versionHeader: "x-skill-version",
        isRefusal,
        advise: (refusal) => {
          const named = z.safeParse(version, refusal.answer);
          if (refusal.status === 426 && named.success) this.#wantedVersion = named.data.skill_version;
          return advise(refusal, { apiKey: options.apiKey, wantedVersion: this.#wantedVersion });
        },
      },
      { ...options, version: SKILL_VERSION },
    );
  }

  /**
   * Calls each number. The service's AI speaks from the requirement, so no key goes out with it, whoever wrote it. The ids are
   * in the service's order, and may be fewer than the numbers.
   */
  async placeCalls({ numbers, requirement, more }: StepOneOrder): Promise<readonly string[]> {
    const safe = withoutSecrets(requirement, [this.#apiKey]);
    const found = await this.#explained(
      this.#http.act({
        method: "POST",
        path: PLACE,
        body: { ...more, phones: numbers.join(","), user_requirement: safe },
        schema: placed,
        doubt: `It may have called all the same: look at ${STEPONE_SITE} before trying again.`,
      }),
    );
    return found.call_ids;
  }

  /** The record of a call; undefined as long as it is not there, which it is some time after the call's end. */
  async record(call: string, signal?: AbortSignal): Promise<StepOneRecord | undefined> {
    const found = await this.#explained(
      this.#http.lookUp({ method: "POST", path: RECORD, body: { call_id: call }, schema: record, signal }),
    );
    if (found?.duration_seconds === undefined) return undefined;
    return {
      callId: call,
      phones: found.phones,
      requirement: found.user_requirement,
      durationSeconds: found.duration_seconds,
      cost: found.cost ?? undefined,
      billed: found.billed ?? undefined,
      transcript: found.call_content ?? [],
      providerResponse: found.provider_response,
    };
  }

  /** The conversation of a call as an event stream, from its beginning, each thing as it is said. */
  async openConversation(call: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return await this.#explained(
      this.#http.openStream(
        { method: "POST", path: STREAM, body: { call_id: call }, signal },
        "text/event-stream",
      ),
    );
  }

  /** The version of the interface the service wants. */
  async skillVersion(): Promise<string> {
    return (await this.#explained(this.#http.read(VERSION, version))).skill_version;
  }

  /** Asks which version the service wants, when that is why it refused and the refusal did not name it. */
  async #explained<Found>(work: Promise<Found>): Promise<Found> {
    try {
      return await work;
    } catch (error) {
      const isOutdated = error instanceof CarrierRefused && error.status === 426;
      if (!isOutdated || this.#wantedVersion !== undefined) throw error;
      const asked = await this.#http.act({ method: "GET", path: VERSION, schema: version }).catch(() => {});
      if (asked === undefined) throw error;
      throw new CarrierRefused(outdated(asked.skill_version), { status: 426, mayHaveHappened: false });
    }
  }
}

/** A good status with `success: false` is a refusal (wire page). */
function isRefusal(answer: unknown): boolean {
  return z.safeParse(z.object({ success: z.literal(false) }), answer).success;
}

/** What a refusal means on this service (wire page; the statuses besides 401 and 426 mean what they mean anywhere). */
function advise(
  refusal: Refusal,
  { apiKey, wantedVersion }: { readonly apiKey: string; readonly wantedVersion: string | undefined },
): Advice | undefined {
  switch (refusal.status) {
    case 200:
      return {
        sentence: refusal.path === PLACE ? "StepOne did not place the call." : "StepOne refused the request.",
      };
    case 401:
      return {
        sentence: `StepOne does not accept the key ${nameKey(apiKey)}: set STEPONEAI_API_KEY to one made at ${STEPONE_SITE}/keys.`,
      };
    case 404:
      return refusal.path === RECORD || refusal.path === STREAM
        ? { sentence: "StepOne does not know this call: check the id." }
        : { sentence: "There is no StepOne service at this address: check STEPONEAI_API_BASE." };
    case 426:
      return { sentence: outdated(wantedVersion) };
    case 429:
      return { sentence: tooManyRequests("StepOne", refusal) };
    default:
      return undefined;
  }
}

function outdated(wanted: string | undefined): string {
  const version = wanted === undefined ? "another version" : `version ${visible(wanted)}`;
  return `StepOne wants ${version} of its interface, and this speaks ${SKILL_VERSION}: update Switchboard ("openclaw plugins update switchboard", or "npx skills update" for the skill alone).`;
}

/** A version as the service names it, when it looks like one. */
function visible(version: string): string {
  return /^[\w.+-]{1,40}$/.test(version) ? version : quoteOutside(version, []);
}
