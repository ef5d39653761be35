// Owns the ClawdTalk practice server: one HTTP server on loopback with the WebSocket at /ws and REST at /v1.
// It rings, talks, texts and fails on demand, records everything it receives, and judges what clients send.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type Approval, Approvals, type Devices } from "./approvals.ts";
import { type CallFacts, type CallLine, PracticeCall, type PracticeTurn } from "./caller.ts";
import { Connection } from "./clawdtalk-connection.ts";
import { type ClawdTalkFaults, noFaults } from "./clawdtalk-faults.ts";
import { type PlacedCall, type RestRecord, serveRest } from "./clawdtalk-rest.ts";
import {
  type ApprovalDecision,
  type ClientMessage,
  type ClientMessageOf,
  clientMessage,
  clientMessageTypes,
  type Direction,
  type EventName,
  type Rule,
  type ServerEvents,
  sampleEvent,
} from "./clawdtalk-wire.ts";
import { type PracticeText, type TextMessage, TextMessages } from "./text-messages.ts";
import { PracticeError, PracticeStopped, PracticeTimeout, Waiting, type WaitOptions } from "./waiting.ts";

/** The key the practice line accepts when no other is given. It opens nothing else. */
export const PRACTICE_API_KEY = "cc_live_practice_000000000000000000000000";

export interface ClawdTalkTimings {
  /** How long a new connection may take to send `auth`; default 10 s. */
  readonly authWithinMs: number;
  /** How long `ring` waits for `context_response` before the call goes on without; default 2 s. */
  readonly contextWithinMs: number;
  /** How long an outbound call rings before the callee does something; default 20 ms. */
  readonly outboundRingMs: number;
  /** How often the server pings its clients; default 30 s, 0 for never. */
  readonly pingEveryMs: number;
  /** How long a client may take to pong; default 10 s. */
  readonly pongWithinMs: number;
  /** How long a lone event is held while `reorderEvents` waits for a second one; default 200 ms. */
  readonly reorderHoldMs: number;
}

/** What the person at the other end of an outbound call does. */
export type Callee =
  /** Answers; says each of `says` after the answer to the one before, then hangs up. Without: waits to be told. */
  | { readonly does: "answer"; readonly says?: readonly string[] }
  /** A machine answers; `message` is what was left on it (default: the greeting). */
  | { readonly does: "voicemail"; readonly message?: string }
  | { readonly does: "voicemail_failed" | "no_answer" | "fax" | "busy" };

/** An outbound call, before anybody has answered. */
export interface OutboundRing {
  readonly callId: string;
  readonly to: string;
  readonly toOwner: boolean;
  readonly purpose: string | undefined;
  readonly greeting: string | undefined;
}

export type OutboundCall = PracticeCall & { readonly to: string };

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
  /** Makes an id of this kind; default random. */
  readonly newId?: (kind: string) => string;
}

/** Something the client did that the wire page does not allow. */
export interface Violation {
  readonly at: number;
  readonly rule: Rule;
  readonly message: string;
  readonly input?: unknown;
}

/** A frame as it was received or sent. Keys are replaced by `[key]`. */
export interface FrameRecord {
  readonly at: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** The parsed JSON; the text itself (cut after 200 characters) when it was none. */
  readonly message: unknown;
}

/** One WebSocket handshake. */
export interface HandshakeRecord {
  readonly at: number;
  /** 101 when accepted; otherwise the status it was refused with; `hang` when it got no answer. */
  readonly answer: number | "hang";
}

/** A client that has authenticated. */
export interface PracticeClient {
  readonly connection: number;
  readonly at: number;
  readonly ownerName: string | undefined;
  readonly agentName: string | undefined;
  readonly clientVersion: string | undefined;
}

/** One thing that happened on the line, as `follow` tells it. */
export type PracticeEvent = { readonly at: number } & (
  | { readonly kind: "client"; readonly state: "connected" | "refused" | "gone"; readonly connection: number }
  | { readonly kind: "received" | "sent"; readonly connection: number; readonly message: unknown }
  | { readonly kind: "undelivered"; readonly message: unknown }
  | {
      readonly kind: "rest";
      readonly method: string;
      readonly path: string;
      readonly status: number | undefined;
    }
  | { readonly kind: "violation"; readonly rule: Rule; readonly message: string }
);

