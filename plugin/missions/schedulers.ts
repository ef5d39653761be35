/**
 * Owns what a mission does next, for each of the five classes: pure functions of how it stands. Nobody waits in here, and
 * nothing is sent; when the next call comes is calling-times.ts's, whether a call is tried again retries.ts's.
 */
import type { Decision, MissionTarget } from "../store/mission-work.ts";
import type { MissionClass, MissionPlan } from "./plan.ts";

/** How a mission stands. */
export interface MissionView {
  readonly plan: MissionPlan;
  /** 1 is the first. */
  readonly round: number;
  readonly targets: readonly MissionTarget[];
  readonly decisions: readonly Decision[];
  /** Whether there is an agent that can be asked; a human can be, always. */
  readonly hasAgent: boolean;
  readonly now: Date;
}

export type Move =
  /** Find times for them, and schedule them. */
  | { readonly do: "schedule"; readonly targets: readonly number[] }
  /** Tell the assistant what was learned (and what the agent advises), then schedule this one. */
  | { readonly do: "brief"; readonly target: number }
  /** Write the question down; it is asked, and its answer written down too. */
  | { readonly do: "ask"; readonly kind: Decision["kind"]; readonly target?: number }
  /** They are not called (any more); what is scheduled for them is called off. */
  | { readonly do: "drop"; readonly targets: readonly number[]; readonly why: string }
  /** These go on into the next round, the others do not. */
  | { readonly do: "next-round"; readonly targets: readonly number[] }
  /** The plan's action, for the target that met the goal: it becomes the one target of the next round, and is briefed. */
  | { readonly do: "act"; readonly target: number }
  | { readonly do: "close"; readonly outcome: "succeeded" | "failed"; readonly reason?: string };

/** What is to be done now; nothing when something is waited for. */
export type Scheduler = (view: MissionView) => readonly Move[];

/** What the answers of decisions say: {@link Decision.answer}, undefined when nobody could or would answer. */
export interface DecisionAnswers {
  /** Negotiation, after each call: what the next one is to try; `stop` when there is nothing more to be had. */
  readonly "next-move": { readonly advice: string; readonly stop?: boolean };
  /** A call that ended strangely: called again, or not. */
  readonly unusual: { readonly callAgain: boolean; readonly why?: string };
  /** Rounds: a human's word. `targets`: our ids; all when left out. */
  readonly approval: { readonly approved: boolean; readonly targets?: readonly number[] };
  /** Screening: 0 to 10 for each criterion, by its name; and words of the other side that show it. */
  readonly scores: { readonly scores: Readonly<Record<string, number>>; readonly quote?: string };
  /** Gather: whether what this target said meets the goal. */
  readonly goal: { readonly met: boolean; readonly quote?: string };
  readonly summary: { readonly summary: string };
}

export type SchedulerTable = Readonly<Record<MissionClass, Scheduler>>;

/**
 * The five classes (seeds, "Mission Classes"):
 *
 * | class       | calls                                   | asks                                   | ends when                    |
 * | ----------- | --------------------------------------- | -------------------------------------- | ---------------------------- |
 * | sweep       | everybody, in batches                   |                                        | everybody was tried          |
 * | screening   | everybody, in batches                   | for scores, after each                 | everybody was tried, scored  |
 * | negotiation | one after the other, never two at once  | for the next move, after each          | everybody was tried, or stop |
 * | rounds      | everybody, then those who were approved | a human, between two rounds            | the last round is over, or no |
 * | gather      | a batch at a time                       | whether the goal is met, after each    | it is met and acted on       |
 */
export const SCHEDULERS: SchedulerTable = {
  sweep: (view) => outOfTime(view) ?? orFinish(view, [...unusual(view), ...scheduleAll(view)]),
  screening: (view) =>
    outOfTime(view) ?? orFinish(view, [...unusual(view), ...askOfEach(view, "scores"), ...scheduleAll(view)]),
  negotiation: (view) => outOfTime(view) ?? negotiation(view),
  rounds: (view) => outOfTime(view) ?? rounds(view),
  gather,
};

