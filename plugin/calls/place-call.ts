/**
 * Owns placing a call: the one way for scripts, command line and tools. Call, callee and purpose are written
 * down before the carrier is asked, so that every process knows who is at the other end before the first event.
 */
import { CarrierError } from "../carriers/carrier-errors.ts";
import { type E164, requirePhoneNumber } from "../config/phone-number.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { firstWords } from "../speech/phrases.ts";
import { callPlaced, callRefused, callUnsettled, intendCall } from "../store/calls.ts";
import type { Store } from "../store/database.ts";

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
  /** As a person writes it, with its country code; undefined rings the account's owner. */
  readonly to?: string | undefined;
  /** What is said first. */
  readonly greeting?: string | undefined;
  /** What the call is for: the agent is told, and nobody else. */
  readonly purpose?: string | undefined;
  /** What the agent may use on a call to somebody else, beside the purpose. */
  readonly context?: string | undefined;
  /** False ends a call to the owner after the greeting, where the carrier can. Default true. */
  readonly allowFollowup?: boolean | undefined;
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

/**
 * Places a call.
 *
 * @throws NotAPhoneNumber before anything is written or asked.
 * @throws CarrierRefused, CarrierUnreachable; the store then says so too.
 */
export async function placeCall(
  request: CallRequest,
  using: {
    readonly store: Store;
    readonly rest: CallPlacer;
    readonly line: Pick<LineConfig, "name" | "carrier" | "language">;
    readonly config: Pick<SwitchboardConfig, "agentName" | "ownerName" | "ownerNumbers">;
    /** Has the owner's session know what a call to the owner begins with, before it rings. Never rejects. */
    announce?(call: { greeting: string; purpose: string | undefined }): Promise<void>;
  },
): Promise<PlacedCall> {
  const { store, rest, line, config } = using;
  const asked = request.to === undefined ? undefined : requirePhoneNumber(request.to);
  const purpose = request.purpose?.trim() || undefined;
  const context = request.context?.trim() || undefined;
  const isToOwner = asked === undefined || config.ownerNumbers.includes(asked);
  const to = isToOwner && rest.ringsRegisteredPhone ? undefined : asked;
  const greeting =
    request.greeting?.trim() || firstWords(isToOwner ? "toOwner" : "toOther", config, line.language);
  const id = await intendCall(store, {
    line: line.name,
    carrier: line.carrier,
    callee: to ?? null,
    purpose,
    greeting,
    context,
  });
  if (isToOwner) await using.announce?.({ greeting, purpose });
  try {
    const placed = await rest.placeCall({
      to,
      isToOwner,
      greeting,
      purpose,
      context,
      allowFollowup: request.allowFollowup ?? true,
    });
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
