// Owns the practice line's own reading of the StepOne wire: what a client may send (strictly), and how answers and
// streams are written. It shares nothing with the carrier on purpose, so that a test sees them disagree.
import { z } from "zod";

/** What goes before every path. */
export const STEPONE_PATH = "/api/v1/callinfo";

const mainlandMobile = z.string().regex(/^1[3-9]\d{9}$/, "must be a mainland mobile number of 11 digits");
const callId = z.strictObject({
  call_id: z.string().regex(/^[A-Za-z0-9^_-]+$/, "must be a call id as the service gives them out"),
});

/** What the calls accept; an unknown field is refused. */
export const stepOneInput = {
  nothing: z.strictObject({}),
  /** One number, or several joined by `,` with nothing else between them. */
  initiateCall: z.strictObject({
    phones: z
      .string()
      .transform((phones) => phones.split(","))
      .pipe(z.array(mainlandMobile)),
    user_requirement: z.string().refine((text) => text.trim() !== "", "must not be empty"),
  }),
  callId,
};

export type StepOneRole = "assistant" | "user" | "system";

/** One thing said in a call. */
export interface StepOneLine {
  readonly role: StepOneRole;
  readonly content: string;
}

/** What ends a stream, by how its call ended. */
export const STREAM_END = { hung_up: "[DONE]", timed_out: "[TIMEOUT]" } as const;

export const KEEP_ALIVE = ": keep-alive\n";

/** A line of the stream, with the spaces the service writes; `asciiOnly`: every other character as `\uXXXX`. */
export function dataLine({ role, content }: StepOneLine, asciiOnly: boolean): string {
  const text = JSON.stringify(content);
  const written = asciiOnly
    ? text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : text;
  return `data: {"role": "${role}", "content": ${written}}\n\n`;
}

/** The rules a client can break; each breach is recorded with one of these. */
export type StepOneRule =
  /** No key, no skill version, or a body that is not declared as JSON. */
  | "missing_header"
  | "unknown_field"
  /** A call id that the service never gives out. */
  | "bad_id"
  /** Anything else that was refused with 400. */
  | "bad_request"
  | "unknown_route";

/** The rule that this input breaks. */
export function ruleBroken(issue: z.core.$ZodIssue | undefined): StepOneRule {
  if (issue?.code === "unrecognized_keys") return "unknown_field";
  return issue?.path[0] === "call_id" ? "bad_id" : "bad_request";
}
