// Owns the StepOne practice server: one HTTP server on loopback that places calls, streams what is said, writes
// records late and fails on demand, and keeps what it receives. The parts are in stepone-*.ts.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RequestRecord, Violation } from "./practice-record.ts";
import { politeCallee, type StepOneCallee, StepOnePracticeCall } from "./stepone-calls.ts";
import { noFaults, type StepOneFaults } from "./stepone-faults.ts";
import {
  DEFAULT_TIMINGS,
  type StepOneHost,
  type StepOneRecord,
  type StepOneStream,
  type StepOneTimings,
} from "./stepone-record.ts";
import { serveStepOne } from "./stepone-rest.ts";
import type { StepOneRule } from "./stepone-wire.ts";
import { PracticeError, Waiting, type WaitOptions } from "./waiting.ts";

/** The key the practice line accepts when no other is given. It opens nothing else. */
export const PRACTICE_STEPONE_KEY = "sk_practice_stepone_000000000000";

export interface StepOneOptions {
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Default {@link PRACTICE_STEPONE_KEY}. */
  readonly key?: string;
  /** The skill version that is accepted; every other one gets 426. Default `1.0.0`. */
  readonly skillVersion?: string;
  readonly timings?: Partial<StepOneTimings>;
  /** What every wait is multiplied by, `afterMs` and the like included; lengths of calls are told unscaled. */
  readonly timeScale?: number;
  /**
   * How `initiate_call` answers; default `call_ids`. `provider_call_id` names the call to the first number only,
   * though all are called.
   */
  readonly answerShape?: "call_ids" | "provider_call_id";
  /** What the owners of these numbers (11 digits) do. */
  readonly callees?: Readonly<Record<string, StepOneCallee>>;
  /** What everybody else does; default: hears what the call is about, and confirms. */
  readonly onRing?: (call: StepOnePracticeCall) => StepOneCallee;
  /** The clock, in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /** Makes the id of a call, the first one's `count` being 1; default random, every second one with a `^`. */
  readonly newId?: (count: number) => string;
}

/**
 * Starts a StepOne practice server on 127.0.0.1.
 *
 * @throws PracticeError when the port is taken.
 */
export function startStepOnePractice(options: StepOneOptions = {}): Promise<StepOnePractice> {
  return StepOnePractice.start(options);
}

export class StepOnePractice {
  /** What goes wrong. Set any field at any time; {@link behave} clears all. */
  readonly faults: StepOneFaults = noFaults();
  readonly key: string;
  readonly skillVersion: string;
  /** Its fields may be set at any time. */
  readonly timings: StepOneTimings;
  /** May be set at any time. */
  answerShape: "call_ids" | "provider_call_id";
  /** What the owners of these numbers do; may be changed. */
  readonly callees: Map<string, StepOneCallee>;
  /** What everybody else does; may be set. */
  onRing: (call: StepOnePracticeCall) => StepOneCallee;
  /** Every call, in order. */
  readonly calls: readonly StepOnePracticeCall[];
  /** Every request, in order. */
  readonly requests: readonly RequestRecord[];
  /** Every stream that was opened, in order. */
  readonly streams: readonly StepOneStream[];
  /** Everything clients did that the wire page does not allow. */
  readonly violations: readonly Violation<StepOneRule>[];
  readonly #waiting = new Waiting();
  readonly #http: Server;
  #handedOver = 0;
  #port = 0;

  private constructor(options: StepOneOptions) {
    this.key = options.key ?? PRACTICE_STEPONE_KEY;
    this.skillVersion = options.skillVersion ?? "1.0.0";
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.answerShape = options.answerShape ?? "call_ids";
    this.callees = new Map(Object.entries(options.callees ?? {}));
    this.onRing = options.onRing ?? politeCallee;
    const { now = Date.now, timeScale = 1, newId = randomId } = options;
    const waiting = this.#waiting;
    const record: StepOneRecord = { requests: [], streams: [], violations: [] };
    const host: StepOneHost = {
      waiting,
      record,
      faults: this.faults,
      timings: this.timings,
      timeScale,
      now,
      later: (delayMs, action) => waiting.later(delayMs * timeScale, action),
    };
    const calls: StepOnePracticeCall[] = [];
    const place = (number: string, requirement: string) => {
      const call = new StepOnePracticeCall(host, { id: newId(calls.length + 1), number, requirement });
      calls.push(call);
      call.ring(this.callees.get(number) ?? this.onRing(call));
      return call;
    };
    const { key, skillVersion } = this;
    const rest = { ...host, key, skillVersion, answerShape: () => this.answerShape, calls, call: place };
    this.#http = createServer((request, response) => void serveStepOne(rest, request, response));

    this.calls = calls;
    this.requests = record.requests;
    this.streams = record.streams;
    this.violations = record.violations;
  }

  /** See {@link startStepOnePractice}. */
  static async start(options: StepOneOptions): Promise<StepOnePractice> {
    const server = new StepOnePractice(options);
    const port = options.port ?? 0;
    const listening = once(server.#http.listen(port, "127.0.0.1"), "listening");
    await listening.catch(({ code, message }: NodeJS.ErrnoException) => {
      throw new PracticeError(
        code === "EADDRINUSE"
          ? `Port ${port} is taken; choose another one.`
          : `The practice line cannot listen on port ${port}: ${message}.`,
      );
    });
    server.#port = (server.#http.address() as AddressInfo).port;
    return server;
  }

  /** `http://127.0.0.1:<port>`: what a client takes as STEPONEAI_API_BASE. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Clears every fault. */
  behave(): void {
    Object.assign(this.faults, noFaults());
  }

  /**
   * Waits until `look` finds something on this server (anything but `undefined`); it looks after every event.
   *
   * @param what Named in the error.
   * @throws PracticeTimeout
   */
  until<Found>(look: () => Found | undefined, what: string, options?: WaitOptions): Promise<Found> {
    return this.#waiting.until(look, what, options);
  }

  /** The next call, as soon as it is placed. Calls are handed over once each, in order. @throws PracticeTimeout */
  async nextCall(options?: WaitOptions): Promise<StepOnePracticeCall> {
    const index = this.#handedOver;
    this.#handedOver += 1;
    return this.until(() => this.calls[index], "a call", options);
  }

  /** Ends every connection, timer and wait. */
  async close(): Promise<void> {
    this.#waiting.stop();
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    this.#http.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Ids of the form the service gives out: letters, digits, `-`, and now and then a `^`. */
function randomId(count: number): string {
  return count % 2 === 0 ? `${randomUUID()}^${count}` : randomUUID();
}
