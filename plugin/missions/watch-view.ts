/** Owns how a mission's progress reads: the whole of it for a terminal that is written anew, and line by line elsewhere. */
import { timeInWords } from "../briefings/schedule.ts";
import { spoken } from "../command-line/quoted.ts";
import type { EngineState, MissionTarget, TargetState } from "../store/mission-work.ts";
import { isToCome, type MissionStatus } from "./mission-status.ts";

/** When and where it is read. */
export interface ViewPlace {
  readonly now: Date;
  /** IANA. */
  readonly timezone: string;
}

const STATES: Readonly<Record<EngineState, string>> = {
  preparing: "being set up",
  running: "running",
  deciding: "waiting for a decision",
  paused: "paused",
  closing: "being closed",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

/** How a mission stands, in a word or two. */
export function stateInWords({ work: { state, wish }, approval }: MissionStatus): string {
  if (wish === "cancel") return "being cancelled";
  return approval === undefined ? STATES[state] : "waiting for your yes";
}

/** How it stands with one target. */
export function targetInWords(target: MissionTarget, place: ViewPlace): string {
  const { state, detail, nextAt, scheduledAt, attempts, channel } = target;
  const what = channel === "call" ? "call" : "text";
  const because = detail === undefined ? "" : ` (${spoken(detail)})`;
  switch (state) {
    case "waiting": {
      const before = attempts === 0 ? "" : `${outcomeInWords(target)}; `;
      return nextAt === undefined
        ? `${before}waiting${because}`
        : `${before}not before ${when(nextAt, place)}${because}`;
    }
    case "scheduling":
      return `the ${what} is being asked for`;
    case "scheduled":
      if (!isToCome(target)) return target.callStatus === "ringing" ? "ringing" : `the ${what} goes on`;
      return scheduledAt === undefined ? `the ${what} is to come` : `${what} ${when(scheduledAt, place)}`;
    case "collecting":
      return "over; what was learned is waited for";
    case "deciding":
      return "the result is being judged";
    case "done":
      return `${outcomeInWords(target)}${because}`;
    case "failed":
      return `failed: ${outcomeInWords(target)}${because}`;
    case "dropped":
      return `left out${because}`;
    case "unsettled":
      return `nobody knows what became of the ${what}${because}`;
  }
}

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: "spoken to",
  delivered: "delivered",
  "no-answer": "no answer",
  voicemail: "reached voicemail",
  canceled: "called off",
};

/** How the last call or text to it ended. */
export function outcomeInWords({ outcome, durationSeconds, attempts, channel }: MissionTarget): string {
  if (outcome === undefined) return "no result";
  const name = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : spoken(outcome);
  const facts = [
    ...(durationSeconds === undefined ? [] : [`${Math.round(durationSeconds)} s`]),
    ...(attempts > 1 ? [`${attempts} ${channel === "call" ? "calls" : "texts"}`] : []),
  ];
  return `${name}${facts.length === 0 ? "" : `, ${facts.join(", ")}`}`;
}

/** "14 calls, 23.5 minutes" */
export function costInWords({ cost }: MissionStatus): string {
  const { calls, minutes, texts, hasUnknownMinutes } = cost;
  const said = (count: number, one: string) => `${count} ${count === 1 ? one : `${one}s`}`;
  return [
    ...(calls > 0 || texts === 0 ? [said(calls, "call")] : []),
    ...(minutes > 0 ? [`${hasUnknownMinutes ? "at least " : ""}${said(minutes, "minute")}`] : []),
    ...(texts > 0 ? [said(texts, "text")] : []),
  ].join(", ");
}

/** What happens next, and when; undefined when nothing is known to come. */
export function nextInWords(
  { work, targets, approval }: MissionStatus,
  place: ViewPlace,
): string | undefined {
  if (approval !== undefined) return `your word: missions approve ${work.mission.slug}`;
  const [next] = targets
    .filter((target) => isToCome(target) && target.scheduledAt !== undefined)
    .toSorted((one, other) => (one.scheduledAt?.getTime() ?? 0) - (other.scheduledAt?.getTime() ?? 0));
  if (next?.scheduledAt !== undefined) {
    const what = next.channel === "call" ? "the call to" : "the text to";
    return `${what} ${spoken(next.name)} ${when(next.scheduledAt, place)}`;
  }
  const [look] = targets
    .flatMap(({ state, nextAt }) => (state === "waiting" && nextAt !== undefined ? [nextAt] : []))
    .toSorted((one, other) => one.getTime() - other.getTime());
  return look === undefined ? undefined : `the next try ${when(look, place)}`;
}

