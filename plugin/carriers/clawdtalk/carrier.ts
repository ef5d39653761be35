/**
 * Owns ClawdTalk as a carrier: messages from the wire become the listener's calls, each request once, and
 * Switchboard's words become messages, each answer once.
 */

import { quoteOutside, redact } from "../../config/redaction.ts";
import type { Log } from "../../log.ts";
import type { Carrier } from "../carrier.ts";
import { createLineReports } from "../line-reports.ts";
import { type ConnectionTimings, createClawdTalkSocket, DEFAULT_TIMINGS } from "./socket.ts";
import {
  type ClientMessage,
  contextMessage,
  logsMessage,
  progressMessage,
  type Reading,
  resultMessage,
  type ServerMessage,
  spokenMessage,
  walkieMessage,
} from "./wire.ts";

/**
 * How long an answer waits for the connection to come back: enough for the first tries of a reconnect, and no
 * longer than a caller would stay on a silent line.
 */
export const RESULT_LIFETIME_MS = 60_000;

/** Requests remembered per line, to hear and answer each once. A busy line has a few per minute. */
const REMEMBERED_REQUESTS = 2_000;

export interface ClawdTalkCarrierOptions {
  readonly line: {
    readonly name: string;
    readonly apiKey: string;
    /** `https://clawdtalk.com` or another address of the same kind. */
    readonly server: string;
  };
  readonly ownerName?: string | undefined;
  readonly agentName?: string | undefined;
  /** Switchboard's version, told to the service. */
  readonly version: string;
  readonly log: Log;
  /** The last log lines, given out when the service's support asks for them; redacted here once more. */
  readonly logLines: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly timings?: Partial<ConnectionTimings>;
}

/** Counted since the carrier was made; see `LineStatus.counters`. */
type Counters = {
  reconnects: number;
  /** How often another client took over with the same key. */
  takeovers: number;
  unknownEvents: number;
  unknownFields: number;
  unreadableMessages: number;
  duplicateRequests: number;
  /** Answers after the first to the same request, and speech after the answer: not sent. */
  repeatedAnswers: number;
  /** Answers and contexts that found no connection in time. */
  undelivered: number;
  listenerErrors: number;
};

/**
 * Makes the carrier for one ClawdTalk line. Nothing happens before `start`; a stopped carrier stays stopped.
 * Changes of the connection are logged here, so a listener's `onStatus` need not log them again.
 *
 * @example
 * const carrier = createClawdTalkCarrier({ line, version, log, logLines: ring.lines });
 * carrier.start(listener);
 */
