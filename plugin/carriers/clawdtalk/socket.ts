/**
 * Owns the life of one line's WebSocket connection to ClawdTalk: opening, authenticating, keeping alive,
 * noticing how it ended, and trying again or stopping for good. What the messages mean is the carrier's
 * business.
 */

import { setTimeout as wait } from "node:timers/promises";
import pRetry, { AbortError } from "p-retry";
import WebSocket, { type ClientOptions } from "ws";
import { nameKey, quoteOutside } from "../../config/redaction.ts";
import { type Log, messageOf } from "../../log.ts";
import { type BackoffTimings, reconnectDelayMs } from "../backoff.ts";
import type { LineState } from "../carrier.ts";
import { authMessage, type ClientMessage, type Reading, readServerMessage, restartMessage } from "./wire.ts";

/** All in milliseconds. Defaults: the wire page, "Connection", where it says a number. */
export interface ConnectionTimings extends BackoffTimings {
  /** From connecting until the WebSocket is open. */
  readonly handshakeTimeoutMs: number;
  /** From open until the server accepted or refused the key (our own bound; the page has none). */
  readonly authTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** A ping unanswered for this long means the connection is dead. */
  readonly pongTimeoutMs: number;
  /** The least wait after HTTP 429 at the handshake. */
  readonly tooManyRequestsWaitMs: number;
  /** A connection that held this long was nobody's rival: the count of take-overs starts again. */
  readonly settledAfterMs: number;
  /** How long a closing handshake may take before the socket is cut. */
  readonly closeTimeoutMs: number;
}

export const DEFAULT_TIMINGS: ConnectionTimings = {
  handshakeTimeoutMs: 10_000,
  authTimeoutMs: 10_000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  backoffMinMs: 5_000,
  backoffMaxMs: 180_000,
  tooManyRequestsWaitMs: 60_000,
  settledAfterMs: 60_000,
  closeTimeoutMs: 2_000,
};

/** A larger frame ends the connection; the longest real message, a call's transcript, is far below. */
export const MAX_FRAME_BYTES = 1024 * 1024;

/** This many take-overs (close code 4000) in a row mean that a second client lives on the same key. */
const TAKEOVER_LIMIT = 3;
const TAKEN_OVER = 4000;
const TOO_MANY_REQUESTS = 429;

export interface ClawdTalkSocketOptions {
  readonly lineName: string;
  readonly apiKey: string;
  /** `https://…` or `http://…`. */
  readonly server: string;
  readonly version: string;
  readonly ownerName?: string | undefined;
  readonly agentName?: string | undefined;
  readonly timings: ConnectionTimings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly onReconnected: () => void;
  /** Another client took over with the same key. */
  readonly onTakenOver: () => void;
  /** The state and the one sentence people read about it; called at every change of either. */
  readonly onState: (state: LineState, detail: string) => void;
  /** Every frame but those about the key. Must not throw. */
  readonly onReading: (reading: Reading) => void;
  /** From now on `send` works. */
  readonly onReady: () => void;
}

export interface ClawdTalkSocket {
  start(): void;
  /** Resolves when the socket is closed and no timer is left. */
  stop(): Promise<void>;
  /** Returns false, and forgets the message, when there is no authenticated connection. */
  send(message: ClientMessage): boolean;
}

/** `lost` covers every end that only calls for another try. */
type EndingKind = "refused" | "takenOver" | "tooManyRequests" | "lost";

/** How a connection, or the attempt at one, ended. The message is a clause: "nothing answers at …". */
class ConnectionEnded extends Error {
  readonly kind: EndingKind;
  constructor(kind: EndingKind, clause: string) {
    super(clause);
    this.name = "ConnectionEnded";
    this.kind = kind;
  }
}

/** Trying again would not help. The message is the sentence for people. */
class ConnectionGivenUp extends Error {
  readonly state: LineState;
  constructor(state: LineState, sentence: string) {
    super(sentence);
    this.name = "ConnectionGivenUp";
    this.state = state;
  }
}

/** An open, authenticated connection. */
interface Connection {
  readonly ended: Promise<ConnectionEnded>;
  send(message: ClientMessage): boolean;
}

/**
 * The WebSocket address of a server: `https://clawdtalk.com` → `wss://clawdtalk.com/ws`.
 *
 * @throws Error with a clause for people when `server` is not an http or https address
 */
export function webSocketUrl(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new Error("the server address is not an http or https address");
  }
  return `${url.protocol.replace("http", "ws")}//${url.host}${url.pathname.replace(/\/+$/, "")}/ws`;
}

