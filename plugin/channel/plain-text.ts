/** Owns what a text looks like on a phone: plain, every script kept, no secret in it. */
import { stripMarkdown } from "openclaw/plugin-sdk/text-chunking";
import { redact } from "../config/redaction.ts";

/** The agent's words as a text message. `secrets` are replaced wherever they stand. */
export function plainText(text: string, secrets: Iterable<string>): string {
  return redact(stripMarkdown(text), [...secrets]).trim();
}

/** Told to the agent in a turn that answers a text. */
export const TEXT_CONTEXT = [
  "You are answering a text message (SMS). Your reply is sent as one, as plain text.",
  "Be brief: a few sentences, no markup, no tables. Write links out in full. Write in the sender's language.",
].join("\n");
