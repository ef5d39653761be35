// Owns a practice session for people: starts the practice lines, ClawdTalk's and ClawCall's, says how to point a
// client at one of them, rings the client that connects, and opens the softphone.
import type { Readable, Writable } from "node:stream";
import { type ClawCallPractice, startClawCallPractice } from "./clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "./clawdtalk-server.ts";
import { clawCallPhone, clawdTalkPhone, openSoftphone, type SoftphoneCall } from "./softphone.ts";
import { PracticeStopped } from "./waiting.ts";

export interface PracticeSession {
  /** The ClawdTalk line's; default: any free one, as the other line always has. */
  readonly port?: number;
  /** What both lines accept; default: a fixed key for each. */
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

interface Lines {
  readonly clawdtalk: ClawdTalkPractice;
  readonly clawcall: ClawCallPractice;
}

/** As long as it takes: a person reads the invitation and starts a client by hand. */
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY };

/**
 * Runs one session: it ends when the call has ended, or when `signal` says so.
 *
 * @throws PracticeError when the port is taken.
 */
export async function runPracticeSession(session: PracticeSession): Promise<void> {
  const { json = false, input, output, notices, signal } = session;
  const lines = await openLines(session);
  const { clawdtalk, clawcall } = lines;
  const people = json ? notices : output;
  const close = () => Promise.all([clawdtalk.close(), clawcall.close()]);
  let call: SoftphoneCall | undefined;
  // The client hears that the call is over before the line goes away.
  const stop = () => (call ? call.hangUp("practice_stopped") : void close());
  signal.addEventListener("abort", stop);
  if (json) {
    const write = (event: object) => output.write(`${JSON.stringify(event)}\n`);
    clawdtalk.follow((event) => write({ line: "clawdtalk", ...event }));
    clawcall.follow((event) => write({ line: "clawcall", ...event }));
    write({
      at: Date.now(),
      kind: "ready",
      server: clawdtalk.url,
      key: clawdtalk.key,
      ownerNumber: clawdtalk.ownerNumber,
      clawcall: { server: clawcall.url, key: clawcall.key },
    });
  }
  const sayRefused = (key: string) =>
    people.write(`A client came with another key and was refused. The line accepts ${key}.\n`);
  clawdtalk.follow((event) => {
    if (event.kind === "client" && event.state === "refused") sayRefused(clawdtalk.key);
  });
  clawcall.follow((event) => {
    if (event.kind === "request" && event.status === 401) sayRefused(clawcall.key);
  });
  try {
    if (signal.aborted) return;
    people.write(invitation(lines));
    const ring = await firstClient(lines);
    people.write("A client is connected. Ringing …\n");
    call = await ring();
    await openSoftphone(call, { input, output: people });
  } catch (error) {
    if (!(error instanceof PracticeStopped)) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    await close();
  }
}

async function openLines({ port, key, ownerNumber }: PracticeSession): Promise<Lines> {
  const shared = ownerNumber === undefined ? {} : { ownerNumber };
  // The person at the softphone has one phone, and is on it.
  const busy = () => ({ does: "busy" }) as const;
  const clawdtalk = await startClawdTalkPractice({
    ...shared,
    ...(key === undefined ? {} : { keys: [key] }),
    ...(port === undefined ? {} : { port }),
    onOutbound: busy,
  });
  const clawcall = await startClawCallPractice({
    ...shared,
    ...(key === undefined ? {} : { key }),
    tier: "pro",
    onRing: busy,
  });
  return { clawdtalk, clawcall };
}

/** What rings the client that connects first. */
function firstClient({ clawdtalk, clawcall }: Lines): Promise<() => Promise<SoftphoneCall>> {
  return Promise.race([
    clawdtalk.waitForClient(FOREVER).then(() => async () => clawdTalkPhone(await clawdtalk.ring())),
    clawcall.waitForListener(FOREVER).then(() => async () => clawCallPhone(await clawcall.ring(), clawcall)),
  ]);
}

function invitation({ clawdtalk, clawcall }: Lines): string {
  return [
    "",
    "  The practice lines are open; no account is needed.",
    "  Start your gateway (or the connector) with the settings of one of them: ClawdTalk's",
    "",
    `    CLAWDTALK_SERVER=${clawdtalk.url}`,
    `    CLAWDTALK_API_KEY=${clawdtalk.key}`,
    "",
    "  or ClawCall's",
    "",
    `    CLAWCALL_BASE_URL=${clawcall.url}`,
    `    CLAWCALL_API_KEY=${clawcall.key}`,
    `    CLAWCALL_OWNER_NUMBER=${clawcall.ownerNumber}`,
    "",
    "  It rings as soon as the client connects. Then type what the caller says; Ctrl-D hangs up, Ctrl-C ends it all.",
    "",
    "",
  ].join("\n");
}
