// Owns time inside a practice server: every timer and every bounded wait, so that one `stop` ends them all.

/** Something the practice line cannot do, said in one sentence. */
export class PracticeError extends Error {
  override readonly name: string = "PracticeError";
}

/** What was waited for did not happen in time. */
export class PracticeTimeout extends PracticeError {
  override readonly name: string = "PracticeTimeout";
}

/** The practice server was closed while something was still waited for. */
export class PracticeStopped extends PracticeError {
  override readonly name: string = "PracticeStopped";
}

export interface WaitOptions {
  /** How long to wait, in milliseconds. */
  readonly timeoutMs?: number;
}

/** How long a wait lasts when nothing else is said: a real gateway's first turn can take ten seconds. */
const PATIENCE_MS = 30_000;

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Waiting {
  readonly #checks = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stops = new Set<(error: PracticeStopped) => void>();
  #stopped: PracticeStopped | undefined;

  /** Tells every wait to look again. Call it after each change somebody may be waiting for. */
  changed(): void {
    for (const check of [...this.#checks]) check();
  }

  /**
   * Waits until `look` finds something (anything but `undefined`).
   *
   * @param what Named in the error: "an answer to …".
   * @throws PracticeTimeout after `timeoutMs`; PracticeStopped when the server closes; whatever `look` throws.
   */
  until<Found>(
    look: () => Found | undefined,
    what: string,
    { timeoutMs = PATIENCE_MS }: WaitOptions = {},
  ): Promise<Found> {
    return new Promise<Found>((resolve, reject) => {
      if (this.#stopped) return reject(this.#stopped);
      const end = (finish: () => void) => {
        this.#checks.delete(check);
        this.#stops.delete(onStop);
        cancel();
        finish();
      };
      const check = () => {
        try {
          const found = look();
          if (found !== undefined) end(() => resolve(found));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const onStop = (error: PracticeStopped) => end(() => reject(error));
      const cancel = this.later(timeoutMs, () =>
        end(() => reject(new PracticeTimeout(`Waited ${timeoutMs} ms for ${what}, in vain.`))),
      );
      this.#checks.add(check);
      this.#stops.add(onStop);
      check();
    });
  }

  /** Runs `action` after `delayMs` unless cancelled (by the returned function) or stopped. */
  later(delayMs: number, action: () => void): () => void {
    if (this.#stopped) return () => {};
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        action();
      },
      Math.min(delayMs, LONGEST_TIMER_MS),
    );
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /**
   * Lets `delayMs` pass.
   *
   * @throws PracticeStopped when the server closes meanwhile.
   */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(this.#stopped);
      this.#stops.add(reject);
      this.later(delayMs, () => {
        this.#stops.delete(reject);
        resolve();
      });
    });
  }

  /** Ends every wait and timer; later ones end at once. */
  stop(): void {
    this.#stopped = new PracticeStopped("The practice line was closed.");
    for (const stop of [...this.#stops]) stop(this.#stopped);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