function negotiation(view: MissionView): readonly Move[] {
  const strange = unusual(view);
  if (strange.length > 0 || view.targets.some((target) => mayRing(target, view.now))) return strange;
  const waiting = callable(view);
  const done = spokenWith(view);
  if (waiting.length === 0) return finish(view);
  // A wish to go on that nobody can give an answer to is none: what was learned is told as it is.
  const unasked = view.hasAgent
    ? done.find(({ id }) => decisionOf(view, "next-move", id) === undefined)
    : undefined;
  if (unasked !== undefined) return [{ do: "ask", kind: "next-move", target: unasked.id }];
  if (isAsking(view)) return [];
  if (done.some(({ id }) => answerOf(view, "next-move", id)?.stop === true)) {
    return [dropped(waiting, "There was nothing more to be had.")];
  }
  const [next] = waiting.toSorted(byTime);
  if (next === undefined) return [];
  // What is known of one of them is not said to the others.
  const isBriefed = done.length > 0 || view.targets.some(({ facts }) => Object.keys(facts).length > 0);
  return [isBriefed ? { do: "brief", target: next.id } : { do: "schedule", targets: [next.id] }];
}

function rounds(view: MissionView): readonly Move[] {
  const { plan, round } = view;
  const ofRound = view.targets.filter((target) => target.round === round);
  const moves = [...unusual(view), ...scheduleAll(view)];
  if (moves.length > 0 || !isQuiet(view) || isAsking(view)) return moves;
  const reached = ofRound.filter(({ state }) => state === "done");
  if (round >= plan.rounds.length || reached.length === 0) return finish(view);
  const approval = view.decisions.find((each) => each.kind === "approval" && each.round === round);
  if (approval === undefined) return [{ do: "ask", kind: "approval" }];
  if (approval.state !== "answered") {
    return isTimeOver(view)
      ? finish(view, `The mission's time was over before round ${round + 1} was approved.`)
      : [];
  }
  const chosen = approvedTargets(approval, ofRound, reached);
  if (chosen.length === 0) return finish(view, `Round ${round + 1} was not approved.`);
  return [{ do: "next-round", targets: chosen }];
}

/** Whom a human's answer lets through; nobody when it is no clear yes. */
function approvedTargets(
  { answer }: Decision,
  ofRound: readonly MissionTarget[],
  reached: readonly MissionTarget[],
): number[] {
  const { approved, targets } = (answer ?? {}) as Partial<DecisionAnswers["approval"]>;
  if (approved !== true) return [];
  if (targets === undefined) return reached.map(({ id }) => id);
  // Who is named may be tried again though they were not reached; who was dropped has a reason.
  return ofRound.filter(({ id, state }) => targets.includes(id) && state !== "dropped").map(({ id }) => id);
}

function gather(view: MissionView): readonly Move[] {
  const { plan, round, targets } = view;
  const met = spokenWith({ ...view, round: 1 }).find((target) => meetsGoal(view, target));
  if (round === 1 && met === undefined) {
    const over = outOfTime(view);
    if (over !== undefined) return over;
    const asks = plan.goal === undefined ? [] : askOfEach(view, "goal");
    const free =
      plan.limits.batch -
      targets.filter((each) => isInFlight(each) || repliesUntil(view, each) !== undefined).length;
    const next = callable(view).slice(0, Math.max(0, free));
    const calls: Move[] = next.length === 0 ? [] : [{ do: "schedule", targets: next.map(({ id }) => id) }];
    return orFinish(view, [...unusual(view), ...asks, ...calls], notMet(view));
  }
  const left = targets.filter(
    (target) => target.round === 1 && (target.state === "waiting" || target.state === "scheduled"),
  );
  const moves: Move[] = left.length === 0 ? [] : [dropped(left, "The goal was met.")];
  if (plan.action !== undefined && round === 1 && met !== undefined) {
    moves.push({ do: "act", target: met.id });
  }
  // Those who are still spoken with would hear of another task in the middle of it. And one call more than the plan's
  // number is better than a goal that was met for nothing.
  const acting = targets.find((target) => target.round > 1 && target.state === "waiting");
  if (acting !== undefined && !targets.some((target) => mayTalk(target, view.now))) {
    moves.push({ do: "brief", target: acting.id });
  }
  return orFinish(view, moves, actionFailed(view));
}

