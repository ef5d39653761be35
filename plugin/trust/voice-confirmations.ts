/**
 * Owns confirming by voice: one action, asked about in one turn of a call and said yes to in the very next one.
 *
 * | state | becomes | when |
 * |---|---|---|
 * | nothing | wanted | the agent's tool was held back, and it was told to ask |
 * | wanted | asked | that turn ended, and its last words were a question that names the tool and every value of its arguments |
 * | asked | nothing | the next turn's words are a clear yes: exactly this action may be done, once |
 * | any | nothing | that turn broke off, the question was another one, or the next turn's words are anything else |
 */
import { endsWithQuestion } from "../speech/listener-noises.ts";
import { fingerprintOf, valuesOf } from "./action-words.ts";
import { isClearYes } from "./clear-yes.ts";
import type { ToolUse } from "./tool-table.ts";

/** A turn of a call. */
export interface ConfirmableTurn {
  /** The line's name and the carrier's id. */
  readonly call: string;
  /** Counted over the turns of the call. */
  readonly number: number;
  /** What was said, whole. */
  readonly words: string;
  /** BCP 47. */
  readonly language?: string | undefined;
}

/** Longer ones nobody listens to: they are approved otherwise. */
const SPEAKABLE_LENGTH = 200;
/** Calls with an open question; the oldest are forgotten. */
const KEPT_CALLS = 100;

interface Wanted {
  readonly fingerprint: string;
  readonly values: readonly string[];
  readonly runId: string;
  readonly turn: number;
  wasAsked: boolean;
}

export class VoiceConfirmations {
  readonly #wanted = new Map<string, Wanted>();

  /** Whether the action can be said in one question. */
  canBeAsked(use: ToolUse): boolean {
    const values = valuesOf(use.params);
    const isSayable = values.every((value) => value === "" || spoken(value) !== "");
    return isSayable && namedBy(use).join("").length <= SPEAKABLE_LENGTH;
  }

  /** The action was held back in this turn: what was wanted before is not any more. */
  want(use: ToolUse, turn: ConfirmableTurn, runId: string): void {
    this.#wanted.delete(turn.call);
    this.#wanted.set(turn.call, {
      fingerprint: fingerprintOf(use),
      values: namedBy(use),
      runId,
      turn: turn.number,
      wasAsked: false,
    });
    const [oldest] = this.#wanted.keys();
    if (this.#wanted.size > KEPT_CALLS && oldest !== undefined) this.#wanted.delete(oldest);
  }

  /** A run has ended. `lastWords` is what the agent said last; undefined when the run did not come to its end. */
  runEnded(runId: string, lastWords: string | undefined): void {
    for (const [call, wanted] of this.#wanted) {
      if (wanted.runId !== runId) continue;
      const said = spoken(lastWords ?? "");
      const isQuestion =
        endsWithQuestion(lastWords ?? "") && wanted.values.every((value) => said.includes(value));
      if (isQuestion) wanted.wasAsked = true;
      else this.#wanted.delete(call);
    }
  }

  /** Whether the words of this turn are the yes to exactly this action. Says so once. */
  takeYes(use: ToolUse, turn: ConfirmableTurn): boolean {
    const wanted = this.#wanted.get(turn.call);
    // Asked for again in the turn in which it is to be asked about: nothing was answered yet.
    if (wanted === undefined || wanted.turn === turn.number) return false;
    this.#wanted.delete(turn.call);
    return (
      wanted.wasAsked &&
      wanted.turn + 1 === turn.number &&
      wanted.fingerprint === fingerprintOf(use) &&
      isClearYes(turn.words, turn.language)
    );
  }
}

/** What a question has to name: the tool, and every value among its arguments. */
function namedBy({ tool, params }: ToolUse): string[] {
  return [tool, ...valuesOf(params)].map(spoken);
}

/** What is left of a text when it is spoken: letters and digits. */
function spoken(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "");
}
