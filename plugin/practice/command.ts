// Owns a practice session for people: starts the practice lines, ClawdTalk's, ClawCall's and StepOne's, says how to
// point a client at one of them, rings the client that connects, picks up what the agent places, and opens the
// softphone.
import type { Readable, Writable } from "node:stream";
import type { ClawCallPracticeCall } from "./clawcall-caller.ts";
import { type ClawCallPractice, startClawCallPractice } from "./clawcall-server.ts";
import type { OutboundRing } from "./clawdtalk-calls.ts";
import { type ClawdTalkPractice, PRACTICE_API_KEY, startClawdTalkPractice } from "./clawdtalk-server.ts";
import { showApprovals } from "./phone-approvals.ts";
import {
  clawCallPhone,
  clawdTalkPhone,
  commandOf,
  type SoftphoneCall,
  stepOnePhone,
  talk,
} from "./softphone.ts";
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import { followStepOne } from "./stepone-events.ts";
import { type StepOnePractice, startStepOnePractice } from "./stepone-server.ts";
import type { TextMessage } from "./text-messages.ts";
import { type TypedLine, TypedLines } from "./typed-lines.ts";
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

const WHAT_TO_DO = "/ring rings your agent, Ctrl-D ends the practice.";

const HELP = [
  "  /ring            ring your agent",
  "  /text <message>  send a text message from your phone",
  "  approve, deny    answer what your phone asks you",
  "  /help            this list",
  "  Ctrl-D           end the practice",
];

/**
 * Runs one session: call after call, until the input ends while nobody is on the phone, or `signal` says so. Words that
 * were typed before the first call are said on it.
 *
 * @throws PracticeError when a port is taken.
 */
