/** Owns the command that is StepOne's interface as it is: one subcommand for each thing it can be asked. */
import type { Command } from "commander";
import { complaintAbout } from "../carriers/stepone/requirement-complaint.ts";
import type { StepOneOrder } from "../carriers/stepone/rest.ts";
import { quoted } from "./quoted.ts";
import { askingSession, type CommandContext, NotUnderstood } from "./run.ts";
import { showRecord } from "./stepone-callinfo.ts";
import { placeCalls } from "./stepone-callout.ts";
import {
  processSurroundings,
  runStepOne,
  type StepOneOptions,
  type StepOneSurroundings,
} from "./stepone-line.ts";
import { defineStreamCommand } from "./stepone-stream.ts";

export function defineStepOneCommand(
  command: Command,
  context: CommandContext,
  surroundings: StepOneSurroundings = processSurroundings(),
): void {
  command.description("StepOne's interface: calls to mobile numbers of mainland China by its AI.");
  command
    .command("call")
    .description("Place calls.")
    .argument("<json>", 'the request, as in {"phones":"13800138000","user_requirement":"…"}')
    .option("--json", "print one JSON object")
    .action(async (written: string, options: StepOneOptions) => {
      await runStepOne(context, surroundings, options, async (signal) => {
        const order = await readOrder(written);
        const { missingParts } = await import("../carriers/stepone/requirement.ts");
        const complaint = complaintAbout(missingParts(order.requirement));
        if (complaint !== undefined) context.complain(`Warning: ${complaint}.\n`);
        const rest = await surroundings.open(context);
        const { text, json } = await placeCalls(rest, order, {
          signal,
          context,
          askedIn: askingSession(context),
        });
        return { text, json };
      });
    });
  command
    .command("callinfo")
    .description("Show the record of a call, asked for once.")
    .argument("<call_id>", "as call printed it")
    .option("--json", "print one JSON object")
    .action(async (callId: string, options: StepOneOptions) => {
      await runStepOne(context, surroundings, options, (signal) =>
        showRecord(callId, { retries: 0, signal, surroundings, context }),
      );
    });
  defineStreamCommand(command.command("stream"), context, surroundings);
  command
    .command("version")
    .description("Show which version of the interface the service wants.")
    .option("--json", "print one JSON object")
    .action(async (options: StepOneOptions) => {
      await runStepOne(context, surroundings, options, async () => {
        const rest = await surroundings.open(context);
        const { SKILL_VERSION } = await import("../carriers/stepone/rest.ts");
        const wanted = await rest.skillVersion();
        const isSame = wanted === SKILL_VERSION;
        return {
          text: `StepOne wants version ${isSame ? wanted : quoted(wanted)}, and this speaks ${SKILL_VERSION}${isSame ? "" : ": update Switchboard"}.`,
          json: { wanted, spoken: SKILL_VERSION },
        };
      });
    });
  command
    .command("balance")
    .description("Say where the balance is shown.")
    .option("--json", "print one JSON object")
    .action(async (options: StepOneOptions) => {
      await runStepOne(context, surroundings, options, async () => {
        const { STEPONE_SITE } = await import("../carriers/stepone/rest.ts");
        return {
          text: `StepOne shows the balance on its page alone: sign in at ${STEPONE_SITE}`,
          json: { balance: null, page: STEPONE_SITE },
        };
      });
    });
}

/** @throws NotUnderstood, NotMobileNumbers */
async function readOrder(written: string): Promise<StepOneOrder> {
  let request: unknown;
  try {
    request = JSON.parse(written);
  } catch {
    throw new NotUnderstood(
      'The request is no JSON: write it like {"phones":"13800138000","user_requirement":"…"}, in single quotes.',
    );
  }
  const { phones, user_requirement: requirement, ...more } = Object(request) as Record<string, unknown>;
  if ((typeof phones !== "string" && typeof phones !== "number") || typeof requirement !== "string") {
    throw new NotUnderstood('The request needs "phones" and "user_requirement", both texts.');
  }
  if (requirement.trim() === "") {
    throw new NotUnderstood('The "user_requirement" is empty: say what the call is about.');
  }
  const { readMobileNumbers } = await import("../carriers/stepone/numbers.ts");
  return { numbers: readMobileNumbers(String(phones)), requirement, more };
}
