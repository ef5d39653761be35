// A bare ClawdTalk client for the practice line's own tests: it sends and keeps frames, and knows nothing else.
import { WebSocket } from "ws";
import { type ClawdTalkPractice, PRACTICE_API_KEY } from "../../plugin/practice/clawdtalk-server.ts";
import { soon } from "./observed.ts";

export type Frame = Record<string, unknown>;

export class RawClient {
  /** Every frame that is JSON, in order. */
  readonly frames: Frame[] = [];
  /** Every frame as it came. */
  readonly raw: string[] = [];
  closed: { readonly code: number } | undefined;
  pongs = 0;
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      const text = data.toString();
      this.raw.push(text);
      try {
        this.frames.push(JSON.parse(text));
      } catch {
        // Kept in `raw`.
      }
    });
    socket.on("pong", () => {
      this.pongs += 1;
    });
    socket.on("close", (code) => {
      this.closed = { code };
    });
    socket.on("error", () => {});
  }

  /** Opens a connection; rejects when the handshake is refused ("Unexpected server response: 429"). */
  static async open(server: Pick<ClawdTalkPractice, "webSocketUrl">): Promise<RawClient> {
    const socket = new WebSocket(server.webSocketUrl);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket);
  }

  /** Opens and authenticates. */
  static async connect(
    server: Pick<ClawdTalkPractice, "webSocketUrl">,
    auth: Frame = {},
  ): Promise<RawClient> {
    const client = await RawClient.open(server);
    client.send({ type: "auth", api_key: PRACTICE_API_KEY, ...auth });
    await client.next((frame) => frame.type === "auth_ok");
    return client;
  }

  send(message: Frame): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first frame that fits, now or soon. */
  next(fits: (frame: Frame) => boolean, after = 0): Promise<Frame> {
    return soon(() => this.frames.slice(after).find(fits));
  }

  event(name: string, after = 0): Promise<Frame> {
    return this.next((frame) => frame.event === name, after);
  }

  /** Names of the events received, in order. */
  get events(): string[] {
    return this.frames.flatMap((frame) => (typeof frame.event === "string" ? [frame.event] : []));
  }

  /** From now on: gives every call its context and a greeting, once. */
  receptive(greeting = "Hello, this is Robin."): this {
    this.socket.on("message", (data) => {
      const text = data.toString();
      if (!text.includes('"context_request"')) return;
      const { call_id } = JSON.parse(text);
      this.send({ type: "context_response", call_id, context: { memory: "", system_prompt: "Be short." } });
      this.send({ type: "response", call_id, text: greeting });
    });
    return this;
  }
}
