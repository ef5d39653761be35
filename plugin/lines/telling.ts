/**
 * Owns that what the owner's agent is to hear is told until it was heard, each thing once: what could not be told is tried
 * again, what another process left is told by this one, and what a session took without a turn coming to its end waits on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";

/** Something the owner's agent is to hear. */
export interface Notice {
  readonly sentence: string;
  /** Tells it from all others: "call:ID". */
  readonly about: string;
  /** What the session that asked for it is to do with it, as a sentence. */
  readonly passOn: string;
  /** The key of the session that asked for it and passes the news on; undefined where nobody waits for it. */
  readonly askedIn: string | undefined;
  /** It was there before this process began. */
  readonly isOld: boolean;
}

/** A notice that waits for the session's next turn. */
export interface HandedOver {
  /** Resolves when the session was told. */
  readonly told: Promise<void>;
  takeBack(): void;
}

export interface TellingParameters<Item> {
  /** What nobody was told yet, as the store has it. */
  untold(): Promise<readonly Item[]>;
  /** Tells it from others. */
  keyOf(item: Item): string;
  /** What is told of it: when that is another, it is told anew. */
  stateOf(item: Item): string;
  /**
   * Hands it over. Undefined when the process ends first: the next one tells it.
   *
   * @throws when it cannot be told now.
   */
  hand(item: Item, signal: AbortSignal): Promise<HandedOver | undefined>;
  /** Writes down that it was told. */
  markTold(item: Item): Promise<void>;
  /** For the log: "call c1". */
  nameOf(item: Item): string;
  readonly log: Log;
}

/** How often what could not be told is tried again. */
const AGAIN_EVERY_MS = 30_000;

export class Telling<Item> {
  readonly #p: TellingParameters<Item>;
  readonly #stopped = new AbortController();
  /** What is being handed over now. */
  readonly #handing = new Map<string, Promise<void>>();
  /** What waits for a turn. */
  readonly #handedOver = new Map<string, HandedOver & { readonly state: string }>();
  /** What is being written down as told. */
  readonly #writing = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  #pass: Promise<void> = Promise.resolve();

  constructor(parameters: TellingParameters<Item>) {
    this.#p = parameters;
  }

  /** Tells what the process before this one did not. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is being told any more; what was not told is told by the next process. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#running, ...this.#handing.values()]);
    await Promise.all(this.#writing);
    for (const { takeBack } of this.#handedOver.values()) takeBack();
    this.#handedOver.clear();
  }

  /** Tells what is not told yet. Never rejects. */
  tellAll(): Promise<void> {
    // One after the other: what one has told is written down before the next one looks.
    this.#pass = this.#pass.then(() => this.#tellAll());
    return this.#pass;
  }

  async #tellAll(): Promise<void> {
    try {
      await Promise.all(this.#writing);
      for (const item of await this.#p.untold()) await this.tell(item);
    } catch (error) {
      this.#p.log.debug(`What was not told could not be read: ${messageOf(error)}`);
    }
  }

  /** Tells one, unless it is being told. Never rejects. */
  tell(item: Item): Promise<void> {
    const { keyOf, stateOf, nameOf, log } = this.#p;
    const key = keyOf(item);
    const handedOver = this.#handedOver.get(key);
    if (this.#stopped.signal.aborted || handedOver?.state === stateOf(item)) return Promise.resolve();
    // It was not known what became of it; now it is.
    handedOver?.takeBack();
    const known = this.#handing.get(key);
    if (known !== undefined) return known;
    const handing = this.#hand(item)
      .catch((error: unknown) =>
        log.warn(`The owner's session could not be told of ${nameOf(item)} yet: ${messageOf(error)}`),
      )
      .finally(() => this.#handing.delete(key));
    this.#handing.set(key, handing);
    return handing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.tellAll();
      await sleep(AGAIN_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #hand(item: Item): Promise<void> {
    const handedOver = await this.#p.hand(item, this.#stopped.signal);
    if (handedOver === undefined) return;
    this.#handedOver.set(this.#p.keyOf(item), { ...handedOver, state: this.#p.stateOf(item) });
    void handedOver.told.then(() => {
      const writing = this.#told(item).finally(() => this.#writing.delete(writing));
      this.#writing.add(writing);
    });
  }

  async #told(item: Item): Promise<void> {
    const { keyOf, stateOf, nameOf, markTold, log } = this.#p;
    // Told again by the next process when it cannot be written down.
    await markTold(item).catch((error: unknown) =>
      log.warn(`That ${nameOf(item)} was told could not be written down: ${messageOf(error)}`),
    );
    if (this.#handedOver.get(keyOf(item))?.state === stateOf(item)) this.#handedOver.delete(keyOf(item));
  }
}
