/** Owns how a call is placed over ClawCall: a callback to the owner, or an order to call somebody else. */
import { CarrierRefused } from "../carrier-errors.ts";
import type { ClawCallRest } from "./rest.ts";

interface WantedCall {
  /** E.164; undefined rings the account's owner. */
  readonly to: string | undefined;
  readonly isToOwner: boolean;
  readonly greeting: string;
  readonly purpose: string | undefined;
  readonly context?: string | undefined;
  /** Default true. */
  readonly allowFollowup?: boolean | undefined;
}

/**
 * The owner hears `greeting`, and the call ends after it unless follow-up questions are allowed. For anybody else
 * `purpose` is the objective, which the service wants, and `context` what the agent may use; there the agent says
 * the first words itself, so `greeting` is not used.
 */
export function clawCallPlacer(rest: Pick<ClawCallRest, "callBack" | "callThirdParty">) {
  return {
    ringsRegisteredPhone: true,
    /** @throws CarrierRefused, CarrierUnreachable */
    async placeCall({ to, isToOwner, greeting, purpose, context, allowFollowup }: WantedCall): Promise<{
      readonly callId: string;
      readonly status: undefined;
      /** The service's id of an order to call somebody else. */
      readonly jobId?: string;
    }> {
      if (to === undefined || isToOwner) {
        const { callSid } = await rest.callBack({ message: greeting, allowFollowup: allowFollowup ?? true });
        return { callId: callSid, status: undefined };
      }
      if (purpose === undefined) {
        throw new CarrierRefused(
          "ClawCall calls somebody else only with an objective: say what the call is for.",
          { status: 400, mayHaveHappened: false },
        );
      }
      const { callSid, jobId } = await rest.callThirdParty({ toNumber: to, objective: purpose, context });
      return { callId: callSid, status: undefined, jobId };
    },
  };
}
