/**
 * Owns StepOne as a carrier: whether its key and version are taken, and whether the service is still there. There is
 * nothing to stay connected to and nobody asks for words: the service's own AI leads the calls, and they are followed
 * by conversation.ts.
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

interface StepOneTimings extends BackoffTimings {
  /** How long until the service is asked again whether it is there, once it was, in milliseconds. */
  readonly lookEveryMs: number;
}

const TIMINGS: StepOneTimings = {
  backoffMinMs: 1_000,
  backoffMaxMs: 5 * 60_000,
  lookEveryMs: 5 * 60_000,
};

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
  readonly timings?: Partial<StepOneTimings>;
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

  /** Asks until the service has said no, and now and then after a yes. Never rejects. */
  async function ask(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        const wanted = await rest.skillVersion();
        if (stopping.signal.aborted) return;
        failures = 0;
        accepted(wanted);
        await pause(timings.lookEveryMs);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (error instanceof CarrierRefused && !error.isTransient) {
          refused(error);
          return;
        }
        failures += 1;
        await waitBeforeRetry(error, failures);
      }
    }
  }

  /** Resolves early when the carrier is stopped. */
  async function pause(delayMs: number): Promise<void> {
    await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
  }

  function accepted(wantedVersion: string): void {
    const isNews = reports.status().state !== "connected";
    const ready = "Ready: its key is accepted; nobody calls in on this line.";
    if (wantedVersion === SKILL_VERSION) {
      if (isNews) log.info(`${title} is ready: its key is accepted.`);
      reports.setStatus("connected", ready);
      return;
    }
    // It may still take this one: what it refuses, it says (426).
    const named = quoteOutside(wantedVersion, [line.apiKey], 40);
    const outdated = `StepOne's interface has the version ${named}, and this speaks ${SKILL_VERSION}: update Switchboard when calls are refused.`;
    if (isNews) log.warn(`${title} is ready. ${outdated}`);
    reports.setStatus("connected", `${ready} ${outdated}`);
  }

  function refused(error: CarrierRefused): void {
    const sentence = `${title} is off until it is restarted: ${error.message}`;
    log.error(sentence);
    reports.setStatus("refused", sentence);
  }

  async function waitBeforeRetry(error: unknown, failures: number): Promise<void> {
    const delayMs = reconnectDelayMs(failures, timings, random());
    // One look that fails is no outage; the next one follows soon.
    if (failures === 1 && reports.status().state === "connected") {
      log.debug(`${title}: a look at the service failed: ${messageOf(error)}`);
      return pause(delayMs);
    }
    const nextTry = new Date(now() + delayMs).toISOString();
    const isNews = reports.status().state !== "reconnecting";
    const sentence = `${title} cannot reach its service, next try at ${nextTry}: ${messageOf(error)}`;
    if (isNews) log.warn(sentence);
    else log.debug(sentence);
    reports.setStatus("reconnecting", sentence);
    await pause(delayMs);
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