/** Whether this is what was looked for: by the plan's words, else by what the agent says. */
export function meetsGoal(view: Pick<MissionView, "plan" | "decisions">, target: MissionTarget): boolean {
  const { metWhen } = view.plan;
  if (metWhen !== undefined && learnedFrom(target).some((words) => plain(words).includes(plain(metWhen)))) {
    return true;
  }
  return answerOf(view, "goal", target.id)?.met === true;
}

function notMet({ plan, hasAgent }: MissionView): string {
  return plan.metWhen === undefined && !hasAgent
    ? 'Nobody could say whether the goal was met: there is no agent to judge it, and the plan has no "metWhen".'
    : "Nobody met the goal.";
}

function actionFailed({ plan, targets }: MissionView): string | undefined {
  const wasDone =
    plan.action === undefined || targets.some(({ round, state }) => round > 1 && state === "done");
  return wasDone ? undefined : "The goal was met, but what was to be done then did not succeed.";
}

/** What others said, as far as it is known: the transcript's other side, what the service learned, their text. */
export function learnedFrom({ transcript, insight, reply }: MissionTarget): string[] {
  const theirs = transcript.filter(({ role }) => role !== "assistant").map(({ content }) => content);
  return [...theirs, insight ?? "", reply ?? ""].filter((words) => words !== "");
}

/** Without case, width, signs and spaces, which speech recognition sets as it likes. */
function plain(words: string): string {
  return words
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{P}\p{S}\p{Z}\s]+/gu, "");
}

/** Everybody of the round who is to be called, a batch at a time. */
function scheduleAll(view: MissionView): Move[] {
  const ids = callable(view).map(({ id }) => id);
  const { batch } = view.plan.limits;
  return Array.from({ length: Math.ceil(ids.length / batch) }, (_, index) => ({
    do: "schedule" as const,
    targets: ids.slice(index * batch, (index + 1) * batch),
  }));
}

/** Whom the plan still lets be called in this round. */
function callable({ plan, round, targets }: MissionView): MissionTarget[] {
  const left = (plan.limits.maxCalls ?? Number.POSITIVE_INFINITY) - callsOf(targets);
  return targets
    .filter((target) => target.round === round && target.state === "waiting")
    .slice(0, Math.max(0, left));
}

function callsOf(targets: readonly MissionTarget[]): number {
  return targets.reduce((sum, { attempts }) => sum + attempts, 0);
}

/** Drops those for whom there is no time and no call left; undefined when there is nobody like that. */
function outOfTime(view: MissionView): Move[] | undefined {
  const { plan, round, targets } = view;
  const { maxCalls } = plan.limits;
  const waiting = targets.filter((target) => target.round === round && target.state === "waiting");
  if (waiting.length === 0) return undefined;
  if (isTimeOver(view)) return [dropped(waiting, "The mission's time was over.")];
  if (maxCalls !== undefined && callsOf(targets) >= maxCalls) {
    return [dropped(waiting, `The mission makes ${maxCalls} calls at most.`)];
  }
  return undefined;
}

function isTimeOver({ plan, now }: MissionView): boolean {
  const { endsAt } = plan.limits;
  return endsAt !== undefined && now >= endsAt;
}

function dropped(targets: readonly MissionTarget[], why: string): Move {
  return { do: "drop", targets: targets.map(({ id }) => id), why };
}

/** Asks this about each that was spoken with, once. */
function askOfEach(view: MissionView, kind: "scores" | "goal"): Move[] {
  if (!view.hasAgent) return [];
  return spokenWith(view)
    .filter(({ id }) => decisionOf(view, kind, id) === undefined)
    .map(({ id }) => ({ do: "ask", kind, target: id }));
}

