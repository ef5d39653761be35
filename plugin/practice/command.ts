// Owns a practice session for people: starts the practice lines, ClawdTalk's, ClawCall's and StepOne's, says how to
// point a client at one of them, rings the client that connects, picks up what the agent places, and opens the
// softphone.
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ClawCallPracticeCall } from "./clawcall-caller.ts";
import { type ClawCallPractice, startClawCallPractice } from "./clawcall-server.ts";
import type { OutboundRing } from "./clawdtalk-calls.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "./clawdtalk-server.ts";
import {
  clawCallPhone,
  clawdTalkPhone,
  openSoftphone,
  printable,
  type SoftphoneCall,
  stepOnePhone,
} from "./softphone.ts";
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import { followStepOne } from "./stepone-events.ts";
import { type StepOnePractice, startStepOnePractice } from "./stepone-server.ts";
import { PracticeError, PracticeStopped, PracticeTimeout, type WaitOptions } from "./waiting.ts";

export interface PracticeSession {
  /** The ClawdTalk line's; default: any free one. */
  readonly port?: number;
  /** The ClawCall line's; default: any free one. */
  readonly clawcallPort?: number;
  /** The StepOne line's; default: any free one. */
  readonly steponePort?: number;
  /** What all lines accept; default: a fixed key for each. */
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
  readonly stepone: StepOnePractice;
  close(): Promise<void>;
}

/** Somebody rings: says so to the person, and is the call once it is picked up. */
type Ring = () => Promise<SoftphoneCall>;

/** As long as it takes: a person reads the invitation and starts a client by hand. */
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY };
/** A client that listens for ClawCall is not there for a moment between two polls. */
const BETWEEN_POLLS = { timeoutMs: 2_000 };

/**
 * Runs one session: call after call, until the input ends while nobody is on the phone, or `signal` says so.
 *
 * @throws PracticeError when a port is taken.
 */
export async function runPracticeSession(session: PracticeSession): Promise<void> {
  const { json = false, input, output, notices, signal } = session;
  const lines = await openLines(session);
  const { clawdtalk, clawcall, stepone } = lines;
  const people = json ? notices : output;
  const plainly = (line: string) => {
    people.write(`${printable(line)}\n`);
  };
  let tell: (line: string) => void = plainly;
  let call: SoftphoneCall | undefined;
  /** There while nobody is on the phone; without a ring, the session ends. */
  let pickUp: ((ring: Ring | undefined) => void) | undefined;
  const offer = (ring: Ring | undefined): boolean => {
    const isFree = pickUp !== undefined;
    pickUp?.(ring);
    pickUp = undefined;
    return isFree;
  };

  // The client hears that the call is over before the line goes away.
  const stop = () => {
    offer(undefined);
    if (call) call.hangUp("practice_stopped");
    else void lines.close();
  };
  signal.addEventListener("abort", stop);
  if (json) {
    const write = (event: object) => output.write(`${JSON.stringify(event)}\n`);
    clawdtalk.follow((event) => write({ line: "clawdtalk", ...event }));
    clawcall.follow((event) => write({ line: "clawcall", ...event }));
    followStepOne(stepone, (event) => write({ line: "stepone", ...event, at: Date.now() }));
    write({
      at: Date.now(),
      kind: "ready",
      server: clawdtalk.url,
      key: clawdtalk.key,
      ownerNumber: clawdtalk.ownerNumber,
      clawcall: { server: clawcall.url, key: clawcall.key },
      stepone: { server: stepone.url, key: stepone.key },
    });
  }
  const sayRefused = (key: string) =>
    tell(`A client came with another key and was refused. The line accepts ${key}.`);
  clawdtalk.follow((event) => {
    if (event.kind === "client" && event.state === "refused") sayRefused(clawdtalk.key);
  });
  clawcall.follow((event) => {
    if (event.kind === "request" && event.status === 401) sayRefused(clawcall.key);
  });
  followStepOne(stepone, (event) => {
    if (event.kind === "request" && event.status === 401) sayRefused(stepone.key);
  });

  /** Somebody is called: the person picks up, if they are not on the phone. */
  const rung = (who: "Your agent" | "StepOne's AI", to: string | undefined, answered: Ring): boolean => {
    const isFree = offer(() => {
      tell(
        to === undefined ? `${who} calls you: you have picked up.` : `${who} calls ${to}: you are them now.`,
      );
      return answered();
    });
    if (!isFree) tell(`${who} called ${to ?? "you"}: busy.`);
    return isFree;
  };
  const agentRung = (to: string | undefined, answered: Ring) =>
    ({ does: rung("Your agent", to, answered) ? "answer" : "busy" }) as const;
  clawdtalk.onOutbound = ({ callId, to, toOwner }: OutboundRing) =>
    agentRung(toOwner ? undefined : to, () => pickedUpOnClawdTalk(clawdtalk, callId));
  clawcall.onRing = (placed: ClawCallPracticeCall) =>
    agentRung(placed.kind === "third-party" ? placed.facts.to : undefined, async () => {
      await clawcall.until(() => placed.answeredAt, "the call", FOREVER);
      return clawCallPhone(placed, clawcall);
    });
  stepone.onRing = (placed: StepOnePracticeCall) => {
    const isFree = rung("StepOne's AI", placed.number, async () => {
      tell(`It has this to say or ask: ${placed.requirement}`);
      await stepone.until(() => placed.answeredAt, "the call", FOREVER);
      return stepOnePhone(placed, stepone);
    });
    // StepOne knows no busy line: the phone rings until the call is given up.
    return { does: isFree ? "answer" : "no_answer" };
  };

  /** Waits until somebody rings; what is typed meanwhile is obeyed, once there has been a call. */
  const nextRing = async (obeys: boolean): Promise<Ring | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Ring | undefined>();
    pickUp = resolve;
    if (!obeys) return promise;
    tell("The lines stay open. /ring rings your agent, Ctrl-D ends the practice.");
    const typed = createInterface({ input });
    typed.on("line", (line) => {
      if (line.trim() === "/ring") offer(ringer(lines, BETWEEN_POLLS));
      else tell("Nobody is on the phone. /ring rings your agent, Ctrl-D ends the practice.");
    });
    typed.on("close", () => offer(undefined));
    try {
      return await promise;
    } finally {
      typed.removeAllListeners().close();
    }
  };

  try {
    if (signal.aborted) return;
    people.write(invitation(lines));
    const first = connected(lines, FOREVER).then((ring) =>
      offer(() => {
        tell("A client is connected. Ringing …");
        return ring();
      }),
    );
    first.catch(() => {});
    for (let calls = 0; !signal.aborted; calls++) {
      const ring = await nextRing(calls > 0);
      if (!ring) return;
      try {
        call = await ring();
        const beside = (print: typeof tell) => {
          tell = print;
        };
        const { interrupted } = await openSoftphone(call, { input, output: people, beside });
        if (interrupted) return;
      } catch (error) {
        if (!(error instanceof PracticeError) || error instanceof PracticeStopped) throw error;
        tell(error.message);
      } finally {
        call = undefined;
        tell = plainly;
      }
      if (input.readableEnded || input.destroyed) return;
    }
  } catch (error) {
    if (!(error instanceof PracticeStopped)) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    await lines.close();
  }
}

