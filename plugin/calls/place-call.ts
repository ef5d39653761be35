/**
 * Owns placing a call: the one way for scripts, command line and tools. Call, callee and purpose are written
 * down before the carrier is asked, so that every process knows who is at the other end before the first event.
 */
import { CarrierError } from "../carriers/carrier-errors.ts";
import { withoutKeys } from "../carriers/without-keys.ts";
import type { E164 } from "../config/phone-number.ts";
import { type SecretSettings, secretsOf } from "../config/redaction.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { checkLimits, type LimitSettings } from "../limits/check-limits.ts";
import { messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { firstWords } from "../speech/phrases.ts";
import { callPlaced, callRefused, callUnsettled, claimPlannedCall, intendCall } from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { dialable } from "./dial-policy.ts";

/** What a carrier needs to offer for calls to be placed. */
export interface CallPlacer {
  /** The owner can be rung on the phone registered at the carrier only, whichever of their numbers is asked for. */
  readonly ringsRegisteredPhone?: boolean;
  /** Rings `to`, or the account's owner when it is undefined. Throws a {@link CarrierError}. */
  placeCall(call: {
    readonly to: E164 | undefined;
    readonly isToOwner: boolean;
    readonly greeting: string;
    readonly purpose: string | undefined;
    readonly context: string | undefined;
    readonly allowFollowup: boolean;
  }): Promise<{
    readonly callId: string;
    readonly status: string | undefined;
    /** The carrier's id of the order, where it has one beside the call's. */
    readonly jobId?: string | undefined;
  }>;
}

export interface CallRequest {
  /** As a person writes it; undefined rings the account's owner. */
  readonly to?: string | undefined;
  /** What is said first; to somebody else after the words that say who is calling. */
  readonly greeting?: string | undefined;
  /** What the call is for: the agent is told, and nobody else. */
  readonly purpose?: string | undefined;
  /** What the agent may use on a call to somebody else, beside the purpose. */
  readonly context?: string | undefined;
  /** False ends a call to the owner after the greeting, where the carrier can. Default true. */
  readonly allowFollowup?: boolean | undefined;
  /** The key of the session that asks for the call. */
  readonly askedIn?: string | undefined;
}

export interface PlacedCall {
  /** Ours. */
  readonly id: string;
  /** The carrier's. */
  readonly callId: string;
  /** In the carrier's words. */
  readonly status: string | undefined;
  /** The carrier's id of the order to place it, where it has one beside the call's. */
  readonly jobId: string | undefined;
  /** Null for the account's owner. */
  readonly to: E164 | null;
  readonly greeting: string;
}

/** What placing a call needs to know of the settings. */
export type CallConfig = Pick<
  SwitchboardConfig,
  "agentName" | "ownerName" | "ownerNumbers" | "defaultRegion" | "allowPremiumNumbers"
> &
  LimitSettings &
  SecretSettings;

/** A call as it is going to be placed. */
export interface ComposedCall {
  /** Undefined rings the account's owner. */
  readonly to: E164 | undefined;
  readonly isToOwner: boolean;
  readonly greeting: string;
  readonly purpose: string | undefined;
  readonly context: string | undefined;
}

/** Another process has placed the planned call, or it was called off. The message is for people. */
export class NotPlanned extends Error {
  override readonly name = "NotPlanned";

  constructor(id: string) {
    super(`The planned call ${id} was already placed or called off.`);
  }
}

/**
 * Whom a call goes to and what it begins with. To somebody else it always begins with who is calling for whom, on every
 * carrier; what the owner wants said first comes after that. No key goes out with it, not spelled either.
 *
 * @throws NotDialable
 */
export async function composeCall(
  request: CallRequest,
  using: {
    readonly rest: Pick<CallPlacer, "ringsRegisteredPhone">;
    readonly line: Pick<LineConfig, "language" | "carrier">;
    readonly config: Omit<CallConfig, "limits" | "hours">;
  },
): Promise<ComposedCall> {
  const { rest, line, config } = using;
  // StepOne calls mainland China alone.
  const language = line.language ?? (line.carrier === "stepone" ? "zh" : undefined);
  const asked = request.to === undefined ? undefined : await dialable(request.to, config);
  const isToOwner = asked === undefined || config.ownerNumbers.includes(asked);
  // What the request names of the owner's numbers and addresses is its own to say.
  const allowed = [request.purpose, request.context, request.greeting].filter(Boolean).join("\n");
  const sayable = (text: string | undefined) =>
    withoutKeys(text?.trim() || undefined, secretsOf(config), allowed);
  const own = sayable(request.greeting);
  return {
    to: isToOwner && rest.ringsRegisteredPhone ? undefined : asked,
    isToOwner,
    greeting: isToOwner
      ? (own ?? firstWords("toOwner", config, language))
      : introduced(own, config, language),
    purpose: sayable(request.purpose),
    context: sayable(request.context),
  };
}

/** Who is calling for whom, in the language of the words that follow. Said once, also when they say it themselves. */
export function introduced(
  own: string | undefined,
  config: Pick<CallConfig, "agentName" | "ownerName">,
  language: string | undefined,
): string {
  const first = firstWords("toOther", config, own === undefined ? language : detectLanguage(own, language));
  if (own === undefined || own.startsWith(first)) return own ?? first;
  return `${first}${/[\u3001-\u303f\uff01-\uff60]$/.test(first) ? "" : " "}${own}`;
}

/**
 * Places a call.
 *
 * @throws NotDialable before anything is written or asked; a planned call is then refused.
 * @throws LimitReached before the carrier is asked; the call is written down as refused, and why.
 * @throws NotPlanned when a planned call is none any more.
 * @throws CarrierRefused, CarrierUnreachable; the store then says so too.
 */
export async function placeCall(
  request: CallRequest,
  using: {
    readonly store: Store;
    readonly rest: CallPlacer;
    readonly line: Pick<LineConfig, "name" | "carrier" | "language">;
    readonly config: CallConfig;
    /** Our id of the planned call this is: it is taken up, and no other written down. */
    readonly planned?: string | undefined;
    /** Has the owner's session know what a call to the owner begins with, before it rings. Never rejects. */
    announce?(call: { greeting: string; purpose: string | undefined }): Promise<void>;
  },
): Promise<PlacedCall> {
  const { store, rest, line, config, planned } = using;
  // Claimed first: whatever becomes of it, it is due once.
  if (planned !== undefined && !(await claimPlannedCall(store, planned))) throw new NotPlanned(planned);
  const call = await composeCall(request, using).catch(async (error: unknown) => {
    if (planned !== undefined) await callRefused(store, planned, messageOf(error));
    throw error;
  });
  const { to, isToOwner, greeting, purpose, context } = call;
  const id =
    planned ??
    (await intendCall(store, {
      line: line.name,
      carrier: line.carrier,
      callee: to ?? null,
      purpose,
      greeting,
      context,
      askedIn: request.askedIn,
    }));
  // Now that it is written down: of calls asked for at the same time each sees those before it.
  await checkLimits(
    { what: "call", line: line.name, to: to ?? null, isToOwner, id },
    { store, config },
  ).catch(async (error: unknown) => {
    await callRefused(store, id, messageOf(error));
    throw error;
  });
  if (isToOwner) await using.announce?.({ greeting, purpose });
  try {
    const placed = await rest.placeCall({ ...call, allowFollowup: request.allowFollowup ?? true });
    await callPlaced(store, id, { carrierCallId: placed.callId, jobId: placed.jobId });
    return {
      id,
      callId: placed.callId,
      status: placed.status,
      jobId: placed.jobId,
      to: to ?? null,
      greeting,
    };
  } catch (error) {
    if (error instanceof CarrierError) {
      await (error.mayHaveHappened ? callUnsettled : callRefused)(store, id, error.message);
    }
    throw error;
  }
}
