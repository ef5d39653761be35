/** Owns how calls and lines are told to people at a terminal. */
import { timeInWords } from "../briefings/schedule.ts";
import type { CallStatus } from "../calls/call-information.ts";
import type { PlacedCallAnswer } from "../calls/request-call.ts";
import type { TranscriptLine } from "../carriers/carrier.ts";
import { asSaid, type Quoting, quoted, quotedBeginning, spoken } from "./quoted.ts";

/** What the person who asked for the call is told. */
export function describePlacedCall({ id, to, line, why, dueAt }: PlacedCallAnswer): string {
  const because = why.startsWith(`${line}: `) ? why.slice(line.length + 2) : why;
  const over = `${to ?? "you"} over ${line} (${because}).`;
  return [
    dueAt === undefined ? `Calling ${over}` : `On ${inWords(dueAt)}: calling ${over}`,
    `Call id: ${id}`,
  ].join("\n");
}

/** All that is known of a call, a line for each fact. */
export function describeStatus(call: CallStatus, quoting: Quoting = asSaid): string {
  const { id, callId, line, durationSeconds, cost, purpose, greeting, voicemailMessage } = call;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Call id", id ?? callId],
    ["Line", id === undefined || callId === undefined ? line : `${line} (its id there: ${spoken(callId)})`],
    [call.direction === "inbound" ? "From" : "To", whom(call)],
    ["Status", standing(call)],
    ["Began", call.startedAt === undefined ? undefined : inWords(call.startedAt)],
    ["Length", durationSeconds === undefined ? undefined : `${durationSeconds} s`],
    ["Cost", cost === undefined ? undefined : spoken(cost)],
    ["Purpose", purpose === undefined ? undefined : spoken(purpose)],
    ["Said first", greeting === undefined || purpose !== undefined ? undefined : spoken(greeting)],
    [
      "Voicemail",
      voicemailMessage === undefined ? undefined : quoting("the voicemail", voicemailMessage, quoted),
    ],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join("\n");
}

/** A call as it stands in a list. */
export function describeInOneLine(call: CallStatus): string {
  const { id, callId, line, direction, durationSeconds, purpose, greeting } = call;
  const to = whom(call);
  return [
    // What they are sorted by.
    shortTime(call.createdAt),
    id?.slice(0, SHOWN_OF_ID) ?? callId ?? "?",
    direction === "inbound" ? "from a caller" : to === undefined ? "with somebody" : `to ${to}`,
    line,
    `${standing(call)}${durationSeconds === undefined ? "" : `, ${durationSeconds} s`}`,
    ...(purpose === undefined && greeting === undefined ? [] : [quotedBeginning(purpose ?? greeting ?? "")]),
  ].join("  ");
}

/** Ids are found by this beginning. */
const SHOWN_OF_ID = 8;

/** How a call ended that was followed. */
export function describeEnd({ outcome, durationSeconds, state, detail }: CallStatus): string {
  if (state === "refused") return `The call was not placed: ${spoken(detail ?? "no reason was given")}`;
  if (state === "canceled") return "The call was called off.";
  const how = [
    outcome === undefined || outcome === "completed" ? undefined : outcomeInWords(outcome),
    durationSeconds === undefined ? undefined : `${durationSeconds} s`,
  ].filter((part) => part !== undefined);
  return `The call is over${how.length === 0 ? "" : ` (${how.join(", ")})`}.`;
}

/** What is waited for while nothing is heard of a call. */
export function describeWaiting(until: Date | "answer" | "end"): string {
  if (until instanceof Date) return `Planned for ${inWords(until.toISOString())}: waiting until then …`;
  return `Waiting for it to be ${until === "answer" ? "answered" : "over"} …`;
}

/** One thing said. */
export function describeLine(
  { speaker, words }: TranscriptLine,
  { withOwner, quoting }: { readonly withOwner: boolean; readonly quoting: Quoting },
): string {
  // What the agent said, the other side may have put into its mouth.
  const name =
    speaker === "agent" ? "the agent on that call" : withOwner ? "the owner on that call" : "the other side";
  return `${speaker === "agent" ? "Agent" : withOwner ? "You" : "Other side"}: ${quoting(name, words, spoken)}`;
}

function whom({ to, direction }: CallStatus): string | undefined {
  if (to === null) return "you";
  return direction === "inbound" ? undefined : to;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  no_answer: "not answered",
  voicemail: "reached voicemail",
  voicemail_failed: "reached voicemail, nothing could be left",
  fax: "reached a fax machine",
  failed: "could not be connected",
  canceled: "called off",
  unknown: "nobody knows how",
};

function outcomeInWords(outcome: string): string {
  return Object.hasOwn(OUTCOMES, outcome) ? (OUTCOMES[outcome] ?? outcome) : spoken(outcome);
}

function standing({ state, status, isOver, outcome, detail, dueAt }: CallStatus): string {
  const because = detail === undefined ? "" : ` (${spoken(detail)})`;
  switch (state) {
    case "planned":
      return `planned for ${dueAt === undefined ? "later" : inWords(dueAt)}`;
    case "canceled":
      return "called off";
    case "intended":
      return "being placed";
    case "unsettled":
      return `unknown${because}`;
    case "refused":
      return `not placed${because}`;
    case "ended":
      return `over${outcome === undefined || outcome === "completed" ? "" : `, ${outcomeInWords(outcome)}`}${because}`;
    default:
      if (status !== undefined)
        return `${isOver === true && status !== "over" ? "over, " : ""}${spoken(status)}`;
      if (isOver === true) return "over";
      return state === "started" ? "going on" : (state ?? "unknown");
  }
}

function inWords(time: string): string {
  return timeInWords(new Date(time), Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** "2026-07-30 08:00", in this machine's time. */
function shortTime(time: string | undefined): string {
  return time === undefined
    ? "?"
    : new Date(time).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
}
