/** Owns the command that shows a StepOne conversation as it is spoken, in the seed's layout, or its raw stream. */
import type { Command } from "commander";
import type { StepOneLine } from "../carriers/stepone/rest.ts";
import { quoted } from "./quoted.ts";
import { noteForAgent, type PlainContext, quotingFor } from "./run.ts";
import { noteWishes } from "./stepone-heard.ts";
import {
  describeLine,
  processSurroundings,
  requireCallId,
  runStepOne,
  type StepOneOptions,
  type StepOneSurroundings,
} from "./stepone-line.ts";

const RULE = "━".repeat(36);

export function defineStreamCommand(
  command: Command,
  context: PlainContext,
  surroundings: StepOneSurroundings = processSurroundings(),
): void {
  command
    .description("Show a StepOne conversation line by line as it is spoken.")
    .argument("<call_id>", "as callout printed it; the call need not be answered yet")
    .option("--json", "pass the service's event stream through as it is")
    .action(async (callId: string, { json = false }: StepOneOptions) => {
      // Standard output is the stream's alone.
      await runStepOne(context, surroundings, { json: false }, async (signal) => {
        await showConversation(callId, { isRaw: json, signal, surroundings, context });
        return undefined;
      });
    });
}

/** Nobody answered the phone. */
class NotAnswered extends Error {
  override readonly name = "NotAnswered";
}

/** @throws NotUnderstood, CarrierError, NotAnswered */
async function showConversation(
  given: string,
  how: {
    readonly isRaw: boolean;
    readonly signal: AbortSignal;
    readonly surroundings: StepOneSurroundings;
    readonly context: PlainContext;
  },
): Promise<void> {
  const { isRaw, signal, surroundings, context } = how;
  const callId = await requireCallId(given);
  const rest = await surroundings.open(context);
  const { followConversation } = await import("../carriers/stepone/stream.ts");
  const show = (text: string) => {
    if (!isRaw) context.print(`${text}\n`);
  };
  show(`🎙️  Streaming real-time conversation\n${RULE}\nCall ID: ${callId}\nWaiting for connection...\n`);
  const quoting = quotingFor(context);
  const { note } = noteForAgent(context);
  // A comment of the stream's format.
  if (isRaw && note !== undefined) context.print(`: ${note}\n`);
  const pieces = followConversation({
    open: (until) => rest.openConversation(callId, until),
    signal,
    wait: surroundings.wait,
    onBroken: () => context.complain("The stream broke off: opening it again.\n"),
  });
  const transcript: StepOneLine[] = [];
  let isAnswered = true;
  for await (const piece of pieces) {
    if (isRaw) surroundings.write(piece.raw);
    if (piece.kind === "line") {
      transcript.push(piece);
      show(describeLine(piece, quoting));
    }
    if (piece.kind === "unreadable") {
      context.complain(`StepOne sent something that is no line of a conversation: ${quoted(piece.data)}\n`);
    }
    if (piece.kind !== "end") continue;
    if (piece.isShort) {
      context.complain("The stream broke off, and some lines may be missing: callinfo shows all of them.\n");
    }
    show(`\n${RULE}\n${piece.end === "done" ? "📞 Call ended" : "⏰ Nobody answered"}`);
    isAnswered = piece.end === "done";
    if (!isRaw) break;
  }
  await noteWishes([{ callId, transcript }], context);
  if (!isAnswered) throw new NotAnswered(`Nobody answered the call ${callId} within 30 s.`);
}