/** How many are where, in the order in which they get there. */
const ORDER: readonly (readonly [TargetState, string])[] = [
  ["done", "done"],
  ["failed", "failed"],
  ["dropped", "left out"],
  ["unsettled", "unknown"],
  ["deciding", "being judged"],
  ["collecting", "just over"],
  ["scheduled", "scheduled"],
  ["scheduling", "being scheduled"],
  ["waiting", "waiting"],
];

export function countsInWords({ targets }: Pick<MissionStatus, "targets">): string {
  const counts = ORDER.flatMap(([state, name]) => {
    const count = targets.filter((target) => target.state === state).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return counts.join(", ") || "nobody yet";
}

/**
 * A mission as lines for a terminal.
 *
 * @param most lines of targets; those that something happens with come first.
 */
export function missionLines(
  status: MissionStatus,
  place: ViewPlace,
  most = Number.POSITIVE_INFINITY,
): string[] {
  const { work, targets } = status;
  const next = nextInWords(status, place);
  const shown = mostTelling(targets, most);
  const width = Math.min(28, Math.max(0, ...shown.map(({ name }) => spoken(name).length)));
  const hidden = targets.length - shown.length;
  return [
    `${spoken(work.mission.name)} [${stateInWords(status)}] (${work.mission.slug}, ${work.plan.class}${work.plan.rounds.length === 0 ? "" : `, round ${work.round} of ${work.plan.rounds.length}`})`,
    `  ${countsInWords(status)}. So far: ${costInWords(status)}.`,
    ...(next === undefined ? [] : [`  Next: ${next}`]),
    ...(work.reason === undefined ? [] : [`  Why: ${spoken(work.reason)}`]),
    ...shown.map(
      (target) =>
        `  ${String(target.position).padStart(3)}  ${spoken(target.name).padEnd(width)}  ${targetInWords(target, place)}`,
    ),
    ...(hidden > 0 ? [`       and ${hidden} more`] : []),
  ];
}

const URGENCY: readonly TargetState[] = [
  ...(["scheduled", "collecting", "deciding", "scheduling", "unsettled", "failed", "dropped"] as const),
  ...(["done", "waiting"] as const),
];

/** Those with whom something happens, in the plan's order. */
function mostTelling(targets: readonly MissionTarget[], most: number): readonly MissionTarget[] {
  if (targets.length <= most) return targets;
  const chosen = targets
    .toSorted((one, other) => URGENCY.indexOf(one.state) - URGENCY.indexOf(other.state))
    .slice(0, Math.max(most, 1));
  return targets.filter((target) => chosen.includes(target));
}

/** What is to be said, line by line, of what has changed. `before` is undefined at the beginning. */
export function changedLines(
  before: MissionStatus | undefined,
  after: MissionStatus,
  place: ViewPlace,
): string[] {
  const name = spoken(after.work.mission.name);
  if (before === undefined) {
    const next = nextInWords(after, place);
    return [
      `${name} [${stateInWords(after)}]: ${countsInWords(after)}. So far: ${costInWords(after)}.${next === undefined ? "" : ` Next: ${next}.`}`,
    ];
  }
  const known = new Map(before.targets.map((target) => [target.id, targetInWords(target, place)]));
  const changed = after.targets.flatMap((target) => {
    const words = targetInWords(target, place);
    const isNews =
      target.state === "waiting" && target.attempts === 0 ? false : known.get(target.id) !== words;
    return isNews ? [`${spoken(target.name)}: ${words}`] : [];
  });
  const isMoved = stateInWords(before) !== stateInWords(after);
  const why = after.work.reason === undefined ? "" : ` ${spoken(after.work.reason)}`;
  return [
    ...changed,
    ...(isMoved
      ? [`${name} [${stateInWords(after)}]: ${countsInWords(after)}. So far: ${costInWords(after)}.${why}`]
      : []),
  ];
}

/** "today at 14:30", "on Monday 23 November 2026 at 09:30 (Europe/Berlin)"; a time of day where it is not far. */
function when(time: Date, { now, timezone }: ViewPlace): string {
  const seconds = Math.round((time.getTime() - now.getTime()) / 1_000);
  if (Math.abs(seconds) < 60) return "now";
  if (Math.abs(seconds) >= 12 * 3_600) return `on ${timeInWords(time, timezone)}`;
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(time);
  return `at ${clock}`;
}
