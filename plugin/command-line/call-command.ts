/**
 * Owns the command that places, shows and ends calls on lines that are told what to say, as the carriers' own scripts
 * do; `phone call` is the way for all carriers. What it needs is loaded when it is needed.
 */
import type { Command } from "commander";
import type { PlacedOn } from "../calls/request-call.ts";
import type { ShownCall } from "../lines/line-calls.ts";
import { openCalls, SPEAKING_CARRIERS } from "./open-line.ts";
import {
  type Answer,
  answerWith,
  askingSession,
  type CommandContext,
  type CommonOptions,
  isRunByGateway,
  type Settings,
  withCommonOptions,
} from "./run.ts";

interface PlaceOptions extends CommonOptions {
  readonly to?: string;
  readonly purpose?: string;
}

/** Adds arguments, options and subcommands to `command`. */
export function defineCallCommand(command: Command, context: CommandContext): void {
  withCommonOptions(command)
    .description("Call your phone, or somebody else's. Without --to, your own phone rings.")
    .argument("[greeting]", "what is said first; a bare phone number is taken as --to")
    .argument("[words]", "what is said first, after a bare phone number")
    .option("--to <number>", "call this number (with country code; needs a dedicated number)")
    .option("--purpose <text>", "what the call is for; the agent works from it")
    .action(async (first: string | undefined, second: string | undefined, options: PlaceOptions) => {
      await answerWith(context, options, (settings) => place(first, second, options, settings, context));
    });
  command
    .command("status")
    .description("Show how a call is going.")
    .argument("<id>", "the call's id")
    .action(async (id: string, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const { calls } = await openCalls(options, settings, SPEAKING_CARRIERS);
        const call = await calls.show(id);
        return { text: describe(call), json: { call } };
      });
    });
  command
    .command("end")
    .description("Hang up.")
    .argument("<id>", "the call's id")
    .argument("[reason]", "why, for the service's record", "user_ended")
    .action(async (id: string, reason: string, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const { calls } = await openCalls(options, settings, SPEAKING_CARRIERS);
        const call = await calls.end(id, reason);
        const after = call.durationSeconds === undefined ? "" : ` after ${call.durationSeconds} s`;
        return { text: `The call ${id} is being ended${after}.`, json: { call: { callId: id, ...call } } };
      });
    });
}

async function place(
  first: string | undefined,
  second: string | undefined,
  options: PlaceOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  const { parsePhoneNumber } = await import("../config/phone-number.ts");
  const isNumber = (text: string | undefined): text is string =>
    text !== undefined && (parsePhoneNumber(text) !== undefined || LOOKS_LIKE_A_NUMBER.test(text));
  const takesFirst = options.to === undefined && isNumber(first);
  const to = options.to ?? (takesFirst ? first : undefined);
  const greeting = takesFirst ? second : [first, second].filter(Boolean).join(" ") || undefined;
  // Before anything else: a number that is none is a mistake in the command, whatever the settings are.
  const { dialable } = await import("../calls/dial-policy.ts");
  if (to !== undefined) await dialable(to, settings.config);
  const opened = await openCalls(options, settings, SPEAKING_CARRIERS);
  const { placeOn } = await import("../calls/request-call.ts");
  const request = { to, greeting, purpose: options.purpose, askedIn: askingSession(context) };
  const placed = await placeOn(opened, request, settings, { isRunning: isRunByGateway(context) });
  for (const note of placed.notes) context.complain(`Note: ${note}\n`);
  return describePlaced(placed);
}

/** What the person who asked for the call is told. */
export function describePlaced({ callId, jobId, status, to, greeting, lead }: PlacedOn): Answer {
  return {
    text: [
      `Calling ${to ?? "you"}: ${lead}`,
      `Call id: ${callId}${status === undefined ? "" : ` (${status})`}`,
    ].join("\n"),
    json: { call: { callId, jobId, status, to, greeting } },
  };
}

/** Nobody greets with digits only: a number without its country code is a number, and wrong. */
const LOOKS_LIKE_A_NUMBER = /^\+?[\d\s().-]{5,}$/;

function describe(call: ShownCall): string {
  const facts = [
    call.status ?? "unknown",
    call.direction,
    call.startedAt === undefined ? undefined : `since ${call.startedAt}`,
    call.durationSeconds === undefined ? undefined : `${call.durationSeconds} s`,
  ];
  return `The call ${call.callId}: ${facts.filter((fact) => fact !== undefined).join(", ")}`;
}
