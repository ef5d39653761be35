// Owns how a practice server comes to listen on loopback, and how it goes.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PracticeError } from "./waiting.ts";

/**
 * Listens on 127.0.0.1 and resolves to the port.
 *
 * @param port 0: any free one.
 * @throws PracticeError when the port is taken.
 */
export async function listenOnLoopback(http: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new PracticeError(
          error.code === "EADDRINUSE"
            ? `Port ${port} is taken; choose another one.`
            : `The practice line cannot listen on port ${port}: ${error.message}.`,
        ),
      ),
    );
    http.listen(port, "127.0.0.1", resolve);
  });
  return (http.address() as AddressInfo).port;
}

/** Cuts every HTTP connection; resolves when nothing is left. */
export async function closeAtOnce(http: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    http.close(() => resolve());
  });
  http.closeAllConnections();
  await closed;
}
