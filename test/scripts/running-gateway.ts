/** What a gateway with the plugin answers to whoever asks whether something is running, for the tests of commands. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export class RunningGateway {
  readonly url: string;
  /** What it says of itself. */
  health: Readonly<Record<string, unknown>> = { switchboard: true, speaksToOthers: true };
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, answer) => {
      request.resume();
      answer.writeHead(request.url === "/switchboard/health" ? 200 : 404, {
        "content-type": "application/json",
        // Nothing is kept open that would be in the way of its end.
        connection: "close",
      });
      answer.end(JSON.stringify(this.health));
    });
  }

  static async start(): Promise<RunningGateway> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new RunningGateway(server);
  }

  /** From now on nothing is running. May be called again. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
