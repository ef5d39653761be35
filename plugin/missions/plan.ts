/**
 * Owns the plan of a mission as people and agents write it, in YAML or JSON: its keys, what counts when one is left out,
 * and errors that say where to look. Who is called is read in target-list.ts, the file's text in plan-text.ts.
 */
import { z } from "zod";
import type { DialPolicy } from "../calls/dial-policy.ts";
import { dateAndTime } from "../calls/due-time.ts";
import { parseDailyHours } from "../config/daily-hours.ts";
import type { E164 } from "../config/phone-number.ts";
import { isLanguageTag, isTimezone } from "../config/schema.ts";
import { missingWords } from "./filled-in.ts";
import { BadPlan } from "./mission-errors.ts";
import { keysOf, readPlanText } from "./plan-text.ts";
import { readNumber, readTargets } from "./target-list.ts";

/** The seeds' five, in their order: a plan may say the number. */
export const MISSION_CLASSES = ["sweep", "screening", "negotiation", "rounds", "gather"] as const;
export type MissionClass = (typeof MISSION_CLASSES)[number];

/** What answers: decides when a call is tried again, and what is done about answering machines. */
export const RECIPIENT_KINDS = ["automated", "service", "professional", "person"] as const;
export type RecipientKind = (typeof RECIPIENT_KINDS)[number];

export interface PlanTarget {
  readonly name: string;
  readonly number: E164;
  readonly kind: RecipientKind;
  /** IANA. Where the number can lie elsewhere too, the owner's limits still count there. */
  readonly timezone?: string;
  /** What else is known of it: further CSV columns. */
  readonly facts: Readonly<Record<string, string>>;
}

/** What a screening scores, each from 0 to 10. */
export interface Criterion {
  readonly name: string;
  readonly description?: string;
  readonly weight: number;
}

export interface Round {
  readonly name: string;
  readonly instructions: string;
  readonly questions: readonly string[];
}

export interface PlanAction {
  readonly channel: "call" | "sms";
  /** Default: the target that met the goal. */
  readonly to?: E164;
  readonly instructions: string;
  /** Of a text. */
  readonly text?: string;
}

export interface PlanWindow {
  /** Minutes of the day, in the target's time zone; the last one is no longer in it. */
  readonly from: number;
  readonly to: number;
  /** 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
  /** Nobody is called before. */
  readonly start?: Date;
}

export interface PlanLimits {
  /** Calls to one target at most, the first included. */
  readonly attempts: number;
  /** How many are asked for in one go. */
  readonly batch: number;
  /** Between two calls of the mission. */
  readonly staggerSeconds: number;
  /** Of the whole mission. */
  readonly maxCalls?: number;
  /** How long the answer to a text is waited for. Default: not at all. */
  readonly replyHours?: number;
  readonly endsAt?: Date;
}

export interface MissionPlan {
  readonly name: string;
  readonly class: MissionClass;
  readonly instructions: string;
  /** What the mission is for, in the owner's words. */
  readonly request: string;
  readonly channel: "call" | "sms";
  /** Of texts; {name} and {fact} are filled in. */
  readonly text?: string;
  readonly greeting?: string;
  readonly targets: readonly PlanTarget[];
  readonly questions: readonly string[];
  readonly rubric: readonly Criterion[];
  readonly rounds: readonly Round[];
  /** In words. */
  readonly goal?: string;
  /** Words that meet the goal when they stand in what was learned. */
  readonly metWhen?: string;
  readonly action?: PlanAction;
  readonly limits: PlanLimits;
  readonly window: PlanWindow;
  readonly answeringMachine?: string;
  readonly assistant: { readonly name?: string; readonly model?: string; readonly voice?: string };
  /** BCP 47. */
  readonly language?: string;
  readonly line?: string;
}

