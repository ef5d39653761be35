/**
 * Owns what a message of ClawCall is about, which only its beginning tells (wire page, "Turns"). The first prefix
 * decides, at the very start, spelled exactly as the service spells it, and once: whatever follows it, another
 * prefix too, is somebody's words. Everything that does not begin so is plain speech.
 */
import { z } from "zod";
import { jsonIn } from "../../json-text.ts";
import type { TranscriptLine, TurnContent } from "../carrier.ts";
import { transcriptLines, writtenTranscript } from "./transcript.ts";

/** A call to a third party is over; the agent ended it. Nobody waits for an answer. */
export interface OrderCompleted {
  readonly kind: "orderCompleted";
  /** The service's id of the order to place the call. */
  readonly jobId: string;
  readonly status?: string;
  readonly transcript: readonly TranscriptLine[];
}

interface Prefix {
  /** What the message begins with. */
  readonly prefix: string;
  /** What the message is, from what follows the prefix; undefined when it is none of this kind after all. */
  read(rest: string, callSid: string): TurnContent | OrderCompleted | undefined;
}

const CONTEXT = "\nContext: ";

const PREFIXES: readonly Prefix[] = [
  {
    // "[SCHEDULED] " and the task; the task may be missing, and with it the space.
    prefix: "[SCHEDULED]",
    read: (rest) =>
      rest === "" || rest.startsWith(" ") ? { kind: "briefing", task: rest.slice(1) } : undefined,
  },
  {
    prefix: "[THIRD PARTY CALL]\nObjective: ",
    read(rest) {
      // Both may have several lines; the first line that begins so ends the objective.
      const end = rest.indexOf(CONTEXT);
      if (end < 0) return undefined;
      return {
        kind: "thirdPartyOpening",
        objective: rest.slice(0, end),
        context: rest.slice(end + CONTEXT.length),
      };
    },
  },
  {
    prefix: "[THIRD PARTY SAYS]: ",
    read: (words) => ({ kind: "thirdPartySpeech", words }),
  },
  {
    prefix: "[THIRD PARTY COMPLETE]\n",
    read: readCompletion,
  },
];

const completion = z.object({
  job_id: z.string().min(1),
  status: z.string().optional().catch(undefined),
  transcript: writtenTranscript,
});

/**
 * What one message is about.
 *
 * @param callSid the call it came for: the end of a third-party call comes for a call of its own, `notify-<job_id>`,
 * which no telephone has, so that no caller can speak one
 */
export function parseMessage(callSid: string, message: string): TurnContent | OrderCompleted {
  const found = PREFIXES.find(({ prefix }) => message.startsWith(prefix));
  return (
    found?.read(message.slice(found.prefix.length), callSid) ?? {
      kind: "speech",
      words: message,
    }
  );
}

function readCompletion(rest: string, callSid: string): OrderCompleted | undefined {
  const found = completion.safeParse(jsonIn(rest)).data;
  if (found === undefined || callSid !== `notify-${found.job_id}`) return undefined;
  return {
    kind: "orderCompleted",
    jobId: found.job_id,
    ...(found.status === undefined ? {} : { status: found.status }),
    transcript: transcriptLines(found.transcript ?? []),
  };
}
