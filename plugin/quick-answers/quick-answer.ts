/** Owns what a quick answer is: how it is asked for in each language, and how it is answered from facts. */

/** The languages the phone speaks on its own (`speech/phrase-tables.ts`). */
export const LANGUAGES = ["en", "zh", "ja", "ko", "ru", "ar", "es", "fr", "de", "pt", "it"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface ScheduledJob {
  readonly name: string;
  /** When it runs next; undefined where it waits for something else than the time. */
  readonly nextRun: Date | undefined;
}

/** What the answers are made from. What cannot be read throws, and the turn then goes to the model. */
export interface Facts {
  /** The agent's name as configured. */
  readonly agentName: string | undefined;
  readonly now: Date;
  /** IANA name: the owner's where it is set, else this machine's. */
  readonly timezone: string;
  /** The jobs that will run, the next one first. */
  scheduledJobs(): Promise<readonly ScheduledJob[]>;
  /** What the work that goes on in the background is called, the newest first. */
  runningTasks(): Promise<readonly string[]>;
}

export interface QuickAnswer {
  /**
   * Every way the question is asked, in each language: one of them, and nothing beyond it, is what was said.
   * `(a|b)` is either, `(a|)` may be left out. Case, accents and punctuation do not count.
   */
  readonly asked: Readonly<Record<Language, readonly string[]>>;
  /** Whether what comes next may be about it ("tell me more"): the agent is then told of it. */
  readonly mayBeReferredTo: boolean;
  /** Undefined where the facts are not known: the turn then goes to the model. */
  answer(language: Language, facts: Facts): Promise<string | undefined>;
}

/** The language of a BCP 47 tag, where the phone has words for it. English when none is given. */
export function languageOf(tag = "en"): Language | undefined {
  const primary = tag.toLowerCase().split("-", 1)[0];
  return LANGUAGES.find((language) => language === primary);
}
