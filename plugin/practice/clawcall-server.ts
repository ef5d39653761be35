// Owns the ClawCall practice server: one HTTP server on loopback that rings, talks, keeps schedules and fails on
// demand, and keeps what it receives. The parts are in clawcall-*.ts.
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { Accounts, type ClawCallAccount } from "./clawcall-accounts.ts";
import { Billing, type Payment } from "./clawcall-billing.ts";
import type { ClawCallPracticeCall } from "./clawcall-caller.ts";
import { Calls, type ClawCallCallee, type ClawCallRingOptions } from "./clawcall-calls.ts";
import { type ClawCallFaults, noFaults } from "./clawcall-faults.ts";
import { type ClawCallTimings, DEFAULT_TIMINGS, type PracticeLine } from "./clawcall-line.ts";
import { Listening } from "./clawcall-listening.ts";
import {
  type ClawCallAnswer,
  type ClawCallEvent,
  type ClawCallListen,
  type ClawCallMessage,
  ClawCallRecord,
} from "./clawcall-record.ts";
import { serveClawCall } from "./clawcall-rest.ts";
import { type ClawCallSchedule, Schedules } from "./clawcall-schedules.ts";
import { Slots } from "./clawcall-slots.ts";
import type { ClawCallRule, Tier } from "./clawcall-wire.ts";
import { closeAtOnce, listenOnLoopback } from "./loopback.ts";
import type { RequestRecord, Violation } from "./practice-record.ts";
import { PracticeError, Waiting, type WaitOptions } from "./waiting.ts";

/** The key the practice line accepts when no other is given. It opens nothing else. */
export const PRACTICE_CLAWCALL_KEY = "00000000-practice-clawcall-000000000000";

export interface ClawCallOptions {
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** The first account's key; default {@link PRACTICE_CLAWCALL_KEY}. */
  readonly key?: string;
  /** Default `owner@practice.invalid`. */
  readonly email?: string;
  /** The owner's registered phone; default `+15550001111`. */
  readonly ownerNumber?: string;
  /** Default `+15550008888`. */
  readonly sharedNumber?: string;
  /** The first agent's own number; default none. */
  readonly dedicatedNumber?: string;
  /** Default `free`. */
  readonly tier?: Tier;
  /** Default `Robin`. */
  readonly agentName?: string;
  readonly timings?: Partial<ClawCallTimings>;
  /** What people do whose phone rings; default: they pick up and wait to be told. Settable later. */
  readonly onRing?: (call: ClawCallPracticeCall) => ClawCallCallee | Promise<ClawCallCallee>;
  /** Where to pay; `""`: payments are off (503). */
  readonly wallet?: string;
  /** Whether calls out that nobody picks up leave a row in the history; default false. */
  readonly unansweredInHistory?: boolean;
  /** The clock, in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /** Makes an id of this kind; default random. */
  readonly newId?: (kind: string) => string;
}

/**
 * Starts a ClawCall practice server on 127.0.0.1, with one account.
 *
 * @throws PracticeError when the port is taken.
 */
export function startClawCallPractice(options: ClawCallOptions = {}): Promise<ClawCallPractice> {
  return ClawCallPractice.start(options);
}

export class ClawCallPractice {
  /** What goes wrong. Set any field at any time; {@link behave} clears all. */
  readonly faults: ClawCallFaults = noFaults();
  readonly sharedNumber: string;
  readonly dedicatedNumber: string | undefined;
  readonly timings: ClawCallTimings;
  /** The account the server started with; its fields may be set. */
  readonly account: ClawCallAccount;
  /** All accounts, in the order of their registration. */
  readonly accounts: readonly ClawCallAccount[];
  /** Every request, in order. */
  readonly requests: readonly RequestRecord[];
  /** Everything clients did that the wire page does not allow. */
  readonly violations: readonly Violation<ClawCallRule>[];
  /** Every message put into a queue, in order. */
  readonly messages: readonly ClawCallMessage[];
  /** Every poll, in order. */
  readonly listens: readonly ClawCallListen[];
  /** Every answer posted, in order. */
  readonly answers: readonly ClawCallAnswer[];
  /** Every call, in order, those turned away or not picked up included. */
  readonly calls: readonly ClawCallPracticeCall[];
  readonly schedules: readonly ClawCallSchedule[];
  /** What people do whose phone rings, unless `nextCall` said so; may be set. */
  onRing: (call: ClawCallPracticeCall) => ClawCallCallee | Promise<ClawCallCallee>;
  readonly #waiting = new Waiting();
  readonly #record: ClawCallRecord;
  readonly #billing: Billing;
  readonly #listening: Listening;
  readonly #calls: Calls;
  readonly #schedules: Schedules;
  readonly #http: Server;
  #port = 0;