export interface RingOptions {
  readonly callId?: string;
  /** Default `inbound`. `outbound` is a call some other process placed. */
  readonly direction?: Direction;
  /** The person on the phone; default the owner's number. No event carries it. */
  readonly from?: string;
  /** Further fields of `context_request`, which the wire page leaves open. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Ring the client that holds this key; default the client that connected last. */
  readonly key?: string;
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

/** How a call that nobody answered ends. */
const UNANSWERED = {
  voicemail: { status: "completed", outcome: "voicemail", reason: "voicemail" },
  voicemail_failed: { status: "completed", outcome: "voicemail_failed", reason: "amd_silence" },
  no_answer: { status: "no-answer", outcome: "no_answer", reason: "no_answer" },
  fax: { status: "completed", outcome: "fax", reason: "fax" },
  busy: { status: "busy", outcome: "busy", reason: "busy" },
} as const;

const CLIENT_FRAME_LIMIT_BYTES = 1_000_000;
const RECORDED_TEXT_LENGTH = 200;
const POLICY_VIOLATION = 1008;
const TAKEN_OVER = 4000;

/**
 * Starts a ClawdTalk practice server on 127.0.0.1.
 *
 * @throws PracticeError when the port is taken.
 */
export function startClawdTalkPractice(options: ClawdTalkOptions = {}): Promise<ClawdTalkPractice> {
  return ClawdTalkPractice.start(options);
}

export class ClawdTalkPractice {
  /** What goes wrong. Set any field at any time; {@link behave} clears all. */
  readonly faults: ClawdTalkFaults = noFaults();
  readonly keys: readonly string[];
  readonly ownerNumber: string;
  readonly systemNumber: string;
  readonly dedicatedNumber: string | undefined;
  readonly tier: string;
  readonly timings: ClawdTalkTimings;
  /** What callees do; default: they answer. */
  onOutbound: (ring: OutboundRing) => Callee | Promise<Callee>;

  /** Every REST request, in order. */
  readonly rest: RestRecord[] = [];
  /** Every frame received, in order. */
  readonly frames: FrameRecord[] = [];
  /** Every frame sent, in order. */
  readonly sent: FrameRecord[] = [];
  /** Messages that were to be sent while no client was there, or while silent. */
  readonly undelivered: unknown[] = [];
  readonly handshakes: HandshakeRecord[] = [];
  /** Every successful authentication, in order. */
  readonly clients: PracticeClient[] = [];
  readonly violations: Violation[] = [];
  /** All calls by id. */
  readonly calls = new Map<string, PracticeCall>();
  /** How many pings clients have sent. */
  pings = 0;

