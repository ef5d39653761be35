/** Owns doing something again and again, with a pause in between, until it is stopped. */
import { setTimeout as sleep } from "node:timers/promises";

export interface RepeatedParameters {
  readonly everyMs: number;
  work(): Promise<void>;
  /** Never throws. */
  onError(error: unknown): void;
}

export class Repeated {
  readonly #p: RepeatedParameters;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parameters: RepeatedParameters) {
    this.#p = parameters;
  }

  /** Aborted by `stop`. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is being done any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      try {
        await this.#p.work();
      } catch (error) {
        this.#p.onError(error);
      }
      await sleep(this.#p.everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
