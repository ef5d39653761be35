/**
 * Owns one turn of a call: the caller's words, the agent's run, and what may still be spoken for it.
 *
 * A turn is fenced: text reaches the caller only while the turn is `running`, so nothing of a superseded,
 * ended or timed-out turn is ever heard, whatever the agent still produces.
 */
import type { AgentPort, AgentTurn, AgentTurnListener } from "../agent/port.ts";
import type { TurnAddress } from "../carriers/carrier.ts";
import type { Log } from "../log.ts";
import { endsWithGoodbye } from "../speech/listener-noises.ts";
import { phrase, progressPhrase } from "../speech/phrases.ts";
import { type SpeechMode, SpeechStream } from "../speech/stream.ts";
import type { SafeVoice } from "./checked-voice.ts";

export type TurnState = "queued" | "running" | "answered" | "superseded" | "callEnded";

/** Which state may follow which. A finished turn stays finished. */
const TRANSITIONS: Readonly<Record<TurnState, readonly TurnState[]>> = {
  queued: ["running", "superseded", "callEnded"],
  running: ["answered", "superseded", "callEnded"],
  answered: [],
  superseded: [],
  callEnded: [],
};

/** A caller hears within two seconds that their session is busy with something else. */
const BUSY_AFTER_MS = 1_500;
/** Each further progress line waits this much longer than the one before: reassuring, not nagging. */
const PROGRESS_GROWTH = 1.5;

export interface TurnSettings {
  /** How much of the answer is spoken before its end; lines that break a silence are spoken in every mode. */
  readonly speech: SpeechMode;
  /** Silence, in milliseconds, after which a progress line is spoken. */
  readonly progressAfterMs: number;
  readonly timeoutMs: number;
}

/** What the call remembers of what was said, shared by its turns. */
export interface SpokenMemory {
  /** The last thing the caller heard. */
  lastSaid: string;
  /** What the caller had heard of the answer they broke off; undefined when they did not. */
  brokenOff: string | undefined;
  lastProgress: string | undefined;
}

export class Turn {
  readonly address: TurnAddress;
  readonly words: string;
  readonly language: string;
  /** Resolves when the turn is finished, however. */
  readonly finished: Promise<void>;
  #state: TurnState = "queued";
  readonly #carrier: SafeVoice;
  readonly #settings: TurnSettings;
  readonly #memory: SpokenMemory;
  readonly #log: Log;
  readonly #onCallWantsToEnd: (lastWords: string) => void;
  readonly #abort = new AbortController();
  readonly #speech: SpeechStream;
  #markFinished: () => void = () => {};
  #silenceTimer: NodeJS.Timeout | undefined;
  #busyTimer: NodeJS.Timeout | undefined;
  #timeoutTimer: NodeJS.Timeout | undefined;
  #silenceMs: number;
  #tool: string | undefined;
  /** The pieces of the answer that were spoken. */
  readonly #said: string[] = [];