async function openLines({
  port,
  clawcallPort,
  steponePort,
  key,
  ownerNumber,
}: PracticeSession): Promise<Lines> {
  const shared = ownerNumber === undefined ? {} : { ownerNumber };
  // When one cannot be opened, those before it are closed.
  await using opening = new AsyncDisposableStack();
  const clawdtalk = opening.use(
    await startClawdTalkPractice({
      ...shared,
      ...(key === undefined ? {} : { keys: [key] }),
      ...(port === undefined ? {} : { port }),
    }),
  );
  const clawcall = opening.use(
    await startClawCallPractice({
      ...shared,
      ...(key === undefined ? {} : { key }),
      ...(clawcallPort === undefined ? {} : { port: clawcallPort }),
      tier: "pro",
    }),
  );
  const stepone = opening.use(
    await startStepOnePractice({
      ...(key === undefined ? {} : { key }),
      ...(steponePort === undefined ? {} : { port: steponePort }),
    }),
  );
  const opened = opening.move();
  return { clawdtalk, clawcall, stepone, close: () => opened.disposeAsync() };
}

/** What rings the client that is connected, or connects first. @throws PracticeTimeout */
function connected({ clawdtalk, clawcall }: Lines, options: WaitOptions): Promise<Ring> {
  const isThere = () => clawdtalk.connected || undefined;
  return Promise.race([
    clawdtalk
      .until(isThere, "a client", options)
      .then(() => async () => clawdTalkPhone(await clawdtalk.ring())),
    clawcall.waitForListener(options).then(
      ({ phoneNumber }) =>
        async () =>
          clawCallPhone(await clawcall.ring({ from: phoneNumber }), clawcall),
    ),
  ]);
}

/** Rings whoever is there. @throws PracticeError when nobody is. */
function ringer(lines: Lines, options: WaitOptions): Ring {
  return async () => {
    const ring = await connected(lines, options).catch((error: unknown) => {
      if (!(error instanceof PracticeTimeout)) throw error;
      throw new PracticeError("No client is connected, so nobody hears it ring.");
    });
    return ring();
  };
}

/** The call that the agent has placed, once it is connected. */
async function pickedUpOnClawdTalk(line: ClawdTalkPractice, callId: string): Promise<SoftphoneCall> {
  const placed = () => {
    const call = line.calls.get(callId);
    return call?.startedAt === undefined && !call?.end ? undefined : call;
  };
  return clawdTalkPhone(await line.until(placed, "the call", FOREVER));
}

function invitation({ clawdtalk, clawcall, stepone }: Lines): string {
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
    "  And for calls that StepOne's AI makes to mobile phones in mainland China, alone or besides:",
    "",
    `    STEPONEAI_API_BASE=${stepone.url}`,
    `    STEPONEAI_API_KEY=${stepone.key}`,
    "",
    "  It rings as soon as a client of ClawdTalk's or ClawCall's connects. Then type what the caller says; Ctrl-D hangs up, Ctrl-C ends it all.",
    "  Whatever your agent places rings here too: you are whoever it calls. While you are on a call, your line is busy.",
    "",
    "",
  ].join("\n");
}
