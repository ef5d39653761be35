/**
 * Owns StepOne as a carrier: whether its key and version are taken. There is nothing to stay connected to and nobody
 * asks for words: the service's own AI leads the calls, and they are followed by conversation.ts.
 */
import { setTimeout as wait } from "node:timers/promises";
import { quoteOutside } from "../../config/redaction.ts";
import { type Log, messageOf } from "../../log.ts";
import { type BackoffTimings, reconnectDelayMs } from "../backoff.ts";
import type { Carrier } from "../carrier.ts";
import { CarrierRefused } from "../carrier-errors.ts";
import type { Fetch } from "../http.ts";
import { createLineReports } from "../line-reports.ts";
import { SKILL_VERSION, StepOneRest } from "./rest.ts";

const TIMINGS: BackoffTimings = { backoffMinMs: 1_000, backoffMaxMs: 5 * 60_000 };

export interface StepOneCarrierOptions {
  readonly line: {
    readonly name: string;
    readonly apiKey: string;
    /** `https://open-skill-api.steponeai.com` or another address of the same kind. */
    readonly apiUrl: string;
  };
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly timings?: Partial<BackoffTimings>;
}

/**
 * Makes the carrier for one StepOne line. Nothing happens before `start`; a stopped carrier stays stopped.
 * Changes of its state are logged here, so a listener's `onStatus` need not log them again.
 *
 * @example
 * const carrier = createStepOneCarrier({ line, log });
 * carrier.start(listener);
 */
export function createStepOneCarrier(options: StepOneCarrierOptions): Carrier {
  const { line, log, now = Date.now, random = Math.random } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const title = `StepOne line "${line.name}"`;
  const reports = createLineReports({ title, counters: { listenerErrors: 0 }, now, log });
  const stopping = new AbortController();
  // A request of its own, which a stop cuts; it is repeated here.
  const fetch: Fetch = (url, request) =>
    globalThis.fetch(url, { ...request, signal: AbortSignal.any([request.signal, stopping.signal]) });
  const rest = new StepOneRest({
    baseUrl: line.apiUrl,
    apiKey: line.apiKey,
    retry: { times: 0, firstDelayMs: 0 },
    fetch,
  });
  let asking: Promise<void> | undefined;

  /** Until the service has said yes or no. Never rejects. */
  async function ask(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const wanted = await rest.skillVersion();
        if (!stopping.signal.aborted) accepted(wanted);
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (error instanceof CarrierRefused && !error.isTransient) {
          refused(error);
          return;
        }
        await waitBeforeRetry(error, attempt);
        if (stopping.signal.aborted) return;
      }
    }
  }

  function accepted(wantedVersion: string): void {
    if (wantedVersion === SKILL_VERSION) {
      log.info(`${title} is connected.`);
      reports.setStatus("connected", "Connected.");
      return;
    }
    // It may still take this one: what it refuses, it says (426).
    const named = quoteOutside(wantedVersion, [line.apiKey], 40);
    const sentence = `${title} is connected. StepOne's interface has the version ${named}, and this speaks ${SKILL_VERSION}: update Switchboard when calls are refused.`;
    log.warn(sentence);
    reports.setStatus("connected", sentence);
  }

  function refused(error: CarrierRefused): void {
    const sentence = `${title} is off until it is restarted: ${error.message}`;
    log.error(sentence);
    reports.setStatus("refused", sentence);
  }

  async function waitBeforeRetry(error: unknown, attempt: number): Promise<void> {
    const delayMs = reconnectDelayMs(attempt, timings, random());
    const nextTry = new Date(now() + delayMs).toISOString();
    const sentence = `${title} is not connected, next try at ${nextTry}: ${messageOf(error)}`;
    if (attempt === 1) log.warn(sentence);
    else log.debug(sentence);
    reports.setStatus("reconnecting", sentence);
    await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    name: "stepone",
    capabilities: {
      partialSpeech: false,
      callEnd: false,
      siblingWindowMs: 0,
      texts: false,
      outboundCalls: true,
      newestRequestOnly: false,
      endsCallWithAnswer: false,
    },
    start(listener) {
      reports.begin(listener);
      reports.setStatus("starting", "Connecting.");
      asking = ask();
    },
    async stop() {
      stopping.abort();
      await asking;
      reports.setStatus("stopped", "Stopped.");
    },
    status: reports.status,
    speak: () => false,
    answer: () => {},
    sendContext: () => {},
    greet: () => false,
    answerWalkie: () => {},
  };
}
