/**
 * Owns the turns of a call whose carrier takes one whole answer for each request, and wants it in time.
 *
 * The agent's work and the carrier's requests are two things here: a request is answered when the agent is done or
 * when its time is up, with the sentences that are ready by then, and what comes later waits for the next request.
 * Nothing the agent said is lost, nothing is said twice, and only the newest request is ever answered.
 */
import type { AgentPort, AgentTurn } from "../agent/port.ts";
import type { TurnAddress } from "../carriers/carrier.ts";
import { type Log, messageOf } from "../log.ts";
import { endsWithQuestion, isListenerNoise, isStopWord } from "../speech/listener-noises.ts";
import { holdingPhrase, phrase } from "../speech/phrases.ts";
import { joinSentences } from "../speech/sentences.ts";
import { SpeechStream } from "../speech/stream.ts";

/** One request for words. */
export interface PacedRequest {
  readonly address: TurnAddress;
  /** What the agent is asked. */
  readonly words: string;
  /** The words are a person's, not ours: a listener's noise among them wants no answer of its own. */
  readonly isSpeech: boolean;
  readonly asWritten: string;
  /** Words that were prepared for this request, or are being: the agent is asked only when nothing comes of it. */
  readonly prepared?: Promise<string | undefined> | undefined;
  /** What the person said last on the call, BCP 47. */
  readonly language: string;
  /** When the request must have been answered, on the clock of `now`. */
  readonly deadlineMs: number;
}

export interface PacedTurnsParameters {
  readonly agent: AgentPort;
  /** The agent's turn for these words; `timeoutMs` in it limits the agent's work, not the answer. */
  agentTurn(words: string, request: PacedRequest): AgentTurn;
  /**
   * What is said when time is up and nothing is ready. "hold" asks a question that keeps somebody else on the line,
   * and gives up after `MOST_HOLDS`; "report" says that the work goes on.
   */
  readonly whenLate: "hold" | "report";
  /** A newer request stops the work on an unanswered older one. */
  readonly supersedes: boolean;
  /** Whether these words of the agent's end the call. */
  isGoodbye(text: string): boolean;
  answer(address: TurnAddress, text: string, how: { endCall: boolean }): void;
  now(): number;
  readonly log: Log;
}

/** Somebody else who was asked to wait this often in a row has waited enough. */
const MOST_HOLDS = 3;
/** Runs of the agent that failed one after the other on a call to somebody else. */
const MOST_FAILURES = 2;

export class PacedTurns {
  readonly #p: PacedTurnsParameters;
  /** What the agent has still to be asked. */
  #waiting: PacedRequest[] = [];
  #run: { readonly abort: AbortController } | undefined;
  /** Said by the agent, not yet to the person. */
  #ready: string[] = [];
  #endCall = false;
  #open: { readonly request: PacedRequest; readonly timer: NodeJS.Timeout } | undefined;
  #lastSaid = "";
  #lastHold: string | undefined;
  #holds = 0;
  #failures = 0;
  /** The person has been told goodbye; the carrier ends the call once it was heard. */
  #saidGoodbye = false;
  #isOver = false;

  constructor(parameters: PacedTurnsParameters) {
    this.#p = parameters;
  }

  /** Whether there is anything left to do or to say. */
  get isIdle(): boolean {
    return this.#open === undefined && this.#run === undefined && this.#ready.length === 0;
  }

  /** Sentences of ours that the next answer begins with. */
  sayFirst(text: string): void {
    this.#ready.push(text);
  }

