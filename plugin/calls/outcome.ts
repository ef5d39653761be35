/**
 * Owns how the outcome of a call is told to the owner's session: one line the agent can refer to later.
 */
import type { CallDirection, CallOutcome } from "../carriers/carrier.ts";
import { quotation } from "../trust/quotation.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  voicemail: "reached voicemail and left a message",
  voicemail_failed: "reached voicemail, but no message could be left",
  no_answer: "was not answered",
  fax: "reached a fax machine",
  busy: "was busy",
};

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
  },
): string {
  const parts = [
    `Phone call ${JSON.stringify(outcome.callId)} ${whoWasOnIt(outcome, known)} ${whatBecameOfIt(outcome)}.`,
  ];
  if (outcome.durationSeconds !== undefined) parts.push(`Length: ${Math.round(outcome.durationSeconds)} s.`);
  if (outcome.reason) parts.push(`Ended by: ${JSON.stringify(outcome.reason)}.`);
  if (known.purpose) parts.push(`Purpose: ${known.purpose}`);
  else if (outcome.purpose) parts.push(quotation("the service about the purpose", outcome.purpose));
  if (outcome.voicemailMessage) parts.push(quotation("the voicemail", outcome.voicemailMessage));
  return parts.join(" ");
}

function whoWasOnIt(outcome: CallOutcome, known: Parameters<typeof outcomeLine>[1]): string {
  if (known.withOwner) return known.direction === "outbound" ? "to the owner" : "from the owner";
  const number =
    known.callee ?? (outcome.toNumber === undefined ? undefined : JSON.stringify(outcome.toNumber));
  if (number !== undefined) return `to ${number}`;
  return known.direction === "inbound" ? "from a caller" : "with somebody unknown";
}

function whatBecameOfIt({ outcome }: CallOutcome): string {
  if (outcome === undefined) return "was answered and is over";
  return OUTCOMES[outcome] ?? `ended as ${JSON.stringify(outcome)}`;
}
