// Owns the softphone: one call at a terminal, on whichever practice line. A typed line is what the caller says; what
// is spoken is printed as it arrives.
import type { PracticeCall, TranscriptEntry } from "./caller.ts";
import type { ClawCallPracticeCall } from "./clawcall-caller.ts";
import type { ClawCallPractice } from "./clawcall-server.ts";
import type { ClawdTalkPractice } from "./clawdtalk-server.ts";
import { type PhoneApprovals, showApprovals } from "./phone-approvals.ts";
import type { StepOnePracticeCall } from "./stepone-calls.ts";
import type { StepOnePractice } from "./stepone-server.ts";
import { type Terminal, type TypedLine, TypedLines } from "./typed-lines.ts";
import { PracticeError, type WaitOptions } from "./waiting.ts";

/** Words heard on the phone. */
interface HeardWords {
  /** Who said them, by name. */
  readonly speaker: string;
  readonly text: string;
  /** Milliseconds since the caller spoke, or since the phone rang. */
  readonly afterMs: number;
}

/** A call as the person with the phone in their hand has it. */
export interface SoftphoneCall {
  readonly agentName: string;
  readonly durationSeconds: number;
  /** How it ended; `undefined` while it lasts. */
  readonly end: { readonly reason?: string } | undefined;
  /** @throws PracticeError when the other one says no hello in time. */
  heardGreeting(options?: WaitOptions): Promise<unknown>;
  /** Hears everything that is spoken, from the beginning of the call; the returned function stops it. */
  hear(listener: (words: HeardWords) => void): () => void;
  say(text: string): { result(options?: WaitOptions): Promise<unknown> };
  /** Missing where the line carries no texts. */
  text?(body: string): { reply(options?: WaitOptions): Promise<readonly { readonly body: string }[]> };
  hangUp(reason?: string): void;
  /** Resolves when the call ends, by whoever; rejects when the line is closed. */
  whenEnded(): Promise<unknown>;
}

/** A call on the ClawdTalk practice line. */
export function clawdTalkPhone(call: PracticeCall): SoftphoneCall {
  const hear = (listener: (words: HeardWords) => void) => {
    const tell = (entry: TranscriptEntry) => {
      if (entry.who !== "agent") return;
      const since = call.turns.find((turn) => turn.requestId === entry.requestId)?.saidAt ?? call.rangAt;
      listener({ speaker: call.agentName, text: entry.text, afterMs: entry.at - since });
    };
    for (const entry of call.transcript) tell(entry);
    return call.follow(tell);
  };
  return {
    agentName: call.agentName,
    get durationSeconds() {
      return call.durationSeconds;
    },
    get end() {
      return call.end;
    },
    heardGreeting: (options) => call.heardGreeting(options),
    hear,
    say: (text) => call.say(text),
    text: (body) => call.text(body),
    hangUp: (reason) => call.hangUp(reason === undefined ? {} : { reason }),
    whenEnded: () => call.whenEnded(),
  };
}

/** A call on ClawCall's practice line. */
export function clawCallPhone(call: ClawCallPracticeCall, server: ClawCallPractice): SoftphoneCall {
  const agents = server.accounts.flatMap((account) => account.agents);
  const agentName = agents.find(({ id }) => id === call.facts.agentId)?.name ?? "agent";
  const forever = { timeoutMs: Number.POSITIVE_INFINITY };
  return {
    agentName,
    get durationSeconds() {
      return call.durationSeconds;
    },
    get end() {
      return call.end;
    },
    heardGreeting: (options) => server.until(() => call.heard[0], "a first word", options),
    hear: (listener) => {
      let told = 0;
      let isHearing = true;
      const tellNew = () => {
        for (const { who, text, atMs } of call.heard.slice(told)) {
          told += 1;
          if (isHearing) listener({ speaker: who === "agent" ? agentName : "ClawCall", text, afterMs: atMs });
        }
        return isHearing && !call.end ? undefined : true;
      };
      // The line looks after everything that happens, so every word is told as it is heard.
      server.until(tellNew, "the end of the call", forever).catch(() => {});
      return () => {
        isHearing = false;
      };
    },
    say: (text) => call.say(text),
    hangUp: () => call.hangUp(),
    whenEnded: () => call.ended(forever),
  };
}

/** What the practice line's AI says; the calls go to mainland China. */
const PRACTICE_AI = {
  greeting: "您好，我是 AI 电话助手，替别人打这个电话，现在方便说话吗？",
  thanks: "谢谢，您说的会转告给让我打电话的人。",
} as const;

