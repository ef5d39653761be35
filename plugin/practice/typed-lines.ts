// Owns what is typed: one reader of the input for as long as it is needed, which hands each line to whoever has the
// word now, and what is printed past the prompt.
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** One line of the input. */
export interface TypedLine {
  readonly text: string;
  /** Lines that came at once (a file, a paste, one write) are of the same piece. */
  readonly piece: number;
}

/** Whoever has the word. What it does not take is kept for the next one. */
interface Typist {
  readonly line?: (typed: TypedLine) => void;
  /** Nothing more is typed: the input has ended, or it was Ctrl-D at a terminal. */
  readonly end?: () => void;
  /** Ctrl-C at a terminal. */
  readonly interrupt?: () => void;
}

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

export class TypedLines {
  /** Whether a person types, as far as can be seen. */
  readonly fromTerminal: boolean;
  /** Whether there is a prompt, with what is typed shown behind it. */
  readonly hasPrompt: boolean;
  readonly #input: Terminal["input"];
  readonly #output: Terminal["output"];
  #interface: Interface;
  #typist: Typist = {};
  #prompt = "";
  #kept: TypedLine[] = [];
  #isEnding = false;
  #closed = false;
  #piece = 0;
  #isPieceOpen = false;

  constructor({ input, output }: Terminal) {
    this.#input = input;
    this.#output = output;
    this.fromTerminal = input.isTTY === true;
    this.hasPrompt = this.fromTerminal && output.isTTY === true;
    this.#isEnding = this.ended;
    this.#interface = this.#open();
  }

  /** Whether the input itself has ended; Ctrl-D at a terminal does not end it. */
  get ended(): boolean {
    return this.#input.readableEnded || this.#input.destroyed;
  }

  /** From now on this one has the word; what was kept is handed over at once. */
  handTo(typist: Typist, prompt = ""): void {
    this.#typist = typist;
    this.#prompt = prompt;
    this.#interface.setPrompt(prompt);
    if (this.hasPrompt && prompt !== "") this.#interface.prompt();
    while (typist.line && this.#typist === typist) {
      const typed = this.#kept.shift();
      if (!typed) break;
      typist.line(typed);
    }
    if (this.#isEnding && this.#typist === typist) this.#end();
  }

  /** Gives lines back that were handed over and are for the next one: they come before all others. */
  giveBack(lines: readonly TypedLine[]): void {
    this.#kept.unshift(...lines);
  }

  /** Prints a line past the prompt and what is being typed. */
  print(line: string): void {
    if (this.hasPrompt) {
      cursorTo(this.#output, 0);
      clearLine(this.#output, 0);
    }
    this.#output.write(`${printable(line)}\n`);
    if (this.hasPrompt && !this.#closed) this.#interface.prompt(true);
  }

  /** Reads no more; nothing of this stays on the input. */
  close(): void {
    this.#closed = true;
    this.#interface.close();
  }

  #open(): Interface {
    const terminal = this.hasPrompt;
    const lines = createInterface({
      input: this.#input,
      terminal,
      ...(terminal ? { output: this.#output, prompt: this.#prompt } : {}),
    });
    lines.on("line", (text) => this.#take(text));
    lines.on("SIGINT", () => this.#typist.interrupt?.());
    lines.on("close", () => {
      if (this.#closed) return;
      // Ctrl-D closes the interface, not the input.
      if (!this.ended) this.#interface = this.#open();
      this.#isEnding = true;
      this.#end();
    });
    return lines;
  }

  #take(text: string): void {
    if (!this.#isPieceOpen) {
      this.#isPieceOpen = true;
      this.#piece += 1;
      setImmediate(() => {
        this.#isPieceOpen = false;
      });
    }
    const typed = { text, piece: this.#piece };
    if (this.#typist.line) this.#typist.line(typed);
    else this.#kept.push(typed);
    if (this.hasPrompt && this.#prompt !== "" && !this.#closed) this.#interface.prompt();
  }

  #end(): void {
    const { end } = this.#typist;
    if (!end) return;
    this.#isEnding = this.ended;
    end();
  }
}

/** Text from outside must not steer the terminal. Every script stays; line breaks become spaces. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
