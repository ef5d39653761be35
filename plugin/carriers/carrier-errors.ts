/**
 * Owns the two ways in which a request to a carrier fails, told apart by class: the carrier said no, or nobody
 * answered. Both messages are for people: what happened and what to do next. Neither ever holds a key.
 */

interface CarrierErrorFacts {
  /**
   * Whether the request may have been carried out all the same. Always false for requests that only read.
   * What may have happened must be looked up, never simply done again.
   */
  readonly mayHaveHappened: boolean;
}

export abstract class CarrierError extends Error {
  readonly mayHaveHappened: boolean;

  constructor(message: string, facts: CarrierErrorFacts) {
    super(message);
    this.mayHaveHappened = facts.mayHaveHappened;
  }
}

/** The carrier answered, and the answer was no. */
export class CarrierRefused extends CarrierError {
  override readonly name = "CarrierRefused";
  /** The HTTP status. */
  readonly status: number;
  /** The carrier's own code, where it gave one. */
  readonly code: string | undefined;

  constructor(
    message: string,
    facts: CarrierErrorFacts & { readonly status: number; readonly code?: string | undefined },
  ) {
    super(message, facts);
    this.status = facts.status;
    this.code = facts.code;
  }

  /** Whether the same request may well succeed a little later. */
  get isTransient(): boolean {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** No answer that could be read: the network failed, the time ran out, or what came was no answer. */
export class CarrierUnreachable extends CarrierError {
  override readonly name = "CarrierUnreachable";
}