  readonly #waiting = new Waiting();
  readonly #now: () => number;
  readonly #newId: (kind: string) => string;
  readonly #http: Server;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: CLIENT_FRAME_LIMIT_BYTES,
    // Answered by hand: a silent server sends no pong.
    autoPong: false,
  });
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  readonly #turns = new Map<string, PracticeTurn>();
  readonly #messages = new TextMessages();
  readonly #approvals: Approvals;
  readonly #knownKeys = new Set<string>();
  /** Every key seen, right or wrong: none is ever written down. */
  readonly #secrets = new Set<string>();
  readonly #walkieReplies = new Map<string, ClientMessageOf<"walkie_response"> | undefined>();
  readonly #logReplies = new Map<string, ClientMessageOf<"logs_response"> | undefined>();
  readonly #outbound: OutboundCall[] = [];
  readonly #listeners = new Set<(event: PracticeEvent) => void>();
  #outboundTaken = 0;
  #approvalsTaken = 0;
  #connectionCount = 0;
  #port = 0;

  private constructor(options: ClawdTalkOptions) {
    this.keys = options.keys ?? [PRACTICE_API_KEY];
    this.ownerNumber = options.ownerNumber ?? "+15550001111";
    this.systemNumber = options.systemNumber ?? "+15550009999";
    this.dedicatedNumber = options.dedicatedNumber;
    this.tier = options.tier ?? (options.dedicatedNumber === undefined ? "free" : "pro");
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.onOutbound = options.onOutbound ?? (() => ({ does: "answer" }));
    this.#now = options.now ?? Date.now;
    this.#newId = options.newId ?? ((kind) => `${kind}_${randomUUID()}`);
    for (const key of this.keys) {
      this.#secrets.add(key);
      if (options.knownClients) this.#knownKeys.add(key);
    }
    this.#approvals = new Approvals(
      {
        waiting: this.#waiting,
        now: this.#now,
        newId: this.#newId,
        responded: ({ request_id }, decision, key) =>
          this.#emit("approval.responded", { request_id, decision }, key),
      },
      { registered: options.devices?.registered ?? 1, failing: options.devices?.failing ?? 0 },
    );
    this.#http = createServer((request, response) => {
      if (request.url?.startsWith("/v1/")) {
        void serveRest(this.#restLine, request, response);
        return;
      }
      const status = pathOf(request) === "/ws" ? 426 : 404;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ error: { code: "not_found", message: "REST is below /v1, the WebSocket at /ws." } }),
      );
    });
    this.#http.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** See {@link startClawdTalkPractice}. */
  static async start(options: ClawdTalkOptions): Promise<ClawdTalkPractice> {
    const server = new ClawdTalkPractice(options);
    const port = options.port ?? 0;
    await new Promise<void>((resolve, reject) => {
      server.#http.once("error", (error: NodeJS.ErrnoException) =>
        reject(
          new PracticeError(
            error.code === "EADDRINUSE"
              ? `Port ${port} is taken; choose another one.`
              : `The practice line cannot listen on port ${port}: ${error.message}.`,
          ),
        ),
      );
      server.#http.listen(port, "127.0.0.1", resolve);
    });
    server.#port = (server.#http.address() as AddressInfo).port;
    return server;
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
    return this.#connectionOf(undefined) !== undefined;
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
  follow(listener: (event: PracticeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
  async ring(options: RingOptions = {}): Promise<PracticeCall> {
    const connection = this.#connectionOf(options.key);
    if (!connection?.key)
      throw new PracticeError("No client is connected to the practice line, so nobody hears it ring.");
    const call = this.#newCall(
      {
        callId: options.callId ?? this.#newId("call"),
        direction: options.direction ?? "inbound",
        person: options.from ?? this.ownerNumber,
      },
      connection.key,
    );
    call.progressTo("ringing");
    await this.#connect(call, connection.key, options.extra);
    return call;
  }

  /**
   * The next outbound call a client has placed and whose callee has answered, or has not (then it has ended,
   * with an outcome). Calls are handed out once each, in order.
   *
   * @throws PracticeTimeout
   */
  nextOutbound(options?: WaitOptions): Promise<OutboundCall> {
    return this.#waiting.until(
      () => {
        const next = this.#outbound[this.#outboundTaken];
        if (next) this.#outboundTaken += 1;
        return next;
      },
      "an outbound call",
      options,
    );
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
    const connection = this.#connectionOf(key);
    if (connection) connection.send(message);
    else this.#noteUndelivered(message);
  }

  /** Sends any text, be it JSON or not. */
  sendRaw(text: string): void {
    const shown = text.length > RECORDED_TEXT_LENGTH ? `${text.slice(0, RECORDED_TEXT_LENGTH)}…` : text;
    const connection = this.#connectionOf(undefined);
    if (connection) connection.sendRaw(text, shown);
    else this.#noteUndelivered(shown);
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
    for (const connection of this.#connections) connection.close(code, reason);
  }

  /** Cuts every connection without a word. */
  dropClients(): void {
    for (const connection of this.#connections) connection.drop();
  }

  /** Ends every socket, timer and wait. */
  async close(): Promise<void> {
    this.#waiting.stop();
    for (const connection of this.#connections) connection.drop();
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- connections

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => {});
    const answer = pathOf(request) === "/ws" ? (this.faults.handshakes.shift() ?? 101) : 404;
    this.handshakes.push({ at: this.#now(), answer });
    this.#waiting.changed();
    if (answer === "hang") return;
    if (answer !== 101) {
      socket.end(
        `HTTP/1.1 ${answer} ${STATUS_CODES[answer] ?? "Refused"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  }

  #accept(webSocket: WebSocket): void {
    this.#connectionCount += 1;
    const connection = new Connection(webSocket, this.#connectionCount, {
      faults: this.faults,
      waiting: this.#waiting,
      timings: this.timings,
      sent: ({ number }, message) => {
        const at = this.#now();
        this.sent.push({ at, connection: number, message });
        this.#tell({ at, kind: "sent", connection: number, message });
      },
      undelivered: (message) => this.#noteUndelivered(message),
      received: (from, data, isBinary) => this.#receive(from, data, isBinary),
      pinged: () => {
        this.pings += 1;
        this.#waiting.changed();
      },
      closed: (gone) => {
        this.#connections.delete(gone);
        this.#tell({ at: this.#now(), kind: "client", state: "gone", connection: gone.number });
        this.#waiting.changed();
      },
    });
    this.#connections.add(connection);
    this.#waiting.later(this.timings.authWithinMs, () => {
      if (connection.key === undefined && !connection.dismissed && this.#connections.has(connection)) {
        this.#refuseUnauthenticated(connection, "No auth came in time.");
      }
    });
  }

  /** The authenticated connection that holds `key`; the newest one when no key is named. */
  #connectionOf(key: string | undefined): Connection | undefined {
    return [...this.#connections].findLast(
      (connection) =>
        !connection.dismissed &&
        connection.key !== undefined &&
        (key === undefined || connection.key === key),
    );
  }

  #authenticate(connection: Connection, message: ClientMessageOf<"auth">): void {
    const key = message.api_key;
    const refusal =
      this.faults.refuseKey ?? (this.keys.includes(key) ? undefined : "The API key is not valid.");
    if (refusal !== undefined) {
      this.#tell({ at: this.#now(), kind: "client", state: "refused", connection: connection.number });
      this.#refuse(connection, refusal);
      return;
    }
    const before = this.#connectionOf(key);
    connection.key = key;
    connection.agentName = message.agent_name ?? "agent";
    connection.reconnected = this.#knownKeys.has(key);
    this.#knownKeys.add(key);
    // One client at a time holds a key; the newest wins.
    before?.close(TAKEN_OVER, "another client connected with this key");
    connection.send({ type: "auth_ok" });
    this.clients.push({
      connection: connection.number,
      at: this.#now(),
      ownerName: message.owner_name,
      agentName: message.agent_name,
      clientVersion: message.client_version,
    });
    this.#tell({ at: this.#now(), kind: "client", state: "connected", connection: connection.number });
    const code = this.faults.closeAfterAuth.shift();
    if (code !== undefined) connection.close(code, "told to close");
  }

  #refuseUnauthenticated(connection: Connection, message: string, input?: unknown): void {
    this.#breach("not_authenticated", message, input);
    this.#refuse(connection, message);
  }

  #refuse(connection: Connection, message: string): void {
    connection.send({ type: "auth_error", message });
    connection.close(POLICY_VIOLATION, "not authenticated");
  }

  // ---- what clients send

  #receive(connection: Connection, data: RawData, isBinary: boolean): void {
    const raw = isBinary ? "" : data.toString();
    const json = parseJson(raw);
    const parsed = clientMessage.safeParse(json);
    if (parsed.data?.type === "auth") this.#secrets.add(parsed.data.api_key);

    const shown = json === undefined ? raw.slice(0, RECORDED_TEXT_LENGTH) : this.#withoutKeys(json);
    this.frames.push({ at: this.#now(), connection: connection.number, message: shown });
    this.#tell({ at: this.#now(), kind: "received", connection: connection.number, message: shown });

    const broken: Rule | undefined = isBinary
      ? "not_text"
      : json === undefined
        ? "not_json"
        : parsed.success
          ? undefined
          : clientMessageTypes.has(typeOf(json))
            ? "bad_shape"
            : "unknown_type";
    if (connection.key === undefined) {
      if (parsed.data?.type === "auth") this.#authenticate(connection, parsed.data);
      else this.#refuseUnauthenticated(connection, "The first frame is not a well-formed auth.", json);
    } else if (broken !== undefined) {
      const issue = parsed.error?.issues[0];
      this.#breach(
        broken,
        issue && broken === "bad_shape"
          ? `${typeOf(json)}: ${[...issue.path.map(String), issue.message].join(": ")}`
          : "A frame was not understood.",
        json ?? raw,
      );
    } else if (parsed.data) {
      if (parsed.data.type !== "auth" && this.keys.some((key) => raw.includes(key))) {
        this.#breach("secret_in_frame", `A ${parsed.data.type} holds the API key.`, json);
      }
      this.#dispatch(connection, parsed.data);
    }
    this.#waiting.changed();
  }

  #dispatch(connection: Connection, message: ClientMessage): void {
    switch (message.type) {
      case "auth":
        this.#breach("authenticated_twice", "A second auth came on one connection.", message);
        break;
      case "context_response":
        this.#callOf(message)?.receiveContext(message);
        break;
      case "response":
        this.#callOf(message)?.receiveGreeting(message);
        break;
      case "deep_tool_progress":
      case "deep_tool_result":
        this.#receiveWords(connection, message);
        break;
      case "walkie_response":
        this.#receiveAnswer(this.#walkieReplies, message);
        break;
      case "logs_response":
        this.#receiveAnswer(this.#logReplies, message);
        break;
      case "client_restart":
        if (!connection.reconnected) {
          this.#breach("restart_on_first_connect", "client_restart came on a first connect.", message);
        }
        break;
    }
  }

  #receiveWords(
    connection: Connection,
    message: ClientMessageOf<"deep_tool_progress"> | ClientMessageOf<"deep_tool_result">,
  ): void {
    const turn = this.#turns.get(message.request_id);
    if (!turn) {
      this.#unknownRequest(message);
      return;
    }
    turn.receive(message);
    if (message.type === "deep_tool_progress" && this.faults.dropSocket === "after_progress") {
      this.faults.dropSocket = undefined;
      connection.drop();
    }
  }

  #callOf(
    message: ClientMessageOf<"context_response"> | ClientMessageOf<"response">,
  ): PracticeCall | undefined {
    const call = this.calls.get(message.call_id);
    if (!call) this.#breach("unknown_call", `There is no call ${message.call_id}.`, message);
    return call;
  }

  #receiveAnswer<Message extends ClientMessageOf<"walkie_response"> | ClientMessageOf<"logs_response">>(
    replies: Map<string, Message | undefined>,
    message: Message,
  ): void {
    if (!replies.has(message.request_id)) {
      this.#unknownRequest(message);
    } else if (replies.get(message.request_id)) {
      this.#breach("second_result", `Request ${message.request_id} was answered twice.`, message);
    } else {
      replies.set(message.request_id, message);
    }
  }

  #unknownRequest(message: ClientMessage & { request_id: string }): void {
    this.#breach("unknown_request", `There is no request ${message.request_id}.`, message);
  }

  // ---- calls

  #newCall(facts: Omit<CallFacts, "agentName">, key: string): PracticeCall {
    if (this.calls.has(facts.callId)) throw new PracticeError(`There is already a call ${facts.callId}.`);
    const agentName = this.#connectionOf(key)?.agentName ?? "agent";
    const call = new PracticeCall(this.#callLine(key), { ...facts, agentName });
    this.calls.set(call.callId, call);
    return call;
  }

  #callLine(key: string): CallLine {
    return {
      waiting: this.#waiting,
      now: this.#now,
      newId: this.#newId,
      emit: (event, fields) => this.#emit(event, fields, key),
      breach: (rule, message, input) => this.#breach(rule, message, input),
      expect: (turn) => {
        if (this.#turns.has(turn.requestId)) {
          throw new PracticeError(`There is already a request ${turn.requestId}; repeat() sends it again.`);
        }
        this.#turns.set(turn.requestId, turn);
      },
      text: (from, body) => this.text({ from, body, key }),
    };
  }

  /** Somebody is on the phone: asks for the context, waits for it within bounds, starts the call. */
  async #connect(
    call: PracticeCall,
    key: string,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#emit("context_request", { ...extra, call_id: call.callId }, key);
    if (this.#connectionOf(key)) {
      await this.#waiting
        .until(() => call.context ?? call.end, "the context", { timeoutMs: this.timings.contextWithinMs })
        .catch((error) => {
          // The service's calls go on without a context; so do ours.
          if (!(error instanceof PracticeTimeout)) throw error;
        });
    }
    call.start();
  }

  #placeCall({ to = this.ownerNumber, greeting, purpose }: PlacedCall, key: string): PracticeCall {
    const call = this.#newCall(
      { callId: this.#newId("call"), direction: "outbound", person: to, purpose, greeting },
      key,
    );
    this.#runOutbound(call, to, key).catch((error) => {
      if (!(error instanceof PracticeStopped)) throw error;
    });
    return call;
  }

  async #runOutbound(call: PracticeCall, to: string, key: string): Promise<void> {
    await this.#waiting.pause(this.timings.outboundRingMs);
    call.progressTo("ringing");
    const { callId, purpose, greeting } = call;
    const callee = await this.onOutbound({ callId, to, toOwner: to === this.ownerNumber, purpose, greeting });
    if (callee.does === "answer") {
      await this.#connect(call, key);
    } else {
      const message = callee.does === "voicemail" ? (callee.message ?? greeting) : undefined;
      call.hangUp({
        ...UNANSWERED[callee.does],
        ...(message === undefined ? {} : { voicemail_message: message }),
      });
    }
    this.#outbound.push(Object.assign(call, { to }));
    this.#waiting.changed();
    if (callee.does === "answer" && callee.says) await this.#playCallee(call, callee.says);
  }

  /** A callee with a fixed part: says its lines one after the other, then hangs up. */
  async #playCallee(call: PracticeCall, lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      if (call.end) return;
      try {
        await call.say(line).result();
      } catch (error) {
        // Nobody answers, or the agent hung up: the callee has had enough either way.
        if (!(error instanceof PracticeError) || error instanceof PracticeStopped) throw error;
        break;
      }
    }
    call.hangUp();
  }

  // ---- the record

  get #restLine() {
    return {
      account: this,
      faults: this.faults,
      waiting: this.#waiting,
      calls: this.calls,
      messages: this.#messages,
      approvals: this.#approvals,
      now: this.#now,
      newId: this.#newId,
      accepts: (key: string) => this.keys.includes(key),
      breach: (rule: Rule, message: string, input?: unknown) => this.#breach(rule, message, input),
      record: (record: RestRecord) => {
        this.rest.push(record);
        this.#waiting.changed();
      },
      answered: ({ at, method, path, status }: RestRecord) => {
        this.#tell({ at, kind: "rest", method, path, status });
        this.#waiting.changed();
      },
      placeCall: (placed: PlacedCall, key: string) => this.#placeCall(placed, key),
    };
  }

  #emit<Name extends EventName>(event: Name, fields: ServerEvents[Name], key?: string): void {
    this.send({ type: "event", event, ...fields }, key);
  }

  #noteUndelivered(message: unknown): void {
    this.undelivered.push(message);
    this.#tell({ at: this.#now(), kind: "undelivered", message });
    this.#waiting.changed();
  }

  #breach(rule: Rule, message: string, input?: unknown): void {
    const at = this.#now();
    this.violations.push({
      at,
      rule,
      message,
      ...(input === undefined ? {} : { input: this.#withoutKeys(input) }),
    });
    this.#tell({ at, kind: "violation", rule, message });
    this.#waiting.changed();
  }

  #tell(event: PracticeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** A copy in which every key ever seen reads `[key]`. */
  #withoutKeys(value: unknown): unknown {
    let text = JSON.stringify(value);
    for (const secret of this.#secrets) text = text.replaceAll(JSON.stringify(secret).slice(1, -1), "[key]");
    return JSON.parse(text);
  }
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? "/", "http://practice.invalid").pathname;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeOf(json: unknown): string {
  return typeof json === "object" && json !== null && "type" in json ? String(json.type) : "";
}
