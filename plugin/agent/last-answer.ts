/** Owns reading what the agent said last in a run, from the messages that the gateway hands over at its end. */

export interface LastAnswer {
  /** In the gateway's words: "stop", "error", "aborted", … */
  readonly stopReason: unknown;
  /** Its parts; one that is no text is empty. */
  readonly texts: readonly string[];
}

/** Undefined when the agent said nothing. */
export function lastAnswer(messages: readonly unknown[]): LastAnswer | undefined {
  const last = messages.findLast(isAssistants);
  if (last === undefined) return undefined;
  const parts: readonly unknown[] = Array.isArray(last.content) ? last.content : [last.content];
  return { stopReason: last.stopReason, texts: parts.map(textIn) };
}

function isAssistants(
  message: unknown,
): message is { readonly stopReason?: unknown; readonly content?: unknown } {
  return (message as { role?: unknown } | null)?.role === "assistant";
}

function textIn(part: unknown): string {
  if (typeof part === "string") return part;
  const text = (part as { text?: unknown } | null | undefined)?.text;
  return typeof text === "string" ? text : "";
}
