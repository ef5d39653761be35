/**
 * Owns the long poll of one ClawCall line: always one poll on its way, the next one begun before a message is
 * worked on; what a failed poll means; trying again, or stopping for good. What a message is about, and what is
 * answered, is the carrier's business.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../log.ts";
import { type BackoffTimings, reconnectDelayMs } from "../backoff.ts";
import type { LineState } from "../carrier.ts";
import { CarrierError, CarrierRefused } from "../carrier-errors.ts";
import type { ClawCallMessage } from "./rest.ts";

/** All in milliseconds. */
export interface ListenerTimings extends BackoffTimings {
  /** The first poll of a line, and of one that was cut off: only its end shows that the line works. */
  readonly firstPollMs: number;
  /** Every other poll. */
  readonly pollMs: number;
  /** The least wait after HTTP 429. */
  readonly tooManyRequestsWaitMs: number;
  /** How long a stop waits for the end of the poll that is on its way. */
  readonly lastPollMs: number;
}

export const LISTENER_TIMINGS: ListenerTimings = {
  firstPollMs: 1_000,
  /**
   * A poll whose client has gone still takes the next message, until its own end, and a stop waits for that end.
   * Measured with polls of 3 s, ten stops spread over a poll: 0.3 to 3.0 s; after its process was killed a line is
   * deaf for what is left of its poll, 3 s at most. With the service's longest poll, 25 s, it was 19 and 23 s, where
   * a gateway grants a service 5 s to stop. The price is a request every three seconds.
   */
  pollMs: 3_000,
  // Messages wait at the service while nobody polls, and with them a person on the telephone: the first tries
  // come soon.
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
  tooManyRequestsWaitMs: 60_000,
  lastPollMs: 3_500,
};

export interface ClawCallListenerOptions {
  /** For every sentence: `ClawCall line "home"`. */
  readonly title: string;
  readonly apiKey: string;
  poll(wanted: { timeoutMs: number; signal: AbortSignal }): Promise<ClawCallMessage | undefined>;
  readonly timings: ListenerTimings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Must not throw. The next poll is on its way already, unless the line was stopped. */
  readonly onMessage: (message: ClawCallMessage) => void;
  /** The state and the one sentence people read about it; called at every change of either. */
  readonly onState: (state: LineState, detail: string) => void;
  readonly onReconnected: () => void;
  /** A poll whose answer was lost: a message that it took is gone for good. */
  readonly onLostPoll: () => void;
}

export interface ClawCallListener {
  start(): void;
  /** Ends the poll that is on its way, without cutting it while there is time, and hands over what it brings. */
  stop(): Promise<void>;
  /** Resolves as soon as the service is heard: at once while it is, at its next sign of life while it is not. */
  heard(): Promise<void>;
}

type PollEnd =
  | { readonly kind: "heard"; readonly message: ClawCallMessage | undefined }
  | { readonly kind: "failed"; readonly error: Error };

export function createClawCallListener(options: ClawCallListenerOptions): ClawCallListener {
  const { title, apiKey, timings, log } = options;
  /** Ends every wait. */
  const stopping = new AbortController();
  /** Cuts the poll that is on its way. One for each poll: a signal that lives on would keep every one it was given to. */
  let cutting = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let hearing = Promise.withResolvers<void>();
  let isHearing = false;
  let connectedBefore = false;
  let outageLogged = false;

  /** One poll, never rejects. */
  async function poll(): Promise<PollEnd> {
    const timeoutMs = isHearing ? timings.pollMs : timings.firstPollMs;
    const startedAt = options.now();
    cutting = new AbortController();
    try {
      const message = await options.poll({ timeoutMs, signal: cutting.signal });
      const tookMs = options.now() - startedAt;
      // A service, or what stands before it, that does not wait must not be asked without a pause.
      if (message === undefined && tookMs < timeoutMs / 2)
        await pause(Math.min(timeoutMs, timeoutMs - tookMs));
      return { kind: "heard", message };
    } catch (error) {
      return { kind: "failed", error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  function isStopped(): boolean {
    return stopping.signal.aborted;
  }

  /** Waits, but not beyond a stop. */
  async function pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  }

  /** Ends with the stop, or when trying again would not help. Never rejects. */
  async function keepListening(): Promise<void> {
    let failures = 0;
    let onItsWay = poll();
    for (;;) {
      const end = await onItsWay;
      const isLast = isStopped();
      if (end.kind === "heard") {
        failures = 0;
        if (!isLast) {
          becomeHeard();
          onItsWay = poll();
        }
        if (end.message !== undefined) options.onMessage(end.message);
        if (isLast) return;
      } else {
        failures += 1;
        if (end.error instanceof CarrierError && end.error.mayHaveHappened) options.onLostPoll();
        if (isLast) {
          log.warn(`${title}: the last poll failed: ${end.error.message}`);
          return;
        }
        if (giveUp(end.error)) return;
        await waitBeforeRetry(end.error, failures);
        if (isStopped()) return;
        onItsWay = poll();
      }
    }
  }

  function becomeHeard(): void {
    if (isHearing) return;
    isHearing = true;
    outageLogged = false;
    hearing.resolve();
    log.info(`${title} is connected.`);
    if (connectedBefore) options.onReconnected();
    connectedBefore = true;
    options.onState("connected", "Connected.");
  }

  function becomeDeaf(): void {
    if (!isHearing) return;
    isHearing = false;
    hearing = Promise.withResolvers<void>();
  }

  /** Whether another try would only do harm; says so. */
  function giveUp(error: Error): boolean {
    if (!(error instanceof CarrierRefused) || error.status !== 401) return false;
    becomeDeaf();
    const sentence = `${title} is off until it is restarted with another key: ${error.message}`;
    log.error(sentence);
    options.onState("refused", sentence);
    return true;
  }

  /** Says once per outage what happened and when the next try is, then waits for that moment. */
  async function waitBeforeRetry(error: Error, attempt: number): Promise<void> {
    becomeDeaf();
    const tooMany = error instanceof CarrierRefused && error.status === 429;
    const backoffMs = reconnectDelayMs(attempt, timings, options.random());
    const delayMs = tooMany ? Math.max(timings.tooManyRequestsWaitMs, backoffMs) : backoffMs;
    const nextTry = new Date(options.now() + delayMs).toISOString();
    const sentence = `${title} is not connected, next try at ${nextTry}: ${error.message}`;
    if (outageLogged) log.debug(sentence);
    else log.warn(sentence);
    outageLogged = true;
    options.onState("reconnecting", sentence);
    await pause(delayMs);
  }

  return {
    start() {
      options.onState("starting", "Connecting.");
      if (apiKey.trim() === "") {
        const sentence = `${title} is off: it has no API key. Set CLAWCALL_API_KEY and restart it.`;
        log.error(sentence);
        options.onState("refused", sentence);
        return;
      }
      running = keepListening();
    },
    async stop() {
      stopping.abort();
      const late = setTimeout(() => cutting.abort(), timings.lastPollMs);
      await running;
      clearTimeout(late);
      options.onState("stopped", "Stopped.");
    },
    heard: () => hearing.promise,
  };
}
