/**
 * Owns how the outcome of a call is told to the owner's session: one line the agent can refer to later.
 */
import type { CallOutcome } from "../carriers/carrier.ts";
import { quotation } from "../trust/quotation.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  voicemail: "reached voicemail and left a message",
  voicemail_failed: "reached voicemail, but no message could be left",
  no_answer: "was not answered",
  fax: "reached a fax machine",
  busy: "was busy",
};

/**
 * One line, in English: it is read by the agent, not heard by a person. What the other side said (a voicemail's
 * text, a reason) stands in it only as a quotation.
 */
export function outcomeLine(
  outcome: CallOutcome,
  known: { callee?: string | undefined; purpose?: string | undefined; withOwner: boolean },
): string {
  const direction = outcome.direction ?? (outcome.toNumber || known.callee ? "outbound" : "inbound");
  const other = known.withOwner ? "the owner" : (known.callee ?? outcome.toNumber ?? "an unknown number");
  const who = direction === "outbound" ? `to ${other}` : `from ${known.withOwner ? "the owner" : "a caller"}`;
  const what =
    outcome.outcome === undefined
      ? "was answered and is over"
      : (OUTCOMES[outcome.outcome] ?? `ended as ${JSON.stringify(outcome.outcome)}`);
  const parts = [`Phone call ${outcome.callId} ${who} ${what}.`];
  if (outcome.durationSeconds !== undefined) parts.push(`Length: ${Math.round(outcome.durationSeconds)} s.`);
  if (outcome.reason) parts.push(`Ended by: ${JSON.stringify(outcome.reason)}.`);
  const purpose = known.purpose ?? outcome.purpose;
  if (purpose) parts.push(`Purpose: ${purpose}`);
  if (outcome.voicemailMessage) parts.push(quotation("the voicemail", outcome.voicemailMessage));
  return parts.join(" ");
}
