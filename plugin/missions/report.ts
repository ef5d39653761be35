/** Owns a mission's result as a document: for people (Markdown), for programs (JSON), and for tables (CSV). */
import type { Quoting } from "../command-line/quoted.ts";
import type { MissionTarget } from "../store/mission-work.ts";
import { visible } from "../trust/quotation.ts";
import { type MissionStatus, overallScore, ranking } from "./mission-status.ts";
import { costInWords, countsInWords, outcomeInWords, stateInWords } from "./watch-view.ts";

/** What is known of one target, for programs. Words in it are other people's. */
export interface ReportedTarget {
  readonly position: number;
  readonly round: number;
  readonly name: string;
  readonly number: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly state: MissionTarget["state"];
  readonly outcome: string | null;
  readonly attempts: number;
  readonly durationSeconds: number | null;
  readonly scheduledAt: string | null;
  readonly score: number | null;
  readonly scores: Readonly<Record<string, number>>;
  readonly quote: string | null;
  readonly learned: string | null;
  readonly reply: string | null;
  readonly detail: string | null;
  readonly transcript: MissionTarget["transcript"];
}

export interface MissionReport {
  readonly slug: string;
  readonly name: string;
  readonly class: string;
  readonly state: string;
  readonly round: number;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly cost: MissionStatus["cost"];
  /** Positions in the plan, the best first; empty where nobody was scored. */
  readonly ranking: readonly { readonly position: number; readonly name: string; readonly score: number }[];
  /** Whom a human's yes is waited for; null where none is. */
  readonly approval: readonly number[] | null;
  readonly targets: readonly ReportedTarget[];
}

export function missionReport(status: MissionStatus): MissionReport {
  const { work, targets, cost, approval } = status;
  const { plan, mission } = work;
  return {
    slug: mission.slug,
    name: mission.name,
    class: plan.class,
    state: work.state,
    round: work.round,
    reason: work.reason ?? null,
    summary: work.summary ?? null,
    cost,
    ranking: ranking(targets, plan.rubric).map(({ target, score }) => ({
      position: target.position,
      name: target.name,
      score: oneDecimal(score),
    })),
    approval: approval?.targets.map(({ position }) => position) ?? null,
    targets: targets.map((target) => {
      const score = overallScore(target, plan.rubric);
      return {
        position: target.position,
        round: target.round,
        name: target.name,
        number: target.number,
        facts: target.facts,
        state: target.state,
        outcome: target.outcome ?? null,
        attempts: target.attempts,
        durationSeconds: target.durationSeconds ?? null,
        scheduledAt: target.scheduledAt?.toISOString() ?? null,
        score: score === undefined ? null : oneDecimal(score),
        scores: target.scores ?? {},
        quote: target.quote ?? null,
        learned: target.insight ?? null,
        reply: target.reply ?? null,
        detail: target.detail ?? null,
        transcript: target.transcript,
      };
    }),
  };
}

/** As a document for people. @param quoting how the words of others stand in it. */
export function reportAsMarkdown(status: MissionStatus, quoting: Quoting): string {
  const { work, targets } = status;
  const { plan, mission } = work;
  const theirs = (speaker: string, words: string) => markdown(quoting(speaker, words, (said) => said));
  const ranked = ranking(targets, plan.rubric);
  const hasRounds = targets.some(({ round }) => round > 1);
  const columns = [
    ["#", (target: MissionTarget) => String(target.position)],
    ...(hasRounds ? [["Round", ({ round }: MissionTarget) => String(round)] as const] : []),
    ["Name", ({ name }: MissionTarget) => markdown(name)],
    ["Number", ({ number }: MissionTarget) => markdown(number)],
    ["Result", (target: MissionTarget) => markdown(resultOf(target))],
    ...(ranked.length === 0 ? [] : [["Score", (target: MissionTarget) => scoreOf(target, status)] as const]),
    [
      "What was said",
      (target: MissionTarget) => {
        const words = theirWords(target);
        return words === undefined ? "" : theirs(`target ${target.position}`, words);
      },
    ],
  ] as const;
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `# ${markdown(mission.name)}`,
    "",
    `${capitalised(stateInWords(status))}${work.reason === undefined ? "" : `: ${markdown(work.reason)}`}. ${countsInWords(status)}. Cost: ${costInWords(status)}.`,
    ...(work.summary === undefined ? [] : ["", theirs("the agent about the mission", work.summary)]),
    ...(ranked.length === 0
      ? []
      : [
          "",
          "## Ranking",
          "",
          ...ranked.map(
            ({ target, score }, index) =>
              `${index + 1}. ${markdown(target.name)}: ${oneDecimal(score)} (${plan.rubric
                .flatMap(({ name }) => {
                  const given = target.scores?.[name];
                  return given === undefined ? [] : [`${markdown(name)} ${given}`];
                })
                .join(", ")})`,
          ),
        ]),
    "",
    "## Targets",
    "",
    row(columns.map(([name]) => name)),
    row(columns.map(() => "---")),
    ...targets.map((target) => row(columns.map(([, cell]) => cell(target)))),
  ].join("\n");
}