/** Where a plan comes from, and what of the settings counts for its numbers. */
export interface PlanSource extends Partial<Omit<DialPolicy, "defaultRegion">> {
  /** Where files that it names lie. */
  readonly folder: string;
  /** As errors name it. */
  readonly file: string;
  /** The country of numbers written without a country code. */
  readonly region?: DialPolicy["defaultRegion"];
  /** Reads a file; rejects as `node:fs` does. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
}

/** Everything in a plan's text is text: `+15551234567` and `0571…` are no amounts, `no` is a word. */
const words = z.string().trim().min(1, "is empty: write something, or leave it out");
const oneOf = <const Names extends readonly string[]>(names: Names) =>
  z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.enum(names, `must be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`));

const wholeNumber = (least: number, most: number) => {
  const sentence = `must be a whole number from ${least} to ${most}`;
  return plainNumber(sentence).pipe(z.int(sentence).min(least, sentence).max(most, sentence));
};

function plainNumber(sentence: string) {
  return z
    .string()
    .trim()
    .regex(/^\d{1,9}(?:\.\d{1,6})?$/, sentence)
    .transform(Number);
}

const weight = plainNumber("must be a number above 0").pipe(z.number().positive("must be a number above 0"));

const channel = oneOf(["call", "sms"]);
const kind = oneOf(RECIPIENT_KINDS);
const questions = z.array(words).min(1, "is empty: write a question, or leave it out");

const missionClass = z
  .string()
  .trim()
  .toLowerCase()
  .transform((said) => (/^[1-5]$/.test(said) ? MISSION_CLASSES[Number(said) - 1] : said))
  .pipe(
    z.enum(
      MISSION_CLASSES,
      `must be one of ${MISSION_CLASSES.map((name, at) => `${name} (${at + 1})`).join(", ")}`,
    ),
  );

/** A time, or a day: its beginning, or its end. */
const time = (ofDay: "beginning" | "end") =>
  words.transform((written, context) => {
    const [, day] = /^(\d{4}-\d{2}-\d{2})$/.exec(written) ?? [];
    const found = dateAndTime(day === undefined ? written : `${day}T00:00`);
    if (found === undefined || Number.isNaN(found.getTime())) {
      context.addIssue(
        "must be a time such as 2026-12-01T09:00+01:00 (without an offset: this machine's time) or a day such as 2026-12-01",
      );
      return z.NEVER;
    }
    // No day is 36 hours away from its own midnight.
    if (day !== undefined && ofDay === "end") {
      found.setDate(found.getDate() + 1);
    }
    return found;
  });

const TIMES_OF_DAY = 'must be two times of one day, the earlier one first: "09:00-17:00"';

/** "09:00-17:00" */
const hours = words.transform((written, context) => {
  const span = parseDailyHours(written.normalize("NFKC"));
  if (span === undefined || span.fromMinute >= span.toMinute) {
    context.addIssue(TIMES_OF_DAY);
    return z.NEVER;
  }
  return { from: span.fromMinute, to: span.toMinute };
});

const DAY_NAMES: readonly (readonly string[])[] = [
  ["mon", "monday", "周一", "星期一", "1"],
  ["tue", "tuesday", "周二", "星期二", "2"],
  ["wed", "wednesday", "周三", "星期三", "3"],
  ["thu", "thursday", "周四", "星期四", "4"],
  ["fri", "friday", "周五", "星期五", "5"],
  ["sat", "saturday", "周六", "星期六", "6"],
  ["sun", "sunday", "周日", "星期日", "周天", "7"],
];
const DAYS = 'must be days of the week, such as "Mon-Fri" or [Mon, Wed, Sat]';

/** "Mon-Fri", "Sat, Sun", or a list of these. 1 is Monday. */
const days = z.union([words, z.array(words)], DAYS).transform((written, context) => {
  const spans = [written].flat().flatMap((each) =>
    each
      .normalize("NFKC")
      .toLowerCase()
      .replaceAll(/\s*[-–至]\s*/g, "-")
      .split(/[,;、\s]+/),
  );
  const found = spans
    .filter((span) => span !== "")
    .flatMap((span) => {
      const ends = span.split("-").map((day) => DAY_NAMES.findIndex((names) => names.includes(day)) + 1);
      const [first = 0, last = first] = ends;
      if (ends.length > 2 || ends.includes(0)) return [0];
      // From Saturday to Monday goes over Sunday.
      return Array.from(
        { length: ((last - first + 7) % 7) + 1 },
        (_, index) => ((first + index - 1) % 7) + 1,
      );
    });
  if (found.length === 0 || found.includes(0)) {
    context.addIssue(DAYS);
    return z.NEVER;
  }
  return [...new Set(found)].sort();
});