  private constructor(options: ClawCallOptions) {
    this.sharedNumber = options.sharedNumber ?? "+15550008888";
    this.dedicatedNumber = options.dedicatedNumber;
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.onRing = options.onRing ?? (() => ({ does: "answer" }));
    const now = options.now ?? Date.now;
    const { faults, timings, sharedNumber } = this;
    const waiting = this.#waiting;
    const record = new ClawCallRecord(now, waiting);
    const newId = options.newId ?? randomId;
    const line: PracticeLine = { waiting, record, faults, timings, sharedNumber, now, newId };

    const listening = new Listening(line);
    const accounts = new Accounts(line, ({ id }) => listening.isListening(id));
    const owner = {
      phoneNumber: options.ownerNumber ?? "+15550001111",
      agentName: options.agentName ?? "Robin",
      email: options.email ?? "owner@practice.invalid",
    };
    const { key = PRACTICE_CLAWCALL_KEY, tier = "free", dedicatedNumber } = options;
    this.account = accounts.open(owner, { key, tier, dedicatedNumber }).account;
    const billing = new Billing(options.wallet ?? "PracticeWa11et1111111111111111111111111111", now);
    const slots = new Slots(line);
    const calls = new Calls({
      ...line,
      accounts,
      listening,
      slots,
      unansweredInHistory: options.unansweredInHistory ?? false,
      onRing: (call) => this.onRing(call),
    });
    const schedules = new Schedules(line, ({ agent, id, taskContext }) => {
      if (!calls.minutesUsedUp(agent)) calls.callAsScheduled(agent, id, taskContext);
    });
    const rest = { ...line, accounts, billing, listening, slots, calls, schedules };
    this.#http = createServer((request, response) => void serveClawCall(rest, request, response));

    this.accounts = accounts.all;
    this.requests = record.requests;
    this.violations = record.violations;
    this.messages = record.messages;
    this.listens = record.listens;
    this.answers = record.answers;
    this.calls = calls.all;
    this.schedules = schedules.all;
    this.#record = record;
    this.#billing = billing;
    this.#listening = listening;
    this.#calls = calls;
    this.#schedules = schedules;
  }

  /** See {@link startClawCallPractice}. */
  static async start(options: ClawCallOptions): Promise<ClawCallPractice> {
    const server = new ClawCallPractice(options);
    try {
      server.#port = await listenOnLoopback(server.#http, options.port ?? 0);
    } catch (error) {
      server.#waiting.stop();
      throw error;
    }
    return server;
  }

  /** `http://127.0.0.1:<port>`: what a client takes as CLAWCALL_BASE_URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** The first account's key as it is now: registering its email again changes it. */
  get key(): string {
    return this.account.agents[0]?.key ?? "";
  }

  get email(): string {
    return this.account.email;
  }

  get ownerNumber(): string {
    return this.account.phoneNumber;
  }

  /** Whether a client is listening now, for whichever account's first agent. */
  get listening(): boolean {
    return this.listeningAccount !== undefined;
  }

  /** The account that registered last among those whose first agent a client listens for now. */
  get listeningAccount(): ClawCallAccount | undefined {
    return this.accounts.findLast(({ agents }) => this.#listening.isListening(agents[0]?.id ?? ""));
  }

  /** Messages that were taken out of their queue and never arrived. */
  get lostMessages(): readonly ClawCallMessage[] {
    return this.messages.filter(({ lost }) => lost);
  }

  /** Clears every fault. */
  behave(): void {
    Object.assign(this.faults, noFaults());
  }

  /** Hears everything that happens on the line; the returned function stops it. */
  follow(listener: (event: ClawCallEvent) => void): () => void {
    return this.#record.follow(listener);
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

  /** Waits until a client listens, and tells for which account's first agent. @throws PracticeTimeout */
  waitForListener(options?: WaitOptions): Promise<ClawCallAccount> {
    return this.until(() => this.listeningAccount, "a client that listens", options);
  }

  /**
   * Somebody dials. The service picks up and greets, or turns the caller away: on the shared number everybody whose
   * phone is not registered, on an agent's own number nobody. Nobody needs to listen.
   *
   * @throws PracticeError when the number dialled is nobody's.
   */
  async ring({ from, to, toDedicated = false }: ClawCallRingOptions = {}): Promise<ClawCallPracticeCall> {
    const dialled = to ?? (toDedicated ? this.dedicatedNumber : this.sharedNumber);
    if (dialled === undefined) throw new PracticeError("This practice line has no dedicated number to dial.");
    return this.#calls.ring(from ?? this.ownerNumber, dialled);
  }

  /**
   * The next call out, once it has been picked up or has not (then it has ended, with a reason). Calls are handed
   * over once each, in order.
   *
   * @param callee What the person does whose phone rings; default {@link onRing}.
   * @throws PracticeTimeout, or PracticeError when that call's phone has rung already.
   */
  nextCall(callee?: ClawCallCallee, options?: WaitOptions): Promise<ClawCallPracticeCall> {
    return this.#calls.nextCall(callee, options);
  }

  /** Rings for this schedule now, as if its time had come. @throws PracticeError when there is no such schedule. */
  runScheduleNow(id: string): void {
    const schedule = this.#schedules.all.find((one) => one.id === id);
    if (!schedule) throw new PracticeError(`There is no schedule ${id}.`);
    this.#schedules.run(schedule);
  }

  /** Makes a payment on the practice chain; returns its signature. */
  pay(payment: Payment): string {
    return this.#billing.pay(payment);
  }

  /** Ends every connection, timer and wait. */
  async close(): Promise<void> {
    this.#waiting.stop();
    await closeAtOnce(this.#http);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Ids as the service makes them: a call's begins with `CA`, a key is a bare UUID. */
function randomId(kind: string): string {
  const id = randomUUID();
  if (kind === "call") return `CA${id.replaceAll("-", "")}`;
  return kind === "key" ? id : `${kind}_${id}`;
}