  constructor(parameters: {
    address: TurnAddress;
    words: string;
    language: string;
    carrier: SafeVoice;
    settings: TurnSettings;
    memory: SpokenMemory;
    log: Log;
    /** The agent wants the call to end once this was heard. */
    onCallWantsToEnd(lastWords: string): void;
  }) {
    this.address = parameters.address;
    this.words = parameters.words;
    this.language = parameters.language;
    this.#carrier = parameters.carrier;
    this.#settings = parameters.settings;
    this.#memory = parameters.memory;
    this.#log = parameters.log;
    this.#onCallWantsToEnd = (lastWords) => parameters.onCallWantsToEnd(lastWords);
    this.#silenceMs = parameters.settings.progressAfterMs;
    this.#speech = new SpeechStream({
      mode: parameters.carrier.capabilities.partialSpeech ? parameters.settings.speech : "off",
      fallbackLanguage: parameters.language,
    });
    this.finished = new Promise((resolve) => {
      this.#markFinished = resolve;
    });
  }

  get state(): TurnState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === "queued" || this.#state === "running";
  }

  /**
   * The turn is the first in line: from now on a silence is broken and the time limit counts, also while it is
   * still being found out who speaks. Does nothing when the turn is over already.
   */
  begin(): void {
    if (!this.#become("running")) return;
    this.#armSilence();
    this.#timeoutTimer = setTimeout(() => this.#timeOut(), this.#settings.timeoutMs);
  }

  /**
   * Runs the agent and speaks what it says, sentence by sentence; ends with exactly one answer. Only a turn that
   * has begun and is not over runs. Never rejects.
   */
  async run(agent: AgentPort, agentTurn: AgentTurn): Promise<void> {
    if (this.#state !== "running") return;
    this.#busyTimer = setTimeout(() => this.#sayAside(phrase("waiting", this.language)), BUSY_AFTER_MS);
    const answer = await agent.run(agentTurn, this.#listener(), this.#abort.signal);
    if (this.#state !== "running") return;
    if (answer.kind === "answered") {
      const rest = this.#speech.finish(answer.text);
      const lastWords = rest || (this.#said.at(-1) ?? "");
      const wantsToEnd =
        answer.endCall === true || endsWithGoodbye(lastWords, { whole: agentTurn.session.tier === "owner" });
      this.answer(rest || phrase(answer.endCall ? "goodbye" : "empty", this.language));
      if (wantsToEnd) this.#onCallWantsToEnd(lastWords);
      return;
    }
    this.#log.warn(`A turn failed: ${answer.kind === "failed" ? answer.reason : "its run was stopped"}.`);
    this.answer(phrase("failed", this.language));
  }

  /** Ends a turn that has begun with this text, as it is. Does nothing when it is already finished. */
  answer(text: string): void {
    if (!this.#become("answered")) return;
    this.#memory.lastSaid = text;
    this.#carrier.answer(this.address, text);
  }

  /** The caller said something newer: the run is stopped, a short phrase ends the request. */
  supersede(): void {
    if (!this.#become("superseded")) return;
    this.#abort.abort();
    if (this.#said.length > 0) this.#memory.brokenOff = this.#said.join(" ");
    this.#carrier.answer(this.address, phrase("superseded", this.language));
  }

  /** The call is over: the run is stopped and nothing more is sent. */
  callEnded(): void {
    if (this.#become("callEnded")) this.#abort.abort();
  }

  /** The line stops while the caller waits: the run is stopped, and the request gets its one answer all the same. */
  lineStopped(): void {
    if (this.#state === "queued") this.#become("running");
    if (this.#state !== "running") return;
    this.answer(phrase("failed", this.language));
    this.#abort.abort();
  }

  #timeOut(): void {
    if (this.#state !== "running") return;
    this.#log.warn(`A turn took longer than ${this.#settings.timeoutMs / 1000} s and was stopped.`);
    this.answer(phrase("timedOut", this.language));
    this.#abort.abort();
  }

  #listener(): AgentTurnListener {
    return {
      onStarted: () => {
        clearTimeout(this.#busyTimer);
        this.#busyTimer = undefined;
      },
      onText: (text) => {
        if (this.#state === "running") this.#say(this.#speech.push(text));
      },
      onMessageEnd: () => {
        if (this.#state === "running") this.#say(this.#speech.boundary());
      },
      onTool: (tool) => {
        this.#tool = tool;
      },
      onAskingOwner: () => {
        // Nothing is being done meanwhile: lines that fit any work are true of waiting, too.
        this.#tool = undefined;
        this.#sayAside(phrase("askingOwner", this.language));
      },
    };
  }

  /** Speaks pieces of the answer; what cannot be handed over now stays for the answer's end. */
  #say(pieces: readonly string[]): void {
    for (const [index, piece] of pieces.entries()) {
      const heard = this.#carrier.speak(this.address, piece);
      if (heard === undefined) {
        this.#speech.restore(pieces.slice(index));
        return;
      }
      this.#said.push(heard);
      this.#memory.lastSaid = heard;
      this.#silenceMs = this.#settings.progressAfterMs;
      this.#armSilence();
    }
  }

  /**
   * Speaks a line of our own that is not part of the answer, whatever is spoken of the answer; lost without harm
   * when there is no connection.
   */
  #sayAside(text: string): void {
    if (this.#state !== "running") return;
    if (!this.#carrier.capabilities.partialSpeech) return;
    this.#memory.lastSaid = this.#carrier.speak(this.address, text) ?? this.#memory.lastSaid;
    this.#armSilence();
  }

  #armSilence(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      const line = progressPhrase({
        language: this.language,
        ...(this.#tool === undefined ? {} : { toolName: this.#tool }),
        ...(this.#memory.lastProgress === undefined ? {} : { previous: this.#memory.lastProgress }),
      });
      this.#memory.lastProgress = line;
      this.#silenceMs *= PROGRESS_GROWTH;
      this.#sayAside(line);
    }, this.#silenceMs);
  }

  #become(next: TurnState): boolean {
    if (!TRANSITIONS[this.#state].includes(next)) return false;
    this.#state = next;
    if (TRANSITIONS[next].length === 0) {
      clearTimeout(this.#silenceTimer);
      clearTimeout(this.#busyTimer);
      clearTimeout(this.#timeoutTimer);
      this.#markFinished();
    }
    return true;
  }
}