/**
 * A call on StepOne's practice line, which has to be answered already. The AI is the line's own and understands
 * nothing: it greets at once, says what it was told to say after the caller's first words, and then gives thanks.
 */
export function stepOnePhone(call: StepOnePracticeCall, server: StepOnePractice): SoftphoneCall {
  const agentName = "StepOne's AI";
  const pickedUpAt = Date.now();
  const forever = { timeoutMs: Number.POSITIVE_INFINITY };
  let spokeAt = pickedUpAt;
  let answers = 0;
  call.say("assistant", PRACTICE_AI.greeting);
  return {
    agentName,
    get durationSeconds() {
      return Math.round(((call.endedAt ?? Date.now()) - (call.answeredAt ?? pickedUpAt)) / 1_000);
    },
    get end() {
      return call.end === undefined ? undefined : { reason: call.end };
    },
    heardGreeting: () => Promise.resolve(),
    hear: (listener) => {
      let told = 0;
      const tellNew = () => {
        const fresh = call.lines.slice(told);
        told = call.lines.length;
        for (const { role, content } of fresh) {
          if (role === "assistant")
            listener({ speaker: agentName, text: content, afterMs: Date.now() - spokeAt });
        }
      };
      tellNew();
      return call.follow(tellNew);
    },
    say: (text) => {
      spokeAt = Date.now();
      call.say("user", text);
      call.say("assistant", answers === 0 ? call.requirement : PRACTICE_AI.thanks);
      answers += 1;
      return { result: () => Promise.resolve() };
    },
    hangUp: () => call.hangUp(),
    whenEnded: () => server.until(() => call.endedAt, "the end of the call", forever),
  };
}

interface CallOptions {
  /**
   * Say each line only when the one before has been answered, and hang up only after the last answer.
   * Default: when the input is no terminal, so that a file of lines makes a conversation. At a terminal a new
   * line interrupts.
   */
  readonly takeTurns?: boolean;
  /** How long to wait for an answer when taking turns, in milliseconds; default 60,000. */
  readonly answerWithinMs?: number;
  /** False where texts are shown as they come, during the call or not. Default true. */
  readonly showsReplies?: boolean;
  /** Questions on the person's phone: "approve" and "deny" answer one instead of being said, while it is open. */
  readonly approvals?: PhoneApprovals | undefined;
}

export type SoftphoneOptions = Omit<CallOptions, "approvals"> &
  Terminal & {
    /** The line whose questions come up on this phone. */
    readonly approvalsOn?: ClawdTalkPractice;
  };

const GREETING_WITHIN_MS = 2_000;

const TEXT_HELP = "  /text <message>  send a text message from this phone";
const APPROVAL_HELP = "  approve, deny    answer what your phone asks you";

const HELP = [
  "Type what the caller says and press Enter.",
  TEXT_HELP,
  APPROVAL_HELP,
  "  /hangup          hang up (so does Ctrl-D)",
  "  /help            this list",
];

/** {@link talk} at a terminal that is there for this call alone. */
export async function openSoftphone(
  call: SoftphoneCall,
  { input, output, approvalsOn, ...options }: SoftphoneOptions,
): Promise<{ readonly interrupted: boolean }> {
  const typed = new TypedLines({ input, output });
  const approvals = approvalsOn && showApprovals(approvalsOn, (line) => typed.print(line));
  try {
    return await talk(call, typed, { ...options, approvals });
  } finally {
    typed.close();
  }
}

/**
 * Holds the phone on a call until it has ended: by `/hangup`, by the end of the input, or by the agent. Ctrl-C at a
 * terminal hangs up too. A command is obeyed at once, whatever is being waited for; only one that came in one piece
 * with lines before it (in a file) keeps its place behind them. Lines that were not said are given back.
 *
 * @returns whether it was Ctrl-C.
 */
