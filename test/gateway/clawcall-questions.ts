/** Owns what the tests on ClawCall's line say: questions by name, each with an answer of its own that is heard once. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { ClawCallPracticeCall, ClawCallTurn } from "../../plugin/practice/clawcall-caller.ts";
import type { ClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import type { ModelRule } from "../../plugin/practice/model-script.ts";
import { phrase } from "../../plugin/speech/phrases.ts";
import {
  OWNER,
  type PhoneLine,
  packageFolder,
  promptOf,
  requestsAbout,
  SECRET_WORD,
  STRANGER,
} from "./phone-line.ts";

const wait = { timeoutMs: 20_000 };
/** What somebody else is called for. */
export const OBJECTIVE = "Reserve a table for two on Friday.";
/** What a caller hears whose words were lost. */
export const SORRY = phrase("failed", "en");

export const question = (name: string) => `This is question ${name}, please.`;
export const answerTo = (name: string) => `The answer is ${name}. Anything else?`;
const lastAsked = (words: string) => [...words.matchAll(/question (\w+)/g)].at(-1)?.[1] ?? "unknown";
/** What the caller hears beside the service's fillers. */
export const wordsHeard = ({ heard }: ClawCallTurn) =>
  heard.filter(({ filler }) => !filler).map(({ text }) => text);

/** What the model says to the questions, and to whoever it has called. */
export const ANSWERS: readonly ModelRule[] = [
  { when: /call has been answered/, answer: "I would like to reserve a table. Is that possible?" },
  { when: /The call is over/, answer: "They hung up before anything was reserved." },
  { when: /question long/, answer: answerTo("long"), firstTokenMs: 2_500 },
  { when: /question \w+/, answer: ({ lastUserText }) => answerTo(lastAsked(lastUserText)) },
];

type AskedLine = Pick<PhoneLine<ClawCallPractice>, "server" | "model" | "gateway">;

/** People who ask on this line, which is there when the tests run. */
export class Askers {
  readonly #line: () => AskedLine;

  constructor(line: () => AskedLine) {
    this.#line = line;
  }

  /** The owner calls in. */
  async dial(): Promise<ClawCallPracticeCall> {
    return await this.#line().server.ring({ from: OWNER });
  }

  /** Asks one question on this call and hears its answer, once. */
  async ask(call: ClawCallPracticeCall, name: string): Promise<ClawCallTurn> {
    const turn = call.say(question(name));
    await turn.result(wait);
    expect(wordsHeard(turn)).toEqual([answerTo(name)]);
    return turn;
  }

  /** Somebody rings and asks something, again and again, until this is done. */
  async ringDuring(work: Promise<unknown>, name: string): Promise<ClawCallPracticeCall[]> {
    const calls: ClawCallPracticeCall[] = [];
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    while (!isDone) {
      const call = await this.dial();
      call.say(question(`${name}${calls.length}`));
      calls.push(call);
      await pause(700);
    }
    await done;
    return calls;
  }

  /** Each of them was answered, or asked to say it again: nobody's words were swallowed. */
  async expectAllHeard(calls: readonly ClawCallPracticeCall[]): Promise<void> {
    for (const { turns } of calls) {
      const [turn] = turns;
      if (turn === undefined) throw new Error("Nobody has spoken.");
      await turn.result(wait);
      const name = lastAsked(turn.message.text);
      expect([[SORRY], [answerTo(name)]], name).toContainEqual(wordsHeard(turn));
    }
  }

  /**
   * Breaks of the wire page since number `since`, but one: an answer is given once more when its client could not know
   * that it arrived.
   */
  violations(since = 0) {
    return this.#line()
      .server.violations.slice(since)
      .filter(({ rule }) => rule !== "answered_twice");
  }

  /** Runs the shipped script against the gateway's folder, as another process of this machine does. */
  async placeCall(...args: readonly string[]): Promise<void> {
    const { stateDir } = this.#line().gateway;
    const script = join(packageFolder, "dist/scripts/call.js");
    await promisify(execFile)(process.execPath, [script, "--line", "clawcall", ...args], {
      env: { OPENCLAW_STATE_DIR: stateDir, HOME: stateDir, SystemRoot: process.env.SystemRoot },
    });
  }

  /** A call to a stranger that has been opened. */
  async thirdPartyCall(): Promise<ClawCallPracticeCall> {
    const incoming = this.#line().server.nextCall(undefined, wait);
    await this.placeCall("--to", STRANGER, "--purpose", OBJECTIVE);
    const call = await incoming;
    expect(call.kind).toBe("third-party");
    await call.turns[0]?.result(wait);
    return call;
  }

  /** The other side of a call to a stranger asks something: still on the stranger's session, about the same objective. */
  async expectStrangersSession(call: ClawCallPracticeCall, name: string): Promise<void> {
    await this.ask(call, name);
    const [asked] = requestsAbout(this.#line().model, question(name));
    expect(promptOf(asked).includes(OBJECTIVE), "the objective").toBe(true);
    expect(promptOf(asked).includes(SECRET_WORD), "the owner's files").toBe(false);
    expect(promptOf(asked).includes("This is question one"), "the owner's words").toBe(false);
  }
}
