// Owns the softphone: one call at a terminal. A typed line is what the caller says; what is spoken is printed
// as it arrives.
import { clearLine, createInterface, cursorTo } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { PracticeCall, TranscriptEntry } from "./caller.ts";
import { PracticeError } from "./waiting.ts";

export interface SoftphoneOptions {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  /**
   * Say each line only when the one before has been answered, and hang up only after the last answer.
   * Default: when the input is no terminal, so that a file of lines makes a conversation. At a terminal a new
   * line interrupts.
   */
  readonly takeTurns?: boolean;
  /** How long to wait for an answer when taking turns, in milliseconds; default 60,000. */
  readonly answerWithinMs?: number;
}

const GREETING_WITHIN_MS = 2_000;

const HELP = [
  "Type what the caller says and press Enter.",
  "  /text <message>  send a text message from this phone",
  "  /hangup          hang up (so does Ctrl-D)",
  "  /help            this list",
];

/**
 * Opens the softphone on a call and stays until the call has ended: by `/hangup`, by the end of the input, or
 * by the agent.
 */
export async function openSoftphone(call: PracticeCall, options: SoftphoneOptions): Promise<void> {
  const { input, output, answerWithinMs = 60_000 } = options;
  const takeTurns = options.takeTurns ?? input.isTTY !== true;
  const terminal = input.isTTY === true && output.isTTY === true;

  // A caller with a prepared part lets the other one say hello first.
  if (takeTurns) await call.heardGreeting({ timeoutMs: GREETING_WITHIN_MS }).catch(() => {});
  const lines = createInterface({ input, terminal, ...(terminal ? { output, prompt: "you: " } : {}) });
  let closed = false;
  lines.on("close", () => {
    closed = true;
  });

  const print = (line: string) => {
    if (terminal) {
      cursorTo(output, 0);
      clearLine(output, 0);
    }
    output.write(`${printable(line)}\n`);
    if (terminal && !closed) lines.prompt(true);
  };
  const hear = (entry: TranscriptEntry) => {
    if (entry.who === "agent") print(`${call.agentName}: ${entry.text} (${msOf(entry, call)} ms)`);
  };
  const say = async (text: string) => {
    const turn = call.say(text);
    if (!terminal) print(`you: ${text}`);
    if (takeTurns) await patiently(turn.result({ timeoutMs: answerWithinMs }), "(no answer)");
  };
  const sendText = async (body: string) => {
    const text = call.text(body);
    print(`you, by text: ${body}`);
    const replied = patiently(
      text.reply({ timeoutMs: answerWithinMs }).then((messages) => {
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
    const [, command = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
    if (command === "hangup") call.hangUp();
    else if (command === "text" && rest !== "") await sendText(rest);
    else if (command === "help") for (const help of HELP) print(help);
    else print(`There is no "/${command}"${command === "text" ? " without a message" : ""}. Try /help.`);
  };

  for (const entry of call.transcript) hear(entry);
  const stopHearing = call.follow(hear);
  void call.whenEnded().then(() => lines.close());
  lines.on("SIGINT", () => call.hangUp());
  if (terminal) lines.prompt();
  try {
    for await (const typed of lines) {
      const line = typed.trim();
      if (call.end) break;
      if (line.startsWith("/")) await obey(line);
      else if (line !== "") await say(line);
      if (terminal && !closed) lines.prompt();
    }
  } finally {
    call.hangUp();
    stopHearing();
    lines.close();
  }
  print(`The call has ended (${call.end?.reason ?? "unknown"}, ${call.durationSeconds} s).`);
}

function msOf(entry: TranscriptEntry, call: PracticeCall): number {
  const since = call.turns.find((turn) => turn.requestId === entry.requestId)?.saidAt ?? call.rangAt;
  return entry.at - since;
}

/** Text from outside must not steer the terminal. Every script stays; line breaks become spaces. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
