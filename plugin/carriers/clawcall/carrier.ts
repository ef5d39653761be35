/**
 * Owns ClawCall as a carrier: messages of the long poll, or of other software, become the listener's calls, each
 * once, and Switchboard's answers reach the one message they belong to, or nobody.
 */
import { setTimeout as wait } from "node:timers/promises";
import pRetry from "p-retry";
import { quoteOutside } from "../../config/redaction.ts";
import { type Log, messageOf } from "../../log.ts";
import type { Carrier, TurnAddress } from "../carrier.ts";
import { CarrierRefused, CarrierUnreachable } from "../carrier-errors.ts";
import { createLineReports } from "../line-reports.ts";
import { createClawCallListener, LISTENER_TIMINGS, type ListenerTimings } from "./listener.ts";
import { parseMessage } from "./prefixes.ts";
import { type BroughtAnswer, type CallRequest, CallRequests, RequestClosed } from "./requests.ts";
import { type ClawCallMessage, ClawCallRest } from "./rest.ts";

/** All in milliseconds. */
export interface ClawCallTimings extends ListenerTimings {
  /** Before the first retry of an answer that did not get through; each further wait is twice as long. */
  readonly answerRetryMs: number;
  readonly answerRetryMaxMs: number;
  /** How long a stop waits for answers that are on their way. */
  readonly lastAnswersMs: number;
  /** How long a stop takes altogether: a gateway gives a service 5 s. */
  readonly stopMs: number;
}

export const CLAWCALL_TIMINGS: ClawCallTimings = {
  ...LISTENER_TIMINGS,
  answerRetryMs: 300,
  answerRetryMaxMs: 5_000,
  lastAnswersMs: 3_000,
  stopMs: 4_500,
};

/** Calls whose answers are remembered; see `answersOn`. */
const REMEMBERED_CALLS = 200;
const NOTHING_TO_SAY: BroughtAnswer = { response: "", endCall: false };

export interface ClawCallCarrierOptions {
  readonly line: {
    readonly name: string;
    readonly apiKey: string;
    /** `https://api.clawcall.online` or another address of the same kind. */
    readonly apiUrl: string;
    /** False: other software polls and brings each message to `receive`. Default true. */
    readonly listen?: boolean | undefined;
  };
  /** Switchboard's version, told to the service. */
  readonly version: string;
  readonly log: Log;
  readonly rest?: Pick<ClawCallRest, "listen" | "respond">;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly timings?: Partial<ClawCallTimings>;
}

export interface ClawCallCarrier extends Carrier {
  /**
   * Takes a message that other software has polled and brings over the local bridge. It goes the way of every
   * message, and its answer goes to the promise instead of the service.
   *
   * @returns an empty `response` when nothing is to be said: a newer message of the call came, it was the notice that
   * a call is over, or the line stopped
   * @throws Error when the line is not running
   */
  receive(message: ClawCallMessage): Promise<BroughtAnswer>;
  /**
   * Speaks to whoever may be waiting on a call for words that nobody owes them: their own words were lost on the way
   * here (a poll that broke, a process that died), and the service plays filler until somebody answers. Nothing
   * happens where something was heard or answered since, or where an answer is being made or on its way: it would
   * take that answer's place. Never rejects.
   *
   * @param sinceMs on the carrier's clock
   * @returns whether the service took it; it takes it also where nobody waits
   */
  askAgain(callId: string, text: string, sinceMs: number): Promise<boolean>;
  /** What was answered on a call by this carrier, the newest 200 calls; empty for others. See second-listener.ts. */
  answersOn(callId: string): readonly string[];
}

/** Counted since the carrier was made; see `LineStatus.counters`. */
type Counters = {
  reconnects: number;
  /** Polls whose answer was lost: a caller's words may be lost. */
  lostPolls: number;
  duplicateMessages: number;
  /** Answers after the first to the same request: not sent. */
  repeatedAnswers: number;
  /** Answers to a request that a newer one had replaced, or whose place was gone: not sent. */
  lateAnswers: number;
  retriedAnswers: number;
  /** Answers that did not get through in time. */
  undelivered: number;
  listenerErrors: number;
};

