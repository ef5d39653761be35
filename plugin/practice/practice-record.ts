// Owns what the record of every practice line has: the requests as they were received, the breaches of the wire
// page, and the telling of what happens to whoever follows the line.
import type { Waiting } from "./waiting.ts";

/** One request as it was received. */
export interface RequestRecord {
  /** The clock's time in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Without the one that carries the key. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON; the text itself when it was not JSON; `undefined` when there was none. */
  readonly body: unknown;
  /** The answer's status; `undefined` as long as none was sent (or never will be: see the faults). */
  status: number | undefined;
}

/** Something a client did that the wire page does not allow. */
export interface Violation<Rule> {
  readonly at: number;
  readonly rule: Rule;
  readonly message: string;
  readonly input?: unknown;
}

/** Something that happened on a line, as `follow` tells it. `at` is the clock's time in milliseconds. */
export type PracticeEvent<Happening, Rule> = { readonly at: number } & (Happening | Breach<Rule>);

interface Breach<Rule> {
  readonly kind: "violation";
  readonly rule: Rule;
  readonly message: string;
}

/** `Happening` is what can happen on the line besides breaches of the wire page, `Rule` what can be broken. */
export class PracticeRecord<Happening, Rule> {
  readonly requests: RequestRecord[] = [];
  readonly violations: Violation<Rule>[] = [];
  protected readonly now: () => number;
  protected readonly waiting: Waiting;
  readonly #listeners = new Set<(event: PracticeEvent<Happening, Rule>) => void>();

  constructor(now: () => number, waiting: Waiting) {
    this.now = now;
    this.waiting = waiting;
  }

  follow(listener: (event: PracticeEvent<Happening, Rule>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  requestReceived(request: RequestRecord): void {
    this.requests.push(request);
    this.waiting.changed();
  }

  /** Something the wire page does not allow. */
  breach(rule: Rule, message: string, input?: unknown): void {
    this.violations.push({ at: this.now(), rule, message, ...(input === undefined ? {} : { input }) });
    this.tell({ kind: "violation", rule, message });
  }

  tell(happening: Happening | Breach<Rule>): void {
    const event = { ...happening, at: this.now() };
    for (const listener of this.#listeners) listener(event);
    this.waiting.changed();
  }
}
