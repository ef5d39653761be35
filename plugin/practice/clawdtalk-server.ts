// Owns the ClawdTalk practice server: one HTTP server on loopback with the WebSocket at /ws and REST at /v1.
// It rings, talks, texts and fails on demand, and keeps what it receives. The parts are in clawdtalk-*.ts.
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { type Approval, Approvals, type Devices } from "./approvals.ts";
import type { PracticeCall } from "./caller.ts";
import {
  type Callee,
  Calls,
  type CallTimings,
  type OutboundCall,
  type OutboundRing,
  type RingOptions,
} from "./clawdtalk-calls.ts";
import { Clients, type ClientTimings, TAKEN_OVER } from "./clawdtalk-clients.ts";
import type { Connection } from "./clawdtalk-connection.ts";
import { type ClawdTalkFaults, noFaults } from "./clawdtalk-faults.ts";
import { Missions } from "./clawdtalk-missions.ts";
import {
  type ClawdTalkEvent,
  ClawdTalkRecord,
  type FrameRecord,
  type HandshakeRecord,
  type PracticeClient,
} from "./clawdtalk-record.ts";
import { serveRest } from "./clawdtalk-rest.ts";
import {
  type ApprovalDecision,
  type ClientMessage,
  type ClientMessageOf,
  type EventName,
  type Rule,
  type ServerEvents,
  sampleEvent,
} from "./clawdtalk-wire.ts";
import { type DrivenClock, machineClock } from "./driven-clock.ts";
import { closeAtOnce, listenOnLoopback } from "./loopback.ts";
import type { RequestRecord, Violation } from "./practice-record.ts";
import { type PracticeText, type TextMessage, TextMessages } from "./text-messages.ts";
import { Waiting, type WaitOptions } from "./waiting.ts";

/** The key the practice line accepts when no other is given. It opens nothing else. */
export const PRACTICE_API_KEY = "cc_live_practice_000000000000000000000000";

export type ClawdTalkTimings = ClientTimings & CallTimings;

export interface ClawdTalkOptions {
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** API keys that are accepted; default {@link PRACTICE_API_KEY}. One client at a time holds each. */
  readonly keys?: readonly string[];
  /** Default `+15550001111`. */
  readonly ownerNumber?: string;
  /** Default `+15550009999`. */
  readonly systemNumber?: string;
  /** The account's own number; without it calls to others are refused (403). Default none. */
  readonly dedicatedNumber?: string;
  /** Default `free` without a dedicated number, `pro` with one. */
  readonly tier?: string;
  /** The owner's phones for approvals; default one that works. Settable later: `server.devices`. */
  readonly devices?: Partial<Devices>;
  readonly timings?: Partial<ClawdTalkTimings>;
  /** What callees do; default: they answer. Settable later. */
  readonly onOutbound?: (ring: OutboundRing) => Callee | Promise<Callee>;
  /** Set when this server continues an earlier one on its port, so that `client_restart` may come at once. */
  readonly knownClients?: boolean;
  /** The clock, in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /** Drives what missions have scheduled, and is the clock for everything else unless `now` is given too. */
  readonly clock?: DrivenClock;
  /** Makes an id of this kind; default random. */
  readonly newId?: (kind: string) => string;
}

export interface TextOptions {
  /** Default the owner's number. */
  readonly from?: string;
  readonly body: string;
  /** Default: a new id. The same id twice is the same text, delivered twice. */
  readonly messageId?: string;
  readonly key?: string;
}

const DEFAULT_TIMINGS: ClawdTalkTimings = {
  authWithinMs: 10_000,
  contextWithinMs: 2_000,
  outboundRingMs: 20,
  pingEveryMs: 30_000,
  pongWithinMs: 10_000,
  reorderHoldMs: 200,
};

/**
 * Starts a ClawdTalk practice server on 127.0.0.1.
 *
 * @throws PracticeError when the port is taken.
 */
export function startClawdTalkPractice(options: ClawdTalkOptions = {}): Promise<ClawdTalkPractice> {
  return ClawdTalkPractice.start(options);
}

export class ClawdTalkPractice {
  /** Missions, with what belongs to them: `missions.assistants`, `missions.numbers`, `missions.scheduled`. */
  readonly missions: Missions;
  /** What goes wrong. Set any field at any time; {@link behave} clears all. */
  readonly faults: ClawdTalkFaults = noFaults();
  /** What `GET /doctor/critical` and the others answer; what is missing is not offered (404). Settable at any time. */
  readonly doctor: Record<string, unknown> = {};
  readonly keys: readonly string[];
  readonly ownerNumber: string;
  readonly systemNumber: string;
  readonly dedicatedNumber: string | undefined;
  readonly tier: string;
  /** Whether the account's owner has verified their number. */
  phoneVerified = true;
  readonly timings: ClawdTalkTimings;
  readonly #waiting = new Waiting();
  readonly #now: () => number;
  readonly #newId: (kind: string) => string;
  readonly #record: ClawdTalkRecord;
  readonly #clients: Clients;
  readonly #calls: Calls;
  readonly #messages = new TextMessages();
  readonly #approvals: Approvals;
  readonly #walkieReplies = new Map<string, ClientMessageOf<"walkie_response"> | undefined>();
  readonly #logReplies = new Map<string, ClientMessageOf<"logs_response"> | undefined>();
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  #approvalsTaken = 0;
  #port = 0;

