/**
 * Owns how the outcome of a call is told to the owner's session: one line the agent can refer to later.
 */
import type { CallDirection, CallOutcome, TranscriptLine } from "../carriers/carrier.ts";
import { inQuotes, quotation } from "../trust/quotation.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  voicemail: "reached voicemail and left a message",
  voicemail_failed: "reached voicemail, but no message could be left",
  no_answer: "was not answered",
  fax: "reached a fax machine",
  busy: "was busy",
  completed: "was answered and is over",
  failed: "could not be connected",
  canceled: "was called off",
  unknown: "has no known end: the service never said",
  not_placed: "could not be placed at its time",
  unsettled: "may have been placed or not: the service's answer was lost",
};

/** The carriers' words for calls nobody talked on, as outcomes. */
const UNANSWERED: ReadonlyMap<string, string> = new Map([
  ["no-answer", "no_answer"],
  ["no_answer", "no_answer"],
  ["busy", "busy"],
  ["failed", "failed"],
  ["canceled", "canceled"],
]);

/** The outcome of a call that is over, by its carrier's word for how it stands. */
export function outcomeOfStatus(status: string): string {
  return UNANSWERED.get(status.toLowerCase()) ?? "completed";
}

/**
 * One line, in English: it is read by the agent, not heard by a person. Everything the other side or the wire said
 * (a voicemail's text, a reason, a number or purpose we did not write down) stands in it only as a quotation.
 */
export function outcomeLine(
  outcome: CallOutcome,
  known: {
    direction: CallDirection | undefined;
    /** Whom we called; undefined for a call we did not place. */
    callee?: string | undefined;
    purpose?: string | undefined;
    withOwner: boolean;
    /** The carrier's own voice led it: what was said is news to the owner's session, whoever was on it. */
    ledByCarrier?: boolean;
    /** The call in one paragraph, as the agent that was on it wrote it. */
    result?: string | undefined;
    /** What the agent said first on a call with the owner. */
    greeting?: string | undefined;
  },
): string {
  const parts = [
    `Phone call ${inQuotes(outcome.callId)} ${whoWasOnIt(outcome, known)} ${whatBecameOfIt(outcome)}.`,
  ];
  if (outcome.durationSeconds !== undefined) parts.push(`Length: ${Math.round(outcome.durationSeconds)} s.`);
  if (outcome.cost !== undefined) parts.push(`Cost: ${inQuotes(outcome.cost)}.`);
  if (outcome.reason) {
    parts.push(`${isPlaced(outcome) ? "Ended by" : "Why"}: ${inQuotes(outcome.reason)}.`);
  }
  if (known.withOwner && known.greeting) parts.push(`It began with you saying: ${inQuotes(known.greeting)}`);
  if (known.purpose) parts.push(`Purpose: ${inQuotes(known.purpose)}`);
  else if (outcome.purpose) parts.push(quotation("the service about the purpose", outcome.purpose));
  if (outcome.voicemailMessage) parts.push(quotation("the voicemail", outcome.voicemailMessage));
  if (known.result) parts.push(quotation("the agent on that call, about its result", known.result));
  // What the owner said to the agent is in their session already.
  if ((!known.withOwner || known.ledByCarrier) && outcome.transcript?.length) {
    parts.push(quotation("the call's transcript", writtenTranscript(outcome.transcript)));
  }
  return parts.join(" ");
}

/** A transcript as text, one line for each thing said; a long one keeps its end, where the result is. */
export function writtenTranscript(transcript: readonly TranscriptLine[]): string {
  const lines = transcript.map(
    // One line each: words with a line break in them would read as somebody else's line.
    ({ speaker, words }) =>
      `${speaker === "agent" ? "Agent" : "Other side"}: ${words.replace(/\s*[\n\v\f\r\u0085\u2028\u2029]+\s*/g, " ")}`,
  );
  let length = 0;
  const kept = lines.toReversed().filter((line) => {
    length += line.length;
    return length <= TRANSCRIPT_LIMIT;
  });
  return [...(kept.length < lines.length ? ["…"] : []), ...kept.toReversed()].join("\n");
}

/** Characters of a transcript that enter the owner's session: about a quarter of an hour of talk. */
const TRANSCRIPT_LIMIT = 12_000;

function whoWasOnIt(outcome: CallOutcome, known: Parameters<typeof outcomeLine>[1]): string {
  if (known.withOwner) return known.direction === "outbound" ? "to the owner" : "from the owner";
  const number = known.callee ?? (outcome.toNumber === undefined ? undefined : inQuotes(outcome.toNumber));
  if (number !== undefined) return `to ${number}`;
  return known.direction === "inbound" ? "from a caller" : "with somebody unknown";
}

function isPlaced({ outcome }: CallOutcome): boolean {
  return outcome !== "not_placed" && outcome !== "unsettled";
}

function whatBecameOfIt({ outcome }: CallOutcome): string {
  if (outcome === undefined) return "was answered and is over";
  return OUTCOMES[outcome] ?? `ended as ${inQuotes(outcome)}`;
}
