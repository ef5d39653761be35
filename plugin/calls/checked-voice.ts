/**
 * Owns that everything that is spoken on the calls of a line passes a check first, in the one place it all goes through:
 * keys are said to nobody, and to somebody else nothing of the owner's that their call was not given.
 */
import type { CallVoice, TurnAddress } from "../carriers/carrier.ts";
import { withoutSecrets } from "../config/redaction.ts";
import { lastCheck, type OwnersData } from "../trust/last-check.ts";

/** What calls speak with. A carrier's own voice is none: it has to be checked first. */
export interface SafeVoice extends Omit<CallVoice, "speak"> {
  /** As the carrier's. Returns the words as they are heard; undefined when they could not be handed over. */
  speak(turn: TurnAddress, text: string): string | undefined;
}

/** One for a line: what was said on a call is remembered to its end. */
export class CheckedVoice {
  readonly #data: Pick<OwnersData, "secrets" | "ownerNumbers">;
  /** The calls with somebody else, by the carrier's id. */
  readonly #others = new Map<string, { readonly allowed: string; check(text: string): string }>();

  constructor(data: Pick<OwnersData, "secrets" | "ownerNumbers">) {
    this.#data = data;
  }

  /**
   * Somebody else is on this call from now on.
   *
   * @param given what the call was placed with: purpose, context, first words. A number or an address in it may be said.
   */
  somebodyElse(callId: string, given: readonly (string | undefined)[]): void {
    const allowed = given.filter((text) => text !== undefined).join("\n");
    // Told again, what they have heard before still counts.
    if (this.#others.get(callId)?.allowed === allowed) return;
    this.#others.set(callId, { allowed, check: lastCheck({ ...this.#data, allowed }) });
  }

  /** It is the owner who is on this call. */
  owner(callId: string): void {
    this.#others.delete(callId);
  }

  /** The call is over. */
  ended(callId: string): void {
    this.#others.delete(callId);
  }

  /** The same voice; what is said with it is checked. */
  speakingWith(voice: CallVoice): SafeVoice {
    const check = (callId: string, text: string) =>
      this.#others.get(callId)?.check(text) ?? withoutSecrets(text, this.#data.secrets);
    return {
      capabilities: voice.capabilities,
      speak: (turn, text) => {
        const safe = check(turn.callId, text);
        return voice.speak(turn, safe) ? safe : undefined;
      },
      answer: (turn, text, how) => voice.answer(turn, check(turn.callId, text), how),
      sendContext: (callId, context) => voice.sendContext(callId, context),
      greet: (callId, text) => voice.greet(callId, check(callId, text)),
    };
  }
}
