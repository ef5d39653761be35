/** Owns how a call is placed over StepOne: its AI leads the call by a requirement that we put together. */
import { CarrierRefused } from "../carrier-errors.ts";
import { NotMobileNumbers, readMobileNumbers } from "./numbers.ts";
import { composeRequirement } from "./requirement.ts";
import type { StepOneRest } from "./rest.ts";

interface WantedCall {
  /** E.164. */
  readonly to: string | undefined;
  readonly isToOwner: boolean;
  readonly greeting: string;
  readonly purpose: string | undefined;
  readonly context?: string | undefined;
}

/**
 * Rings mobile numbers of mainland China. Whoever is called hears `greeting` and is then talked to about `purpose`,
 * which the owner need not have; somebody else hears at the start that an AI is calling, and for whom.
 *
 * @param names as configured
 */
export function stepOnePlacer(
  rest: Pick<StepOneRest, "placeCalls">,
  names: { readonly ownerName?: string | undefined; readonly agentName?: string | undefined },
) {
  return {
    /** @throws CarrierRefused, CarrierUnreachable */
    async placeCall({ to, isToOwner, greeting, purpose, context }: WantedCall): Promise<{
      readonly callId: string;
      readonly status: undefined;
    }> {
      const numbers = mobileNumbers(to);
      if (!isToOwner && purpose === undefined) {
        throw refused("StepOne calls somebody else only with a purpose: say what the call is for.");
      }
      const { ownerName, agentName } = names;
      const requirement = composeRequirement({ isToOwner, greeting, purpose, context, ownerName, agentName });
      const [callId] = await rest.placeCalls({ numbers, requirement });
      // Its interface promises one at least.
      if (callId === undefined) throw new Error("StepOne gave no call id.");
      return { callId, status: undefined };
    },
  };
}

function mobileNumbers(to: string | undefined): readonly string[] {
  if (to === undefined) {
    throw refused(
      'StepOne calls a number, and none of yours is known: name the number, or set "ownerNumbers".',
    );
  }
  try {
    return readMobileNumbers(to);
  } catch (error) {
    if (!(error instanceof NotMobileNumbers)) throw error;
    throw refused(
      `StepOne calls mobile numbers of mainland China alone (+86 and 11 digits), and ${to} is none: use another line.`,
    );
  }
}

function refused(sentence: string): CarrierRefused {
  return new CarrierRefused(sentence, { status: 400, mayHaveHappened: false });
}