const timezone = words.refine(isTimezone, 'must be a time zone such as "Europe/Berlin"');

const language = words.refine(isLanguageTag, 'must be a language such as "en" or "zh-CN"');

const target = keysOf("a target", {
  name: words.optional().describe("Who is called. The number when left out."),
  number: words.describe("The phone number, as people write it."),
  kind: kind.optional().describe("What answers there, where it differs from the plan's `kind`."),
  timezone: timezone
    .optional()
    .describe(
      "Where the number lies; its own zones when left out. The owner's calling hours count all the same.",
    ),
  facts: z
    .record(z.string(), z.string("must be a text"))
    .optional()
    .describe(
      "What else is known of them, by name: for `{name}` in `text`, and told on calls that go one by one.",
    ),
});

const criterion = keysOf("a criterion of the rubric", {
  name: words.describe("What is scored, from 0 to 10."),
  description: words.optional().describe("What makes many points."),
  weight: weight.optional().describe("How much it counts. 1 when left out."),
});

const round = keysOf("a round", {
  name: words.optional().describe('"Round 1", "Round 2" … when left out.'),
  instructions: words.describe("What the assistant is to do in this round."),
  questions: questions
    .optional()
    .describe("What it asks in this round. The plan's `questions` when left out."),
});

const action = keysOf('"action"', {
  channel: channel.optional().describe("`call` or `sms`. `call` when left out."),
  to: words.optional().describe("Whom: a number. The target that met the goal when left out."),
  instructions: words.describe("What is to be done."),
  text: words.optional().describe("The text that is sent, of `sms`."),
});

const limits = keysOf('"limits"', {
  attempts: wholeNumber(1, 10).optional().describe("Calls to one target at most, 1 to 10. 3 when left out."),
  batch: wholeNumber(1, 10)
    .optional()
    .describe("How many calls are asked for in one go, 1 to 10; 5 to 10 is usual. 8 when left out."),
  staggerSeconds: wholeNumber(60, 3_600)
    .optional()
    .describe("Seconds between two calls, at least 60; 60 to 120 is usual. 90 when left out."),
  maxCalls: wholeNumber(1, 1_000_000).optional().describe("Calls of the whole mission at most."),
  replyHours: wholeNumber(0, 720)
    .optional()
    .describe("How many hours the answer to a text is waited for. When left out 0 in a `sweep`, else 24."),
  endsAt: time("end").optional().describe("When it ends, whoever was not called by then. A day: its end."),
});

const window = keysOf('"window"', {
  hours: hours.optional().describe("When others are called, in their own time. `09:00-17:00` when left out."),
  days: days.optional().describe("On which days. `Mon-Fri` when left out."),
  start: time("beginning").optional().describe("Nobody is called before."),
});

const assistant = keysOf('"assistant"', {
  name: words.optional().describe("What the service calls the assistant. The mission's name when left out."),
  model: words.optional().describe('The model that leads the calls, such as "openai/gpt-4o".'),
  voice: words.optional().describe('Its voice, such as "Rime.ArcanaV3.astra".'),
});