export function createClawdTalkSocket(options: ClawdTalkSocketOptions): ClawdTalkSocket {
  const { apiKey, timings, now, log } = options;
  const line = `ClawdTalk line "${options.lineName}"`;
  const stopping = new AbortController();
  const { signal } = stopping;

  let running: Promise<void> = Promise.resolve();
  /** Settles when the newest socket is closed. */
  let socketClosed: Promise<void> = Promise.resolve();
  let connection: Connection | undefined;
  let connectedBefore = false;
  let takeovers = 0;
  let outageLogged = false;

  /** One try: opens a socket and authenticates. @throws ConnectionEnded */
  function connect(url: string): Promise<Connection> {
    const opened = Promise.withResolvers<Connection>();
    const ended = Promise.withResolvers<ConnectionEnded>();
    const closed = Promise.withResolvers<void>();
    socketClosed = closed.promise;
    // `closeTimeout` is in ws since 8.19 and not in its types yet.
    const clientOptions: ClientOptions & { closeTimeout: number } = {
      handshakeTimeout: timings.handshakeTimeoutMs,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      closeTimeout: timings.closeTimeoutMs,
    };
    const socket = new WebSocket(url, clientOptions);
    let authenticatedAt: number | undefined;
    /** The first cause is the true one: what follows (an error, a close) is its consequence. */
    let ending: ConnectionEnded | undefined;
    let authTimer: NodeJS.Timeout | undefined;
    let pingTimer: NodeJS.Timeout | undefined;
    let pongTimer: NodeJS.Timeout | undefined;

    const cut = (kind: EndingKind, clause: string) => {
      ending ??= new ConnectionEnded(kind, clause);
      socket.terminate();
    };
    const onStop = () => {
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      else socket.terminate();
    };
    const send = (message: ClientMessage) => {
      if (authenticatedAt === undefined || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    };
    const ping = () => {
      if (pongTimer || socket.readyState !== WebSocket.OPEN) return;
      socket.ping();
      pongTimer = setTimeout(
        () => cut("lost", `the server was silent for ${seconds(timings.pongTimeoutMs)} after a ping`),
        timings.pongTimeoutMs,
      );
    };
    const authenticated = () => {
      if (authenticatedAt !== undefined) return;
      authenticatedAt = now();
      clearTimeout(authTimer);
      pingTimer = setInterval(ping, timings.pingIntervalMs);
      connection = { ended: ended.promise, send };
      opened.resolve(connection);
      becomeReady(connection);
    };

    signal.addEventListener("abort", onStop, { once: true });
    socket.on("open", () => {
      const { version, ownerName, agentName } = options;
      socket.send(JSON.stringify(authMessage({ apiKey, version, ownerName, agentName })));
      authTimer = setTimeout(
        () => cut("lost", `the server did not answer to the key within ${seconds(timings.authTimeoutMs)}`),
        timings.authTimeoutMs,
      );
    });
    socket.on("message", (data) => {
      // What still arrives after the end was decided belongs to no connection any more.
      if (ending || signal.aborted) return;
      const reading = readServerMessage(data.toString());
      if (reading.kind !== "message") options.onReading(reading);
      else if (reading.message.kind === "authenticated") authenticated();
      else if (reading.message.kind === "refused") cut("refused", reading.message.reason);
      else options.onReading(reading);
    });
    socket.on("pong", () => {
      clearTimeout(pongTimer);
      pongTimer = undefined;
    });
    socket.on("unexpected-response", (_request, response) => {
      if (response.statusCode === TOO_MANY_REQUESTS) {
        cut("tooManyRequests", "the server has too many requests (HTTP 429)");
      } else {
        cut("lost", `${url} answers with HTTP ${response.statusCode}; check that it is a ClawdTalk server`);
      }
    });
    socket.on("error", (error) => {
      ending ??= new ConnectionEnded("lost", describeConnectionError(error, url, timings));
    });
    socket.on("close", (code, reason) => {
      clearTimeout(authTimer);
      clearTimeout(pongTimer);
      clearInterval(pingTimer);
      signal.removeEventListener("abort", onStop);
      if (connection?.send === send) connection = undefined;
      const why = reason.length > 0 ? ` ${quoteOutside(reason.toString(), [apiKey])}` : "";
      ending ??=
        code === TAKEN_OVER
          ? new ConnectionEnded("takenOver", "another client took over with the same key (close code 4000)")
          : new ConnectionEnded("lost", `the connection was closed (code ${code}${why})`);
      countTakeovers(ending, authenticatedAt === undefined ? undefined : now() - authenticatedAt);
      if (authenticatedAt === undefined) opened.reject(ending);
      else ended.resolve(ending);
      closed.resolve();
    });
    return opened.promise;
  }

  function becomeReady(current: Connection): void {
    log.info(`${line} is connected.`);
    outageLogged = false;
    if (connectedBefore) {
      current.send(restartMessage(options.version));
      options.onReconnected();
    }
    connectedBefore = true;
    options.onState("connected", "Connected.");
    options.onReady();
  }

  /**
   * Only take-overs that follow each other closely are a fight over the key: a connection that ended otherwise
   * or held long starts the count again, a try that never got through changes nothing.
   *
   * @param livedMs how long the connection was authenticated, undefined when it never was
   */
  function countTakeovers({ kind }: ConnectionEnded, livedMs: number | undefined): void {
    const settled = livedMs !== undefined && livedMs > timings.settledAfterMs;
    if (settled || (livedMs !== undefined && kind !== "takenOver")) takeovers = 0;
    if (kind !== "takenOver") return;
    takeovers += 1;
    options.onTakenOver();
  }

  /** The endings after which another try would only do harm. */
  function giveUp({ kind, message }: ConnectionEnded): ConnectionGivenUp | undefined {
    if (kind === "refused") {
      const said = message === "" ? "" : ` (it says ${quoteOutside(message, [apiKey])})`;
      return new ConnectionGivenUp(
        "refused",
        `${line} is off: the server refused the key ${nameKey(apiKey)}${said}. ` +
          "Set a valid ClawdTalk key for this line and restart it.",
      );
    }
    if (kind === "takenOver" && takeovers >= TAKEOVER_LIMIT) {
      return new ConnectionGivenUp(
        "stopped",
        `${line} is off: another client took over with the same key ${nameKey(apiKey)} ` +
          `${TAKEOVER_LIMIT} times in a row. Look for an old ClawdTalk daemon, a second gateway with this line, ` +
          "or the skill-only connector, stop it, and restart this line.",
      );
    }
    return undefined;
  }

  /** Says once per outage what happened and when the next try is, then waits for that moment. */
  async function waitBeforeRetry(ending: Error, attempt: number): Promise<void> {
    signal.throwIfAborted();
    const tooMany = ending instanceof ConnectionEnded && ending.kind === "tooManyRequests";
    const backoffMs = reconnectDelayMs(attempt, timings, options.random());
    const delayMs = tooMany ? Math.max(timings.tooManyRequestsWaitMs, backoffMs) : backoffMs;
    const nextTry = new Date(now() + delayMs).toISOString();
    const sentence = `${line} is not connected: ${ending.message}. Next try at ${nextTry}.`;
    if (outageLogged) log.debug(sentence);
    else log.warn(sentence);
    outageLogged = true;
    options.onState("reconnecting", sentence);
    await wait(delayMs, undefined, { signal });
  }

  /** Ends only by throwing: ConnectionGivenUp, or the signal's reason at `stop`. */
  async function keepConnected(): Promise<never> {
    const url = urlOf(options);
    if (apiKey.trim() === "") {
      throw new ConnectionGivenUp("refused", `${line} is off: it has no API key. Set one and restart it.`);
    }
    for (let waited = 0; ; waited = 1) {
      // One run of p-retry is one outage. Its own delays have no jitter at the longest wait and take no random
      // numbers from outside, so the waiting is done in `onFailedAttempt` and its delay is nil.
      const current = await pRetry(
        () =>
          connect(url).catch((ending: ConnectionEnded) => {
            const final = giveUp(ending);
            throw final ? new AbortError(final) : ending;
          }),
        {
          retries: Number.POSITIVE_INFINITY,
          minTimeout: 0,
          factor: 1,
          signal,
          onFailedAttempt: ({ error, attemptNumber }) => waitBeforeRetry(error, attemptNumber + waited),
        },
      );
      const ending = await current.ended;
      const final = giveUp(ending);
      if (final) throw final;
      await waitBeforeRetry(ending, 1);
    }
  }

  function urlOf({ server }: ClawdTalkSocketOptions): string {
    try {
      return webSocketUrl(server);
    } catch (error) {
      const clause = messageOf(error);
      const given = quoteOutside(server, [apiKey]);
      throw new ConnectionGivenUp("stopped", `${line} is off: ${clause} (${given}). Correct it and restart.`);
    }
  }

  function settle(error: unknown): void {
    if (signal.aborted) return;
    const final =
      error instanceof ConnectionGivenUp
        ? error
        : new ConnectionGivenUp("stopped", `${line} is off after an error of its own: ${String(error)}`);
    log.error(final.message);
    options.onState(final.state, final.message);
  }

  return {
    start() {
      options.onState("starting", "Connecting.");
      running = keepConnected().catch(settle);
    },
    async stop() {
      stopping.abort();
      await running;
      await socketClosed;
      options.onState("stopped", "Stopped.");
    },
    send: (message) => connection?.send(message) ?? false,
  };
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1_000} s`;
}

/** What an error of the network or of the WebSocket means, as a clause for people. */
export function describeConnectionError(
  error: Error,
  url: string,
  { handshakeTimeoutMs }: Pick<ConnectionTimings, "handshakeTimeoutMs">,
): string {
  const { host, hostname } = new URL(url);
  // A name with several addresses fails with one error for each of them.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return `nothing answers at ${host} (connection refused); check the server address`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${hostname} cannot be resolved (${code}); check the network and the server address`;
    case "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH":
      return `the server sent a frame larger than ${MAX_FRAME_BYTES} bytes`;
    default:
      if (error.message === "Opening handshake has timed out") {
        return `${host} did not answer within ${seconds(handshakeTimeoutMs)}`;
      }
      return `${host}: ${error.message || code || "the connection failed"}`;
  }
}