  private constructor(options: ClawdTalkOptions) {
    this.keys = options.keys ?? [PRACTICE_API_KEY];
    this.ownerNumber = options.ownerNumber ?? "+15550001111";
    this.systemNumber = options.systemNumber ?? "+15550009999";
    this.dedicatedNumber = options.dedicatedNumber;
    this.tier = options.tier ?? (options.dedicatedNumber === undefined ? "free" : "pro");
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    const { clock } = options;
    this.#now = options.now ?? (clock === undefined ? Date.now : () => clock.now());
    this.#newId = options.newId ?? ((kind) => `${kind}_${randomUUID()}`);

    const shared = {
      waiting: this.#waiting,
      faults: this.faults,
      now: this.#now,
      newId: this.#newId,
      keys: this.keys,
      timings: this.timings,
    };
    const record = new ClawdTalkRecord(this.#now, this.#waiting);
    this.#record = record;
    for (const key of this.keys) record.hide(key);
    this.#clients = new Clients(
      { ...shared, record, received: (connection, message) => this.#receive(connection, message) },
      options.knownClients ? this.keys : [],
    );
    this.#calls = new Calls(
      {
        ...shared,
        ownerNumber: this.ownerNumber,
        breach: (rule, message, input) => record.breach(rule, message, input),
        emit: (event, fields, key) => this.#emit(event, fields, key),
        text: (from, body, key) => this.text({ from, body, key }),
        client: (key) => this.#clients.find(key),
      },
      options.onOutbound ?? (() => ({ does: "answer" })),
    );
    this.#approvals = new Approvals(
      {
        ...shared,
        responded: ({ request_id }, decision, key) =>
          this.#emit("approval.responded", { request_id, decision }, key),
      },
      { registered: 1, failing: 0, ...options.devices },
    );
    this.missions = new Missions({
      ...shared,
      clock: clock ?? machineClock(this.#waiting, this.#now),
      dedicatedNumber: this.dedicatedNumber,
      emit: (event, fields, key) => this.#emit(event, fields, key),
    });
    const rest = {
      ...shared,
      missions: this.missions,
      doctor: this.doctor,
      account: this,
      record,
      calls: this.#calls,
      messages: this.#messages,
      approvals: this.#approvals,
    };
    this.#http = createServer((request, response) => {
      if (request.url?.startsWith("/v1/")) {
        void serveRest(rest, request, response);
        return;
      }
      const message = "REST is below /v1, the WebSocket at /ws.";
      response.writeHead(pathOf(request.url) === "/ws" ? 426 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { code: "not_found", message } }));
    });
    this.#http.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#http.on("upgrade", (request, socket, head) =>
      this.#clients.upgrade(request, socket, head, pathOf(request.url)),
    );
  }

  /** See {@link startClawdTalkPractice}. */
  static async start(options: ClawdTalkOptions): Promise<ClawdTalkPractice> {
    const server = new ClawdTalkPractice(options);
    server.#port = await listenOnLoopback(server.#http, options.port ?? 0);
    return server;
  }

  /** Every REST request, in order. */
  get rest(): readonly RequestRecord[] {
    return this.#record.requests;
  }

  /** Every frame received, in order. */
  get frames(): readonly FrameRecord[] {
    return this.#record.frames;
  }

  /** Every frame sent, in order. */
  get sent(): readonly FrameRecord[] {
    return this.#record.sent;
  }

  /** Messages that were to be sent while no client was there, or while silent. */
  get undelivered(): readonly unknown[] {
    return this.#record.undelivered;
  }

  get handshakes(): readonly HandshakeRecord[] {
    return this.#record.handshakes;
  }

  /** Every successful authentication, in order. */
  get clients(): readonly PracticeClient[] {
    return this.#record.clients;
  }

  /** Everything clients did that the wire page does not allow. */
  get violations(): readonly Violation<Rule>[] {
    return this.#record.violations;
  }

  /** How many pings clients have sent. */
  get pings(): number {
    return this.#clients.pings;
  }

  /** All calls by id. */
  get calls(): ReadonlyMap<string, PracticeCall> {
    return this.#calls.byId;
  }

  /** What callees do; settable. Default: they answer. */
  get onOutbound(): (ring: OutboundRing) => Callee | Promise<Callee> {
    return this.#calls.onOutbound;
  }

  set onOutbound(decide: (ring: OutboundRing) => Callee | Promise<Callee>) {
    this.#calls.onOutbound = decide;
  }

  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:<port>`: what a client takes as CLAWDTALK_SERVER. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** `<url>/v1`: what a client takes as CLAWDTALK_API_URL. */
  get apiUrl(): string {
    return `${this.url}/v1`;
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** The first accepted key. */
  get key(): string {
    return this.keys[0] ?? "";
  }

  /** Whether an authenticated client is here now. */
  get connected(): boolean {
    return this.#clients.find(undefined) !== undefined;
  }

  /** Every text message sent and received, in order. */
  get messages(): readonly TextMessage[] {
    return this.#messages.all;
  }

  /** Every approval asked for, in order. */
  get approvals(): readonly Approval[] {
    return this.#approvals.all;
  }

  /** The owner's phones; settable. */
  get devices(): Devices {
    return this.#approvals.devices;
  }

  /** Clears every fault. */
  behave(): void {
    Object.assign(this.faults, noFaults());
  }

  /** Hears everything that happens on the line; the returned function stops it. */
  follow(listener: (event: ClawdTalkEvent) => void): () => void {
    return this.#record.follow(listener);
  }

  /**
   * Waits until `count` authentications have succeeded since the start (default 1; 2 is the first reconnect).
   *
   * @throws PracticeTimeout
   */
  waitForClient({ count = 1, ...options }: WaitOptions & { count?: number } = {}): Promise<PracticeClient> {
    return this.#waiting.until(() => this.clients[count - 1], `client number ${count}`, options);
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

  /**
   * The person rings the agent: `context_request`, a bounded wait for the context, `call.started`. The greeting
   * may still be on its way: see {@link PracticeCall.heardGreeting}.
   *
   * @throws PracticeError when no client is connected.
   */
  ring(options: RingOptions = {}): Promise<PracticeCall> {
    return this.#calls.ring(options);
  }

  /**
   * The next outbound call a client has placed and whose callee has answered, or has not (then it has ended,
   * with an outcome). Calls are handed out once each, in order.
   *
   * @throws PracticeTimeout
   */
  nextOutbound(options?: WaitOptions): Promise<OutboundCall> {
    return this.#waiting.until(() => this.#calls.takeOutbound(), "an outbound call", options);
  }

  /** Somebody texts the agent (`sms.received`). The text is kept even when no client is there to hear of it. */
  text({
    from = this.ownerNumber,
    body,
    messageId = this.#newId("message"),
    key,
  }: TextOptions): PracticeText {
    const sentBefore = this.messages.length;
    this.#messages.add({
      id: messageId,
      direction: "inbound",
      from,
      to: this.dedicatedNumber ?? this.systemNumber,
      body,
      media_urls: [],
      status: "received",
      created_at: new Date(this.#now()).toISOString(),
    });
    this.#emit("sms.received", { from, body, message_id: messageId }, key);
    const answers = () =>
      this.messages
        .slice(sentBefore)
        .filter((message) => message.direction === "outbound" && message.to === from);
    return {
      messageId,
      from,
      body,
      reply: async ({ settleMs = 150, ...options } = {}) => {
        let heard = 0;
        await this.#waiting.until(() => answers()[0], `a reply to ${from}`, options);
        while (heard < answers().length) {
          heard = answers().length;
          await this.#waiting.pause(settleMs);
        }
        return answers();
      },
    };
  }

  /**
   * The next approval a client asks for. Handed out once each, in order.
   *
   * @throws PracticeTimeout
   */
  nextApproval(options?: WaitOptions): Promise<Approval> {
    return this.#waiting.until(
      () => {
        const next = this.approvals[this.#approvalsTaken];
        if (next) this.#approvalsTaken += 1;
        return next;
      },
      "an approval request",
      options,
    );
  }

  /**
   * The owner presses a button on a device (`approval.responded`).
   *
   * @throws PracticeError when there is no such request, or it is not pending any more.
   */
  pressApproval(requestId: string, decision: ApprovalDecision): void {
    this.#approvals.press(requestId, decision);
    this.#waiting.changed();
  }

  /**
   * Push-to-talk: sends `walkie_request` and waits for the `walkie_response`.
   *
   * @throws PracticeTimeout
   */
  async walkie(
    transcript: string,
    sessionKey?: string,
    options?: WaitOptions,
  ): Promise<{ requestId: string; reply: string; error?: string; atMs: number }> {
    const requestId = this.#newId("walkie");
    const saidAt = this.#now();
    this.#walkieReplies.set(requestId, undefined);
    this.#emit("walkie_request", {
      request_id: requestId,
      transcript,
      ...(sessionKey === undefined ? {} : { session_key: sessionKey }),
    });
    const { reply, error } = await this.#waiting.until(
      () => this.#walkieReplies.get(requestId),
      "a walkie reply",
      options,
    );
    return { requestId, reply, ...(error === undefined ? {} : { error }), atMs: this.#now() - saidAt };
  }

  /**
   * Support asks for log lines: sends `request_logs` and waits for the `logs_response`.
   *
   * @throws PracticeTimeout
   */
  async requestLogs(options?: WaitOptions): Promise<{ lines: string[]; error?: string }> {
    const requestId = this.#newId("logs");
    this.#logReplies.set(requestId, undefined);
    this.send({ type: "request_logs", request_id: requestId });
    const { lines, error } = await this.#waiting.until(
      () => this.#logReplies.get(requestId),
      "the client's log lines",
      options,
    );
    return { lines, ...(error === undefined ? {} : { error }) };
  }

  /** Sends an event as it stands: the mission events, or any other on demand. */
  emit<Name extends EventName>(event: Name, fields: ServerEvents[Name]): void {
    this.#emit(event, fields);
  }

  /** Sends any message through the standing faults. */
  send(message: object, key?: string): void {
    this.#clients.send(message, key);
  }

  /** Sends any text, be it JSON or not. */
  sendRaw(text: string): void {
    this.#clients.sendRaw(text);
  }

  /** Sends an event the wire page does not know. */
  sendUnknownEvent(event = "practice.never_heard_of", fields: object = {}): void {
    this.send({ type: "event", event, ...fields });
  }

  /** Sends JSON that breaks off in the middle. */
  sendBrokenJson(): void {
    this.sendRaw('{"type":"event","event":"deep_tool_request","call_id":"call_broken","query":"half a ques');
  }

  /** Sends a well-formed `sms.received` of `bytes` bytes; default 5 MiB. */
  sendHugeFrame(bytes = 5 * 1024 * 1024): void {
    const sms = sampleEvent("sms.received");
    const frame = (body: string) => JSON.stringify({ type: "event", event: "sms.received", ...sms, body });
    this.sendRaw(frame("x".repeat(Math.max(0, bytes - frame("").length))));
  }

  /** Sends an event without some of its fields; default: without any. */
  sendIncomplete(event: EventName, missing: readonly string[] | "all" = "all"): void {
    const fields = Object.entries(sampleEvent(event)).filter(
      ([name]) => missing !== "all" && !missing.includes(name),
    );
    this.send({ type: "event", event, ...Object.fromEntries(fields) });
  }

  /** Closes every connection with this code; default 4000, "another client took over". */
  closeClients(code = TAKEN_OVER, reason = "another client connected with this key"): void {
    this.#clients.closeAll(code, reason);
  }

  /** Cuts every connection without a word. */
  dropClients(): void {
    this.#clients.dropAll();
  }

  /** Ends every socket, timer and wait. */
  async close(): Promise<void> {
    this.#waiting.stop();
    this.#clients.dropAll();
    for (const socket of this.#sockets) socket.destroy();
    await closeAtOnce(this.#http);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(connection: Connection, message: Exclude<ClientMessage, { type: "auth" }>): void {
    switch (message.type) {
      case "context_response":
        this.#calls.receiveContext(message);
        break;
      case "response":
        this.#calls.receiveGreeting(message);
        break;
      case "deep_tool_progress":
        this.#calls.receiveWords(message);
        if (this.faults.dropSocket === "after_progress") {
          this.faults.dropSocket = undefined;
          connection.drop();
        }
        break;
      case "deep_tool_result":
        this.#calls.receiveWords(message);
        break;
      case "walkie_response":
        this.#receiveAnswer(this.#walkieReplies, message);
        break;
      case "logs_response":
        this.#receiveAnswer(this.#logReplies, message);
        break;
      case "client_restart":
        break;
    }
  }

  #receiveAnswer<Message extends ClientMessageOf<"walkie_response"> | ClientMessageOf<"logs_response">>(
    replies: Map<string, Message | undefined>,
    message: Message,
  ): void {
    const { request_id } = message;
    if (!replies.has(request_id)) {
      this.#record.breach("unknown_request", `There is no request ${request_id}.`, message);
    } else if (replies.get(request_id)) {
      this.#record.breach("second_result", `Request ${request_id} was answered twice.`, message);
    } else {
      replies.set(request_id, message);
    }
  }

  #emit<Name extends EventName>(event: Name, fields: ServerEvents[Name], key?: string): void {
    this.send({ type: "event", event, ...fields }, key);
  }
}

function pathOf(url = "/"): string {
  return new URL(url, "http://practice.invalid").pathname;
}
