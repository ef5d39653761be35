// Owns the clients of a ClawdTalk practice server: handshakes, authentication, one client for each key, and
// the way a message finds its client.
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { Connection } from "./clawdtalk-connection.ts";
import type { ClawdTalkFaults } from "./clawdtalk-faults.ts";
import type { ClawdTalkRecord } from "./clawdtalk-record.ts";
import {
  type ClientMessage,
  type ClientMessageOf,
  clientMessage,
  clientMessageTypes,
} from "./clawdtalk-wire.ts";
import type { Waiting } from "./waiting.ts";

export interface ClientTimings {
  /** How long a new connection may take to send `auth`; default 10 s. */
  readonly authWithinMs: number;
  /** How often the server pings its clients; default 30 s, 0 for never. */
  readonly pingEveryMs: number;
  /** How long a client may take to pong; default 10 s. */
  readonly pongWithinMs: number;
  /** How long a lone event is held while `reorderEvents` waits for a second one; default 200 ms. */
  readonly reorderHoldMs: number;
}

interface ClientsHost {
  readonly keys: readonly string[];
  readonly timings: ClientTimings;
  readonly faults: ClawdTalkFaults;
  readonly record: ClawdTalkRecord;
  readonly waiting: Waiting;
  /** A well-formed message of an authenticated client. */
  received(connection: Connection, message: Exclude<ClientMessage, { type: "auth" }>): void;
}

const FRAME_LIMIT_BYTES = 1_000_000;
const POLICY_VIOLATION = 1008;
/** The close code that says another client took over with the same key. */
export const TAKEN_OVER = 4000;

export class Clients {
  /** How many pings clients have sent. */
  pings = 0;
  readonly #host: ClientsHost;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_LIMIT_BYTES,
    // Answered by hand: a silent server sends no pong.
    autoPong: false,
  });
  readonly #connections = new Set<Connection>();
  readonly #knownKeys: Set<string>;
  #count = 0;

  constructor(host: ClientsHost, knownKeys: Iterable<string>) {
    this.#host = host;
    this.#knownKeys = new Set(knownKeys);
  }

  /** Answers a handshake at `/ws`, or refuses it as the faults say. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): void {
    socket.on("error", () => {});
    const answer = path === "/ws" ? (this.#host.faults.handshakes.shift() ?? 101) : 404;
    this.#host.record.handshake(answer);
    if (answer === "hang") return;
    if (answer !== 101) {
      const reason = STATUS_CODES[answer] ?? "Refused";
      socket.end(`HTTP/1.1 ${answer} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  }

  /** The authenticated connection that holds `key`; the newest one when no key is named. */
  find(key: string | undefined): Connection | undefined {
    return [...this.#connections].findLast(
      (connection) =>
        !connection.dismissed &&
        connection.key !== undefined &&
        (key === undefined || connection.key === key),
    );
  }

  /** Sends a message through the standing faults, to the client that holds `key` (default: the newest). */
  send(message: object, key: string | undefined): void {
    const connection = this.find(key);
    if (connection) connection.send(message);
    else this.#host.record.notDelivered(message);
  }

  sendRaw(text: string): void {
    const connection = this.find(undefined);
    if (connection) connection.sendRaw(text);
    else this.#host.record.notDelivered(text);
  }

  closeAll(code: number, reason: string): void {
    for (const connection of this.#connections) connection.close(code, reason);
  }

  dropAll(): void {
    for (const connection of this.#connections) connection.drop();
  }

  #accept(webSocket: WebSocket): void {
    const { faults, waiting, timings, record } = this.#host;
    this.#count += 1;
    const connection = new Connection(webSocket, this.#count, {
      faults,
      waiting,
      timings,
      record,
      received: (from, data, isBinary) => this.#receive(from, data, isBinary),
      pinged: () => {
        this.pings += 1;
        waiting.changed();
      },
      closed: (gone) => {
        this.#connections.delete(gone);
        record.clientGone(gone.number);
      },
    });
    this.#connections.add(connection);
    waiting.later(timings.authWithinMs, () => {
      if (connection.key === undefined && !connection.dismissed && this.#connections.has(connection)) {
        record.breach("not_authenticated", "No auth came in time.");
        refuse(connection, "No auth came in time.");
      }
    });
  }

  #receive(connection: Connection, data: RawData, isBinary: boolean): void {
    const { record, keys, waiting } = this.#host;
    const raw = isBinary ? "[binary frame]" : data.toString();
    const json = parseJson(raw);
    const { data: message, error } = clientMessage.safeParse(json);
    if (message?.type === "auth") record.hide(message.api_key);
    record.frameReceived(connection.number, json ?? raw);

    if (connection.key === undefined) {
      if (message?.type === "auth") {
        this.#authenticate(connection, message);
      } else {
        record.breach("not_authenticated", "The first frame is not a well-formed auth.", json ?? raw);
        refuse(connection, "Send a well-formed auth first.");
      }
    } else if (isBinary) {
      record.breach("not_text", "A binary frame came.");
    } else if (json === undefined) {
      record.breach("not_json", "A frame is not JSON.", raw);
    } else if (!message) {
      const type = typeOf(json);
      const issue = error?.issues[0];
      if (!clientMessageTypes.has(type)) {
        record.breach("unknown_type", `The wire page has no client message "${type}".`, json);
      } else {
        const where = [type, ...(issue?.path ?? [])].join(".");
        record.breach("bad_shape", `${where}: ${issue?.message ?? "not understood"}`, json);
      }
    } else if (message.type === "auth") {
      record.breach("authenticated_twice", "A second auth came on one connection.", json);
    } else {
      if (keys.some((key) => raw.includes(key))) {
        record.breach("secret_in_frame", `A ${message.type} holds the API key.`, json);
      }
      if (message.type === "client_restart" && !connection.reconnected) {
        record.breach("restart_on_first_connect", "client_restart came on a first connect.", json);
      }
      this.#host.received(connection, message);
    }
    waiting.changed();
  }

  #authenticate(connection: Connection, message: ClientMessageOf<"auth">): void {
    const { faults, keys, record } = this.#host;
    const key = message.api_key;
    const refusal = faults.refuseKey ?? (keys.includes(key) ? undefined : "The API key is not valid.");
    if (refusal !== undefined) {
      record.clientRefused(connection.number);
      refuse(connection, refusal);
      return;
    }
    const before = this.find(key);
    connection.key = key;
    connection.agentName = message.agent_name ?? "agent";
    connection.reconnected = this.#knownKeys.has(key);
    this.#knownKeys.add(key);
    // One client at a time holds a key; the newest wins.
    before?.close(TAKEN_OVER, "another client connected with this key");
    connection.send({ type: "auth_ok" });
    record.client({
      connection: connection.number,
      ownerName: message.owner_name,
      agentName: message.agent_name,
      clientVersion: message.client_version,
    });
    const code = faults.closeAfterAuth.shift();
    if (code !== undefined) connection.close(code, "told to close");
  }
}

function refuse(connection: Connection, message: string): void {
  connection.send({ type: "auth_error", message });
  connection.close(POLICY_VIOLATION, "not authenticated");
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
