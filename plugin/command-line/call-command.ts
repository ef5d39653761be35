/** Owns the command that places, shows and ends calls. What it needs is loaded when it is needed. */
import type { Command } from "commander";
import type { CallRequest, PlacedCall } from "../calls/place-call.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { type LineCalls, openCalls, type ShownCall } from "./open-line.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
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
      await answerWith(context, options, (settings) => place(first, second, options, settings));
    });
  command
    .command("status")
    .description("Show how a call is going.")
    .argument("<id>", "the call's id")
    .action(async (id: string, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const { calls } = await openCalls(options, settings);
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
        const { calls } = await openCalls(options, settings);
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
): Promise<Answer> {
  const { parsePhoneNumber, requirePhoneNumber } = await import("../config/phone-number.ts");
  const isNumber = (text: string | undefined): text is string =>
    text !== undefined && (parsePhoneNumber(text) !== undefined || LOOKS_LIKE_A_NUMBER.test(text));
  const takesFirst = options.to === undefined && isNumber(first);
  const to = options.to ?? (takesFirst ? first : undefined);
  const greeting = takesFirst ? second : [first, second].filter(Boolean).join(" ") || undefined;
  // Before anything else: a number that is none is a mistake in the command, whatever the settings are.
  if (to !== undefined) requirePhoneNumber(to);
  const opened = await openCalls(options, settings);
  return describePlaced(await placeOn(opened, { to, greeting, purpose: options.purpose }, settings));
}

/** A call that was placed, and what it was begun with. */
export interface PlacedOn extends PlacedCall {
  /** What leads the call: its purpose, or the first words. */
  readonly lead: string;
}

/**
 * Places a call on a line and writes it down first.
 *
 * @throws what `placeCall` throws; NotUnderstood, or Error in a sentence when nobody could speak on the call.
 */
export async function placeOn(
  { line, calls }: { readonly line: UsableLine; readonly calls: LineCalls },
  request: CallRequest,
  settings: Settings,
): Promise<PlacedOn> {
  const { requirePhoneNumber } = await import("../config/phone-number.ts");
  const { config, stateFolder } = settings;
  const to = request.to === undefined ? undefined : requirePhoneNumber(request.to);
  const purpose = request.purpose?.trim();
  const isToOther = to !== undefined && !config.ownerNumbers.includes(to);
  if (isToOther && calls.isLedByPurpose && !purpose) {
    throw new NotUnderstood(
      `A call to somebody else on the line "${line.name}" needs to know what it is to reach: say it with --purpose.`,
    );
  }
  if (isToOther) await refuseWithoutPlugin(stateFolder);
  const { openStore, closeStore } = await import("../store/database.ts");
  const { placeCall } = await import("../calls/place-call.ts");
  const store = await openStore(stateFolder);
  try {
    const placed = await placeCall(request, {
      store,
      rest: calls.placer,
      line,
      config,
      announce: async (call) => {
        const { announceCall } = await import("../lines/gateway-phone.ts");
        // Where no gateway answers, the first words on the call bring it.
        await announceCall(config, { line: line.name, ...call }).catch(() => {});
      },
    });
    return { ...placed, lead: isToOther && calls.isLedByPurpose && purpose ? purpose : placed.greeting };
  } finally {
    await closeStore(store);
  }
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

/**
 * The background process of a skill-only install serves the owner alone: on a call to somebody else nobody could speak.
 *
 * @throws Error in a sentence, when that process holds the lines.
 */
async function refuseWithoutPlugin(stateFolder: string): Promise<void> {
  const { connectorFiles } = await import("../connector/files.ts");
  const { runningStatus } = await import("../connector/control.ts");
  if ((await runningStatus(connectorFiles(stateFolder))) === undefined) return;
  throw new Error(
    "Calls to others need the Switchboard plugin in the gateway (see SETUP.md): without it nobody could speak for you on this call.",
  );
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