/** Asks about calls that went strangely, once each. */
function unusual(view: MissionView): Move[] {
  return view.targets
    .filter((target) => isToBeLookedAt(view, target))
    .map(({ id }) => ({ do: "ask", kind: "unusual", target: id }));
}

function isToBeLookedAt(view: MissionView, target: MissionTarget): boolean {
  return (
    view.hasAgent &&
    target.state === "done" &&
    isStrange(target) &&
    target.attempts < view.plan.limits.attempts &&
    decisionOf(view, "unusual", target.id) === undefined
  );
}

/** Nobody says what they were asked in so short a time. */
const SHORT_SECONDS = 10;
/** A wrong number, a wish for another time, a machine that was taken for a person. In English and in Chinese. */
const STRANGE =
  /\b(?:wrong number|call (?:me |us |you )?back|call (?:me |us )?(?:again )?(?:later|tomorrow)|bad time|(?:not a|isn'?t a) good time|leave (?:a|your) message|after the (?:tone|beep))\b|打错|打錯|稍后再|稍後再|晚点再|晚點再|改天再|不方便|提示音|留言/iu;

/** Whether an answered call went in a way that somebody should look at. */
function isStrange({ channel, transcript, durationSeconds }: MissionTarget): boolean {
  if (channel !== "call") return false;
  if (durationSeconds !== undefined && durationSeconds < SHORT_SECONDS) return true;
  if (transcript.length === 0) return false;
  const theirs = transcript.filter(({ role }) => role !== "assistant");
  return theirs.length === 0 || theirs.some(({ content }) => STRANGE.test(content));
}

/** Who was spoken with in this round, and nobody has to look at that any more. */
function spokenWith(view: MissionView): MissionTarget[] {
  return view.targets.filter(
    (target) =>
      target.round === view.round &&
      target.state === "done" &&
      repliesUntil(view, target) === undefined &&
      !isToBeLookedAt(view, target) &&
      (decisionOf(view, "unusual", target.id)?.state ?? "answered") === "answered",
  );
}

function orFinish(view: MissionView, moves: readonly Move[], because?: string): readonly Move[] {
  return moves.length > 0 ? moves : finish(view, because);
}

/** Summary and end, once nothing is waited for; nothing before. */
function finish(view: MissionView, because?: string): Move[] {
  const { targets, hasAgent, plan } = view;
  if (!isQuiet(view) || isAsking(view)) return [];
  const summary = decisionOf(view, "summary");
  if (hasAgent && summary === undefined) return [{ do: "ask", kind: "summary" }];
  const isReached = targets.some(({ state }) => state === "done");
  if (!isReached) return [{ do: "close", outcome: "failed", reason: because ?? "Nobody was reached." }];
  // Rounds that end by a human's word have done what they were to do; what was looked for and not found, has not.
  const isFailed = plan.class === "gather" && because !== undefined;
  return [
    {
      do: "close",
      outcome: isFailed ? "failed" : "succeeded",
      ...(because === undefined ? {} : { reason: because }),
    },
  ];
}

/** Nobody is called or to be called, and no answer is waited for. */
function isQuiet(view: MissionView): boolean {
  return !view.targets.some(
    (target) =>
      target.state === "waiting" ||
      isInFlight(target) ||
      mayRing(target, view.now) ||
      repliesUntil(view, target) !== undefined,
  );
}

const HOUR_MS = 60 * 60_000;

/** Until when the answer to a text is waited for; undefined when it is not (any more). */
function repliesUntil(
  { plan, now }: MissionView,
  { channel, state, round, reply, scheduledAt }: MissionTarget,
): Date | undefined {
  const { replyHours = 0, endsAt } = plan.limits;
  if (channel !== "sms" || state !== "done" || reply !== undefined || scheduledAt === undefined)
    return undefined;
  // The action is done once it has arrived.
  if (plan.class === "gather" && round > 1) return undefined;
  const untilMs = Math.min(
    scheduledAt.getTime() + replyHours * HOUR_MS,
    endsAt?.getTime() ?? Number.POSITIVE_INFINITY,
  );
  return untilMs > now.getTime() ? new Date(untilMs) : undefined;
}

const IN_FLIGHT: ReadonlySet<MissionTarget["state"]> = new Set([
  "scheduling",
  "scheduled",
  "collecting",
  "deciding",
]);

function isInFlight({ state }: MissionTarget): boolean {
  return IN_FLIGHT.has(state);
}

/** Whatever becomes of a call, and whoever knows: so long after its time nobody is on the phone any more. */
const LONGEST_CALL_MS = HOUR_MS;

function isLongAgo({ scheduledAt }: MissionTarget, now: Date): boolean {
  return scheduledAt === undefined || now.getTime() >= scheduledAt.getTime() + LONGEST_CALL_MS;
}

/** Whether a call to them may be going on, or may come. */
function mayRing(target: MissionTarget, now: Date): boolean {
  return isInFlight(target) || (target.state === "unsettled" && !isLongAgo(target, now));
}

/** Whether the assistant may be in the middle of a call with them. */
function mayTalk(target: MissionTarget, now: Date): boolean {
  const { state } = target;
  return (
    state === "scheduling" || ((state === "scheduled" || state === "unsettled") && !isLongAgo(target, now))
  );
}

/** When a scheduler may say something else although nothing happens; undefined when it will not. */
export function nextChange(view: MissionView): Date | undefined {
  const { plan, round, targets, now } = view;
  // Only who acts on what was found waits for calls that may never be over.
  const isActing = plan.class === "gather" && round > 1;
  const times = targets.flatMap((target) => {
    const { state, scheduledAt } = target;
    const isRinging = state === "unsettled" || (isActing && state === "scheduled");
    const over = isRinging && scheduledAt !== undefined ? [scheduledAt.getTime() + LONGEST_CALL_MS] : [];
    return [...over, repliesUntil(view, target)?.getTime() ?? Number.POSITIVE_INFINITY];
  });
  const all = [...times, plan.limits.endsAt?.getTime() ?? Number.POSITIVE_INFINITY];
  const next = all
    .filter((time) => time > now.getTime())
    .reduce((one, other) => Math.min(one, other), Infinity);
  return Number.isFinite(next) ? new Date(next) : undefined;
}

/** Whether an agent is asked something and has not answered yet. */
function isAsking({ decisions }: MissionView): boolean {
  return decisions.some(({ kind, state }) => kind !== "approval" && state !== "answered");
}

/** The last decision of a kind, about a target or about the mission. */
function decisionOf(
  { decisions }: Pick<MissionView, "decisions">,
  kind: Decision["kind"],
  target?: number,
): Decision | undefined {
  let known = byQuestion.get(decisions);
  if (known === undefined) {
    known = new Map(decisions.map((each) => [`${each.kind} ${each.target ?? ""}`, each]));
    byQuestion.set(decisions, known);
  }
  return known.get(`${kind} ${target ?? ""}`);
}

/** Each target is looked for among the decisions: of a thousand of both, that would be a million looks. */
const byQuestion = new WeakMap<readonly Decision[], ReadonlyMap<string, Decision>>();

/** What was answered; undefined when it was not asked, has no answer yet, or none came. */
export function answerOf<Kind extends keyof DecisionAnswers>(
  view: Pick<MissionView, "decisions">,
  kind: Kind,
  target: number,
): Partial<DecisionAnswers[Kind]> | undefined {
  const answer = decisionOf(view, kind, target)?.answer;
  return typeof answer === "object" && answer !== null ? answer : undefined;
}

/** Who can be called first; of those, who stands first in the plan. */
function byTime(one: MissionTarget, other: MissionTarget): number {
  return (one.nextAt?.getTime() ?? 0) - (other.nextAt?.getTime() ?? 0) || one.position - other.position;
}