  /** Takes a request; the one before is not answered any more. */
  request(request: PacedRequest): void {
    if (this.#isOver) return;
    if (this.#saidGoodbye) {
      // The goodbye has not reached them, or they spoke into it: nobody is left waiting.
      this.#p.answer(request.address, phrase("goodbye", request.language), { endCall: true });
      return;
    }
    const replaced = this.#close();
    this.#open = {
      request,
      timer: setTimeout(() => this.#timeIsUp(), Math.max(0, request.deadlineMs - this.#p.now())),
    };
    const isBusy = this.#run !== undefined || this.#waiting.length > 0;
    if (this.#onlyAccompanies(request, isBusy)) {
      if (!isBusy) this.#sayReady();
      return;
    }
    const wantsSilence = this.#p.supersedes && request.isSpeech && isStopWord(request.words);
    if (wantsSilence || (this.#p.supersedes && replaced !== undefined)) this.#drop();
    this.#waiting.push(request);
    void this.#work();
  }

  /** Whether these words want no answer of their own, only what is being worked on or still to be said. */
  #onlyAccompanies(request: PacedRequest, isBusy: boolean): boolean {
    if (!request.isSpeech || !(isBusy || this.#ready.length > 0)) return false;
    // "Yes" answers a question of the agent's, but not ours that only kept them on the line.
    if (this.#lastSaid !== this.#lastHold && endsWithQuestion(this.#lastSaid)) return false;
    // Somebody else's "one moment, please" is about their own work, not about ours.
    const isPatience = !this.#p.supersedes && isStopWord(request.words);
    return isPatience || isListenerNoise(request.words, request.language);
  }

  /** The call is over: nothing more is said, and the agent's work on it stops. */
  end(): void {
    this.#isOver = true;
    this.#close();
    this.#drop();
  }

  /** The line stops while somebody waits: they are told so. */
  lineStopped(): void {
    const language = this.#open?.request.language;
    if (language !== undefined && !this.#isOver) this.#say(phrase("failed", language), false);
    this.end();
  }

  /** Asks the agent, one run after the other, until nobody waits. Never rejects. */
  async #work(): Promise<void> {
    if (this.#run !== undefined) return;
    while (this.#waiting.length > 0) {
      const asked = this.#waiting;
      this.#waiting = [];
      const run = { abort: new AbortController() };
      this.#run = run;
      try {
        await this.#ask(asked, run.abort.signal);
      } catch (error) {
        this.#p.log.error(`A turn failed: ${messageOf(error)}`);
      }
      // Another run has taken its place.
      if (this.#run !== run) return;
      this.#run = undefined;
    }
    this.#sayReady();
  }

  async #ask(asked: readonly PacedRequest[], signal: AbortSignal): Promise<void> {
    const last = asked.at(-1);
    if (last === undefined) return;
    // They have gone on: a farewell they have not heard yet is not one any more.
    if (this.#endCall) this.#ready = this.#ready.filter((piece) => !this.#p.isGoodbye(piece));
    this.#endCall = false;
    let said = 0;
    let lastSaid = "";
    const speech = new SpeechStream({ mode: "sentences", fallbackLanguage: last.language });
    const take = (pieces: readonly string[]) => {
      if (signal.aborted) return;
      for (const piece of pieces) {
        if (piece === "") continue;
        this.#ready.push(piece);
        said += 1;
        lastSaid = piece;
      }
    };
    const prepared = await last.prepared;
    if (signal.aborted) return;
    if (prepared !== undefined) return void take([prepared]);
    const answer = await this.#p.agent.run(
      this.#p.agentTurn(asked.map(({ words }) => words).join("\n"), last),
      {
        onStarted() {},
        onText: (text) => take(speech.push(text)),
        onMessageEnd: () => take(speech.boundary()),
        onTool() {},
        onAskingOwner: () => {
          if (signal.aborted) return;
          // They have to know before they can answer: what came before it is said with it, the rest at their next words.
          this.#ready.push(phrase("askingOwner", last.language), phrase("stillWorking", last.language));
          this.#sayReady();
        },
      },
      signal,
    );
    if (signal.aborted) return;
    if (answer.kind === "answered") {
      this.#failures = 0;
      take([speech.finish(answer.text)]);
      const isGoodbye = this.#p.isGoodbye(lastSaid);
      this.#endCall = answer.endCall === true || isGoodbye;
      // All of it may have been said already, when the time of an earlier request was up.
      if (this.#endCall && this.#ready.length === 0) take([phrase("goodbye", last.language)]);
      else if (said === 0) take([phrase("empty", last.language)]);
      return;
    }
    const reason = answer.kind === "failed" ? answer.reason : "its run was stopped";
    this.#p.log.warn(`A turn failed: ${reason}.`);
    // A gateway that restarts takes no new turns for a moment; that is no reason to hang up on anybody.
    if (!(answer.kind === "failed" && answer.isRestarting)) this.#failures += 1;
    const givesUp = this.#p.whenLate === "hold" && this.#failures >= MOST_FAILURES;
    take([phrase(givesUp ? "givingUp" : "failed", last.language)]);
    if (givesUp) this.#endCall = true;
  }

  /** Answers the open request with what is ready; the call ends with it when the agent is done and wants it to. */
  #sayReady(): void {
    if (this.#open === undefined || this.#ready.length === 0) return;
    const isComplete = this.#run === undefined && this.#waiting.length === 0;
    this.#holds = 0;
    const text = joinSentences(this.#ready);
    this.#ready = [];
    this.#say(text, isComplete && this.#endCall);
  }

  #timeIsUp(): void {
    const language = this.#open?.request.language;
    if (language === undefined) return;
    if (this.#ready.length > 0) this.#sayReady();
    else if (this.#p.whenLate === "hold") this.#hold(language);
    else {
      this.#p.log.info("A turn takes longer than an answer may: its result is said at the next words.");
      this.#giveUpForNewerWords();
      this.#say(phrase("stillWorking", language), false);
    }
  }

  /** Work that two requests have waited for in vain does not keep the agent from hearing what was said since. */
  #giveUpForNewerWords(): void {
    const newer = this.#waiting;
    if (this.#run === undefined || newer.length === 0) return;
    this.#p.log.warn("A turn was given up: something newer was said, and it had not come to an end.");
    this.#drop();
    this.#waiting = newer;
    void this.#work();
  }

  /** Keeps somebody else on the line with a question, or gives up. */
  #hold(language: string): void {
    this.#holds += 1;
    if (this.#holds > MOST_HOLDS) {
      this.#drop();
      this.#say(phrase("givingUp", language), true);
      return;
    }
    const previous = this.#lastHold;
    this.#lastHold = holdingPhrase({ language, ...(previous === undefined ? {} : { previous }) });
    this.#say(this.#lastHold, false);
  }

  #say(text: string, endCall: boolean): void {
    const request = this.#close();
    if (request === undefined) return;
    if (endCall) this.#saidGoodbye = true;
    this.#lastSaid = text;
    this.#p.answer(request.address, text, { endCall });
  }

  /** Nobody waits for an answer any more. */
  #close(): PacedRequest | undefined {
    const open = this.#open;
    clearTimeout(open?.timer);
    this.#open = undefined;
    return open?.request;
  }

  /** Forgets what the agent was doing and what it said. */
  #drop(): void {
    this.#run?.abort.abort();
    this.#run = undefined;
    this.#waiting = [];
    this.#ready = [];
    this.#endCall = false;
  }
}
