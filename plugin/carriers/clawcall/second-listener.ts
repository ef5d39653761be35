/**
 * Owns how it is noticed that somebody else listens with the same key. The service has no sign of it while it
 * happens: a message simply goes to either. Afterwards the transcript of the call has lines of the agent that this
 * agent never said.
 */
import type { TranscriptLine } from "../carrier.ts";

/** What the service says by itself while an answer is awaited; in calls to others it is written down as the agent's. */
const FILLERS: ReadonlySet<string> = new Set(
  [
    "On it, give me a second.",
    "Working on that now.",
    "Let me check that for you.",
    "One moment please.",
    "Looking into that.",
    "Just a sec.",
  ].map(comparable),
);

/**
 * Whether somebody else has answered on a finished call: one sentence for people, or undefined.
 *
 * @param call.transcript as the service wrote it down
 * @param call.answered everything that was answered on this call, by every process that listened for this line:
 * after a restart in the middle of a call, what one process remembers is not all
 */
export function secondListener(call: {
  readonly callId: string;
  readonly transcript: readonly TranscriptLine[];
  readonly answered: readonly string[];
}): string | undefined {
  const ours = new Set(call.answered.map(comparable));
  const foreign = call.transcript.filter(
    ({ speaker, words }) =>
      speaker === "agent" && !ours.has(comparable(words)) && !FILLERS.has(comparable(words)),
  );
  if (foreign.length === 0) return undefined;
  const lines = foreign.length === 1 ? "1 line" : `${foreign.length} lines`;
  return (
    `Somebody else listens with the same ClawCall key: on call ${call.callId} ${lines} of the agent ` +
    "came from elsewhere, and callers' words go to either. Look for an old ClawCall listener or a second gateway " +
    'and stop it, or get a new key with "clawcall recover".'
  );
}

/** The service takes away what is blank around an answer; nothing else about a line is sure to survive its ways. */
function comparable(words: string): string {
  return words.normalize("NFC").replaceAll(/\s+/g, " ").trim();
}
