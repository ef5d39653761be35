// Owns a practice session for people: starts the ClawdTalk practice line, says how to point a client at it,
// rings the client when it connects, and opens the softphone.
import type { Readable, Writable } from "node:stream";
import type { PracticeCall } from "./caller.ts";
import { type ClawdTalkPractice, PRACTICE_API_KEY, startClawdTalkPractice } from "./clawdtalk-server.ts";
import { openSoftphone } from "./softphone.ts";
import { PracticeStopped } from "./waiting.ts";

export interface PracticeSession {
  readonly port?: number;
  readonly key?: string;
  readonly ownerNumber?: string;
  /** One JSON line per event on `output`; what is meant for people goes to `notices` instead. */
  readonly json?: boolean;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly notices: Writable & { readonly isTTY?: boolean };
  /** Ends the session at once, in good order. */
  readonly signal: AbortSignal;
}

/**
 * Runs one session: it ends when the call has ended, or when `signal` says so.
 *
 * @throws PracticeError when the port is taken.
 */
export async function runPracticeSession(session: PracticeSession): Promise<void> {
  const { port, ownerNumber, json = false, input, output, notices, signal } = session;
  const key = session.key ?? PRACTICE_API_KEY;
  const server = await startClawdTalkPractice({
    keys: [key],
    ...(port === undefined ? {} : { port }),
    ...(ownerNumber === undefined ? {} : { ownerNumber }),
    // The person at the softphone has one phone, and is on it.
    onOutbound: () => ({ does: "busy" }),
  });
  const people = json ? notices : output;
  let call: PracticeCall | undefined;
  // The client hears that the call is over before the line goes away.
  const stop = () => (call ? call.hangUp({ reason: "practice_stopped" }) : void server.close());
  signal.addEventListener("abort", stop);
  if (json) {
    const write = (event: object) => output.write(`${JSON.stringify(event)}\n`);
    server.follow(write);
    write({ at: Date.now(), kind: "ready", server: server.url, key, ownerNumber: server.ownerNumber });
  }
  server.follow((event) => {
    if (event.kind === "client" && event.state === "refused") {
      people.write(`A client came with another key and was refused. The line accepts ${key}.\n`);
    }
  });
  try {
    if (signal.aborted) return;
    people.write(invitation(server));
    // As long as it takes: a person reads the lines above and starts a client by hand.
    await server.waitForClient({ timeoutMs: Number.POSITIVE_INFINITY });
    people.write("A client is connected. Ringing …\n");
    call = await server.ring();
    await openSoftphone(call, { input, output: people });
  } catch (error) {
    if (!(error instanceof PracticeStopped)) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    await server.close();
  }
}

function invitation(server: ClawdTalkPractice): string {
  return [
    "",
    "  The practice line is open. It speaks ClawdTalk; no account is needed.",
    "  Start your gateway (or the connector) with these two settings:",
    "",
    `    CLAWDTALK_SERVER=${server.url}`,
    `    CLAWDTALK_API_KEY=${server.key}`,
    "",
    "  It rings as soon as the client connects. Then type what the caller says; Ctrl-D hangs up.",
    "",
    "",
  ].join("\n");
}