/** What people write; everything is text, names are in camelCase. */
const planSchema = keysOf("a plan", {
  name: words.describe("What the mission is called."),
  class: missionClass.describe("`sweep`, `screening`, `negotiation`, `rounds` or `gather`, or 1 to 5."),
  instructions: words
    .optional()
    .describe("What the assistant is to do on the calls. Needed for calls, unless every round has its own."),
  request: words
    .optional()
    .describe("What was asked for, kept with the mission. The instructions when left out."),
  channel: channel.optional().describe("`call` or `sms`. `call` when left out."),
  text: words
    .optional()
    .describe("The text that is sent, of `sms`; `{name}`, `{number}` and the names of facts are filled in."),
  greeting: words
    .optional()
    .describe("What is said first, after the words that say that an AI assistant calls, and for whom."),
  targets: z
    .union([words, z.array(z.union([words, target])).min(1, "is empty: name somebody")])
    .optional()
    .describe("Who is called: a list, each a number or the keys of a target, or a CSV file's name."),
  targetsFile: words.optional().describe("The same, as the name of a CSV file beside the plan."),
  kind: kind
    .optional()
    .describe("What answers: `automated`, `service`, `professional` or `person`. `service` when left out."),
  questions: questions.optional().describe("What is asked on every call."),
  rubric: z
    .array(z.union([words, criterion]))
    .min(1, "is empty: write what is scored, or leave it out")
    .optional()
    .describe("What is scored, of `screening`: a list, each a name or the keys of a criterion."),
  rounds: z.array(round).min(2, "must be two rounds or more").optional().describe("The rounds, of `rounds`."),
  goal: words
    .optional()
    .describe("When there is nothing more to find out, in words for the agent, of `gather`."),
  metWhen: words
    .regex(/[\p{L}\p{N}]/u, "must have letters or digits")
    .optional()
    .describe(
      "Words that meet the goal when the other side says them, of `gather`; no agent is needed for it.",
    ),
  action: action.optional().describe("What is done once the goal is met, of `gather`."),
  limits: limits.optional().describe("How many and how fast."),
  window: z
    .union([hours, window])
    .optional()
    .describe("When others are called: hours, or the keys of a window."),
  answeringMachine: words
    .optional()
    .describe("What is done when an answering machine answers, instead of what is usual for the `kind`."),
  assistant: assistant.optional().describe("What leads the calls."),
  language: language
    .optional()
    .describe("The language of the first words, where their own does not show it."),
  line: words.optional().describe("The line it goes over. The first ClawdTalk line when left out."),
});

/** The keys of a plan, and of what stands in it, with what they mean. */
export const PLAN_KEYS = { plan: planSchema, target, criterion, round, action, limits, window, assistant };

type WrittenPlan = z.output<typeof planSchema>;

const DEFAULT_WINDOW = { from: 9 * 60, to: 17 * 60, days: [1, 2, 3, 4, 5] } as const;

/**
 * Reads a plan.
 *
 * @param text YAML, or JSON; names of keys as `metWhen` or as `met_when`.
 * @throws BadPlan naming file, line and what to write.
 */
export async function readPlan(text: string, from: PlanSource): Promise<MissionPlan> {
  const { written, placeOf } = readPlanText(text, planSchema, from.file);
  const wrong = misfits(written);
  if (wrong.length > 0) {
    throw new BadPlan(wrong.map(({ path, sentence }) => `${placeOf(path)}: ${sentence}`));
  }
  const listed = await readTargets(
    {
      targets: written.targets,
      file: written.targetsFile ?? (typeof written.targets === "string" ? written.targets : undefined),
      kind: written.kind ?? "service",
      placeOf,
    },
    from,
  );
  for (const { target: each, place } of listed) {
    const [missing] = missingWords(written.text ?? "", each);
    if (missing === undefined) continue;
    throw new BadPlan([
      `${place}: the plan's text says {${missing}}, and no such fact of ${each.name} is given: add it, or take it out of the text.`,
    ]);
  }
  const { action: after } = written;
  const to =
    after?.to === undefined ? undefined : await readNumber(after.to, from, placeOf(["action", "to"]));
  return composed(
    written,
    listed.map(({ target: each }) => each),
    to,
  );
}

