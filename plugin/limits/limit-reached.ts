/** Owns the error of what a limit of the owner's forbids. */
import type { SwitchboardConfig } from "../config/schema.ts";

/** The rules, by the setting that the owner changes; the do-not-call list is none. */
export type LimitRule =
  | keyof SwitchboardConfig["limits"]
  | "quietHours"
  | "callingHours"
  | "callsPerDay"
  | "textsPerDay"
  | "minutesPerDay"
  | "doNotCall";

/** The rules that hold for one line: another line may still be free to do it. */
const OF_A_LINE: ReadonlySet<LimitRule> = new Set(["callsPerDay", "textsPerDay", "minutesPerDay"]);

/** A call is not placed, or a text not sent. The message is for people: which rule it is, and how the owner changes it. */
export class LimitReached extends Error {
  override readonly name = "LimitReached";
  readonly rule: LimitRule;

  constructor(rule: LimitRule, message: string) {
    super(message);
    this.rule = rule;
  }

  /** Whether another line could do it. */
  get isOfLine(): boolean {
    return OF_A_LINE.has(this.rule);
  }
}
