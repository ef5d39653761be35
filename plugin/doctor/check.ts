/** Owns what a check of the doctor is, and what it may find. */
import type { ConfigWish } from "../config/gateway-config-file.ts";
import type { Examination } from "./examination.ts";

export type Level = "ok" | "warning" | "problem";

/** One thing that a check has found. */
export interface Finding {
  readonly level: Level;
  /** A sentence. */
  readonly found: string;
  /** The one command that mends it, or, where none can, what to do. */
  readonly command?: string;
  /** What `--fix` would do about it. */
  readonly fix?: Fix;
}

/** What can be mended here without harm. */
export type Fix =
  | {
      readonly kind: "config";
      readonly wish: ConfigWish;
      /** What it brings about: "Switchboard may take part in conversations". */
      readonly means: string;
    }
  | { readonly kind: "mode"; readonly file: string; readonly before: number; readonly after: number };

/** The parts of the report, in its order. */
export const groups = [
  "This machine",
  "Gateway",
  "Plugin",
  "Settings and files",
  "Lines",
  "People",
  "A call",
] as const;

export interface Check {
  /** For programs: "gateway-token". */
  readonly id: string;
  readonly group: (typeof groups)[number];
  /** For the page of all checks: what is looked at, as a clause. */
  readonly looksAt: string;
  /** Why it matters, in a sentence. */
  readonly why: string;
  /** For the page: what mends it. `phone …` stands for `openclaw phone …` or the script. */
  readonly mend: string;
  /** How long it may take. Default {@link USUAL_LIMIT_MS}. */
  readonly limitMs?: number;
  /** It measures time, and so begins when all others have ended. */
  readonly isAlone?: boolean;
  /**
   * Looks. Nothing is found where it does not apply.
   *
   * @throws anything: that is a finding too.
   */
  look(examination: Examination): Promise<readonly Finding[]>;
}

export const USUAL_LIMIT_MS = 60_000;

export function ok(found: string): readonly Finding[] {
  return [{ level: "ok", found }];
}

export function warning(found: string, command?: string): readonly Finding[] {
  return [{ level: "warning", found, ...(command === undefined ? {} : { command }) }];
}

export function problem(found: string, command?: string): readonly Finding[] {
  return [{ level: "problem", found, ...(command === undefined ? {} : { command }) }];
}