/** What does not go together, or is needed for the class or the channel. */
function misfits(written: WrittenPlan): { readonly path: readonly string[]; readonly sentence: string }[] {
  const { class: missionClass, channel: by = "call" } = written;
  const found: { path: readonly string[]; sentence: string }[] = [];
  const only = (key: keyof WrittenPlan, wanted: MissionClass) => {
    if (written[key] !== undefined && missionClass !== wanted) {
      found.push({
        path: [key],
        sentence: `"${key}" is for the class ${wanted}, and this is a ${missionClass}.`,
      });
    }
  };
  const needs = (path: readonly string[], isThere: boolean, sentence: string) => {
    if (!isThere) found.push({ path, sentence });
  };
  only("rubric", "screening");
  only("rounds", "rounds");
  only("goal", "gather");
  only("metWhen", "gather");
  only("action", "gather");
  if (missionClass === "screening") {
    needs([], written.rubric !== undefined, 'a screening needs a "rubric": what is scored on each call.');
  }
  if (missionClass === "rounds") {
    needs(
      [],
      written.rounds !== undefined,
      'the class rounds needs "rounds": two or more, with instructions.',
    );
  }
  if (missionClass === "gather") {
    needs(
      [],
      written.goal !== undefined || written.metWhen !== undefined,
      'the class gather needs a "goal" (in words), "metWhen" (words that meet it when they are said), or both.',
    );
  }
  needs(
    [],
    written.targets === undefined || written.targetsFile === undefined,
    '"targets" and "targetsFile" both say who is called: leave one of them out.',
  );
  needs(
    [],
    written.targets !== undefined || written.targetsFile !== undefined,
    '"targets" is missing: list who is called, or name a CSV file.',
  );
  if (by === "sms") {
    needs([], written.text !== undefined, '"text" is missing: what the text messages say.');
    if (missionClass === "negotiation" || missionClass === "rounds") {
      found.push({
        path: ["channel"],
        sentence: `a mission of the class ${missionClass} is made of calls, not of texts.`,
      });
    }
  } else {
    needs(
      ["text"],
      written.text === undefined,
      '"text" is for "channel: sms": calls follow the instructions.',
    );
    needs(
      [],
      written.instructions !== undefined || written.rounds !== undefined,
      '"instructions" is missing: what the assistant is to do on the calls.',
    );
  }
  const { action: after } = written;
  if (after !== undefined) {
    const isText = after.channel === "sms";
    needs(
      ["action"],
      !isText || after.text !== undefined,
      '"action.text" is missing: what the text message says.',
    );
    needs(
      ["action", "text"],
      isText || after.text === undefined,
      '"action.text" is for "channel: sms": a call follows the instructions.',
    );
  }
  return found;
}

function composed(
  written: WrittenPlan,
  targets: readonly PlanTarget[],
  actionTo: E164 | undefined,
): MissionPlan {
  const { name, class: missionClass, text, rubric = [], rounds = [], limits: said, window: open } = written;
  const instructions = written.instructions ?? text ?? rounds[0]?.instructions ?? name;
  const { start, hours: span, days: on } = open === undefined || "from" in open ? { hours: open } : open;
  return {
    name,
    class: missionClass,
    instructions,
    request: written.request ?? instructions,
    channel: written.channel ?? "call",
    targets,
    questions: written.questions ?? [],
    rubric: rubric.map((each) => ({ weight: 1, ...given(typeof each === "string" ? { name: each } : each) })),
    rounds: rounds.map((each, index) => ({
      name: each.name ?? `Round ${index + 1}`,
      instructions: each.instructions,
      questions: each.questions ?? written.questions ?? [],
    })),
    limits: {
      attempts: 3,
      batch: 8,
      staggerSeconds: 90,
      // Whoever is asked something by text has to be able to answer it.
      ...(written.channel === "sms" && missionClass !== "sweep" ? { replyHours: 24 } : {}),
      ...given(said ?? {}),
    },
    window: { ...DEFAULT_WINDOW, ...span, ...given({ days: on, start }) },
    assistant: given(written.assistant ?? {}),
    ...(written.action === undefined
      ? {}
      : { action: { channel: "call", ...given({ ...written.action, to: actionTo }) } }),
    ...given({
      text,
      greeting: written.greeting,
      goal: written.goal,
      metWhen: written.metWhen,
      answeringMachine: written.answeringMachine,
      language: written.language,
      line: written.line,
    }),
  };
}

type Given<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } & {
  [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key];
};

/** The fields that say something. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<Fields>;
}
