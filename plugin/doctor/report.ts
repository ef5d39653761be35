/** Owns how what the doctor has found is told, to people and to programs. */
import { withoutSecrets } from "../config/redaction.ts";
import { type Finding, groups, type Level } from "./check.ts";
import type { Looked } from "./run-checks.ts";

/** One finding, with what its check says of it. Free of secrets. */
export interface Entry extends Finding {
  readonly check: string;
  readonly group: (typeof groups)[number];
  /** Why it matters; missing where nothing is wrong. */
  readonly why?: string;
}

/** @param secrets that stand nowhere in it afterwards, whoever has written them into an answer. */
export function entriesOf(looked: readonly Looked[], secrets: readonly string[]): Entry[] {
  return looked.flatMap(({ check, findings }) =>
    findings.map(({ level, found, command, fix }): Entry => {
      const clean = (text: string) => withoutSecrets(text, secrets).replace(/\s+/g, " ").trim();
      return {
        check: check.id,
        group: check.group,
        level,
        found: clean(found),
        ...(level === "ok" ? {} : { why: check.why }),
        ...(command === undefined ? {} : { command: clean(command) }),
        ...(fix === undefined ? {} : { fix }),
      };
    }),
  );
}

/** What is well by group, then the warnings, and at the end, where it is read first, what is wrong. */
export function reportInWords(entries: readonly (Entry & { readonly mended?: boolean })[]): string {
  const wellIn = (group: string) => entries.filter((entry) => entry.group === group && entry.level === "ok");
  const parts = groups
    .filter((group) => wellIn(group).length > 0)
    .map((group) => [group, ...wellIn(group).map(({ found }) => `  ok  ${found}`)].join("\n"));
  const troubles = (level: Level) =>
    entries.filter((entry) => entry.level === level && !entry.mended).map(inWords);
  const mended = entries.filter((entry) => entry.mended).map(({ found }) => `Mended: ${found}`);
  const [warnings, problems] = [troubles("warning"), troubles("problem")];
  return [...parts, ...mended, ...warnings, ...problems, summary(warnings.length, problems.length)].join(
    "\n\n",
  );
}

function inWords({ level, found, why, command }: Entry): string {
  return [
    `${level === "problem" ? "Problem" : "Warning"}: ${found}`,
    ...(why === undefined ? [] : [`  Why it matters: ${why}`]),
    ...(command === undefined ? [] : [`  To mend it: ${command}`]),
  ].join("\n");
}

function summary(warnings: number, problems: number): string {
  if (warnings + problems === 0) return "Nothing is wrong.";
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  return [
    ...(problems === 0 ? [] : [count(problems, "problem")]),
    ...(warnings === 0 ? [] : [count(warnings, "warning")]),
  ]
    .join(", ")
    .concat(".");
}
