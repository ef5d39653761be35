/** Owns how ClawCall writes down what was said on a call, in its history and at the end of a third-party call. */
import { z } from "zod";
import type { TranscriptLine } from "../carrier.ts";

const writtenLine = z.object({ role: z.string(), text: z.string() });

/** Optional; of the lines, those that can be read. */
export const writtenTranscript = z
  .array(z.unknown())
  .nullish()
  .catch(undefined)
  .transform((lines) => lines?.flatMap((line) => writtenLine.safeParse(line).data ?? []));

/** Who speaks is "agent", or with another word ("user", "third_party") the other end of the call. */
export function transcriptLines(
  lines: readonly { readonly role: string; readonly text: string }[],
): TranscriptLine[] {
  return lines.map(({ role, text }) => ({ speaker: role === "agent" ? "agent" : "other", words: text }));
}