export async function runPracticeSession(session: PracticeSession): Promise<void> {
  const { json = false, input, output, notices, signal } = session;
  const lines = await openLines(session);
  const { clawdtalk, clawcall, stepone } = lines;
  const people = json ? notices : output;
  const typed = new TypedLines({ input, output: people });
  const tell = (line: string) => typed.print(line);
  // Whatever line the agent is on: it asks on the owner's phone.
  const approvals = showApprovals(clawdtalk, tell);
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
  followTexts(clawdtalk, ({ direction, to, body, media_urls }) => {
    if (direction === "inbound") return;
    const who = clawdtalk.clients.at(-1)?.agentName ?? "Your agent";
    const whom = to === clawdtalk.ownerNumber ? "" : ` to ${to}`;
    tell(`${who}, by text${whom}: ${[body, ...media_urls].join(" ").trim()}`);
  });
  if (json) {
    const write = (event: object) => output.write(`${JSON.stringify(event)}\n`);
    followTexts(clawdtalk, ({ id, direction, from, to, body, media_urls }) =>
      write({ line: "clawdtalk", kind: "text", at: Date.now(), id, direction, from, to, body, media_urls }),
    );
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

  /** What the person types while nobody is on the phone. */
  const obey = (line: string): void => {
    const { command, rest } = commandOf(line);
    if (command === "ring") offer(ringer(lines, BETWEEN_POLLS));
    else if (command === "text") sendText(clawdtalk, rest, tell);
    else if (command === "hangup") tell(`Nobody is on the phone. ${WHAT_TO_DO}`);
    else if (command === "help") for (const help of HELP) tell(help);
    else tell(`There is no "/${command}". Try /help.`);
  };

  /** Waits until somebody rings; what is typed meanwhile is obeyed. Without a ring, the session is over. */
  const nextRing = async (isFirst: boolean): Promise<Ring | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Ring | undefined>();
    pickUp = resolve;
    /** Typed ahead, in a file of lines mostly. */
    const ahead: TypedLine[] = [];
    if (!isFirst) tell(`The lines stay open. ${WHAT_TO_DO}`);
    typed.handTo({
      line: (line) => {
        const isCommand = line.text.trim().startsWith("/");
        const isBehind = ahead.at(-1)?.piece === line.piece;
        // The phone rings already: it is for the call.
        if (!pickUp || isBehind) ahead.push(line);
        else if (isCommand) obey(line.text);
        else if (approvals.answer(line.text)) return;
        else if (line.text.trim() === "") return;
        else if (isFirst && !typed.fromTerminal) {
          if (ahead.length === 0) tell("Nobody is on the phone yet: this is said as soon as somebody is.");
          ahead.push(line);
        } else tell(`Nobody is on the phone. ${WHAT_TO_DO}`);
      },
      end: () => {
        // The call that these words are for is still to come.
        if (ahead.length > 0) return;
        if (!typed.fromTerminal) tell("The input has ended, and so has the practice.");
        offer(undefined);
      },
      interrupt: stop,
    });
    try {
      return await promise;
    } finally {
      typed.giveBack(ahead);
      typed.handTo({ interrupt: stop });
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
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const ring = await nextRing(isFirst);
      if (!ring) return;
      try {
        call = await ring();
        const { interrupted } = await talk(call, typed, { showsReplies: false, approvals });
        if (interrupted) return;
      } catch (error) {
        if (!(error instanceof PracticeError) || error instanceof PracticeStopped) throw error;
        tell(error.message);
      } finally {
        call = undefined;
      }
      if (typed.ended) return;
    }
  } catch (error) {
    if (!(error instanceof PracticeStopped)) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    typed.close();
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
      // Without one nobody but the owner could be called.
      dedicatedNumber: "+15550003333",
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

/** Tells every text on the line, each once and as it comes. */
function followTexts(line: ClawdTalkPractice, tell: (text: TextMessage) => void): void {
  let told = 0;
  const tellNew = (): undefined => {
    for (const text of line.messages.slice(told)) {
      told += 1;
      tell(text);
    }
  };
  // The line looks after everything that happens. Nothing is ever found: only its closing ends this.
  line.until(tellNew, "the end of the line", FOREVER).catch(() => {});
}

/** The person texts the agent while nobody is on the phone. */
function sendText(line: ClawdTalkPractice, body: string, tell: (line: string) => void): void {
  if (body === "") tell('There is no "/text" without a message. Try /help.');
  else if (!line.connected) tell("Texts go over ClawdTalk's line, and no client is connected to it.");
  else {
    tell(`you, by text: ${body}`);
    line.text({ body });
  }
}

function invitation({ clawdtalk, clawcall, stepone }: Lines): string {
  return [
    "",
    "  The practice lines are open; no account is needed. Start your gateway (or the connector) with these settings,",
    "  all of them or those of one line: the lines work together.",
    "",
    "    ClawdTalk (calls and texts)",
    `    CLAWDTALK_SERVER=${clawdtalk.url}`,
    `    CLAWDTALK_API_KEY=${clawdtalk.key}`,
    "",
    "    ClawCall (calls)",
    `    CLAWCALL_BASE_URL=${clawcall.url}`,
    `    CLAWCALL_API_KEY=${clawcall.key}`,
    "",
    "    StepOne (calls its own AI makes, to mobile phones in mainland China)",
    `    STEPONEAI_API_BASE=${stepone.url}`,
    `    STEPONEAI_API_KEY=${stepone.key}`,
    "",
    '    Your own number, whatever the line: whom "phone sms me" texts (ownerNumbers in the settings does the same)',
    `    CLAWCALL_OWNER_NUMBER=${clawcall.ownerNumber}`,
    "",
    "  In a clone of the repository without a gateway of your own, this starts one on all three lines" +
      (clawdtalk.key === PRACTICE_API_KEY ? ":" : ", with the three keys above in its environment:"),
    "",
    `    npm run gateway -- --clawdtalk-server ${clawdtalk.url} --clawcall-base-url ${clawcall.url} --stepone-base ${stepone.url} --owner-number ${clawcall.ownerNumber}`,
    "",
    "  It rings as soon as a client of ClawdTalk's or ClawCall's connects. Then type what the caller says; /hangup or Ctrl-D",
    "  hangs up, /help says what else there is. While nobody is on the phone Ctrl-D ends the practice; Ctrl-C always does.",
    "  Whatever your agent places rings here too: you are whoever it calls. While you are on a call, your line is busy.",
    "  What your agent texts you is shown as it comes, and so is what your phone asks you to approve: type approve or deny.",
    "",
    "",
  ].join("\n");
}
