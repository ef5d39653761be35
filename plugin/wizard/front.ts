/** Owns what setup needs from whoever it talks to: a person at a terminal, or the options of a command nobody watches. */
import type { PlainContext } from "../command-line/run.ts";
import type { CarrierName } from "../config/schema.ts";
import type { Environment } from "../config/state-folder.ts";
import type { CheckedKey } from "./check-key.ts";
import type { Findings } from "./findings.ts";
import type { Answers, QuestionId } from "./setup-plan.ts";

/** What questions are asked about. */
export interface Asking {
  readonly found: Findings;
  readonly env: Environment;
  /** Asks the services about a key before it is kept. @throws KeyNotChecked */
  check(carrier: CarrierName, variables: Readonly<Record<string, string>>): Promise<CheckedKey>;
  /** Keeps in mind what an account has told. */
  note(checked: CheckedKey): void;
}

export interface Front {
  /**
   * Asks one open question.
   *
   * @returns what was answered; undefined when nobody can be asked, or the question was passed over.
   */
  ask(question: QuestionId, answers: Answers, asking: Asking): Promise<Answers | undefined>;
  /** Whether this is wanted. `flag` says it where nobody can be asked. */
  isWanted(question: string, flag: { readonly name: string; readonly isGiven: boolean }): Promise<boolean>;
  /** Shows something of several lines. */
  show(text: string): void;
  /** Says what happens now. */
  say(sentence: string): void;
}

/** Whoever was asked does not want to go on. */
export class SetupCancelled extends Error {
  override readonly name = "SetupCancelled";

  constructor() {
    super("Stopped: nothing was changed.");
  }
}

/** Asks nobody: what no option answers stays open, and what happens is told on stderr. */
export function plainFront(context: Pick<PlainContext, "complain">): Front {
  return {
    ask: async () => undefined,
    isWanted: async (_question, { name, isGiven }) => {
      if (name === "--yes" && !isGiven) {
        throw new Error("Nothing was changed. Where nobody can be asked, --yes says that this is wanted.");
      }
      return isGiven;
    },
    show: (text) => context.complain(`${text}\n`),
    say: (sentence) => context.complain(`${sentence}\n`),
  };
}
