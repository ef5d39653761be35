/**
 * Owns taking turns in one session, for calls and texts alike. The gateway takes runs of one session in turn too,
 * but writes a text down in the session's history as soon as it comes in, also in the middle of a run that no
 * channel started, such as a call's; that run then fails when it writes down its answer ("transcript changed").
 */
export class SessionTurns {
  /** The end of what is going on and waiting in each session, by agent and key. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Does `work` after everything that was given for the same session before; other sessions do not wait.
   *
   * @param signal leaves the queue: `work` is then not begun.
   * @throws what `work` throws; the signal's reason when it is aborted before `work` began.
   */
  async take<Result>(
    { agentId, sessionKey }: { readonly agentId: string; readonly sessionKey: string },
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const key = JSON.stringify([agentId, sessionKey]);
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(async () => {
      signal?.throwIfAborted();
      return await work();
    });
    const tail = mine.catch(() => {});
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return await mine;
  }
}
