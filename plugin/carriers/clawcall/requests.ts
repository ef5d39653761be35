/**
 * Owns the fence of a ClawCall line. The service keeps one place for an answer per call, a newer message takes it
 * over, and whatever is posted next counts as the answer to that newer one (wire page, "Turns"). So each message is
 * a request with an id of ours, only the newest of its call can be answered, once, and only while its place can
 * still be there.
 */

/** How long the service keeps a place for an answer, from the message on (wire page). */
export const SLOT_LIFE_MS = 300_000;
/**
 * The same words of the same call this soon are the same message, given out twice. Shorter than anybody can hear an
 * answer and speak again: a caller whose words are dropped hears nothing but filler.
 */
const SAME_MESSAGE_MS = 500;

/** Why a request is not answered any more. */
export class RequestClosed extends Error {
  override readonly name = "RequestClosed";
  readonly why: "superseded" | "expired" | "gone" | "stopped";

  constructor(why: RequestClosed["why"]) {
    super(`the request is ${why}`);
    this.why = why;
  }
}

/** What other software that brought a message gets back; empty when nothing is to be said. */
export interface BroughtAnswer {
  readonly response: string;
  readonly endCall: boolean;
}

export interface CallRequest {
  readonly callId: string;
  /** Ours. */
  readonly requestId: string;
  readonly asWritten: string;
  /** Where the answer goes, when other software brought the message; else it is posted to the service. */
  readonly brought: PromiseWithResolvers<BroughtAnswer> | undefined;
  /** Aborted with a {@link RequestClosed} once it must not be answered any more. */
  readonly closed: AbortSignal;
}

interface Kept {
  readonly request: CallRequest;
  readonly close: AbortController;
  /** Of the message, in milliseconds since the epoch; of its last delivery, when it came more than once. */
  arrivedAt: number;
  answered: boolean;
}

export class CallRequests {
  readonly #now: () => number;
  /** The newest request of each call; whatever is not here is not answered. */
  readonly #newest = new Map<string, Kept>();
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes a message: the one before of its call is closed.
   *
   * @returns `isNew` is false when this is only another delivery of the newest message
   */
  hear(
    message: { readonly callSid: string; readonly message: string },
    brought?: PromiseWithResolvers<BroughtAnswer>,
  ): { readonly request: CallRequest; readonly isNew: boolean } {
    this.#closeExpired();
    const { callSid: callId, message: asWritten } = message;
    const before = this.#newest.get(callId);
    const arrivedAt = this.#now();
    if (before?.request.asWritten === asWritten) {
      if (!before.answered || arrivedAt - before.arrivedAt < SAME_MESSAGE_MS) {
        before.arrivedAt = arrivedAt;
        return { request: before.request, isNew: false };
      }
    }
    before?.close.abort(new RequestClosed("superseded"));
    const close = new AbortController();
    this.#count += 1;
    const request = { callId, requestId: String(this.#count), asWritten, brought, closed: close.signal };
    this.#newest.set(callId, { request, close, arrivedAt, answered: false });
    return { request, isNew: true };
  }

  /**
   * The request that this answer belongs to, which with it has its one answer; "repeated" when it had one,
   * "late" when it is not the newest of its call any more or its place is gone.
   */
  answer(turn: { readonly callId: string; readonly requestId: string }): CallRequest | "repeated" | "late" {
    this.#closeExpired();
    const kept = this.#newest.get(turn.callId);
    if (kept?.request.requestId !== turn.requestId) return "late";
    if (kept.answered) return "repeated";
    kept.answered = true;
    return kept.request;
  }

  /** Whether this call has a request that waits for its answer. */
  isOpen(callId: string): boolean {
    this.#closeExpired();
    return this.#newest.get(callId)?.answered === false;
  }

  /** @throws RequestClosed when this request must not be answered now. */
  requireOpen(request: CallRequest): void {
    this.#closeExpired();
    request.closed.throwIfAborted();
  }

  /** The service has no place for an answer of this call any more. */
  gone(request: CallRequest): void {
    const kept = this.#newest.get(request.callId);
    if (kept?.request === request) this.#close(kept, "gone");
  }

  /** Nothing is answered any more. */
  stop(): void {
    for (const kept of this.#newest.values()) this.#close(kept, "stopped");
  }

  #closeExpired(): void {
    const oldest = this.#now() - SLOT_LIFE_MS;
    for (const kept of this.#newest.values()) {
      if (kept.arrivedAt <= oldest) this.#close(kept, "expired");
    }
  }

  #close(kept: Kept, why: RequestClosed["why"]): void {
    this.#newest.delete(kept.request.callId);
    kept.close.abort(new RequestClosed(why));
  }
}