export function createClawdTalkCarrier(options: ClawdTalkCarrierOptions): Carrier {
  const { line, log, now = Date.now, random = Math.random } = options;
  const title = `ClawdTalk line "${line.name}"`;
  const counters: Counters = {
    reconnects: 0,
    takeovers: 0,
    unknownEvents: 0,
    unknownFields: 0,
    unreadableMessages: 0,
    duplicateRequests: 0,
    repeatedAnswers: 0,
    undelivered: 0,
    listenerErrors: 0,
  };
  const requests = createRequestMemory(REMEMBERED_REQUESTS);
  let waitingAnswers: { message: ClientMessage; requestId: string; since: number }[] = [];
  const reports = createLineReports({ title, counters, now, log });
  const { tell } = reports;

  const socket = createClawdTalkSocket({
    lineName: line.name,
    apiKey: line.apiKey,
    server: line.server,
    version: options.version,
    ownerName: options.ownerName,
    agentName: options.agentName,
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    now,
    random,
    log,
    onState: reports.setStatus,
    onReconnected: () => {
      counters.reconnects += 1;
    },
    onTakenOver: () => {
      counters.takeovers += 1;
    },
    onReading: read,
    onReady: sendWaitingAnswers,
  });

  function read(reading: Reading): void {
    switch (reading.kind) {
      case "message":
        counters.unknownFields += reading.unknownFields;
        deliver(reading.message);
        break;
      case "unknown":
        counters.unknownEvents += 1;
        log.debug(`${title}: ignored the unknown event ${quoteOutside(reading.name, [line.apiKey], 80)}.`);
        break;
      case "unreadable":
        counters.unreadableMessages += 1;
        log.warn(`${title}: ignored ${reading.problem}.`);
        break;
    }
  }

  function deliver(message: ServerMessage): void {
    switch (message.kind) {
      case "authenticated":
      case "refused":
        // The connection's own; it never hands them on.
        break;
      case "callSetup":
        tell((to) => to.onCallSetup({ callId: message.callId }));
        break;
      case "callStarted": {
        const { kind: _, ...call } = message;
        tell((to) => to.onCallStarted(call));
        break;
      }
      case "turn": {
        const { callId, requestId, words } = message;
        if (!isFirst(turnKey(message))) break;
        tell((to) => to.onTurn({ callId, requestId, kind: "speech", words, asWritten: words }));
        break;
      }
      case "callEnded":
        tell((to) => to.onCallEnded(message.outcome));
        break;
      case "text":
        tell((to) => to.onText(message.text));
        break;
      case "approval": {
        const { kind: _, ...answer } = message;
        tell((to) => to.onApproval(answer));
        break;
      }
      case "missionNews":
        tell((to) => to.onMissionNews(message.news));
        break;
      case "walkie": {
        const { kind: _, ...request } = message;
        if (isFirst(walkieKey(request.requestId))) tell((to) => to.onWalkie(request));
        break;
      }
      case "logsWanted":
        sendLogs(message.requestId);
        break;
    }
  }

  function isFirst(key: string): boolean {
    const first = requests.hear(key);
    if (!first) counters.duplicateRequests += 1;
    return first;
  }

  function sendLogs(requestId: string): void {
    log.info(`${title}: the service asked for the last log lines.`);
    try {
      const lines = options.logLines().map((text) => redact(text, [line.apiKey]));
      socket.send(logsMessage(requestId, lines));
    } catch (error) {
      log.error(`${title}: the log lines could not be read: ${String(error)}`);
      socket.send(logsMessage(requestId, [], "the log lines could not be read"));
    }
  }

  /** Sends the one answer of a request, or keeps it for the reconnect. */
  function sendAnswer(key: string, requestId: string, message: ClientMessage): void {
    if (!requests.answer(key)) {
      counters.repeatedAnswers += 1;
      return;
    }
    if (socket.send(message)) return;
    dropLateAnswers();
    waitingAnswers.push({ message, requestId, since: now() });
  }

  function dropLateAnswers(): void {
    const oldest = now() - RESULT_LIFETIME_MS;
    const late = waitingAnswers.filter(({ since }) => since < oldest);
    waitingAnswers = waitingAnswers.filter(({ since }) => since >= oldest);
    sayUndelivered(late);
  }

  function sendWaitingAnswers(): void {
    dropLateAnswers();
    // Whatever cannot be sent now (the connection broke again) goes on waiting, with its age.
    waitingAnswers = waitingAnswers.filter(({ message }) => !socket.send(message));
  }

  function sayUndelivered(answers: readonly { requestId: string }[]): void {
    if (answers.length === 0) return;
    counters.undelivered += answers.length;
    const ids = answers.map(({ requestId }) => quoteOutside(requestId, [line.apiKey], 80)).join(", ");
    log.warn(`${title}: no connection in time for the answer to ${ids}; the caller did not hear it.`);
  }

  return {
    name: "clawdtalk",
    capabilities: {
      partialSpeech: true,
      callEnd: true,
      siblingWindowMs: 1_000,
      texts: true,
      outboundCalls: true,
      newestRequestOnly: false,
      endsCallWithAnswer: false,
    },
    start(to) {
      reports.begin(to);
      socket.start();
    },
    async stop() {
      await socket.stop();
      sayUndelivered(waitingAnswers);
      waitingAnswers = [];
    },
    status: reports.status,
    speak(turn, text) {
      if (requests.isAnswered(turnKey(turn))) {
        counters.repeatedAnswers += 1;
        return false;
      }
      return socket.send(progressMessage(turn.callId, turn.requestId, text));
    },
    answer(turn, text) {
      sendAnswer(turnKey(turn), turn.requestId, resultMessage(turn.callId, turn.requestId, text));
    },
    sendContext(callId, context) {
      if (socket.send(contextMessage(callId, context))) return;
      counters.undelivered += 1;
      log.warn(`${title}: no connection for the context of a starting call; the call starts without it.`);
    },
    greet: (callId, text) => socket.send(spokenMessage(callId, text)),
    answerWalkie(requestId, reply) {
      sendAnswer(walkieKey(requestId), requestId, walkieMessage(requestId, reply));
    },
  };
}

/** A request's identity includes its call: nothing says that request ids are unique beyond one. */
function turnKey({ callId, requestId }: { callId: string; requestId: string }): string {
  return JSON.stringify([callId, requestId]);
}

function walkieKey(requestId: string): string {
  return JSON.stringify([requestId]);
}

/** What was heard and answered, for the newest `size` requests. */
interface RequestMemory {
  /** True the first time. */
  hear(key: string): boolean;
  /** True for the first answer. */
  answer(key: string): boolean;
  isAnswered(key: string): boolean;
}

function createRequestMemory(size: number): RequestMemory {
  /** In the order of the last touch, oldest first; the value says whether the request was answered. */
  const known = new Map<string, boolean>();
  const remember = (key: string, answered: boolean) => {
    known.delete(key);
    known.set(key, answered);
    const [oldest] = known.keys();
    if (known.size > size && oldest !== undefined) known.delete(oldest);
  };
  return {
    hear(key) {
      const first = !known.has(key);
      remember(key, known.get(key) ?? false);
      return first;
    },
    answer(key) {
      const first = known.get(key) !== true;
      remember(key, true);
      return first;
    },
    isAnswered: (key) => known.get(key) === true,
  };
}