/**
 * Makes the carrier for one ClawCall line. Nothing happens before `start`; a stopped carrier stays stopped.
 * Changes of the connection are logged here, so a listener's `onStatus` need not log them again.
 *
 * @example
 * const carrier = createClawCallCarrier({ line, version, log });
 * carrier.start(listener);
 */
export function createClawCallCarrier(options: ClawCallCarrierOptions): ClawCallCarrier {
  const { line, log, now = Date.now, random = Math.random } = options;
  const timings = { ...CLAWCALL_TIMINGS, ...options.timings };
  const title = `ClawCall line "${line.name}"`;
  const rest =
    options.rest ?? new ClawCallRest({ baseUrl: line.apiUrl, apiKey: line.apiKey, version: options.version });
  const counters: Counters = {
    reconnects: 0,
    lostPolls: 0,
    duplicateMessages: 0,
    repeatedAnswers: 0,
    lateAnswers: 0,
    retriedAnswers: 0,
    undelivered: 0,
    listenerErrors: 0,
  };
  const reports = createLineReports({ title, counters, now, log });
  const requests = new CallRequests(now);
  /** Per call, the end of its last answer's way: answers of one call go one after the other. */
  const posting = new Map<string, Promise<void>>();
  /** What the last poll brought during a stop: the stop waits for its answer. */
  const lastRequests = new Map<CallRequest, PromiseWithResolvers<void>>();
  const answers = new Map<string, string[]>();
  /** Per call, when something was last heard or answered on it. */
  const lastEvent = new Map<string, number>();
  let state: "new" | "running" | "stopping" | "stopped" = "new";

  const listener = createClawCallListener({
    title,
    apiKey: line.apiKey,
    poll: (wanted) => rest.listen(wanted),
    timings,
    now,
    random,
    log,
    onMessage: (message) => void hear(message),
    onState: reports.setStatus,
    onReconnected: () => {
      counters.reconnects += 1;
    },
    onLostPoll: () => {
      counters.lostPolls += 1;
    },
  });

  function hear(message: ClawCallMessage, brought?: PromiseWithResolvers<BroughtAnswer>): CallRequest {
    keepNewest(lastEvent, message.callSid, now());
    const { request, isNew } = requests.hear(message, brought);
    if (!isNew) {
      counters.duplicateMessages += 1;
      return request;
    }
    const { callId, requestId, asWritten, closed } = request;
    closed.addEventListener("abort", () => brought?.resolve(NOTHING_TO_SAY), { once: true });
    const content = parseMessage(callId, asWritten);
    if (content.kind === "orderCompleted") {
      const { kind: _, ...order } = content;
      brought?.resolve(NOTHING_TO_SAY);
      reports.tell((to) => to.onOrderCompleted(order));
      return request;
    }
    if (state === "stopping") lastRequests.set(request, Promise.withResolvers<void>());
    reports.tell((to) => to.onTurn({ callId, requestId, asWritten, ...content }));
    return request;
  }

  function answer(turn: TurnAddress, response: string, endCall: boolean): void {
    const request = requests.answer(turn);
    if (request === "repeated") {
      counters.repeatedAnswers += 1;
    } else if (request === "late") {
      dropLate(turn);
    } else {
      remember(request.callId, response);
      if (request.brought) request.brought.resolve({ response, endCall });
      else void post(request, response, endCall);
      lastRequests.get(request)?.resolve();
    }
  }

  function dropLate(turn: TurnAddress): void {
    counters.lateAnswers += 1;
    log.debug(`${title}: an answer to request ${turn.requestId} came too late and was not sent.`);
  }

  /** Brings an answer to the service, after those before it on this call. Never rejects. */
  function post(request: CallRequest, response: string, endCall: boolean): Promise<void> {
    const { callId } = request;
    const posted = (posting.get(callId) ?? Promise.resolve())
      .then(() => postUntilTaken(request, response, endCall))
      .catch((error: unknown) => undelivered(request, error))
      .finally(() => {
        if (posting.get(callId) === posted) posting.delete(callId);
      });
    posting.set(callId, posted);
    return posted;
  }

  async function postUntilTaken(request: CallRequest, response: string, endCall: boolean): Promise<void> {
    let taken = false;
    const tries = pRetry(
      async (attempt) => {
        requests.requireOpen(request);
        if (attempt > 1) counters.retriedAnswers += 1;
        await rest.respond(request.callId, { response, endCall });
        taken = true;
      },
      {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: timings.answerRetryMs,
        maxTimeout: timings.answerRetryMaxMs,
        randomize: true,
        signal: request.closed,
        async shouldRetry({ error }) {
          if (!mayPass(error)) return false;
          // While nothing is heard, the caller may have said something newer that nobody has told us.
          await Promise.race([listener.heard(), aborted(request.closed)]);
          return true;
        },
      },
    );
    await tries.catch((error: unknown) => {
      // A newer message may close the request while its answer is being taken.
      if (!taken) throw error;
    });
  }

  function undelivered(request: CallRequest, error: unknown): void {
    if (error instanceof RequestClosed && error.why === "superseded") {
      dropLate(request);
      return;
    }
    if (error instanceof CarrierRefused && error.status === 404) {
      // Mostly a caller who has hung up.
      requests.gone(request);
      counters.undelivered += 1;
      log.debug(`${title}: the call of request ${request.requestId} waits for no answer any more.`);
      return;
    }
    counters.undelivered += 1;
    const id = quoteOutside(request.callId, [line.apiKey], 80);
    log.warn(`${title}: an answer on call ${id} did not get through (${messageOf(error)}).`);
  }

  function remember(callId: string, response: string): void {
    keepNewest(answers, callId, [...(answers.get(callId) ?? []), response]);
    keepNewest(lastEvent, callId, now());
  }

  /** Until what is on its way is there, and what the last poll brought is answered; not longer than allowed. */
  async function lastAnswers(stoppedAt: number): Promise<void> {
    const timeUp = new AbortController();
    const limitMs = Math.min(timings.lastAnswersMs, stoppedAt + timings.stopMs - now());
    const allSaid = async () => {
      await Promise.all([...lastRequests.values()].map(({ promise }) => promise));
      await Promise.all(posting.values());
    };
    await Promise.race([
      allSaid(),
      wait(Math.max(0, limitMs), undefined, { signal: timeUp.signal }).catch(() => {}),
    ]);
    timeUp.abort();
  }

  return {
    name: "clawcall",
    capabilities: {
      partialSpeech: false,
      callEnd: false,
      siblingWindowMs: 0,
      texts: false,
      outboundCalls: true,
      newestRequestOnly: true,
      endsCallWithAnswer: true,
    },
    start(to) {
      reports.begin(to);
      state = "running";
      if (line.listen !== false) listener.start();
      else
        reports.setStatus("connected", "Other software listens and brings the calls over the local bridge.");
    },
    async stop() {
      if (state === "stopped") return;
      state = "stopping";
      const stoppedAt = now();
      await listener.stop();
      await lastAnswers(stoppedAt);
      state = "stopped";
      requests.stop();
    },
    status: reports.status,
    speak: () => false,
    answer(turn, text, how) {
      if (text.trim() === "") throw new RangeError("The answer to a caller's request must not be empty.");
      answer(turn, text, how?.endCall ?? false);
    },
    sendContext: () => {},
    greet: () => false,
    answerWalkie: () => {},
    async receive(message) {
      if (state !== "running") throw new Error(`${title} is not running.`);
      const { brought } = hear(message, Promise.withResolvers<BroughtAnswer>());
      return brought ? await brought.promise : NOTHING_TO_SAY;
    },
    async askAgain(callId, text, sinceMs) {
      if (state !== "running" || requests.isOpen(callId) || posting.has(callId)) return false;
      if ((lastEvent.get(callId) ?? Number.NEGATIVE_INFINITY) >= sinceMs) return false;
      try {
        await rest.respond(callId, { response: text, endCall: false });
        remember(callId, text);
        return true;
      } catch {
        return false;
      }
    },
    answersOn: (callId) => answers.get(callId) ?? [],
  };
}

/** Sets a call's value; the call whose value is the oldest is forgotten when there are too many. */
function keepNewest<Value>(calls: Map<string, Value>, callId: string, value: Value): void {
  calls.delete(callId);
  calls.set(callId, value);
  const [oldest] = calls.keys();
  if (calls.size > REMEMBERED_CALLS && oldest !== undefined) calls.delete(oldest);
}

/** Whether the same answer may get through a little later. */
function mayPass(error: Error): boolean {
  return error instanceof CarrierUnreachable || (error instanceof CarrierRefused && error.isTransient);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
