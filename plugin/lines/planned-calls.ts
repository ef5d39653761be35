/**
 * Owns placing the calls that were asked for at a time: each once, by whichever process runs the line then. A call
 * whose time was missed by far, or whose line is there no more, is not placed; what could not be placed is told to the
 * owner's session.
 */
import { NotPlanned, placeCall } from "../calls/place-call.ts";
import { CarrierError } from "../carriers/carrier-errors.ts";
import { isUsable, type UsableLine } from "../config/choose-line.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { type Log, messageOf } from "../log.ts";
import { Repeated } from "../repeated.ts";
import {
  callRefused,
  callUnsettled,
  claimPlannedCall,
  dueCalls,
  type KnownCall,
  pendingIntents,
} from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { isOwners } from "../trust/speakers.ts";
import { callsOf, type LineCalls } from "./line-calls.ts";

export interface PlannedCallsParameters {
  readonly line: UsableLine;
  readonly config: SwitchboardConfig;
  readonly store: Store;
  /** False where nobody could speak on a call to somebody else. */
  readonly canCallOthers: boolean;
  /** A call could not be placed: the store says why. Never rejects. */
  onNotPlaced(): Promise<void>;
  readonly log: Log;
  readonly everyMs?: number;
  /** Default: the line's own. */
  open?(): Promise<LineCalls>;
}

const PLACE_EVERY_MS = 1_000;
/** Those a dead process was placing are minutes old before they count as such. */
const SETTLE_EVERY_MS = 15_000;
/** A call that comes later than this is not wanted any more, and a phone would ring at any hour. */
const LATEST_MS = 30 * 60_000;
/** Whoever places a call knows within this time what became of it; after that, the process has died. */
const PLACING_MS = 2 * 60_000;
/** Calls that a process which died was placing are looked for so far back. */
const LOOKED_FOR_MS = 30 * 24 * 60 * 60_000;

const CANNOT_CALL_OTHERS =
  "Calls to others need the Switchboard plugin in the gateway, with its permission to take part in conversations (see SETUP.md).";

export class PlannedCalls {
  readonly #p: PlannedCallsParameters;
  readonly #placing: Repeated;
  readonly #settling: Repeated;

  constructor(parameters: PlannedCallsParameters) {
    this.#p = parameters;
    const { log, everyMs } = parameters;
    this.#placing = new Repeated({
      everyMs: everyMs ?? PLACE_EVERY_MS,
      work: () => this.#placeDue(),
      onError: (error) => log.warn(`A planned call could not be placed: ${messageOf(error)}`),
    });
    this.#settling = new Repeated({
      everyMs: everyMs ?? SETTLE_EVERY_MS,
      work: () => this.#settleBroken(),
      onError: (error) =>
        log.warn(`Calls that were being placed could not be looked for: ${messageOf(error)}`),
    });
  }

  start(): void {
    this.#placing.start();
    this.#settling.start();
  }

  /** Resolves when nothing is being placed any more. */
  async stop(): Promise<void> {
    await Promise.all([this.#placing.stop(), this.#settling.stop()]);
  }

  /** What a process was placing when it died may have been placed: it never is again. */
  async #settleBroken(): Promise<void> {
    const { line, store } = this.#p;
    const now = store.now().getTime();
    for (const call of await pendingIntents(store, line.name, new Date(now - LOOKED_FOR_MS))) {
      if (call.state !== "intended" || now - call.createdAt.getTime() < PLACING_MS) continue;
      await callUnsettled(store, call.id, "What was placing the call ended while it did.");
      if (call.dueAt !== undefined) await this.#p.onNotPlaced();
    }
  }

  async #placeDue(): Promise<void> {
    const { line, config, store } = this.#p;
    for (const call of await dueCalls(store)) {
      if (this.#placing.signal.aborted) return;
      const isOurs = call.line === line.name;
      if (!isOurs && config.lines.some((other) => other.name === call.line && isUsable(other))) continue;
      const isPlaced = isOurs
        ? await this.#place(call)
        : await this.#refuse(call, `Its line "${call.line}" is not there any more, or not enabled.`);
      if (!isPlaced) await this.#p.onNotPlaced();
    }
  }

  /** False, and the store says why, unless somebody else has taken the call up. */
  async #refuse(call: KnownCall, reason: string): Promise<boolean> {
    const { line, store, log } = this.#p;
    if (!(await claimPlannedCall(store, call.id, line.name))) return true;
    await callRefused(store, call.id, reason);
    log.warn(`The planned call ${call.id} was not placed: ${reason}`);
    return false;
  }

  /** False when the call was not placed; the store says why. */
  async #place(call: KnownCall): Promise<boolean> {
    const { line, config, store, log, canCallOthers } = this.#p;
    const lateMs = store.now().getTime() - (call.dueAt?.getTime() ?? 0);
    if (lateMs > LATEST_MS)
      return await this.#refuse(call, "Its time was missed: nothing was running to place it.");
    if (!canCallOthers && !isOwners(call.callee, config.ownerNumbers)) {
      return await this.#refuse(call, CANNOT_CALL_OTHERS);
    }
    try {
      // Before it is taken up: a line that cannot be opened has placed nothing.
      const calls = await (this.#p.open?.() ?? callsOf(line, config));
      const { greeting, purpose, context } = call;
      await placeCall(
        { ...(call.callee ? { to: call.callee } : {}), greeting, purpose, context },
        { store, rest: calls.placer, line, config, planned: call.id },
      );
      log.info(`The planned call ${call.id} was placed.`);
      return true;
    } catch (error) {
      log.warn(`The planned call ${call.id} was not placed: ${messageOf(error)}`);
      // Another process has it.
      if (error instanceof NotPlanned) return true;
      if (error instanceof CarrierError) return false;
      await this.#refuse(call, messageOf(error));
      // It was taken up already: nobody knows how far it came.
      await callUnsettled(store, call.id, messageOf(error));
      return false;
    }
  }
}