/** As comma-separated values (RFC 4180), one row for each target. */
export function reportAsCsv(status: MissionStatus, quoting: Quoting): string {
  const { work, targets } = status;
  const { rubric } = work.plan;
  const facts = [...new Set(targets.flatMap(({ facts }) => Object.keys(facts)))];
  const theirs = (position: number, words: string | undefined) =>
    words === undefined ? "" : quoting(`target ${position}`, words, (said) => said);
  const rows = targets.map((target) => [
    String(target.position),
    String(target.round),
    target.name,
    target.number,
    target.state,
    target.outcome ?? "",
    String(target.attempts),
    target.durationSeconds === undefined ? "" : String(target.durationSeconds),
    ...(rubric.length === 0 ? [] : [scoreOf(target, status)]),
    ...rubric.map(({ name }) => String(target.scores?.[name] ?? "")),
    theirs(target.position, target.quote),
    theirs(target.position, target.insight),
    theirs(target.position, target.reply),
    target.detail ?? "",
    ...facts.map((name) => target.facts[name] ?? ""),
  ]);
  const header = [
    ...["position", "round", "name", "number", "state", "outcome", "attempts", "seconds"],
    ...(rubric.length === 0 ? [] : ["score"]),
    ...rubric.map(({ name }) => name),
    ...["quote", "learned", "reply", "detail"],
    ...facts,
  ];
  return [header, ...rows].map((cells) => cells.map(csvCell).join(",")).join("\n");
}

/** What they said that counts most. */
function theirWords({ quote, reply, insight, transcript }: MissionTarget): string | undefined {
  return quote ?? reply ?? insight ?? transcript.findLast(({ role }) => role !== "assistant")?.content;
}

function resultOf(target: MissionTarget): string {
  const { state, detail } = target;
  const because = detail === undefined ? "" : ` (${detail})`;
  if (state === "done") return `${outcomeInWords(target)}${because}`;
  const name = state === "dropped" ? "left out" : state === "unsettled" ? "unknown" : state;
  return `${name}${target.outcome === undefined ? "" : `, ${outcomeInWords(target)}`}${because}`;
}

function scoreOf(target: MissionTarget, { work }: MissionStatus): string {
  const score = overallScore(target, work.plan.rubric);
  return score === undefined ? "" : String(oneDecimal(score));
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}

function capitalised(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** As one line of Markdown that means only what it says: no table, link, image, code or HTML comes of it. */
function markdown(words: string): string {
  return (
    visible(words)
      .replaceAll(/\s*[\n\v\f\r\u0085\u2028\u2029]+\s*/g, " ")
      .replaceAll(/[\\`*_{}[\]<>|#~!&]/g, (sign) => `\\${sign}`)
      // What is shown as a link although nobody wrote one.
      .replaceAll("://", "\\://")
      .replaceAll(/www\./gi, (start) => `${start.slice(0, -1)}\\.`)
  );
}

/**
 * A cell that a spreadsheet shows and never runs: what begins like a formula, in full width too, gets an apostrophe in front,
 * as spreadsheets take text. A phone number is none.
 */
function csvCell(text: string): string {
  const safe = /^[\s]*[=+\-@＝＋－＠]/u.test(text) && !/^\+\d+$/.test(text) ? `'${text}` : text;
  return /[",\n\r;\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