export async function talk(
  call: SoftphoneCall,
  typed: TypedLines,
  { takeTurns = !typed.fromTerminal, answerWithinMs = 60_000, showsReplies = true, approvals }: CallOptions,
): Promise<{ readonly interrupted: boolean }> {
  const print = (line: string) => typed.print(line);
  const over = Promise.withResolvers<void>();
  let isOver = false;

  const say = async (text: string) => {
    if (!typed.hasPrompt) print(`you: ${text}`);
    const turn = call.say(text);
    if (takeTurns) await patiently(turn.result({ timeoutMs: answerWithinMs }), "(no answer)");
  };
  const sendText = async (body: string) => {
    if (!call.text) {
      print("This line carries no texts.");
      return;
    }
    if (body === "") {
      print('There is no "/text" without a message. Try /help.');
      return;
    }
    print(`you, by text: ${body}`);
    const replied = patiently(
      call
        .text(body)
        .reply({ timeoutMs: answerWithinMs })
        .then((messages) => {
          if (!showsReplies || isOver) return;
          for (const message of messages) print(`${call.agentName}, by text: ${message.body}`);
        }),
      "(no answer to the text)",
    );
    if (takeTurns) await replied;
  };
  /** What does not come in time, or cannot come any more, is said and is no error. */
  const patiently = async (answer: Promise<unknown>, otherwise: string) => {
    try {
      await answer;
    } catch (error) {
      if (!(error instanceof PracticeError)) throw error;
      if (!call.end) print(otherwise);
    }
  };
  const obey = async (line: string) => {
    const { command, rest } = commandOf(line);
    if (command === "hangup") call.hangUp();
    else if (command === "text") await sendText(rest);
    else if (command === "ring") print("You are on the phone already: /hangup ends this call.");
    else if (command === "help") for (const help of helpOn(call, approvals)) print(help);
    else print(`There is no "/${command}". Try /help.`);
  };

  // A caller with a prepared part lets the other one say hello first.
  let lastTurn: Promise<unknown> = takeTurns
    ? call.heardGreeting({ timeoutMs: GREETING_WITHIN_MS }).catch(() => {})
    : Promise.resolve();
  let lastOfPiece: { readonly piece: number; readonly done: Promise<unknown> } | undefined;
  let lastBegun: Promise<unknown> = Promise.resolve();
  let everything: Promise<unknown> = lastTurn;
  /** An answer to what the phone asks does not wait for the turn before it: that turn waits for the answer. */
  const answer = async (text: string, begun: Promise<unknown>, before: readonly unknown[]) => {
    if (approvals?.isAnswer(text) !== true) return false;
    await begun;
    return (await approvals.isAsked(Promise.all(before))) && approvals.answer(text);
  };
  const unsaid = new Set<TypedLine>();
  const take = (line: TypedLine) => {
    const text = line.text.trim();
    if (text === "") return;
    const isCommand = text.startsWith("/");
    const before = [
      lastOfPiece?.piece === line.piece ? lastOfPiece.done : undefined,
      isCommand ? undefined : lastTurn,
    ];
    unsaid.add(line);
    const begun = Promise.withResolvers<void>();
    const done = answer(text, lastBegun, before).then(async (isAnswer) => {
      if (!isAnswer) await Promise.all(before);
      begun.resolve();
      if (call.end && !isAnswer) return;
      unsaid.delete(line);
      await (isAnswer ? Promise.all(before) : isCommand ? obey(text) : say(text));
    });
    lastBegun = begun.promise;
    done.catch(over.reject);
    lastOfPiece = { piece: line.piece, done };
    if (!isCommand) lastTurn = done;
    everything = Promise.allSettled([everything, done]);
  };

  const stopHearing = call.hear(({ speaker, text, afterMs }) => print(`${speaker}: ${text} (${afterMs} ms)`));
  call.whenEnded().then(
    () => over.resolve(),
    () => over.resolve(),
  );
  let interrupted = false;
  typed.handTo(
    {
      line: take,
      end: () => void everything.then(() => call.hangUp()),
      interrupt: () => {
        interrupted = true;
        call.hangUp();
      },
    },
    "you: ",
  );
  try {
    await over.promise;
  } finally {
    isOver = true;
    call.hangUp();
    stopHearing();
    typed.handTo({});
    typed.giveBack([...unsaid]);
  }
  print(`The call has ended (${call.end?.reason ?? "unknown"}, ${call.durationSeconds} s).`);
  return { interrupted };
}

/** "/text see you" is the command "text" with the rest "see you". */
export function commandOf(line: string): { readonly command: string; readonly rest: string } {
  const [, command = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  return { command, rest };
}

/** What can be typed on this call. */
function helpOn(call: SoftphoneCall, approvals: PhoneApprovals | undefined): readonly string[] {
  return HELP.filter((line) => (line !== TEXT_HELP || call.text) && (line !== APPROVAL_HELP || approvals));
}
